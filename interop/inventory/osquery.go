package inventory

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

// OsqueryOptions say how result logs are read. A nil *OsqueryOptions is the zero one.
type OsqueryOptions struct {
	// Scope stands in front of every id.
	Scope string
	// Noise are columns that change without anybody's doing, beside pid: parent, start_time.
	// Rows that differ in these alone are the same.
	Noise []string
}

// The limits of result logs.
const (
	MaxLines     = 1_000_000
	MaxLineBytes = 4 << 20
)

// OsqueryTable is what a query found on a host, as of the last line of the log.
type OsqueryTable struct {
	Thing // its state is {"rows": [...]}, in order of what the rows are beside noise

	Host  string    `json:"host"`
	Query string    `json:"query"`
	At    time.Time `json:"at"` // of the last line
	Lines int       `json:"lines"`
	// Whole says that the log has all rows: it begins with a snapshot, or with the first run of
	// an epoch. What is not whole is what the log tells, and no observation.
	Whole bool `json:"whole"`
	// Came and Went are rows, without noise, that the log adds and takes away on balance.
	// A process that was started anew did neither. Of a whole table they are what changed since
	// its beginning.
	Came []configuration.Value `json:"-"`
	Went []configuration.Value `json:"-"`
	// Noise counts the rows that went and came as the same.
	Noise int `json:"noise"`
}

// OsqueryLog is a log of results.
type OsqueryLog struct {
	Tables  []OsqueryTable `json:"tables"` // in the order in which they come first
	Lines   int            `json:"lines"`  // that were read
	Remarks []Remark       `json:"remarks,omitempty"`
}

// ReadOsquery reads a log of results, a JSON object on each line: events, snapshots and
// batches. The time is unixTime: calendarTime has no zone. A line that cannot be read, as the
// last one of a log that is being written, is left out and told; the error is an
// [*servicecoin.InvalidError] where no line can be.
func ReadOsquery(file []byte, o *OsqueryOptions) (*OsqueryLog, error) {
	q := &osqueryReader{out: &OsqueryLog{}, tables: map[string]*table{}, lines: map[[sha256.Size]byte]int{}, noise: map[string]bool{"pid": true}}
	if o != nil {
		q.scope = o.Scope
		for _, name := range o.Noise {
			q.noise[name] = true
		}
	}
	if len(file) > configuration.MaxBytes {
		q.v.Add("", "too-long", "", fmt.Sprintf("has %d bytes, %d are allowed", len(file), configuration.MaxBytes))
		return nil, q.result()
	}
	number := 0
	for line := range bytes.Lines(bytes.TrimPrefix(file, []byte("\ufeff"))) {
		if number++; number > MaxLines {
			q.v.Add(fmt.Sprintf("line %d", number), "too-many", "", fmt.Sprintf("has more than %d lines", MaxLines))
			break
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			q.line(line, number)
		}
	}
	switch {
	case number == 0 || q.out.Lines == 0 && len(q.remarks) == 0:
		q.v.Add("line 1, column 1", "empty", "", "there is no line")
	case q.out.Lines == 0:
		q.v.Add(q.remarks[0].Place, "unexpected", "", "no line is a result of osquery: "+q.remarks[0].Text)
	}
	q.finish()
	if err := q.result(); err != nil {
		return nil, err
	}
	q.out.Remarks = q.told()
	return q.out, nil
}

type osqueryReader struct {
	reader

	out    *OsqueryLog
	tables map[string]*table
	order  []*table
	lines  map[[sha256.Size]byte]int
	noise  map[string]bool
}

func (q *osqueryReader) line(line []byte, number int) {
	place := fmt.Sprintf("line %d", number)
	if len(line) > MaxLineBytes {
		q.remark(place, ToldUnread, fmt.Sprintf("the line has more than %d bytes", MaxLineBytes))
		return
	}
	n, err := configuration.Parse(line)
	if err != nil || n.Kind() != configuration.Object {
		q.remark(place, ToldUnread, "the line is no object in JSON")
		return
	}
	host := textOf(n.Member("hostIdentifier"))
	if host == "" {
		host = textOf(n.Member("hostname"))
	}
	query := textOf(n.Member("name"))
	at, ok := unixTime(n.Member("unixTime"))
	if host == "" || query == "" || !ok {
		q.remark(place, ToldUnread, "the line has no host, no name of a query or no unixTime")
		return
	}
	came, went, snapshot, ok := resultsOf(n)
	if !ok {
		q.remark(place, ToldUnread, "the line has neither an action that is known nor rows of results")
		return
	}
	q.out.Lines++
	sum := sha256.Sum256(line)
	if first, again := q.lines[sum]; again {
		q.remark(place, ToldRepeated, fmt.Sprintf("stands there as line %d, too: both count", first))
	} else {
		q.lines[sum] = number
	}
	t := q.table(host, query, place)
	if t == nil {
		return
	}
	if at.Before(t.At) {
		q.remark(place, ToldOrder, "is earlier than a line of the query before it: lines count in the order of the file")
	}
	t.At = at
	t.Lines++
	q.fold(t, n, came, went, snapshot, place)
}

