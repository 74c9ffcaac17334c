package cointest

import (
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/releaseroom"
	"github.com/servicecoin/servicecoin/operations/release"
)

const boundAPI = release.APIID("orders")

// apiStory tells an API whose platform comes out in a new version: the bindings are to be
// tried with it, one keeps up, one falls behind and is told of, and catches up.
func apiStory(p *provider) {
	p.hasReleases()
	p.hasBindings()
	p.revisesAPI()
	p.missesAVersion()
	p.catchesUp()
}

func (p *provider) hasBindings() {
	p.t.Helper()
	ctx, apis := p.t.Context(), p.Releases().APIs()
	p.at(time.February, 1, 9, 0)
	_, err := apis.KeepAPI(ctx, ada(), release.API{
		ID: boundAPI, Platform: harbour, Service: erp, Name: "Orders", Kind: release.REST, Stability: release.Stable, Owner: "olga",
		KeepUp: release.KeepUp{Days: 14},
	})
	p.must(err)
	for _, b := range []release.Binding{
		{ID: "orders-go", Language: "go", Package: "example.org/orders", Owner: "gopher", Version: "1.0.0", Range: ">=8.3"},
		{ID: "orders-python", Language: "python", Package: "orders", Version: "0.9.0", Range: "8.3"},
	} {
		b.API, b.Stability = boundAPI, release.Stable
		_, err = apis.KeepBinding(ctx, ada(), b)
		p.must(err)
	}
}

// revisesAPI publishes two versions: the link opens the work, and what the API is in them is
// told later.
func (p *provider) revisesAPI() {
	p.t.Helper()
	ctx, apis := p.t.Context(), p.Releases().APIs()
	p.at(time.February, 2, 9, 0)
	p.published("8.3.5", dayOf(time.February, 2), release.Holds{})
	digest, err := apis.Describe(ctx, ada(), "openapi: 3.0.3")
	p.must(err)
	_, err = apis.Revise(ctx, ada(), release.Revision{API: boundAPI, Version: "8.3.5", Released: dayOf(time.February, 2), Own: "1.0.0", Document: digest})
	p.must(err)
	for _, b := range []release.BindingID{"orders-go", "orders-python"} {
		_, err = apis.Report(ctx, ada(), release.Tried{Binding: b, Version: "8.3.5", Passed: true})
		p.must(err)
	}
	p.at(time.March, 2, 9, 0)
	p.published("8.4.1", dayOf(time.March, 2), release.Holds{})
	r, err := apis.Revise(ctx, ada(), release.Revision{
		API: boundAPI, Version: "8.4.1", Released: dayOf(time.March, 2), Own: "1.1.0", Document: "sha256:another",
		Differences: &release.Differences{Since: "8.3.5", Breaking: 1, Changes: []release.APIChange{{Level: "breaking", Operation: "GET /orders", Text: "a parameter is required"}}},
	})
	p.must(err)
	same(p.t, "it breaks without a major version", release.BreakingWithoutMajor, r.Findings[0].Code)
	due := 0
	for x, err := range apis.Due(p.clock().AddDate(0, 1, 0)).All(ctx) {
		p.must(err)
		same(p.t, "is to be tried with", "8.4.1", x.Version)
		due++
	}
	same(p.t, "what is to be tried", 2, due)
}

func (p *provider) standing(b release.BindingID) release.Standing {
	p.t.Helper()
	board, err := p.Releases().APIs().Board(p.t.Context(), boundAPI)
	p.must(err)
	for _, s := range board.Standings {
		if s.Binding.ID == b {
			return s
		}
	}
	p.t.Fatalf("no binding %s", b)
	return release.Standing{}
}

func (p *provider) missesAVersion() {
	p.t.Helper()
	ctx, n := p.t.Context(), p.Releases()
	p.at(time.March, 10, 9, 0)
	_, err := n.APIs().Report(ctx, ada(), release.Tried{Binding: "orders-go", Version: "8.4.1", Passed: true})
	p.must(err)
	p.at(time.March, 20, 9, 0)
	same(p.t, "who keeps up", 0, p.standing("orders-go").Days)
	behind := p.standing("orders-python")
	same(p.t, "days behind", 18, behind.Days)
	same(p.t, "overdue", []string{"8.4.1"}, behind.Overdue)
	same(p.t, "who owns it", servicecoin.PersonID("olga"), behind.Cells[0].Work.Owner)
	for range 2 {
		p.tends(n)
	}
	told := p.standing("orders-python").Binding.Behind
	same(p.t, "what was told", release.ToldBehind{Version: "8.4.1", Since: dayOf(time.March, 2), At: servicecoin.Instant(p.clock())}, *told)
}

func (p *provider) tends(n releaseroom.Nouns) {
	p.t.Helper()
	_, err := n.TendBindings(p.t.Context(), ada())
	p.must(err)
	p.exchange()
}

func (p *provider) catchesUp() {
	p.t.Helper()
	ctx, n := p.t.Context(), p.Releases()
	p.at(time.March, 25, 9, 0)
	b := p.standing("orders-python").Binding
	b.Owner, b.Version, b.Range = "paula", "1.0.0", ">=8.3"
	_, err := n.APIs().KeepBinding(ctx, ada(), b)
	p.must(err)
	same(p.t, "the work goes with it", servicecoin.PersonID("paula"), p.standing("orders-python").Cells[0].Work.Owner)
	_, err = n.APIs().Report(ctx, ada(), release.Tried{Binding: b.ID, Version: "8.4.1", Passed: true, Proof: "sha256:report"})
	p.must(err)
	p.tends(n)
	s := p.standing("orders-python")
	same(p.t, "findings", 0, len(s.Findings))
	same(p.t, "behind", true, s.Binding.Behind == nil)

	// What is recalled need not be followed.
	p.at(time.April, 1, 9, 0)
	p.published("8.4.2", dayOf(time.April, 1), release.Holds{})
	_, err = n.Schedule().Recall(ctx, ada(), harbour, "8.4.2", "it loses orders", "8.4.1")
	p.must(err)
	same(p.t, "versions that count", []string{"8.4.1", "8.3.5"}, versionsOf(p.standing("orders-go")))
	p.at(time.September, 1, 9, 0) // support of 8.3 is over since yesterday
	same(p.t, "versions that count", []string{"8.4.1"}, versionsOf(p.standing("orders-go")))
}

func versionsOf(s release.Standing) []string {
	list := make([]string, 0, len(s.Cells))
	for _, c := range s.Cells {
		list = append(list, c.Version)
	}
	return list
}
