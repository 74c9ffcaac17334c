package release

// Telling is as what somebody is told of a feature.
type Telling string

// The tellings.
const (
	ToldNothing Telling = ""
	ToldHas     Telling = "has"     // it may use it
	ToldInvited Telling = "invited" // it has it once it enters
	ToldOffered Telling = "offered" // it is public, and a customer that has no offering with it
	ToldPublic  Telling = "public"  // it is public, and somebody who is no customer
)

// Told says whether, and as what, somebody is told of a feature: by the same decision as
// whether they may use it. Nobody is told of what they cannot have.
func (d Decision) Told() Telling {
	switch {
	case d.May:
		return ToldHas
	case d.Enter != EnterClosed:
		return ToldInvited
	case d.Public && d.Reason == WhyNotEntitled:
		return ToldOffered
	case d.Public && d.Reason == WhyProspect:
		return ToldPublic
	}
	return ToldNothing
}
