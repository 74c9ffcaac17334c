package entitle_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/metering/grant"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
	"github.com/servicecoin/servicecoin/store/storetest"
)

// Many that review at once tell each thing once.
func TestTwoReviewers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	w.windows["settlement"] = calendar.SetOf(calendar.Between(at(5, 10), at(5, 18)))
	k := stored()
	for i := range 20 {
		k.Thresholds = append(k.Thresholds, entitle.Threshold{Name: fmt.Sprint("t", i), Measure: entitle.Amount, At: d("10").Add(decimal.NewFromInt(int64(i)))})
	}
	w.set(k)
	w.at(at(5, 12))
	w.record("call", "1500", at(5, 11))
	var all sync.WaitGroup
	var mu sync.Mutex
	told := map[string]int{}
	for range 8 {
		all.Go(func() {
			list, err := w.entitlements.Review(t.Context(), ada, at(5, 12))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, x := range list {
				told[x.ID+" "+x.Threshold+x.Critical]++
			}
		})
	}
	all.Wait()
	require.Len(t, told, 24, "22 thresholds, two limits")
	for name, n := range told {
		require.Equal(t, 1, n, name)
	}
	require.Equal(t, map[string]int{entitle.EventSet: 1, entitle.EventThresholdReached: 22, entitle.EventExceeded: 2}, w.events())
}

// A commit that is lost, or whose answer is, tells nothing, or once.
func TestKilledBetween(t *testing.T) {
	t.Parallel()
	for _, fault := range []storetest.Fault{storetest.Conflict, storetest.Before, storetest.After} {
		faults := storetest.NewFaults(memory.New())
		w := newWorld(t, "", faults)
		w.set(plainLimit("10"))
		w.record("call", "11", at(1, 0))
		faults.Script(fault)
		_, err := w.entitlements.Review(t.Context(), ada, at(1, 0))
		if fault != storetest.Conflict {
			require.Error(t, err)
		}
		_, err = w.entitlements.Review(t.Context(), ada, at(1, 0))
		require.NoError(t, err)
		require.Equal(t, 1, w.events()[entitle.EventExceeded])
		n := 0
		for _, err := range w.entitlements.Tellings("f").All(t.Context()) {
			require.NoError(t, err)
			n++
		}
		require.Equal(t, 1, n)
	}
}

// An event that is voided lets the figure fall: what was told stays, and is told again
// only where that was asked for.
func TestFallsAndRisesAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	k := plainLimit("100")
	k.Thresholds = []entitle.Threshold{
		{Name: "once", Measure: entitle.Percent, At: d("80")},
		{Name: "again", Measure: entitle.Percent, At: d("80"), Rearm: some("5")},
	}
	w.set(k)
	w.at(at(2, 0))
	require.Equal(t, []string{"once 85 of 80", "again 85 of 80"}, words(w.uses("call", "85", at(1, 5))))
	require.Equal(t, []string{"over  120 of 100"}, words(w.uses("call", "35", at(1, 6))))
	void := func(id string) []entitle.Told {
		w.n++
		e := metering.Event{Source: "test", ID: strconv.Itoa(w.n), Does: metering.Void, Of: metering.Ref{Source: "test", ID: id}}
		r, err := w.ledger.Record(t.Context(), ada, e)
		require.NoError(t, err)
		require.NoError(t, r.Err())
		told, err := w.entitlements.LookAfter(t.Context(), ada, e)
		require.NoError(t, err)
		return told
	}
	require.Empty(t, void("2"))
	require.True(t, w.judge("f", "15", at(2, 0)).Allowed)
	require.Empty(t, words(w.uses("call", "14", at(1, 7))), "99: it never fell below 75")
	require.Empty(t, void("1"), "14")
	require.Equal(t, []string{"again 84 of 80"}, words(w.uses("call", "70", at(1, 7))))
	require.Empty(t, words(w.uses("call", "70", at(1, 7))), "the limit was told")
	n := w.events()
	require.Equal(t, 3, n[entitle.EventThresholdReached])
	require.Equal(t, 1, n[entitle.EventExceeded])
}

