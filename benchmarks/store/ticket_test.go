package store_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// ticket is a record of about 2 kB with three index values.
type ticket struct {
	ID       string    `json:"id"`
	State    string    `json:"state"`
	Owner    string    `json:"owner"`
	Opened   time.Time `json:"opened"`
	Priority int       `json:"priority"`
	Text     string    `json:"text"`
}

func newTicket(n int) ticket {
	return ticket{
		ID: fmt.Sprintf("%016d", n), State: []string{"open", "done"}[n%2], Owner: fmt.Sprintf("p%03d", n%100),
		Opened: time.Unix(int64(n), 0).UTC(), Priority: n % 5, Text: strings.Repeat("Some text. ", 170),
	}
}

func tickets() store.Kind[ticket] {
	return store.Kind[ticket]{
		Name: "ticket", ID: func(t ticket) string { return t.ID },
		Indexes: []store.Index[ticket]{
			{Name: "state", Columns: "tm", Of: func(t ticket) store.Tuple { return store.Tuple{store.Text(t.State), store.Time(t.Opened)} }},
			{Name: "owner", Columns: "t", Of: func(t ticket) store.Tuple { return store.Tuple{store.Text(t.Owner)} }},
			{Name: "priority", Columns: "i", Of: func(t ticket) store.Tuple { return store.Tuple{store.Int(t.Priority)} }},
		},
	}
}

type engine interface {
	create(ctx context.Context, t ticket) error
	read(ctx context.Context, id string) (ticket, error)
	update(ctx context.Context, id string, priority int) error
	find(ctx context.Context, owner string) (int, error)
}

type ours struct {
	c store.Collection[ticket]
}

func (o ours) create(ctx context.Context, t ticket) error {
	e, err := store.Happened(servicecoin.Program("bench"), "ticket.opened", map[string]string{"id": t.ID})
	if err != nil {
		return err
	}
	return o.c.Insert(ctx, t, e)
}

func (o ours) read(ctx context.Context, id string) (ticket, error) { return o.c.Get(ctx, id) }

func (o ours) update(ctx context.Context, id string, priority int) error {
	e, err := store.Happened(servicecoin.Program("bench"), "ticket.changed", map[string]string{"id": id})
	if err != nil {
		return err
	}
	_, err = o.c.Update(ctx, id, func(t *ticket) ([]store.Event, error) {
		t.Priority = priority
		return []store.Event{e}, nil
	})
	return err
}

func (o ours) find(ctx context.Context, owner string) (n int, err error) {
	page, err := o.c.Find(store.By("owner", store.Text(owner))).Page(ctx, "", 20)
	return len(page.Items), err
}
