package exchange_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// A room of a host's own: notes, that are written to whom something concerns. It
// touches no other room, and none of the library's files.

type note struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

var notes = store.Kind[note]{Name: "note", ID: func(n note) string { return n.ID }}

// outage is the data of an event of another room.
type outage struct {
	Services []servicecoin.ServiceID `json:"services"`
	Many     int                     `json:"many"` // notes for each customer
}

type told struct{ N int }

func (t told) Lines() []exchange.Line {
	return []exchange.Line{{Text: fmt.Sprintf("%d notes", t.N), Tone: exchange.Good}}
}

// directory is services with their users, which a test may change.
type directory map[servicecoin.ServiceID][]servicecoin.CustomerID

func (d directory) Service(_ context.Context, id servicecoin.ServiceID) (string, error) {
	if _, ok := d[id]; !ok {
		return "", servicecoin.ErrNotFound
	}
	return "The " + string(id), nil
}

func (d directory) Concerned(_ context.Context, id servicecoin.ServiceID, _ calendar.Interval, after servicecoin.CustomerID, limit int) ([]servicecoin.CustomerID, error) {
	var list []servicecoin.CustomerID
	for _, c := range d[id] {
		if c > after && len(list) < limit {
			list = append(list, c)
		}
	}
	return list, nil
}

var (
	start = time.Date(2026, 1, 8, 9, 0, 0, 0, time.UTC)
	ada   = servicecoin.Person("ada")
)

func base(d directory) exchange.Base {
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return start }})
	return exchange.Base{Store: s, Services: func(*store.Store) exchange.Directory { return d }}
}

func room(b exchange.Base, forgotten *[]servicecoin.CustomerID) exchange.Room {
	const roomForANote = 3
	write := exchange.Each(b, "note.write", "outages", "notes", []string{"outage.began"}, roomForANote,
		func(_ context.Context, _ exchange.Work, news outage) (int, []exchange.Concern, error) {
			var list []exchange.Concern
			for _, s := range news.Services {
				list = append(list, exchange.Concern{Service: s, During: calendar.Between(start, start.Add(time.Hour))})
			}
			return max(1, news.Many), list, nil
		},
		func(ctx context.Context, w exchange.Work, many int, c exchange.Concern, at string) (string, error) {
			n := 0
			if at != "" {
				if _, err := fmt.Sscan(at, &n); err != nil {
					return "", err
				}
			}
			for ; n < many; n++ {
				if w.Left() < roomForANote {
					return strconv.Itoa(n), nil
				}
				err := store.Of(w.Of(w.Customer), notes).Insert(ctx, note{ID: fmt.Sprintf("%s %s %d", w.Event.ID, c.Service, n), Text: string(c.Service)})
				if err != nil {
					return "", err
				}
			}
			return "", nil
		})
	write.EndedBy = "note.drop"
	drop := exchange.When(b, "note.drop", "outages", "notes", []string{"outage.ended"}, func(ctx context.Context, w exchange.Work, _ outage) error {
		return nil
	})
	return exchange.Room{
		Name: "notes", Side: exchange.Adoption, Links: []exchange.Link{write, drop},
		Spin: &exchange.Gatherer{
			Rows: func(ctx context.Context, s *exchange.Spinning) error {
				for n, err := range store.Of(s.Of(s.Whose().ID), notes).Find(store.All()).All(ctx) {
					if err != nil {
						return err
					}
					s.Row(servicecoin.ServiceID(n.Text))
				}
				return nil
			},
			Figures: func(ctx context.Context, s *exchange.Spinning) error {
				for _, id := range s.Rows() {
					t := told{}
					for n, err := range store.Of(s.Of(s.Whose().ID), notes).Find(store.All()).All(ctx) {
						if err != nil {
							return err
						}
						if n.Text == string(id) {
							t.N++
						}
					}
					s.Put(id, exchange.Adoption, t)
				}
				return nil
			},
			Judge: func(_ exchange.Spin, r exchange.Row) []exchange.Imbalance {
				if exchange.Of[told](r.Parts).N < 2 {
					return nil
				}
				return []exchange.Imbalance{{Code: "chatty", Service: r.Service, Sides: []exchange.Side{exchange.Adoption}, Text: r.Name + ": too many notes.", Urgency: 30}}
			},
		},
		Forget: func(_ context.Context, _ servicecoin.Actor, id servicecoin.CustomerID) error {
			if forgotten != nil {
				*forgotten = append(*forgotten, id)
			}
			return nil
		},
	}
}

