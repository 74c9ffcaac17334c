package cointest

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/operations/capacity"
)

const (
	transfers  = metering.MeterID("transfers")
	transfer   = entitle.FeatureID("transfer")
	settlement = "settlement" // three critical days of February
)

// settlementDays is when banks settle, by the clock of Berlin.
func settlementDays() calendar.Interval {
	return calendar.Between(time.Date(2026, 2, 9, 23, 0, 0, 0, time.UTC), time.Date(2026, 2, 12, 23, 0, 0, 0, time.UTC))
}

// criticalWindows tells when the critical windows of a name are open.
func criticalWindows(_ context.Context, customer servicecoin.CustomerID, name string, within calendar.Interval) (calendar.Set, error) {
	if name != settlement {
		return calendar.Set{}, servicecoin.NotFound(servicecoin.Key{Customer: customer, Kind: entitle.WindowsRecord, ID: name})
	}
	return calendar.SetOf(settlementDays().Intersect(within)), nil
}

// limitStory tells how a customer nears its limit in a critical window and is told, passes
// it, is slowed down and charged by the window's price while capacity hears of it; how the
// price changes in mid-month; and how a late event restates the bill.
func limitStory(p *provider) {
	p.sellsTransfers()
	p.nearsTheLimit()
	p.passesTheLimit()
	p.priceChanges()
	p.isBilled()
	p.isRestated()
}

