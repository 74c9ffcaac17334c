package release

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// APIID names an API.
type APIID string

// API is what a service offers to programs: a description that has revisions, of which each
// version of the platform has one, and bindings in the languages of those who call it.
type API struct {
	ID       APIID                 `json:"id"`
	Platform PlatformID            `json:"platform"` // whose versions it has revisions for
	Service  servicecoin.ServiceID `json:"service,omitempty"`
	Name     string                `json:"name"`
	Kind     APIKind               `json:"kind"`
	// Stability says what callers may rely on: an experimental one may break at any time.
	Stability Stability            `json:"stability"`
	Owner     servicecoin.PersonID `json:"owner"`
	// Sunset is the day from which on it may be gone; zero: none is given. Successor is the
	// API to call in its place.
	Sunset    calendar.Date `json:"sunset,omitzero"`
	Successor APIID         `json:"successor,omitempty"`
	// KeepUp is by when its bindings follow a new revision.
	KeepUp KeepUp `json:"keepUp"`

	KeptAt time.Time `json:"keptAt"`
}

// APIKind is the form of an API's description.
type APIKind string

// The kinds.
const (
	REST     APIKind = "rest" // OpenAPI
	GRPC     APIKind = "grpc"
	GraphQL  APIKind = "graphql"
	AsyncAPI APIKind = "asyncapi"
	SOAP     APIKind = "soap"
	OtherAPI APIKind = "other"
)

// APIKinds returns all kinds.
func APIKinds() []APIKind { return []APIKind{REST, GRPC, GraphQL, AsyncAPI, SOAP, OtherAPI} }

// Stability is what may be relied on of an API or a binding.
type Stability string

// The stabilities.
const (
	Experimental Stability = "experimental"
	Stable       Stability = "stable"
	Deprecated   Stability = "deprecated"
)

// Stabilities returns all of them.
func Stabilities() []Stability { return []Stability{Experimental, Stable, Deprecated} }

// KeepUp is how many days a binding has to follow a version of the platform: those of its
// language, else those of its stability, else Days.
type KeepUp struct {
	Days      int               `json:"days,omitempty"` // 0: [DefaultKeepUp]
	Languages map[string]int    `json:"languages,omitempty"`
	Stability map[Stability]int `json:"stability,omitempty"`
}

// DefaultKeepUp is how many days a binding has where nothing is stated.
const DefaultKeepUp = 30

// Of returns the days that a binding has.
func (k KeepUp) Of(b Binding) int {
	if n, ok := k.Languages[b.Language]; ok {
		return n
	}
	if n, ok := k.Stability[b.Stability]; ok {
		return n
	}
	if k.Days == 0 {
		return DefaultKeepUp
	}
	return k.Days
}

const maxLanguages = 100

// Validate reports every violation.
func (a API) Validate() error {
	var v servicecoin.Violations
	v.ID("id", string(a.ID))
	v.ID("platform", string(a.Platform))
	if a.Service != "" {
		v.ID("service", string(a.Service))
	}
	v.Text("name", a.Name, 1, maxName)
	oneOf(&v, "kind", a.Kind, APIKinds())
	oneOf(&v, "stability", a.Stability, Stabilities())
	v.ID("owner", string(a.Owner))
	if !a.Sunset.IsZero() {
		v.Merge("sunset", a.Sunset.Validate())
	}
	if a.Successor != "" {
		v.ID("successor", string(a.Successor))
		if a.Successor == a.ID {
			v.Add("successor", "cycle", string(a.ID), "must be another API")
		}
	}
	a.KeepUp.validate(&v, "keepUp")
	return v.Err()
}

func (k KeepUp) validate(v *servicecoin.Violations, path string) {
	within := func(path string, n, least int) {
		if n < least || n > maxDays {
			v.Add(path, "out-of-range", strconv.Itoa(n), fmt.Sprintf("must be from %d to %d", least, maxDays))
		}
	}
	within(path+".days", k.Days, 0)
	if v.Limit(path+".languages", len(k.Languages), maxLanguages) {
		for name, n := range k.Languages {
			v.Text(path+".languages", name, 1, maxName)
			within(fmt.Sprintf("%s.languages[%s]", path, name), n, 1)
		}
	}
	if v.Limit(path+".stability", len(k.Stability), len(Stabilities())) {
		for s, n := range k.Stability {
			oneOf(v, path+".stability", s, Stabilities())
			within(fmt.Sprintf("%s.stability[%s]", path, s), n, 1)
		}
	}
}

// oneOf checks a word that must be one of some.
func oneOf[T ~string](v *servicecoin.Violations, path string, word T, of []T) {
	if slices.Contains(of, word) {
		return
	}
	names := make([]string, len(of))
	for n, w := range of {
		names[n] = string(w)
	}
	v.Add(path, "unknown", string(word), "must be one of "+strings.Join(names, ", "))
}

// BindingID names a binding.
type BindingID string

// Binding is a library with which programs of one language call an API.
type Binding struct {
	ID       BindingID `json:"id"`
	API      APIID     `json:"api"`
	Language string    `json:"language"` // as its KeepUp names it: "python"
	Package  string    `json:"package"`  // as its registry names it
	Source   string    `json:"source,omitempty"`
	// Owner sees to it that it keeps up; "": nobody, which is a finding.
	Owner     servicecoin.PersonID `json:"owner,omitempty"`
	Stability Stability            `json:"stability"`
	Version   string               `json:"version,omitempty"` // its own, as written; "": not known
	// Range is the versions of the platform that it is made for, as it says itself; "": it
	// says nothing, and only what is tested is known. From is the first version of the
	// platform that it has to follow: older ones do not count. "": all do.
	Range string `json:"range,omitempty"`
	From  string `json:"from,omitempty"`
	// Behind is since when it is known to be behind, as was told last.
	Behind *ToldBehind `json:"behind,omitempty"`

	KeptAt time.Time `json:"keptAt"`
}

// ToldBehind is what was told of a binding that is behind.
type ToldBehind struct {
	Version string        `json:"version"` // the oldest version of the platform that it misses
	Since   calendar.Date `json:"since"`   // the day of that version
	At      time.Time     `json:"at"`
}

// Validate reports every violation.
func (b Binding) Validate() error {
	var v servicecoin.Violations
	v.ID("id", string(b.ID))
	v.ID("api", string(b.API))
	v.Text("language", b.Language, 1, maxName)
	v.Text("package", b.Package, 1, maxName)
	v.Text("source", b.Source, 0, maxItem)
	if b.Owner != "" {
		v.ID("owner", string(b.Owner))
	}
	oneOf(&v, "stability", b.Stability, Stabilities())
	v.Text("version", b.Version, 0, maxName) // the registry's own: it need not be a semantic one
	if b.Range != "" {
		readRange(&v, "range", b.Range)
	}
	if b.From != "" {
		readVersion(&v, "from", b.From)
	}
	if v.Len() == 0 {
		const room = 16 << 10 // many are read at once
		lifecycle.Room(&v, "", b, room)
	}
	return v.Err()
}
