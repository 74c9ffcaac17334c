package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/store"
)

const changesPath = "/changes"

// changesArea is where changes are asked for, decided, done and learnt from.
func (p *portal) changesArea() area {
	return area{
		pages: map[string]route{
			"GET /changes":                        {providers, p.showChanges},
			"GET /changes/new":                    {providers, p.showNewChange},
			"POST /changes":                       {providers, p.draftChange},
			"GET /changes/found":                  {providers, p.showFoundChange},
			"POST /changes/found":                 {providers, p.discoverChange},
			"GET /changes/figures":                {providers, p.showChangeFigures},
			"GET /changes/models":                 {providers, p.showModels},
			"GET /changes/models/new":             {providers, p.showNewModel},
			"POST /changes/models":                {providers, p.draftModel},
			"GET /changes/models/{model}":         {providers, p.showModel},
			"GET /changes/models/{model}/edit":    {providers, p.showEditModel},
			"POST /changes/models/{model}/{verb}": {providers, p.changeModel},
			"GET /changes/{id}":                   {providers, p.showChange},
			"GET /changes/{id}/{form}":            {providers, p.showEditChange}, // of edit; so wide, that lists beside may have records
			"POST /changes/{id}/{verb}":           {providers, p.doChange},
		},
		nav:  toProviders(navItem{Path: changesPath, Name: "Changes"}),
		work: []chore{p.votesWanted(), p.lateApprovals(), p.changesToReview(), p.suspectsToJudge()},
		done: map[string]string{
			"drafted": "The draft is kept.", "revised": "The draft is changed.", "amended": "It is changed, and asked for again.", "recorded": "It is on record: now it is to be reviewed.",
			"model": "The model is kept. Somebody else approves it.",
		},
	}
}

func changePath(id servicecoin.ChangeID, parts ...string) string {
	return strings.Join(append([]string{changesPath, url.PathEscape(string(id))}, parts...), "/")
}

// changeQuery is what the list of changes is asked for.
type changeQuery struct {
	State   string // "": what is open; "all"; or a state
	Kind    change.Kind
	Service servicecoin.ServiceID
}

func readChangeQuery(q url.Values) (changeQuery, error) {
	x := changeQuery{State: q.Get("state"), Kind: change.Kind(q.Get("kind")), Service: servicecoin.ServiceID(q.Get("service"))}
	var v servicecoin.Violations
	if x.State != "" && x.State != "all" && !slices.Contains(change.States(), change.State(x.State)) {
		v.Add("state", "unknown", x.State, "is no state of changes")
	}
	if x.Kind != "" && !slices.Contains(change.Kinds(), x.Kind) {
		v.Add("kind", "unknown", string(x.Kind), "must be standard, normal or emergency")
	}
	return x, v.Err()
}

// listChanges is the listing that a query asks for, the last drafted first.
func (p *portal) listChanges(q changeQuery) store.Listing[change.Change] {
	control := p.Control()
	list := control.Recent()
	if q.State != "" && q.State != "all" {
		list = control.InState(change.State(q.State))
	}
	if q.State == "" || q.Kind != "" || q.Service != "" {
		list = list.Where(func(x change.Change) bool {
			return (q.State != "" || !x.State.Terminal()) && (q.Kind == "" || x.Kind == q.Kind) && (q.Service == "" || slices.Contains(x.Scope.Services, q.Service))
		})
	}
	return list
}

type changesPage struct {
	page
	pager

	List     []changeRow
	Query    changeQuery
	Services []catalog.Service
	States   []change.State
	Kinds    []change.Kind
	Waits    []changeRow // for the votes of who looks
	Late     []changeRow // begun before they were approved
	Reviews  []changeRow
	Whole    bool // nothing is chosen: what waits stands above
}

// changeRow is a change in a list.
type changeRow struct {
	change.Change

	Path  string
	Names []string
	Who   []string // who does it
	More  string   // what is to be known of it, in a few words
	Late  bool
}

func (p *portal) changeRow(x change.Change, names namesByID) changeRow {
	row := changeRow{Change: x, Path: changePath(x.ID)}
	for _, s := range x.Scope.Services {
		row.Names = append(row.Names, names.Of(s))
	}
	for _, s := range x.Scope.Records {
		row.Names = append(row.Names, string(s))
	}
	for _, who := range x.Implementers {
		row.Who = append(row.Who, p.pages.called(who))
	}
	now := p.store.Now()
	if due, late, undecided := x.Undecided(now); undecided {
		row.Late = late
		row.More = "began before it was approved, which is due by " + p.deskStamp(due)
		if late {
			row.More = "began before it was approved, and is " + whileWords(now.Sub(due)) + " late with that"
		}
	} else if toReview(&x) {
		row.More = "waits to be reviewed"
	} else if x.State == change.Scheduled && now.After(x.Plan.Start) {
		row.Late, row.More = true, "was to begin "+whileWords(now.Sub(x.Plan.Start))+" ago"
	} else if n := suspected(&x); n > 0 {
		row.More = plural(n, "incident") + " may come of it"
	}
	return row
}

// toReview reports whether the work is over, a review is wanted, and nobody wrote one.
func toReview(x *change.Change) bool {
	return x.NeedsReview() && x.Review == nil && (x.State == change.Implemented || x.State == change.RolledBack || x.State == change.Failed)
}

// suspected counts the incidents that nobody has judged yet.
func suspected(x *change.Change) int {
	n := 0
	for _, s := range x.Incidents {
		if s.Standing == change.Suspected {
			n++
		}
	}
	return n
}

// mayStillVote reports whether somebody is among those who are still to be heard.
func mayStillVote(x *change.Change, who servicecoin.PersonID) bool {
	return x.Decision == nil && slices.ContainsFunc(x.Tallies(), func(t change.Tally) bool { return slices.Contains(t.Open, who) })
}