// sellsTransfers publishes prices that know the window, and says what the customer may use.
func (p *provider) sellsTransfers() {
	p.t.Helper()
	ctx := p.t.Context()
	p.must(p.Meters().Define(ctx, ada(), metering.Meter{ID: transfers, Name: "Transfers", Type: "erp.transfer", Aggregation: metering.Sum, Unit: "GB"}))
	p.publishes("transfer", "0.10", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	p.publishes("beyond", "0.50", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	p.at(time.February, 1, 8, 0)
	account := p.Account(ctx, acme)
	_, err := account.Statements().Include(ctx, ada(), cost.Item{ID: "transfer", Name: "Transfers", Service: erp, Meter: transfers, Price: "transfer", From: time.Date(2026, 1, 31, 23, 0, 0, 0, time.UTC)})
	p.must(err)
	_, err = account.Entitlements().Set(ctx, ada(), entitle.Kept{Every: metering.Monthly, Service: erp, Entitlement: entitle.Entitlement{
		Feature: transfer, Kind: entitle.Metered, Meter: transfers, Limit: servicecoin.Some(d("1000")), Exceeding: []entitle.Consequence{{Act: entitle.Refuse}},
		Critical: []entitle.Critical{{Name: settlement, Limit: d("100"), Exceeding: []entitle.Consequence{
			{Act: entitle.Notify}, {Act: entitle.Throttle, Rate: servicecoin.Some(d("5"))}, {Act: entitle.Charge, Price: "beyond"}, {Act: entitle.Capacity},
		}}},
		Thresholds: []entitle.Threshold{{Name: "near", Measure: entitle.Percent, At: d("80"), Critical: settlement}},
	}})
	p.must(err)
}

// publishes adds a version of a price for each GB; that of transfers is three times as much
// while banks settle.
func (p *provider) publishes(id servicecoin.PriceID, each string, from time.Time) {
	p.t.Helper()
	price := rating.Price{
		Name: "Transfers", Model: rating.PerUnit, UnitPrice: servicecoin.Some(d(each)), Unit: "GB", Currency: money.EUR, Rounding: money.HalfAwayFromZero, Proration: rating.ByEvents,
	}
	if id == "transfer" {
		price.Windows = []rating.PriceWindow{{Name: settlement, During: settlementDays(), Factor: servicecoin.Some(d("3"))}}
	}
	_, err := p.Prices().Publish(p.t.Context(), ada(), id, price, from)
	p.must(err)
}

// moves records that so many GB were moved when the clock says.
func (p *provider) moves(id, gigabytes string, when time.Time) {
	p.t.Helper()
	_, err := p.Account(p.t.Context(), acme).Ledger().Record(p.t.Context(), servicecoin.Program("gateway"), metering.Event{
		Source: "gateway", ID: id, Type: "erp.transfer", Time: when, Value: servicecoin.Some(d(gigabytes)),
	})
	p.must(err)
	p.exchange()
}

// told returns what was told of the limit, each once.
func (p *provider) told() (said []string) {
	p.t.Helper()
	for x, err := range p.Account(p.t.Context(), acme).Entitlements().Tellings(transfer).All(p.t.Context()) {
		p.must(err)
		word := x.Threshold
		if x.Exceeded() {
			word = "exceeded"
		}
		said = append(said, word+" "+x.Critical)
	}
	return said
}

func (p *provider) demands() (list []capacity.Demand) {
	p.t.Helper()
	for x, err := range p.Capacity().Demands().For(acme).All(p.t.Context()) {
		p.must(err)
		list = append(list, x)
	}
	return list
}

func (p *provider) nearsTheLimit() {
	p.t.Helper()
	ctx := p.t.Context()
	p.moves("t1", "200", p.at(time.February, 3, 12, 0))
	same(p.t, "nothing is told of what is used outside of the window", 0, len(p.told()))
	p.moves("t2", "60", p.at(time.February, 10, 12, 0))
	same(p.t, "nor far from the limit", 0, len(p.told()))
	p.moves("t3", "25", p.at(time.February, 10, 15, 0))
	p.moves("t3", "25", p.at(time.February, 10, 15, 0)) // sent again
	same(p.t, "near the limit of the window, it is told", []string{"near settlement"}, p.told())
	j, err := p.Account(ctx, acme).Entitlements().Judge(ctx, transfer, d("10"), p.clock())
	p.must(err)
	same(p.t, "and may go on", [2]bool{true, false}, [2]bool{j.Allowed, j.Throttle().Valid})
	same(p.t, "capacity hears of nothing yet", 0, len(p.demands()))
	notices := 0
	for x, err := range p.Account(ctx, acme).Entitlements().Notices().All(ctx) {
		p.must(err)
		same(p.t, "who is told", []servicecoin.PersonID{"olga"}, x.To)
		notices++
	}
	same(p.t, "notices", 1, notices)
}

func (p *provider) passesTheLimit() {
	p.t.Helper()
	ctx := p.t.Context()
	e := p.Account(ctx, acme).Entitlements()
	p.moves("t4", "40", p.at(time.February, 11, 9, 0))
	same(p.t, "beyond the limit, it is told", 2, len(p.told()))
	p.moves("t5", "0.5", p.at(time.February, 11, 9, 30))
	same(p.t, "once", 2, len(p.told()))
	j, err := e.Judge(ctx, transfer, d("1"), p.clock())
	p.must(err)
	same(p.t, "it goes on, slowed down", [2]string{"true", "5"}, [2]string{boolWord(j.Allowed), j.Throttle().Decimal.String()})
	same(p.t, "until the window closes", settlementDays().End, j.Until)
	list := p.demands()
	same(p.t, "capacity hears of it", 1, len(list))
	if len(list) == 1 {
		x := list[0]
		same(p.t, "demand", [4]string{"100", "125", settlement, string(capacity.Open)}, [4]string{x.Limit.Decimal.String(), x.Used.Decimal.String(), x.Windows, string(x.State)})
		_, err := p.Capacity().Demands().Acknowledge(ctx, ada(), x.ID, "a second gateway is ordered")
		p.must(err)
	}
	j, err = e.Judge(ctx, transfer, d("1"), settlementDays().End)
	p.must(err)
	same(p.t, "after the window it is as before", [2]bool{true, false}, [2]bool{j.Allowed, j.Throttle().Valid})
	j, err = e.Judge(ctx, transfer, d("800"), settlementDays().End)
	p.must(err)
	same(p.t, "the limit of all refuses what is still to come", false, j.Allowed)
}

func boolWord(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// priceChanges doubles the price in the middle of the month.
func (p *provider) priceChanges() {
	p.t.Helper()
	from := p.at(time.February, 15, 23, 0) // midnight in Berlin
	p.publishes("transfer", "0.20", from)
	p.moves("t6", "100", p.at(time.February, 20, 12, 0))
}

// charged are the lines of a statement that are for transfers.
func charged(st cost.Statement) (list []string) {
	for _, l := range st.Lines {
		if l.Service == erp {
			list = append(list, l.ID+" "+l.Amount.String())
		}
	}
	return list
}

func (p *provider) isBilled() {
	p.t.Helper()
	ctx := p.t.Context()
	february := calendar.Month{Year: 2026, Month: time.February}
	p.at(time.March, 3, 8, 0)
	statements := p.Account(ctx, acme).Statements()
	st, err := statements.Issue(ctx, ada(), february)
	p.must(err)
	// 200 at 0.10 and 125.5 at three times that; 100 at 0.20; 25.5 beyond the limit at 0.50.
	same(p.t, "bill", []string{"usage/transfer 57.65 EUR", "usage/transfer/2026-02-15T23:00:00Z 20.00 EUR", "excess/transfer%2Fsettlement%2F2026-02-01T08:00:00Z%2F2026-01-31T23:00:00Z 12.75 EUR"}, charged(st))
	same(p.t, "total", "90.40 EUR", st.Total.String())
	proved, err := st.Proves()
	p.must(err)
	same(p.t, "it recomputes from its facts", true, proved)
	plainly(p.t, st.Trace())

	// From the amount to the window, and to the events.
	line := st.Lines[0]
	same(p.t, "the line says which version", 1, line.Price.Version)
	var window rating.Line
	for _, part := range line.Parts {
		if part.Part == settlement {
			window = part
		}
	}
	same(p.t, "the window", [2]string{"125.5", "37.65"}, [2]string{window.Quantity.Decimal.String(), window.Amount.String()})
	sum, events := decimal.Zero, 0
	for e, err := range statements.Events(ctx, &st, line.ID, settlement) {
		p.must(err)
		sum, events = sum.Add(e.Value.Decimal), events+1
	}
	same(p.t, "the events of the window", [2]any{4, "125.5"}, [2]any{events, sum.String()})
}

// isRestated hears of a transfer late, in the window: the next bill has the difference.
func (p *provider) isRestated() {
	p.t.Helper()
	ctx := p.t.Context()
	p.at(time.March, 5, 8, 0)
	p.moves("t7", "10", time.Date(2026, 2, 12, 10, 0, 0, 0, time.UTC))
	same(p.t, "nothing is told twice", 2, len(p.told()))
	p.at(time.April, 3, 8, 0)
	statements := p.Account(ctx, acme).Statements()
	st, err := statements.Issue(ctx, ada(), calendar.Month{Year: 2026, Month: time.March})
	p.must(err)
	var corrections []string
	for _, l := range st.Lines {
		if l.Kind == cost.CorrectionLine {
			corrections = append(corrections, l.Of.Line+" "+l.Amount.String())
		}
	}
	same(p.t, "corrections", []string{"excess/transfer%2Fsettlement%2F2026-02-01T08:00:00Z%2F2026-01-31T23:00:00Z 5.00 EUR", "usage/transfer 3.00 EUR"}, corrections)
	proved, err := st.Proves()
	p.must(err)
	same(p.t, "it recomputes from its facts", true, proved)
	list := p.demands()
	same(p.t, "the record of capacity is one, and kept", []capacity.State{capacity.Acknowledged}, []capacity.State{list[0].State})

	// The customer goes, and all of it with it.
	p.must(p.Forget(ctx, ada(), acme))
	same(p.t, "capacity has nothing of a customer that is gone", 0, len(p.demands()))
}
