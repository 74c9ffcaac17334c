package configuration_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

// rows are differences as lines: "path kind desired observed".
func rows(list []configuration.Difference) string {
	lines := make([]string, len(list))
	for n, d := range list {
		lines[n] = d.Path + " " + string(d.Kind)
		for _, cell := range []string{d.Desired.String(), d.Observed.String(), string(d.Severity)} {
			if cell != "" {
				lines[n] += " " + cell
			}
		}
	}
	return strings.Join(lines, "\n")
}

func compile(t testing.TB, rules ...configuration.Rule) *configuration.Comparer {
	t.Helper()
	c, err := configuration.Rules{List: rules}.Compile()
	require.NoError(t, err)
	return c
}

func key(path string, names ...string) configuration.Rule {
	r := configuration.Rule{Path: path}
	for _, name := range names {
		name, absent, _ := strings.Cut(name, ":")
		r.Key = append(r.Key, configuration.KeyField{Name: name, Default: absent})
	}
	return r
}

func TestCompare(t *testing.T) {
	t.Parallel()
	type rule = configuration.Rule
	ten := decimal.NewFromInt(10)
	for _, c := range []struct {
		name, desired, observed string
		rules                   []rule
		want                    []string
	}{
		{"same", `{"a":[1,{"b":null}],"c":"x"}`, `{"c":"x","a":[1.0,{"b":null}]}`, nil, nil},
		{"numbers as decimals", `[1,100,0,1e2,0.1,1e30,12.5]`, `[1.000,1E2,-0.0e5,100,0.1000000000000000001,1000000000000000000000000000000,1250e-2]`, nil, []string{"/4 changed 0.1 0.1000000000000000001"}},
		{"large numbers", `[1e99999999999999999,9007199254740993]`, `[1e99999999999999998,9007199254740992]`, nil, []string{"/0 changed 1e99999999999999999 1e99999999999999998", "/1 changed 9007199254740993 9007199254740992"}},
		{
			"types differ", `{"a":1,"b":true,"c":null,"d":"","e":[],"f":null}`, `{"a":"1","b":"true","c":false,"d":null,"e":{}}`, nil,
			[]string{`/a changed 1 "1"`, `/b changed true "true"`, "/c changed null false", `/d changed "" null`, "/e changed [] {}", "/f missing null"},
		},
		{"the highest only", `{"a":{"b":{"c":1}},"x":[1]}`, `{"a":{},"x":{"0":1}}`, nil, []string{`/a/b missing {"c":1}`, `/x changed [1] {"0":1}`}},
		{"the whole", `1`, `[]`, nil, []string{" changed 1 []"}},
		{
			"in the order of bytes", `{"a":{"z":1},"a-b":1,"a~":1,"B":1,"ä":1,"":1}`, `{"a":{}}`, nil,
			[]string{"/ missing 1", "/B missing 1", "/a-b missing 1", "/a/z missing 1", "/a~0 missing 1", "/ä missing 1"},
		},
		{"indexes", `[0,1,2,3,4,5,6,7,8,9,10]`, `[0,1]`, nil, []string{"/10 missing 10", "/2 missing 2", "/3 missing 3", "/4 missing 4", "/5 missing 5", "/6 missing 6", "/7 missing 7", "/8 missing 8", "/9 missing 9"}},
		{"pointers", `{"a/b":{"~1":1}}`, `{"a/b":{"~1":2}}`, nil, []string{"/a~1b/~01 changed 1 2"}},

		{"ignored", `{"a":{"b":1,"c":1},"d":[{"e":1},{"e":2}],"f":1}`, `{"a":{"b":2,"c":2},"d":[{"e":3},{"e":4}]}`, []rule{{Path: "/a/b", Ignore: true}, {Path: "/d/*/e", Ignore: true}, {Path: "/f", Ignore: true}}, []string{"/a/c changed 1 2"}},
		{"ignored inside of what is missing", `{"a":{"b":1,"c":1}}`, `{}`, []rule{{Path: "/a/b", Ignore: true}}, []string{`/a missing {"b":1,"c":1}`}},
		{"ignored as a whole", `1`, `2`, []rule{{Path: "", Ignore: true}}, nil},
		{"ignored by an escaped name", `{"a/b":1,"*":1}`, `{"a/b":2,"*":2}`, []rule{{Path: "/a~1b", Ignore: true}}, []string{"/* changed 1 2"}},

		{"by key", `[{"n":"a","v":1},{"n":"b","v":1},{"n":"c"}]`, `[{"v":2,"n":"b"},{"n":"a","v":1},{"n":"d"}]`, []rule{key("", "n")}, []string{"/b/v changed 1 2", `/c missing {"n":"c"}`, `/d unexpected {"n":"d"}`}},
		{
			"by two fields, one of them left out", `{"p":[{"port":443},{"port":443,"protocol":"UDP"}]}`, `{"p":[{"port":443,"protocol":"TCP"}]}`,
			[]rule{key("/p", "port", "protocol:TCP")},
			[]string{`/p/443,TCP/protocol unexpected "TCP"`, `/p/443,UDP missing {"port":443,"protocol":"UDP"}`},
		},
		{
			"no protocol is TCP", `{"p":[{"port":443},{"port":443,"protocol":"UDP"}]}`, `{"p":[{"port":443,"protocol":"TCP"}]}`,
			[]rule{key("/p", "port", "protocol:TCP"), {Path: "/p/*/protocol", Default: configuration.TextOf("TCP")}},
			[]string{`/p/443,UDP missing {"port":443,"protocol":"UDP"}`},
		},
		{"keys as text", `[{"n":true},{"n":null},{"n":"a/b~"},{}]`, `[]`, []rule{key("", "n")}, []string{`/ missing {}`, `/a~1b~0 missing {"n":"a/b~"}`, `/null missing {"n":null}`, `/true missing {"n":true}`}},
		{"keys whose texts come out alike", `[{"a":"x,y","b":"z"},{"a":"x","b":"y,z"}]`, `[]`, []rule{key("", "a", "b")}, []string{`/x,y,z missing {"a":"x","b":"y,z"}`, `/x,y,z missing {"a":"x,y","b":"z"}`}},
		{"ignored by key", `[{"n":"a","v":1},{"n":"b","v":1}]`, `[{"n":"b","v":2},{"n":"a","v":2}]`, []rule{key("", "n"), {Path: "/a/v", Ignore: true}}, []string{"/b/v changed 1 2"}},
		{"the last key counts", `{"l":[{"a":1,"b":1}]}`, `{"l":[{"a":2,"b":1}]}`, []rule{key("/*", "a"), key("/l", "b")}, []string{"/l/1/a changed 1 2"}},
		{"a key, and no list", `{"l":{"a":1}}`, `{"l":{"a":2}}`, []rule{key("/l", "a")}, []string{"/l/a changed 1 2"}},

		{"sets", `[1,"a",2,2.0,null]`, `["a",2,3,1.0,true,"1"]`, []rule{{Path: "", Set: true}}, []string{`/1 unexpected "1"`, "/3 unexpected 3", "/null missing null", "/true unexpected true"}},
		{"open members", `{"a":{"b":1},"l":[1]}`, `{"a":{"b":1,"c":1},"l":[1,2],"d":1}`, []rule{{Path: "/a", Members: configuration.Open}, {Path: "/l", Members: configuration.Open}}, []string{"/d unexpected 1"}},
		{"open below, exclusive in one", `{"a":{"b":{}}}`, `{"a":{"b":{"x":1},"y":1},"z":1}`, []rule{{Path: "", Below: true, Members: configuration.Open}, {Path: "/a/b", Members: configuration.Exclusive}}, []string{"/a/b/x unexpected 1"}},
		{"tolerance", `[10,10,100,100,0.3]`, `[11,12,104,106,0.2]`, []rule{{Path: "", Below: true, Tolerance: decimal.NewFromInt(1), Percent: decimal.NewFromInt(5)}}, []string{"/1 changed 10 12", "/3 changed 100 106"}},
		{"no tolerance for what is too large to reckon with", `1e999999999`, `1.1e999999999`, []rule{{Path: "", Percent: ten}}, []string{" changed 1e999999999 1.1e999999999"}},
		{"case", `["Ab","ä","a"]`, `["aB","Ä",1]`, []rule{{Path: "/*", Fold: true}}, []string{`/2 changed "a" 1`}},
		{
			"quantities", `["500m",0.5,"1Gi","1e3","1E","1","1k","0","x"]`, `[0.5,"500m",1073741824,1000,1000000000000000000,1.0,"1001","","y"]`,
			[]rule{{Path: "", Below: true, Units: configuration.KubernetesUnits()}},
			[]string{`/6 changed "1k" "1001"`, `/7 changed "0" ""`, `/8 changed "x" "y"`},
		},
		{"case counts, whatever else is ruled", `"Ab"`, `"aB"`, []rule{{Path: "", Units: configuration.KubernetesUnits()}}, []string{` changed "Ab" "aB"`}},
		{"signs", `[1,"5m"]`, `[-1,"-5m"]`, []rule{{Path: "", Below: true, Units: configuration.TimeUnits()}}, []string{"/0 changed 1 -1", `/1 changed "5m" "-5m"`}},
		{"signs, without rules", `[1,0]`, `[-1,-0]`, nil, []string{"/0 changed 1 -1"}},
		{"keys with a space", `[{"a":"x 1 y","b":"z"},{"a":"x","b":"y 1 z"}]`, `[{"a":"x","b":"y 1 z"},{"a":"x 1 y","b":"z"}]`, []rule{key("", "a", "b")}, nil},
		{"several rules at one path", `{"a":1,"b":"X"}`, `{"a":2,"b":"x"}`, []rule{{Path: "/a", Ignore: true}, {Path: "/*", Fold: true}, {Path: "/a", Severity: configuration.Info}}, nil},
		{"open, and not below", `{"a":{"b":{}}}`, `{"a":{"b":{"x":1},"y":1}}`, []rule{{Path: "/a", Members: configuration.Open}, {Path: "/a/b", Fold: true}}, []string{"/a/b/x unexpected 1"}},
		{"times", `["1h30m","3274sec","90 s","-5m","1h"]`, `["5400s",3274,"1m30s","-300","2h"]`, []rule{{Path: "", Below: true, Units: configuration.TimeUnits()}}, []string{`/4 changed "1h" "2h"`}},
		{"bytes", `["10 GB","1 KiB","2MB"]`, `[10000000000,"1024 B","2000kB"]`, []rule{{Path: "", Below: true, Units: configuration.ByteUnits()}}, nil},
		{"times with tolerance", `"3274sec"`, `"54m30s"`, []rule{{Path: "", Units: configuration.TimeUnits(), Tolerance: ten}}, nil},
		{"defaults", `{"a":{},"b":{}}`, `{"a":{"replicas":1},"b":{"replicas":2}}`, []rule{{Path: "/*/replicas", Default: one(t)}}, []string{"/b/replicas changed 1 2"}},
		{"a default that is written out", `{"replicas":1}`, `{}`, []rule{{Path: "/replicas", Default: one(t)}}, nil},
		{"nothing is nothing", `{"a":null,"b":{},"c":[],"d":"","e":null}`, `{"a":{},"b":[],"c":"","d":null,"e":0}`, []rule{{Path: "", Below: true, Empty: configuration.EmptyEqual}}, []string{"/e changed null 0"}},
		{"nothing is not absent", `{"a":null}`, `{"b":[]}`, []rule{{Path: "", Below: true, Empty: configuration.EmptyEqual}}, []string{"/a missing null", "/b unexpected []"}},
		{
			"nothing is desired, and that is said", `{"a":null,"b":"","c":null}`, `{"a":[1],"b":{"x":1},"c":"","d":1}`,
			[]rule{{Path: "", Members: configuration.Open}, {Path: "", Below: true, Empty: configuration.EmptyAbsent}},
			[]string{"/a unexpected [1]", `/b unexpected {"x":1}`},
		},
		{"nothing is absent", `{"a":null,"c":1}`, `{"b":[],"c":{}}`, []rule{{Path: "", Below: true, Empty: configuration.EmptyAbsent}}, []string{"/c missing 1"}},
		{"severity", `{"a":1,"b":{"c":1}}`, `{"a":2,"b":{"c":2}}`, []rule{{Path: "", Below: true, Severity: configuration.Info}, {Path: "/b/c", Severity: configuration.Critical}}, []string{"/a changed 1 2 info", "/b/c changed 1 2 critical"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			list, err := compile(t, c.rules...).Compare(parse(t, c.desired), parse(t, c.observed))
			require.NoError(t, err)
			if diff := cmp.Diff(strings.Join(c.want, "\n"), rows(list)); diff != "" {
				t.Error(diff)
			}
			if len(c.rules) == 0 {
				require.Equal(t, rows(list), rows(configuration.Compare(parse(t, c.desired), parse(t, c.observed))))
			}
		})
	}
}

