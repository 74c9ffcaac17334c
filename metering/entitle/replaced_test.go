package entitle_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/metering/grant"
)

// charged is a limit beyond which more is charged.
func charged(limit string) entitle.Kept {
	k := plainLimit(limit)
	k.Exceeding = []entitle.Consequence{{Act: entitle.Charge, Price: "over"}}
	return k
}

// A version that lies ahead neither silences the one that holds, nor is told of.
func TestVersionsAheadJudgeNothing(t *testing.T) {
	t.Parallel()
	for ahead, line := range map[string]string{"1000": "100", "10": "100"} {
		w := newWorld(t, "", nil)
		w.set(charged("100"))
		next := charged(ahead)
		next.From = at(20, 0)
		w.set(next)
		w.at(at(10, 0))
		require.Empty(t, w.uses("call", "50", at(10, 0)), "with %s ahead", ahead)
		told := w.uses("call", "100", at(10, 0))
		require.Len(t, told, 1, "with %s ahead", ahead)
		require.Equal(t, line, told[0].Line.String())
		require.False(t, told[0].At.After(at(10, 0)))
	}
}

// A version that was ended before it held bounds none that is set later.
func TestEndedAheadBoundsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	w.set(plainLimit("10"))
	ahead := plainLimit("20")
	ahead.From = at(20, 0)
	w.set(ahead)
	_, err := w.entitlements.End(t.Context(), ada, "f", at(5, 0))
	require.NoError(t, err)
	w.at(at(6, 0))
	w.set(plainLimit("30"))
	got, err := w.entitlements.Get(t.Context(), "f", at(25, 0))
	require.NoError(t, err)
	require.Equal(t, "30", got.Limit.Decimal.String())
	w.set(ahead) // after all
	got, err = w.entitlements.Get(t.Context(), "f", at(25, 0))
	require.NoError(t, err)
	require.Equal(t, "20", got.Limit.Decimal.String())
	got, err = w.entitlements.Get(t.Context(), "f", at(19, 0))
	require.NoError(t, err)
	require.Equal(t, "30", got.Limit.Decimal.String())
}

// What no grant covered is beyond the limit once, in the period in which it was used.
func TestBeyondGrantsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	_, err := w.grants.Give(t.Context(), ada, grant.Kept{Grant: grant.Grant{ID: "g", Amount: d("100")}, Meter: "calls"})
	require.NoError(t, err)
	k := charged("1")
	k.Limit.Valid = false
	w.set(k)
	w.record("call", "150", at(10, 0))
	w.record("call", "7", at(1, 0).AddDate(0, 1, 3))
	w.at(at(1, 0).AddDate(0, 4, 0))
	var got []string
	for m := range 3 {
		during := calendar.Between(at(1, 0).AddDate(0, m, 0), at(1, 0).AddDate(0, m+1, 0))
		list, err := w.entitlements.Excesses(t.Context(), "", during)
		require.NoError(t, err)
		for _, x := range list {
			got = append(got, during.Start.Format("Jan")+" "+x.Quantity.String())
		}
	}
	require.Equal(t, []string{"Mar 50", "Apr 7"}, got)
}

// A review of the past tells nothing of a limit that was replaced in the period.
func TestReviewOfThePast(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	w.set(charged("100"))
	w.at(at(11, 0))
	w.set(charged("1000"))
	w.at(at(15, 0))
	w.record("call", "150", at(14, 0))
	told, err := w.entitlements.Review(t.Context(), ada, at(10, 0))
	require.NoError(t, err)
	require.Empty(t, told)
}

// A version with other periods begins where both have a border, if something is charged: no
// use counts in two of them.
func TestOtherPeriods(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	w.set(charged("100"))
	w.at(at(11, 0))
	daily := charged("10")
	daily.Every = metering.Daily
	daily.From = at(20, 0)
	_, err := w.entitlements.Set(t.Context(), ada, daily)
	require.ErrorContains(t, err, "the one before ends at 2026-04-01")
	daily.From = at(1, 0).AddDate(0, 1, 0)
	_, err = w.entitlements.Set(t.Context(), ada, daily)
	require.NoError(t, err)
	monthly := charged("200") // of the same periods, at any time
	monthly.From = at(20, 0)
	_, err = w.entitlements.Set(t.Context(), ada, monthly)
	require.NoError(t, err)
	free := newWorld(t, "", nil)
	free.set(plainLimit("100"))
	quiet := plainLimit("10")
	quiet.Every = metering.Daily
	quiet.From = at(20, 7)
	_, err = free.entitlements.Set(t.Context(), ada, quiet)
	require.NoError(t, err, "nothing is charged by either")
}
