// Package advisory reads what others publish of flaws: OSV records, CSAF documents and
// CISA's list of those that are exploited.
package advisory

// The codes of findings.
const (
	FoundMore      = "more"      // how many more there are than are listed
	FoundCount     = "count"     // a list that says another number of entries than it has
	FoundDateless  = "dateless"  // an entry without a date that it needs
	FoundNameless  = "nameless"  // an entry without an id
	FoundRepeated  = "repeated"  // an entry whose id stood before
	FoundCut       = "cut"       // a text, or a list, that is longer than a bulletin may have it
	FoundVector    = "vector"    // a vector of CVSS that cannot be read, or is not of its score
	FoundRange     = "range"     // versions that are told in a way that is not known
	FoundPURL      = "purl"      // what should be a package URL, and is none
	FoundEcosystem = "ecosystem" // a package of an ecosystem that is not known
	FoundProduct   = "product"   // an id of a product that the document does not have
	FoundStatus    = "status"    // a product of which two things are said that exclude each other
)
