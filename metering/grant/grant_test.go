package grant_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/internal/limittest"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/grant"
)

func at(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 0, 0, 0, time.UTC) }

func spent(quantity string, start, end time.Time) grant.Usage {
	return grant.Usage{During: calendar.Between(start, end), Quantity: d(quantity)}
}

func burn(t *testing.T, a grant.Account, usage ...grant.Usage) grant.Result {
	t.Helper()
	r, err := a.Burn(usage)
	require.NoError(t, err)
	return r
}

// paths are where an input is wrong, as "path code".
func paths(t *testing.T, err error) []string {
	t.Helper()
	invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
	require.True(t, ok, "%v", err)
	var list []string
	for _, v := range invalid.Violations {
		list = append(list, v.Path+" "+v.Code)
	}
	return list
}

// All that is wrong is told at once, by field and rule.
func TestViolations(t *testing.T) {
	t.Parallel()
	good := grant.Grant{ID: "g", Amount: d("10"), From: at(1, 0)}
	march := calendar.Between(at(1, 0), at(31, 0))
	for name, c := range map[string]struct {
		change func(*grant.Account)
		want   []string
	}{
		"a grant": {func(a *grant.Account) {
			a.Grants[0] = grant.Grant{
				Amount: d("-1"), From: at(2, 0), Until: at(1, 0), RolloverMin: d("2"), RolloverMax: d("1"),
				Renewal: &grant.Renewal{Every: calendar.Period{Days: 1, Months: 1}, Zone: "Mars/Base"},
			}
		}, []string{"grants[0].id required", "grants[0].amount negative", "grants[0].until order", "grants[0].renewal.every unsupported", "grants[0].renewal.zone unknown-zone", "grants[0].rolloverMin order"}},
		"hours are no renewal": {
			func(a *grant.Account) {
				a.Grants[0].Renewal = &grant.Renewal{Every: calendar.Period{Exact: time.Hour}}
			},
			[]string{"grants[0].renewal.every unsupported"},
		},
		"twice the same id":     {func(a *grant.Account) { a.Grants = append(a.Grants, good) }, []string{"grants[1].id duplicate"}},
		"unknown policies":      {func(a *grant.Account) { a.Overage, a.Counts, a.Spanning = "x", "y", "z" }, []string{"overage unknown", "counts unknown", "spanning unknown"}},
		"time runs backwards":   {func(a *grant.Account) { a.During = calendar.Between(at(2, 0), at(1, 0)) }, []string{" order"}},
		"a reset at the start":  {func(a *grant.Account) { a.Resets = []time.Time{at(1, 0), at(31, 0)} }, []string{"resets[0] out-of-range"}},
		"a reset after the end": {func(a *grant.Account) { a.Resets = []time.Time{at(31, 1)} }, []string{"resets[0] out-of-range"}},
		"a level has no periods": {func(a *grant.Account) {
			a.Counts, a.Resets = grant.Level, []time.Time{at(2, 0)}
			a.Grants[0].Renewal = &grant.Renewal{Every: calendar.Period{Days: 1}}
		}, []string{"grants[0].renewal unsupported", "resets unsupported"}},
		"an opening of others": {func(a *grant.Account) {
			a.Opening = &grant.Snapshot{At: at(2, 0), Used: d("-1"), Overage: d("-1"), Balances: map[grant.ID]decimal.Decimal{"z": d("1"), "a": d("1")}}
		}, []string{"opening.at order", "opening.used negative", "opening.overage negative", "opening.balances missing", "opening.balances unknown", "opening.balances unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := grant.Account{During: march, Grants: []grant.Grant{good}}
			c.change(&a)
			_, err := a.Burn(nil)
			got := paths(t, err)
			if c.want[0] == " order" {
				require.Len(t, got, 1)
				require.True(t, strings.HasPrefix(got[0], "during"), "%v", got)
				return
			}
			require.Equal(t, c.want, got)
		})
	}
	_, err := grant.Account{During: march, Grants: []grant.Grant{good}}.Burn([]grant.Usage{spent("1", at(2, 0), at(1, 0)), spent("-1", at(2, 0), at(2, 0)), {}})
	got := paths(t, err)
	require.Contains(t, got, "usage[1].quantity negative")
	require.Len(t, got, 4, "%v", got)
	_, err = grant.Account{During: march}.Burn([]grant.Usage{spent("1", time.Date(300_000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(300_000, 1, 1, 0, 0, 0, 0, time.UTC))})
	require.Equal(t, []string{"usage[0].during.start out-of-range", "usage[0].during.end out-of-range"}, paths(t, err))
}

// What somebody hands in costs little to refuse.
func TestLimits(t *testing.T) { //nolint:paralleltest // counts what is allocated
	daily := &grant.Renewal{Every: calendar.Period{Days: 1}}
	ages := calendar.Between(time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
	for name, a := range map[string]grant.Account{
		"grants":   {During: ages, Grants: make([]grant.Grant, grant.MaxGrants+1)},
		"resets":   {During: ages, Resets: make([]time.Time, grant.MaxResets+1)},
		"renewals": {During: ages, Grants: []grant.Grant{{ID: "g", From: ages.Start, Renewal: daily}}},
		"rollovers": {
			During: ages, Grants: make([]grant.Grant, grant.MaxRollovers/grant.MaxResets+1), Resets: make([]time.Time, grant.MaxResets),
		},
	} {
		_, err := a.Burn(nil)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, name)
		invalid, _ := errors.AsType[*servicecoin.InvalidError](err)
		found := false
		for _, v := range invalid.Violations {
			found = found || v.Code == "too-many"
		}
		require.True(t, found, "%s: %v", name, err)
	}
	for _, huge := range limittest.HugeNumbers() {
		limittest.AtOnce(t, func() {
			a := grant.Account{During: ages, Grants: []grant.Grant{{ID: "g", From: ages.Start, Amount: huge, RolloverMax: huge}}}
			require.ErrorIs(t, a.Validate(), servicecoin.ErrInvalid)
			_, err := grant.Account{During: ages}.Burn([]grant.Usage{{During: calendar.Between(at(1, 0), at(1, 0)), Quantity: huge}})
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			a = grant.Account{During: ages, Opening: &grant.Snapshot{At: ages.Start, Used: huge, Overage: huge}}
			require.ErrorIs(t, a.Validate(), servicecoin.ErrInvalid)
		})
	}
}

// Grants burn by priority, by their end, by when they were created, by id: at full
// resolution, and one without an end comes last.
func TestOrder(t *testing.T) {
	t.Parallel()
	one := d("1")
	list := []grant.Grant{
		{ID: "e", Amount: one, From: at(1, 0), Priority: 1},
		{ID: "d", Amount: one, From: at(1, 0), Priority: 1, Created: at(1, 0).Add(-time.Microsecond)},
		{ID: "c", Amount: one, From: at(1, 0), Until: at(3, 0).Add(time.Microsecond), Priority: 1},
		{ID: "b", Amount: one, From: at(1, 0), Until: at(3, 0), Priority: 1},
		{ID: "f", Amount: one, From: at(1, 0), Priority: 1},
		{ID: "a", Amount: one, From: at(1, 0), Priority: 0},
	}
	r := burn(t, grant.Account{During: calendar.Between(at(1, 0), at(2, 0)), Grants: list}, spent("6.5", at(1, 1), at(1, 1)))
	var order []grant.ID
	for _, x := range r.Segments[0].Burnt {
		order = append(order, x.Grant)
	}
	require.Equal(t, []grant.ID{"a", "b", "c", "d", "e", "f"}, order)
	require.Equal(t, "0.5", r.Closing.Overage.String())
}

// At the instant at which it ends a grant is gone, and what begins is there: Closing is
// before that, Standing after it.
func TestAtTheEnd(t *testing.T) {
	t.Parallel()
	a := grant.Account{During: calendar.Between(at(1, 0), at(2, 0)), Grants: []grant.Grant{
		{ID: "old", Amount: d("10"), From: at(1, 0), Until: at(2, 0)},
		{ID: "new", Amount: d("7"), From: at(2, 0)},
	}}
	r := burn(t, a, spent("4", at(1, 5), at(1, 6)), spent("100", at(2, 0), at(2, 1)))
	require.Equal(t, "6", r.Closing.Balance().String())
	require.Equal(t, "7", r.Standing.Balance().String())
	require.Equal(t, 1, r.Outside)
	require.Len(t, r.Segments, 2)
	require.True(t, r.Segments[1].During.Empty())
	require.Equal(t, []grant.Change{{What: grant.Lapsed, Grant: "old", Quantity: d("6")}, {What: grant.Given, Grant: "new", Quantity: d("7")}}, r.Segments[1].Begins)
}

// At a reset what is left is brought between its bounds; then the overage that is
// carried is paid, from grants that come again or begin then, too.
func TestReset(t *testing.T) {
	t.Parallel()
	a := grant.Account{
		During: calendar.Between(at(1, 0), at(3, 0)), Overage: grant.Carry, Resets: []time.Time{at(2, 0)},
		Grants: []grant.Grant{
			{ID: "min", Amount: d("100"), From: at(1, 0), RolloverMin: d("50"), RolloverMax: d("50")},
			{ID: "new", Amount: d("5"), From: at(2, 0), Priority: -1},
		},
	}
	r := burn(t, a, spent("110", at(1, 1), at(1, 1)))
	require.Equal(t, map[grant.ID]string{"min": "45", "new": "0"}, balances(r.Standing))
	require.Equal(t, "0", r.Standing.Used.String())
	require.Equal(t, []grant.Draw{{Grant: "new", Quantity: d("5"), Left: d("0")}, {Grant: "min", Quantity: d("5"), Left: d("45")}}, plain(r.Segments[1].Burnt))
	require.Equal(t, "10", r.Segments[1].Overdrawn.String())

	a.Overage = grant.Forgive
	r = burn(t, a, spent("110", at(1, 1), at(1, 1)))
	require.Equal(t, map[grant.ID]string{"min": "50", "new": "5"}, balances(r.Standing))
	require.Equal(t, grant.Change{What: grant.Forgiven, Quantity: d("10")}, r.Segments[1].Begins[0])
	require.Equal(t, "10", r.Segments[0].Overage.String(), "it is told, all the same")

	a.Resets = append(a.Resets, a.Resets[0])
	require.Equal(t, r, burn(t, a, spent("110", at(1, 1), at(1, 1))), "the same one twice is one")
}

func balances(s grant.Snapshot) map[grant.ID]string {
	m := map[grant.ID]string{}
	for id, left := range s.Balances {
		m[id] = metering.Plain(left)
	}
	return m
}

// plain brings equal numbers to one form.
func plain(draws []grant.Draw) []grant.Draw {
	for i := range draws {
		draws[i].Quantity, draws[i].Left = d(metering.Plain(draws[i].Quantity)), d(metering.Plain(draws[i].Left))
	}
	return draws
}

// A month that is too short has its last day, and the next one has the anchor's again;
// in a zone it is the same time of day on both sides of a change of the clock.
func TestRenewals(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 31, 11, 0, 0, 0, time.UTC) // noon in Berlin
	a := grant.Account{
		During: calendar.Between(start, start.AddDate(0, 5, 0)),
		Grants: []grant.Grant{{ID: "g", Amount: d("1"), From: start, Renewal: &grant.Renewal{Every: calendar.Period{Months: 1}, Zone: "Europe/Berlin"}}},
	}
	p, err := a.Compile()
	require.NoError(t, err)
	var days []string
	for _, b := range p.Boundaries() {
		days = append(days, b.Format("01-02 15"))
	}
	require.Equal(t, []string{"01-31 11", "02-28 11", "03-31 10", "04-30 10", "05-31 10", "06-30 10", "07-01 11"}, days)
}