// fewChanges reads the first of a listing.
func (p *portal) fewChanges(ctx context.Context, l store.Listing[change.Change], names namesByID) ([]changeRow, error) {
	const most = 5
	page, err := l.Page(ctx, "", most)
	var list []changeRow
	for _, item := range page.Items {
		list = append(list, p.changeRow(item.Value, names))
	}
	return list, err
}

func (p *portal) showChanges(w http.ResponseWriter, r *http.Request) error {
	const most = 25
	ctx := r.Context()
	q, err := readChangeQuery(r.URL.Query())
	if err != nil {
		return err
	}
	all, err := p.services(ctx)
	if err != nil {
		return err
	}
	names := namesOf(all)
	if wantsCSV(r) {
		return p.asCSV(w, r, "changes.csv", []string{"change", "title", "kind", "state", "services", "start", "length", "requestedBy", "implementers", "risk", "started", "ended", "outcome", "unauthorised"},
			rowsOfPages(r, p.listChanges(q), func(x change.Change) [][]string { return [][]string{changeCells(&x)} }))
	}
	v := changesPage{page: p.page(r, "Changes", changesPath), Query: q, Services: all, States: change.States(), Kinds: change.Kinds(), Whole: q == changeQuery{} && r.URL.Query().Get("after")+r.URL.Query().Get("before") == ""}
	found, ways, err := listed(r, p.listChanges(q), most)
	if err != nil {
		return err
	}
	v.pager = ways
	for _, item := range found.Items {
		v.List = append(v.List, p.changeRow(item.Value, names))
	}
	if v.Whole {
		if v.Waits, err = p.fewChanges(ctx, p.waitingFor(v.Viewer.ID), names); err != nil {
			return err
		}
		if v.Late, err = p.fewChanges(ctx, p.undecided(), names); err != nil {
			return err
		}
		if v.Reviews, err = p.fewChanges(ctx, p.unreviewed(), names); err != nil {
			return err
		}
	}
	return p.render(w, r, "changes.html", 0, v)
}

func changeCells(x *change.Change) []string {
	risk, long := "", ""
	if x.Risk != nil {
		risk = change.DefaultRiskMatrix().Level(x.Risk.Level)
	}
	if x.Plan.Length.Defined() {
		long = lengthText(x.Plan.Length)
	}
	return []string{
		string(x.ID), x.Title, string(x.Kind), string(x.State), joined(x.Scope.Services, " "), instantText(x.Plan.Start), long, string(x.RequestedBy), joined(x.Implementers, " "),
		risk, instantText(x.StartedAt), instantText(x.EndedAt), x.Outcome, yes(x.Unauthorised),
	}
}

// The listings of what waits.

func (p *portal) waitingFor(who servicecoin.PersonID) store.Listing[change.Change] {
	return p.Control().InState(change.Assessed).Where(func(x change.Change) bool { return mayStillVote(&x, who) })
}

func (p *portal) undecided() store.Listing[change.Change] {
	now := p.store.Now()
	return p.Control().Unfinished().Where(func(x change.Change) bool {
		_, _, undecided := x.Undecided(now)
		return undecided
	})
}

func (p *portal) unreviewed() store.Listing[change.Change] {
	return p.Control().Unfinished().Where(func(x change.Change) bool { return toReview(&x) })
}

// changeChore is a chore that lists changes; each is done on its own page.
func (p *portal) changeChore(name, title, about, anchor string, list func(who servicecoin.PersonID) store.Listing[change.Change], since func(x *change.Change) time.Time) chore {
	return chore{
		name: name, title: title, about: about,
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			names, err := p.names(ctx)
			if err != nil {
				return nil, "", err
			}
			who, _ := ctx.Value(viewerKey{}).(person)
			return paged(ctx, list(who.ID), after, limit, func(item store.Item[change.Change]) (task, error) {
				row := p.changeRow(item.Value, names)
				more := strings.Join(row.Names, ", ")
				if row.More != "" {
					more = sentence(row.More) + " · " + more
				}
				return task{ID: string(row.ID), What: row.Title, More: more, Path: row.Path + anchor, Since: since(&row.Change), Late: row.Late, Look: true}, nil
			})
		},
	}
}

func (p *portal) votesWanted() chore {
	return p.changeChore("votes", "Changes that wait for your vote", "Say yes or no, and why.", "#h-votes", p.waitingFor, func(x *change.Change) time.Time {
		for _, e := range slices.Backward(x.History) {
			if e.To == change.Assessed {
				return e.At
			}
		}
		return x.SubmittedAt
	})
}

func (p *portal) lateApprovals() chore {
	return p.changeChore("late-approvals", "Emergencies to approve afterwards", "They began before anybody said yes.", "#h-votes",
		func(servicecoin.PersonID) store.Listing[change.Change] { return p.undecided() }, func(x *change.Change) time.Time { return x.StartedAt })
}

func (p *portal) changesToReview() chore {
	return p.changeChore("reviews", "Changes to review", "Say what is to be learnt of them.", "#h-next",
		func(servicecoin.PersonID) store.Listing[change.Change] { return p.unreviewed() }, func(x *change.Change) time.Time { return x.EndedAt })
}

func (p *portal) suspectsToJudge() chore {
	return p.changeChore("suspects", "Incidents that may come of a change", "Say whether the change caused them.", "#h-incidents",
		func(servicecoin.PersonID) store.Listing[change.Change] {
			return p.Control().Recent().Where(func(x change.Change) bool { return suspected(&x) > 0 })
		}, func(x *change.Change) time.Time {
			for _, s := range x.Incidents {
				if s.Standing == change.Suspected {
					return s.Began
				}
			}
			return time.Time{}
		})
}
