package metering_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
)

func TestQuotaIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	_, err := w.SetQuota(ctx, ada, metering.Quota{ID: "month", Meter: "hours", Limit: dec("10"), Mode: metering.Hard, Period: metering.Monthly})
	require.NoError(t, err)
	_, err = w.SetQuota(ctx, ada, metering.Quota{ID: "day", Meter: "hours", Limit: dec("5"), Mode: metering.Soft, Period: metering.Daily, From: at(10, 3)})
	require.NoError(t, err)
	w.record(ran("1", at(10, 12), "5"), ran("2", at(11, 12), "5"))
	require.Empty(t, w.told(metering.EventQuotaExceeded), "the limit itself may be used up")
	w.record(ran("3", at(10, 22), "0.5"))
	require.Len(t, w.told(metering.EventQuotaExceeded), 2)
	w.record(ran("4", at(10, 21), "100"), ran("3", at(10, 22), "0.5"))
	require.Len(t, w.told(metering.EventQuotaExceeded), 2)
	w.record(ran("5", at(11, 21), "1"), ran("6", time.Date(2026, 2, 1, 9, 0, 0, 0, time.UTC), "11"))
	require.Len(t, w.told(metering.EventQuotaExceeded), 5, "another day; another month and its day")
	w.record(ran("7", at(9, 22), "99"), ran("8", time.Date(2025, 12, 3, 0, 0, 0, 0, time.UTC), "99"))
	require.Len(t, w.told(metering.EventQuotaExceeded), 5, "the quotas did not hold yet")
	var list []string
	for x, err := range w.Excesses().All(ctx) {
		require.NoError(t, err)
		list = append(list, string(x.Quota)+" "+x.Period.Start.Format(time.DateOnly)+" "+x.Used.String())
	}
	require.ElementsMatch(t, []string{"month 2025-12-31 10.5", "day 2026-01-09 5.5", "day 2026-01-10 6", "month 2026-01-31 11", "day 2026-01-31 11"}, list)
}

func TestCheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	check := func(meter metering.MeterID, amount string) metering.Decision {
		t.Helper()
		d, err := w.Check(ctx, meter, dec(amount), at(15, 12))
		require.NoError(t, err)
		return d
	}
	free := check("hours", "1000000")
	require.True(t, free.Allowed)
	require.False(t, free.Limit.Valid || free.Used.Valid || free.Remaining.Valid, "there is no quota")
	require.NoError(t, free.Err())

	for _, q := range []metering.Quota{
		{ID: "month", Meter: "hours", Limit: dec("10"), Mode: metering.Hard, Period: metering.Monthly},
		{ID: "day", Meter: "hours", Limit: dec("3"), Mode: metering.Soft, Period: metering.Daily},
		{ID: "starts", Meter: "starts", Limit: dec("0"), Mode: metering.Hard, Period: metering.Daily},
		{ID: "peak", Meter: "peak", Limit: dec("8"), Mode: metering.Hard, Period: metering.Monthly},
	} {
		_, err := w.SetQuota(ctx, ada, q)
		require.NoError(t, err)
	}
	fresh := check("hours", "10")
	require.True(t, fresh.Allowed)
	require.True(t, fresh.SoftExceeded)
	require.False(t, fresh.Used.Valid, "nothing was recorded")
	require.Equal(t, "10", fresh.Remaining.Decimal.String())
	w.record(ran("1", at(2, 0), "6"), ran("2", at(15, 0), "1"))
	d := check("hours", "2")
	require.True(t, d.Allowed)
	require.False(t, d.SoftExceeded)
	require.Equal(t, []string{"7", "10", "3"}, []string{d.Used.Decimal.String(), d.Limit.Decimal.String(), d.Remaining.Decimal.String()}, "of the hard one")
	require.Len(t, d.Standings, 2)
	d = check("hours", "3.000001")
	require.False(t, d.Allowed)
	require.True(t, d.SoftExceeded)
	require.ErrorIs(t, d.Err(), servicecoin.ErrRefused)
	require.ErrorContains(t, d.Err(), "3.000001 of hours would make 10.000001, over the 10 of a month that quota month allows")
	require.True(t, check("starts", "0").Allowed)
	require.False(t, check("starts", "1").Allowed, "a limit of zero allows nothing")
	require.True(t, check("peak", "8").Allowed, "a maximum does not add up")
	require.False(t, check("peak", "8.1").Allowed)

	// What happened is kept, whatever Check said.
	require.Equal(t, "1 added", w.record(ran("3", at(15, 1), "100")))
	d = check("hours", "0")
	require.False(t, d.Allowed, "the limit is passed already")
	require.Equal(t, "-97", d.Remaining.Decimal.String())

	_, err := w.Check(ctx, "hours", dec("-1"), time.Time{})
	require.ErrorContains(t, err, "amount")
	require.ErrorContains(t, err, "at")
	_, err = w.Check(ctx, "hours", decimal.New(1, 1<<30), at(1, 0))
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = w.Check(ctx, "colour", dec("1"), at(1, 0))
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
}

