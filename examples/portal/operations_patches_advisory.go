package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/patchroom"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/problem"
)

type advisoryPage struct {
	page
	flawRow

	Here       string
	Text       string
	Bulletins  []bulletinPart
	Names      []string
	Superseded *flawRow // what mends it
	Others     []option // that may mend it
	Concerned  []concernedPart
	Cycles     []cycleRow
	Kept, Of   int // at the deadline, once it is over
	KeptOver   bool
	KeptTone   string
	MayExempt  bool
	Why        string // of the deadline
	Took       string // from when it was known to the last target, once that is so
	Services   []patch.Named
}

// bulletinPart is what one source says.
type bulletinPart struct {
	patch.Bulletin

	Says     []figure
	Products []productPart
	Links    []linkPart
	Gone     bool // the source has withdrawn it
	Again    string
}

type productPart struct{ Name, Standing, Versions, Remedy string }

type linkPart struct {
	Text string
	Web  bool
}

// concernedPart is how the targets of one customer stand.
type concernedPart struct {
	Name, Path string
	Tally      patch.Tally
	Rows       []targetRow
}

// targetRow is how one target stands, and why.
type targetRow struct {
	patch.Row

	Called, Service, Stands, Tone string
	Evidence                      string
	Form                          string // the name of the form of an exemption
	Exemption                     *patch.Exemption
	Slot                          *slotPart
}

func (p *portal) showAdvisory(w http.ResponseWriter, r *http.Request) error {
	return p.advisoryNow(w, r, "", nil, nil)
}

func (p *portal) advisoryNow(w http.ResponseWriter, r *http.Request, form string, f *form, problems error) error {
	ctx := r.Context()
	a, err := p.named(ctx, r.PathValue("name"))
	if err != nil {
		return err
	}
	v := advisoryPage{page: p.page(r, flawTitle(&a), changesPath), Names: a.Names(), Text: flawText(&a), MayExempt: viewer(r).is(manager)}
	s, err := p.Patches().Standing(ctx, v.Now, "", a.ID)
	if err != nil {
		return err
	}
	v.flawRow, v.Why = p.flawRow(&s), plainDeadline(s.Deadline.Why)
	v.Kept, v.Of, v.KeptOver = s.Kept()
	if took, over := p.Patches().Took(s); over {
		v.Took = lengthWords(calendar.Within(took))
	}
	if v.Services, err = p.flawServices(ctx, &s); err != nil {
		return err
	}
	if v.KeptTone = "good"; v.Kept < v.Of {
		v.KeptTone = "bad"
	}
	for n := range a.Bulletins {
		v.Bulletins = append(v.Bulletins, bulletinOf(&a, n))
	}
	if a.SupersededBy != "" {
		v.Why = "it is superseded"
		if by, err := p.Advisories().Get(ctx, a.SupersededBy); err == nil {
			row := flawRowOf(&by)
			v.Superseded = &row
		}
	}
	if v.Others, err = p.otherFlaws(ctx, a.ID); err != nil {
		return err
	}
	if v.Concerned, err = p.flawConcerns(ctx, &s); err != nil {
		return err
	}
	if v.Cycles, err = p.cyclesOf(ctx, a.ID); err != nil {
		return err
	}
	if problems != nil {
		v.againIn(form, f, problems)
	}
	return p.render(w, r, "patch_advisory.html", problem.Status(problems), v)
}

// bulletinOf says in words what a bulletin has.
func bulletinOf(a *patch.Advisory, n int) bulletinPart {
	b := a.Bulletins[n]
	part := bulletinPart{Bulletin: b, Gone: !b.Withdrawn.IsZero()}
	if fitsForm(&b) {
		part.Again = patchesPath + "/import?" + url.Values{"of": {flawName(a)}, "n": {itoa(n)}}.Encode()
	}
	say := func(name, value string) {
		if value != "" {
			part.Says = append(part.Says, figure{name, value})
		}
	}
	say("Title", b.Title)
	say("Also called", strings.Join(b.Aliases, ", "))
	switch {
	case b.Severity != "" && b.Score.Valid:
		say("Severity", string(b.Severity)+", score "+b.Score.Decimal.String())
	case b.Severity != "":
		say("Severity", string(b.Severity))
	case b.Score.Valid:
		say("Severity", string(patch.SeverityOf(b.Score))+", by its score of "+b.Score.Decimal.String())
	}
	say("CVSS vector", b.Vector)
	for _, x := range []struct {
		name string
		at   time.Time
	}{{"Published", b.Published}, {"Modified", b.Modified}, {"Withdrawn", b.Withdrawn}} {
		say(x.name, instantText(x.at))
	}
	if !b.Exploited.IsZero() {
		say("Exploited since", onDay(b.Exploited))
	}
	if !b.Due.IsZero() {
		say("Last day to mend it", onDay(b.Due))
	}
	if b.Ransomware {
		say("Ransomware", "it is used by those who demand ransom")
	}
	for k := range b.Products {
		x := &b.Products[k]
		part.Products = append(part.Products, productPart{productName(&x.Component), standingOf(x.Standing), spanWords(x), x.Remedy})
	}
	for _, text := range b.References {
		part.Links = append(part.Links, linkPart{text, isWebLink(text)})
	}
	return part
}

