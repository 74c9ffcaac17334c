package store_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// Ticket is a record of the host's own.
type Ticket struct {
	ID     string    `json:"id"`
	Queue  string    `json:"queue"`
	Opened time.Time `json:"opened"`
	Closed bool      `json:"closed"`
}

// TicketClosed is the data of the event "ticket.closed".
type TicketClosed struct {
	Ticket string `json:"ticket"`
	Queue  string `json:"queue"`
}

// Tickets says how tickets are kept, and how the open ones are listed.
var Tickets = store.Kind[Ticket]{
	Name: "ticket",
	ID:   func(t Ticket) string { return t.ID },
	Indexes: []store.Index[Ticket]{
		{Name: "open", Columns: "tm", Of: func(t Ticket) store.Tuple {
			if t.Closed {
				return nil // not in this index
			}
			return store.Tuple{store.Text(t.Queue), store.Time(t.Opened)}
		}},
	},
}

var ada = servicecoin.Person("ada")

// atNine returns a store in memory whose clock stands at nine o'clock, with
// acme's tickets in it.
func atNine(ids ...string) (*store.Store, store.Collection[Ticket]) {
	nine := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return nine }})
	tickets := store.Of(s.For("acme"), Tickets)
	for i, id := range ids {
		t := Ticket{ID: id, Queue: "mail", Opened: nine.Add(time.Duration(i) * time.Minute)}
		if err := tickets.Insert(context.Background(), t); err != nil {
			panic(err)
		}
	}
	return s, tickets
}

// closeTicket is a change with the event that tells of it.
func closeTicket(t *Ticket) ([]store.Event, error) {
	if t.Closed {
		return nil, errors.New("it is closed already")
	}
	t.Closed = true
	e, err := store.Happened(ada, "ticket.closed", TicketClosed{Ticket: t.ID, Queue: t.Queue})
	return []store.Event{e}, err
}

func ExampleCollection_Update() {
	ctx := context.Background()
	s, tickets := atNine("t1")
	ticket, err := tickets.Update(ctx, "t1", closeTicket)
	fmt.Println(ticket.Closed, err)

	_, err = tickets.Update(ctx, "t1", closeTicket) // nothing is stored
	fmt.Println(err)

	trail, err := s.For("acme").Events(ctx, 0, 10)
	fmt.Println(len(trail), trail[0].Name, string(trail[0].Data), err)
	// Output:
	// true <nil>
	// it is closed already
	// 1 ticket.closed {"ticket":"t1","queue":"mail"} <nil>
}

// A form writes over what was read, and hears of it if somebody was faster.
func ExampleCollection_Put() {
	ctx := context.Background()
	_, tickets := atNine("t1")
	read, err := tickets.Item(ctx, "t1")
	fmt.Println(read.Version, err)

	_, err = tickets.Update(ctx, "t1", closeTicket) // somebody else
	fmt.Println(err)

	read.Value.Queue = "phone"
	err = tickets.Put(ctx, read.Value, read.Version)
	fmt.Println(errors.Is(err, servicecoin.ErrConflict), err)
	// Output:
	// 1 <nil>
	// <nil>
	// true acme/ticket/t1: changed meanwhile
}

func ExampleCollection_Find() {
	ctx := context.Background()
	_, tickets := atNine("t1", "t2", "t3")
	if _, err := tickets.Update(ctx, "t2", closeTicket); err != nil {
		fmt.Println(err)
	}

	open := tickets.Find(store.By("open", store.Text("mail")).Descending()) // the newest first
	for t, err := range open.All(ctx) {
		fmt.Println(t.ID, err)
	}
	page, err := open.Page(ctx, "", 1) // for an HTTP answer: page.Next is the next call's cursor
	fmt.Println(page.Items[0].Value.ID, page.Next != "", err)
	// Output:
	// t3 <nil>
	// t1 <nil>
	// t3 true <nil>
}

// Two records change together, or neither does.
func ExampleStore_Do() {
	ctx := context.Background()
	s, tickets := atNine("t1", "t2")
	merge := func(tx *store.Store) error {
		both := store.Of(tx.For("acme"), Tickets)
		if _, err := both.Update(ctx, "t1", closeTicket); err != nil {
			return err
		}
		_, err := both.Update(ctx, "t9", closeTicket)
		return err
	}
	err := s.Do(ctx, merge)
	fmt.Println(errors.Is(err, servicecoin.ErrNotFound), err)

	t1, err := tickets.Get(ctx, "t1")
	fmt.Println(t1.Closed, err)
	// Output:
	// true acme/ticket/t9: not found
	// false <nil>
}

