package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/patchroom"
	"github.com/servicecoin/servicecoin/examples/csvfile"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/store"
)

// The pages of patches are among those of changes, which is what patching is.
const patchesPath = "/patches"

// patchesArea is where flaws are known, and what runs is brought up to date.
func (p *portal) patchesArea() area {
	return area{
		pages: map[string]route{
			"GET /patches":                            {providers, p.showAdvisories},
			"GET /patches/import":                     {providers, p.showImport},
			"POST /patches/import":                    {providers, p.importBulletin},
			"GET /patches/advisories/{name}":          {providers, p.showAdvisory},
			"POST /patches/advisories/{name}/{verb}":  {providers, p.changeAdvisory},
			"GET /patches/cycles":                     {providers, p.showCycles},
			"GET /patches/cycles/new":                 {providers, p.showNewCycle},
			"POST /patches/cycles":                    {providers, p.planCycle},
			"GET /patches/cycles/{cycle}":             {providers, p.showBoard},
			"POST /patches/cycles/{cycle}/{verb}":     {providers, p.changeCycle},
			"GET /patches/jobs/{job}":                 {providers, p.showJob},
			"POST /patches/jobs/{job}/report":         {providers, p.reportJob},
			"GET /patches/routines":                   {providers, p.showRoutines},
			"POST /patches/routines/{routine}/{verb}": {providers, p.changeRoutine},
			"GET /customers/{customer}/patches":       {ofCustomer, p.showPatchesOf},
		},
		work: []chore{p.cyclesThatWait()},
		done: map[string]string{
			"advisory-new": "The bulletin is imported: it is a flaw that nobody had spoken of.", "advisory-changed": "The bulletin is imported: it changed what is known.", "advisory-same": "Nothing is changed: it says what was known.",
			"advisory-confirm": "It is noted that it concerns us.", "advisory-supersede": "It is noted. A flaw that another patch mends has no deadline of its own.", "advisory-exempt": "The exemption holds from now on, in your name.", "advisory-endExemption": "The exemption has ended.",
			"cycle-planned": "The cycle is planned. Nothing is begun before somebody begins it.", "cycle-begin": "It has begun: its changes are asked for, and customers are told.", "cycle-halt": "It is halted: nothing more is begun.", "cycle-resume": "It goes on.",
			"cycle-goAhead": "Go is said, in your name.", "cycle-look": "The gates were looked at.", "cycle-replan": "What is not begun is planned anew.", "cycle-cancel": "It is cancelled: nothing more is begun.",
			"job-reported": "It is noted what came of it.", "routine-stop": "The routine comes no more.", "routine-go": "The routine comes again.",
		},
	}
}

func flawPath(a *patch.Advisory) string {
	return patchesPath + "/advisories/" + url.PathEscape(flawName(a))
}

func cyclePath(id patch.CycleID) string { return patchesPath + "/cycles/" + url.PathEscape(string(id)) }

func jobPath(id patch.JobID) string { return patchesPath + "/jobs/" + url.PathEscape(string(id)) }

// flawRow is an advisory in a list, and how the targets stand to it.
type flawRow struct {
	patch.Advisory

	Path, Called, Says string
	Severe             patch.Severity
	Tone               string
	Since              string // since when it is known to be exploited, "" if it is not
	Deadline           patch.Deadline
	Over               bool // the time to mend it is over
	Tally              patch.Tally
	Overdue            int
	State              string // of one that does not stand any more
}

func flawRowOf(a *patch.Advisory) flawRow {
	row := flawRow{Advisory: *a, Path: flawPath(a), Called: flawName(a), Says: flawTitle(a), Severe: a.Severity(), Tone: flawTone(a.Severity())}
	if on := a.Exploited(); !on.IsZero() {
		row.Since = onDay(on)
	}
	switch {
	case a.Withdrawn():
		row.State = "withdrawn by every source"
	case a.SupersededBy != "":
		row.State = "superseded"
	}
	return row
}

func (p *portal) flawRow(s *patchroom.Standing) flawRow {
	row := flawRowOf(&s.Advisory)
	row.Deadline, row.Tally, row.Overdue = s.Deadline, s.Now.Tally, s.Overdue()
	row.Over = !s.Deadline.At.IsZero() && !s.Now.At.Before(s.Deadline.At)
	return row
}

// worstFlaws sorts by how bad a flaw is, whether it is exploited, and by when it is to be
// mended.
func worstFlaws(a, b patchroom.Standing) int {
	severities := patch.Severities()
	worse := func(s *patchroom.Standing) int { return slices.Index(severities, s.Advisory.Severity()) }
	exploited := func(s *patchroom.Standing) int {
		if s.Advisory.Exploited().IsZero() {
			return 0
		}
		return 1
	}
	deadline := func(s *patchroom.Standing) time.Time {
		if s.Deadline.At.IsZero() {
			return s.Now.At.AddDate(100, 0, 0)
		}
		return s.Deadline.At
	}
	for _, order := range []int{worse(&b) - worse(&a), exploited(&b) - exploited(&a), deadline(&a).Compare(deadline(&b))} {
		if order != 0 {
			return order
		}
	}
	return 0
}

