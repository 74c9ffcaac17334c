// Package cointest tells the story of the exchange on any backend: an incident,
// the reports that become due by it, a month that is closed, and the failures in
// between. Engines run it beside storetest.
package cointest

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/storetest"
)

// Run tells every part of the story as a subtest, on a backend of its own.
func Run(t *testing.T, h storetest.Harness) {
	t.Helper()
	for name, part := range map[string]func(*testing.T, storetest.Harness){
		"an outage becomes a credit":               outageBecomesCredit,
		"a late fact becomes a correction":         lateFact,
		"a cancelled incident counts for nothing":  cancelledIncident,
		"the answer is lost":                       answerLost,
		"two exchanges race":                       twoExchanges,
		"more customers than a commit holds":       manyCustomers,
		"a long incident":                          longIncident,
		"a customer who was forgotten":             forgottenCustomer,
		"one commit over two domains":              twoDomains,
		"in the host's transaction":                hostTransaction,
		"the facts are wrong, and nothing is lost": badInput,
	} {
		t.Run(name, func(t *testing.T) { part(t, h) })
	}
}

// world is a provider with two services and its clock.
type world struct {
	*coin.Coin

	t         *testing.T
	store     *store.Store
	faults    *storetest.Faults
	directory *catalog.MemoryDirectory

	mu  sync.Mutex
	now time.Time
}

const (
	mail = servicecoin.ServiceID("mail")
	acme = servicecoin.CustomerID("acme")
)

func ada() servicecoin.Actor { return servicecoin.Person("ada") }

func january() calendar.Month { return calendar.Month{Year: 2026, Month: time.January} }

