package usage_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/store/postgres"
	"github.com/servicecoin/servicecoin/store/postgres/usage"
)

// Whatever is asked or changed walks indexes, behind the row policies, with the values of the
// parameters and without them: no table is scanned, and nothing is sorted.
func TestPlans(t *testing.T) {
	d := open(t)
	o := d.schema(t, postgres.DefaultSchema)
	d.must(t, `
INSERT INTO servicecoin.usage_keys (customer, day, aside, key, type)
SELECT 'c' || to_char(n % 25, 'FM000'), date '2026-03-29', false, sha256(n::text::bytea), 't' || n % 3 FROM generate_series(1, 20000) AS n;
INSERT INTO servicecoin.usage_facts (customer, about, key, fact)
SELECT 'c' || to_char(n % 25, 'FM000'), sha256(n::text::bytea), sha256(n::text::bytea), '' FROM generate_series(1, 5000) AS n;
INSERT INTO servicecoin.usage_log (customer, first_day, last_day, entries)
SELECT 'c' || to_char(n % 25, 'FM000'), date '2026-03-29', date '2026-03-29', '' FROM generate_series(1, 5000) AS n;
INSERT INTO servicecoin.usage_days (customer, type, day, whole, summary, cells, rest)
SELECT 'c' || to_char(n % 25, 'FM000'), 't' || n / 25 % 3, date '2025-12-01' + n / 75, false, '', '', '' FROM generate_series(0, 15000) AS n;
INSERT INTO servicecoin.usage_months (customer, type, month, total, days)
SELECT 'c' || to_char(n % 25, 'FM000'), 't' || n / 25 % 3, date '2020-01-01' + 31 * (n / 75), '', '' FROM generate_series(0, 5000) AS n;
ANALYZE servicecoin.usage_keys, servicecoin.usage_facts, servicecoin.usage_log, servicecoin.usage_days, servicecoin.usage_months`)
	s, err := usage.New(t.Context(), d.app(t), o)
	require.NoError(t, err)
	one, all := s.Texts()
	for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
		t.Run(mode, func(t *testing.T) {
			for name, text := range one {
				d.byIndex(t, name, mode, "", text)
			}
			for name, text := range all {
				d.byIndex(t, name, mode, "on", text)
			}
		})
	}
}

// planned is a step of a plan.
type planned struct {
	Type     string    `json:"Node Type"` // PostgreSQL's names
	Relation string    `json:"Relation Name"`
	Under    []planned `json:"Plans"`
}

func (n planned) all() []planned {
	list := []planned{n}
	for _, u := range n.Under {
		list = append(list, u.all()...)
	}
	return list
}

// byIndex demands of a statement's plan that it scans and sorts nothing.
func (d database) byIndex(t *testing.T, name, mode, across string, s usage.Statement) {
	t.Helper()
	tx, err := d.app(t).Begin(t.Context())
	require.NoError(t, err)
	defer tx.Rollback(context.WithoutCancel(t.Context()))
	_, err = tx.Exec(t.Context(), "SELECT set_config('plan_cache_mode', $1, true), set_config('servicecoin.customers', 'c007', true), set_config('servicecoin.across', $2, true)", mode, across)
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), usage.Settings())
	require.NoError(t, err)
	var text string
	require.NoError(t, tx.QueryRow(t.Context(), "EXPLAIN (FORMAT JSON) "+s.Text, s.Args...).Scan(&text), name)
	var plans []struct{ Plan planned }
	require.NoError(t, json.Unmarshal([]byte(text), &plans))
	for _, n := range plans[0].Plan.all() {
		require.NotContains(t, []string{"Seq Scan", "Bitmap Heap Scan", "Sort", "Incremental Sort", "Hash Join", "Merge Join"}, n.Type, "%s of %s: %s", n.Type, name, text)
	}
}