// A grant does not come again when it ends, nor before it begins.
func TestNoRenewalAtTheEnd(t *testing.T) {
	t.Parallel()
	daily := &grant.Renewal{Every: calendar.Period{Days: 1}}
	a := grant.Account{During: calendar.Between(at(1, 0), at(9, 0)), Grants: []grant.Grant{
		{ID: "ends", Amount: d("5"), From: at(1, 0), Until: at(3, 0), Renewal: daily},
		{ID: "voided", Amount: d("5"), From: at(1, 0), Until: at(8, 0), Voided: at(3, 0), Renewal: daily},
		{ID: "later", Amount: d("5"), From: at(8, 0), Renewal: daily},
	}}
	r := burn(t, a, spent("1", at(7, 0), at(7, 0)))
	require.Equal(t, map[grant.ID]string{"ends": "0", "voided": "0", "later": "4"}, balances(r.Closing))
	require.Len(t, r.Segments, 5, "1, 2, 3, 8 and the end")
}

// A quantity of a window in which something happens counts where it begins, or in
// parts, or not at all: as the account says.
func TestSpanning(t *testing.T) {
	t.Parallel()
	a := grant.Account{During: calendar.Between(at(1, 0), at(2, 0)), Grants: []grant.Grant{{ID: "g", Amount: d("100"), From: at(1, 0), Until: at(1, 8)}}}
	day := spent("10", at(1, 7), at(1, 10))
	r := burn(t, a, day)
	require.Equal(t, "0", r.Standing.Overage.String())

	a.Spanning = grant.ByTime
	r = burn(t, a, day)
	require.Equal(t, "3.333333333", r.Segments[0].Used.String())
	require.Equal(t, "6.666666667", r.Segments[1].Used.String(), "the parts sum to the whole")
	r = burn(t, a, spent("12", at(0, 22), at(1, 4)), spent("6", at(1, 23), at(2, 1)), spent("1", at(0, 0), at(1, 0)))
	require.Equal(t, "11", r.Standing.Used.String(), "of what begins before, or ends after, a part")
	require.Equal(t, 1, r.Outside)

	a.Spanning = grant.Uncut
	_, err := a.Burn([]grant.Usage{day})
	require.Equal(t, []string{"usage[0].during spanning"}, paths(t, err))
}

