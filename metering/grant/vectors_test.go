package grant_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering/grant"
)

// vector is a case of testdata/vectors.
type vector struct {
	ID     string          `json:"id"`
	Model  string          `json:"model"`
	Params json.RawMessage `json:"params"`
	Input  json.RawMessage `json:"input"`
	Expect json.RawMessage `json:"expect"`
	Quirk  bool            `json:"quirk"`
	Source string          `json:"source"`
	Note   string          `json:"note"`
}

// quirks is the policy for each case that only its source behaves like.
func quirks() map[string]string {
	return map[string]string{"grant-latest": "reached by Counts: Level"}
}

// fields reads an object, and fails on a field that the adapter does not know.
func fields[T any](t *testing.T, raw json.RawMessage) T {
	t.Helper()
	var x T
	if len(raw) > 0 {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&x))
	}
	return x
}

func TestGrantVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/vectors/grants.json")
	require.NoError(t, err)
	cases := fields[[]vector](t, text)
	require.NotEmpty(t, cases)
	checks := map[string]func(*testing.T, vector){
		"grant_burn_down": checkBurnDown, "grant_burn_down_scale": checkScale, "grant_limit_latest": checkLevel, "grant_segments_utc": checkSegments,
		"entitlement_reset": checkReset, "entitlement_balance": checkBalance, "invariant": checkInvariant,
		"grant_active_at": checkActive, "grant_effective_period": checkHolds,
	}
	passed, quirk := map[string]int{}, map[string]bool{}
	for _, c := range cases {
		if c.Quirk {
			require.Contains(t, quirks(), c.ID, "a quirk needs a named policy")
			quirk[c.ID] = true
		}
		check, ok := checks[c.Model]
		require.True(t, ok, "no check for model %s of case %s", c.Model, c.ID)
		if t.Run(c.ID, func(t *testing.T) { check(t, c) }) {
			passed[c.Model]++
		}
	}
	require.Len(t, quirk, len(quirks()), "a policy for a case that is not there")
	t.Logf("grants.json: %d cases, passed %v, %d of them quirks, by a policy", len(cases), passed, len(quirk))
}

// grantVector is a grant as the vectors write it. What has no priority has 1, what has
// no id is named by its place.
type grantVector struct {
	ID           string              `json:"id"`
	Amount       decimal.Decimal     `json:"amount"`
	Priority     int                 `json:"priority"`
	EffectiveAt  string              `json:"effective_at"`
	Effective    string              `json:"effective"` // relative to T
	CreatedAt    string              `json:"created_at"`
	ExpiresAfter string              `json:"expires_after"` // an ISO 8601 duration
	ExpiresAt    string              `json:"expires_at"`
	Expires      string              `json:"expires"` // relative to T
	VoidedAt     string              `json:"voided_at"`
	DeletedAt    string              `json:"deleted_at"`
	RolloverMin  decimal.NullDecimal `json:"rollover_min"`
	RolloverMax  decimal.NullDecimal `json:"rollover_max"`
	Recurrence   *struct {
		Interval calendar.Period `json:"interval"`
		Anchor   string          `json:"anchor"`
	} `json:"recurrence"`
}

// instant reads an instant, or one that is relative: "T", "T+1h1m", "+1h", "-1m", "0",
// "T+3d".
func instant(t *testing.T, text string) time.Time {
	t.Helper()
	base := time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)
	rest := strings.TrimPrefix(text, "T")
	if rest == "" || rest == "0" {
		return base
	}
	if days, ok := strings.CutSuffix(rest, "d"); ok {
		n, err := strconv.Atoi(days)
		require.NoError(t, err)
		return base.AddDate(0, 0, n)
	}
	if rest[0] == '+' || rest[0] == '-' {
		d, err := time.ParseDuration(rest)
		require.NoError(t, err)
		return base.Add(d)
	}
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return at
}