// A rule answers each event once, whatever fails in between: what it writes is
// committed with the consumer's bookmark.
func ExampleConsumer() {
	ctx := context.Background()
	s, tickets := atNine("t1", "t2")
	count := store.On("tickets.count", []string{"ticket.closed"},
		func(ctx context.Context, tx *store.Store, e store.Event, news TicketClosed, _ string) (string, error) {
			note := Ticket{ID: "survey-" + news.Ticket, Queue: "surveys", Opened: e.At}
			return "", store.Of(tx.For(e.Subject.Customer), Tickets).Insert(ctx, note)
		})
	consumer, err := store.NewConsumer(s, "surveys", []store.Rule{count}, nil)
	fmt.Println(err)

	_, err = tickets.Update(ctx, "t1", closeTicket)
	fmt.Println(err)
	for range 2 { // the host calls it now and then
		done, err := consumer.Drain(ctx)
		fmt.Println(done.Effects, err)
	}
	survey, err := tickets.Get(ctx, "survey-t1")
	fmt.Println(survey.Queue, err)
	// Output:
	// <nil>
	// <nil>
	// 1 <nil>
	// 0 <nil>
	// surveys <nil>
}

// An event whose effect fails again and again is parked, and the rest goes on.
func ExampleConsumer_Parked() {
	ctx := context.Background()
	s, tickets := atNine("t1")
	down := true
	call := store.On("pager.call", []string{"ticket.closed"},
		func(context.Context, *store.Store, store.Event, TicketClosed, string) (string, error) {
			if down {
				return "", errors.New("the pager is down")
			}
			return "", nil
		})
	consumer, err := store.NewConsumer(s, "pager", []store.Rule{call}, &store.ConsumerOptions{Tries: 3, Backoff: store.AtOnce})
	fmt.Println(err)
	_, err = tickets.Update(ctx, "t1", closeTicket)
	fmt.Println(err)
	done, err := consumer.Drain(ctx)
	fmt.Println(done.Parked, err)

	down = false
	for parked, err := range consumer.Parked().Items(ctx) {
		fmt.Println(parked.Value.Rule, parked.Value.Tries, err)
		fmt.Println(consumer.Retry(ctx, parked.Key))
	}
	// Output:
	// <nil>
	// <nil>
	// 1 <nil>
	// pager.call 3 <nil>
	// <nil>
}

// The host's nightly work reads all customers; a view sees one.
func ExampleAcross() {
	ctx := context.Background()
	s, _ := atNine("t1")
	fmt.Println(store.Of(s.For("globex"), Tickets).Insert(ctx, Ticket{ID: "t1", Queue: "mail", Opened: s.Now()}))
	for item, err := range store.Across(s, Tickets).Find(store.By("open", store.Text("mail"))).Items(ctx) {
		fmt.Println(item.Key, err)
	}
	// Output:
	// <nil>
	// acme/ticket/t1 <nil>
	// globex/ticket/t1 <nil>
}

func ExampleStore_Forget() {
	ctx := context.Background()
	s, tickets := atNine("t1")
	fmt.Println(s.Forget(ctx, ada, "acme"))
	_, err := tickets.Get(ctx, "t1")
	fmt.Println(err)

	// What is left is that somebody was forgotten, who knows whom finds it:
	trail, err := s.For(servicecoin.Provider).Events(ctx, 0, 10)
	fmt.Println(trail[0].Name, trail[0].Subject.ID == store.Forgotten("acme"), err)
	// Output:
	// <nil>
	// acme/ticket/t1: not found
	// customer.forgotten true <nil>
}

// The next release of the program lists tickets by an index more.
func ExampleReindex() {
	ctx := context.Background()
	backend := memory.New()
	old := store.Of(store.New(backend, nil).For("acme"), Tickets)
	fmt.Println(old.Insert(ctx, Ticket{ID: "t1"}))

	next := Tickets
	next.Indexes = append(next.Indexes[:1:1], store.Index[Ticket]{
		Name: "queue", Columns: "t", Of: func(t Ticket) store.Tuple { return store.Tuple{store.Text(t.Queue)} },
	})
	s := store.New(backend, nil)
	_, err := store.Of(s.For("acme"), next).Find(store.By("queue")).Page(ctx, "", 10)
	fmt.Println(errors.Is(err, servicecoin.ErrRefused))

	rewritten, err := store.Reindex(ctx, s, next)
	fmt.Println(rewritten, err)
	page, err := store.Of(s.For("acme"), next).Find(store.By("queue")).Page(ctx, "", 10)
	fmt.Println(len(page.Items), err)
	// Output:
	// <nil>
	// true
	// 1 <nil>
	// 1 <nil>
}