func happens(t require.TestingT, b exchange.Base, data outage) {
	e, err := store.Happened(ada, "outage.began", data)
	require.NoError(t, err)
	e.Subject = b.Provider().Key("outage", "o")
	require.NoError(t, b.Provider().Record(context.Background(), e))
}

func written(t require.TestingT, b exchange.Base, c servicecoin.CustomerID) (list []string) {
	for n, err := range store.Of(b.Of(c), notes).Find(store.All()).All(context.Background()) {
		require.NoError(t, err)
		list = append(list, n.ID)
	}
	return list
}

// Adding a room takes its own file: links, a part of the Spin, forgetting.
func TestARoomOfOnesOwn(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := base(directory{"mail": {"acme", "globex"}, "files": {"acme"}})
	var forgotten []servicecoin.CustomerID
	x, err := exchange.New(b, room(b, &forgotten))
	require.NoError(t, err)
	consumer, err := x.Consumer(nil)
	require.NoError(t, err)
	happens(t, b, outage{Services: []servicecoin.ServiceID{"mail", "files"}, Many: 2})
	_, err = consumer.Drain(ctx)
	require.NoError(t, err)
	require.Len(t, written(t, b, "acme"), 4)
	require.Len(t, written(t, b, "globex"), 2)

	january := calendar.Month{Year: 2026, Month: time.January}
	spin, err := x.Spin(ctx, "acme", january, func(exchange.Spin, exchange.Row) []exchange.Imbalance {
		return []exchange.Imbalance{{Code: "worse", Text: "The host says so.", Urgency: 31}}
	})
	require.NoError(t, err)
	require.Len(t, spin.Rows, 2)
	require.Equal(t, "The files", spin.Rows[0].Name)
	require.Equal(t, told{2}, exchange.Of[told](spin.Rows[1].Parts))
	require.Equal(t, "The host says so. (And 3 more.)", spin.Sentence())
	require.Equal(t, "The files: too many notes.", spin.Balance[2].Text)
	var text bytes.Buffer
	require.NoError(t, spin.WriteText(&text))
	require.Contains(t, text.String(), "used  2 notes")
	require.Contains(t, x.Table(), "| outages () | notes (adoption) | `note.write` | `outage.began` | `note.drop` |")

	require.NoError(t, x.Forget(ctx, ada, "acme"))
	require.Empty(t, written(t, b, "acme"))
	require.Len(t, written(t, b, "globex"), 2)
	require.Equal(t, []servicecoin.CustomerID{"acme"}, forgotten)
	require.NoError(t, x.Forget(ctx, ada, "acme"), "it may be called again")
}

// However many customers and however much for each: everything is done once, in
// commits that have room for it, whatever the directory does meanwhile.
func TestEachIsDoneOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := directory{}
		all := []servicecoin.ServiceID{"a", "b", "c"}
		for _, s := range all {
			for n := range rapid.IntRange(0, 60).Draw(t, "customers") {
				d[s] = append(d[s], servicecoin.CustomerID(fmt.Sprintf("c%03d", n)))
			}
		}
		b := base(d)
		x, err := exchange.New(b, room(b, nil))
		require.NoError(t, err)
		consumer, err := x.Consumer(&store.ConsumerOptions{Holder: "one"})
		require.NoError(t, err)
		news := outage{Services: slices.Clone(all), Many: rapid.SampledFrom([]int{1, 2, 30, 90}).Draw(t, "many")}
		happens(t, b, news)
		var late []servicecoin.CustomerID
		for {
			done, err := consumer.Step(context.Background(), 1)
			require.NoError(t, err)
			if done.Effects+done.Skipped == 0 {
				break
			}
			if rapid.IntRange(0, 3).Draw(t, "comes") == 0 { // somebody comes while it is under way
				id := servicecoin.CustomerID(fmt.Sprintf("c%03dx", len(late)))
				late = append(late, id)
				d["a"] = append(d["a"], id)
				slices.Sort(d["a"])
			}
		}
		for n := range 60 {
			id := servicecoin.CustomerID(fmt.Sprintf("c%03d", n))
			want := 0
			for _, s := range all {
				if slices.Contains(d[s], id) {
					want += news.Many
				}
			}
			require.Len(t, written(t, b, id), want, "%s", id)
		}
	})
}

