package release

// AccessState is how a customer stands to the early access of a feature.
type AccessState string

// The states. The zero one: it has never asked.
const (
	AccessAsked    AccessState = "asked"
	AccessIn       AccessState = "in"
	AccessDeclined AccessState = "declined"
	AccessLeft     AccessState = "left"
)
