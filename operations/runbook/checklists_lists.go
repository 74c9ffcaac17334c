package runbook

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

// Get returns a checklist.
func (n *Checklists) Get(ctx context.Context, id ChecklistID) (Checklist, error) {
	return store.Of(n.view, checklists).Get(ctx, string(id))
}

// Template returns one edition of a template.
func (n *Checklists) Template(ctx context.Context, id TemplateID, edition int) (Template, error) {
	return store.Of(n.view, templates).Get(ctx, templateID(id, edition))
}

// InUse returns the edition of a template that checklists are made of now, or
// ErrNotFound.
func (n *Checklists) InUse(ctx context.Context, id TemplateID) (Template, error) {
	return templateVersions().first(ctx, n.view, store.By("follows", store.Text(id)).Descending(), string(id))
}

// Editions lists the editions of a template, the latest first.
func (n *Checklists) Editions(id TemplateID) store.Listing[Template] {
	return store.Of(n.view, templates).Find(store.By("template", store.Text(id)).Descending())
}

// TemplatesIn lists the editions of all templates in a state, by id.
func (n *Checklists) TemplatesIn(s BookState) store.Listing[Template] {
	return store.Of(n.view, templates).Find(store.By("state", store.Text(s)))
}

// Recent lists checklists, the one that opened last first.
func (n *Checklists) Recent() store.Listing[Checklist] {
	return store.Of(n.view, checklists).Find(store.By("opened").Descending())
}

// InState lists the checklists of a state, the one that opened first at the front:
// of the completed ones, what waits longest for a second person.
func (n *Checklists) InState(s ChecklistState) store.Listing[Checklist] {
	return store.Of(n.view, checklists).Find(store.By("state", store.Text(s)))
}

// OfTemplate lists the checklists of a template in all its editions, the one that
// opened last first.
func (n *Checklists) OfTemplate(id TemplateID) store.Listing[Checklist] {
	return store.Of(n.view, checklists).Find(store.By("template", store.Text(id)).Descending())
}

// Overdue lists the checklists that are open and were due before t, the longest
// overdue first. What nobody has begun is no record: see [Checklists.Missed].
func (n *Checklists) Overdue(t time.Time) store.Listing[Checklist] {
	return store.Of(n.view, checklists).Find(store.By("due").To(store.Time(t)))
}

func endOfTime() time.Time { return time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC) }

// Missed returns what fell due within an interval, and before now, and was not
// complete by then, of all templates and those editions that held at the time,
// in the order in which they fell due. Nothing has to run for that. There are 10,000
// occasions of an edition at most, and a thousand editions.
func (n *Checklists) Missed(ctx context.Context, within calendar.Interval) ([]Miss, error) {
	now := n.view.Now()
	var list []Miss
	err := n.scheduled(ctx, within, func(t Template, made []Checklist) error {
		tt, err := n.timetable(ctx, t, within)
		if err != nil {
			return err
		}
		missed, err := Missed(t, tt, made, within, now)
		list = append(list, missed...)
		return err
	})
	slices.SortStableFunc(list, func(a, b Miss) int {
		return cmp.Or(a.Occasion.During.End.Compare(b.Occasion.During.End), cmp.Compare(a.Template, b.Template))
	})
	return list, err
}

// Duty is an occasion, and the checklist of it if somebody has begun.
type Duty struct {
	Template  Template
	Occasion  Occasion
	Checklist *Checklist // nil: nobody has
}

// Upcoming returns what falls due within an interval, of the editions that are in
// use, begun or not, in the order in which it does: of a day, today's.
func (n *Checklists) Upcoming(ctx context.Context, within calendar.Interval) ([]Duty, error) {
	var list []Duty
	err := n.scheduled(ctx, within, func(t Template, made []Checklist) error {
		if t.State != Published {
			return nil
		}
		occasions, err := n.occasions(ctx, t, within)
		if err != nil {
			return err
		}
		for _, o := range occasions {
			if !t.answersFor(o) {
				continue
			}
			task := Duty{Template: t, Occasion: o}
			if i := slices.IndexFunc(made, func(c Checklist) bool { return c.Day == o.Day }); i >= 0 {
				task.Checklist = &made[i]
			}
			list = append(list, task)
		}
		return nil
	})
	slices.SortStableFunc(list, func(a, b Duty) int {
		return cmp.Or(a.Occasion.During.End.Compare(b.Occasion.During.End), cmp.Compare(a.Template.ID, b.Template.ID))
	})
	return list, err
}

// scheduled calls fn for each edition that has a schedule and had not ended before an
// interval, with the checklists of its template that may be those of occasions that
// end within it.
func (n *Checklists) scheduled(ctx context.Context, within calendar.Interval, fn func(t Template, made []Checklist) error) error {
	const mostEditions, longest = 1000, 3 * 24 * time.Hour // a span of the clock, over a jump
	var v servicecoin.Violations
	if v.Merge("within", within.Validate()); v.Len() > 0 {
		return v.Err()
	}
	editions := 0
	made := map[TemplateID][]Checklist{}
	for t, err := range store.Of(n.view, templates).Find(store.By("scheduled").From(store.Time(within.Start.Add(-longest)))).All(ctx) {
		if err != nil {
			return err
		}
		if editions++; editions > mostEditions {
			v.Add("within", "too-many", within.String(), "must have at most a thousand editions of templates")
			return v.Err()
		}
		list, known := made[t.ID]
		if !known {
			of := store.By("template", store.Text(t.ID)).From(store.Time(within.Start.Add(-longest))).To(store.Time(within.End.Add(longest)))
			for c, err := range store.Of(n.view, checklists).Find(of).All(ctx) {
				if err != nil {
					return err
				}
				if !c.Day.IsZero() {
					list = append(list, c)
				}
			}
			made[t.ID] = list
		}
		if err := fn(t, list); err != nil {
			return err
		}
	}
	return nil
}

// Trend counts how often the items of a template failed or were skipped in each
// period: see the function of that name.
func (n *Checklists) Trend(ctx context.Context, id TemplateID, periods ...calendar.Interval) ([]ItemTrend, error) {
	t, err := newItemTally(periods)
	if err != nil {
		return nil, err
	}
	from, to := periods[0].Start, periods[0].End
	for _, p := range periods {
		if p.Start.Before(from) {
			from = p.Start
		}
		if p.End.After(to) {
			to = p.End
		}
	}
	for c, err := range store.Of(n.view, checklists).Find(store.By("template", store.Text(id)).From(store.Time(from)).To(store.Time(to))).All(ctx) {
		if err != nil {
			return nil, err
		}
		t.add(&c)
	}
	return t.trend()
}
