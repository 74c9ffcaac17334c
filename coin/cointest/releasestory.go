package cointest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/operations/release"
)

const harbour release.PlatformID = "harbour"

func dayOf(month time.Month, day int) calendar.Date {
	return calendar.Date{Year: 2026, Month: month, Day: day}
}

// scheduleStory tells a release that is moved, with the first promise on record, and its
// bad successor that is recalled; a critical flaw from when it is known to the last
// customer; and the support of a line that ends.
func scheduleStory(p *provider) {
	p.orders()
	p.hasReleases()
	p.movesARelease()
	p.recallsARelease()
	p.mendsAFlaw()
	p.knownLater()
	p.endsALine()
	p.forgetsWhatRuns()
}

func (p *provider) hasReleases() {
	p.t.Helper()
	ctx, s := p.t.Context(), p.Releases().Schedule()
	const day = 24 * time.Hour
	_, err := s.KeepPlatform(ctx, ada(), release.Platform{
		ID: harbour, Name: "Harbour", Service: erp, Zone: "Europe/Berlin", Philosophy: servicecoin.Texts{"en": "A patch each month, when it is ready and tested."},
		Rules: release.Rules{Cadence: 45, Patch: []release.Content{release.HasFix, release.HasAdvisory}},
		Fixes: release.FixPromise{Fixed: calendar.Within(2 * day), Rolled: calendar.Within(5 * day), Customers: map[servicecoin.CustomerID]calendar.Duration{"globex": calendar.Within(3 * day)}},
	})
	p.must(err)
	for name, until := range map[string]calendar.Date{"8.3": dayOf(time.August, 31), "8.4": {Year: 2027, Month: time.June, Day: 30}} {
		_, err = s.KeepLine(ctx, ada(), release.Line{Platform: harbour, Name: name, Released: calendar.Date{Year: 2025, Month: time.June, Day: 1}, Support: release.Support{Until: release.LastDay(until)}})
		p.must(err)
	}
}

func (p *provider) planned(version string, on calendar.Date) {
	p.t.Helper()
	_, err := p.Releases().Schedule().Plan(p.t.Context(), ada(), release.Plan{Platform: harbour, Version: version, On: on})
	p.must(err)
}

func (p *provider) published(version string, on calendar.Date, holds release.Holds) {
	p.t.Helper()
	_, err := p.Releases().Schedule().Publish(p.t.Context(), ada(), release.Plan{Platform: harbour, Version: version, On: on, Holds: holds})
	p.must(err)
	p.exchange()
}

func (p *provider) runs(customer servicecoin.CustomerID, version string) {
	p.t.Helper()
	_, err := p.Releases().Installations(customer).Run(p.t.Context(), ada(), harbour, "", version)
	p.must(err)
	p.exchange()
}

// warned are the warnings of a customer that stand, by what they are about.
func (p *provider) warned(customer servicecoin.CustomerID) map[release.About]release.Warning {
	p.t.Helper()
	stand := make(map[release.About]release.Warning)
	for w, err := range p.Releases().Warnings(customer).Open(harbour, "").All(p.t.Context()) {
		p.must(err)
		stand[w.About] = w
	}
	return stand
}

// movesARelease promises two releases and moves one: what was promised first counts.
func (p *provider) movesARelease() {
	p.t.Helper()
	ctx, s := p.t.Context(), p.Releases().Schedule()
	p.at(time.February, 2, 9, 0)
	p.published("8.3.5", dayOf(time.February, 2), release.Holds{})
	p.planned("8.4.1", dayOf(time.February, 10))
	p.planned("8.4.2", dayOf(time.March, 3))
	p.at(time.February, 9, 9, 0)
	_, err := s.Move(ctx, ada(), harbour, "8.4.1", dayOf(time.February, 17), "a test fails on PostgreSQL 18")
	p.must(err)
	p.at(time.February, 17, 9, 0)
	p.published("8.4.1", dayOf(time.February, 17), release.Holds{})
	p.at(time.March, 3, 9, 0)
	p.published("8.4.2", dayOf(time.March, 3), release.Holds{})

	list, err := s.Promised(ctx, harbour)
	p.must(err)
	platform, err := s.Platform(ctx, harbour)
	p.must(err)
	h := release.Honoured(list, platform, dayOf(time.March, 3))
	same(p.t, "kept", "1 of 2", h.Words())
	same(p.t, "late", [3]int{1, 7, 1}, [3]int{h.Late, h.Median, h.Before})
	r, err := s.Get(ctx, harbour, "8.4.1")
	p.must(err)
	same(p.t, "the first promise", dayOf(time.February, 10), r.First)
	same(p.t, "why", "a test fails on PostgreSQL 18", r.Moves[0].Why)
}

