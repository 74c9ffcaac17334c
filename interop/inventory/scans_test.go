package inventory_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/interop/inventory"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

func TestDriftctl(t *testing.T) {
	t.Parallel()
	const text = `{"summary":{"total_resources":5,"total_changed":7,"total_unmanaged":1,"total_missing":1,"total_managed":"hunter2"},
"managed":[{"id":"a","type":"t","source":{"source":"tfstate://x","namespace":"module.m","internal_name":"n"}},{"id":"a","type":"t"},{"id":"","type":"t"},7],
"unmanaged":[{"id":"b","type":"t"}],"missing":[{"id":"c","type":"t","source":{"source":"tfstate://y","module":"","name":"o"}}],
"differences":[
 {"res":{"id":"a","type":"t"},"changelog":[{"type":"delete","path":["x","y"],"from":"hunter3","to":null},{"type":"update","path":["l",0],"from":1,"to":2,"computed":true},{"type":"odd","path":["z"]},{"type":"update","path":[{}]},{"type":"create","path":["n"],"from":null,"to":1.50}]},
 {"res":{"id":"a","type":"t"},"changelog":[]},{"res":{}},{"res":{"id":"d","type":"t"},"changelog":null}],
"coverage":33,"alerts":{"":[{"message":"hunter4"}],"t":[{"message":"x"},{"message":"y"}]}}`
	d, err := inventory.ReadDriftctl([]byte(text), &inventory.DriftctlOptions{Scope: "acc"})
	require.NoError(t, err)
	require.Equal(t, []string{
		`line 2, column 111, repeated: "acc/t/a" stands there again: what stands at line 2, column 12 counts`,
		"line 2, column 133, unread: a resource is left out that has no id or no type",
		"line 2, column 154, unread: a resource is left out that has no id or no type",
		`line 5, column 171, unknown: a change of "acc/t/a" is left out: nobody knows what its type means`,
		`line 5, column 199, unread: a change of "acc/t/a" is left out: its path cannot be read`,
		`line 6, column 9, repeated: "acc/t/a" stands in differences before`,
		"line 6, column 54, unread: a resource is left out that has no id or no type",
		"line 1, column 105, count: total_managed says no number, the lists have 4",
		"line 1, column 31, count: total_resources says 5, the lists have 6",
		"line 1, column 49, count: total_changed says 7, the lists have 4",
		"line 7, column 24, partial: 3 alerts: not everything could be scanned",
	}, remarks(d.Remarks))
	require.Equal(t, 3, d.Alerts)
	require.Equal(t, []string{"tfstate://x", "module.m", "n", "o"}, []string{d.Managed[0].Source, d.Managed[0].Module, d.Managed[0].Label, d.Missing[0].Label})
	require.Equal(t, []string{"missing /x/y", "changed /l/0", "unexpected /n"}, told(d.Differences[0].Changes))
	require.Equal(t, []string{"/l/0"}, d.Differences[0].Computed)
	body, err := json.Marshal(d)
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", d, *d, d.Differences, body), "hunter")

	s := d.Sweeps(time.Unix(1, 0))[0]
	require.NoError(t, s.Validate())
	var got []string
	for _, o := range s.Found {
		o.At, o.By = s.At, s.By
		require.NoError(t, o.Validate())
		got = append(got, fmt.Sprint(o.Item, " ", o.State, " ", o.Paths, " ", o.Gone))
	}
	require.Equal(t, []string{
		`acc/t/a {"id":"a","n":1.50,"x":{}} [/id /x/y /n] false`, `acc/t/b {"id":"b"} [/id] false`, "acc/t/c  [] true", `acc/t/d {"id":"d"} [/id] false`,
	}, got)
	for _, text := range []string{"[]", "{}", `{"summary":1}`, "x", `{"summary":{},"managed":{}}`, `{"summary":{},"differences":[{"res":{"id":"a","type":"t"},"changelog":"hunter2"}]}`} {
		_, err := inventory.ReadDriftctl([]byte(text), nil)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, text)
		require.ErrorContains(t, err, "line 1, column ", text)
		require.NotContains(t, err.Error(), "hunter")
	}
}

// Coverage is what the report says, and told where that is not what its summary comes to.
func TestDriftctlCoverage(t *testing.T) {
	t.Parallel()
	for coverage, want := range map[int]int{33: 0, 34: 1, 100: 1} {
		d, err := inventory.ReadDriftctl(fmt.Appendf(nil, `{"summary":{"total_resources":3,"total_managed":1,"total_unmanaged":2},"managed":[{"id":"a","type":"t"}],"unmanaged":[{"id":"b","type":"t"},{"id":"c","type":"t"}],"coverage":%d}`, coverage), nil)
		require.NoError(t, err)
		require.Equal(t, coverage, d.Coverage)
		require.Len(t, d.Remarks, want)
	}
}

