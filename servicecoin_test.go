package servicecoin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
)

// broken returns "path code" of every violation.
func broken(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
	require.True(t, ok, "%T: %v", err, err)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	var list []string
	for _, v := range invalid.Violations {
		require.NotEmpty(t, v.Text)
		list = append(list, strings.TrimSpace(v.Path+" "+v.Code))
	}
	return list
}

func TestEveryViolationAtOnce(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", servicecoin.MaxIDBytes+1)
	for name, c := range map[string]struct {
		valid interface{ Validate() error }
		want  []string
	}{
		"a key":             {servicecoin.Key{Customer: "a", Kind: "k", ID: strings.Repeat("é", servicecoin.MaxIDBytes/2)}, nil},
		"no key":            {servicecoin.Key{}, []string{"customer required", "kind required", "id required"}},
		"a bad key":         {servicecoin.Key{Customer: "a\x00", Kind: "\xff", ID: long}, []string{"customer bad-text", "kind bad-text", "id too-long"}},
		"an actor":          {servicecoin.Actor{Kind: servicecoin.CustomerSide, ID: "olga", OnBehalfOf: "mika"}, nil},
		"no actor":          {servicecoin.Actor{}, []string{"kind unknown", "id required"}},
		"for nobody":        {servicecoin.Actor{Kind: servicecoin.Human, ID: "ada", OnBehalfOf: "\n"}, []string{"onBehalfOf bad-text"}},
		"a customer":        {servicecoin.Customer{ID: "a", Name: "A", Zone: "Europe/Berlin"}, nil},
		"no customer":       {servicecoin.Customer{Zone: "Europe/Atlantis"}, []string{"id required", "name required", "zone unknown-zone"}},
		"the machine's own": {servicecoin.Customer{ID: "a", Name: " ", Parent: "a", Zone: "Local"}, []string{"name required", "parent cycle", "zone unknown-zone"}},
		"a climbing zone":   {servicecoin.Customer{ID: "a", Name: "\xff", Zone: "../Europe/Berlin"}, []string{"name bad-text", "zone unknown-zone"}},
	} {
		require.Equal(t, c.want, broken(t, c.valid.Validate()), name)
	}
}

func TestViolations(t *testing.T) {
	t.Parallel()
	var v servicecoin.Violations
	require.NoError(t, v.Err())
	v.Merge("nothing", nil)
	require.NoError(t, v.Err())
	v.Text("short", " ab ", 3, 5)
	v.Text("fits", " äöü ", 3, 3)
	v.Text("long", "abcdef", 0, 5)
	v.Time("none", time.Time{})
	v.Time("early", time.Date(0, 12, 31, 23, 59, 59, 0, time.UTC))
	v.Time("first", time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC))
	v.Time("last", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC))
	v.Time("late", time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -2*3600)))
	v.Number("exact", decimal.RequireFromString("99.99"), 2, 2)
	v.Number("precise", decimal.RequireFromString("0.001"), 2, 2)
	v.Number("large", decimal.RequireFromString("-100"), 2, 2)
	v.Number("huge", decimal.New(1, 1<<30), 30, 2)
	var inner servicecoin.Violations
	inner.Add("", "a", "", "x")
	inner.Add("[2].b", "b", "", "x")
	inner.Add("c", "c", "", "x")
	v.Merge("list", fmt.Errorf("wrapped: %w", inner.Err()))
	v.Merge("", inner.Err())
	v.Merge("other", io.ErrUnexpectedEOF)
	require.Equal(t, []string{
		"short too-short", "long too-long", "none required", "early out-of-range", "late out-of-range", "precise too-precise", "large out-of-range", "huge out-of-range",
		"list a", "list[2].b b", "list.c c", "a", "[2].b b", "c c", "other invalid",
	}, broken(t, v.Err()))

	var one servicecoin.Violations
	one.Add("tiers[0].upTo", "out-of-order", "\xff"+strings.Repeat("é", 200), "must rise")
	text := one.Err().Error()
	require.Equal(t, `invalid: tiers[0].upTo "�`+strings.Repeat("é", 99)+`…": must rise (out-of-order)`, text)
	b, err := json.Marshal(one.Err())
	require.NoError(t, err)
	require.Contains(t, string(b), `"path":"tiers[0].upTo","code":"out-of-order","value":`)
}

// What somebody sends decides how many violations there are, not how much
// memory they take: the first ones are listed, the rest is counted.
func TestViolationsAreBounded(t *testing.T) {
	t.Parallel()
	var inner, v servicecoin.Violations
	for i := range 100_000 {
		inner.Add(fmt.Sprintf("list[%d]", i), "required", strings.Repeat("é", 1000), "must not be empty")
	}
	require.Equal(t, 100_000, inner.Len())
	v.Add("name", "required", "", "must not be empty")
	v.Merge("report", inner.Err())
	require.Equal(t, 100_001, v.Len())
	invalid, ok := errors.AsType[*servicecoin.InvalidError](v.Err())
	require.True(t, ok)
	require.Len(t, invalid.Violations, servicecoin.MaxViolations)
	require.Equal(t, 100_001-servicecoin.MaxViolations, invalid.More)
	require.Equal(t, "report.list[98]", invalid.Violations[99].Path)
	require.Equal(t, strings.Repeat("é", 100)+"…", invalid.Violations[99].Value)
	require.True(t, strings.HasSuffix(invalid.Error(), "; and 99901 more"))

	var few servicecoin.Violations
	require.True(t, few.Limit("tiers", 3, 3))
	require.False(t, few.Limit("tiers", 4, 3))
	require.Equal(t, []string{"tiers too-many"}, broken(t, few.Err()))
}