// A level burns nothing: the grants that hold are its limit, and the last one counts.
func TestLevel(t *testing.T) {
	t.Parallel()
	a := grant.Account{
		During: calendar.Between(at(1, 0), at(3, 0)), Counts: grant.Level,
		Grants: []grant.Grant{{ID: "base", Amount: d("100"), From: at(1, 0)}, {ID: "more", Amount: d("50"), From: at(1, 0), Until: at(2, 0)}},
	}
	usage := []grant.Usage{spent("30", at(1, 5), at(1, 5)), spent("120", at(1, 9), at(1, 9)), spent("110", at(1, 9), at(1, 9)), spent("20", at(1, 2), at(1, 2))}
	r := burn(t, a, usage...)
	require.Equal(t, "120", r.Segments[0].Used.String(), "of two at once the greater one")
	require.Equal(t, "30", r.Segments[0].Closing.String())
	require.Equal(t, "120", r.Segments[1].Used.String(), "it counts until there is another one")
	require.Equal(t, "20", r.Standing.Overage.String())
	require.Equal(t, grant.Line{Grant: "base", Given: d("100"), Burnt: d("100"), Balance: d("0")}, line(r, "base"))

	more := a
	more.Grants = append(more.Grants, grant.Grant{ID: "then", Amount: d("50"), From: at(3, 0)})
	then := burn(t, more, append(usage, spent("1", at(3, 0), at(3, 0)))...)
	require.Equal(t, "20", then.Closing.Overage.String())
	require.Equal(t, "0", then.Standing.Overage.String())
	require.Equal(t, "30", then.Standing.Balance().String(), "what begins at the end covers it as of then")
	require.Equal(t, 1, then.Outside)

	second := a
	second.During = calendar.Between(at(3, 0), at(4, 0))
	second.Opening = &r.Standing
	r = burn(t, second)
	require.Equal(t, "20", r.Standing.Overage.String(), "and after a snapshot")
}