func one(t testing.TB) configuration.Value {
	t.Helper()
	n, err := configuration.NumberOf("1")
	require.NoError(t, err)
	return n
}

func TestOnlyDesired(t *testing.T) {
	t.Parallel()
	c, err := configuration.Rules{OnlyDesired: true, List: []configuration.Rule{key("/l", "n")}}.Compile()
	require.NoError(t, err)
	list, err := c.Compare(parse(t, `{"a":{"b":1},"l":[{"n":1,"v":1}],"i":[1]}`), parse(t, `{"a":{"b":1,"x":1},"l":[{"n":2},{"n":1,"v":2,"w":1}],"i":[1,2],"y":1}`))
	require.NoError(t, err)
	require.Equal(t, "/l/1/v changed 1 2", rows(list))
}

func TestKeysThatTellNothingApart(t *testing.T) {
	t.Parallel()
	fine := `{"l":[]}`
	for text, want := range map[string]string{
		`{"l":[{"n":1},2]}`:                      "l/1: must be an object",
		`{"l":[{"n":1},` + "\n" + ` {"n":[1]}]}`: `must have a scalar for "n", as members of the list are told by it (line 2, column 2)`,
		`{"l":[{"n":{}}]}`:                       `must have a scalar for "n"`,
		`{"l":[{"n":1},{"n":"1"}]}`:              `another member of the list has the same "n"`,
		`{"l":[{},{}]}`:                          "duplicate",
	} {
		c := compile(t, key("/l", "n"))
		for side, err := range map[string]error{"desired": second(c.Compare(parse(t, text), parse(t, fine))), "observed": second(c.Compare(parse(t, fine), parse(t, text)))} {
			require.ErrorIs(t, err, servicecoin.ErrInvalid, text)
			require.ErrorContains(t, err, side+"/l/")
			require.ErrorContains(t, err, want)
		}
	}
	_, err := compile(t, configuration.Rule{Path: "", Set: true}).Compare(parse(t, `[[]]`), parse(t, `[]`))
	require.ErrorContains(t, err, "desired/0: must be a scalar")
}

