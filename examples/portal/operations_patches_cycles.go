package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/problem"
)

// cycleRow is a patch cycle in a list.
type cycleRow struct {
	patch.Cycle

	Path, Tone, RingName, Waits string
}

func cycleRowOf(c *patch.Cycle) cycleRow {
	row := cycleRow{Cycle: *c, Path: cyclePath(c.ID), Tone: cycleTone(c.State), Waits: cycleWaits(c)}
	if !c.Over() && c.Ring < len(c.Rings) && c.State != patch.CyclePlanned {
		row.RingName = c.Rings[c.Ring].Name
	}
	return row
}

// cyclesOf are the cycles that mend an advisory, the last one first.
func (p *portal) cyclesOf(ctx context.Context, id patch.AdvisoryID) ([]cycleRow, error) {
	const most = 20
	page, err := p.Cycles().Recent().Where(func(c patch.Cycle) bool { return slices.Contains(c.Advisories, id) }).Page(ctx, "", most)
	var list []cycleRow
	for _, item := range page.Items {
		list = append(list, cycleRowOf(&item.Value))
	}
	return list, err
}

type cyclesPage struct {
	page
	pager

	Here string
	List []cycleRow
}

func (p *portal) showCycles(w http.ResponseWriter, r *http.Request) error {
	const most = 25
	v := cyclesPage{page: p.page(r, "Patch cycles", changesPath), Here: "cycles"}
	if wantsCSV(r) {
		return p.asCSV(w, r, "patch-cycles.csv", []string{"cycle", "name", "state", "targets", "missed", "from", "until", "begun", "ended", "halted"}, rowsOfPages(r, p.Cycles().Recent(), func(c patch.Cycle) [][]string {
			return [][]string{{string(c.ID), c.Name, string(c.State), itoa(c.Targets), itoa(c.Missed), instantText(c.During.Start), instantText(c.During.End), instantText(c.BegunAt), instantText(c.EndedAt), c.Halted}}
		}))
	}
	found, ways, err := listed(r, p.Cycles().Recent(), most)
	if err != nil {
		return err
	}
	v.pager = ways
	for _, item := range found.Items {
		v.List = append(v.List, cycleRowOf(&item.Value))
	}
	return p.render(w, r, "patch_cycles.html", 0, v)
}

// boardPage is a cycle as a board of its rings.
type boardPage struct {
	page
	cycleRow

	Here    string
	Flaws   []flawRow
	Total   []figure
	Board   []ringPart
	Missed  []missedRow
	Forms   []verbForm
	People  []person
	History []historyRow
	Lacks   string // what the pilot ring does not have
	Comes   string // what comes next
	Unsaid  string // what was typed into a form that is not there any more
}

type ringPart struct {
	patch.RingBoard

	Stands, Tone, Picks, Said string
	Numbers                   []figure
	Waits                     []string
	Jobs                      []jobRow
	Seen                      patch.Tally // how its targets stand, by what was seen
	Now                       bool        // the cycle has come to it
}

type jobRow struct {
	patch.Job

	Path, Whose, ChangePath string
	Numbers                 []figure
	Late                    int
}

type historyRow struct {
	At        time.Time
	Who, Deed string
	Text      string
}

func (p *portal) showBoard(w http.ResponseWriter, r *http.Request) error {
	return p.boardNow(w, r, "", nil, nil)
}