func line(r grant.Result, id grant.ID) grant.Line {
	for _, l := range r.Lines {
		if l.Grant == id {
			l.Balance, l.Burnt = d(metering.Plain(l.Balance)), d(metering.Plain(l.Burnt))
			return l
		}
	}
	return grant.Line{}
}

// Windows of a series are in order, apart, and in the account's time.
func TestSeriesRefuses(t *testing.T) {
	t.Parallel()
	p, err := grant.Account{During: calendar.Between(at(1, 0), at(3, 0))}.Compile()
	require.NoError(t, err)
	day := calendar.Between(at(1, 0), at(2, 0))
	for name, windows := range map[string][]calendar.Interval{
		"before":    {calendar.Between(at(0, 0), at(1, 0))},
		"after":     {calendar.Between(at(2, 0), at(3, 1))},
		"twice":     {day, day},
		"empty":     {calendar.Between(at(2, 0), at(2, 0))},
		"backwards": {calendar.Between(at(2, 0), at(1, 0))},
		"too many":  make([]calendar.Interval, metering.MaxPoints+1),
	} {
		_, err := p.Series(nil, windows)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, name)
	}
	_, err = p.Series([]grant.Usage{spent("-1", at(1, 0), at(1, 0))}, []calendar.Interval{day})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = p.Burn(make([]grant.Usage, 1000))
	require.Len(t, paths(t, err), servicecoin.MaxViolations, "nobody reads more")
}