// What comes late is judged in its own period, by the version that held last in it.
func TestLateEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	w.set(plainLimit("100"))
	w.at(at(15, 0))
	w.set(plainLimit("200"))
	w.at(at(40, 0)) // in April
	require.Empty(t, w.uses("call", "150", at(5, 0)), "over what held then, within what held last")
	require.Empty(t, w.uses("call", "150", at(40, 0)), "April")
	told := w.uses("call", "60", at(16, 0))
	require.Equal(t, []string{"over  210 of 200"}, words(told))
	require.Equal(t, march().End.Add(-time.Microsecond), told[0].At)
	require.Equal(t, at(40, 0), told[0].ToldAt)
	require.Equal(t, at(15, 0), told[0].Version)
	x, err := w.entitlements.Excesses(t.Context(), "f", calendar.Between(at(-30, 0), at(60, 0)))
	require.NoError(t, err)
	require.Len(t, x, 1)
	require.Equal(t, "10", x[0].Quantity.String())
	require.Equal(t, march(), x[0].Period)

	// What has ended in mid-period counts up to its end.
	_, err = w.entitlements.End(t.Context(), ada, "f", at(41, 0))
	require.NoError(t, err)
	require.Empty(t, w.uses("call", "500", at(41, 0)))
	require.Equal(t, []string{"over  650 of 200"}, words(w.uses("call", "500", at(40, 20))))
}

// On the day on which clocks are changed a window has the hours that the wall shows.
func TestCriticalWindowAcrossAChangeOfClocks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "Europe/Berlin", nil)
	h, err := hours.Parse("01:00-04:00")
	require.NoError(t, err)
	h.Zone = "Europe/Berlin"
	nights, err := h.CompileYears(2026, 2026, nil)
	require.NoError(t, err)
	w.windows["night"], err = nights.Set(nights.Span())
	require.NoError(t, err)
	k := plainLimit("1000")
	k.Critical = []entitle.Critical{{Name: "night", Limit: d("10"), Exceeding: []entitle.Consequence{{Act: entitle.Refuse}}}}
	w.set(k)
	// 29 March: 01:00 CET is 00:00 UTC, 04:00 CEST is 02:00 UTC.
	for when, inside := range map[time.Time]string{
		time.Date(2026, 3, 28, 23, 59, 0, 0, time.UTC): "0", time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC): "1",
		time.Date(2026, 3, 29, 1, 59, 0, 0, time.UTC): "2", time.Date(2026, 3, 29, 2, 0, 0, 0, time.UTC): "0",
		time.Date(2026, 3, 30, 1, 59, 0, 0, time.UTC): "4",
	} {
		v := inside
		if v == "0" {
			v = "100"
		}
		w.record("call", v, when)
	}
	s, err := w.entitlements.Standing(t.Context(), "f", d("0"), time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	require.Equal(t, "207", s.Judgement.Counters[0].Used.Decimal.String())
	require.Equal(t, "7", s.Judgement.Counters[1].Used.Decimal.String())
	require.Equal(t, time.Date(2026, 3, 29, 2, 0, 0, 0, time.UTC), s.Judgement.Until)
	require.True(t, s.Facts.Inside[0].Open)
	require.False(t, w.judge("f", "4", time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)).Allowed)
	require.True(t, w.judge("f", "4", time.Date(2026, 3, 29, 2, 0, 0, 0, time.UTC)).Allowed)
	berlin, err := w.customer.Location()
	require.NoError(t, err)
	text := s.Trace().Tell(servicecoin.Reader{Zone: berlin}).String()
	require.Contains(t, text, "Left of 10 calls in night: 3 calls")
	require.Contains(t, text, "From 29 Mar 2026, 01:00 to 29 Mar 2026, 04:00, out of 2 events: 3 calls")
}

func TestLevels(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	for _, meter := range []metering.MeterID{"disk", "peak"} {
		k := plainLimit("100")
		k.Feature, k.Meter, k.Counts = entitle.FeatureID(meter), meter, grant.Level
		w.set(k)
	}
	w.uses("disk", "120", at(1, 1))
	told := w.uses("disk", "90", at(1, 2))
	require.Empty(t, told)
	require.True(t, w.judge("disk", "100", at(1, 3)).Allowed)
	require.False(t, w.judge("disk", "101", at(1, 3)).Allowed)
	require.Equal(t, "120", w.judge("peak", "0", at(1, 3)).Counters[0].Used.Decimal.String())
	require.Equal(t, "90", w.judge("disk", "0", at(1, 3)).Counters[0].Used.Decimal.String())
	f, err := w.entitlements.Forecast(t.Context(), "disk", at(1, 3))
	require.NoError(t, err)
	require.False(t, f.Expected.Valid)
}

func TestForecastOfADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	k := plainLimit("310")
	k.Thresholds = []entitle.Threshold{{Name: "on course", Measure: entitle.Expected, At: d("100")}}
	w.set(k)
	for day := 1; day <= 4; day++ {
		w.record("call", strconv.Itoa(9+day%2*2), at(day, 3)) // 11, 9, 11, 9
	}
	w.at(at(5, 0))
	f, err := w.entitlements.Forecast(t.Context(), "f", at(5, 0))
	require.NoError(t, err)
	require.Equal(t, "310", f.Expected.Decimal.String())
	require.Equal(t, 4, f.N)
	require.NotNil(t, f.Interval)
	told, err := w.entitlements.Review(t.Context(), ada, at(5, 0))
	require.NoError(t, err)
	require.Equal(t, []string{"on course 100 of 100"}, words(told))
	require.Equal(t, "310", told[0].Forecast.Expected.Decimal.String())
	_, err = w.entitlements.Forecast(t.Context(), "nothing", at(5, 0))
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
}

// Where grants are the limit, they are those that are kept.
func TestGrantsThatAreKept(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t, "", nil)
	k := plainLimit("0")
	k.Limit = decimal.NullDecimal{}
	w.set(k)
	require.False(t, w.judge("f", "1", at(1, 0)).Allowed, "there are none")
	_, err := w.grants.Give(ctx, ada, grant.Kept{Meter: "calls", Grant: grant.Grant{ID: "g", Amount: d("100"), Until: at(20, 0)}})
	require.NoError(t, err)
	w.at(at(2, 0))
	w.record("call", "70", at(1, 5))
	require.True(t, w.judge("f", "30", at(2, 0)).Allowed)
	require.False(t, w.judge("f", "31", at(2, 0)).Allowed)
	require.Equal(t, []string{"over  101 of 100"}, words(w.uses("call", "31", at(2, 0))), "what happens now counts")
	s, err := w.entitlements.Standing(ctx, "f", d("0"), at(2, 0))
	require.NoError(t, err)
	require.Contains(t, s.Trace().Tell(servicecoin.Reader{}).String(), "G: 100 calls of 100 calls used")
	_, err = w.grants.Void(ctx, ada, "g", at(1, 1), "a mistake")
	require.NoError(t, err)
	require.Equal(t, "-101", w.judge("f", "0", at(2, 0)).Left().Decimal.String())
}

// A page of what follows is told in parts, each once.
func TestManyConsequences(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	k := plainLimit("1")
	note := make([]rune, 1000)
	for i := range note {
		note[i] = '€'
	}
	k.Exceeding = nil
	for i := range entitle.MaxCritical {
		name := fmt.Sprint("w", i)
		w.windows[name] = calendar.SetOf(march())
		k.Critical = append(k.Critical, entitle.Critical{Name: name, Exceeding: []entitle.Consequence{{Act: entitle.Notify, Note: string(note)}, {Act: entitle.Capacity, Note: string(note)}}})
	}
	w.set(k)
	require.Len(t, w.uses("call", "2", at(1, 0)), 21)
	require.Equal(t, 21, w.events()[entitle.EventExceeded])
}

// A calendar that cannot be asked keeps nothing from being recorded, and is told.
func TestCalendarThatIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	w.windows["settlement"] = calendar.Set{}
	w.set(stored())
	delete(w.windows, "settlement")
	e := w.record("call", "1", at(1, 0))
	_, err := w.entitlements.LookAfter(t.Context(), ada, e)
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	_, err = w.entitlements.Judge(t.Context(), "api.calls", d("1"), at(1, 0))
	require.ErrorContains(t, err, "when settlement is open")
	w.windows["settlement"] = calendar.Set{}
	_, err = w.entitlements.LookAfter(t.Context(), ada, e)
	require.NoError(t, err)
}

// The ledger has who follows what is recorded do so.
func TestRecordHasItLookedAfter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	w.set(plainLimit("10"))
	broken := errors.New("away")
	var fails error
	also := func(ctx context.Context, view store.View, customer servicecoin.Customer, by servicecoin.Actor, batch []metering.Event) error {
		require.Equal(t, w.customer, customer)
		_, err := w.entitlements.On(view).LookAfter(ctx, by, batch...)
		return errors.Join(err, fails)
	}
	ledger := metering.New(w.store.For("acme"), metering.NewMemoryStore(), metering.NewMeters(w.store.For(servicecoin.Provider)), w.customer, &metering.Options{QuotasByReview: true, Also: also})
	w.entitlements = entitle.New(w.store.For("acme"), ledger, w.customer, nil)
	_, err := ledger.Record(t.Context(), ada, metering.Event{Source: "s", ID: "1", Type: "call", Time: at(1, 0), Value: some("11")})
	require.NoError(t, err)
	require.Equal(t, 1, w.events()[entitle.EventExceeded])
	fails = broken
	r, err := ledger.Record(t.Context(), ada, metering.Event{Source: "s", ID: "2", Type: "call", Time: at(1, 0), Value: some("1")})
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "usage is recorded, limits are not looked after")
	require.NoError(t, r.Err())
}

