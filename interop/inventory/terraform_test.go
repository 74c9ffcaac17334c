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

// change writes an entry of a plan.
func change(address, actions, rest string) string {
	kind, _, _ := strings.Cut(address, ".")
	return fmt.Sprintf(`{"address":%q,"mode":"managed","type":%q,"name":"x","provider_name":"p","change":{"actions":%s,%s}}`, address, kind, actions, rest)
}

func planOf(parts ...string) string {
	return `{"format_version":"1.2","terraform_version":"1.9.8",` + strings.Join(parts, ",") + `}`
}

func readPlan(t *testing.T, text string) *inventory.TerraformPlan {
	t.Helper()
	p, err := inventory.ReadTerraformPlan([]byte(text), nil)
	require.NoError(t, err)
	return p
}

// What Terraform marks as sensitive is secret, whether it was so before or is so after.
func TestTerraformSecrets(t *testing.T) {
	t.Parallel()
	p := readPlan(t, planOf(`"resource_changes":[`+
		change("db.a", `["update"]`, `"before":{"password":"hunter2","users":[{"name":"a","key":"hunter3"}],"size":1},"after":{"password":"hunter4","users":[{"name":"a","key":"hunter3"}],"size":2},
		"before_sensitive":{"password":true,"users":[{"key":true}]},"after_sensitive":{"password":true,"users":true}`)+`]`,
		`"resource_drift":[`+change("db.a", `["update"]`, `"before":{"password":"hunter1","size":3,"users":[]},"after":{"password":"hunter2","size":1,"users":[]},"before_sensitive":{"password":true},"after_sensitive":{"users":[]}`)+`]`))
	require.Equal(t, []string{"/password", "/users"}, p.Changes[0].Secrets)
	require.Equal(t, []string{"/password", "/users"}, p.Drafts(configuration.Described{Owner: configuration.OfProvider})[0].Secrets)
	require.Equal(t, []string{"/password", "/users"}, p.Sweeps(time.Unix(1, 0))[0].Found[0].Secrets)
	require.Equal(t, []string{"changed /password", "changed /size"}, told(p.Drifts[0].Differences))
	require.True(t, p.Drifts[0].Differences[0].Desired.IsZero() && p.Drifts[0].Differences[0].Observed.IsZero(), "that a secret differs is told, and no more")
	require.Equal(t, "3", p.Drifts[0].Differences[1].Desired.String())
	body, err := json.Marshal(p)
	require.NoError(t, err)
	for _, text := range []string{fmt.Sprint(p), fmt.Sprintf("%+v", *p), fmt.Sprintf("%#v", p.Changes), fmt.Sprintf("%#v", p.Drifts), string(body)} {
		require.NotContains(t, text, "hunter")
	}
}

