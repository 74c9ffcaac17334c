// Package runbook models how something is done here, step by step, and the proof
// that it was done.
//
// It answers: how is this service started, restored, handed over; which of it is
// missing before we begin; who does what next in a run, what was measured, who
// allowed it; is what was recorded still as it was written; which books are stale,
// and for which services is there none?
//
// [Book] is a plain value: its steps are a graph, [Book.Check] finds what is wrong
// with it before it is published, and [Diff] compares two versions. [Run] is one
// execution, pinned to a [Plan]; its methods are the rules, and each leaves an
// [Entry] that is chained to the one before. [Library] keeps books and [Runs] keeps
// runs in a view of a store. A change that the state forbids is a
// [*servicecoin.RefusedError], a malformed one an [*servicecoin.InvalidError] with
// every violation.
package runbook

import (
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Book is one version of a run book. Texts for people are Markdown, in the
// languages that they have; a text may name parameters as {{name}}.
type Book struct {
	ID            servicecoin.RunbookID   `json:"id"`
	Version       int                     `json:"version"` // from 1
	State         BookState               `json:"state"`
	Title         servicecoin.Texts       `json:"title"`             // a line, no Markdown
	Purpose       servicecoin.Texts       `json:"purpose,omitempty"` // what it is for, and when it is taken out
	Services      []servicecoin.ServiceID `json:"services,omitempty"`
	Scenario      Scenario                `json:"scenario"`
	Preconditions []servicecoin.Texts     `json:"preconditions,omitempty"` // what must hold before the first step
	Roles         []Role                  `json:"roles,omitempty"`
	Parameters    []Parameter             `json:"parameters,omitempty"`
	Steps         []Step                  `json:"steps,omitempty"` // in the order of reading

	// ReviewEvery is how long after its publication or last review somebody reads it
	// again; undefined: nobody has to. ReviewBy is when that is next, zero if nobody
	// has to.
	ReviewEvery calendar.Duration `json:"reviewEvery"`
	ReviewBy    time.Time         `json:"reviewBy,omitzero"`

	Publication
}

// BookState is where a version of a book stands.
type BookState string

// The states. What is published never changes but for its end and its review.
const (
	Draft      BookState = "draft"
	Published  BookState = "published"
	Superseded BookState = "superseded" // a later version was published
	Withdrawn  BookState = "withdrawn"  // must not be followed any more
)

// BookStates returns all states in the order of a life.
func BookStates() []BookState { return []BookState{Draft, Published, Superseded, Withdrawn} }

// Scenario is the occasion for which a book is taken out.
type Scenario string

// The scenarios of [Scenarios]; a host may have others.
const (
	Start            Scenario = "start"
	Stop             Scenario = "stop"
	Failover         Scenario = "failover"
	Failback         Scenario = "failback"
	Backup           Scenario = "backup"
	Restore          Scenario = "restore"
	Patch            Scenario = "patch"
	Deploy           Scenario = "deploy"
	Rotate           Scenario = "rotate" // of secrets and certificates
	Diagnose         Scenario = "diagnose"
	Provision        Scenario = "provision"
	Decommission     Scenario = "decommission"
	CustomerHandOver Scenario = "customerHandOver"
)

// Scenarios returns the scenarios that hold where a host names none of its own.
func Scenarios() []Scenario {
	return []Scenario{Start, Stop, Failover, Failback, Backup, Restore, Patch, Deploy, Rotate, Diagnose, Provision, Decommission, CustomerHandOver}
}

// Role is a part that people have in a run: "operator", "database administrator".
type Role struct {
	Name string            `json:"name"` // as steps name it
	Text servicecoin.Texts `json:"text,omitempty"`
}

// Parameter is what differs from run to run. Texts, inputs and expectations name
// it as {{name}}.
type Parameter struct {
	Name     string            `json:"name"` // a letter, then letters, digits, "_", "-" and "."
	Text     servicecoin.Texts `json:"text,omitempty"`
	Type     Type              `json:"type"`
	Choices  []string          `json:"choices,omitempty"` // of a choice
	Default  string            `json:"default,omitempty"` // not of a secret
	Optional bool              `json:"optional,omitempty"`
	// From says where a customer's configuration has it; nil: whoever starts the run
	// gives it.
	From *Source `json:"from,omitempty"`
}

// Type is what a parameter or an input may hold.
type Type string

// The types. A value is a text in the form of its type.
const (
	Text     Type = "text"
	Number   Type = "number"   // a decimal number
	Instant  Type = "instant"  // RFC 3339
	Duration Type = "duration" // ISO 8601, without years and months
	Choice   Type = "choice"   // one of its choices
	// Secret is a value that the library never sees: nobody gives it, and the host's
	// [Runner] finds it by the name of the parameter or at its place in the
	// configuration.
	Secret Type = "secret"
)

// Types returns all types.
func Types() []Type { return []Type{Text, Number, Instant, Duration, Choice, Secret} }

// Source is a place in a configuration record.
type Source struct {
	Record string `json:"record"` // the name under which the host hands the record in: a class of records, or an id
	Path   string `json:"path"`   // a JSON pointer (RFC 6901): "/network/hosts/0"
}
