package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/postgres"
)

// Every form of Find and of the feed walks an index in its order: no sort, no
// scan of the table, behind the row policies, and both with the values of the parameters and without them.
func TestPlans(t *testing.T) {
	d := open(t)
	b := d.backend(t)
	fill(t, d)
	for name, q := range forms() {
		sql, args := b.Listing(q)
		want := "documents_pkey"
		if q.Slot > 0 {
			want = fmt.Sprintf("documents_i%d", q.Slot)
		}
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				ordered(t, d.explain(t, mode, q.Everyone, sql, args), want)
			})
		}
	}
	for name, f := range map[string]store.Feed{
		"feed of one": {Customer: "c007", After: 100, Limit: 50}, "feed of everyone": {Everyone: true, After: 100, Limit: 50},
	} {
		want := "events_pkey"
		if !f.Everyone {
			want = "events_customer"
		}
		sql, args := b.Page(f)
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				ordered(t, d.explain(t, mode, f.Everyone, sql, args), want)
			})
		}
	}
	for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
		t.Run("get/"+mode, func(t *testing.T) {
			nodes := d.explain(t, mode, false, b.One(), []any{"k3", "c007", "id00300"})
			ordered(t, nodes, "documents_pkey")
			// The outer side of the loop sets the scope, and only then the inner side looks.
			require.Equal(t, "Nested Loop", nodes[0].Type, "%v", nodes)
			require.Equal(t, "Result", nodes[1].Type, "%v", nodes)
		})
	}
	t.Run("forget", func(t *testing.T) {
		sql, args := b.Erasure("c007")
		nodes := d.explain(t, "force_custom_plan", true, sql, args)
		for _, n := range nodes {
			require.NotEqual(t, "Seq Scan", n.Type, "%v", nodes)
		}
	})
}

// forms lists every form: slot × whose × range × direction × cursor.
func forms() map[string]store.Query {
	list := map[string]store.Query{}
	for _, slot := range []int{0, 1, 8} {
		for _, everyone := range []bool{false, true} {
			for bits := range 16 {
				q := store.Query{Kind: "k3", Slot: slot, Everyone: everyone, Limit: 20}
				name := fmt.Sprintf("slot %d", slot)
				at := store.Cursor{Key: store.Key{Customer: "c007", Kind: "k3", ID: "id00300"}}
				if slot > 0 {
					at.Index = []byte("00300")
				}
				if everyone {
					name += ", everyone"
				} else {
					q.Customer = "c007"
				}
				low, high := "id00100", "id04000"
				if slot > 0 {
					low, high = "00100", "04000"
				}
				if bits&1 != 0 {
					name, q.From = name+", from", []byte(low)
				}
				if bits&2 != 0 {
					name, q.To = name+", to", []byte(high)
				}
				if bits&4 != 0 {
					name, q.After = name+", after", &at
				}
				if bits&8 != 0 {
					name, q.Descending = name+", descending", true
				}
				list[name] = q
			}
		}
	}
	return list
}

// fill stores 20,000 documents of 4 kinds and 25 customers, and 5,000 events.
func fill(tb testing.TB, d database) {
	tb.Helper()
	d.must(tb, `
INSERT INTO servicecoin.documents (customer, kind, id, version, shape, body, i1, i8)
SELECT 'c' || to_char(n % 25, 'FM000'), 'k' || n % 4, 'id' || to_char(n, 'FM00000'), 1, 0, convert_to(repeat('x', 200), 'UTF8'),
	convert_to(to_char((n * 7919) % 20000, 'FM00000'), 'UTF8'), convert_to(to_char((n * 104729) % 20000, 'FM00000'), 'UTF8')
FROM generate_series(1, 20000) AS n;
INSERT INTO servicecoin.events (id, name, customer, kind, subject, actor_kind, actor, on_behalf_of, at)
SELECT n, 'thing.happened', 'c' || to_char(n % 25, 'FM000'), 'k', n, 'system', 'fill', '', now() FROM generate_series(1, 5000) AS n;
ANALYZE servicecoin.documents, servicecoin.events;`)
}

// node is a step of a plan.
type node struct {
	Type  string `json:"Node Type"` // PostgreSQL's names
	Index string `json:"Index Name"`
	Under []node `json:"Plans"`
}

func (n node) all() []node {
	list := []node{n}
	for _, u := range n.Under {
		list = append(list, u.all()...)
	}
	return list
}

// explain returns the nodes of the plan that the program's role gets.
func (d database) explain(tb testing.TB, mode string, everyone bool, sql string, args []any) []node {
	tb.Helper()
	ctx := tb.Context()
	tx, err := d.app.Begin(ctx)
	require.NoError(tb, err)
	defer tx.Rollback(context.WithoutCancel(ctx))
	across := map[bool]string{true: "on"}[everyone]
	_, err = tx.Exec(ctx, "SELECT set_config('servicecoin.customers', 'c007', true), set_config('servicecoin.across', $1, true), set_config('plan_cache_mode', $2, true), set_config('servicecoin.feed_end', '5000', true)", across, mode)
	require.NoError(tb, err)
	_, err = tx.Exec(ctx, postgres.Ordered())
	require.NoError(tb, err)
	values := make([]string, len(args))
	for i, a := range args {
		switch v := a.(type) {
		case []byte:
			values[i] = fmt.Sprintf(`'\x%x'`, v)
		case string:
			values[i] = "'" + v + "'"
		default:
			values[i] = fmt.Sprint(v)
		}
	}
	_, err = tx.Exec(ctx, "PREPARE looked_at AS "+sql)
	require.NoError(tb, err)
	defer tx.Exec(context.WithoutCancel(ctx), "DEALLOCATE looked_at")
	var text []byte
	row := tx.QueryRow(ctx, "EXPLAIN (FORMAT JSON) EXECUTE looked_at("+strings.Join(values, ", ")+")", pgx.QueryExecModeSimpleProtocol)
	require.NoError(tb, row.Scan(&text))
	var plans []struct{ Plan node }
	require.NoError(tb, json.Unmarshal(text, &plans))
	return plans[0].Plan.all()
}

// ordered demands index scans of one index and nothing that sorts.
func ordered(tb testing.TB, nodes []node, index string) {
	tb.Helper()
	used := false
	for _, n := range nodes {
		require.False(tb, slices.Contains([]string{"Sort", "Incremental Sort", "Seq Scan", "Bitmap Heap Scan"}, n.Type), "%s in %v", n.Type, nodes)
		if n.Index != "" {
			require.Equal(tb, index, n.Index)
			used = true
		}
	}
	require.True(tb, used, "no index in %v", nodes)
}