func TestTerraformActions(t *testing.T) {
	t.Parallel()
	const both = `"before":{"a":1},"after":{"a":2}`
	p := readPlan(t, planOf(`"resource_changes":[`+strings.Join([]string{
		change("x.none", `["no-op"]`, both), change("x.update", `["update"]`, both), change("x.replace1", `["delete","create"]`, both), change("x.replace2", `["create","delete"]`, both),
		change("x.replace3", `["create","forget"]`, both), change("x.delete", `["delete"]`, `"before":{"a":1},"after":null`), change("x.forget", `["forget"]`, `"before":{"a":1},"after":null`),
		change("x.create", `["create"]`, `"before":null,"after":{"a":1}`),
		strings.Replace(change("x.update", `["delete"]`, `"before":{"a":0},"after":null`), `"change"`, `"deposed":"abcd1234","change"`, 1),
		strings.Replace(change("x.read", `["read"]`, both), `"managed"`, `"data"`, 1),
		change("x.odd", `["delete","update"]`, both), change("x.none", `["update"]`, both), `null`, `{"address":"x.y","change":null}`,
	}, ",")+`]`))
	var got []string
	for _, c := range p.Changes {
		got = append(got, c.String())
	}
	require.Equal(t, []string{
		"none x.none", "update x.update", "replace x.replace1", "replace x.replace2", "replace x.replace3", "delete x.delete", "forget x.forget", "create x.create", "delete x.update (deposed abcd1234)",
	}, got)
	require.Equal(t, 1, p.Data)
	var remarks []string
	for _, r := range p.Remarks {
		require.NotEmpty(t, r.Place)
		remarks = append(remarks, r.Code+": "+r.Text)
	}
	require.Equal(t, []string{
		`unread: "x.odd" is left out: nobody knows what its actions mean`, `repeated: "x.none" stands there again: what stands at line 1, column 73 counts`,
		`unread: an entry is left out that says nothing`, `unread: an entry is left out that says nothing`,
	}, remarks)
	var desired, found []string
	for _, d := range p.Drafts(configuration.Described{Owner: configuration.OfCustomer, Environment: "test"}) {
		require.NoError(t, d.Validate())
		require.Equal(t, "test", d.Environment)
		desired = append(desired, string(d.ID)+" "+d.Desired.String())
	}
	for _, o := range p.Sweeps(time.Unix(1, 0))[0].Found {
		found = append(found, string(o.Item)+" "+o.State.String())
	}
	require.Equal(t, []string{`x.none {"a":2}`, `x.update {"a":2}`, `x.replace1 {"a":2}`, `x.replace2 {"a":2}`, `x.replace3 {"a":2}`, `x.create {"a":1}`}, desired)
	require.Equal(t, []string{
		`x.none {"a":1}`, `x.update {"a":1}`, `x.replace1 {"a":1}`, `x.replace2 {"a":1}`, `x.replace3 {"a":1}`, `x.delete {"a":1}`, `x.forget {"a":1}`, `x.update (deposed abcd1234) {"a":0}`,
	}, found)
}

// What was taken away behind Terraform's back is gone, until it is made again.
func TestTerraformGone(t *testing.T) {
	t.Parallel()
	p := readPlan(t, planOf(`"timestamp":"2025-01-02T03:04:05+01:00","errored":true,"complete":false,"resource_changes":[`+change("x.a", `["create"]`, `"before":null,"after":{"a":1}`)+`]`,
		`"resource_drift":[`+change("x.a", `["delete"]`, `"before":{"a":1},"after":null`)+`,`+change("x.a", `["delete"]`, `"before":{"a":1},"after":null`)+`]`))
	require.Equal(t, []string{"missing "}, told(p.Drifts[0].Differences))
	require.Equal(t, inventory.TerraformCreate, p.Drifts[0].Planned)
	s := p.Sweeps(time.Unix(1, 0))[0]
	require.Equal(t, time.Date(2025, 1, 2, 2, 4, 5, 0, time.UTC), s.At)
	require.Equal(t, "terraform plan 1.9.8", s.By)
	require.True(t, s.Found[0].Gone)
	require.NoError(t, s.Validate())
	require.True(t, p.Errored && p.Partial)
	require.Len(t, p.Remarks, 3, "not finished, not complete, told twice")
	both := readPlan(t, planOf(`"resource_changes":[`+change("x.a", `["update"]`, `"before":{"a":1},"after":{"a":1}`)+`]`, `"resource_drift":[`+change("x.a", `["delete"]`, `"before":{"a":1},"after":null`)+`]`))
	nameless := readPlan(t, planOf(`"resource_changes":[`+change("", `["no-op"]`, `"before":{},"after":{}`)+`],"resource_drift":[`+change("", `["delete"]`, `"before":{"a":1},"after":null`)+`]`))
	require.Empty(t, nameless.Drifts)
	require.Empty(t, nameless.Changes)
	require.Equal(t, `"" is left out: its id must not be empty`, nameless.Remarks[0].Text)
	require.Len(t, both.Sweeps(time.Unix(1, 0))[0].Found, 1, "what is there after all is not gone")
}

