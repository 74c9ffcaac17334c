package meteringtest

import (
	"errors"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
)

// Story tells a customer's month on a pair of stores, one of records and one of
// events: usage that comes twice, a quota that is passed, a credit, the
// statement, and usage that comes late.
func Story(t testing.TB, records store.Backend, events metering.EventStore) {
	t.Helper()
	march := calendar.Month{Year: 2026, Month: time.March}
	now := march.In(time.UTC).Start
	st := store.New(records, &store.Options{Now: func() time.Time { return now }})
	s := &story{TB: t, by: servicecoin.Person("ada")}
	acme := servicecoin.Customer{ID: acme, Name: "Acme", Zone: "Europe/Berlin", Currency: "EUR"}
	meters, prices := metering.NewMeters(st.For(servicecoin.Provider)), rating.New(st.For(servicecoin.Provider))
	s.ledger = metering.New(st.For(acme.ID), events, meters, acme, nil)
	s.statements = cost.New(st.For(acme.ID), acme, s.ledger, prices, nil)
	s.prepare(meters, prices, now.AddDate(-1, 0, 0))

	batch := make([]metering.Event, 1000) // 0, 0.01, 0.02 … hours: 4995 together
	for i := range batch {
		batch[i] = event(i)
		batch[i].Value = servicecoin.Some(decimal.New(int64(i), -2))
	}
	s.record(metering.Added, batch...)
	s.record(metering.Repeat, batch...)
	decision, err := s.ledger.Check(t.Context(), "hours", decimal.NewFromInt(1), start())
	s.must(err)
	if !errors.Is(decision.Err(), servicecoin.ErrRefused) {
		t.Errorf("the quota is used up, and Check answers %+v", decision)
	}
	_, err = s.statements.Credit(t.Context(), s.by, cost.Credit{
		Reference: servicecoin.Key{Customer: acme.ID, Kind: "sla.credit", ID: "vm/2026-03/1"}, Service: "vm", Month: march,
		Percent: servicecoin.Some(decimal.NewFromInt(10)), Reason: "Uptime",
	})
	s.must(err)

	now = march.In(time.UTC).End.AddDate(0, 0, 2)
	issued, err := s.statements.Issue(t.Context(), s.by, march)
	s.must(err)
	equal(t, "total", issued.Total.String(), "135.31 EUR") // 4995 at 0.0301 are 150.35, less a tenth
	stored, err := s.statements.Get(t.Context(), march)
	s.must(err)
	proved, err := stored.Proves()
	s.must(err)
	equal(t, "the stored statement recomputes to the same bytes", proved, true)

	late := event(2000)
	late.Value = servicecoin.Some(decimal.NewFromInt(100))
	s.record(metering.Added, late)
	next, err := s.statements.Draft(t.Context(), march.Next())
	s.must(err)
	equal(t, "correction", next.Total.String(), "2.71 EUR") // 3.01 more, and a larger credit

	told := 0
	feed, err := st.For(acme.ID).Events(t.Context(), 0, store.MaxPage)
	s.must(err)
	for _, e := range feed {
		if e.Name == metering.EventQuotaExceeded {
			told++
		}
	}
	equal(t, "quota.exceeded", told, 1)
}

// story is what its parts have in common.
type story struct {
	testing.TB

	by         servicecoin.Actor
	ledger     *metering.Ledger
	statements *cost.Statements
}

func (s *story) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// prepare defines a meter, a price, what the customer is charged for, and a
// quota.
func (s *story) prepare(meters *metering.Meters, prices *rating.PriceList, since time.Time) {
	s.Helper()
	ctx := s.Context()
	s.must(meters.Define(ctx, s.by, metering.Meter{ID: "hours", Name: "Hours", Type: hours, Aggregation: metering.Sum, Unit: "hours"}))
	_, err := prices.Publish(ctx, s.by, "hour", rating.Price{
		Name: "Hour", Model: rating.PerUnit, Currency: money.EUR, Rounding: money.HalfAwayFromZero, UnitPrice: servicecoin.Some(decimal.New(301, -4)),
	}, since)
	s.must(err)
	_, err = s.statements.Include(ctx, s.by, cost.Item{ID: "hours", Name: "Machine hours", Service: "vm", Meter: "hours", Price: "hour", From: since})
	s.must(err)
	_, err = s.ledger.SetQuota(ctx, s.by, metering.Quota{ID: "q", Meter: "hours", Limit: decimal.NewFromInt(10), Mode: metering.Hard, Period: metering.Monthly})
	s.must(err)
}

func (s *story) record(want metering.Outcome, batch ...metering.Event) {
	s.Helper()
	receipt, err := s.ledger.Record(s.Context(), s.by, batch...)
	s.must(err)
	wanted := metering.Receipt{}
	for range batch {
		wanted.Count(want)
	}
	equal(s, "receipt", receipt, wanted)
}
