package usagefile_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/internal/limittest"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/usagefile"
)

var noon = time.Date(2026, 1, 8, 12, 0, 0, 0, time.UTC)

// keep records into a store as acme's.
func keep(t require.TestingT, s metering.EventStore, batches *[]int) usagefile.Record {
	return func(events []metering.Event) (metering.Receipt, error) {
		*batches = append(*batches, len(events))
		for i := range events {
			if events[i].Customer == "" {
				events[i].Customer = "acme"
			}
			events[i].RecordedAt = noon
		}
		receipt, err := s.Append(ctx(t), events)
		require.NoError(t, err)
		return receipt, err
	}
}

func read(t require.TestingT, text string, o *usagefile.Options) (*usagefile.Report, []metering.Event, error) {
	s := metering.NewMemoryStore()
	var batches []int
	report, err := usagefile.Read(iotest.HalfReader(strings.NewReader(text)), o, keep(t, s, &batches))
	var list []metering.Event
	for _, kind := range []string{"vm.ran", "tokens"} {
		for e, err := range s.Scan(ctx(t), metering.Query{Customer: "acme", Type: kind, During: calendar.Between(noon.AddDate(-1, 0, 0), noon.AddDate(1, 0, 0))}) {
			require.NoError(t, err)
			list = append(list, e)
		}
	}
	return report, list, err
}

// told lists the complaints: line, outcome, and column, part and code of each fault.
func told(r *usagefile.Report) (all []string) {
	for _, c := range r.Complaints {
		words := []string{strconv.Itoa(c.Line), string(c.Outcome)}
		for _, f := range c.Faults {
			words = append(words, fmt.Sprintf("%d:%s:%s", f.Column, f.Path, f.Code))
		}
		all = append(all, strings.Join(words, " "))
	}
	return all
}

func event(id, value string) metering.Event {
	return metering.Event{Customer: "acme", Source: "hv", ID: id, Type: "vm.ran", Time: noon, Value: servicecoin.Some(decimal.RequireFromString(value)), RecordedAt: noon}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	full := event("1", "1.50")
	full.Subject, full.End = `vm "7", the old one`, noon.Add(time.Hour)
	full.Fields = metering.Fields{{Name: "size", Value: decimal.NewFromInt(2)}}
	full.Dimensions = metering.Dimensions{{Name: "region", Value: "eu"}}
	open := event("2", "3")
	open.Open = true
	for name, c := range map[string]struct {
		text string
		o    *usagefile.Options
		want []metering.Event
	}{
		"plain":       {"id,source,type,time,value\n1,hv,vm.ran,2026-01-08T12:00:00Z,1.5\n", nil, []metering.Event{event("1", "1.5")}},
		"in full":     {"\ufeff\"dimensions.region\",id, source ,type,subject,time,end,open,value,fields.size\r\neu,1,hv,vm.ran,\"vm \"\"7\"\", the old one\",2026-01-08T13:00:00+01:00,2026-01-08T13:00:00Z,,1.50,2\r\n\r\n,2,hv,vm.ran,,2026-01-08T12:00:00Z,,TRUE,3,", nil, []metering.Event{full, open}},
		"a semicolon": {"id;source;type;time;value\n1;hv;vm.ran;2026-01-08T12:00:00Z;\" 1.5\"\n", nil, nil},
		"tabs":        {"id\tsource\ttype\ttime\tvalue\n1\thv\tvm.ran\t2026-01-08T12:00:00Z\t1.5 \n", nil, []metering.Event{event("1", "1.5")}},
		"a bar":       {"id|source|type|time|value\n1|hv|vm.ran|2026-01-08T12:00:00Z|1.5\n", &usagefile.Options{Separator: '|'}, []metering.Event{event("1", "1.5")}},
		"defaults":    {"id,time,value,type\n1,2026-01-08T12:00:00Z,1.5,\n2,2026-01-08T12:00:00Z,2,tokens\n", &usagefile.Options{Defaults: metering.Event{Source: "hv", Type: "vm.ran"}}, []metering.Event{event("1", "1.5"), func() metering.Event { e := event("2", "2"); e.Type = "tokens"; return e }()}},
		"other names": {"No.,when,hours,comment\n1,2026-01-08T12:00:00Z,1.5,=1+1\n", &usagefile.Options{
			Columns: map[string]string{"No.": "id", "when": "time", "hours": "value", "comment": ""}, Defaults: metering.Event{Source: "hv", Type: "vm.ran"},
		}, []metering.Event{event("1", "1.5")}},
		"only a header": {"id,source,type,time\n", nil, nil},
	} {
		report, list, err := read(t, c.text, c.o)
		require.NoError(t, err, name)
		if name == "a semicolon" {
			require.Equal(t, []string{"2 refused 34:value:grouped"}, told(report), "what stands in quotes is kept as it is")
			continue
		}
		require.Empty(t, told(report), name)
		require.NoError(t, report.Err())
		require.Len(t, list, len(c.want), name)
		for i := range c.want {
			require.True(t, c.want[i].Same(list[i]), "%s: %+v", name, list[i])
		}
		require.Equal(t, len(c.want), report.Added, name)
	}
}