// Relevant is what decides: an attribute, what is in it, and what of an instance's resource.
func TestTerraformRelevance(t *testing.T) {
	t.Parallel()
	drift := func(address string) string {
		return change(address, `["update"]`, `"before":{"a":[{"b":1},{"b":1}],"c":{"d":1},"e":1},"after":{"a":[{"b":1},{"b":2}],"c":{"d":2},"e":2}`)
	}
	const attributes = `"relevant_attributes":[{"resource":"x.a[0]","attribute":["a",1,"b"]},{"resource":"x.a","attribute":["c"]},{"resource":"x.a[1]","attribute":["a",0]},{"resource":"x.b","attribute":[]},{"resource":"x.c","attribute":["e",{"odd":1}]}]`
	p := readPlan(t, planOf(attributes, `"resource_drift":[`+drift("x.a[0]")+`,`+drift("x.a[1]")+`,`+drift("x.b")+`,`+drift("x.c")+`,`+drift("x.d")+`]`))
	var got [][]string
	for _, d := range p.Drifts {
		require.Len(t, d.Differences, 3)
		got = append(got, d.Relevant)
	}
	require.Equal(t, [][]string{{"/a/1/b", "/c/d"}, {"/c/d"}, {"/a/1/b", "/c/d", "/e"}, {"/e"}, nil}, got)
}

func TestTerraformLimits(t *testing.T) {
	t.Parallel()
	var marks, values []string
	for n := range 300 {
		marks = append(marks, fmt.Sprintf(`{"a":true,"b":{"c":true}},{"n%d":true}`, n))
		values = append(values, `{"a":"hunter2"},{}`)
	}
	long := "x." + strings.Repeat("ä", 300)
	p := readPlan(t, planOf(`"resource_changes":[`+
		change("x.many", `["no-op"]`, `"before":{"l":[`+strings.Join(values, ",")+`]},"after":{"l":[]},"before_sensitive":{"z":true,"l":[`+strings.Join(marks, ",")+`]}`)+`,`+
		change(long, `["no-op"]`, `"before":{},"after":{}`)+`,`+
		change("x.large", `["no-op"]`, `"before":{"a":"`+strings.Repeat("x", configuration.MaxState)+`"},"after":{}`)+`]`))
	require.Equal(t, []string{"/l", "/z"}, p.Changes[0].Secrets, "what is around them is secret")
	require.Len(t, p.Changes, 2)
	require.LessOrEqual(t, len(p.Changes[1].ID), servicecoin.MaxIDBytes)
	require.NoError(t, p.Changes[1].Draft(configuration.Described{Owner: configuration.OfProvider}).Validate())
	require.Equal(t, []string{inventory.ToldCoarse, inventory.ToldUnread}, []string{p.Remarks[0].Code, p.Remarks[1].Code})
	near := readPlan(t, planOf(`"resource_changes":[`+change("x.near", `["no-op"]`, `"before":{},"after":{},"before_sensitive":{"k":{"a":true},"l":[`+strings.Repeat("true,", 150)+`true]}`)+`]`))
	require.Equal(t, []string{"/k/a", "/l"}, near.Changes[0].Secrets, "it is the nearest around them")
	again, err := inventory.ReadTerraformPlan([]byte(planOf(`"resource_changes":[`+change(long+"ü", `["no-op"]`, `"before":{},"after":{}`)+`]`)), &inventory.TerraformOptions{Scope: "net"})
	require.NoError(t, err)
	require.NotEqual(t, p.Changes[1].ID, again.Changes[0].ID)
	require.True(t, strings.HasPrefix(string(again.Changes[0].ID), "net/x."))
}

// What is not read may be as it likes: the library makes floats of a prior state.
func TestTerraformUnread(t *testing.T) {
	t.Parallel()
	p := readPlan(t, planOf(`"prior_state":{"format_version":"9","values":{"root_module":{"resources":[{"values":{"a":1e400}}]}}},"output_changes":7,"variables":[]`,
		`"resource_changes":[`+change("x.a", `["no-op"]`, `"before":{"a":1e400},"after":{"a":1e400}`)+`]`))
	require.Equal(t, `{"a":1e400}`, p.Changes[0].After.String())
}