// row writes a line of a log.
func row(action, epoch, counter string, at int, columns string) string {
	return fmt.Sprintf(`{"name":"pkg","hostIdentifier":"h","unixTime":%d,"epoch":%s,"counter":%s,"action":%q,"columns":{%s}}`, at, epoch, counter, action, columns)
}

func readLog(t *testing.T, o *inventory.OsqueryOptions, lines ...string) *inventory.OsqueryLog {
	t.Helper()
	l, err := inventory.ReadOsquery([]byte(strings.Join(lines, "\n")), o)
	require.NoError(t, err)
	return l
}

func texts(list []configuration.Value) string {
	var out []string
	for _, v := range list {
		out = append(out, v.String())
	}
	return strings.Join(out, " ")
}

// A log is folded: what is there is what came and did not go, from the first run on.
func TestOsqueryFolds(t *testing.T) {
	t.Parallel()
	first := []string{row("added", "7", "0", 100, `"n":"a","v":"1"`), row("added", "7", "0", 100, `"n":"b","v":"1"`), row("added", "7", "0", 100, `"n":"c","pid":"1"`)}
	for name, c := range map[string]struct {
		lines             []string
		whole             bool
		state, came, went string
		noise, remarks    int
	}{
		"first run":             {first, true, `{"rows":[{"n":"a","v":"1"},{"n":"b","v":"1"},{"n":"c","pid":"1"}]}`, "", "", 0, 0},
		"came and went":         {append(first[:3:3], row("removed", "7", "1", 101, `"n":"b","v":"1"`), row("added", "7", "1", 101, `"n":"b","v":"2"`)), true, `{"rows":[{"n":"a","v":"1"},{"n":"b","v":"2"},{"n":"c","pid":"1"}]}`, `{"n":"b","v":"2"}`, `{"n":"b","v":"1"}`, 0, 0},
		"there and back":        {append(first[:3:3], row("removed", "7", "1", 101, `"n":"b","v":"1"`), row("added", "7", "2", 102, `"n":"b","v":"1"`)), true, `{"rows":[{"n":"a","v":"1"},{"n":"b","v":"1"},{"n":"c","pid":"1"}]}`, "", "", 0, 0},
		"noise":                 {append(first[:3:3], row("removed", "7", "1", 101, `"n":"c","pid":"1"`), row("added", "7", "1", 101, `"n":"c","pid":"2"`)), true, `{"rows":[{"n":"a","v":"1"},{"n":"b","v":"1"},{"n":"c","pid":"2"}]}`, "", "", 1, 0},
		"a new epoch":           {append(first[:3:3], row("added", "8", "0", 200, `"n":"a","v":"1"`), row("added", "8", "0", 200, `"n":"d"`)), true, `{"rows":[{"n":"a","v":"1"},{"n":"d"}]}`, `{"n":"d"}`, `{"n":"b","v":"1"} {"n":"c"}`, 0, 0},
		"not there":             {append(first[:3:3], row("removed", "7", "1", 101, `"n":"x"`)), true, `{"rows":[{"n":"a","v":"1"},{"n":"b","v":"1"},{"n":"c","pid":"1"}]}`, "", "", 0, 1},
		"back in time":          {append(first[:3:3], row("added", "7", "1", 99, `"n":"d"`)), true, `{"rows":[{"n":"a","v":"1"},{"n":"b","v":"1"},{"n":"c","pid":"1"},{"n":"d"}]}`, `{"n":"d"}`, "", 0, 1},
		"twice":                 {append(first[:1:1], first[0]), true, `{"rows":[{"n":"a","v":"1"},{"n":"a","v":"1"}]}`, "", "", 0, 1},
		"changes alone":         {[]string{row("added", "7", "5", 100, `"n":"a"`), row("removed", "7", "6", 100, `"n":"z"`)}, false, `{"rows":[{"n":"a"}]}`, `{"n":"a"}`, `{"n":"z"}`, 0, 1},
		"then a first run":      {[]string{row("added", "7", "5", 100, `"n":"a"`), row("added", "8", "0", 101, `"n":"b"`)}, true, `{"rows":[{"n":"b"}]}`, "", "", 0, 0},
		"snapshots":             {[]string{`{"name":"pkg","hostname":"h","unixTime":"1","action":"snapshot","snapshot":[{"n":"a"},{"n":"b"}]}`, `{"name":"pkg","hostname":"h","unixTime":"2","action":"snapshot","snapshot":[{"n":"b"},{"n":"c"},7]}`}, true, `{"rows":[{"n":"b"},{"n":"c"}]}`, `{"n":"c"}`, `{"n":"a"}`, 0, 0},
		"snapshots, in rows":    {[]string{row("snapshot", "0", "0", 1, `"n":"a"`), row("snapshot", "0", "0", 1, `"n":"b"`), row("snapshot", "0", "0", 2, `"n":"b"`), row("snapshot", "0", "0", 2, `"n":"c"`)}, true, `{"rows":[{"n":"b"},{"n":"c"}]}`, `{"n":"c"}`, `{"n":"a"}`, 0, 0},
		"a snapshot of nothing": {[]string{`{"name":"pkg","hostname":"h","unixTime":"1","action":"snapshot","snapshot":[]}`}, true, `{"rows":[]}`, "", "", 0, 0},
		"batches":               {[]string{`{"name":"pkg","hostname":"h","unixTime":"1","counter":"0","epoch":"1","diffResults":{"added":[{"n":"a"}],"removed":""}}`, `{"name":"pkg","hostname":"h","unixTime":"2","counter":"1","epoch":"1","diffResults":{"added":[{"n":"b"}],"removed":[{"n":"a"}]}}`}, true, `{"rows":[{"n":"b"}]}`, `{"n":"b"}`, `{"n":"a"}`, 0, 0},
		"unreadable lines":      {[]string{"", "{", `{"name":"pkg"}`, row("odd", "0", "0", 1, ""), `{"name":"p","hostname":"h","unixTime":"-1","action":"added","columns":{}}`, row("added", "0", "0", 1, `"n":"a"`), `[1]`}, true, `{"rows":[{"n":"a"}]}`, "", "", 0, 5},
	} {
		l := readLog(t, nil, c.lines...)
		require.Len(t, l.Tables, 1, name)
		x := l.Tables[0]
		require.Equal(t, "h/pkg", string(x.ID), name)
		require.Equal(t, c.whole, x.Whole, name)
		require.Equal(t, c.state, x.State.String(), name)
		require.Equal(t, []string{c.came, c.went}, []string{texts(x.Came), texts(x.Went)}, name)
		require.Equal(t, c.noise, x.Noise, name)
		require.Len(t, l.Remarks, c.remarks, "%s: %v", name, l.Remarks)
		if !c.whole {
			require.Empty(t, l.Sweeps(), name)
			require.Empty(t, l.Drafts(configuration.Described{}), name)
			continue
		}
		s := l.Sweeps()[0]
		require.NoError(t, s.Validate(), name)
		require.Equal(t, x.At, s.Found[0].At, name)
		require.Len(t, l.Drafts(configuration.Described{}), 1, name)
	}
}