func (p *portal) boardNow(w http.ResponseWriter, r *http.Request, word string, f *form, problems error) error {
	ctx := r.Context()
	b, err := p.Cycles().Board(ctx, patch.CycleID(r.PathValue("cycle")))
	if err != nil {
		return err
	}
	c := b.Cycle
	v := boardPage{page: p.page(r, c.Name, changesPath), cycleRow: cycleRowOf(&c), Here: "cycles", Total: countWords(b.Total), Comes: cycleNext(&c), Forms: cycleForms(&c)}
	for _, id := range c.Advisories {
		a, err := p.Advisories().Get(ctx, id)
		if errors.Is(err, servicecoin.ErrNotFound) {
			continue // it was joined with another one
		}
		if err != nil {
			return err
		}
		v.Flaws = append(v.Flaws, flawRowOf(&a))
	}
	whose := p.customerNames(ctx)
	for n := range b.Rings {
		v.Board = append(v.Board, p.ringPart(&c, &b.Rings[n], n, whose, v.Now))
	}
	if len(c.Advisories) > 0 && c.State != patch.CyclePlanned {
		rings, err := p.Patches().ByRing(ctx, v.Now, c.ID)
		if err != nil {
			return err
		}
		for n := range rings {
			v.Board[n].Seen = rings[n].Tally
		}
	}
	if len(c.Plan) > 0 {
		v.Lacks = strings.Join(c.Plan[0].Lacks, ", ")
	}
	missed, err := p.Cycles().Missed(ctx, c)
	if err != nil {
		return err
	}
	v.Missed = p.missedRows(ctx, missed, c.Plan)
	for _, e := range slices.Backward(c.History) {
		v.History = append(v.History, historyRow{e.At, p.pages.actor(e.By), cycleVerbs(e.Verb), e.Text})
	}
	if problems != nil {
		v.againIn(word, f, problems)
		if !slices.ContainsFunc(v.Forms, func(x verbForm) bool { return x.Word == word }) {
			v.Unsaid = f.text("reason")
		}
	}
	return p.render(w, r, "patch_board.html", problem.Status(problems), v)
}

func (p *portal) ringPart(c *patch.Cycle, b *patch.RingBoard, n int, whose func(servicecoin.CustomerID) string, now time.Time) ringPart {
	part := ringPart{RingBoard: *b, Picks: selectorText(b.Select), Numbers: countWords(b.Counts), Now: n == c.Ring && !c.Over() && c.State != patch.CyclePlanned}
	part.Stands, part.Tone = ringWords(b.State)
	if n == 0 && b.State == patch.RingWaiting {
		part.Stands = "Not begun"
	}
	if part.Picks == "" {
		part.Picks = "whatever is left"
	}
	switch {
	case b.Number > 0:
		part.Picks += ", " + itoa(b.Number) + " at most"
	case b.Share > 0:
		part.Picks += ", " + itoa(b.Share) + " % of them"
	}
	if b.GoAheadBy != "" {
		part.Said = p.pages.called(b.GoAheadBy)
	}
	part.Waits = slices.Clone(b.Waiting)
	if part.Now && b.Counts.Late > 0 {
		part.Waits = append(part.Waits, plural(b.Counts.Late, "target")+" whose slot is over and that nobody has begun")
	}
	for k := range b.Jobs {
		j := b.Jobs[k]
		row := jobRow{Job: j, Path: jobPath(j.ID), Whose: whose(j.Customer), Numbers: countWords(j.Counts(now)), Late: j.Counts(now).Late}
		if j.Customer == "" {
			row.Whose = "A customer who has left"
		}
		if j.Change != "" {
			row.ChangePath = changePath(j.Change)
		}
		part.Jobs = append(part.Jobs, row)
	}
	return part
}

// Gates says what has to hold of the ring before the next one begins.
func (r ringPart) Gates() []string {
	g := r.Gate
	list := []string{"none failed"}
	if g.MaxFailures > 0 {
		list[0] = "at most " + itoa(g.MaxFailures) + " failed"
	}
	if g.NoIncident {
		list = append(list, "no incident is open on its services")
	}
	if g.Verified {
		list = append(list, "each was seen in the version that mends it")
	}
	if g.GoAhead {
		list = append(list, "somebody says go")
	}
	return list
}

// Soaks is how long is waited after it, "" if not at all.
func (r ringPart) Soaks() string {
	if r.Soak == 0 {
		return ""
	}
	return lengthText(calendar.Within(r.Soak))
}