func grants(t *testing.T, list []grantVector) []grant.Grant {
	t.Helper()
	made := make([]grant.Grant, len(list))
	for i, x := range list {
		g := grant.Grant{ID: grant.ID(x.ID), Amount: x.Amount, Priority: x.Priority, RolloverMin: x.RolloverMin.Decimal, RolloverMax: x.RolloverMax.Decimal}
		if g.ID == "" {
			g.ID = grant.ID("g" + strconv.Itoa(i+1))
		}
		for _, f := range []struct {
			text string
			into *time.Time
		}{
			{x.EffectiveAt + x.Effective, &g.From},
			{x.ExpiresAt + x.Expires, &g.Until},
			{x.CreatedAt, &g.Created},
			{x.VoidedAt, &g.Voided},
		} {
			if f.text != "" {
				*f.into = instant(t, f.text)
			}
		}
		if x.ExpiresAfter != "" {
			length, err := calendar.ParsePeriod(x.ExpiresAfter)
			require.NoError(t, err)
			g.Until = length.After(g.From, g.From.Location())
		}
		if x.DeletedAt != "" {
			g.Voided = deleted(g.Voided, instant(t, x.DeletedAt))
		}
		if x.Recurrence != nil {
			g.Renewal = &grant.Renewal{Every: x.Recurrence.Interval, Anchor: instant(t, x.Recurrence.Anchor)}
		}
		made[i] = g
	}
	return made
}

// deleted is when a grant was taken back that was deleted: there is one way to do it.
func deleted(voided, at time.Time) time.Time {
	if voided.IsZero() || at.Before(voided) {
		return at
	}
	return voided
}

type usageVector struct {
	Time  string          `json:"time"`
	Value decimal.Decimal `json:"value"`
}

func used(t *testing.T, list []usageVector) []grant.Usage {
	t.Helper()
	made := make([]grant.Usage, len(list))
	for i, x := range list {
		at := instant(t, x.Time)
		made[i] = grant.Usage{During: calendar.Between(at, at), Quantity: x.Value}
	}
	return made
}

type runVector struct {
	At       string                       `json:"at"`
	Start    map[grant.ID]decimal.Decimal `json:"start_balances"`
	Overage  decimal.Decimal              `json:"start_overage"`
	Usage    []usageVector                `json:"usage"`
	Until    string                       `json:"until"`
	Preserve bool                         `json:"preserve_overage"`
}

type accountVector struct {
	Grants      []grantVector `json:"grants"`
	Resets      []string      `json:"resets"`
	Preserve    bool          `json:"preserve_overage"`
	Aggregation string        `json:"aggregation"`
	From        string        `json:"measure_from"`
}

func account(t *testing.T, c vector) (grant.Account, []grant.Usage) {
	t.Helper()
	params, in := fields[accountVector](t, c.Params), fields[runVector](t, c.Input)
	a := grant.Account{During: calendar.Between(instant(t, in.At), instant(t, in.Until)), Grants: grants(t, params.Grants)}
	for _, r := range params.Resets {
		a.Resets = append(a.Resets, instant(t, r))
	}
	if params.Preserve || in.Preserve {
		a.Overage = grant.Carry
	}
	if params.Aggregation == "latest" {
		a.Counts = grant.Level
	}
	if in.Start != nil {
		a.Opening = &grant.Snapshot{At: a.During.Start, Overage: in.Overage, Balances: in.Start}
	}
	return a, used(t, in.Usage)
}

// checkBurnDown compares what stands when the run ends: before anything that happens at
// that very instant, except that a period that begins then has begun. Of segments
// without a length, the source has none but that of a reset.
func checkBurnDown(t *testing.T, c vector) {
	a, usage := account(t, c)
	want := fields[struct {
		Balances map[grant.ID]decimal.Decimal `json:"balances"`
		Overage  decimal.NullDecimal          `json:"overage"`
		Since    decimal.NullDecimal          `json:"usage_since_reset"`
		Segments int                          `json:"segments"`
		Error    bool                         `json:"error"`
	}](t, c.Expect)
	got, err := a.Burn(usage)
	if want.Error {
		require.ErrorIs(t, err, servicecoin.ErrInvalid)
		return
	}
	require.NoError(t, err)
	stands, segments := got.Closing, len(got.Segments)
	reset := false
	for _, r := range a.Resets {
		reset = reset || r.Equal(a.During.End)
	}
	if reset {
		stands = got.Standing
	} else if got.Segments[segments-1].During.Empty() {
		segments--
	}
	for id, left := range want.Balances {
		require.Contains(t, stands.Balances, id)
		equal(t, left, stands.Balances[id], id)
	}
	if want.Overage.Valid {
		equal(t, want.Overage.Decimal, stands.Overage)
	}
	if want.Since.Valid {
		equal(t, want.Since.Decimal, stands.Used)
	}
	if want.Segments > 0 {
		require.Equal(t, want.Segments, segments)
	}
}

func equal(t *testing.T, want, got decimal.Decimal, about ...any) {
	t.Helper()
	require.True(t, want.Equal(got), "%v: want %s, got %s", fmt.Sprint(about...), want, got)
}