func TestOsqueryNoise(t *testing.T) {
	t.Parallel()
	lines := []string{
		row("added", "1", "0", 1, `"n":"a","start":"1"`), row("removed", "1", "1", 2, `"n":"a","start":"1"`), row("added", "1", "1", 2, `"n":"a","start":"2"`),
		strings.Replace(row("added", "1", "0", 1, `"n":"a"`), `"h"`, `"i"`, 1),
	}
	l := readLog(t, &inventory.OsqueryOptions{Noise: []string{"start"}, Scope: "s"}, lines...)
	require.Equal(t, []string{"s/h/pkg", "s/i/pkg"}, []string{string(l.Tables[0].ID), string(l.Tables[1].ID)})
	require.Equal(t, []any{1, "", ""}, []any{l.Tables[0].Noise, texts(l.Tables[0].Came), texts(l.Tables[0].Went)})
	kind := inventory.OsqueryType("pkg", []string{"n"}, "start")
	require.NoError(t, kind.Validate())
	parse := func(text string) configuration.Value {
		v, err := configuration.Parse([]byte(text))
		require.NoError(t, err)
		return v
	}
	require.Equal(t, []string{"changed /rows/b/v", "unexpected /rows/c"}, told(rules(t, kind.Rules,
		parse(`{"rows":[{"n":"a","pid":"1","start":"1"},{"n":"b","v":"1"}]}`), parse(`{"rows":[{"n":"b","v":"2"},{"n":"c"},{"n":"a","pid":"2","start":"2"}]}`))))
	require.NoError(t, inventory.OsqueryType(strings.Repeat("ä", 300), nil).Validate())
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", l, *l, l.Tables), `"start"`)
}