// cycleNext says what comes next of a cycle.
func cycleNext(c *patch.Cycle) string {
	switch c.State {
	case patch.CyclePlanned:
		if c.Missed > 0 {
			return "Some targets have no slot before their deadline. It begins all the same only with a reason, in somebody's name."
		}
		return "Everybody has a slot in time. Somebody begins it: then its changes are asked for, and customers are told."
	case patch.CycleRunning:
		ring := c.Progress[c.Ring]
		switch {
		case c.Rings[c.Ring].Gate.GoAhead && ring.GoAheadBy == "" && ring.State == patch.RingSoaking:
			return "Ring “" + c.Rings[c.Ring].Name + "” is done. Somebody says go before the next one begins."
		case ring.State == patch.RingSoaking:
			return "Ring “" + c.Rings[c.Ring].Name + "” is done, and is watched for a while."
		}
		return "The targets of ring “" + c.Rings[c.Ring].Name + "” are patched in their slots."
	case patch.CycleHalted:
		return "Nothing more is begun until a person resumes it. What is begun is brought to its end."
	case patch.CycleFinished:
		return "The gate of the last ring held: it is over."
	case patch.CycleCancelled:
		return "Nothing more is begun."
	}
	return ""
}

// cycleForms are the forms of what can be done with a cycle now, what matters first at the
// front.
func cycleForms(c *patch.Cycle) []verbForm {
	var list []verbForm
	switch c.State {
	case patch.CyclePlanned:
		begin := verbForm{Word: "begin", Title: "Begin it", Button: "Begin"}
		if c.Missed > 0 {
			begin.Fields, begin.About = []verbField{reasonField("Why it begins all the same")}, plural(c.Missed, "target")+" of "+itoa(c.Targets)+" would be patched too late, or not at all. Whoever begins it stands for that."
		}
		list = append(list, begin)
	case patch.CycleRunning:
		if c.Rings[c.Ring].Gate.GoAhead && c.Progress[c.Ring].GoAheadBy == "" {
			list = append(list, verbForm{Word: "goAhead", Title: "Say go", Button: "Go", About: "The next ring begins once this one has soaked and its gate holds. You stand for that by name.", Fields: []verbField{reasonField("Why the next ring may begin")}})
		}
		list = append(list, verbForm{Word: "look", Title: "Look at the gates now", Button: "Look now", About: "It is done every minute by itself."},
			verbForm{Word: "halt", Title: "Halt it", Button: "Halt", About: "Nothing more is begun. What is begun is brought to its end.", Fields: []verbField{reasonField("Why")}})
	case patch.CycleHalted:
		list = append(list, verbForm{Word: "resume", Title: "Resume it", Button: "Resume", About: "What failed until now, and incidents that are open, halt it no more. You stand for that by name.", Fields: []verbField{reasonField("Why it may go on")}})
	case patch.CycleFinished, patch.CycleCancelled:
		return nil
	}
	return append(list,
		verbForm{Word: "replan", Title: "Plan anew what is not begun", Button: "Plan anew", About: "For the targets that its advisories concern now, in the windows that there are now. Changes and notices follow.", Fields: []verbField{reasonField("Why")}},
		verbForm{Word: "cancel", Title: "Cancel it", Button: "Cancel the cycle", About: "Changes that are not begun are withdrawn, and customers are told.", Fields: []verbField{reasonField("Why")}})
}

// changeCycle does what a form of the board asks for.
func (p *portal) changeCycle(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	ctx, by, word, reason := r.Context(), viewer(r).actor(), r.PathValue("verb"), f.text("reason")
	id := patch.CycleID(r.PathValue("cycle"))
	for _, path := range []string{"reason", "text"} {
		f.at(path, "reason")
	}
	cycles := p.Cycles()
	switch word {
	case "begin":
		_, err = cycles.Begin(ctx, by, id, reason)
	case "halt":
		_, err = cycles.Halt(ctx, by, id, reason)
	case "resume":
		_, err = cycles.Resume(ctx, by, id, reason)
	case "goAhead":
		if _, err = cycles.GoAhead(ctx, by, id, reason); err == nil {
			_, err = cycles.Advance(ctx, by, id)
		}
	case "look":
		_, err = cycles.Advance(ctx, by, id)
	case "replan":
		_, _, err = p.Patches().Replan(ctx, by, id, reason)
	case "cancel":
		_, err = cycles.Cancel(ctx, by, id, reason)
	default:
		return noPage(r)
	}
	return p.finish(w, r, f.err(err), confirmed(cyclePath(id), "cycle-"+word), func(err error) error { return p.boardNow(w, r, word, f, err) })
}