func TestTerraformIsNone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                         "line 1, column 1",
		"[]":                       "line 1, column 1",
		"{}":                       "has no format_version",
		`{"format_version":"2.0"}`: `line 1, column 19: only the formats 0.x and 1.x are known (bad-version)`,
		`{"format_version":1}`:     "bad-version",
		`{"format_version":"1.x"}`: "of a format that is known",
		planOf(`"resource_changes":[{"address":"x","change":{"actions":"hunter2"}}]`): "resource_changes.change.actions is of another kind than Terraform writes",
		planOf(`"resource_changes":{"hunter2":1}`):                                    "resource_changes is of another kind",
		planOf("\n\"resource_drift\":[{\"address\":123456}]"):                         "line 2, column 18",
		planOf(`"Resource_Changes":[{"address":"x"}]`):                                "small letters",
		planOf(`"a":1,"a":2`): "duplicate",
	} {
		_, err := inventory.ReadTerraformPlan([]byte(text), nil)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, text)
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), "hunter2")
		require.NotContains(t, err.Error(), "123456")
		_, err = inventory.ReadTerraformState([]byte(text), nil)
		require.Equal(t, err != nil, !strings.Contains(text, `"format_version":"1.2"`) || strings.Contains(text, `"a":2`), text)
	}
}

func TestTerraformType(t *testing.T) {
	t.Parallel()
	kind := inventory.TerraformType("db")
	require.NoError(t, kind.Validate())
	parse := func(text string) configuration.Value {
		v, err := configuration.Parse([]byte(text))
		require.NoError(t, err)
		return v
	}
	for observed, want := range map[string][]string{
		`{"id":"2","arn":"b","timeouts":{"create":"1h"},"tags":{"a":"1"},"block":[{"x":1}],"new":"attribute"}`: {},
		`{"tags":{"a":"1","b":"2"},"block":[{"x":1},{"x":2}],"none":[{}]}`:                                     {"unexpected /block/1", "unexpected /none", "unexpected /tags/b"},
		`{"tags":{},"block":[{"x":1,"y":2}],"none":"set"}`:                                                     {"unexpected /block/0/y", "unexpected /none", "missing /tags/a"},
	} {
		require.Equal(t, want, told(rules(t, kind.Rules, parse(`{"id":"1","arn":"a","timeouts":null,"tags":{"a":"1"},"block":[{"x":1}],"none":null,"empty":""}`), parse(observed))), observed)
	}
}

const keptState = `{"version":4,"terraform_version":"1.5.0","serial":7,"lineage":"l","resources":[
{"mode":"managed","type":"db","name":"a","module":"module.m[\"k\"]","provider":"provider[\"example.org/x/db\"]","instances":[
 {"index_key":0,"attributes":{"password":"hunter2","m":{"k":"hunter3"},"l":["hunter4"],"s":["hunter5"]},"sensitive_attributes":[[{"type":"get_attr","value":"password"}],[{"type":"get_attr","value":"m"},{"type":"index","value":{"value":"k","type":"string"}}],[{"type":"get_attr","value":"l"},{"type":"index","value":{"value":0,"type":"number"}}],[{"type":"get_attr","value":"s"},{"type":"index","value":{"value":"x","type":["object",{}]}}],[{"type":"get_attr","value":"s"},{"type":"odd"}]],"dependencies":["db.b"],"private":"hunter6"},
 {"index_key":"a\"${b}\n","status":"tainted","attributes":{"n":1.50}},
 {"index_key":0,"deposed":"abcd1234","attributes":{}},
 {"index_key":0,"attributes":{}},
 {"index_key":true,"attributes":{}},
 {"index_key":5,"status":"odd","attributes_flat":{"a":"1"}},
 {"index_key":6,"attributes":{"a":1},"sensitive_attributes":["hunter7"]}]},
{"mode":"data","type":"db","name":"d","instances":[{"attributes":{}},{"attributes":{}}]},
{"mode":"other","type":"db","name":"d"}]}`