func TestOsqueryIsNone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "there is no line", "\n\n": "there is no line", "hunter2": "line 1: no line is a result of osquery", "[]\n{}\n": "no line is a result",
		strings.Repeat("x", configuration.MaxBytes+1): "too-long", strings.Repeat("\n", inventory.MaxLines+1): "too-many",
		`{"a":"` + strings.Repeat("x", inventory.MaxLineBytes) + `"}`: "no line is a result",
	} {
		_, err := inventory.ReadOsquery([]byte(text), nil)
		require.ErrorIs(t, err, servicecoin.ErrInvalid)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hunter2")
	}
	many := readLog(t, nil, append(strings.Split(strings.Repeat("x\n", 500), "\n"), row("added", "0", "0", 1, `"n":"a"`))...)
	require.Len(t, many.Remarks, inventory.MaxRemarks)
	require.Equal(t, inventory.Remark{Place: "line 99", Code: inventory.ToldMore, Text: "and 401 more"}, many.Remarks[inventory.MaxRemarks-1])
}

func target(labels, more string) string {
	return `{"discoveredLabels":{"__param_token":"hunter1","__address__":"x"},"labels":{` + labels + `},"scrapePool":"p"` + more + `}`
}

func TestPrometheus(t *testing.T) {
	t.Parallel()
	text := `{"status":"success","data":{"activeTargets":[` + strings.Join([]string{
		target(`"job":"a","instance":"1"`, `,"health":"up","scrapeUrl":"http://u:hunter2@x/metrics","lastScrape":"0001-01-01T00:00:00Z"`),
		target(`"job":"b","instance":"1","z":"1"`, `,"health":"down","scrapeUrl":"http://x/probe?token=hunter3","lastError":"Get \"http://x/probe?token=hunter3\": EOF"`),
		target(`"job":"b","instance":"1","a":"\"","z":"2"`, `,"health":"odd","scrapeUrl":"http://x/metrics","lastScrape":"hunter4"`),
		target(`"job":"b","instance":"1","z":"1"`, `,"health":"unknown"`),
		target(`"instance":"1"`, `,"health":"up"`),
	}, ",") + `],"droppedTargets":[{},{}],"droppedTargetCounts":{"p":3,"q":4}}}`
	p, err := inventory.ReadPrometheusTargets([]byte(text), &inventory.PrometheusOptions{Scope: "eu"})
	require.NoError(t, err)
	var got []string
	for _, x := range p.Active {
		got = append(got, string(x.ID)+" "+strings.Join(x.Secrets, " "))
		require.True(t, x.Scraped.IsZero())
	}
	require.Equal(t, []string{
		"eu/a/1 /discoveredLabels/__param_token /scrapeUrl", `eu/b/1{z="1"} /discoveredLabels/__param_token /lastError /scrapeUrl`, `eu/b/1{a="\"",z="2"} /discoveredLabels/__param_token`,
	}, got)
	require.Equal(t, []bool{false, true, false}, []bool{p.Active[0].Failing, p.Active[1].Failing, p.Active[2].Failing})
	require.Equal(t, 7, p.Dropped, "the server keeps as many as it is told to, and counts all")
	var codes []string
	for _, r := range p.Remarks {
		codes = append(codes, r.Code)
	}
	require.Equal(t, []string{inventory.ToldUnknown, inventory.ToldUnread, inventory.ToldUnread, inventory.ToldRepeated}, codes)
	body, err := json.Marshal(p)
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", p, *p, p.Active, body), "hunter")
	s := p.Sweeps(time.Unix(1, 0))[0]
	require.NoError(t, s.Validate())
	require.Equal(t, []configuration.TypeName{inventory.PrometheusTypeName}, s.Types)
	require.NoError(t, inventory.PrometheusType().Validate())
	require.NoError(t, p.Drafts(configuration.Described{Owner: configuration.OfProvider})[1].Validate())
	for text, want := range map[string]string{
		`{"status":"error","errorType":"x","error":"hunter5"}`: "the server answered with an error", `{}`: "no answer of", "[]": "no answer of", "": "line 1, column 1",
		`{"status":"success","data":{}}`: "no answer of", `{"status":"success","data":{"activeTargets":{}}}`: "activeTargets must be of the kind array",
	} {
		_, err := inventory.ReadPrometheusTargets([]byte(text), nil)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, text)
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), "hunter")
	}
}