// The noun says what the pure rule says of facts that are counted event by event.
func TestNounIsThePureRule(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t, "", nil)
		open := []calendar.Interval{}
		for day := 1; day <= 20; day += 1 + rapid.IntRange(0, 5).Draw(r, "gap") {
			from := rapid.IntRange(0, 20).Draw(r, "opens")
			open = append(open, calendar.Between(at(day, from), at(day, from+1+rapid.IntRange(0, 3).Draw(r, "hours"))))
		}
		w.windows["settlement"] = calendar.SetOf(open...)
		k := stored()
		k.Limit = servicecoin.Some(decimal.NewFromInt(int64(rapid.IntRange(0, 60).Draw(r, "limit"))))
		k.Critical[0].Limit = decimal.NewFromInt(int64(rapid.IntRange(0, 30).Draw(r, "inside")))
		k.Thresholds[1].At, k.Thresholds[1].Rearm = d("7"), some("1")
		k.Feature = "api.calls"
		set, err := w.entitlements.Set(t.Context(), ada, k)
		require.NoError(r, err)
		var usage []grant.Usage
		var memory entitle.Memory
		for i := range rapid.IntRange(1, 15).Draw(r, "events") {
			when := at(1, rapid.IntRange(0, 27*24).Draw(r, "hour"))
			amount := decimal.NewFromInt(int64(rapid.IntRange(0, 12).Draw(r, "amount")))
			now := at(1, rapid.IntRange(0, 30*24).Draw(r, "now"))
			w.at(now)
			usage = append(usage, grant.Usage{During: calendar.Between(when, when), Quantity: amount})
			e := metering.Event{Source: "r", ID: strconv.Itoa(i), Type: "call", Time: when, Value: servicecoin.Some(amount)}
			_, err := w.ledger.Record(t.Context(), ada, e)
			require.NoError(r, err)
			told, err := w.entitlements.LookAfter(t.Context(), ada, e)
			require.NoError(r, err)

			inside, err := entitle.Within("settlement", w.windows["settlement"], usage, march(), now)
			require.NoError(r, err)
			f := entitle.Facts{At: now, Period: march(), Inside: []entitle.Inside{inside}}
			for _, u := range usage {
				f.Used = servicecoin.Some(f.Used.Decimal.Add(u.Quantity))
			}
			var want []entitle.Telling
			want, memory, err = set.Review(f, memory)
			require.NoError(r, err)
			require.Len(r, told, len(want))
			for i, x := range want {
				require.Equal(r, []string{x.Threshold, x.Critical, x.Figure.String(), x.Line.String()}, []string{told[i].Threshold, told[i].Critical, told[i].Figure.String(), told[i].Line.String()})
			}
			f.Amount = decimal.NewFromInt(int64(rapid.IntRange(0, 10).Draw(r, "more")))
			pure, err := set.Judge(f)
			require.NoError(r, err)
			j, err := w.entitlements.Judge(t.Context(), "api.calls", f.Amount, now)
			require.NoError(r, err)
			require.Equal(r, pure.Allowed, j.Allowed)
			require.Equal(r, pure.Until, j.Until)
			require.True(r, pure.Left().Decimal.Equal(j.Left().Decimal))
			require.Equal(r, pure.Throttle().Valid, j.Throttle().Valid)
		}
	})
}

// What is corrected in a later period gives no more than its limit there.
func TestLessThanNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	w.windows["settlement"] = calendar.SetOf(march())
	k := stored()
	w.set(k)
	require.Empty(t, w.uses("call", "-30", at(1, 0)))
	j := w.judge("api.calls", "1000", at(2, 0))
	require.True(t, j.Allowed)
	require.Equal(t, []string{"1000", "100"}, []string{j.Counters[0].Left.String(), j.Counters[1].Left.String()})
	require.False(t, w.judge("api.calls", "1000.5", at(2, 0)).Allowed)
}

// What is used in a window after the version has ended counts against none of its limits.
func TestWindowAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	w.windows["settlement"] = calendar.SetOf(calendar.Between(at(5, 10), at(5, 18)))
	k := stored()
	k.Until = at(5, 12)
	w.set(k)
	w.record("call", "30", at(5, 11))
	w.record("call", "500", at(5, 12))
	j := w.judge("api.calls", "0", at(5, 11))
	require.Equal(t, []string{"30", "30"}, []string{j.Counters[0].Used.Decimal.String(), j.Counters[1].Used.Decimal.String()})
}