func TestTerraformKeptState(t *testing.T) {
	t.Parallel()
	s, err := inventory.ReadTerraformState([]byte(keptState), &inventory.TerraformOptions{Scope: "prod"})
	require.NoError(t, err)
	require.Equal(t, []any{"4", "1.5.0", 7, "l", 2}, []any{s.Format, s.Version, s.Serial, s.Lineage, s.Data})
	var got []string
	for _, r := range s.Resources {
		got = append(got, string(r.ID)+" "+strings.Join(r.Secrets, " "))
		require.Equal(t, "example.org/x/db", r.Provider)
	}
	require.Equal(t, []string{
		`prod/module.m["k"].db.a[0] /l/0 /m/k /password /s`, `prod/module.m["k"].db.a["a\"$${b}\n"] `, `prod/module.m["k"].db.a[0] (deposed abcd1234) `, `prod/module.m["k"].db.a[6] `,
	}, got)
	require.Equal(t, []string{""}, s.Resources[3].Secrets, "all of it")
	require.True(t, s.Resources[1].Tainted)
	require.Equal(t, "1.50", s.Resources[1].State.At("/n").String())
	require.Equal(t, []string{"db.b"}, s.Resources[0].DependsOn)
	require.Len(t, s.Drafts(configuration.Described{}), 3)
	require.Len(t, s.Sweeps(time.Unix(1, 0))[0].Found, 4)
	var codes []string
	for _, r := range s.Remarks {
		codes = append(codes, r.Code)
	}
	require.Equal(t, []string{
		inventory.ToldRepeated, inventory.ToldUnread, inventory.ToldUnknown, inventory.ToldUnread, inventory.ToldUnread, inventory.ToldUnread,
	}, codes)
	require.NotContains(t, fmt.Sprintf("%+v %#v", s, s.Resources), "hunter")
	for text, want := range map[string]string{
		`{"version":3}`: "only version 4", `{"version":4,"resources":{}}`: "resources must be of the kind array", `{"version":4,"resources":[1]}`: "a member of resources must be of the kind object",
		`{"version":4,"resources":[{"mode":7}]}`: "mode must be of the kind string",
	} {
		_, err := inventory.ReadTerraformState([]byte(text), nil)
		require.ErrorContains(t, err, want)
	}
}

func TestTerraformShownState(t *testing.T) {
	t.Parallel()
	const text = `{"format_version":"1.0","terraform_version":"1.9.8","values":{"outputs":{"o":{"sensitive":true,"value":"hunter1","type":"string"}},"root_module":{"resources":[
{"address":"db.a","mode":"managed","type":"db","name":"a","provider_name":"p","values":{"p":"hunter2","n":1e400},"sensitive_values":{"p":true},"tainted":true},
{"address":"data.db.a","mode":"data","type":"db","name":"a","values":{}},null],
"child_modules":[{"address":"module.m","resources":[{"address":"module.m.db.b","mode":"managed","type":"db","name":"b","values":{"a":1},"depends_on":["db.a"],"identity":{"id":"b"}}],
"child_modules":[{"address":"module.m.module.n","resources":[{"address":"module.m.module.n.db.c","mode":"managed","type":"db","name":"c"}]},null]}]}}}`
	s, err := inventory.ReadTerraformState([]byte(text), nil)
	require.NoError(t, err)
	require.Equal(t, []any{"1.0", "1.9.8", 1}, []any{s.Format, s.Version, s.Data})
	require.Len(t, s.Resources, 2)
	require.Equal(t, []string{"db.a", "/p"}, []string{string(s.Resources[0].ID), s.Resources[0].Secrets[0]})
	require.Equal(t, "1e400", s.Resources[0].State.At("/n").String(), "as it is written")
	require.Equal(t, []string{"module.m", "db.a", `{"id":"b"}`}, []string{s.Resources[1].Module, s.Resources[1].DependsOn[0], s.Resources[1].Identity.String()})
	require.Len(t, s.Remarks, 2, "an entry that says nothing, and a resource without values")
	for text, want := range map[string]string{
		`{"format_version":"1.0","values":{"root_module":{"Resources":[{}]}}}`:            "small letters",
		`{"format_version":"1.0","values":{"root_module":{"resources":[{"address":7}]}}}`: "values.root_module.resources.address is of another kind",
	} {
		_, err := inventory.ReadTerraformState([]byte(text), nil)
		require.ErrorContains(t, err, want)
	}
	_, err = inventory.ReadTerraformState([]byte(`{"format_version":"1.0","values":{"root_module":{"resources":[{"schema_version":1234.5}]}}}`), nil)
	require.ErrorContains(t, err, "values.root_module.resources.schema_version is of another kind")
	require.NotContains(t, err.Error(), "1234", "the library would say it")
	empty, err := inventory.ReadTerraformState([]byte(`{"format_version":"1.0"}`), nil)
	require.NoError(t, err)
	require.Empty(t, empty.Resources, "a state of nothing has no values")
}