func checkScale(t *testing.T, c vector) {
	params := fields[struct {
		Grants int             `json:"grants"`
		Amount decimal.Decimal `json:"amount_each"`
		After  calendar.Period `json:"expires_after"`
		One    calendar.Period `json:"one_grant_expires_after"`
	}](t, c.Params)
	in := fields[struct {
		Usage decimal.Decimal `json:"usage"`
	}](t, c.Input)
	want := fields[struct {
		That decimal.Decimal `json:"that_grant_balance"`
		All  decimal.Decimal `json:"all_other_balances"`
	}](t, c.Expect)
	start := instant(t, "T")
	a := grant.Account{During: calendar.Between(start, start.AddDate(0, 0, 1))}
	for i := range params.Grants {
		g := grant.Grant{ID: grant.ID("grant-" + strconv.Itoa(i)), Amount: params.Amount, From: start, Until: params.After.After(start, nil)}
		if i == 0 {
			g.Until = params.One.After(start, nil)
		}
		a.Grants = append(a.Grants, g)
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(a.Grants), func(i, j int) { a.Grants[i], a.Grants[j] = a.Grants[j], a.Grants[i] })
	at := start.Add(time.Hour)
	got, err := a.Burn([]grant.Usage{{During: calendar.Between(at, at), Quantity: in.Usage}})
	require.NoError(t, err)
	require.Len(t, got.Closing.Balances, params.Grants)
	for id, left := range got.Closing.Balances {
		if id == "grant-0" {
			equal(t, want.That, left, id)
		} else if !want.All.Equal(left) {
			t.Fatalf("%s has %s", id, left)
		}
	}
}

func checkLevel(t *testing.T, c vector) {
	a, usage := account(t, c)
	want := fields[struct {
		Balance  decimal.Decimal `json:"balance"`
		Segments []struct {
			Usage decimal.Decimal `json:"usage"`
			Start decimal.Decimal `json:"balance_start"`
			End   decimal.Decimal `json:"balance_end"`
		} `json:"segments"`
	}](t, c.Expect)
	got, err := a.Burn(usage)
	require.NoError(t, err)
	equal(t, want.Balance, got.Standing.Balance())
	require.Len(t, got.Segments, len(want.Segments))
	for i, s := range want.Segments {
		equal(t, s.Usage, got.Segments[i].Used)
		equal(t, s.Start, got.Segments[i].Opening)
		equal(t, s.End, got.Segments[i].Closing)
	}
}

func checkSegments(t *testing.T, c vector) {
	a, usage := account(t, c)
	want := fields[struct {
		Starts []time.Time `json:"segment_starts"`
	}](t, c.Expect)
	got, err := a.Burn(usage)
	require.NoError(t, err)
	var starts []time.Time
	for _, s := range got.Segments {
		require.Equal(t, time.UTC, s.During.Start.Location())
		starts = append(starts, s.During.Start)
	}
	require.Equal(t, want.Starts, starts)
}

func checkReset(t *testing.T, c vector) {
	params := fields[accountVector](t, c.Params)
	in := fields[struct {
		From     string        `json:"measure_from"`
		Usage    []usageVector `json:"usage"`
		At       string        `json:"reset_at"`
		Preserve bool          `json:"preserve_overage"`
	}](t, c.Input)
	want := fields[struct {
		Balance  decimal.NullDecimal          `json:"balance"`
		Overage  decimal.NullDecimal          `json:"overage"`
		Used     decimal.NullDecimal          `json:"usage_in_period"`
		Balances map[grant.ID]decimal.Decimal `json:"balances"`
		Error    bool                         `json:"error"`
	}](t, c.Expect)
	a := grant.Account{During: calendar.Between(instant(t, params.From+in.From), instant(t, in.At)), Grants: grants(t, params.Grants), Resets: []time.Time{instant(t, in.At)}}
	for _, r := range params.Resets { // before the one in question
		a.Resets = append(a.Resets, instant(t, r))
	}
	if params.Preserve || in.Preserve {
		a.Overage = grant.Carry
	}
	got, err := a.Burn(used(t, in.Usage))
	if want.Error {
		require.ErrorIs(t, err, servicecoin.ErrInvalid)
		return
	}
	require.NoError(t, err)
	for _, x := range []struct {
		want decimal.NullDecimal
		got  decimal.Decimal
	}{{want.Balance, got.Standing.Balance()}, {want.Overage, got.Standing.Overage}, {want.Used, got.Standing.Used}} {
		if x.want.Valid {
			equal(t, x.want.Decimal, x.got)
		}
	}
	for id, left := range want.Balances {
		equal(t, left, got.Standing.Balances[id], id)
	}
}