// recallsARelease finds that a release is bad: who has it is led away, nobody new gets it.
func (p *provider) recallsARelease() {
	p.t.Helper()
	ctx := p.t.Context()
	p.runs(acme, "8.4.2")
	p.runs("globex", "8.3.5")
	_, err := p.Releases().Schedule().Recall(ctx, ada(), harbour, "8.4.2", "it loses orders", "8.4.1")
	p.must(err)
	p.exchange()
	w := p.warned(acme)[release.ARecall]
	same(p.t, "told", [3]string{"8.4.2", "8.4.1", "it loses orders"}, [3]string{w.Of, w.Instead, w.Why})
	same(p.t, "who does not have it", 0, len(p.warned("globex")))
	_, err = p.Releases().Installations("globex").Run(ctx, ada(), harbour, "", "8.4.2")
	same(p.t, "nobody new", true, errors.Is(err, servicecoin.ErrRefused))
	p.at(time.March, 4, 9, 0)
	p.runs(acme, "8.4.1")
	same(p.t, "led away", 0, len(p.warned(acme)))

	// Seen to run all the same: a fact, and told again.
	_, err = p.Releases().Installations(acme).Observe(ctx, ada(), harbour, "test", "8.4.2", p.clock())
	p.must(err)
	p.exchange()
	n := 0
	for x, err := range p.Releases().Warnings(acme).Open(harbour, "test").All(ctx) {
		p.must(err)
		same(p.t, "about", release.ARecall, x.About)
		n++
	}
	same(p.t, "warnings", 1, n)
	_, err = p.Releases().Installations(acme).Stop(ctx, ada(), harbour, "test")
	p.must(err)
	p.exchange()
}

// mendsAFlaw follows a critical flaw: a release that closes its advisory mends it, and each
// customer has it in the time that was promised, or not.
func (p *provider) mendsAFlaw() {
	p.t.Helper()
	ctx := p.t.Context()
	known := p.at(time.March, 9, 9, 0)
	_, err := p.Advisories().Import(ctx, ada(), patch.Bulletin{Source: "host", ID: "CVE-2026-7", Severity: patch.Critical, Title: "Orders of others can be read"})
	p.must(err)
	_, err = p.Releases().Fixes().Know(ctx, ada(), release.Known{ID: "orders-read", Platform: harbour, Advisory: "CVE-2026-7", Title: "Orders of others can be read", Affected: "<8.4.3", At: known})
	p.must(err)
	p.exchange()
	same(p.t, "nothing to go to yet", 0, len(p.warned(acme)))

	p.at(time.March, 10, 9, 0)
	p.published("8.4.3", dayOf(time.March, 10), release.Holds{Advisories: []string{"CVE-2026-7"}})
	p.published("8.3.6", dayOf(time.March, 10), release.Holds{Fixes: []release.Item{{ID: "orders-read", Text: "Orders of others cannot be read any more"}}})
	same(p.t, "to go to", "8.4.3", p.warned(acme)[release.AFix].Instead)
	same(p.t, "in its own line", "8.3.6", p.warned("globex")[release.AFix].Instead)
	p.at(time.March, 11, 9, 0)
	p.runs(acme, "8.4.3")
	p.at(time.March, 13, 9, 0)
	p.runs("globex", "8.3.6")
	same(p.t, "warnings", 0, len(p.warned(acme))+len(p.warned("globex")))

	r, err := p.Releases().RollOut(ctx, "orders-read")
	p.must(err)
	same(p.t, "in time, and not", [3]int{1, 1, 0}, [3]int{r.Kept, r.Missed, r.Exposed})
	same(p.t, "fixed in time", true, !r.FixedAt.After(r.FixedBy))
	same(p.t, "the last customer", p.clock(), r.Complete)
	took, _ := r.Rows[0].Took.Get()
	same(p.t, "took", "acme 48h0m0s", fmt.Sprint(r.Rows[0].Customer, " ", took))
	_, patched := r.Patched[acme]
	same(p.t, "how its targets stand is known", true, patched)
}