func TestCSVComplains(t *testing.T) {
	t.Parallel()
	text := strings.Join([]string{
		"id,source,type,time,value,dimensions.region,end,open",
		"1,hv,vm.ran,2026-01-08T12:00:00Z,1.5,eu,,",
		"2,hv,vm.ran,2026-01-08T12:00:00Z,1,5,eu,,",                       // a decimal comma
		`3,hv,vm.ran,2026-01-08T12:00:00Z,"1,5",eu,,`,                     // in quotes
		"4,hv,vm.ran,08.01.2026,NaN,eu,,maybe",                            // three at once
		",hv,,2026-01-08T12:00:00Z,1,eu,,",                                // no id, no type
		`5,hv,vm.ran,2026-01-08T12:00:00Z,1,"eu,,`,                        // an open quote
		`6,hv,vm.ran,2026-01-08T12:00:00Z,1,"e"u,,`,                       // one too many
		"7,hv,vm.ran,2026-01-08T12:00:00Z,1,ä\xff,,",                      // not UTF-8
		"8,hv,vm.ran,2026-01-08T12:00:00Z,1",                              // too few
		"1,hv,vm.ran,2026-01-08T12:00:00Z,1.50,eu,,",                      // again
		"1,hv,vm.ran,2026-01-08T12:00:00Z,2,eu,,",                         // with other content
		"9,hv,vm.ran,2026-01-08T12:00:00Z,1e999999999,,,",                 // huge
		"10,hv,vm.ran,2026-01-08T12:00:00Z,1,ä,2026-01-08,",               // a day is no instant
		"11,hv,vm.ran,2026-01-08T12:00:00Z,1,ä,2026-01-08T12:00:00Z,true", // no length, and open
		"12,hv,vm.ran,2026-01-08T12:00:00Z," + strings.Repeat("1", usagefile.MaxLine) + ",,,",
		"13,hv,vm.ran,2026-01-08T12:00:00Z,1,e\x00,,",
		"14,hv,vm.ran,2026-01-08T12:00:00Z,14,,,",
	}, "\n")
	report, list, err := read(t, text, nil)
	require.NoError(t, err)
	require.Equal(t, []string{
		"3 refused 0::columns", "4 refused 34:value:decimal-comma", "5 refused 13:time:bad-time 24:value:not-finite 32:open:not-a-choice", "6 refused 1:id:required 5:type:required",
		"7 refused 36::syntax", "8 refused 36::syntax", "9 refused 37::bad-text", "10 refused 0::columns", "12 conflict", "13 refused 34:value:out-of-range", "14 refused 39:end:bad-time",
		"15 refused 39:end:contradiction", "16 refused 0::too-long", "17 refused 37:dimensions.region:bad-text",
	}, told(report))
	require.Equal(t, []int{17, 2, 1, 1, 13}, []int{report.Lines, report.Added, report.Repeats, report.Conflicts, report.Refused})
	require.Len(t, list, 2)
	require.ErrorContains(t, report.Err(), `line 4, value "1,5": must have a point before its decimals`)
	require.ErrorContains(t, report.Err(), "line 12 \"1\": is there already with other content (conflict)")
	require.ErrorContains(t, report.Err(), "a number with a comma in it counts as two")
	require.Equal(t, `column 34, value "1,5": must have a point before its decimals, not a comma: a comma may also group thousands (decimal-comma)`, report.Complaints[1].Faults[0].String())
	mended, err := json.Marshal(report)
	require.NoError(t, err)
	require.Contains(t, string(mended), `{"line":4,"outcome":"refused","source":"hv","id":"3","faults":[{"column":34,"path":"value","code":"decimal-comma","value":"1,5",`)
}

func TestFilesAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		o    *usagefile.Options
		want []string
	}{
		"nothing":            {"", nil, []string{":empty"}},
		"blank":              {"\n \r\n\t\n", nil, []string{":empty"}},
		"a mark alone":       {"\ufeff", nil, []string{":empty"}},
		"UTF-16":             {"\xff\xfei\x00", nil, []string{"line 1:bad-text"}},
		"a spreadsheet":      {"PK\x03\x04", nil, []string{"line 1:bad-text"}},
		"not UTF-8":          {"id,t\xefme\n", nil, []string{"line 1, column 5:bad-text"}},
		"other columns":      {"\nid,when,\"value\",value,,fields.\n", nil, []string{"line 2, column 4:unknown-column", "line 2, column 17:duplicate-column", "line 2, column 23:required", "line 2, column 24:unknown-column", "line 2:missing-column", "line 2:missing-column", "line 2:missing-column"}},
		"a quote":            {"id,\"time\n", nil, []string{"line 1, column 4:syntax"}},
		"many columns":       {"id" + strings.Repeat(",", 200) + "\n", nil, []string{"line 1:too-many"}},
		"a long header":      {strings.Repeat("x", usagefile.MaxLine+1) + "\n", nil, []string{"line 1:too-long"}},
		"a form":             {"x", &usagefile.Options{Form: "xml"}, []string{"form:unknown"}},
		"too long":           {"id,source,type,time\n1,hv,vm.ran,2026-01-08T12:00:00Z\n2,hv,vm.ran,2026-01-08T12:00:00Z\n", &usagefile.Options{Bytes: 60}, []string{":too-long"}},
		"JSON said to be so": {"{\"id\":1}\n", &usagefile.Options{Form: usagefile.CSV}, []string{"line 1, column 1:unknown-column", "line 1:missing-column", "line 1:missing-column", "line 1:missing-column", "line 1:missing-column"}},
	} {
		_, _, err := read(t, c.text, c.o)
		invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
		require.True(t, ok, "%s: %v", name, err)
		var got []string
		for _, v := range invalid.Violations {
			got = append(got, v.Path+":"+v.Code)
		}
		require.Equal(t, c.want, got, "%s: %v", name, err)
	}
	_, err := usagefile.Read(strings.NewReader("id"), nil, nil)
	require.ErrorContains(t, err, "record")
}

func TestJSONLines(t *testing.T) {
	t.Parallel()
	full := event("1", "1.5")
	full.Subject, full.Open = "vm7", true
	full.Fields = metering.FieldsOf(map[string]decimal.Decimal{"size": decimal.RequireFromString("0.1")})
	full.Dimensions = metering.DimensionsOf(map[string]string{"region": "eu"})
	fact := metering.Event{Customer: "acme", Source: "hv", ID: "2", Does: metering.Close, Of: metering.Ref{Source: "hv", ID: "1"}, Time: noon.Add(time.Hour), RecordedAt: noon}
	var b strings.Builder
	for _, e := range []metering.Event{full, fact} {
		line, err := json.Marshal(e)
		require.NoError(t, err)
		b.Write(append(line, "\r\n"...))
	}
	b.WriteString("\n" + ` {"id":"3","time":"2026-01-08T12:00:00Z","value":12345678901234567890.123456789,"fields":null,"subject":null}`)
	report, list, err := read(t, "\ufeff"+b.String(), &usagefile.Options{Defaults: metering.Event{Source: "hv", Type: "vm.ran", Subject: "all"}})
	require.NoError(t, err)
	require.Empty(t, told(report))
	require.Len(t, list, 2)
	require.Equal(t, noon.Add(time.Hour), list[0].End, "the fact closed it")
	full.Open, full.End = false, noon.Add(time.Hour)
	require.True(t, full.Same(list[0]), "%+v", list[0])
	require.Equal(t, "12345678901234567890.123456789", list[1].Value.Decimal.String())
	require.Equal(t, "all", list[1].Subject)
}

