package runbook

import (
	"context"
	"errors"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/store"
)

// ChecklistOptions are what a host may set for checklists.
type ChecklistOptions struct {
	FourEyes bool // who wrote a draft of a template last cannot publish it
	// Timetable returns whose working days a schedule counts, for an interval and some
	// weeks around it. nil: schedules that count working days are refused.
	Timetable func(ctx context.Context, t Template, within calendar.Interval) (*hours.Timetable, error)
}

// Checklists is where templates of checklists are kept, and checklists are made of
// them and worked on: over a view of the provider's partition. Every changing verb
// asks Authorize, applies the rule at the store's time, and records an event in the
// same commit. That one is due, or was missed, needs nothing to run: it is found by
// the schedule when somebody asks.
type Checklists struct {
	view store.View
	o    ChecklistOptions
}

// NewChecklists returns the checklists of a view of the provider's partition; of
// another one, the first call says so. A nil o means defaults.
func NewChecklists(view store.View, o *ChecklistOptions) *Checklists {
	n := &Checklists{view: view.OfProvider("checklists")}
	if o != nil {
		n.o = *o
	}
	return n
}

// On returns the same checklists over another view: of the host's transaction, or of
// a unit of work.
func (n *Checklists) On(view store.View) *Checklists { return NewChecklists(view, &n.o) }

// Draft begins the next edition of a template: the first one, if there is none of its
// id. An empty id is filled in; edition, state and dates of t are not looked at. It is
// refused while there is a draft of the template.
func (n *Checklists) Draft(ctx context.Context, by servicecoin.Actor, t Template) (Template, error) {
	if t.ID == "" {
		t.ID = TemplateID(n.view.NewID())
	}
	if err := n.view.Ask(ctx, by, VerbDraftTemplate, TemplateRecord, string(t.ID)); err != nil {
		return Template{}, err
	}
	err := n.view.Do(ctx, func(tx store.View) error {
		last, err := templateVersions().first(ctx, tx, store.By("template", store.Text(t.ID)).Descending(), string(t.ID))
		if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		if last.State == Draft {
			return last.life().Refuse(VerbDraftTemplate, "", "there is a draft of this template already")
		}
		t = Template{
			ID: t.ID, Edition: last.Edition + 1, State: Draft, Title: t.Title, Purpose: t.Purpose, Services: t.Services, Items: t.Items,
			Schedule: t.Schedule, Publication: Publication{DraftedAt: tx.Now(), DraftedBy: by},
		}
		if err := n.fits(t); err != nil {
			return err
		}
		e, err := templateHappened(by, EventTemplateDrafted, t)
		if err != nil {
			return err
		}
		return store.Of(tx, templates).Insert(ctx, t, e)
	})
	if err != nil {
		return Template{}, err
	}
	return t, nil
}

// fits reports what is wrong with a draft, one that counts working days which nobody
// knows among it.
func (n *Checklists) fits(t Template) error {
	var v servicecoin.Violations
	v.Merge("", fits(&t))
	if t.Schedule != nil && t.Schedule.Rule.Counts() && n.o.Timetable == nil {
		v.Add("schedule.rule", "unsupported", t.Schedule.Rule.String(), "counts working days, and there is no timetable that has any")
	}
	return v.Err()
}

// Edit replaces what a draft says. Edition, state and dates of t are those of the
// draft, whatever they are in t.
func (n *Checklists) Edit(ctx context.Context, by servicecoin.Actor, t Template) (Template, error) {
	return n.alter(ctx, by, t.ID, t.Edition, VerbEditTemplate, EventTemplateEdited, func(tx store.View, old *Template) error {
		e, err := old.life().Move(by, tx.Now(), VerbEditTemplate, "", nil)
		if err != nil {
			return err
		}
		edited := Template{
			ID: old.ID, Edition: old.Edition, State: Draft, Title: t.Title, Purpose: t.Purpose, Services: t.Services, Items: t.Items,
			Schedule: t.Schedule, Publication: Publication{DraftedAt: e.At, DraftedBy: by},
		}
		if err := n.fits(edited); err != nil {
			return err
		}
		*old = edited
		return nil
	})
}

