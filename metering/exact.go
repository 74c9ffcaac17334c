package metering

import (
	"strings"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

// Most values have few digits, and are added up in machine words. The odd one
// that does not fit is added as a decimal. Both are exact, and so is their sum:
// a property test holds it to plain decimals.

// total adds up decimals. Its zero value is ready.
type total struct {
	fast fixed.Sum
	rest decimal.Decimal // what did not fit
	some bool            // something was added
}

func (t *total) add(d decimal.Decimal) {
	t.some = true
	if n, ok := fixed.Of(d); ok {
		t.fast.Add(n)
		return
	}
	t.rest = t.rest.Add(d)
}

// value returns the sum, undefined if nothing was added.
func (t *total) value() decimal.NullDecimal {
	if !t.some {
		return servicecoin.Undefined()
	}
	sum := t.fast.Decimal(fixed.Places)
	if !t.rest.IsZero() {
		sum = sum.Add(t.rest)
	}
	return servicecoin.Some(sum)
}

// largest keeps the largest of decimals. Its zero value is ready.
type largest struct {
	best decimal.Decimal
	fast int64
	fits bool // fast is best
	some bool
}

func (l *largest) add(d decimal.Decimal) {
	n, fits := fixed.Of(d)
	if l.some {
		if fits && l.fits {
			if n <= l.fast {
				return
			}
		} else if d.Cmp(l.best) <= 0 {
			return
		}
	}
	l.best, l.fast, l.fits, l.some = d, n, fits, true
}

func (l *largest) value() decimal.NullDecimal {
	if !l.some {
		return servicecoin.Undefined()
	}
	return servicecoin.Some(l.best)
}

// Plain writes a decimal as digits with a point between them if need be, and no
// zeros behind those that count: one text for one number, which
// decimal.Decimal.String is not, as it heeds global switches of the host.
func Plain(d decimal.Decimal) string {
	text := d.StringFixed(max(0, -d.Exponent()))
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}
