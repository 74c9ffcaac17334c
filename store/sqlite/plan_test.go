package sqlite_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

// No listing sorts or scans, in an empty file or a full one, with statistics
// or without.
func TestPlans(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "plans.db")
	b, err := sqlite.Open(t.Context(), path, &sqlite.Options{Synchronous: sqlite.Normal})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	db := database(t, path)
	plans := func(what string) {
		for _, l := range sqlite.Texts() {
			plan := explain(t, db, l.Text)
			assert.Contains(t, plan, "SEARCH servicecoin_", "%s: %s: %s", what, l.Name, l.Text)
			assert.Contains(t, plan, l.Index, "%s: %s: %s", what, l.Name, l.Text)
			assert.NotContains(t, plan, "SCAN", "%s: %s: %s", what, l.Name, l.Text)
			assert.NotContains(t, plan, "TEMP B-TREE", "%s: %s: %s", what, l.Name, l.Text)
			assert.NotContains(t, l.Text, "LIMIT ?", "%s: a plan that follows the limit is made again whenever it is bound", l.Name)
			t.Logf("%s: %s: %s", what, l.Name, plan)
		}
	}
	plans("empty")
	for i := range 40 {
		var c store.Commit
		for j := range 20 {
			d := store.Document{Key: store.Key{Customer: servicecoin.CustomerID(fmt.Sprintf("c%d", i%3)), Kind: fmt.Sprintf("k%d", j%2), ID: fmt.Sprintf("%d-%d", i, j)}}
			for slot := range d.Index {
				d.Index[slot] = fmt.Append(nil, j%(slot+1))
			}
			c.Writes = append(c.Writes, store.Write{Document: d})
		}
		require.NoError(t, b.Commit(t.Context(), c))
	}
	plans("full")
	_, err = db.ExecContext(t.Context(), "ANALYZE")
	require.NoError(t, err)
	plans("analyzed")
}

// The whole of a listing's place is a bound of the search, not a filter.
func TestPlansUseEveryColumn(t *testing.T) {
	t.Parallel()
	b, path := opened(t, nil)
	require.NoError(t, b.Commit(t.Context(), store.Commit{}))
	db := database(t, path)
	for _, l := range sqlite.Texts() {
		plan := explain(t, db, l.Text)
		column := "id"
		if i := strings.LastIndex(l.Index, "_i"); i >= 0 {
			column = l.Index[i+1:] + ",id"
		}
		switch {
		case strings.HasPrefix(l.Name, "one customer") && column == "id":
			assert.Contains(t, plan, "(kind=? AND customer=? AND id>? AND id<?)")
		case strings.HasPrefix(l.Name, "one customer"):
			assert.Contains(t, plan, "(kind=? AND customer=? AND ("+column+")>(?,?) AND ("+column+")<(?,?))")
		case strings.HasPrefix(l.Name, "everyone,"):
			assert.Contains(t, plan, "(kind=? AND (customer,"+column+")")
		case strings.HasPrefix(l.Name, "everyone's"):
			assert.Regexp(t, `\(kind=\? AND customer[<>]\?\)`, plan)
		case l.Name == "get" || l.Name == "version" || l.Name == "update" || l.Name == "delete":
			assert.Contains(t, plan, "(kind=? AND customer=? AND id=?)")
		}
	}
}

func explain(t *testing.T, db *sql.DB, text string) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, make([]any, 14)...)
	require.NoError(t, err, text)
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
		lines = append(lines, detail)
	}
	require.NoError(t, rows.Err())
	return strings.Join(lines, "; ")
}
