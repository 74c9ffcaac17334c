package inventory

import (
	"maps"
	"slices"

	"github.com/servicecoin/servicecoin/operations/configuration"
)

// table is a query on a host while the log is read. Rows are by what they are beside noise.
type table struct {
	OsqueryTable

	epoch    string
	snapshot string // by which further rows of it are known
	first    bool   // rows belong to the beginning, too
	rows     rowsBy
	began    rowsBy // with which it became whole
	came     rowsBy // while it was not
	went     rowsBy
}

// rowsBy are rows by what they are beside noise.
type rowsBy map[string]*bag

// bag are rows that are the same beside noise, by their texts.
type bag struct {
	plain configuration.Value // without noise
	rows  map[string]counted
	total int
}

type counted struct {
	row configuration.Value
	n   int
}

func (q *osqueryReader) put(into rowsBy, row configuration.Value) {
	plain := q.identity(row)
	id, text := plain.String(), row.String()
	b := into[id]
	if b == nil {
		b = &bag{plain: plain, rows: map[string]counted{}}
		into[id] = b
	}
	b.rows[text] = counted{row, b.rows[text].n + 1}
	b.total++
}

// take takes a row away; false if it is not there to the letter.
func (q *osqueryReader) take(from rowsBy, row configuration.Value) bool {
	id, text := q.identity(row).String(), row.String()
	b := from[id]
	if b == nil || b.rows[text].n == 0 {
		return false
	}
	b.rows[text] = counted{row, b.rows[text].n - 1}
	b.total--
	return true
}

// fold takes the rows of a line.
func (q *osqueryReader) fold(t *table, n configuration.Value, came, went []configuration.Value, snapshot bool, place string) {
	epoch, counter := scalarOf(n.Member("epoch")), scalarOf(n.Member("counter"))
	switch {
	case snapshot:
		// Of a snapshot that is written row by row, all rows have the same of these.
		key := pointer(scalarOf(n.Member("unixTime")), epoch, counter)
		if !n.Member("snapshot").IsZero() || t.snapshot != key {
			t.begin()
		}
		t.snapshot = key
	case counter == "0":
		if !t.Whole || t.epoch != epoch {
			t.begin()
		}
	default:
		t.first = false
	}
	t.epoch = epoch
	for _, row := range went {
		if !q.take(t.rows, row) && t.Whole {
			q.remark(place, ToldOrder, "takes a row away that was not there")
		}
		if !t.Whole {
			q.put(t.went, row)
		}
	}
	for _, row := range came {
		q.put(t.rows, row)
		if !t.Whole {
			q.put(t.came, row)
		}
		if t.first {
			q.put(t.began, row)
		}
	}
}

// begin says that all rows are told from here on.
func (t *table) begin() {
	t.rows, t.first = rowsBy{}, !t.Whole
	if t.first {
		t.Whole, t.began = true, rowsBy{}
	}
}

// balance says what came and went between two sets of rows, and how many did so as the same.
func (t *table) balance(before, after rowsBy) {
	ids := map[string]bool{}
	for _, of := range []rowsBy{before, after} {
		for id := range of {
			ids[id] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		old, now := before[id], after[id]
		if old == nil {
			old = &bag{}
		}
		if now == nil {
			now = &bag{}
		}
		for range now.total - old.total {
			t.Came = append(t.Came, now.plain)
		}
		for range old.total - now.total {
			t.Went = append(t.Went, old.plain)
		}
		same := 0
		for text, x := range old.rows {
			same += min(x.n, now.rows[text].n)
		}
		t.Noise += min(old.total, now.total) - same
	}
}

// all returns the rows in order.
func (r rowsBy) all() []configuration.Value {
	var out []configuration.Value
	for _, id := range slices.Sorted(maps.Keys(r)) {
		rows := r[id].rows
		for _, text := range slices.Sorted(maps.Keys(rows)) {
			for range rows[text].n {
				out = append(out, rows[text].row)
			}
		}
	}
	return out
}

// identity returns what a row is beside noise.
func (q *osqueryReader) identity(row configuration.Value) configuration.Value {
	return object(slices.DeleteFunc(slices.Clone(row.Members()), func(m configuration.Member) bool { return q.noise[m.Name] })...)
}
