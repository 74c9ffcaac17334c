package cointest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/catalogroom"
	"github.com/servicecoin/servicecoin/coin/costroom"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/coin/incidentroom"
	"github.com/servicecoin/servicecoin/coin/meteringroom"
	"github.com/servicecoin/servicecoin/coin/slaroom"
	"github.com/servicecoin/servicecoin/coin/spinhtml"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store/storetest"
)

// Story tells one whole story, from the catalogue to the statement and beyond:
// compare, order, approve, provision, sign up, use, fail, tell, credit, spin,
// leave.
func Story(t *testing.T, h storetest.Harness, usage Usage) {
	t.Helper()
	p := newProvider(t, h, usage)
	p.compares()
	sub := p.orders()
	p.signsUp(sub)
	p.uses(sub)
	p.fails()
	p.closes()
	p.spins()
	p.leaves(sub)
}

// Stories are the parts of it that can go wrong, each on a provider of its own.
func Stories(t *testing.T, h storetest.Harness, usage Usage) {
	t.Helper()
	for name, part := range map[string]func(*provider){
		"a provisioner that stumbles":            stumbles,
		"a letter is written once":               lettersOnce,
		"a letter says why":                      lettersSayWhy,
		"more customers than a letter's effect":  manyLetters,
		"the answer of the exchange is lost":     exchangeLost,
		"a bundle larger than a commit":          largeBundle,
		"a grant that comes too late":            lateGrant,
		"a change is asked for, and put back":    changeStory,
		"a change that is closed already":        changeAfterTheMonth,
		"who changed what":                       configurationStory,
		"an emergency explains what it did":      emergencyStory,
		"a flaw is patched by rings":             patchStory,
		"a deadline that is brought forward":     replanStory,
		"two customers are patched at once":      togetherStory,
		"a cycle stays what it is":               cycleStaysStory,
		"a routine comes in time":                routineStory,
		"a change of many items":                 manyItems,
		"a release is moved, and one recalled":   scheduleStory,
		"a platform keeps what it says":          platformStory,
		"a limit is passed in a critical window": limitStory,
		"a binding falls behind":                 apiStory,
		"a certificate has a later edition":      evidenceStory,
	} {
		t.Run(name, func(t *testing.T) { part(newProvider(t, h, usage)) })
	}
}

func (p *provider) compares() {
	p.t.Helper()
	price := func(o catalog.Offering, planned catalog.Planned) (catalog.Price, error) {
		if o.Price == "" {
			return catalog.Price{Note: "ask us"}, nil
		}
		v, err := p.Prices().At(p.t.Context(), o.Price, p.clock())
		if err != nil {
			return catalog.Price{}, err
		}
		charge, err := rating.Rate(v.Price, planned["documents"])
		return catalog.Price{Amount: charge.Amount, Trace: charge.Trace()}, err
	}
	c, err := p.Catalog().Compare(p.t.Context(), []servicecoin.OfferingID{cloud, legacy}, catalog.Planned{"documents": d("1500")}, price)
	p.must(err)
	same(p.t, "price of the cloud", "65.00 EUR", c.Rows[0].Price.String())
	same(p.t, "price of the legacy", false, c.Rows[1].Price.Defined())
	plainly(p.t, c.Rows[0].Trace)
	same(p.t, "soonest", []bool{true, false}, []bool{c.Rows[0].Soonest, c.Rows[1].Soonest})
}

// plainly checks that people are told of a figure without what was written for
// programs, and that the exact form is what it was.
func plainly(t *testing.T, trace servicecoin.Trace) {
	t.Helper()
	told := trace.Tell(servicecoin.Reader{}).String()
	if found := regexp.MustCompile(`\d{4}-\d\d|[{}\[\]@]|[0-9a-f]{12}|digest|undefined|\d\.\d [A-Z]{3}|\b(sum|max|unique|count)\b`).FindString(told); found != "" {
		t.Errorf("%q is nothing for people:\n%s", found, told)
	}
	exact, err := json.Marshal(trace)
	if err != nil || bytes.Contains(exact, []byte("plain")) {
		t.Errorf("the exact form: %s %v", exact, err)
	}
	var back servicecoin.Trace
	if err := json.Unmarshal(exact, &back); err != nil || back.String() != trace.String() {
		t.Errorf("read back it is other: %v\n%s", err, back)
	}
}