// Resets come from periods, without the start and with the end.
func TestResets(t *testing.T) {
	t.Parallel()
	periods, err := metering.NewPeriods(metering.Rhythm{Every: calendar.Period{Days: 7}, Anchor: at(1, 0)})
	require.NoError(t, err)
	require.Equal(t, []time.Time{at(8, 0), at(15, 0)}, grant.Resets(periods, calendar.Between(at(1, 0), at(15, 0))))
	require.Empty(t, grant.Resets(periods, calendar.Between(at(1, 0), at(1, 0))))
	require.Empty(t, grant.Resets(metering.Periods{}, calendar.Between(at(1, 0), at(15, 0))))
}

// Usage comes from what a meter says of windows; one without a value used nothing.
func TestWindows(t *testing.T) {
	t.Parallel()
	first, second := calendar.Between(at(1, 0), at(2, 0)), calendar.Between(at(2, 0), at(3, 0))
	usage := grant.Windows([]metering.Point{{Interval: first}, {Interval: second, Value: servicecoin.Some(d("3"))}})
	require.Equal(t, []grant.Usage{{During: second, Quantity: d("3")}}, usage)
}

// An account reads back as it was written, and so does what became of it.
func TestJSON(t *testing.T) {
	t.Parallel()
	a := grant.Account{
		During: calendar.Between(at(1, 0), at(9, 0)), Overage: grant.Carry, Resets: []time.Time{at(8, 0)},
		Grants: []grant.Grant{{
			ID: "g", Amount: d("10.5"), Priority: 2, From: at(1, 0), Until: at(30, 0), Voided: at(20, 0), Created: at(1, 1),
			Renewal: &grant.Renewal{Every: calendar.Period{Days: 7}, Anchor: at(3, 0), Zone: "Europe/Berlin"}, RolloverMin: d("0"), RolloverMax: d("3"),
		}},
		Opening: &grant.Snapshot{At: at(1, 0), Used: d("1"), Overage: d("0"), Balances: map[grant.ID]decimal.Decimal{"g": d("4")}},
	}
	text, err := json.Marshal(a)
	require.NoError(t, err)
	var back grant.Account
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, a, back)

	want := burn(t, a, spent("7", at(2, 0), at(2, 1)))
	text, err = json.Marshal(want)
	require.NoError(t, err)
	var r grant.Result
	require.NoError(t, json.Unmarshal(text, &r))
	again, err := json.Marshal(r)
	require.NoError(t, err)
	require.JSONEq(t, string(text), string(again))
}

