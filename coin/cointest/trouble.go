package cointest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/storetest"
)

func forgottenCustomer(t *testing.T, h storetest.Harness) {
	w := newWorld(t, h, acme, "globex")
	w.outage(8)
	if err := w.store.Forget(t.Context(), ada(), acme); err != nil {
		t.Fatal(err)
	}
	w.exchange() // the directory still names acme: it has no promise any more
	same(t, "due", []string{}, w.due(acme))
	same(t, "due for the other", []string{"2026-01 mail"}, w.due("globex"))
}

func twoDomains(t *testing.T, h storetest.Harness) {
	w := newWorld(t, h, acme)
	oops := errors.New("oops")
	work := func(fail error) error {
		return w.store.Do(t.Context(), func(tx *store.Store) error {
			c := w.On(tx)
			i, err := c.Desk().Open(t.Context(), ada(), incident.Report{ID: "both", Title: "Mail is down"})
			if err != nil {
				return err
			}
			_, err = c.Letters(acme).Draft(t.Context(), ada(), incident.Addressee{Incident: i.ID}, incident.Letter{Subject: "Mail", Body: "Mail is down."})
			return errors.Join(err, fail)
		})
	}
	if err := work(oops); !errors.Is(err, oops) {
		t.Fatal(err)
	}
	if _, err := w.Desk().Get(t.Context(), "both"); !errors.Is(err, servicecoin.ErrNotFound) {
		t.Errorf("half of the unit is stored: %v", err)
	}
	if err := work(nil); err != nil {
		t.Fatal(err)
	}
	n := 0
	for c, err := range w.Letters(acme).About("both").All(t.Context()) {
		if err != nil || c.State != incident.Draft {
			t.Errorf("%v (%v)", c, err)
		}
		n++
	}
	same(t, "drafts", 1, n)
}

func hostTransaction(t *testing.T, h storetest.Harness) {
	if h.Begin == nil {
		t.Log("left out: the engine has no transactions of the host")
		return
	}
	b := h.Open(t)
	s := store.New(b, nil)
	desk := incident.New(s.For(servicecoin.Provider), nil)
	if _, err := desk.Open(t.Context(), ada(), incident.Report{ID: "before", Title: "Before"}); err != nil {
		t.Fatal(err)
	}
	for id, end := range map[servicecoin.IncidentID]bool{"kept": true, "lost": false} {
		tx := h.Begin(t, b)
		inside := desk.On(s.Join(tx.Backend).For(servicecoin.Provider))
		if _, err := inside.Open(t.Context(), ada(), incident.Report{ID: id, Title: "Inside"}); err != nil {
			t.Fatal(err)
		}
		if _, err := inside.Acknowledge(t.Context(), ada(), "before"); err != nil && end {
			t.Fatal(err)
		}
		finish := tx.Commit
		if !end {
			finish = tx.Rollback
		}
		if err := finish(); err != nil {
			t.Fatal(err)
		}
		if _, err := desk.Get(t.Context(), id); (err == nil) != end {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func badInput(t *testing.T, h storetest.Harness) {
	w := newWorld(t, h, acme)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	now := w.clock()
	effect := incident.Effect{Service: mail, Level: incident.Outage, From: now}
	for name, c := range map[string]struct {
		ctx    context.Context //nolint:containedctx // a column of the table
		report incident.Report
		by     servicecoin.Actor
		want   error
	}{
		"no title":     {t.Context(), incident.Report{}, ada(), servicecoin.ErrInvalid},
		"no actor":     {t.Context(), incident.Report{Title: "x"}, servicecoin.Actor{}, servicecoin.ErrInvalid},
		"in future":    {t.Context(), incident.Report{Title: "x", Began: now.Add(time.Hour)}, ada(), servicecoin.ErrInvalid},
		"no level":     {t.Context(), incident.Report{Title: "x", Effects: []incident.Effect{{Service: mail, From: now}}}, ada(), servicecoin.ErrInvalid},
		"cancelled":    {ctx, incident.Report{Title: "x", Effects: []incident.Effect{effect}}, ada(), context.Canceled},
		"bad priority": {t.Context(), incident.Report{Title: "x", Impact: 99, Urgency: 1}, ada(), servicecoin.ErrInvalid},
	} {
		if _, err := w.Desk().Open(c.ctx, c.by, c.report); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	for i, err := range w.Desk().Recent().All(t.Context()) {
		t.Errorf("stored all the same: %v (%v)", i, err)
	}
	events, err := w.store.Events(t.Context(), 0, 100)
	if err != nil || len(events) != 1 {
		t.Errorf("%d events, one promise wanted (%v)", len(events), err)
	}
}
