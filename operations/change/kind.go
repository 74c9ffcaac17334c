package change

import (
	"slices"

	"github.com/servicecoin/servicecoin"
)

// Kind says how a change comes to be allowed.
type Kind string

// The kinds.
const (
	Standard  Kind = "standard"  // done often and well known: its model was approved once
	Normal    Kind = "normal"    // assessed and approved by itself
	Emergency Kind = "emergency" // cannot wait: decided by few, reviewed always
)

// Kinds returns all kinds.
func Kinds() []Kind { return []Kind{Standard, Normal, Emergency} }

func (k Kind) validate(v *servicecoin.Violations, path string) {
	if !slices.Contains(Kinds(), k) {
		v.Add(path, "unknown", string(k), "must be standard, normal or emergency")
	}
}