func (p *provider) orders() servicecoin.SubscriptionID {
	p.t.Helper()
	ctx := p.t.Context()
	p.at(time.January, 1, 9, 0)
	offering, err := p.Catalog().Orderable(ctx, cloud)
	p.must(err)
	orders := p.Orders(acme)
	if _, err := orders.Place(ctx, mika(), offering, catalog.Request{Parameters: json.RawMessage(`{"size":0}`)}); !errors.Is(err, servicecoin.ErrInvalid) {
		p.t.Fatalf("an order with bad parameters: %v", err)
	}
	order, err := orders.Place(ctx, mika(), offering, catalog.Request{ID: "o1", Subscription: "s1", Parameters: json.RawMessage(`{"size":3}`)})
	p.must(err)
	if _, err := orders.Approve(ctx, mika(), order.ID, ""); !errors.Is(err, servicecoin.ErrRefused) {
		p.t.Fatalf("approved by the one who asked: %v", err)
	}
	_, err = orders.Approve(ctx, olga(), order.ID, "")
	p.must(err)
	p.machines.Script(catalog.Answer{Progress: catalog.Progress{State: catalog.UnderWay, Text: "Machines are being set up"}})
	p.exchange()
	order, err = orders.Get(ctx, order.ID)
	p.must(err)
	same(p.t, "state while it is set up", catalog.OrderProvisioning, order.State)
	p.at(time.January, 2, 9, 0)
	done, err := p.Pursue(ctx)
	p.must(err)
	same(p.t, "pursued", catalogroom.Pursued{Fulfilled: 1}, done)
	order, err = orders.Get(ctx, order.ID)
	p.must(err)
	lead := order.Lead(p.clock())
	same(p.t, "lead time", catalog.LeadKept, lead.Outcome)
	p.exchange()
	return order.Subscription
}

func (p *provider) signsUp(sub servicecoin.SubscriptionID) {
	p.t.Helper()
	ctx := p.t.Context()
	program := p.Program(acme)
	p.at(time.January, 2, 10, 0)
	if _, err := program.Reach(ctx, olga(), sub, catalog.DueBeforeUse); !errors.Is(err, servicecoin.ErrRefused) || !strings.Contains(err.Error(), "Accounts for all") {
		p.t.Fatalf("first use without accounts: %v", err)
	}
	spin, err := p.Spin(ctx, acme, january())
	p.must(err)
	same(p.t, "out of balance while blocked", "Order entry cannot be begun with: Accounts for all who enter orders, due before first use.", spin.Sentence())
	_, err = program.Meet(ctx, olga(), sub, "accounts", adoption.Evidence{Text: "12 accounts, list of 2 January"})
	p.must(err)
	_, err = program.Reach(ctx, olga(), sub, catalog.DueBeforeUse)
	p.must(err)
}

// document is a usage event of one document.
func document(n int, at time.Time) metering.Event {
	return metering.Event{
		Customer: acme, Source: "erp", ID: fmt.Sprintf("%s-%d", at.Format("0102"), n), Type: "erp.document",
		Subject: fmt.Sprintf("person %d", n%7), Time: at,
	}
}

func (p *provider) uses(sub servicecoin.SubscriptionID) {
	p.t.Helper()
	ctx := p.t.Context()
	customer := servicecoin.Customer{ID: acme, Name: "Acme", Zone: "Europe/Berlin", Currency: "EUR"}
	at := p.at(time.January, 10, 12, 0)
	var events []metering.Event
	for n := range 1200 {
		events = append(events, document(n, at))
	}
	// Before midnight UTC, and February already where the customer is.
	events = append(events, document(1, time.Date(2026, 1, 31, 23, 30, 0, 0, time.UTC)))
	p.at(time.January, 31, 23, 45)
	_, err := p.Ledger(customer).Record(ctx, servicecoin.Program("collector"), events...)
	p.must(err)
	decision, err := p.Ledger(customer).Check(ctx, "documents", d("1"), at)
	p.must(err)
	same(p.t, "a soft quota allows", []bool{true, true}, []bool{decision.Allowed, decision.SoftExceeded})
	same(p.t, "quota", servicecoin.Some(d("1000")), decision.Limit)
	excesses := 0
	for x, err := range p.Ledger(customer).Excesses().All(ctx) {
		p.must(err)
		same(p.t, "excess of", metering.QuotaID(sub), x.Quota)
		excesses++
	}
	same(p.t, "excesses", 1, excesses)
}

