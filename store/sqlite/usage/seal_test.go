package usage_test

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/meteringtest"
	"github.com/servicecoin/servicecoin/store/sqlite/usage"
)

// sealing seals after batches, now all days and now some, and adds the totals up again.
type sealing struct {
	*usage.Store

	tb testing.TB
	n  int
}

func (s *sealing) Append(ctx context.Context, events []metering.Event) (metering.Receipt, error) {
	receipt, err := s.Store.Append(ctx, events)
	if err != nil || ctx.Err() != nil {
		return receipt, err
	}
	s.n++
	if len(events) > 0 && s.n%4 > 0 {
		require.NoError(s.tb, s.Seal(ctx, events[0].Time.AddDate(s.n%2, 0, 0)))
	}
	verified(s.tb, s.Store, "acme", "globex")
	return receipt, err
}

func verified(tb testing.TB, s *usage.Store, customers ...servicecoin.CustomerID) {
	tb.Helper()
	for _, c := range customers {
		differences, err := s.Verify(tb.Context(), c)
		require.NoError(tb, err)
		require.Empty(tb, differences, c)
	}
}

// Sealed or not, the answers are the same, also where many keys have one hash.
func TestSameAsModelSealed(t *testing.T) {
	t.Parallel()
	for name, mask := range map[string]uint64{"sealed": 1<<64 - 1, "shared hashes": 0b111} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := opened(t)
			s.ShareHashes(mask)
			all := &sealing{Store: s, tb: t}
			meteringtest.RunSame(t, meteringtest.Harness{Open: func(testing.TB) metering.EventStore { return all }})
		})
	}
}

// The suite holds also where each batch is sealed at once, where only large ones are, and
// where keys share hashes.
func TestContractSealed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mask      uint64
		few, most int
	}{"sealed": {1<<64 - 1, 0, 1}, "shared hashes": {0xff << 56, 2, 20}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			meteringtest.Run(t, meteringtest.Harness{
				Open: func(tb testing.TB) metering.EventStore {
					tb.Helper()
					s, _ := opened(tb)
					s.Limit(c.few, c.most)
					s.ShareHashes(c.mask)
					return s
				},
				Close: closing,
			})
		})
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		page, day := rapid.Int64Range(1, 1<<40).Draw(r, "page"), rapid.Int32Range(-719162, 2932896).Draw(r, "day") // the years 1 to 9999
		place, samePage, sameDay := usage.Places(page, day)
		require.Positive(t, place)
		require.Equal(t, page, samePage)
		require.Equal(t, day, sameDay)
		_, from, to := usage.Months(day)
		require.True(t, from <= day && day < to && to-from >= 28 && to-from <= 31, "%d: %d %d", day, from, to)
	})
}

// A day that is over is sealed by itself; one event of the far future changes nothing.
func TestSealsByItself(t *testing.T) {
	t.Parallel()
	s, path := opened(t)
	s.Limit(200, 5000)
	far := batch("far", 1)
	far[0].Time = day.AddDate(70, 0, 0)
	_, err := s.Append(t.Context(), far)
	require.NoError(t, err)
	for d := range 5 {
		for hour := range 24 {
			b := batch(strconv.Itoa(d)+"-"+strconv.Itoa(hour), 20)
			for i := range b {
				b[i].Time = b[i].Time.AddDate(0, 0, d).Add(time.Duration(hour) * time.Hour)
				if i == 19 && hour == 0 && d > 0 {
					b[i].Time = b[i].Time.Add(-2 * time.Hour) // late
				}
			}
			_, err := s.Append(t.Context(), b)
			require.NoError(t, err)
			require.Less(t, s.InTail(), 24*20*5/4, "more than a day")
		}
	}
	n := s.InTail()
	require.Less(t, n, 24*20*5/4)
	again, err := usage.Open(t.Context(), path, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, again.Close()) })
	verified(t, again, "acme")
	require.Equal(t, n, again.InTail(), "the log has what memory has")
	require.Len(t, list(t, again, all()), 5*24*20)
}

