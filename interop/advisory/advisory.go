// Package advisory reads what others publish of flaws: OSV records, CSAF documents and
// CISA's list of those that are exploited.
package advisory

// The codes of findings.
const (
	FoundMore     = "more"     // how many more there are than are listed
	FoundCount    = "count"    // a list that says another number of entries than it has
	FoundDateless = "dateless" // an entry without a date that it needs
	FoundNameless = "nameless" // an entry without an id
	FoundRepeated = "repeated" // an entry whose id stood before
)
