package metering_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// shelf keeps what Settle puts, and notes how it was called. It fails where it is told to.
type shelf struct {
	events  []metering.Event
	entries []metering.Entry
	calls   []string
	asked   []metering.EventKey
	fails   string
}

var errShelf = errors.New("the shelf is broken")

func (s *shelf) call(name string) error {
	if s.calls = append(s.calls, name); name == s.fails {
		return errShelf
	}
	return nil
}

func (s *shelf) Put(events []metering.Event) ([]metering.Placed, error) {
	placed := make([]metering.Placed, len(events))
	for i, e := range events {
		at := slices.IndexFunc(s.events, func(x metering.Event) bool { return metering.KeyOf(x) == metering.KeyOf(e) })
		if at >= 0 {
			placed[i].Stored = s.events[at]
			continue
		}
		placed[i].Added = true
		placed[i].Awaited = e.Does == metering.Happen && slices.ContainsFunc(s.events, func(f metering.Event) bool { return f.Does != metering.Happen && f.About() == metering.KeyOf(e) })
		s.events = append(s.events, e)
	}
	return placed, s.call("put")
}

func (s *shelf) Known(keys []metering.EventKey) ([][]metering.Event, error) {
	list := make([][]metering.Event, len(keys))
	for i, key := range keys {
		for _, e := range s.events {
			if e.About() == key {
				list[i] = append(list[i], e)
			}
		}
	}
	s.asked = append(s.asked, keys...)
	return list, s.call("known")
}

func (s *shelf) Lay(entries []metering.Entry) error {
	s.entries = append(s.entries, entries...)
	return s.call("lay")
}

func TestSettle(t *testing.T) {
	t.Parallel()
	named := func(id string, e metering.Event) metering.Event {
		e.ID = id
		return e
	}
	s := &shelf{}
	receipt, err := metering.Settle([]metering.Event{named("b", happened(2, 1)), named("a", happened(1, 1)), named("b", happened(2, 9)), named("b", happened(3, 1)), {}}, s)
	require.NoError(t, err)
	require.Equal(t, []int{2, 1, 1, 1, 5}, []int{receipt.Added, receipt.Repeats, receipt.Conflicts, receipt.Refused, receipt.Total()})
	require.Equal(t, []string{"a", "b"}, []string{s.events[0].ID, s.events[1].ID}, "in the order of their keys")
	require.Equal(t, []string{"put", "lay"}, s.calls, "nobody is asked about what no fact is about")
	require.Equal(t, []metering.Outcome{metering.Conflict, metering.Refused}, []metering.Outcome{receipt.Exceptions[0].Outcome, receipt.Exceptions[1].Outcome})
	require.Empty(t, gocmp.Diff(named("b", happened(2, 1)), *receipt.Exceptions[0].Stored))
	require.ErrorContains(t, receipt.Err(), "events[4].customer")

	s.calls = nil
	receipt, err = metering.Settle([]metering.Event{named("a", happened(1, 1)), {}}, s)
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 0, 1}, []int{receipt.Added, receipt.Repeats, receipt.Conflicts, receipt.Refused})
	require.Equal(t, []string{"put"}, s.calls, "what repeats lays nothing")

	s.calls = nil
	receipt, err = metering.Settle([]metering.Event{{}}, s)
	require.NoError(t, err)
	require.Equal(t, 1, receipt.Refused)
	require.Empty(t, s.calls, "nothing is put of nothing")

	s.calls = nil
	void := about(metering.Void, 1, 2)
	void.Of.ID = "a"
	_, err = metering.Settle([]metering.Event{void, named("c", happened(1, 1))}, s)
	require.NoError(t, err)
	require.Equal(t, []string{"put", "known", "lay"}, s.calls)
	require.Equal(t, []metering.EventKey{void.About()}, s.asked, "only about what a fact is about")

	s.calls = nil
	_, err = metering.Settle(make([]metering.Event, metering.MaxBatch+1), s)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	require.Empty(t, s.calls)
}

// An error of the store is the answer, whole and without a receipt.
func TestSettleFails(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"put", "known", "lay"} {
		receipt, err := metering.Settle([]metering.Event{happened(1, 1), about(metering.Void, 1, 2), {}}, &shelf{fails: where})
		require.ErrorIs(t, err, errShelf, where)
		require.Empty(t, gocmp.Diff(metering.Receipt{}, receipt), where)
	}
}

// In whatever batches and order events and facts come, what was laid in the end leaves what
// the whole story leaves, as known at any instant.
func TestSettleInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		known := someKnown(t)
		list := rapid.Permutation(known).Draw(t, "order")
		s := &shelf{}
		for len(list) > 0 {
			n := rapid.IntRange(1, len(list)).Draw(t, "batch")
			receipt, err := metering.Settle(list[:n], s)
			require.NoError(t, err)
			require.Equal(t, n, receipt.Added)
			list = list[n:]
		}
		story := metering.Timeline(known)
		for _, before := range []time.Time{{}, clock(0), clock(1), clock(2), clock(3), clock(4), clock(5), clock(6), clock(7)} {
			require.Empty(t, gocmp.Diff(metering.Stand(story, before), metering.Stand(s.entries, before)), "known before %s", before)
		}
	})
}

func TestReceipt(t *testing.T) {
	t.Parallel()
	var all, part metering.Receipt
	for _, o := range []metering.Outcome{metering.Added, metering.Repeat, metering.Repeat, metering.Conflict, "unheard of"} {
		all.Count(o)
	}
	part.Refuse(2, metering.Event{Source: "s", ID: "e"}, errors.New("no room"))
	part.Refuse(4, metering.Event{}, metering.Event{}.Validate())
	all.Add(part, 10)
	require.Equal(t, []int{1, 2, 1, 2, 6}, []int{all.Added, all.Repeats, all.Conflicts, all.Refused, all.Total()})
	require.Equal(t, []int{12, 14}, []int{all.Exceptions[0].Index, all.Exceptions[1].Index})
	require.Equal(t, []int{2, 4}, []int{part.Exceptions[0].Index, part.Exceptions[1].Index}, "the part stays")
	require.ErrorIs(t, all.Err(), servicecoin.ErrInvalid)
	require.ErrorContains(t, all.Err(), "no room")
	require.ErrorContains(t, all.Err(), "events[14].customer")
	require.NoError(t, metering.Receipt{Conflicts: 1, Exceptions: []metering.Exception{{Outcome: metering.Conflict}}}.Err(), "a conflict is no violation")
}