// What another process appends, seals and forgets is seen at once.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "usage.db")
	var stores []*usage.Store
	for range 3 {
		s, err := usage.Open(t.Context(), path, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		stores = append(stores, s)
	}
	model := meteringtest.NewModel()
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		s := stores[random.IntN(len(stores))]
		switch random.IntN(10) {
		case 0:
			require.NoError(t, s.Seal(t.Context(), day.AddDate(0, 0, random.IntN(20))))
		case 1:
			c := []servicecoin.CustomerID{"globex", "initech"}[random.IntN(2)]
			require.NoError(t, s.Forget(t.Context(), c))
			require.NoError(t, model.Forget(t.Context(), c))
		default:
			b := batch(strconv.Itoa(random.IntN(n+1)), random.IntN(30))
			for i := range b {
				b[i].Customer = []servicecoin.CustomerID{"acme", "globex", "initech"}[random.IntN(3)]
				b[i].Time = b[i].Time.AddDate(0, 0, random.IntN(20))
				b[i].Type = []string{"vm.ran", "vm.ran", "gb"}[random.IntN(3)]
			}
			want, err := model.Append(t.Context(), b)
			require.NoError(t, err)
			got, err := s.Append(t.Context(), b)
			require.NoError(t, err)
			require.Len(t, got.Exceptions, len(want.Exceptions))
			require.Equal(t, want.Added, got.Added)
		}
		other := stores[random.IntN(len(stores))]
		m := sums("vm.ran", day, day.AddDate(0, 0, random.IntN(25)))
		got, err := other.Measure(t.Context(), m)
		require.NoError(t, err)
		want, err := model.Measure(t.Context(), m)
		require.NoError(t, err)
		for _, c := range []servicecoin.CustomerID{"acme", "globex", "initech"} {
			require.Equal(t, values(want, m.Meter, c), values(got, m.Meter, c), "%d: %s", n, c)
		}
	}
	for _, s := range stores {
		verified(t, s, "acme", "globex", "initech")
	}
}

func sums(kind string, from, to time.Time) metering.Measurement {
	return metering.Measurement{
		Meter:   metering.Meter{ID: "m", Name: "M", Type: kind, Aggregation: metering.Sum, Unit: "u"},
		Windows: []calendar.Interval{calendar.Between(from, to)},
	}
}

func values(m *metering.Measured, meter metering.Meter, c servicecoin.CustomerID) (list []string) {
	for _, s := range m.Series(meter, c) {
		for _, p := range s.Points {
			text := "none"
			if p.Value.Valid {
				text = metering.Plain(p.Value.Decimal)
			}
			list = append(list, text+" of "+strconv.FormatInt(p.Events, 10))
		}
	}
	return list
}

// A total that is not what its events come to is told.
func TestVerifyTells(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]string{
		"a month":              `UPDATE servicecoin_usage_months SET total = (SELECT total FROM servicecoin_usage_months WHERE month = (SELECT min(month) FROM servicecoin_usage_months)) WHERE month = (SELECT max(month) FROM servicecoin_usage_months)`,
		"a day's totals":       `UPDATE servicecoin_usage_totals SET days = (SELECT days FROM servicecoin_usage_totals WHERE month = (SELECT min(month) FROM servicecoin_usage_totals)) WHERE month = (SELECT max(month) FROM servicecoin_usage_totals)`,
		"a day":                `DELETE FROM servicecoin_usage_days WHERE place = (SELECT max(place) FROM servicecoin_usage_days)`,
		"a day without total":  `DELETE FROM servicecoin_usage_months WHERE month = (SELECT max(month) FROM servicecoin_usage_months)`,
		"a key":                `DELETE FROM servicecoin_usage_keys WHERE hash = (SELECT max(hash) FROM servicecoin_usage_keys)`,
		"events of other days": `UPDATE servicecoin_usage_rests SET rest = (SELECT rest FROM servicecoin_usage_rests ORDER BY place LIMIT 1) WHERE place = (SELECT place FROM servicecoin_usage_rests ORDER BY place LIMIT 1 OFFSET 1)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, path := opened(t)
			for d := range 3 {
				b := batch(strconv.Itoa(d), 10)
				for i := range b {
					b[i].Time = b[i].Time.AddDate(0, d, 0)
				}
				_, err := s.Append(t.Context(), b)
				require.NoError(t, err)
			}
			require.NoError(t, s.Seal(t.Context(), day.AddDate(1, 0, 0)))
			verified(t, s, "acme")
			result, err := database(t, path).ExecContext(t.Context(), broken)
			require.NoError(t, err)
			n, err := result.RowsAffected()
			require.NoError(t, err)
			require.EqualValues(t, 1, n)
			differences, err := s.Verify(t.Context(), "acme")
			require.NoError(t, err)
			require.NotEmpty(t, differences)
			t.Log(differences[0])
		})
	}
}