// One hard quota in the way is enough, whatever the others say.
func TestDecide(t *testing.T) {
	t.Parallel()
	standing := func(mode metering.Mode, limit string) metering.Standing {
		return metering.Quota{ID: "q", Limit: dec(limit), Mode: mode, Period: metering.Daily}.Weigh(meter(metering.Sum), some("1"), dec("2"), hours(24))
	}
	for _, c := range []struct {
		standings     []metering.Standing
		allowed, soft bool
		remaining     string
	}{
		{[]metering.Standing{standing(metering.Hard, "2"), standing(metering.Soft, "2")}, false, true, "1"},
		{[]metering.Standing{standing(metering.Soft, "2"), standing(metering.Hard, "2.5")}, false, true, "1.5"},
		{[]metering.Standing{standing(metering.Hard, "2"), standing(metering.Hard, "9")}, false, false, "1"},
		{[]metering.Standing{standing(metering.Hard, "9"), standing(metering.Hard, "3")}, true, false, "2"},
		{[]metering.Standing{standing(metering.Soft, "2"), standing(metering.Hard, "9")}, true, true, "8"},
	} {
		d := metering.Decide("m", dec("2"), c.standings)
		require.Equal(t, c.allowed, d.Allowed)
		require.Equal(t, c.allowed, d.Err() == nil)
		require.Equal(t, c.soft, d.SoftExceeded)
		require.Equal(t, c.remaining, d.Remaining.Decimal.String())
	}
}

// Two who notice the same excess at the same time: one tells, the other is
// content.
func TestAnExcessIsToldByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	_, err := w.SetQuota(t.Context(), ada, metering.Quota{ID: "q", Meter: "hours", Limit: dec("1"), Mode: metering.Hard, Period: metering.Monthly})
	require.NoError(t, err)
	met := 0
	w.faults.Meanwhile(func(c store.Commit) {
		if len(c.Events) > 0 && c.Events[0].Name == metering.EventQuotaExceeded && met == 0 {
			met++
			w.record(ran("2", at(2, 0), "1"))
		}
	})
	w.record(ran("1", at(2, 0), "2"))
	w.faults.Meanwhile(nil)
	require.Equal(t, 1, met)
	require.Len(t, w.told(metering.EventQuotaExceeded), 1)
}

func TestQuotasAreSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	q, err := w.SetQuota(ctx, ada, metering.Quota{Meter: "hours", Limit: dec("10"), Mode: metering.Hard, Period: metering.Monthly})
	require.NoError(t, err)
	require.NotEmpty(t, q.ID)
	require.Equal(t, *w.now, q.From)
	*w.now = w.now.Add(time.Hour)
	changed, err := w.SetQuota(ctx, ada, metering.Quota{ID: q.ID, Meter: "hours", Limit: dec("20"), Mode: metering.Soft, Period: metering.Daily})
	require.NoError(t, err)
	require.Equal(t, q.From, changed.From)
	_, err = w.SetQuota(ctx, ada, metering.Quota{ID: q.ID, Meter: "starts", Limit: dec("20"), Mode: metering.Soft, Period: metering.Daily})
	require.ErrorContains(t, err, "keeps its meter")
	_, err = w.SetQuota(ctx, ada, metering.Quota{Meter: "hours", Limit: dec("-1"), Mode: "firm", Period: metering.Hourly})
	for _, want := range []string{"limit", "mode", "period"} {
		require.ErrorContains(t, err, want)
	}
	_, err = w.SetQuota(ctx, ada, metering.Quota{Meter: "colour", Limit: dec("1"), Mode: metering.Hard, Period: metering.Daily})
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	var list []metering.Quota
	for x, err := range w.Quotas("hours").All(ctx) {
		require.NoError(t, err)
		list = append(list, x)
	}
	require.Empty(t, cmp.Diff([]metering.Quota{changed}, list))
	for range w.Quotas("starts").All(ctx) {
		t.Error("another meter has no quota")
	}
	require.NoError(t, w.DropQuota(ctx, ada, q.ID))
	require.ErrorIs(t, w.DropQuota(ctx, ada, q.ID), servicecoin.ErrNotFound)
}

func TestReview(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &metering.Options{QuotasByReview: true})
	ctx := t.Context()
	_, err := w.SetQuota(ctx, ada, metering.Quota{ID: "q", Meter: "hours", Limit: dec("1"), Mode: metering.Hard, Period: metering.Monthly})
	require.NoError(t, err)
	w.record(ran("1", at(2, 0), "6"))
	require.Empty(t, w.told(metering.EventQuotaExceeded))
	for i, want := range []int{1, 0} {
		list, err := w.Review(ctx, collector, at(15, 0))
		require.NoError(t, err)
		require.Len(t, list, want, i)
	}
	require.Len(t, w.told(metering.EventQuotaExceeded), 1)
	_, err = w.Review(ctx, collector, time.Time{})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