// Publish makes a draft the edition that checklists are made of; the one before is
// superseded in the same commit.
func (n *Checklists) Publish(ctx context.Context, by servicecoin.Actor, id TemplateID, edition int) (Template, error) {
	return n.alter(ctx, by, id, edition, VerbPublishTemplate, EventTemplatePublished, func(tx store.View, t *Template) error {
		if err := t.Publish(by, tx.Now(), n.o.FourEyes); err != nil {
			return err
		}
		if err := n.fits(*t); err != nil {
			return err
		}
		before, found := n.On(tx).InUse(ctx, id)
		return templateVersions().follow(ctx, tx, by, before, found, EventTemplateSuperseded, func(old *Template) error { return old.supersede(by, tx.Now()) })
	})
}

// Withdraw says that no checklist is made of an edition any more, and why.
func (n *Checklists) Withdraw(ctx context.Context, by servicecoin.Actor, id TemplateID, edition int, reason string) (Template, error) {
	return n.alter(ctx, by, id, edition, VerbWithdrawTemplate, EventTemplateWithdrawn, func(tx store.View, t *Template) error {
		return t.Withdraw(by, tx.Now(), reason)
	})
}

// Discard throws a draft away.
func (n *Checklists) Discard(ctx context.Context, by servicecoin.Actor, id TemplateID, edition int) error {
	return templateVersions().discard(ctx, n.view, by, templateID(id, edition), VerbDiscardTemplate, EventTemplateDiscarded, (*Template).life)
}

// alter applies a rule to an edition and tells of it, in one commit.
func (n *Checklists) alter(ctx context.Context, by servicecoin.Actor, id TemplateID, edition int, verb, event string, rule func(tx store.View, t *Template) error) (Template, error) {
	return templateVersions().change(ctx, n.view, by, templateID(id, edition), verb, event, rule)
}

func templateVersions() versions[Template] { return versions[Template]{templates, templateHappened} }

func templateHappened(by servicecoin.Actor, name string, t Template) (store.Event, error) {
	return store.Happened(by, name, TemplateChanged{Template: t.ID, Edition: t.Edition, State: t.State, Services: t.Services})
}

// Begin makes a checklist of the edition that is in use: of a day of its schedule,
// or, without a day, by hand. Of a day there is one: who begins it when somebody has
// already, gets that one.
func (n *Checklists) Begin(ctx context.Context, by servicecoin.Actor, id TemplateID, day calendar.Date) (Checklist, error) {
	made := ChecklistID(n.view.NewID())
	if !day.IsZero() {
		made = ChecklistOf(id, day)
	}
	if err := n.view.Ask(ctx, by, VerbBeginChecklist, ChecklistRecord, string(made)); err != nil {
		return Checklist{}, err
	}
	var c Checklist
	err := n.view.Do(ctx, func(tx store.View) error {
		there, err := store.Of(tx, checklists).Get(ctx, string(made))
		if err == nil || !errors.Is(err, servicecoin.ErrNotFound) {
			c = there
			return err
		}
		t, err := n.On(tx).InUse(ctx, id)
		if err != nil {
			return err
		}
		var o Occasion
		if !day.IsZero() {
			if o, err = n.occasion(ctx, t, day); err != nil {
				return err
			}
		}
		if c, err = BeginChecklist(by, tx.Now(), made, t, o); err != nil {
			return err
		}
		e, err := checklistHappened(by, EventChecklistBegun, &c, Checked{})
		if err != nil {
			return err
		}
		return store.Of(tx, checklists).Insert(ctx, c, e)
	})
	if err != nil {
		return Checklist{}, err
	}
	return c, nil
}