// A person can follow the balance to what each grant paid, and when.
func TestWords(t *testing.T) {
	t.Parallel()
	a := grant.Account{During: calendar.Between(at(1, 0), at(3, 0)), Resets: []time.Time{at(2, 0)}, Grants: []grant.Grant{
		{ID: "Starter credit", Amount: d("100"), From: at(1, 0), Until: at(1, 12)},
		{ID: "Plan", Amount: d("1000"), From: at(1, 0), Priority: 1, RolloverMax: d("100")},
		{ID: "Never", Amount: d("1"), From: at(9, 0)},
	}}
	r := burn(t, a, spent("130", at(1, 2), at(1, 3)), spent("1000", at(1, 20), at(1, 21)), spent("5", at(2, 1), at(2, 2)))
	trace := r.Trace("GB")
	require.Equal(t, "0", trace.Value.Decimal.String())
	require.Equal(t, strings.TrimLeft(`
What is left of all grants on 3 Mar 2026, 00:00: 0 GB
  Starter credit: 100 GB of 100 GB used: 0 GB
    Used from 1 Mar 2026, 00:00 to 1 Mar 2026, 12:00: 100 GB
    Lapsed on 1 Mar 2026, 12:00: 0 GB
  Plan: 1 000 GB of 1 000 GB used: 0 GB
    Used from 1 Mar 2026, 00:00 to 1 Mar 2026, 12:00: 30 GB
    Used from 1 Mar 2026, 12:00 to 2 Mar 2026, 00:00: 970 GB
    Taken into the period that begins on 2 Mar 2026, 00:00: 0 GB
  Used, and covered by no grant: 5 GB
`, "\n"), strings.ReplaceAll(trace.Tell(servicecoin.Reader{}).String(), "\u202f", " "))
	require.Len(t, trace.Keys(), 2)
	a.Overage, a.Resets[0] = grant.Carry, at(3, 0)
	a.Grants[1].Renewal, a.Grants[2].From = &grant.Renewal{Every: calendar.Period{Days: 1}}, at(1, 13)
	told := burn(t, a, spent("1200", at(2, 2), at(2, 3))).Trace("GB").Tell(servicecoin.Reader{}).String()
	require.Contains(t, told, "Given again on 2 Mar 2026, 00:00")
	require.Contains(t, told, "Given on 1 Mar 2026, 13:00")
	require.Contains(t, told, "Paid on 3 Mar 2026, 00:00 for what was used before")
	covered, ok := r.Covered("Plan", "GB")
	require.True(t, ok)
	require.Contains(t, covered.String(), "grant Plan: 1000 there, 0 given, 1000 burnt, 0 lapsed: 0 GB [/grant.grant/Plan]")
	_, ok = r.Covered("nobody", "GB")
	require.False(t, ok)
}

// Whatever is written as JSON, an account is refused or reckons, soon.
func FuzzAccount(f *testing.F) {
	f.Add(`{"during":{"start":"2026-03-01T00:00:00Z","end":"2026-04-01T00:00:00Z"},"grants":[{"id":"g","amount":"5","from":"2026-03-01T00:00:00Z","renewal":{"every":"P1D"},"rolloverMin":"1","rolloverMax":"2"}],"resets":["2026-03-02T00:00:00Z"]}`, `[{"during":{"start":"2026-03-01T00:00:00Z","end":"2026-03-03T00:00:00Z"},"quantity":"1.5"}]`)
	f.Add(`{"counts":"level","spanning":"time"}`, `[{}]`)
	f.Fuzz(func(t *testing.T, account, usage string) {
		var a grant.Account
		var u []grant.Usage
		if json.Unmarshal([]byte(account), &a) != nil || json.Unmarshal([]byte(usage), &u) != nil {
			return
		}
		r, err := a.Burn(u)
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			return
		}
		for _, l := range r.Lines {
			require.False(t, l.Balance.IsNegative())
			require.True(t, l.Opening.Add(l.Given).Equal(l.Burnt.Add(l.Lapsed).Add(l.Balance)))
		}
	})
}