func TestJSONLinesComplain(t *testing.T) {
	t.Parallel()
	good := `"source":"hv","type":"vm.ran","time":"2026-01-08T12:00:00Z"`
	text := strings.Join([]string{
		`{"id":"1",` + good + `}`,
		`{"id":"2",` + good,
		`{"id":"3",` + good + `} {}`,
		`[1]`,
		`{"id":"4","id":"5",` + good + `}`,
		`{"id":7,` + good + `}`,
		`{"id":"ä","value":"1,5",` + good + `}`,
		`{"id":"8","quantity":1,` + good + `}`,
		`{"id":"9","fields":{"a":true,"b":1,"b":2},"dimensions":[],` + good + `}`,
		`{"id":"10","open":"perhaps","value":"",` + good + `}`,
		`{"id":"11","open":1,"dimensions":{"region":1},` + good + `}`,
		`{"id":"12","does":"void","of":{"id":"1"},` + good + `}`,
		`{"id":"13","does":"undo",` + good + `}`,
		`{"id":"14","dimensions":{` + strings.Repeat(`"x":1,`, 101) + `"y":1},` + good + `}`,
		"{\"id\":\"\xff\"," + good + `}`,
		`{"id":"16","customer":"globex",` + good + `}`,
		`{"id":"17","fields":{"seconds":1},` + good + `}`,
		`null`,
	}, "\n")
	report, list, err := read(t, text, nil)
	require.NoError(t, err)
	require.Equal(t, []string{
		"2 refused 69::syntax", "3 refused 72::syntax", "4 refused 1::bad-type", "5 refused 16:id:duplicate", "6 refused 7:id:bad-type", "7 refused 19:value:decimal-comma", "8 refused 22:quantity:unknown",
		"9 refused 25:fields.a:bad-type 40:fields.b:duplicate 56:dimensions:bad-type", "10 refused 19:open:not-a-choice 37:value:required", "11 refused 19:open:bad-type 44:dimensions.region:bad-type",
		"12 refused 63:type:contradiction 79:time:contradiction", "13 refused 19:does:unknown", "14 refused 25:dimensions:too-many", "15 refused 8::bad-text", "17 refused 21:fields:reserved", "18 refused 1::bad-type",
	}, told(report))
	require.Len(t, list, 1)
	require.Equal(t, 2, report.Added, "one is another customer's: who records it says whether it may be")
}

// Batches have the size that is asked for, and lines stay with their events.
func TestBatches(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("id,time,value\n")
	for i := range 25 {
		value := "1"
		if i%6 == 0 {
			value = "x"
		}
		fmt.Fprintf(&b, "%d,2026-01-08T12:00:00Z,%s\n", i%20, value)
	}
	s := metering.NewMemoryStore()
	var batches []int
	o := &usagefile.Options{Batch: 8, Defaults: metering.Event{Source: "hv", Type: "vm.ran"}}
	report, err := usagefile.Read(strings.NewReader(b.String()), o, keep(t, s, &batches))
	require.NoError(t, err)
	require.Equal(t, []int{8, 8, 4}, batches)
	require.Equal(t, []string{"2 refused 24:value:not-a-number", "8 refused 24:value:not-a-number", "14 refused 25:value:not-a-number", "20 refused 25:value:not-a-number", "26 refused 24:value:not-a-number"}, told(report))
	require.Equal(t, []int{25, 17, 3, 5}, []int{report.Lines, report.Added, report.Repeats, report.Refused})

	report, err = usagefile.Read(strings.NewReader(strings.ReplaceAll(b.String(), ",1\n", ",2\n")), o, keep(t, s, &batches))
	require.NoError(t, err)
	require.Equal(t, 20, report.Conflicts)
	for i, text := range told(report) {
		require.Truef(t, strings.HasPrefix(text, fmt.Sprintf("%d ", i+2)), "%s in line %d", text, i+2)
	}
	require.Len(t, report.Complaints, 25)

	var kept [][]metering.Event
	_, err = usagefile.Read(strings.NewReader(b.String()), o, func(events []metering.Event) (metering.Receipt, error) {
		kept = append(kept, events)
		return metering.Receipt{Added: len(events)}, nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"1", "10"}, []string{kept[0][0].ID, kept[1][0].ID}, "a batch may be kept")

	broke := errors.New("the connection broke")
	calls := 0
	report, err = usagefile.Read(strings.NewReader(b.String()), o, func(events []metering.Event) (metering.Receipt, error) {
		if calls++; calls == 2 {
			return metering.Receipt{}, broke
		}
		return metering.Receipt{Added: len(events)}, nil
	})
	require.ErrorIs(t, err, broke)
	require.Equal(t, 8, report.Added)
	whole := "id,time,source,type,value\n1,2026-01-08T12:00:00Z,hv,vm.ran,15\n2,2026-01-08T12:00:00Z,hv,vm.ran,15"
	for name, from := range map[string]struct {
		r io.Reader
		o *usagefile.Options
	}{
		"a reader that fails": {io.MultiReader(strings.NewReader(whole[:len(whole)-1]), iotest.ErrReader(broke)), nil},
		"a limit":             {strings.NewReader(whole), &usagefile.Options{Bytes: int64(len(whole) - 1)}},
	} {
		var events []metering.Event
		report, err = usagefile.Read(from.r, from.o, func(e []metering.Event) (metering.Receipt, error) {
			events = append(events, e...)
			return metering.Receipt{Added: len(e)}, nil
		})
		require.Error(t, err, name)
		require.Equal(t, from.o == nil, errors.Is(err, broke), name)
		require.Len(t, events, 1, "%s: the line before is whole, the one that was cut off is not read", name)
		require.Equal(t, []int{1, 1}, []int{report.Lines, report.Added}, name)
	}
	_, err = usagefile.Read(iotest.ErrReader(broke), nil, keep(t, s, &batches))
	require.ErrorIs(t, err, broke)
}