// occasion returns the one of a day, and complains of a day that has none.
func (n *Checklists) occasion(ctx context.Context, t Template, day calendar.Date) (Occasion, error) {
	var v servicecoin.Violations
	if v.Merge("day", day.Validate()); v.Len() > 0 {
		return Occasion{}, v.Err()
	}
	if t.Schedule != nil {
		within := calendar.Between(day.AddDays(-2).In(nil).Start, day.AddDays(4).In(nil).Start)
		list, err := n.occasions(ctx, t, within)
		if err != nil {
			return Occasion{}, err
		}
		for _, o := range list {
			if o.Day == day {
				return o, nil
			}
		}
	}
	v.Add("day", "unknown", day.String(), "is no day of the schedule")
	return Occasion{}, v.Err()
}

// occasions returns those of an edition that end within an interval.
func (n *Checklists) occasions(ctx context.Context, t Template, within calendar.Interval) ([]Occasion, error) {
	tt, err := n.timetable(ctx, t, within)
	if err != nil {
		return nil, err
	}
	return t.Schedule.Occasions(tt, within)
}

func (n *Checklists) timetable(ctx context.Context, t Template, within calendar.Interval) (*hours.Timetable, error) {
	if n.o.Timetable == nil || !t.Schedule.Rule.Counts() {
		return nil, nil //nolint:nilnil // none is needed, or the schedule says that one is
	}
	return n.o.Timetable(ctx, t, within)
}

// Check says what came of an item.
func (n *Checklists) Check(ctx context.Context, by servicecoin.Actor, id ChecklistID, x Checked) (Checklist, error) {
	return n.change(ctx, by, id, VerbCheck, EventChecked, x, func(c *Checklist, at time.Time) error { return c.Check(by, at, x) })
}

// Complete says that every item has a result.
func (n *Checklists) Complete(ctx context.Context, by servicecoin.Actor, id ChecklistID) (Checklist, error) {
	return n.change(ctx, by, id, VerbCompleteChecklist, EventChecklistCompleted, Checked{}, func(c *Checklist, at time.Time) error { return c.Complete(by, at) })
}

// SignOff says that a second person, who had no hand in it, looked at it.
func (n *Checklists) SignOff(ctx context.Context, by servicecoin.Actor, id ChecklistID, note string) (Checklist, error) {
	return n.change(ctx, by, id, VerbSignOff, EventSignedOff, Checked{}, func(c *Checklist, at time.Time) error { return c.SignOff(by, at, note) })
}

// SendBack opens it again, and says why.
func (n *Checklists) SendBack(ctx context.Context, by servicecoin.Actor, id ChecklistID, reason string) (Checklist, error) {
	return n.change(ctx, by, id, VerbSendBack, EventSentBack, Checked{}, func(c *Checklist, at time.Time) error { return c.SendBack(by, at, reason) })
}

// Abandon says that it will not be finished, and why.
func (n *Checklists) Abandon(ctx context.Context, by servicecoin.Actor, id ChecklistID, reason string) (Checklist, error) {
	return n.change(ctx, by, id, VerbAbandonChecklist, EventChecklistAbandoned, Checked{}, func(c *Checklist, at time.Time) error { return c.Abandon(by, at, reason) })
}

// change applies a rule to a checklist and tells of it, in one commit.
func (n *Checklists) change(ctx context.Context, by servicecoin.Actor, id ChecklistID, verb, event string, x Checked, rule func(c *Checklist, at time.Time) error) (Checklist, error) {
	if err := n.view.Ask(ctx, by, verb, ChecklistRecord, string(id)); err != nil {
		return Checklist{}, err
	}
	return store.Of(n.view, checklists).Update(ctx, string(id), func(c *Checklist) ([]store.Event, error) {
		if err := rule(c, n.view.Now()); err != nil {
			return nil, err
		}
		e, err := checklistHappened(by, event, c, x)
		return []store.Event{e}, err
	})
}

func checklistHappened(by servicecoin.Actor, name string, c *Checklist, x Checked) (store.Event, error) {
	return store.Happened(by, name, ChecklistChanged{
		Checklist: c.ID, Template: c.Template, Edition: c.Edition, Day: c.Day, State: c.State, Services: c.Services,
		Item: x.Item, Result: x.Result, Failed: c.Count(CheckFailed), Skipped: c.Count(CheckSkipped), Pending: c.Count(CheckPending),
	})
}