func (q *osqueryReader) table(host, query, place string) *table {
	key := pointer(host, query)
	if t := q.tables[key]; t != nil {
		return t
	}
	if len(q.order) >= MaxThings {
		if q.v.Len() == 0 {
			q.v.Add(place, "too-many", "", fmt.Sprintf("has more than %d queries on hosts", MaxThings))
		}
		return nil
	}
	t := &table{OsqueryTable: OsqueryTable{Host: host, Query: query}, rows: rowsBy{}, came: rowsBy{}, went: rowsBy{}}
	t.Place = place
	q.tables[key] = t
	q.order = append(q.order, t)
	return t
}

// resultsOf returns the rows of a line, in whichever format it is.
func resultsOf(n configuration.Value) (came, went []configuration.Value, snapshot, ok bool) {
	rows := func(list configuration.Value) []configuration.Value {
		var out []configuration.Value
		for _, m := range list.Members() {
			if m.Value.Kind() == configuration.Object {
				out = append(out, m.Value)
			}
		}
		return out
	}
	columns, batch := n.Member("columns"), n.Member("diffResults")
	if columns.Kind() == configuration.Object {
		came = []configuration.Value{columns}
	}
	switch action := textOf(n.Member("action")); {
	case batch.Kind() == configuration.Object:
		return rows(batch.Member("added")), rows(batch.Member("removed")), false, true
	case action == "added" && came != nil:
		return came, nil, false, true
	case action == "removed" && came != nil:
		return nil, came, false, true
	case action == "snapshot" && n.Member("snapshot").Kind() == configuration.List:
		return rows(n.Member("snapshot")), nil, true, true
	case action == "snapshot" && came != nil:
		return came, nil, true, true
	}
	return nil, nil, false, false
}

func scalarOf(n configuration.Value) string {
	s, _ := n.Scalar()
	return s
}

// unixTime reads seconds since 1970, as a text or a number.
func unixTime(n configuration.Value) (time.Time, bool) {
	seconds, err := strconv.ParseInt(scalarOf(n), 10, 64)
	const most = 253_402_300_799 // the last second of the year 9999
	if err != nil || seconds < 0 || seconds > most {
		return time.Time{}, false
	}
	return time.Unix(seconds, 0).UTC(), true
}

// finish makes items of tables.
func (q *osqueryReader) finish() {
	for _, t := range q.order {
		t.ID, t.Type, t.Name = q.id(t.Host+"/"+t.Query), OsqueryTypeName(t.Query), t.Query+" on "+t.Host
		t.State = object(configuration.Member{Name: "rows", Value: configuration.ListOf(t.rows.all()...)})
		if t.Whole {
			t.balance(t.began, t.rows)
		} else {
			t.balance(t.went, t.came)
		}
		if !t.Whole {
			q.remark(t.Place, ToldPartial, short(t.Name)+": the log begins after the first run, it tells changes alone")
		}
		if q.keep(&t.Thing) {
			q.out.Tables = append(q.out.Tables, t.OsqueryTable)
		}
	}
}

// OsqueryTypeName is the name of the type of a query: "osquery.processes".
func OsqueryTypeName(query string) configuration.TypeName {
	name := "osquery." + query
	if len(name) > servicecoin.MaxIDBytes {
		name = strings.ToValidUTF8(name[:servicecoin.MaxIDBytes], "")
	}
	return configuration.TypeName(name)
}

// OsqueryType returns the type of a query. Rows are told apart by the columns of a key, which
// no two rows share ("name" for packages); without one by their places. Noise are columns that
// change without anybody's doing, beside pid.
func OsqueryType(query string, key []string, noise ...string) configuration.Type {
	rules := []configuration.Rule{{Path: "/rows/*/pid", Ignore: true}}
	for _, name := range noise {
		rules = append(rules, configuration.Rule{Path: "/rows/*" + pointer(name), Ignore: true})
	}
	if len(key) > 0 {
		rules = append(rules, keyRule("/rows", false, key...))
	}
	return configuration.Type{Name: OsqueryTypeName(query), Title: cutName(query), Rules: configuration.Rules{List: rules}}
}

// Sweeps returns the tables that are whole as what was found, each at the time of its last
// line.
func (l *OsqueryLog) Sweeps() []configuration.Sweep {
	var found []configuration.Observation
	var last time.Time
	for n := range l.Tables {
		t := &l.Tables[n]
		if !t.Whole {
			continue
		}
		found = append(found, t.Observation(configuration.Look{At: t.At, By: "osquery"}))
		if t.At.After(last) {
			last = t.At
		}
	}
	return sweeps(found, last, "osquery")
}

// Drafts returns the tables that are whole as what is desired. Like says what is said of all.
func (l *OsqueryLog) Drafts(like configuration.Described) []configuration.Draft {
	var out []configuration.Draft
	for n := range l.Tables {
		if l.Tables[n].Whole {
			out = append(out, l.Tables[n].Draft(like))
		}
	}
	return out
}