// Whatever a file has, the complaints about it are bounded, and so is what they cost.
func TestBoundedWork(t *testing.T) {
	head := "id,source,type,time,value\n"
	for name, text := range map[string]string{
		"short rows":     head + strings.Repeat("1\n", 200_000),
		"bad rows":       head + strings.Repeat("1,hv,x,today,1,5\n", 100_000),
		"one open quote": head + "\"" + strings.Repeat("1\n", 200_000),
		"one line":       head + strings.Repeat("1,", 2_000_000),
		"brackets":       "{}\n" + strings.Repeat("{", 4_000_000),
		"braces":         strings.Repeat("{}\n", 200_000),
	} {
		var report *usagefile.Report
		var err error
		allocated := limittest.Allocated(func() {
			report, err = usagefile.Read(strings.NewReader(text), nil, func(e []metering.Event) (metering.Receipt, error) { return metering.Receipt{Added: len(e)}, nil })
		})
		require.NoError(t, err, name)
		require.LessOrEqual(t, len(report.Complaints), usagefile.MaxComplaints, name)
		require.Equal(t, report.Refused, len(report.Complaints)+report.More, name)
		require.Less(t, allocated, uint64(len(text)*600+1<<20), name)
		invalid, ok := errors.AsType[*servicecoin.InvalidError](report.Err())
		require.True(t, ok, name)
		require.LessOrEqual(t, len(invalid.Violations), servicecoin.MaxViolations)
	}
}

// What is written in either form is read as it was.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		word := rapid.StringMatching(`[a-zA-Zä€ ";,'|-]{0,12}`)
		var events []metering.Event
		for i := range rapid.IntRange(1, 20).Draw(r, "events") {
			e := event(strconv.Itoa(i), decimal.New(rapid.Int64().Draw(r, "value"), int32(rapid.IntRange(-12, 3).Draw(r, "exponent"))).String())
			e.Subject = strings.TrimSpace(word.Draw(r, "subject"))
			e.Dimensions = metering.DimensionsOf(map[string]string{"region": strings.TrimSpace(word.Draw(r, "region"))})
			if rapid.Bool().Draw(r, "interval") {
				e.End = noon.Add(time.Duration(rapid.IntRange(1, 1_000_000).Draw(r, "length")) * time.Microsecond)
			}
			events = append(events, e)
		}
		separator := rapid.SampledFrom([]string{",", ";", "\t", "|"}).Draw(r, "separator")
		quote := func(text string) string { return `"` + strings.ReplaceAll(text, `"`, `""`) + `"` }
		var lines, rows strings.Builder
		rows.WriteString(strings.Join([]string{"id", "source", "type", "subject", "time", "end", "value", "dimensions.region"}, separator) + "\n")
		for _, e := range events {
			line, err := json.Marshal(e)
			require.NoError(r, err)
			lines.Write(append(line, '\n'))
			end := ""
			if !e.End.IsZero() {
				end = e.End.Format(time.RFC3339Nano)
			}
			cells := []string{e.ID, e.Source, e.Type, quote(e.Subject), e.Time.Format(time.RFC3339Nano), end, metering.Plain(e.Value.Decimal), quote(e.Dimension("region"))}
			rows.WriteString(strings.Join(cells, separator) + "\n")
		}
		for _, c := range []struct {
			text string
			o    *usagefile.Options
		}{{lines.String(), nil}, {rows.String(), &usagefile.Options{Separator: rune(separator[0])}}} {
			report, list, err := read(r, c.text, c.o)
			require.NoError(r, err)
			require.Empty(r, told(report))
			require.Equal(r, len(events), report.Added)
			known := map[string]metering.Event{}
			for _, e := range list {
				known[e.ID] = e
			}
			for _, e := range events {
				if !e.Same(known[e.ID]) {
					r.Fatalf("%s", cmp.Diff(e, known[e.ID]))
				}
			}
		}
	})
}
