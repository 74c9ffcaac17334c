package main

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/problem"
)

type procedurePage struct {
	page

	Parts    []navItem
	Held     *release.Procedure
	Stages   []procedurePart
	Editions []procedureRow
	May      bool // whoever looks can commit one
}

// procedurePart is what is asked for before a feature gets into a stage.
type procedurePart struct {
	Stage  release.Stage
	Words  string
	Asks   []string
	Begins procedureForm
}

// procedureForm is the same, as the form has it.
type procedureForm struct {
	Tests, Manual, Book, Point bool
	Days, Customers, Share     string
	Roles                      string
}

type procedureRow struct {
	release.Procedure

	Who  string
	Asks int
}

// promotedStages are those that a procedure speaks of here. A removal always asks that nobody
// uses the feature.
func promotedStages() []release.Stage {
	return []release.Stage{release.StageAlpha, release.StageBeta, release.StageGeneral, release.StageDeprecated, release.StageRemoved}
}

func (p *portal) showProcedure(w http.ResponseWriter, r *http.Request) error {
	return p.procedureNow(w, r, nil, nil)
}

func (p *portal) procedureNow(w http.ResponseWriter, r *http.Request, f *form, problems error) error {
	const most = 50
	ctx := r.Context()
	v := procedurePage{page: p.page(r, "How features are promoted", releasesPath), Parts: releaseParts(r), May: viewer(r).is(manager)}
	now, err := p.Releases().Features().Procedure(ctx)
	begins := release.DefaultProcedure()
	switch {
	case err == nil:
		v.Held, begins = &now, now
	case !errors.Is(err, servicecoin.ErrNotFound):
		return err
	}
	for _, s := range promotedStages() {
		part := procedurePart{Stage: s, Words: s.Words(), Begins: procedureFormOf(begins.For(s))}
		for _, c := range now.For(s) {
			if v.Held != nil {
				part.Asks = append(part.Asks, sentence(criterionWords(c)))
			}
		}
		v.Stages = append(v.Stages, part)
	}
	found, err := p.Releases().Features().Procedures().Page(ctx, "", most)
	if err != nil {
		return err
	}
	for _, item := range found.Items {
		row := procedureRow{Procedure: item.Value, Who: p.pages.called(item.Value.CommittedBy.ID)}
		for _, list := range item.Value.Criteria {
			row.Asks += len(list)
		}
		v.Editions = append(v.Editions, row)
	}
	if problems != nil {
		v.again(f, problems)
	}
	return p.render(w, r, "features_procedure.html", problem.Status(problems), v)
}

func procedureFormOf(list []release.Criterion) (f procedureForm) {
	var roles []string
	for _, c := range list {
		switch c.Kind {
		case release.AskProven:
			f.Tests = true
		case release.AskDocumentation:
			f.Manual = true
		case release.AskRunbook:
			f.Book = true
		case release.AskSoak:
			d, _ := c.Soak.Get()
			f.Days = itoa(int(d / day))
		case release.AskUse:
			f.Customers = itoa(c.Customers)
		case release.AskSatisfaction:
			f.Share, f.Point = c.Share.Decimal.String(), c.Counts == release.AsItIs
		case release.AskSignOff:
			roles = append(roles, c.Role)
		case release.AskUnused:
		}
	}
	f.Roles = strings.Join(roles, ", ")
	return f
}

// commitProcedure makes what the form says the next edition of the procedure.
func (p *portal) commitProcedure(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	x := release.Procedure{Why: f.text("why"), Criteria: map[release.Stage][]release.Criterion{}} //nolint:exhaustive // filled below
	for _, s := range promotedStages() {
		if list := criteriaOf(f, s); len(list) > 0 {
			x.Criteria[s] = list
		}
	}
	if err = f.bad.Err(); err == nil {
		_, err = p.Releases().Features().CommitProcedure(r.Context(), viewer(r).actor(), x)
	}
	return p.finish(w, r, err, confirmed(featuresPath+"/procedure", "procedure"), func(err error) error { return p.procedureNow(w, r, f, err) })
}

func criteriaOf(f *form, s release.Stage) []release.Criterion {
	const mostDays, mostPercent = 1800, 100
	var list []release.Criterion
	field := func(name string) string { return name + "-" + string(s) }
	ask := func(c release.Criterion) {
		c.Text = criterionWords(c)
		list = append(list, c)
	}
	for _, c := range []release.Criterion{{ID: "tests", Kind: release.AskProven}, {ID: "documentation", Kind: release.AskDocumentation}, {ID: "runbook", Kind: release.AskRunbook}} {
		if f.text(field(c.ID)) != "" {
			ask(c)
		}
	}
	if days := f.int(field("days")); days < 0 || days > mostDays {
		f.bad.Add(field("days"), "out-of-range", itoa(days), "must be from 0 to 1800 days")
	} else if days > 0 {
		ask(release.Criterion{ID: "soak", Kind: release.AskSoak, Soak: calendar.Within(time.Duration(days) * day)})
	}
	if n := f.int(field("customers")); n < 0 {
		f.bad.Add(field("customers"), "out-of-range", itoa(n), "must not be negative")
	} else if n > 0 {
		ask(release.Criterion{ID: "use", Kind: release.AskUse, Customers: n})
	}
	if text := f.text(field("share")); text != "" {
		share, err := decimal.NewFromString(text)
		c := release.Criterion{ID: "satisfaction", Kind: release.AskSatisfaction, Share: servicecoin.Some(share), Counts: release.LowerBound}
		if f.text(field("point")) != "" {
			c.Counts = release.AsItIs
		}
		if err != nil || len(text) > 10 || !share.IsPositive() || share.GreaterThan(decimal.NewFromInt(mostPercent)) {
			f.bad.Add(field("share"), "out-of-range", text, "must be above 0 and at most 100 percent")
		} else {
			ask(c)
		}
	}
	for role := range strings.SplitSeq(f.text(field("roles")), ",") {
		if role = roleName(role); role != "" {
			ask(release.Criterion{ID: "role-" + strings.ReplaceAll(role, " ", "-"), Kind: release.AskSignOff, Role: role})
		}
	}
	return list
}