func checkBalance(t *testing.T, c vector) {
	params := fields[accountVector](t, c.Params)
	in := fields[struct {
		Usage  []usageVector `json:"usage"`
		At     string        `json:"at"`
		From   string        `json:"from"`
		To     string        `json:"to"`
		Window string        `json:"window"`
	}](t, c.Input)
	want := fields[struct {
		Used     decimal.NullDecimal        `json:"usage_in_period"`
		Balance  decimal.NullDecimal        `json:"balance"`
		Overage  decimal.NullDecimal        `json:"overage"`
		Windows  int                        `json:"windows"`
		Segments int                        `json:"segments"`
		ByHour   map[string]decimal.Decimal `json:"usage_by_hour"`
		Starts   map[string]decimal.Decimal `json:"balance_at_start_by_hour"`
	}](t, c.Expect)
	a := grant.Account{During: calendar.Between(instant(t, params.From), instant(t, in.At+in.To)), Grants: grants(t, params.Grants)}
	for _, r := range params.Resets {
		a.Resets = append(a.Resets, instant(t, r))
	}
	if params.Preserve {
		a.Overage = grant.Carry
	}
	plan, err := a.Compile()
	require.NoError(t, err)
	got, err := plan.Burn(used(t, in.Usage))
	require.NoError(t, err)
	if want.Balance.Valid {
		equal(t, want.Balance.Decimal, got.Standing.Balance())
	}
	if want.Used.Valid {
		equal(t, want.Used.Decimal, got.Standing.Used)
	}
	if want.Overage.Valid {
		equal(t, want.Overage.Decimal, got.Standing.Overage)
	}
	if in.Window == "" {
		return
	}
	require.Equal(t, "hour", in.Window)
	var windows []calendar.Interval
	for at := instant(t, in.From); at.Before(instant(t, in.To)); at = at.Add(time.Hour) {
		windows = append(windows, calendar.Between(at, at.Add(time.Hour)))
	}
	points, err := plan.Series(used(t, in.Usage), windows)
	require.NoError(t, err)
	require.Len(t, points, want.Windows)
	require.Len(t, got.Segments, want.Segments)
	for i, p := range points {
		equal(t, want.ByHour[strconv.Itoa(i)], p.Used, "hour", i)
	}
	for hour, left := range want.Starts {
		i, err := strconv.Atoi(hour)
		require.NoError(t, err)
		equal(t, left, points[i].Balance, "hour", hour)
	}
}

// checkInvariant names the property test that holds what the case says in words.
func checkInvariant(t *testing.T, c vector) {
	want := fields[struct {
		Rule string `json:"rule"`
	}](t, c.Expect)
	require.Equal(t, "grant amount == usage_in_period + balance - overage, also when events arrive late and snapshots exist", want.Rule, "see TestLateUsage")
	t.Run("late", TestLateUsage)
}

func checkActive(t *testing.T, c vector) {
	in := fields[struct {
		At string `json:"at"`
	}](t, c.Input)
	want := fields[struct {
		Active bool `json:"active"`
	}](t, c.Expect)
	require.Equal(t, want.Active, relative(t, c).Active(instant(t, in.At)))
}

func relative(t *testing.T, c vector) grant.Grant {
	t.Helper()
	p := fields[struct {
		Effective string `json:"effective"`
		Expires   string `json:"expires"`
		Voided    string `json:"voided"`
		Deleted   string `json:"deleted"`
	}](t, c.Params)
	g := grant.Grant{ID: "g", From: instant(t, p.Effective)}
	if p.Expires != "" {
		g.Until = instant(t, p.Expires)
	}
	if p.Voided != "" {
		g.Voided = instant(t, p.Voided)
	}
	if p.Deleted != "" {
		g.Voided = deleted(g.Voided, instant(t, p.Deleted))
	}
	return g
}

func checkHolds(t *testing.T, c vector) {
	want := fields[struct {
		From string  `json:"from"`
		To   *string `json:"to"`
	}](t, c.Expect)
	during, ends := relative(t, c).Holds()
	require.Equal(t, instant(t, want.From), during.Start)
	require.Equal(t, want.To != nil, ends)
	if ends {
		require.Equal(t, instant(t, *want.To), during.End)
	}
}
