package runbook

import (
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// TemplateID is the id of a checklist that is made again and again, of all its
// editions.
type TemplateID string

// Template is one edition of a checklist that is made again and again: of every
// morning, of every release, of the last working day of the month. What is published
// never changes but for its end; a checklist that is made keeps the items that it was
// made with.
type Template struct {
	ID       TemplateID              `json:"id"`
	Edition  int                     `json:"edition"` // from 1
	State    BookState               `json:"state"`   // as of a book
	Title    servicecoin.Texts       `json:"title"`   // a line
	Purpose  servicecoin.Texts       `json:"purpose,omitempty"`
	Services []servicecoin.ServiceID `json:"services,omitempty"`
	Items    []Item                  `json:"items,omitempty"` // in the order of reading
	Schedule *Schedule               `json:"schedule"`        // when one is due by itself; null: made by hand alone

	Publication
}

// ItemID is the name of an item, the same in all editions: figures go by it.
type ItemID string

// Item is one thing that is looked at or done.
type Item struct {
	ID     ItemID            `json:"id"` // letters, digits, "_", "-" and "."
	Text   servicecoin.Texts `json:"text"`
	Need   Need              `json:"need"`
	Wanted EvidenceKind      `json:"wanted,omitempty"` // without which it cannot pass; "": none
	Role   string            `json:"role,omitempty"`   // who does it; "": anybody
	// Within is how long after the checklist opens the item is due; undefined: by when
	// the checklist is.
	Within calendar.Duration `json:"within"`
}

// Need says whether an item may be left out: the words of RFC 2119.
type Need string

// The needs.
const (
	Must   Need = "must"   // it passes or fails
	Should Need = "should" // it may be skipped, with a reason
)

// EvidenceKind is which of the forms of [Evidence] is wanted.
type EvidenceKind string

// The kinds.
const (
	AnyEvidence   EvidenceKind = "any"
	TextEvidence  EvidenceKind = "text"
	ValueEvidence EvidenceKind = "value"
	LinkEvidence  EvidenceKind = "link"
	FileEvidence  EvidenceKind = "file"
)

// in reports whether the wanted evidence is there.
func (k EvidenceKind) in(list []Evidence) bool {
	return k == "" || slices.ContainsFunc(list, func(e Evidence) bool {
		switch k {
		case TextEvidence:
			return e.Text != ""
		case ValueEvidence:
			return e.Value.Valid
		case LinkEvidence:
			return e.Link != ""
		case FileEvidence:
			return e.File != nil
		case AnyEvidence:
		}
		return true
	})
}

// mostItems is how many items a checklist may have.
const mostItems = 100

// Validate reports every violation of the form of a template.
func (t *Template) Validate() error {
	var v servicecoin.Violations
	heading(&v, string(t.ID), "edition", t.Edition, t.State, t.Title, t.Purpose)
	if v.Limit("services", len(t.Services), mostServices) {
		eachService(&v, t.Services)
	}
	if v.Limit("items", len(t.Items), mostItems) {
		seen := map[ItemID]bool{}
		for n, x := range t.Items {
			path := fmt.Sprintf("items[%d]", n)
			v.Merge(path, x.Validate())
			once(&v, path+".id", string(x.ID), seen[x.ID])
			seen[x.ID] = true
		}
	}
	if t.Schedule != nil {
		v.Merge("schedule", t.Schedule.Validate())
	}
	return v.Err()
}

// Validate reports every violation of the item by itself.
func (x Item) Validate() error {
	var v servicecoin.Violations
	checkName(&v, "id", string(x.ID))
	prose(&v, "text", x.Text, true)
	if x.Need != Must && x.Need != Should {
		v.Add("need", "unknown", string(x.Need), "must be must or should")
	}
	switch x.Wanted {
	case "", AnyEvidence, TextEvidence, ValueEvidence, LinkEvidence, FileEvidence:
	default:
		v.Add("wanted", "unknown", string(x.Wanted), "must be any, text, value, link or file")
	}
	v.Text("role", x.Role, 0, mostName)
	v.Merge("within", x.Within.Validate())
	return v.Err()
}

// The verbs of templates.
const (
	VerbDraftTemplate    = "checklist.draftTemplate"
	VerbEditTemplate     = "checklist.editTemplate"
	VerbPublishTemplate  = "checklist.publishTemplate"
	VerbWithdrawTemplate = "checklist.withdrawTemplate"
	VerbDiscardTemplate  = "checklist.discardTemplate" // a draft is thrown away

	verbSupersedeTemplate = "checklist.supersedeTemplate" // never asked for: publishing a later edition does it
)

// TemplateTransitions returns the whole table of an edition: what is not in it is
// refused.
func TemplateTransitions() []lifecycle.Transition[BookState] {
	const order = "not before the change of state before it"
	return []lifecycle.Transition[BookState]{
		lifecycle.Allow(Draft, VerbEditTemplate, Draft, "a whole form"),
		lifecycle.Allow(Draft, VerbPublishTemplate, Published, order, "one item at least", "by somebody else, where the host wants four eyes"),
		lifecycle.Allow(Draft, VerbDiscardTemplate, Withdrawn, "it is removed"),
		lifecycle.Allow(Published, verbSupersedeTemplate, Superseded, order, "a later edition is published"),
		lifecycle.Allow(Published, VerbWithdrawTemplate, Withdrawn, order, "a reason"),
	}
}

func (t *Template) life() lifecycle.Record[BookState] {
	return t.Publication.life(servicecoin.Key{Kind: TemplateRecord, ID: templateID(t.ID, t.Edition)}, t.State, TemplateTransitions())
}

// Publish makes a draft the edition that checklists are made of from now on. With
// fourEyes, whoever wrote at the draft last cannot publish it, nor can somebody for
// them.
func (t *Template) Publish(by servicecoin.Actor, at time.Time, fourEyes bool) (err error) {
	t.State, err = t.publish(t.life(), by, at, VerbPublishTemplate, fourEyes, func(v *servicecoin.Violations) {
		if v.Merge("", t.Validate()); len(t.Items) == 0 {
			v.Add("items", "required", "", "must not be empty")
		}
	})
	return err
}

// Withdraw says that none is made of it any more, and why. Those that were made go on.
func (t *Template) Withdraw(by servicecoin.Actor, at time.Time, reason string) (err error) {
	t.State, err = t.withdraw(t.life(), by, at, VerbWithdrawTemplate, reason)
	return err
}

func (t *Template) supersede(by servicecoin.Actor, at time.Time) (err error) {
	t.State, err = t.Publication.supersede(t.life(), by, at, verbSupersedeTemplate)
	return err
}