func newWorld(t *testing.T, h storetest.Harness, customers ...servicecoin.CustomerID) *world {
	t.Helper()
	w := &world{t: t, faults: storetest.NewFaults(h.Open(t)), directory: &catalog.MemoryDirectory{}}
	w.at(1, 1, 0)
	w.store = store.New(w.faults, &store.Options{Now: w.clock})
	c, err := coin.New(w.store, w.directory, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.Coin = c
	w.directory.Set(mail, "Mail", customers...)
	for _, customer := range customers {
		if _, err := c.Keeper(customer).Make(t.Context(), ada(), mailPromise("mail")); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func mailPromise(id servicecoin.PromiseID) sla.Promise {
	d := decimal.RequireFromString
	return sla.Promise{
		ID: id, Service: mail, Objective: d("99.9"),
		Terms:     sla.Terms{Weights: sla.Weights{"outage": d("1"), "disruption": d("0.3"), "degradation": d("0"), "information": d("0")}},
		Bands:     sla.Bands{{Below: d("99.9"), Credit: d("10")}, {Below: d("99"), Credit: d("25")}},
		ValidFrom: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// at sets the clock, in 2026.
func (w *world) at(month time.Month, day, hour int) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = time.Date(2026, month, day, hour, 0, 0, 0, time.UTC)
	return w.now
}

// outage has mail fail for an hour from ten o'clock on a day of January.
func (w *world) outage(day int) servicecoin.IncidentID {
	w.t.Helper()
	began := w.at(1, day, 10)
	i, err := w.Desk().Open(w.t.Context(), ada(), incident.Report{
		Title: "Mail is down", Effects: []incident.Effect{{Service: mail, Level: incident.Outage, From: began}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.at(1, day, 11)
	if _, err := w.Desk().Resolve(w.t.Context(), ada(), i.ID, incident.Resolution{Text: "Restarted"}); err != nil {
		w.t.Fatal(err)
	}
	return i.ID
}

// exchange steps until the feed is drained, through scripted faults.
func (w *world) exchange() {
	w.t.Helper()
	x, err := w.Exchange(&store.ConsumerOptions{Holder: "one", Tries: 3, Backoff: store.AtOnce})
	if err != nil {
		w.t.Fatal(err)
	}
	for range 300 {
		done, err := x.Step(w.t.Context(), 100)
		if errors.Is(err, storetest.ErrFault) {
			continue
		}
		if err != nil {
			w.t.Fatal(err)
		}
		if done.Effects+done.Skipped+done.Parked == 0 {
			return
		}
	}
	w.t.Fatal("the exchange does not come to an end")
}

func (w *world) due(customer servicecoin.CustomerID) []string {
	w.t.Helper()
	list := []string{}
	for m, err := range w.Keeper(customer).Due().All(w.t.Context()) {
		if err != nil {
			w.t.Fatal(err)
		}
		list = append(list, m.Month.String()+" "+string(m.Promise))
	}
	return list
}

func (w *world) closeMonth(customer servicecoin.CustomerID, m calendar.Month) sla.Closed {
	w.t.Helper()
	done, err := w.CloseMonth(w.t.Context(), ada(), customer, m)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(done.Closed) != 1 {
		w.t.Fatalf("%d promises closed, 1 wanted", len(done.Closed))
	}
	return done.Closed[0]
}

func (w *world) credits(customer servicecoin.CustomerID) []string {
	w.t.Helper()
	list := []string{}
	for c, err := range w.Keeper(customer).Credits(january()).All(w.t.Context()) {
		if err != nil {
			w.t.Fatal(err)
		}
		list = append(list, c.Percent.String()+" %")
	}
	return list
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", what, diff)
	}
}

func outageBecomesCredit(t *testing.T, h storetest.Harness) {
	w := newWorld(t, h, acme, "globex")
	id := w.outage(8)
	same(t, "due before the exchange", []string{}, w.due(acme))
	w.exchange()
	same(t, "due", []string{"2026-01 mail"}, w.due(acme))
	same(t, "due for the other", []string{"2026-01 mail"}, w.due("globex"))
	same(t, "due for a stranger", []string{}, w.due("stranger"))
	w.at(2, 1, 8)
	closed := w.closeMonth(acme, january())
	same(t, "uptime", "99.8655914", closed.Report.Figures.Uptime.Decimal.String())
	trace := closed.Report.Trace()
	same(t, "trace", []servicecoin.Key{{Customer: servicecoin.Provider, Kind: incident.IncidentRecord, ID: string(id)}}, trace.Keys())
	for range 2 {
		w.closeMonth(acme, january())
		w.exchange()
	}
	same(t, "credits", []string{"10 %"}, w.credits(acme))
	same(t, "credits of the other", []string{}, w.credits("globex"))
	same(t, "due after closing", []string{}, w.due(acme))
}

func lateFact(t *testing.T, h storetest.Harness) {
	w := newWorld(t, h, acme)
	id := w.outage(8)
	w.exchange()
	w.at(2, 1, 8)
	w.closeMonth(acme, january())
	// It turns out that it began much earlier in one place.
	began := time.Date(2026, 1, 8, 10, 0, 0, 0, time.UTC)
	if _, err := w.Desk().Redate(t.Context(), ada(), id, began.Add(-20*time.Hour), "The logs say so"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Desk().Affect(t.Context(), ada(), id, incident.Effect{Service: mail, Level: incident.Outage, From: began.Add(-20 * time.Hour), Until: began, Locations: []string{"north"}}); err != nil {
		t.Fatal(err)
	}
	w.exchange()
	same(t, "due again", []string{"2026-01 mail"}, w.due(acme))
	done, err := w.CloseDue(t.Context(), ada(), acme)
	if err != nil || len(done) != 1 {
		t.Fatalf("%d corrections (%v)", len(done), err)
	}
	same(t, "credits", []string{"10 %", "15 %"}, w.credits(acme))
	same(t, "edition", 2, done[0].Report.Edition)
}

func cancelledIncident(t *testing.T, h storetest.Harness) {
	w := newWorld(t, h, acme)
	began := w.at(1, 8, 10)
	i, err := w.Desk().Open(t.Context(), ada(), incident.Report{Title: "False alarm", Effects: []incident.Effect{{Service: mail, Level: incident.Outage, From: began}}})
	if err != nil {
		t.Fatal(err)
	}
	w.at(1, 8, 12)
	if _, err := w.Desk().Cancel(t.Context(), ada(), i.ID, "A broken probe"); err != nil {
		t.Fatal(err)
	}
	w.exchange()
	w.at(2, 1, 8)
	same(t, "uptime", "100", w.closeMonth(acme, january()).Report.Figures.Uptime.Decimal.String())
}

func answerLost(t *testing.T, h storetest.Harness) {
	w := newWorld(t, h, acme, "globex")
	w.outage(8)
	w.outage(9)
	w.faults.Script(storetest.After, storetest.Before, storetest.After, storetest.Pass, storetest.Conflict, storetest.After, storetest.Before)
	w.exchange()
	w.at(2, 1, 8)
	w.closeMonth("globex", january()) // so that the store has met every kind
	w.faults.Script(storetest.After)
	if _, err := w.CloseMonth(t.Context(), ada(), acme, january()); !errors.Is(err, storetest.ErrFault) {
		t.Fatalf("got %v, want the fault", err)
	}
	closed := w.closeMonth(acme, january())
	same(t, "closed by the call whose answer was lost", true, closed.Again)
	same(t, "credits", []string{"10 %"}, w.credits(acme))
	events, err := w.store.For(acme).Events(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range events {
		names = append(names, e.Name)
	}
	same(t, "events", []string{
		sla.EventPromiseMade, sla.EventReportDue, incident.EventDrafted, incident.EventDrafted, sla.EventReportIssued, sla.EventCreditProposed,
	}, names)
}

func twoExchanges(t *testing.T, h storetest.Harness) {
	w := newWorld(t, h, acme, "b", "c", "d", "e", "f", "g")
	for day := range 5 {
		w.outage(day + 2)
	}
	var wg sync.WaitGroup
	for replica := range 3 {
		wg.Go(func() {
			x, err := w.Exchange(&store.ConsumerOptions{Holder: strconv.Itoa(replica), Lease: time.Nanosecond})
			if err != nil {
				t.Error(err)
				return
			}
			for range 30 {
				if _, err := x.Step(t.Context(), 5); err != nil && !errors.Is(err, servicecoin.ErrBusy) && !errors.Is(err, servicecoin.ErrConflict) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	w.at(1, 20, 0)
	w.exchange()
	for _, customer := range []servicecoin.CustomerID{acme, "b", "g"} {
		same(t, "due", []string{"2026-01 mail"}, w.due(customer))
		standing, err := w.Keeper(customer).Standing(t.Context(), "mail", january())
		if err != nil || len(standing.Because) != 5 {
			t.Errorf("customer %s: due because of %d incidents, 5 wanted (%v)", customer, len(standing.Because), err)
		}
	}
}

func manyCustomers(t *testing.T, h storetest.Harness) {
	const n = 137
	var customers []servicecoin.CustomerID
	for i := range n {
		customers = append(customers, servicecoin.CustomerID(fmt.Sprintf("c%03d", i)))
	}
	w := newWorld(t, h, customers...)
	for i := range 45 { // and one with more promises than a commit holds
		if _, err := w.Keeper("c070").Make(t.Context(), ada(), mailPromise(servicecoin.PromiseID(fmt.Sprintf("p%02d", i)))); err != nil {
			t.Fatal(err)
		}
	}
	w.outage(8)
	w.exchange()
	var waiting []servicecoin.CustomerID
	for customer, err := range w.DueCustomers(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		waiting = append(waiting, customer)
	}
	same(t, "customers with a month due", customers, waiting)
	total := 0
	for _, customer := range customers {
		total += len(w.due(customer))
	}
	same(t, "reports due", n+45, total)
}

func longIncident(t *testing.T, h storetest.Harness) {
	w := newWorld(t, h, acme)
	began := time.Date(2021, 1, 15, 0, 0, 0, 0, time.UTC)
	w.at(1, 1, 0)
	i, err := w.Desk().Open(t.Context(), ada(), incident.Report{Title: "Slow for years", Began: began, DetectedAt: began, Effects: []incident.Effect{{Service: mail, Level: incident.Degradation, From: began}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Desk().Resolve(t.Context(), ada(), i.ID, incident.Resolution{Text: "Replaced"}); err != nil {
		t.Fatal(err)
	}
	w.exchange()
	same(t, "months due", 60, len(w.due(acme)))
}