func (p *provider) fails() {
	p.t.Helper()
	ctx := p.t.Context()
	began := p.at(time.January, 20, 10, 0)
	i, err := p.Desk().Open(ctx, ada(), incident.Report{ID: "i1", Title: "Disk of db-2 is full", Headline: "The database is down", Effects: []incident.Effect{
		{Service: database, Level: incident.Outage, From: began}, {Service: erp, Level: incident.Outage, From: began},
	}})
	p.must(err)
	p.exchange()
	letters := p.letters(acme)
	same(p.t, "letters", 1, len(letters))
	same(p.t, "why", []servicecoin.ServiceID{erp}, letters[0].Path) // erp itself is affected: the shortest way
	_, err = p.Letters(acme).Send(ctx, ada(), letters[0].ID, "")
	p.must(err)
	p.at(time.January, 20, 10, 30)
	_, err = p.Desk().Note(ctx, ada(), i.ID, incident.Message{Text: "We are making room.", Audience: incident.Public, NextUpdateBy: began.Add(time.Hour)})
	p.must(err)
	_, err = p.Desk().Note(ctx, ada(), i.ID, incident.Message{Text: "db-2 again, third time this year"})
	p.must(err)
	p.exchange()
	p.at(time.January, 20, 12, 0)
	_, err = p.Desk().Resolve(ctx, ada(), i.ID, incident.Resolution{Text: "Disk enlarged"})
	p.must(err)
	p.exchange()
	letters = p.letters(acme)
	same(p.t, "letters", 3, len(letters))
	same(p.t, "states", []incident.CommunicationState{incident.Sent, incident.Discarded, incident.Draft},
		[]incident.CommunicationState{letters[0].State, letters[1].State, letters[2].State})
	want := "Order entry was down from 20 January 2026, 11:00 CET to 20 January 2026, 13:00 CET."
	same(p.t, "the last one", want, letters[2].Body)
	for _, l := range letters {
		if strings.Contains(l.Body+l.Subject, "db-2") {
			p.t.Errorf("what is internal got out: %q", l.Body)
		}
	}
}

func (p *provider) letters(customer servicecoin.CustomerID) []incident.Communication {
	p.t.Helper()
	var list []incident.Communication
	for l, err := range p.Letters(customer).About("i1").All(p.t.Context()) {
		p.must(err)
		list = append(list, l)
	}
	return list
}

func (p *provider) closes() {
	p.t.Helper()
	ctx := p.t.Context()
	customer := servicecoin.Customer{ID: acme, Name: "Acme", Zone: "Europe/Berlin", Currency: "EUR"}
	p.at(time.February, 2, 8, 0)
	done, err := p.CloseMonth(ctx, ada(), acme, january())
	p.must(err)
	same(p.t, "credit", "10", done.Closed[0].Credit.Percent.String())
	p.exchange()
	st, err := p.Statements(customer).Issue(ctx, ada(), january())
	p.must(err)
	// 100.00 and 1000 at 0.05 and 200 at 0.03, less ten percent.
	same(p.t, "total", "140.40 EUR", st.Total.String())
	proven, err := st.Proves()
	if err != nil || !proven {
		p.t.Errorf("the statement does not follow from its facts: %v", err)
	}
	trace := st.Trace()
	found := false
	for _, k := range trace.Keys() {
		found = found || k == servicecoin.Key{Customer: servicecoin.Provider, Kind: incident.IncidentRecord, ID: "i1"}
	}
	same(p.t, "the credit leads to the incident", true, found)
	plainly(p.t, trace)
	plainly(p.t, done.Closed[0].Report.Trace())
	for _, want := range []string{"1\u202f000 documents at 0.05 EUR each = 50.00 EUR", "200 documents at 0.03 EUR each = 6.00 EUR", "10 % of the month's charge = −15.60 EUR"} {
		if told := trace.Tell(servicecoin.Reader{}).String(); !strings.Contains(told, want) {
			p.t.Errorf("the explanation lacks %q:\n%s", want, told)
		}
	}
}

