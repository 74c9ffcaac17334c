package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

type answered struct {
	Ticket string `json:"ticket"`
}

func tell(t *testing.T, s *store.Store, name string, data any) {
	t.Helper()
	e, err := store.Happened(servicecoin.Program("test"), name, data)
	require.NoError(t, err)
	e.Subject = store.Key{Customer: "acme", Kind: "ticket", ID: "t-1"}
	require.NoError(t, s.For("acme").Record(t.Context(), e))
}

func TestOnDecodes(t *testing.T) {
	t.Parallel()
	s := store.New(memory.New(), nil)
	tell(t, s, "ticket.answered", answered{Ticket: "t-1"})
	tell(t, s, "ticket.moved", answered{Ticket: "t-2"})
	tell(t, s, "ticket.lost", answered{Ticket: "t-3"})

	var got []string
	file := store.On("ticket.file", []string{"ticket.answered", "ticket.moved"},
		func(_ context.Context, tx *store.Store, e store.Event, a answered, from string) (string, error) {
			got = append(got, e.Name+" "+a.Ticket+" "+from)
			if from == "" {
				return "rest of " + a.Ticket, nil
			}
			return "", nil
		})
	file.Was = []string{"ticket.store"}
	c, err := store.NewConsumer(s, "desk", []store.Rule{file}, nil)
	require.NoError(t, err)
	_, err = c.Drain(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{
		"ticket.answered t-1 ", "ticket.answered t-1 rest of t-1",
		"ticket.moved t-2 ", "ticket.moved t-2 rest of t-2",
	}, got)
}

// Data of another type, or none, is a failure of the effect: the event is parked
// and the rest goes on.
func TestOnOtherData(t *testing.T) {
	t.Parallel()
	s := store.New(memory.New(), nil)
	tell(t, s, "ticket.answered", "text")
	tell(t, s, "ticket.answered", nil)
	tell(t, s, "ticket.answered", answered{Ticket: "t-3"})
	var got []string
	c, err := store.NewConsumer(s, "desk", []store.Rule{
		store.On("ticket.file", []string{"ticket.answered"},
			func(_ context.Context, _ *store.Store, _ store.Event, a answered, _ string) (string, error) {
				got = append(got, a.Ticket)
				return "", nil
			}),
	}, &store.ConsumerOptions{Tries: 2, Backoff: store.AtOnce})
	require.NoError(t, err)
	done, err := c.Drain(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, done.Parked)
	require.Equal(t, []string{"t-3"}, got)
}

func TestOnWithoutEffect(t *testing.T) {
	t.Parallel()
	_, err := store.NewConsumer(store.New(memory.New(), nil), "desk", []store.Rule{store.On[answered]("ticket.file", nil, nil)}, nil)
	v, ok := errors.AsType[*servicecoin.InvalidError](err)
	require.True(t, ok, "%v", err)
	require.ErrorContains(t, v, "rules[0].on")
	require.ErrorContains(t, v, "rules[0].do")
}
