package cost_test

import (
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/money"
)

// allocated returns how many bytes a call allocates. No other test runs beside a
// test that calls it.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Whatever somebody hands in, checking it takes little: 100,000 members of each
// list are refused for their number.
func TestLongListsAreRefused(t *testing.T) { //nolint:paralleltest // counts what is allocated
	credit := lineCredit("c", "10", january)
	credit.Because = make([]servicecoin.Key, 100_000)
	var err error
	bytes := allocated(func() { err = credit.Validate() })
	require.ErrorContains(t, err, "because: has 100000")
	require.Less(t, bytes, uint64(1<<20))
}

// at once reports whether a call comes back without computing with all digits of
// 10^100000000.
func atOnce(t *testing.T, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); do() }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("it computes")
	}
}

func hugeNumbers() (list []decimal.Decimal) {
	for _, exponent := range []int32{100_000_000, -100_000_000, math.MaxInt32, math.MinInt32} {
		list = append(list, decimal.New(1, exponent), decimal.New(-1, exponent))
	}
	return list
}

// Numbers whose digits would fill the memory are refused before anybody computes
// with them.
func TestHugeNumbersAreRefused(t *testing.T) {
	t.Parallel()
	for _, d := range hugeNumbers() {
		atOnce(t, func() {
			require.ErrorContains(t, cost.Item{Quantity: servicecoin.Some(d)}.Validate(), "quantity")
			twice := []cost.Row{row("f/1", "1"), row("f/1", "1")}
			twice[1].Quantity = servicecoin.Some(d)
			twice[0].Quantity = servicecoin.Some(decimal.NewFromInt(1))
			_, err := newWorld(t, nil).Import(t.Context(), ada, twice)
			require.ErrorContains(t, err, "rows[1].quantity")
			require.ErrorContains(t, cost.Row{Quantity: servicecoin.Some(d)}.Validate(), "quantity")
			credit := lineCredit("c", "10", january)
			credit.Percent.Decimal = d
			require.ErrorContains(t, credit.Validate(), "percent")
			_, err = money.New(d, money.EUR)
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			_, err = amount("1 EUR").Mul(d)
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			_, err = amount("1 EUR").SplitBy(money.Share{ID: "a", Weight: d}, money.Share{ID: "b", Weight: decimal.NewFromInt(1)})
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
		})
	}
}