func TestWhatAnErrorMeans(t *testing.T) {
	t.Parallel()
	key := servicecoin.Key{Customer: "acme", Kind: "order", ID: "7"}
	refused := &servicecoin.RefusedError{Subject: key, Verb: "close", From: "reported", To: "closed", Why: "it is not resolved"}
	for name, c := range map[string]struct {
		err       error
		retryable bool
		open      bool // whether the change may have happened
	}{
		"none":      {nil, false, false},
		"not found": {servicecoin.NotFound(key), false, false},
		"exists":    {&servicecoin.KeyError{Key: key, Err: servicecoin.ErrExists}, false, false},
		"conflict":  {fmt.Errorf("x: %w", servicecoin.ErrConflict), true, false},
		"invalid":   {&servicecoin.InvalidError{}, false, false},
		"newer":     {servicecoin.ErrNewer, false, false},
		"refused":   {refused, false, false},
		"forbidden": {servicecoin.ErrForbidden, false, false},
		"busy":      {servicecoin.ErrBusy, true, false},
		"deadline":  {context.DeadlineExceeded, true, true},
		"cancelled": {context.Canceled, false, true},
		"a driver":  {io.ErrUnexpectedEOF, true, true},
		"a read":    {fmt.Errorf("get: %w", servicecoin.Unchanged(io.ErrUnexpectedEOF)), true, false},
		"too late":  {servicecoin.Unchanged(context.DeadlineExceeded), true, false},
		"not begun": {servicecoin.Unchanged(context.Canceled), false, false},
		"marked":    {servicecoin.Unchanged(fmt.Errorf("x: %w", servicecoin.ErrForbidden)), false, false},
	} {
		require.Equal(t, c.retryable, servicecoin.Retryable(c.err), name)
		require.Equal(t, c.open, servicecoin.MayHaveHappened(c.err), name)
	}
	require.NoError(t, servicecoin.Unchanged(nil))
	require.EqualError(t, servicecoin.Unchanged(io.EOF), "EOF")
	require.EqualError(t, servicecoin.NotFound(key), "acme/order/7: not found")
	require.EqualError(t, refused, "refused: close 7, reported → closed: it is not resolved")
	require.EqualError(t, &servicecoin.RefusedError{Verb: "close", From: "open"}, "refused: close, in state open")
	require.EqualError(t, &servicecoin.RefusedError{Verb: "close"}, "refused: close")
}

func TestAuthorizerChecksWhoActs(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]servicecoin.Authorizer{"nil": nil, "all": func(context.Context, servicecoin.Attempt) error { return nil }} {
		require.NoError(t, f.Ask(t.Context(), servicecoin.Attempt{Actor: servicecoin.Person("ada")}), name)
		require.Equal(t, []string{"by.kind unknown", "by.id required"}, broken(t, f.Ask(t.Context(), servicecoin.Attempt{})), name)
	}
	no := servicecoin.Authorizer(func(_ context.Context, a servicecoin.Attempt) error {
		return fmt.Errorf("%w: %s", servicecoin.ErrForbidden, a)
	})
	a := servicecoin.Attempt{Actor: servicecoin.Client("mika"), Verb: "order.approve", Subject: servicecoin.Key{Customer: "acme", Kind: "order", ID: "7"}}
	require.EqualError(t, no.Ask(t.Context(), a), "forbidden: customer:mika order.approve acme/order/7")
	a.Actor.OnBehalfOf = "olga"
	require.Equal(t, "customer:mika for olga order.approve acme/order/7", a.String())
	require.Equal(t, "system:nightly", servicecoin.Program("nightly").String())
}

func TestTrace(t *testing.T) {
	t.Parallel()
	key := func(id string) servicecoin.Key {
		return servicecoin.Key{Customer: "@provider", Kind: "incident", ID: id}
	}
	trace := servicecoin.Trace{
		Label: "uptime", Value: servicecoin.Some(decimal.RequireFromString("99.86")), Unit: "%", From: []servicecoin.Key{key("b")},
		Parts: []servicecoin.Trace{{Label: "down", From: []servicecoin.Key{key("a"), key("b")}}, {Label: "known", Value: servicecoin.Undefined()}},
	}
	require.Equal(t, []servicecoin.Key{key("b"), key("a")}, trace.Keys())
	require.Equal(t, "uptime: 99.86 % [@provider/incident/b]\n  down: undefined [@provider/incident/a] [@provider/incident/b]\n  known: undefined\n", trace.String())
	b, err := json.Marshal(trace.Parts[1])
	require.NoError(t, err)
	require.JSONEq(t, `{"label":"known","value":null}`, string(b), "what is undefined is null, never zero")
}

func TestInstantIsWhatAStoreKeeps(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("", 3600)
	require.Equal(t, time.Date(2026, 1, 8, 11, 0, 0, 999_999_000, time.UTC), servicecoin.Instant(time.Date(2026, 1, 8, 12, 0, 0, 999_999_999, berlin)))
}