type advisoriesPage struct {
	page
	pager

	Here   string
	List   []flawRow
	Every  bool // all that was imported, not those alone that concern us
	Counts patch.Tally
	Late   int // targets that are overdue
}

func (p *portal) showAdvisories(w http.ResponseWriter, r *http.Request) error {
	const most = 50
	ctx := r.Context()
	v := advisoriesPage{page: p.page(r, "Advisories", changesPath), Here: "advisories", Every: r.URL.Query().Get("show") == "all"}
	if v.Every && !wantsCSV(r) {
		found, ways, err := listed(r, p.Advisories().Recent(), most)
		if err != nil {
			return err
		}
		v.pager = ways
		v.CSV = ""
		for _, item := range found.Items {
			v.List = append(v.List, flawRowOf(&item.Value))
		}
		return p.render(w, r, "patches.html", 0, v)
	}
	all, err := p.Patches().Overview(ctx, v.Now, "")
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, worstFlaws)
	if wantsCSV(r) {
		rows := make([][]string, 0, len(all))
		for _, s := range all {
			row := p.flawRow(&s)
			t := row.Tally
			rows = append(rows, []string{
				row.Called, row.Says, string(row.Severe), isoDay(row.Exploited()), instantText(row.Deadline.At), strconv.Itoa(t.Applicable), strconv.Itoa(t.Compliant), strconv.Itoa(t.NonCompliant), strconv.Itoa(t.Exempt), strconv.Itoa(t.Unknown), strconv.Itoa(row.Overdue),
			})
		}
		return p.cellsAsCSV(w, r, "advisories.csv", []string{"advisory", "title", "severity", "exploitedSince", "deadline", "applicable", "compliant", "nonCompliant", "exempt", "unknown", "overdue"}, rows)
	}
	v.CSV = patchesPath + "?as=csv"
	for _, s := range all {
		row := p.flawRow(&s)
		v.List = append(v.List, row)
		v.Late += row.Overdue
	}
	return p.render(w, r, "patches.html", 0, v)
}

// named returns the advisory of an address: by any of its names, or its id.
func (p *portal) named(ctx context.Context, name string) (patch.Advisory, error) {
	a, err := p.Advisories().Named(ctx, name)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return p.Advisories().Get(ctx, patch.AdvisoryID(name))
	}
	return a, err
}

// cyclesThatWait are patch cycles that do not get on without a person.
func (p *portal) cyclesThatWait() chore {
	return chore{
		name: "patch-cycles", title: "Patch cycles that wait for somebody", about: "Say go, resume them, or begin them.",
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			waits := p.Cycles().Open().Where(func(c patch.Cycle) bool { return cycleWaits(&c) != "" })
			return paged(ctx, waits, after, limit, func(item store.Item[patch.Cycle]) (task, error) {
				c := item.Value
				return task{ID: string(c.ID), What: c.Name, More: sentence(cycleWaits(&c)), Path: cyclePath(c.ID), Since: c.History[len(c.History)-1].At, Late: c.State == patch.CycleHalted, Look: true}, nil
			})
		},
	}
}

// cycleWaits says for what of a person a cycle waits, "" if for nothing.
func cycleWaits(c *patch.Cycle) string {
	switch c.State {
	case patch.CyclePlanned:
		if c.Missed > 0 {
			return "planned, and " + plural(c.Missed, "target") + " would be missed"
		}
		return "planned, and not begun"
	case patch.CycleHalted:
		return "halted: " + c.Halted
	case patch.CycleRunning:
		if ring := c.Progress[c.Ring]; c.Rings[c.Ring].Gate.GoAhead && ring.GoAheadBy == "" && ring.State == patch.RingSoaking {
			return "ring “" + c.Rings[c.Ring].Name + "” waits for somebody to say go"
		}
	case patch.CycleFinished, patch.CycleCancelled:
	}
	return ""
}

// targetNames finds what the items of customers are called.
func (p *portal) targetNames(ctx context.Context) func(c servicecoin.CustomerID, id servicecoin.ConfigurationID) string {
	known := map[patch.Ref]string{}
	return func(c servicecoin.CustomerID, id servicecoin.ConfigurationID) string {
		if c == "" || id == "" {
			return "a customer who has left"
		}
		ref := patch.Ref{Customer: c, ID: id}
		name, ok := known[ref]
		if !ok {
			if i, err := p.Configuration(c).Item(ctx, id); err == nil {
				name = i.Name
			}
			if name == "" {
				name = string(id)
			}
			known[ref] = name
		}
		return name
	}
}

// cellsAsCSV answers with rows that are there already, as a file.
func (p *portal) cellsAsCSV(w http.ResponseWriter, r *http.Request, name string, head []string, rows [][]string) error {
	return p.asCSV(w, r, name, head, func(string) ([][]string, string, error) {
		list := make([][]string, len(rows))
		for n, row := range rows {
			list[n] = csvfile.Cells(row...)
		}
		return list, "", nil
	})
}
