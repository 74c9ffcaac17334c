package runbook

import (
	"fmt"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/store"
)

// The kinds of records of checklists, in the provider's partition.
const (
	TemplateRecord  = "runbook.template"  // one edition: [Template]
	ChecklistRecord = "runbook.checklist" // [Checklist]
)

// The names of events of checklists. They are API; the data of those of templates is
// a [TemplateChanged], of all others a [ChecklistChanged].
const (
	EventTemplateDrafted    = "checklist.templateDrafted"
	EventTemplateEdited     = "checklist.templateEdited"
	EventTemplatePublished  = "checklist.templatePublished"
	EventTemplateSuperseded = "checklist.templateSuperseded"
	EventTemplateWithdrawn  = "checklist.templateWithdrawn"
	EventTemplateDiscarded  = "checklist.templateDiscarded"

	EventChecklistBegun     = "checklist.begun"
	EventChecked            = "checklist.checked"
	EventChecklistCompleted = "checklist.completed"
	EventSignedOff          = "checklist.signedOff"
	EventSentBack           = "checklist.sentBack"
	EventChecklistAbandoned = "checklist.abandoned"
)

// TemplateChanged is the data of a template's event.
type TemplateChanged struct {
	Template TemplateID              `json:"template"`
	Edition  int                     `json:"edition"`
	State    BookState               `json:"state"`
	Services []servicecoin.ServiceID `json:"services,omitempty"`
}

// ChecklistChanged is the data of a checklist's event. Nothing that people wrote is
// in it.
type ChecklistChanged struct {
	Checklist ChecklistID             `json:"checklist"`
	Template  TemplateID              `json:"template"`
	Edition   int                     `json:"edition"`
	Day       calendar.Date           `json:"day,omitzero"`
	State     ChecklistState          `json:"state"`
	Services  []servicecoin.ServiceID `json:"services,omitempty"`
	Item      ItemID                  `json:"item,omitempty"` // of: checked
	Result    CheckResult             `json:"result,omitempty"`
	Failed    int                     `json:"failed"`
	Skipped   int                     `json:"skipped"`
	Pending   int                     `json:"pending"`
}

// TemplateKey returns the key of one edition of a template.
func TemplateKey(id TemplateID, edition int) servicecoin.Key {
	return servicecoin.Key{Customer: servicecoin.Provider, Kind: TemplateRecord, ID: templateID(id, edition)}
}

// ChecklistKey returns the key of a checklist.
func ChecklistKey(id ChecklistID) servicecoin.Key {
	return servicecoin.Key{Customer: servicecoin.Provider, Kind: ChecklistRecord, ID: string(id)}
}

// ChecklistOf returns the id of the checklist of a day of a template's schedule: there
// is one, whoever begins it.
func ChecklistOf(id TemplateID, day calendar.Date) ChecklistID {
	return ChecklistID(store.JoinID(string(id), day.String()))
}

func templateID(id TemplateID, edition int) string {
	return store.JoinID(string(id), fmt.Sprintf("%06d", edition))
}

var templates = store.Kind[Template]{
	Name:  TemplateRecord,
	House: house.Own(),
	ID:    func(t Template) string { return templateID(t.ID, t.Edition) },
	Indexes: []store.Index[Template]{
		{Name: "template", Columns: "ti", Of: func(t Template) store.Tuple {
			return store.Tuple{store.Text(t.ID), store.Int(t.Edition)}
		}},
		{Name: "state", Columns: "tti", Of: func(t Template) store.Tuple {
			return store.Tuple{store.Text(t.State), store.Text(t.ID), store.Int(t.Edition)}
		}},
		{Name: "follows", Columns: "ti", Of: func(t Template) store.Tuple {
			if t.State != Published {
				return nil
			}
			return store.Tuple{store.Text(t.ID), store.Int(t.Edition)}
		}},
		// Editions that were published at some time and have a schedule, by when they
		// ended: what may have been missed is theirs.
		{Name: "scheduled", Columns: "m", Of: func(t Template) store.Tuple {
			switch {
			case t.Schedule == nil || t.PublishedAt.IsZero():
				return nil
			case t.EndedAt.IsZero():
				return store.Tuple{store.Time(endOfTime())}
			}
			return store.Tuple{store.Time(t.EndedAt)}
		}},
	},
}

var checklists = store.Kind[Checklist]{
	Name:  ChecklistRecord,
	House: house.Own(),
	ID:    func(c Checklist) string { return string(c.ID) },
	Indexes: []store.Index[Checklist]{
		{Name: "opened", Columns: "m", Of: func(c Checklist) store.Tuple { return store.Tuple{store.Time(c.Opens)} }},
		{Name: "state", Columns: "tm", Of: func(c Checklist) store.Tuple {
			return store.Tuple{store.Text(c.State), store.Time(c.Opens)}
		}},
		{Name: "template", Columns: "tm", Of: func(c Checklist) store.Tuple {
			return store.Tuple{store.Text(c.Template), store.Time(c.Opens)}
		}},
		{Name: "due", Columns: "m", Of: func(c Checklist) store.Tuple {
			if c.State != ChecklistOpen || c.Due.IsZero() {
				return nil
			}
			return store.Tuple{store.Time(c.Due)}
		}},
	},
}
