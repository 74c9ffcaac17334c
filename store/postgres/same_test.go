package postgres_test

import (
	"bytes"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
	"github.com/servicecoin/servicecoin/store/postgres"
)

// The memory store is the oracle: the same random calls get the same answers.
func TestSameAsMemory(t *testing.T) {
	for name, mode := range map[string]pgx.QueryExecMode{
		"prepared": pgx.QueryExecModeCacheStatement, "described": pgx.QueryExecModeCacheDescribe, "exec": pgx.QueryExecModeExec,
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, func(c *pgxpool.Config) { c.ConnConfig.DefaultQueryExecMode = mode })
			b := d.backend(t)
			rapid.Check(t, func(rt *rapid.T) {
				d.must(t, "TRUNCATE servicecoin.documents, servicecoin.events, servicecoin.forgotten; ALTER SEQUENCE servicecoin.events_position RESTART")
				(&pair{t: rt, ctx: t, postgres: b, memory: memory.New()}).run()
			})
		})
	}
}

type pair struct {
	t        *rapid.T
	ctx      *testing.T
	postgres *postgres.Backend
	memory   *memory.Backend
}

func (p *pair) run() {
	p.t.Repeat(map[string]func(*rapid.T){
		"commit": p.commit, "commit again": p.commit, "commit more": p.commit,
		"find": p.find, "find again": p.find, "get": p.get, "events": p.events, "forget": p.forget,
	})
}

var (
	customers = rapid.SampledFrom([]servicecoin.CustomerID{"a", "B", "b", "ä"})
	kinds     = rapid.SampledFrom([]string{"k", "l"})
	ids       = rapid.SampledFrom([]string{"1", "10", "2", "a", "A", "Z", "ä", "é", "\U0010FFFF"})
	bound     = rapid.SampledFrom([]string{"", "1", "2", "a", "a\x00", "\x00", "\xc3", "\xc3\xa4", "\xc3\xa4\x01", "\xed\xa0", "\xff", "Z\xff", "\xf4\x8f\xbf\xbf\xff"})
	values    = rapid.SampledFrom([]string{"", "", "1", "10", "a", "\x00", "\xff", "a\x00"})
)

func key(t *rapid.T) store.Key {
	return store.Key{Customer: customers.Draw(t, "customer"), Kind: kinds.Draw(t, "kind"), ID: ids.Draw(t, "id")}
}

// version draws one that is mostly right.
func (p *pair) version(t *rapid.T, k store.Key) store.Version {
	d, _ := p.memory.Get(p.ctx.Context(), k)
	return max(0, d.Version+store.Version(rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 1, -1}).Draw(t, "off by")))
}

func (p *pair) commit(t *rapid.T) {
	var c store.Commit
	for range rapid.IntRange(0, 3).Draw(t, "writes") {
		w := store.Write{Document: store.Document{Key: key(t), Shape: rapid.SampledFrom([]int{1, 1, 1, 1, 2}).Draw(t, "shape")}}
		w.Body = []byte(rapid.String().Draw(t, "body"))
		for slot := range 2 {
			w.Index[slot*7] = []byte(values.Draw(t, "value"))
		}
		w.Expect = p.version(t, w.Key)
		w.Delete = w.Expect > 0 && rapid.Bool().Draw(t, "delete")
		c.Writes = append(c.Writes, w)
	}
	for range rapid.IntRange(0, 2).Draw(t, "checks") {
		k := key(t)
		c.Checks = append(c.Checks, store.Check{Key: k, Version: p.version(t, k)})
	}
	for n := range rapid.IntRange(0, 2).Draw(t, "events") {
		e := store.Event{
			ID: strconv.Itoa(n), Name: "thing.happened", Subject: key(t), Actor: servicecoin.Client("ö"),
			At: time.Date(1, 2, 3, 4, 5, 6, 123456789, time.FixedZone("", 3600)), Data: rapid.SampledFrom([][]byte{nil, []byte(`{ "a":1}`), []byte("no JSON\x00")}).Draw(t, "data"),
		}
		e.Actor.OnBehalfOf = rapid.SampledFrom([]servicecoin.PersonID{"", "x"}).Draw(t, "on behalf of")
		c.Events = append(c.Events, e)
	}
	want, got := p.memory.Commit(p.ctx.Context(), c), p.postgres.Commit(p.ctx.Context(), c)
	sameError(t, want, got)
}

