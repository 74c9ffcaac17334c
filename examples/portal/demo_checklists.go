package main

import (
	"context"
	"errors"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/workday"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

// schedule is a rule as people write it, with the span of its days.
func schedule(rule, span string) (*runbook.Schedule, error) {
	s := runbook.Schedule{Zone: deskZone}
	var err error
	if s.Rule, err = workday.Parse(rule); err != nil {
		return nil, err
	}
	s.During, err = calendar.ParseClockSpan(span)
	return &s, err
}

func must(id runbook.ItemID, text string, wanted runbook.EvidenceKind) runbook.Item {
	return runbook.Item{ID: id, Text: english(text), Need: runbook.Must, Wanted: wanted}
}

func should(id runbook.ItemID, text string) runbook.Item {
	return runbook.Item{ID: id, Text: english(text), Need: runbook.Should}
}

func ofRole(role string, x runbook.Item) runbook.Item {
	x.Role = role
	return x
}

// templatesOfDemo are the morning round and the end of the month.
func templatesOfDemo() ([]runbook.Template, error) {
	daily, err := schedule("FREQ=DAILY only on a working day", "08:00-12:00")
	if err != nil {
		return nil, err
	}
	monthly, err := schedule("FREQ=MONTHLY;BYMONTHDAY=-1 on or before a working day", "08:00-18:00")
	if err != nil {
		return nil, err
	}
	alarms := must("alarms", "No alarm of the night is unanswered", "")
	alarms.Within = calendar.Within(30 * time.Minute)
	return []runbook.Template{
		{
			ID: "morning-round", Title: english("Morning round"), Purpose: english("What the night has left behind, before the customers come in."), Services: []servicecoin.ServiceID{"mail", "database", "files"}, Schedule: daily,
			Items: []runbook.Item{
				alarms, must("backups", "All backups of the night are complete", runbook.TextEvidence), must("queue", "The mail queue is below 500 messages", runbook.ValueEvidence),
				should("disks", "No disk is above 80 %"), should("certificates", "No certificate ends within three weeks"), ofRole(shiftLead, must("handover", "The notes of the night shift are read", "")),
			},
		},
		{
			ID: "month-end", Title: english("End of the month"), Purpose: english("So that the statements are right."), Schedule: monthly,
			Items: []runbook.Item{
				must("usage", "Usage of all customers is in, up to yesterday", ""), must("prices", "No price of next month is missing", ""),
				must("orders", "No order is under way for more than a week", ""), should("archive", "The evidence of the month is in the archive"),
			},
		},
	}, nil
}

// checklistsOfDemo makes the templates, and what was ticked since.
func (d demo) checklistsOfDemo(ctx context.Context) error {
	list, err := templatesOfDemo()
	if err != nil {
		return err
	}
	for n, t := range list {
		if _, err := d.Checklists().InUse(ctx, t.ID); err == nil {
			continue
		} else if !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		d.turn(d.at(100, 9, n))
		if _, err := d.Checklists().Draft(ctx, servicecoin.Person(cleo), t); err != nil && !errors.Is(err, servicecoin.ErrRefused) {
			return err
		}
		if n == 0 { // it is new: before, everybody looked at what they thought of
			d.turn(d.at(30, 15, 0))
		}
		if _, err := d.Checklists().Publish(ctx, servicecoin.Person(ada), t.ID, 1); err != nil {
			return err
		}
	}
	if err := d.mornings(ctx, *list[0].Schedule); err != nil {
		return err
	}
	return d.monthEnds(ctx, *list[1].Schedule)
}

// mornings are the rounds of the last days: one was forgotten, one lies about open,
// the last one waits for a second person, that of today has begun.
func (d demo) mornings(ctx context.Context, s runbook.Schedule) error {
	occasions, err := d.occasionsBack(s, 26)
	if err != nil {
		return err
	}
	for len(occasions) > 0 && occasions[len(occasions)-1].During.Start.After(d.now.Add(-20*time.Minute)) {
		occasions = occasions[:len(occasions)-1] // not yet
	}
	const forgotten, open, late = 6, 3, 9
	for n, o := range occasions {
		ago := len(occasions) - 1 - n
		today := ago == 0 && o.During.End.After(d.now)
		if ago == forgotten {
			continue
		}
		at := o.During.Start.Add(10 * time.Minute)
		if ago == late {
			at = o.During.End.Add(-5 * time.Minute)
		}
		c, err := d.begun(ctx, "morning-round", o.Day, ben, at)
		if err != nil {
			return err
		}
		if c.State != runbook.ChecklistOpen || c.Count(runbook.CheckPending) < len(c.Checks) {
			continue // a start that was killed in between
		}
		say := func(item runbook.ItemID, x runbook.Checked) {
			if err == nil {
				at = at.Add(2 * time.Minute)
				d.turn(at)
				x.Item = item
				c, err = d.Checklists().Check(ctx, servicecoin.Person(ben), c.ID, x)
			}
		}
		passed := func(e ...runbook.Evidence) runbook.Checked {
			return runbook.Checked{Result: runbook.CheckPassed, Evidence: e}
		}
		say("alarms", passed())
		say("backups", passed(runbook.Evidence{Text: "42 of 42 complete"}))
		say("queue", passed(runbook.Evidence{Value: servicecoin.Some(decimal.NewFromInt(int64(40 + 37*n%300))), Unit: "messages"}))
		if today || ago == open {
			continue
		}
		if n%4 == 1 {
			say("disks", runbook.Checked{Result: runbook.CheckFailed, Note: "files-3 is at 84 %: an order for more is written"})
		} else {
			say("disks", passed())
		}
		if n%3 == 2 {
			say("certificates", runbook.Checked{Result: runbook.CheckSkipped, Note: "The list is not reachable from here"})
		} else {
			say("certificates", passed())
		}
		say("handover", passed())
		if err != nil {
			return err
		}
		at = at.Add(time.Minute)
		if ago == late {
			at = o.During.End.Add(40 * time.Minute)
		}
		d.turn(at)
		if _, err := d.Checklists().Complete(ctx, servicecoin.Person(ben), c.ID); err != nil {
			return err
		}
		if ago <= 1 { // it waits
			continue
		}
		d.turn(at.Add(3 * time.Hour))
		if _, err := d.Checklists().SignOff(ctx, servicecoin.Person(cleo), c.ID, ""); err != nil {
			return err
		}
	}
	d.turn(d.now)
	return nil
}

// monthEnds are those of the last months; that of the one before last was forgotten.
func (d demo) monthEnds(ctx context.Context, s runbook.Schedule) error {
	occasions, err := d.occasionsBack(s, 95)
	if err != nil {
		return err
	}
	for n, o := range occasions {
		if o.During.End.After(d.now) || n == 1 {
			continue
		}
		at := o.During.Start.Add(time.Hour)
		c, err := d.begun(ctx, "month-end", o.Day, ada, at)
		if err != nil {
			return err
		}
		if c.State != runbook.ChecklistOpen {
			continue
		}
		for _, k := range c.Checks {
			at = at.Add(20 * time.Minute)
			d.turn(at)
			if c, err = d.Checklists().Check(ctx, servicecoin.Person(ada), c.ID, runbook.Checked{Item: k.ID, Result: runbook.CheckPassed}); err != nil {
				return err
			}
		}
		d.turn(at.Add(time.Minute))
		if c, err = d.Checklists().Complete(ctx, servicecoin.Person(ada), c.ID); err != nil {
			return err
		}
		d.turn(at.Add(time.Hour))
		if _, err := d.Checklists().SignOff(ctx, servicecoin.Person(cleo), c.ID, "Compared with the list of customers."); err != nil {
			return err
		}
	}
	d.turn(d.now)
	return nil
}

func (d demo) begun(ctx context.Context, id runbook.TemplateID, day calendar.Date, by servicecoin.PersonID, at time.Time) (runbook.Checklist, error) {
	d.turn(at)
	return d.Checklists().Begin(ctx, servicecoin.Person(by), id, day)
}

// occasionsBack are those of the last days, the first one first.
func (d demo) occasionsBack(s runbook.Schedule, days int) ([]runbook.Occasion, error) {
	return s.Occasions(d.desk.open, calendar.Between(d.now.AddDate(0, 0, -days), d.now.AddDate(0, 0, 2)))
}