func second[T any](_ T, err error) error { return err }

func TestRulesAreChecked(t *testing.T) {
	t.Parallel()
	type rule = configuration.Rule
	for want, r := range map[string]rule{
		"list[0].path \"a\"":       {Path: "a"},
		"neither \"~0\" nor":       {Path: "/a~2"},
		"1000 bytes":               {Path: "/" + strings.Repeat("a", 1000)},
		"50 segments":              {Path: strings.Repeat("/", 51)},
		"list[0].set":              {Set: true, Key: []configuration.KeyField{{Name: "a"}}},
		"stands twice in the key":  key("", "a", "a"),
		"key: has 11":              key("", strings.Split("abcdefghijk", "")...),
		"members \"some\"":         {Members: "some"},
		"empty \"never\"":          {Empty: "never"},
		"severity \"bad\"":         {Severity: "bad"},
		"tolerance: must not be":   {Tolerance: decimal.NewFromInt(-1)},
		"percent: has":             {Percent: decimal.New(1, -100)},
		"tolerance: must be below": {Tolerance: decimal.New(1, 999_999_999)},
		"units.m: must be above":   {Units: map[string]decimal.Decimal{"m": {}}},
		"units.1 \"1\"":            {Units: map[string]decimal.Decimal{"1": decimal.NewFromInt(1)}},
		"default: has at most":     {Default: configuration.TextOf(strings.Repeat("a", 10_001))},
	} {
		_, err := configuration.Rules{List: []rule{r}}.Compile()
		require.ErrorIs(t, err, servicecoin.ErrInvalid, want)
		require.ErrorContains(t, err, want)
	}
	_, err := configuration.Rules{List: make([]rule, 501)}.Compile()
	require.ErrorContains(t, err, "list: has 501")
	_, err = configuration.Rules{List: []rule{{Path: "x"}, {Path: "y"}}}.Compile()
	require.ErrorContains(t, err, "list[1].path")
}
