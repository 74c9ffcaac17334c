// Package house knows which kinds of records are the library's own, and hands
// its rooms the right to keep them. A host cannot import it, so that no
// [store.Kind] of a host is one of the library's, whatever its name.
//
// [store.Kind]: https://pkg.go.dev/github.com/servicecoin/servicecoin/store#Kind
package house

import (
	"slices"
	"strings"
)

// Right is the right to keep records under a name of the library. Its zero
// value is none.
type Right struct{ held bool }

// Own returns the right. A value that carries it is never handed to a host.
func Own() Right { return Right{held: true} }

// Held reports whether r is a right.
func (r Right) Held() bool { return r.held }

// Owns reports whether a kind of that name is the library's: the name of a
// room, alone or before a point.
func Owns(kind string) bool {
	room, _, _ := strings.Cut(kind, ".")
	return slices.Contains(rooms[:], room)
}

//nolint:gochecknoglobals // a constant in all but name
var rooms = [...]string{"adoption", "bundle", "capacity", "catalog", "change", "coin", "configuration", "cost", "entitle", "grant", "incident", "metering", "patch", "rating", "release", "runbook", "sla", "store"}
