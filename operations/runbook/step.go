package runbook

import (
	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// StepID names a step within its book. It stays when the step moves, so that runs
// and versions can be compared. In a plan, a step of a book that was called has the
// id of the calling step before its own: "restore/verify".
type StepID string

// Step is one thing to do. Exactly the part of its kind is set: Action of an
// automated step, Decision of a decision, and so on; a manual one has none.
type Step struct {
	ID    StepID            `json:"id"` // a letter or digit, then letters, digits, "_", "-" and "."
	Kind  StepKind          `json:"kind"`
	Title servicecoin.Texts `json:"title"`          // a line, no Markdown
	Text  servicecoin.Texts `json:"text,omitempty"` // what to do, in Markdown

	// After names the steps that come before this one. Empty: the one before it in
	// the list, and the first one of the list nothing. AtStart says that it waits
	// for none at all, so that somebody else can do it meanwhile.
	After   []StepID `json:"after,omitempty"`
	AtStart bool     `json:"atStart,omitempty"`

	Role     string            `json:"role,omitempty"`   // who does it, one of the book's roles
	Expected calendar.Duration `json:"expected"`         // how long it takes; undefined: nobody knows
	Hazard   servicecoin.Texts `json:"hazard,omitempty"` // what can go wrong; empty: it is harmless
	Undo     *Undo             `json:"undo,omitempty"`   // nil: nothing has to be undone, or nothing can

	Action       *Action       `json:"action,omitempty"`
	Decision     *Decision     `json:"decision,omitempty"`
	Verification *Verification `json:"verification,omitempty"`
	Wait         *Wait         `json:"wait,omitempty"`
	Approval     *Approval     `json:"approval,omitempty"`
	Call         *Call         `json:"call,omitempty"`
}

// StepKind says what a step is.
type StepKind string

// The kinds of steps.
const (
	ManualStep       StepKind = "manual"       // somebody does what the text says
	AutomatedStep    StepKind = "automated"    // a named action of the host
	DecisionStep     StepKind = "decision"     // which branch is taken
	VerificationStep StepKind = "verification" // is it as it should be?
	WaitStep         StepKind = "wait"         // until, or for
	ApprovalStep     StepKind = "approval"     // somebody else says go
	CallStep         StepKind = "call"         // another run book
)

// StepKinds returns all kinds of steps.
func StepKinds() []StepKind {
	return []StepKind{ManualStep, AutomatedStep, DecisionStep, VerificationStep, WaitStep, ApprovalStep, CallStep}
}

// Undo is how a step is taken back: a text for a person, or an action.
type Undo struct {
	Text   servicecoin.Texts `json:"text,omitempty"` // Markdown
	Action *Action           `json:"action,omitempty"`
}

// Action is something that the host's [Runner] can do.
type Action struct {
	Name    string            `json:"name"` // as the Runner knows it
	Inputs  []Input           `json:"inputs,omitempty"`
	Outputs []string          `json:"outputs,omitempty"` // names of what is kept of its results; nothing else is
	Limit   calendar.Duration `json:"limit"`             // how long one attempt may take; undefined: as long as it takes
	Retries int               `json:"retries,omitempty"` // how often it is asked again by itself after a failure
}

// Input is one value that an action is given.
type Input struct {
	Name  string `json:"name"`
	Type  Type   `json:"type"`
	Value string `json:"value"` // may name parameters as {{name}}; of a secret: {{name}} of a secret parameter, alone
}

// Decision chooses between branches. The steps that a branch names are done only
// if it is chosen; all others are done in any case.
type Decision struct {
	// Of is the earlier result that decides; nil: somebody answers. Where no branch
	// expects what the result is, somebody answers too.
	Of       *Reading `json:"of,omitempty"`
	Branches []Branch `json:"branches"`
}

// Branch is one way to go on.
type Branch struct {
	Answer string            `json:"answer"`         // unique in the decision: "yes"
	Text   servicecoin.Texts `json:"text,omitempty"` // what the answer means
	// When is what an earlier result has to be; the first branch whose expectation it
	// meets is taken, and one without When takes every other result.
	When  *Expectation `json:"when,omitempty"`
	Steps []StepID     `json:"steps,omitempty"` // all steps of the branch; they wait for the decision
}

// Reading is an earlier result.
type Reading struct {
	Step StepID `json:"step"`
	// Output names an output of its action; "": what was measured at a verification,
	// what was answered at a decision, and of everything else its state ("done",
	// "skipped").
	Output string `json:"output,omitempty"`
}

// Verification says what is looked at, and what is expected there.
type Verification struct {
	LookAt servicecoin.Texts `json:"lookAt,omitempty"` // what is measured; may be left out if the step's text says it
	Expect Expectation       `json:"expect"`
	Unit   string            `json:"unit,omitempty"`
	Action *Action           `json:"action,omitempty"` // measures it; nil: a person does
	Output string            `json:"output,omitempty"` // which output of the action is the measure; "": its first one
}

// Expectation is what a value has to be.
type Expectation struct {
	Is    Comparison `json:"is"`
	Value string     `json:"value,omitempty"` // of equals, contains, matches and atMost
	Low   string     `json:"low,omitempty"`   // of between: a number
	High  string     `json:"high,omitempty"`  // of between: a number, which still is between
}

// Comparison is how a value is compared. Value, Low and High may name parameters as
// {{name}}.
type Comparison string

// The comparisons.
const (
	Equals   Comparison = "equals"   // the same text but for spaces around it, or the same number
	Contains Comparison = "contains" // letter for letter
	Matches  Comparison = "matches"  // an RE2 expression, anywhere in the value
	Between  Comparison = "between"  // a number from Low to High
	AtMost   Comparison = "atMost"   // a number no larger than Value
)

// Wait says how long nothing happens. Exactly one of the two is set.
type Wait struct {
	For   calendar.Duration `json:"for"`             // since what comes before it is done
	Until string            `json:"until,omitempty"` // an instant (RFC 3339), or {{name}} of a parameter that is one
}

// Approval is a gate: what comes after it waits until somebody says go who neither
// leads the run nor does the steps that come right after it.
type Approval struct {
	Role string `json:"role,omitempty"` // who may, one of the book's roles; whether somebody has it is the host's to say
}

// Call is another run book, done at this place. Its version is pinned when the run
// starts: the published one.
type Call struct {
	Book   servicecoin.RunbookID `json:"book"`
	Values []Argument            `json:"values,omitempty"`
}

// Argument gives a parameter of a called book its value.
type Argument struct {
	Name  string `json:"name"`
	Value string `json:"value"` // may name parameters of the calling book as {{name}}
}