func (p *provider) spins() {
	p.t.Helper()
	spin, err := p.Spin(p.t.Context(), acme, january())
	p.must(err)
	same(p.t, "rows", 1, len(spin.Rows))
	row := spin.Rows[0]
	same(p.t, "name", "Order entry", row.Name)
	same(p.t, "verdict", sla.Broken, exchange.Of[slaroom.Kept](row.Parts).Promises[0].Verdict)
	same(p.t, "credit", "-15.60 EUR", exchange.Of[costroom.Charged](row.Parts).CreditAmount.String())
	same(p.t, "updates", incident.Adherence{Missed: 1}, exchange.Of[incidentroom.Run](row.Parts).Updates)
	same(p.t, "letters", []int{1, 1}, []int{exchange.Of[incidentroom.Run](row.Parts).Sent, exchange.Of[incidentroom.Run](row.Parts).Waiting})
	same(p.t, "charge", "156.00 EUR", exchange.Of[costroom.Charged](row.Parts).Charge.String())
	same(p.t, "total", "140.40 EUR", exchange.Of[costroom.Charged](row.Parts).Total.String())
	same(p.t, "active", "7", exchange.Of[meteringroom.Used](row.Parts).Active.Decimal.String())
	same(p.t, "imprint", acme, exchange.Of[catalogroom.Held](row.Parts).Imprint[0].Imprint.Owner)
	var codes []string
	for _, b := range spin.Balance {
		codes = append(codes, b.Code)
	}
	same(p.t, "balance", []string{slaroom.PromiseBroken, incidentroom.UpdatesMissed, meteringroom.QuotaExceeded}, codes)
	var text, html bytes.Buffer
	p.must(spin.WriteText(&text))
	p.must(spinhtml.Write(&html, spin))
	for _, want := range []string{"Acme, 2026-01 · issued of statement: 140.40 EUR", "credit of 10 % is due", "1200 documents of 1000", "7 active"} {
		if !strings.Contains(text.String(), want) {
			p.t.Errorf("the text lacks %q:\n%s", want, text.String())
		}
	}
	if !strings.Contains(html.String(), "The database is down") || strings.Contains(html.String(), "db-2") {
		p.t.Errorf("the page: %s", html.String())
	}
	for _, part := range row.Parts {
		for _, line := range part.Figures.Lines() {
			for _, trace := range line.Evidence {
				plainly(p.t, trace)
			}
		}
	}
	empty, err := p.Spin(p.t.Context(), acme, calendar.Month{Year: 2020, Month: time.May})
	p.must(err)
	same(p.t, "a month before everything", "Nothing of a service is on record for this month.", empty.Sentence())
}

func (p *provider) leaves(sub servicecoin.SubscriptionID) {
	p.t.Helper()
	ctx := p.t.Context()
	customer := servicecoin.Customer{ID: acme, Name: "Acme", Zone: "Europe/Berlin", Currency: "EUR"}
	p.at(time.February, 10, 8, 0)
	_, err := p.Subscriptions(acme).Depart(ctx, olga(), sub, time.Time{}, "We close that branch")
	p.must(err)
	p.exchange()
	s, err := p.Subscriptions(acme).Get(ctx, sub)
	p.must(err)
	same(p.t, "state", catalog.SubscriptionDeparted, s.State)
	same(p.t, "what is set up", 0, len(p.machines.There()))
	o, err := p.Program(acme).Get(ctx, sub)
	p.must(err)
	same(p.t, "onboarding", adoption.Cancelled, o.State)
	p.at(time.April, 2, 8, 0)
	// The last document of January was of February where the customer is.
	st, err := p.Statements(customer).Issue(ctx, ada(), january().Next())
	p.must(err)
	same(p.t, "the last total", "100.05 EUR", st.Total.String())
	if _, err := p.Statements(customer).Issue(ctx, ada(), january().Add(2)); !errors.Is(err, servicecoin.ErrRefused) {
		p.t.Errorf("a statement of nothing: %v", err)
	}
	promise, err := p.Keeper(acme).Get(ctx, servicecoin.PromiseID(sub))
	p.must(err)
	same(p.t, "the promise ends", s.Until, promise.ValidUntil)
	quota, err := p.Ledger(customer).Quota(ctx, metering.QuotaID(sub))
	p.must(err)
	same(p.t, "the quota ends", s.Until, quota.Until)
	departure, err := p.Program(acme).Departure(ctx, sub)
	p.must(err)
	same(p.t, "the departure", []any{adoption.Announced, s.DepartingAt, "We close that branch"}, []any{departure.State, departure.LeavesAt, departure.Reason})
	concerned, err := p.Directory().Concerned(ctx, erp, calendar.Between(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)), "", 10)
	p.must(err)
	same(p.t, "concerned in March", 0, len(concerned))
}
