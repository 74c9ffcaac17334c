// Package usage measures stores of usage events: what they take in, and how long they
// take to answer, beside a program that does no more than the answer needs.
package usage

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// The workload: events in the order of their arrival over thirty days, up to ten
// minutes out of order, of a thousand customers, the busiest with about 3 % of them.
const (
	Customers = 1000
	Meters    = 10
	Regions   = 8
	Resources = 50_000
	Days      = 30

	disorder = 10 * time.Minute
)

// Start is when the thirty days begin.
func Start() time.Time { return time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC) }

// End is when they end.
func End() time.Time { return Start().AddDate(0, 0, Days) }

// Fact is an event as numbers.
type Fact struct {
	At                 int64 // microseconds since 1970
	Value              int64 // of 10^-4
	Customer, Resource uint32
	Meter, Region      uint8
	id                 uint64
}

// Workload makes facts, the same ones each time.
type Workload struct {
	n, made int
	state   uint64
	bounds  [Customers]uint64 // of random numbers, by customer
	texts   texts
}

type texts struct {
	customers, resources []string
	meters, regions      []string
	dimensions           []metering.Dimensions
}

// New returns a workload of n events.
func New(n int) *Workload {
	w := &Workload{n: n, state: 42}
	const flat = 7 // the busiest has 3 %
	sum := 0.0
	for i := range Customers {
		sum += 1 / float64(i+flat)
	}
	part := 0.0
	for i := range Customers {
		part += 1 / float64(i+flat)
		w.bounds[i] = uint64(part / sum * (1 << 63))
		w.texts.customers = append(w.texts.customers, fmt.Sprintf("customer-%04d", i))
	}
	w.bounds[Customers-1] = 1 << 63
	for i := range Resources {
		w.texts.resources = append(w.texts.resources, fmt.Sprintf("vm-%05d", i))
	}
	for i := range Meters {
		w.texts.meters = append(w.texts.meters, fmt.Sprintf("meter.%d", i))
	}
	for i := range Regions {
		w.texts.regions = append(w.texts.regions, fmt.Sprintf("region-%d", i))
		w.texts.dimensions = append(w.texts.dimensions, metering.Dimensions{{Name: "region", Value: w.texts.regions[i]}})
	}
	return w
}

func (w *Workload) random() uint64 { // splitmix64
	w.state += 0x9e3779b97f4a7c15
	z := w.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Next returns the next fact, false at the end.
func (w *Workload) Next() (Fact, bool) {
	if w.made == w.n {
		return Fact{}, false
	}
	i := w.made
	w.made++
	span := End().Sub(Start()).Microseconds()
	at := Start().UnixMicro() + int64(float64(i)/float64(w.n)*float64(span)) - int64(w.random()%uint64(disorder.Microseconds())) //nolint:gosec // G115: numbers of a workload
	r := w.random() >> 1
	low, high := 0, Customers-1
	for low < high {
		if mid := (low + high) / 2; w.bounds[mid] > r {
			high = mid
		} else {
			low = mid + 1
		}
	}
	x := w.random()
	const each = Resources / Customers
	return Fact{
		At: max(at, Start().UnixMicro()), Value: int64(x % 1_000_000), Customer: uint32(low), Resource: uint32(low*each + int(x>>32%each)),
		Meter: uint8(w.random() % Meters), Region: uint8(x >> 40 % Regions), id: w.random(),
	}, true
}

// Event returns a fact as an event.
func (w *Workload) Event(f Fact) metering.Event {
	const digits = "0123456789abcdef"
	var id [16]byte
	for i := range id {
		id[i] = digits[f.id>>(4*i)&15]
	}
	at := time.UnixMicro(f.At).UTC()
	return metering.Event{
		Customer: servicecoin.CustomerID(w.texts.customers[f.Customer]), Source: "collector", ID: string(id[:]), Type: w.texts.meters[f.Meter],
		Subject: w.texts.resources[f.Resource], Time: at, Value: servicecoin.Some(decimal.New(f.Value, -4)),
		Dimensions: w.texts.dimensions[f.Region], RecordedAt: at.Add(disorder),
	}
}

// Batch fills a batch with the next events, and returns those that there are.
func (w *Workload) Batch(into []metering.Event) []metering.Event {
	n := 0
	for n < len(into) {
		f, ok := w.Next()
		if !ok {
			break
		}
		into[n] = w.Event(f)
		n++
	}
	return into[:n]
}

// Meter returns a meter that reads the events of a type.
func (w *Workload) Meter(i int, a metering.Aggregation) metering.Meter {
	m := metering.Meter{
		ID: metering.MeterID(w.texts.meters[i]), Name: w.texts.meters[i], Type: w.texts.meters[i], Aggregation: a, Unit: "units",
		GroupBy: []string{"region"},
	}
	if a == metering.Unique {
		m.Distinct = metering.Subject
	}
	return m
}
