package meteringtest

import (
	"fmt"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// large is a batch of many customers in turn, with repeats, conflicts, events that are not
// valid, and facts about events of the same batch among them.
func large() (batch []metering.Event, customers []servicecoin.CustomerID) {
	const size, of = 1500, 40
	for i := range of {
		customers = append(customers, servicecoin.CustomerID(fmt.Sprintf("customer-%02d", i)))
	}
	for n := range size {
		e := event(n)
		if n >= of {
			switch earlier := batch[n-of]; { // of the same customer
			case n%11 == 0:
				e = earlier
			case n%13 == 0:
				e = earlier
				e.Value = servicecoin.Some(e.Value.Decimal.Add(decimal.NewFromInt(1)))
			case n%17 == 0 && earlier.Does == metering.Happen:
				e = fact(n, metering.Void, n-of)
			}
		}
		e.Customer = customers[n%of]
		if n%19 == 0 {
			e.Source = ""
		}
		batch = append(batch, e)
	}
	return batch, customers
}

func caseLarge(t testing.TB, h Harness) {
	batch, customers := large()
	s, model := h.Open(t), NewModel()
	var want metering.Receipt
	for i, e := range batch {
		want.Add(appended(t, model, e), i)
	}
	equal(t, "receipt", appended(t, s, batch...), want)
	for _, c := range customers {
		equal(t, "events of "+string(c), scanned(t, s, everything(c)), scanned(t, model, everything(c)))
	}
	for _, id := range []metering.MeterID{"count", "sum"} {
		m := metering.Measurement{Meter: meter(t, id), Windows: days(3)}
		equal(t, "of everybody by "+string(id), measured(t, s, m), measured(t, model, m))
	}
	appended(t, s, batch...)
	equal(t, "after a repeat", scanned(t, s, everything(customers[7])), scanned(t, model, everything(customers[7])))
}
