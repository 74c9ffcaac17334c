package rating_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/rating"
)

// Whatever a price and usage say, there is a charge whose lines sum to it, or an error
// that names what is wrong.
func FuzzCharge(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"name":"P","model":"graduated","currency":"EUR","rounding":"half-even","tiers":[{"upTo":"5","unit":"1","flat":"2","cap":"3"},{"unit":"1e-9"}],"maximum":"7"}`, `{"quantity":"6.5"}`},
		{`{"name":"P","model":"percentage","currency":"JPY","rounding":"up","share":{"percent":"2.9","perEvent":"1","freeEvents":1,"least":"1"},"signed":true}`, `{"events":[{"value":"5"},{"value":"-7"}]}`},
		{`{"name":"P","model":"graduated-prorated","currency":"EUR","rounding":"floor","tiers":[{"upTo":"5","unit":"1"},{"unit":"3"}]}`, `{"events":[{"value":"7","prorated":"1"},{"value":"-3","prorated":"-1"}]}`},
		{`{"name":"P","model":"matrix","currency":"EUR","rounding":"down","rows":[{"where":{"a":"1"},"unit":"1"},{"unit":"2"}],"discount":{"free":"1","percent":"10"}}`, `{"parts":[{"dimensions":{"a":"1"},"usage":{"quantity":"4"}}]}`},
		{`{"name":"P","model":"capacity","currency":"KWD","rounding":"ceiling","plans":[{"price":"1","most":{"x":"5"}}],"commitment":{"amount":"3","overage":"2","trueUp":true}}`, `{"peaks":{"x":"5"}}`},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, price, usage []byte) {
		var p rating.Price
		var u rating.Usage
		if json.Unmarshal(price, &p) != nil || json.Unmarshal(usage, &u) != nil {
			return
		}
		tariff, err := rating.Compile(p)
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			return
		}
		_ = p.Says()
		require.True(t, p.Equal(tariff.Price()))
		c, err := tariff.Charge(u)
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			return
		}
		for _, l := range c.Since(rating.Charge{}) {
			c.Lines = append(c.Lines, rating.Line{Amount: l.Amount.Neg()})
		}
		sum := dec("0")
		for _, l := range c.Lines {
			sum = sum.Add(l.Amount)
		}
		require.True(t, sum.IsZero())
		_ = c.Trace().String()
	})
}
