package runbook

import (
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// RunID names a run: one execution of a book.
type RunID string

// Run is one execution of a run book, as it stands. Make it with [Open] and change it
// by its methods: each either does all that it says, or returns an error and changes
// nothing. Each that changes something leaves one entry, which [Run.Seal] chains to
// those before it. All instants are UTC, cut to the microsecond.
//
// Who asks for what somebody else has just done gets what came of that: a step that
// is finished is not finished twice, nothing is changed and there is no error.
type Run struct {
	ID       RunID                   `json:"id"`
	Book     servicecoin.RunbookID   `json:"book"`
	Version  int                     `json:"version"`
	Title    servicecoin.Texts       `json:"title"` // of the book
	Scenario Scenario                `json:"scenario"`
	Services []servicecoin.ServiceID `json:"services,omitempty"`

	State    RunState               `json:"state"`
	Drill    bool                   `json:"drill,omitempty"` // an exercise: nothing is meant
	Change   servicecoin.ChangeID   `json:"change,omitempty"`
	Customer servicecoin.CustomerID `json:"customer,omitempty"` // in whose environment it is done

	Pinned string `json:"pinned,omitempty"` // SHA-256 of the plan without its values, as it is stored

	Lead      servicecoin.PersonID   `json:"lead"`   // who has it in hand
	People    []servicecoin.PersonID `json:"people"` // everybody who has had to do with it, sorted
	StartedAt time.Time              `json:"startedAt"`
	Since     time.Time              `json:"since"` // when its state changed last
	EndedAt   time.Time              `json:"endedAt,omitzero"`

	Steps []Status `json:"steps"`          // as in the plan
	Undo  []Status `json:"undo,omitempty"` // of an abort: what is undone, in that order

	// Count and Head are how many entries the chain has, and the digest of the last
	// one in hexadecimal digits.
	Count int    `json:"count"`
	Head  string `json:"head,omitempty"`

	pending []mark
}

// Status is where one step of a run stands.
type Status struct {
	ID       StepID               `json:"id"`
	State    StepState            `json:"state"`
	Attempt  int                  `json:"attempt,omitempty"` // the current one, from 1; 0: it was never begun
	Retried  int                  `json:"retried,omitempty"` // how often its action was asked again by itself
	By       servicecoin.PersonID `json:"by,omitempty"`      // who had to do with it last
	ReadyAt  time.Time            `json:"readyAt,omitzero"`
	BegunAt  time.Time            `json:"begunAt,omitzero"` // of the current attempt
	EndedAt  time.Time            `json:"endedAt,omitzero"` // of the current attempt: done, failed, skipped, omitted, cancelled
	Due      time.Time            `json:"due,omitzero"`     // when a wait is over, or the time limit of an action
	Answer   string               `json:"answer,omitempty"` // of a decision
	Measured string               `json:"measured,omitempty"`
	Outputs  map[string]string    `json:"outputs,omitempty"` // of its action
	Heard    []int                `json:"heard,omitempty"`   // attempts of its action of which a result came, sorted
	// Broken says that the verification was not met, and has not been since.
	Broken bool `json:"broken,omitempty"`
	Began  int  `json:"began,omitempty"` // the entry of its last beginning
	Ended  int  `json:"ended,omitempty"` // the entry of its last end
}

// Took returns how long the current attempt took, from its beginning to its end;
// undefined if it has not ended, or was never begun.
func (s Status) Took() (time.Duration, bool) {
	if s.BegunAt.IsZero() || s.EndedAt.IsZero() || s.State != StepDone {
		return 0, false
	}
	return s.EndedAt.Sub(s.BegunAt), true
}

const (
	mostRunID    = 60 // bytes
	mostPeople   = 200
	mostEvidence = 10
	mostNote     = 4000
	mostLink     = 1000
)

// Open begins a run of a plan: by leads it. It reports every violation at once, the
// parameters that are missing among them.
func Open(by servicecoin.Actor, at time.Time, p Plan, lacks []Lack, x NewRun) (Run, error) {
	at, err := lifecycle.Check(by, at, func(v *servicecoin.Violations) {
		checkRunID(v, p.Run)
		for _, l := range lacks {
			v.Add("values."+l.Name, l.Code, "", l.Text)
		}
		if len(p.Books) == 0 || len(p.Steps) == 0 {
			v.Add("plan", "required", "", "must have a book, and steps")
		}
		if x.Change != "" {
			v.ID("change", string(x.Change))
		}
		if x.Customer != "" {
			v.ID("customer", string(x.Customer))
		}
		v.Text("note", x.Note, 0, mostNote)
	})
	if err != nil {
		return Run{}, err
	}
	r := Run{
		ID: p.Run, Book: p.Books[0].Book, Version: p.Books[0].Version, Title: p.Title, Scenario: p.Scenario, Services: p.Services,
		State: Running, Drill: x.Drill, Change: x.Change, Customer: x.Customer, Lead: by.ID, StartedAt: at, Since: at,
	}
	for _, s := range p.Steps {
		r.Steps = append(r.Steps, Status{ID: s.ID, State: StepWaiting})
	}
	m := mark{by: by, fact: Fact{At: at, Verb: VerbStart, State: Running, Books: p.Books, Drill: x.Drill}}
	m.say("text", x.Note)
	r.advance(&p, &m)
	r.leave(m)
	if err := r.room(); err != nil {
		return Run{}, err
	}
	return r, nil
}

// NewRun is what is said when a run begins.
type NewRun struct {
	Drill    bool
	Change   servicecoin.ChangeID   // the change that it serves, "" for none
	Customer servicecoin.CustomerID // in whose environment, "" for nobody's
	Note     string                 // at most 4000 characters
}

func checkRunID(v *servicecoin.Violations, id RunID) {
	v.ID("id", string(id))
	if len(id) > mostRunID {
		v.Add("id", "too-long", string(id), "must have 60 bytes at most")
	}
}

// Status returns where a step stands, false if the run has none of that id. The
// undoing of a step has "undo:" before its id.
func (r *Run) Status(id StepID) (Status, bool) {
	s := r.find(id)
	if s == nil {
		return Status{}, false
	}
	return *s, true
}

func (r *Run) find(id StepID) *Status {
	list := r.Steps
	if strings.HasPrefix(string(id), undoing) {
		list = r.Undo
	}
	for n := range list {
		if list[n].ID == id {
			return &list[n]
		}
	}
	return nil
}

// Next returns the steps at which somebody or something is, or can begin, and those
// that failed: what a screen shows first.
func (r *Run) Next() []Status {
	var list []Status
	for _, s := range slices.Concat(r.Steps, r.Undo) {
		switch s.State {
		case StepReady, StepActive, StepRequested, StepLate, StepFailed:
			if (r.State == Aborting) == strings.HasPrefix(string(s.ID), undoing) && !r.State.Terminal() {
				list = append(list, s)
			}
		case StepWaiting, StepDone, StepSkipped, StepOmitted, StepCancelled:
		}
	}
	return list
}

// due returns the earliest instant at which a wait is over or a time limit passes.
func (r *Run) due() (time.Time, bool) {
	var next time.Time
	for _, list := range [][]Status{r.Steps, r.Undo} {
		for n := range list {
			s := &list[n]
			lapses := s.State == StepRequested || s.State == StepActive
			if lapses && !s.Due.IsZero() && (next.IsZero() || s.Due.Before(next)) {
				next = s.Due
			}
		}
	}
	return next, !next.IsZero() && !r.State.Terminal()
}

// room refuses what would leave none for the end of the run.
func (r *Run) room() error {
	var v servicecoin.Violations
	lifecycle.Room(&v, "", r, mostBody)
	return v.Err()
}

// with remembers who has had to do with the run: who is to be found when they are
// erased.
func (r *Run) with(people ...servicecoin.PersonID) {
	for _, p := range people {
		place, there := slices.BinarySearch(r.People, p)
		if p != "" && !there && len(r.People) < mostPeople {
			r.People = slices.Insert(slices.Clone(r.People), place, p)
		}
	}
}

// Evidence is what shows that something was done, or how it was found. Exactly one of
// text, value, link and file is set. Text, link and the name of a file can be erased
// later; a value, a digest and a size cannot.
type Evidence struct {
	Text  string              `json:"text,omitempty"`
	Value decimal.NullDecimal `json:"value"`
	Unit  string              `json:"unit,omitempty"` // of a value
	Link  string              `json:"link,omitempty"`
	File  *File               `json:"file,omitempty"` // the bytes are the host's
}

// File is a file that the host keeps, by its digest.
type File struct {
	SHA256 string `json:"sha256"` // 64 hexadecimal digits in small letters
	Name   string `json:"name,omitempty"`
	Size   int64  `json:"size,omitempty"` // bytes
}

// Validate reports every violation of the evidence.
func (e Evidence) Validate() error {
	var v servicecoin.Violations
	set := 0
	for _, there := range []bool{e.Text != "", e.Value.Valid, e.Link != "", e.File != nil} {
		if there {
			set++
		}
	}
	if set != 1 {
		v.Add("", "required", "", "must be exactly one of text, value, link and file")
	}
	v.Text("text", e.Text, 0, mostNote)
	v.Text("link", e.Link, 0, mostLink)
	v.Text("unit", e.Unit, 0, mostUnit)
	if e.Value.Valid {
		const digits, places = 30, 18
		v.Number("value", e.Value.Decimal, digits, places)
	} else if e.Unit != "" {
		v.Add("unit", "not-allowed", e.Unit, "is of a value")
	}
	if f := e.File; f != nil {
		const digits = 64
		if len(f.SHA256) != digits || strings.Trim(f.SHA256, "0123456789abcdef") != "" {
			v.Add("file.sha256", "bad-format", f.SHA256, "must be 64 hexadecimal digits in small letters")
		}
		v.Text("file.name", f.Name, 0, mostTitle)
		if f.Size < 0 {
			v.Add("file.size", "negative", "", "must not be negative")
		}
	}
	return v.Err()
}

func checkEvidence(v *servicecoin.Violations, list []Evidence) {
	if v.Limit("evidence", len(list), mostEvidence) {
		for n, e := range list {
			v.Merge("evidence["+decimal.NewFromInt(int64(n)).String()+"]", e.Validate())
		}
	}
}