// knownLater hears of a flaw that releases have mended already: they say so.
func (p *provider) knownLater() {
	p.t.Helper()
	ctx := p.t.Context()
	p.at(time.March, 16, 9, 0)
	p.published("8.4.4", dayOf(time.March, 16), release.Holds{Advisories: []string{"CVE-2026-9"}})
	p.at(time.March, 18, 9, 0)
	_, err := p.Releases().Fixes().Know(ctx, ada(), release.Known{ID: "later", Platform: harbour, Advisory: "CVE-2026-9", Title: "Prices of others can be read", Affected: "8.4.0 - 8.4.3", At: p.at(time.March, 18, 9, 0)})
	p.must(err)
	p.exchange()
	f, err := p.Releases().Fixes().Get(ctx, "later")
	p.must(err)
	same(p.t, "mended before it was known", []release.FixedIn{{Version: "8.4.4", At: p.clock()}}, f.In)
	same(p.t, "told where to go", "8.4.4", p.warned(acme)[release.AFix].Instead)
	_, err = p.Releases().Fixes().Withdraw(ctx, ada(), "later", "it was none")
	p.must(err)
	p.exchange()
	same(p.t, "and that it was none", 0, len(p.warned(acme)))
}

// endsALine warns in time, and says what stands in between.
func (p *provider) endsALine() {
	p.t.Helper()
	ctx := p.t.Context()
	p.at(time.May, 20, 9, 0)
	_, err := p.Releases().Tend(ctx)
	p.must(err)
	same(p.t, "about to end", dayOf(time.August, 31), p.warned("globex")[release.AnEnd].Until)
	same(p.t, "whose line goes on", 0, len(p.warned(acme)))
	list, err := p.Releases().Positions(ctx, "globex")
	p.must(err)
	same(p.t, "installations", 1, len(list))
	var between []string
	for _, s := range list[0].Between {
		between = append(between, s.Version)
	}
	same(p.t, "between", "8.4.1 8.4.2 8.4.3 8.4.4", strings.Join(between, " "))
	same(p.t, "offered", "8.4.4", list[0].Offered)

	l, err := p.Releases().Schedule().Line(ctx, harbour, "8.3")
	p.must(err)
	l.Successor = "8.4"
	_, err = p.Releases().Schedule().KeepLine(ctx, ada(), l)
	p.must(err)
	p.exchange()
	same(p.t, "where to go", "8.4", p.warned("globex")[release.AnEnd].Instead)
	spin, err := p.Spin(ctx, acme, calendar.Month{Year: 2026, Month: time.May})
	p.must(err)
	said := ""
	for _, row := range spin.Rows {
		for _, line := range exchange.Lines(row.Parts, exchange.Operations) {
			if row.Service == erp && strings.HasPrefix(line.Text, "version ") {
				said = line.Text
			}
		}
	}
	same(p.t, "in the spin", "version 8.4.3, 1 release behind 8.4.4, supported until 2027-06-30", said)
	done, err := p.Releases().Tend(ctx)
	p.must(err)
	same(p.t, "told once", 0, done.Told)
}

func (p *provider) forgetsWhatRuns() {
	p.t.Helper()
	ctx := p.t.Context()
	p.must(p.Forget(ctx, ada(), "globex"))
	list, err := p.Releases().Everywhere(ctx, harbour)
	p.must(err)
	for _, pos := range list {
		same(p.t, "who is left", acme, pos.Installation.Customer)
	}
	platform, err := p.Releases().Schedule().Platform(ctx, harbour)
	p.must(err)
	same(p.t, "promised to", 0, len(platform.Fixes.Customers))
	f, err := p.Releases().Fixes().Get(ctx, "orders-read")
	p.must(err)
	same(p.t, "promised of the fix to", 0, len(f.Promise.Customers))
}