// A quota that has ended bounds nothing any more, and past months keep it.
func TestEndQuota(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	_, err := w.SetQuota(ctx, ada, metering.Quota{ID: "q", Meter: "hours", Limit: dec("10"), Mode: metering.Hard, Period: metering.Monthly, From: at(1, 12), Subscription: "s1"})
	require.NoError(t, err)
	w.record(ran("1", at(5, 12), "9"))
	end := at(20, 12)
	ended, err := w.EndQuota(ctx, ada, "q", end)
	require.NoError(t, err)
	require.Equal(t, end, ended.Until)
	require.Len(t, w.told(metering.EventQuotaEnded), 1)
	allowed := func(t *testing.T, at time.Time) bool {
		t.Helper()
		d, err := w.Check(ctx, "hours", dec("5"), at)
		require.NoError(t, err)
		return d.Allowed
	}
	require.False(t, allowed(t, end.Add(-time.Microsecond)), "it holds until then")
	require.True(t, allowed(t, end))
	require.True(t, allowed(t, at(31, 12).AddDate(0, 1, 0)))
	w.record(ran("2", end, "100"))
	require.Empty(t, w.told(metering.EventQuotaExceeded), "what is used after its end does not count against it")
	w.record(ran("3", at(19, 12), "2"))
	require.Len(t, w.told(metering.EventQuotaExceeded), 1, "what is told late of the time before does")

	_, err = w.EndQuota(ctx, ada, "q", time.Time{})
	require.ErrorContains(t, err, "until")
	_, err = w.EndQuota(ctx, ada, "none", end)
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	never, err := w.EndQuota(ctx, ada, "q", at(1, 12))
	require.NoError(t, err)
	require.False(t, never.Judges(calendar.Between(at(1, 0), at(31, 0))), "it ended as it began")

	_, err = w.SetQuota(ctx, ada, metering.Quota{ID: "q", Meter: "hours", Limit: dec("20"), Mode: metering.Soft, Period: metering.Monthly})
	require.NoError(t, err)
	q, err := w.Quota(ctx, "q")
	require.NoError(t, err)
	require.Equal(t, servicecoin.SubscriptionID("s1"), q.Subscription, "setting another limit takes it from nobody")
	require.Equal(t, at(1, 12), q.Until)
	_, err = w.SetQuota(ctx, ada, metering.Quota{ID: "q", Meter: "hours", Limit: dec("20"), Mode: metering.Soft, Period: metering.Monthly, Subscription: "s2"})
	require.ErrorContains(t, err, "is a quota of subscription s1")
}

// A quota keeps its zone when the customer moves: no hour counts in two months.
func TestQuotaKeepsItsZone(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"America/New_York", "Pacific/Auckland", ""} {
		t.Run("to "+zone, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			ctx := t.Context()
			_, err := w.SetQuota(ctx, ada, metering.Quota{ID: "q", Meter: "hours", Limit: dec("10"), Mode: metering.Hard, Period: metering.Monthly, From: at(1, 12)})
			require.NoError(t, err)
			moved := w.ledger("acme", zone, nil)
			berlin, err := time.LoadLocation("Europe/Berlin")
			require.NoError(t, err)
			border := january.In(berlin).End
			for n, event := range []metering.Event{ran("1", border.Add(-time.Minute), "8"), ran("2", border, "8")} {
				_, err := []*metering.Ledger{w.Ledger, moved}[n].Record(ctx, collector, event)
				require.NoError(t, err)
			}
			_, err = moved.Review(ctx, ada, border.Add(-time.Minute))
			require.NoError(t, err)
			_, err = moved.Review(ctx, ada, border.Add(24*time.Hour))
			require.NoError(t, err)
			require.Empty(t, w.told(metering.EventQuotaExceeded), "8 in each month, 10 are allowed")
			d, err := moved.Check(ctx, "hours", dec("2"), border)
			require.NoError(t, err)
			require.True(t, d.Allowed)
			require.Equal(t, border, d.Standings[0].Period.Start)
			again, err := moved.SetQuota(ctx, ada, metering.Quota{ID: "q", Meter: "hours", Limit: dec("11"), Mode: metering.Hard, Period: metering.Monthly})
			require.NoError(t, err)
			require.Equal(t, "Europe/Berlin", again.Zone)
		})
	}
	require.ErrorContains(t, metering.Quota{Zone: "Mars/Olympus"}.Validate(), "zone")
}