// otherFlaws are the advisories that may mend one.
func (p *portal) otherFlaws(ctx context.Context, id patch.AdvisoryID) ([]option, error) {
	const most = 200
	page, err := p.Advisories().Standing().Page(ctx, "", most)
	var list []option
	for _, item := range page.Items {
		if a := item.Value; a.ID != id {
			list = append(list, option{string(a.ID), flawName(&a) + ": " + cut(flawTitle(&a), 80)})
		}
	}
	return list, err
}

// flawConcerns are the customers whose targets an advisory applies to.
func (p *portal) flawConcerns(ctx context.Context, s *patchroom.Standing) ([]concernedPart, error) {
	names, err := p.names(ctx)
	if err != nil {
		return nil, err
	}
	whose, called := p.customerNames(ctx), p.targetNames(ctx)
	var list []concernedPart
	for _, c := range s.Now.By(func(r patch.Row) string { return string(r.Customer) }) {
		id := servicecoin.CustomerID(c.Name)
		part := concernedPart{Name: whose(id), Path: customerPath(id, "patches"), Tally: c.Tally}
		for _, row := range s.Now.Rows {
			if row.Customer != id {
				continue
			}
			t, err := p.targetRow(ctx, s, row, called)
			if err != nil {
				return nil, err
			}
			if row.Service != "" {
				t.Service = names.Of(row.Service)
			}
			part.Rows = append(part.Rows, t)
		}
		slices.SortStableFunc(part.Rows, func(a, b targetRow) int { return conditionRank(b.Condition) - conditionRank(a.Condition) })
		list = append(list, part)
	}
	slices.SortFunc(list, func(a, b concernedPart) int { return compareFold(a.Name, b.Name) })
	return list, nil
}

// flawServices says how targets stand service by service, where there are several.
func (p *portal) flawServices(ctx context.Context, s *patchroom.Standing) ([]patch.Named, error) {
	list := s.Now.By(func(r patch.Row) string { return string(r.Service) })
	if len(list) < 2 { //nolint:mnd // one is the whole
		return nil, nil
	}
	names, err := p.names(ctx)
	if err != nil {
		return nil, err
	}
	for n := range list {
		if list[n].Name == "" {
			list[n].Name = "of no service"
			continue
		}
		list[n].Name = names.Of(servicecoin.ServiceID(list[n].Name))
	}
	return list, nil
}

func conditionRank(c patch.Condition) int {
	return slices.Index([]patch.Condition{patch.Compliant, patch.Exempt, patch.NotKnown, patch.NonCompliant}, c)
}

// targetRow says how a target stands in words, with the exemption that holds.
func (p *portal) targetRow(ctx context.Context, s *patchroom.Standing, row patch.Row, called func(servicecoin.CustomerID, servicecoin.ConfigurationID) string) (targetRow, error) {
	t := targetRow{Row: row, Called: called(row.Customer, row.Target), Evidence: sightingWords(&s.Advisory, row.Why), Form: "exempt-" + string(row.Customer) + "-" + string(row.Target)}
	t.Stands, t.Tone = conditionWords(row.Condition)
	if row.Condition != patch.Exempt {
		return t, nil
	}
	e, err := p.Patches().Exemptions(row.Customer).Get(ctx, row.Target, s.Advisory.ID)
	if err != nil {
		return t, err
	}
	t.Exemption = &e
	why, _, _ := strings.Cut(row.Why, "; "+string(e.ApprovedBy)+" allows")
	t.Evidence = sightingWords(&s.Advisory, why)
	return t, nil
}

// changeAdvisory does what a form of the page of an advisory asks for.
func (p *portal) changeAdvisory(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	ctx, by, word := r.Context(), viewer(r).actor(), r.PathValue("verb")
	a, err := p.named(ctx, r.PathValue("name"))
	if err != nil {
		return err
	}
	customer, target := servicecoin.CustomerID(f.text("customer")), servicecoin.ConfigurationID(f.text("target"))
	form := word
	switch word {
	case "confirm":
		_, err = p.Advisories().Confirm(ctx, by, a.ID)
	case "supersede":
		_, err = p.Advisories().Supersede(ctx, by, a.ID, patch.AdvisoryID(f.text("other")))
		if errors.Is(err, servicecoin.ErrNotFound) || errors.Is(err, servicecoin.ErrInvalid) {
			f.bad.Add("other", "unknown", f.text("other"), "is no advisory that we know")
			err = f.bad.Err()
			return p.advisoryNow(w, r, form, f, err)
		}
	case "exempt", "endExemption":
		form = "exempt-" + string(customer) + "-" + string(target)
		if _, err := p.Configuration(customer).Item(ctx, target); err != nil {
			return err
		}
		if word == "endExemption" {
			_, err = p.Patches().Exemptions(customer).End(ctx, by, target, a.ID)
			break
		}
		f.at("why", "why")
		f.at("until", "until")
		until := p.timeIn(f, "until")
		if until.IsZero() && f.text("until") == "" {
			f.bad.Add("until", "required", "", "say when it ends: an exemption ends by itself")
		}
		if why := f.text("why"); f.bad.Err() != nil {
			if why == "" {
				f.bad.Add("why", "required", "", "must not be empty")
			}
			return p.advisoryNow(w, r, form, f, f.bad.Err())
		}
		_, err = p.Patches().Exemptions(customer).Grant(ctx, by, target, a.ID, until, f.text("why"))
	default:
		return noPage(r)
	}
	return p.finish(w, r, f.err(err), confirmed(flawPath(&a), "advisory-"+word), func(err error) error { return p.advisoryNow(w, r, form, f, err) })
}
