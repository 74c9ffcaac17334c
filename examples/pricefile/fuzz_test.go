package pricefile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/examples/pricefile"
)

// Whatever a file has, it is read, or told what is wrong with it.
func FuzzRead(f *testing.F) {
	f.Add(`{"a": {"model": "graduated", "tiers": [{"up_to": "1", "unit": 0.5}, {}], "currency": "EUR"}}`)
	f.Add(`[{"id": "a", "model": "capacity", "tiers": [{"price": 1, "max": {"x": 5}}]}]`)
	f.Add(`{"a": {"model": "percentage", "rate_percent": 1, "free_events": 3}}`)
	f.Fuzz(func(t *testing.T, text string) {
		prices, err := pricefile.Read(strings.NewReader(text))
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			return
		}
		_, err = prices.Rate(strings.NewReader("price,quantity\na,12.5\n"))
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
		}
	})
}