// A service that is no concern any more when the effect goes on does not stop it.
func TestEachGoesOnWithoutAService(t *testing.T) {
	t.Parallel()
	d := directory{}
	for n := range 30 {
		d["mail"] = append(d["mail"], servicecoin.CustomerID(fmt.Sprintf("c%02d", n)))
	}
	b := base(d)
	gone := false
	var done []servicecoin.CustomerID
	link := exchange.Each(b, "x", "outages", "notes", []string{"outage.began"}, 1,
		func(context.Context, exchange.Work, outage) (struct{}, []exchange.Concern, error) {
			if gone {
				return struct{}{}, []exchange.Concern{{Service: "other"}}, nil
			}
			return struct{}{}, []exchange.Concern{{Service: "mail"}}, nil
		},
		func(_ context.Context, w exchange.Work, _ struct{}, _ exchange.Concern, _ string) (string, error) {
			done = append(done, w.Customer)
			return "", nil
		})
	tx := func() (next string, err error) {
		e, err := store.Happened(ada, "outage.began", outage{})
		require.NoError(t, err)
		err = b.Store.Do(t.Context(), func(tx *store.Store) (err error) {
			next, err = link.Do(t.Context(), tx, e, next)
			return err
		})
		return next, err
	}
	next, err := tx()
	require.NoError(t, err)
	require.JSONEq(t, `{"service":"mail","after":"c19"}`, next)
	require.Len(t, done, 20)
	gone = true
	next, err = tx()
	require.NoError(t, err)
	require.Empty(t, next)
	require.Len(t, done, 20)
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	b := base(nil)
	twice := room(b, nil)
	foreign := room(b, nil)
	foreign.Name = "others"
	foreign.Links[0].EndedBy = "nothing"
	_, err := exchange.New(exchange.Base{}, room(b, nil), twice, foreign, exchange.Room{})
	for _, want := range []string{
		"store: is nil", "services: is nil", `rooms[1].name "notes": names two rooms`, `rooms[1].links[0].name "note.write": names two links`,
		`rooms[2].links[0].to "notes": is not the room that it belongs to, others`, "rooms[3].name: must not be empty",
		`links[note.write].endedBy "nothing": is no link of these rooms`,
	} {
		require.ErrorContains(t, err, want)
	}
}

// What one room cannot forget keeps the call from ending well, and it is called again.
func TestForgetIsResumed(t *testing.T) {
	t.Parallel()
	away := errors.New("the other database is away")
	b := base(nil)
	asked := 0
	x, err := exchange.New(b, exchange.Room{Name: "a", Forget: func(context.Context, servicecoin.Actor, servicecoin.CustomerID) error {
		asked++
		if asked == 1 {
			return away
		}
		return nil
	}})
	require.NoError(t, err)
	err = x.Forget(t.Context(), ada, "acme")
	require.ErrorIs(t, err, away)
	require.ErrorContains(t, err, "room a forgets acme")
	require.NoError(t, x.Forget(t.Context(), ada, "acme"))
	require.Equal(t, 2, asked)
	require.ErrorIs(t, x.Forget(t.Context(), ada, servicecoin.Provider), servicecoin.ErrRefused)
}