func sameError(t *rapid.T, want, got error) {
	if want == nil {
		require.NoError(t, got)
		return
	}
	for _, s := range []error{servicecoin.ErrExists, servicecoin.ErrConflict, servicecoin.ErrNewer, servicecoin.ErrInvalid, servicecoin.ErrNotFound} {
		require.Equal(t, errors.Is(want, s), errors.Is(got, s), "want %v, got %v", want, got)
	}
	w, _ := errors.AsType[*servicecoin.KeyError](want)
	g, _ := errors.AsType[*servicecoin.KeyError](got)
	require.Equal(t, w, g)
}

func (p *pair) get(t *rapid.T) {
	k := key(t)
	want, e1 := p.memory.Get(p.ctx.Context(), k)
	got, e2 := p.postgres.Get(p.ctx.Context(), k)
	sameError(t, e1, e2)
	require.Empty(t, cmp.Diff(want, got, cmpopts.EquateEmpty()))
}

func (p *pair) find(t *rapid.T) {
	q := store.Query{
		Kind: kinds.Draw(t, "kind"), Slot: rapid.SampledFrom([]int{0, 1, 8}).Draw(t, "slot"),
		Everyone: rapid.Bool().Draw(t, "everyone"), Descending: rapid.Bool().Draw(t, "descending"),
		Limit: rapid.SampledFrom([]int{1, 2, 3, 1000}).Draw(t, "limit"),
	}
	if !q.Everyone {
		q.Customer = customers.Draw(t, "customer")
	}
	if rapid.Bool().Draw(t, "has from") {
		q.From = []byte(bound.Draw(t, "from"))
	}
	if rapid.Bool().Draw(t, "has to") {
		q.To = []byte(bound.Draw(t, "to"))
	}
	if rapid.Bool().Draw(t, "has after") {
		c := store.Cursor{Key: store.Key{Customer: q.Customer, Kind: q.Kind, ID: ids.Draw(t, "after")}}
		if q.Everyone {
			c.Key.Customer = customers.Draw(t, "after customer")
		}
		if q.Slot > 0 {
			c.Index = []byte(values.Draw(t, "after value"))
		}
		q.After = &c
	}
	for range 4 {
		want, err := p.memory.Find(p.ctx.Context(), q)
		require.NoError(t, err)
		got, err := p.postgres.Find(p.ctx.Context(), q)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(want, got, cmpopts.EquateEmpty()), "%+v", q)
		if len(got) < q.Limit {
			return
		}
		last := got[len(got)-1]
		q.After = &store.Cursor{Key: last.Key}
		if q.Slot > 0 {
			q.After.Index = bytes.Clone(last.Index[q.Slot-1])
		}
	}
}

func (p *pair) events(t *rapid.T) {
	f := store.Feed{Everyone: rapid.Bool().Draw(t, "everyone"), Limit: rapid.SampledFrom([]int{1, 3, 1000}).Draw(t, "limit")}
	if !f.Everyone {
		f.Customer = customers.Draw(t, "customer")
	}
	f.After = store.Position(rapid.IntRange(0, 5).Draw(t, "after"))
	want, err := p.memory.Events(p.ctx.Context(), f)
	require.NoError(t, err)
	got, err := p.postgres.Events(p.ctx.Context(), f)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, got))
}

func (p *pair) forget(t *rapid.T) {
	c := customers.Draw(t, "customer")
	before := store.Position(rapid.SampledFrom([]int{0, 2, 5}).Draw(t, "before"))
	require.NoError(t, p.memory.Forget(p.ctx.Context(), c, before))
	require.NoError(t, p.postgres.Forget(p.ctx.Context(), c, before))
}
