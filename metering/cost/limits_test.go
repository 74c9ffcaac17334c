package cost_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/limittest"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/money"
)

// Whatever somebody hands in, checking it takes little: 100,000 members of each
// list are refused for their number.
func TestLongListsAreRefused(t *testing.T) { //nolint:paralleltest // counts what is allocated
	credit := lineCredit("c", "10", january)
	credit.Because = make([]servicecoin.Key, 100_000)
	var err error
	bytes := limittest.Allocated(func() { err = credit.Validate() })
	require.ErrorContains(t, err, "because: has 100000")
	require.Less(t, bytes, uint64(1<<20))
}

// Numbers whose digits would fill the memory are refused before anybody computes
// with them.
func TestHugeNumbersAreRefused(t *testing.T) {
	t.Parallel()
	for _, d := range limittest.HugeNumbers() {
		limittest.AtOnce(t, func() {
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
