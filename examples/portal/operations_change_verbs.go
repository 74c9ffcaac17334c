package main

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/followup"
	"github.com/servicecoin/servicecoin/operations/change"
)

// verbForm is a form of one verb, as its page shows it.
type verbForm struct {
	Word   string // the last part of its address
	Title  string // over the form
	Button string
	About  string
	Fields []verbField
}

// verbField is an input of such a form.
type verbField struct {
	Name, Label, Hint string
	Kind              string // "text", "line", "time", "select", "people" or "lines"
	Options           []option
	Begins            string
	Empty             bool // it may be empty
}

type option struct{ Value, Words string }

func reasonField(label string) verbField {
	return verbField{Name: "reason", Label: label, Kind: "text"}
}

// changeForms are the forms of what can be done with a change now: the one that matters
// first at the front.
func (p *portal) changeForms(v *changePage, now time.Time) []verbForm {
	x := &v.Change
	var list []verbForm
	add := func(f verbForm) { list = append(list, f) }
	if x.State == change.Draft && x.Kind != change.Normal || x.State == change.Submitted {
		if len(x.Implementers) == 0 {
			add(verbForm{Word: "assign", Title: "Say who does it", Button: "Assign", About: "Who does it has no vote.", Fields: []verbField{{Name: "implementer", Label: "Who does it", Kind: "people"}}})
		}
	}
	switch x.State {
	case change.Draft:
		switch x.Kind {
		case change.Normal:
			add(verbForm{Word: "submit", Title: "Ask for it", Button: "Ask for it", About: "What is still missing is said, at its field."})
		case change.Standard:
			add(verbForm{Word: "preapprove", Title: "Approve it by its model", Button: "Approve by the model", About: "It goes ahead without a vote if it stays inside of the model.", Fields: []verbField{{Name: "model", Label: "Model", Kind: "select", Options: v.Models}}})
		case change.Emergency:
			add(p.assessForm(v))
		}
	case change.Submitted:
		add(p.assessForm(v))
		add(verbForm{Word: "reject", Title: "Dismiss it", Button: "Dismiss", About: "Nobody has assessed it yet. It can be made a draft again.", Fields: []verbField{reasonField("Why")}})
	case change.Assessed:
		if x.Kind == change.Emergency && x.Approval != nil && x.Approval.StartFirst {
			add(verbForm{Word: "startUnapproved", Title: "Begin before it is approved", Button: "Begin now", About: "Those on duty say yes or no within 24 hours; who is late is listed.", Fields: []verbField{reasonField("Why it cannot wait")}})
		}
	case change.Approved:
		about := "Nothing is in the way."
		if !v.Standing.Fits() {
			about = "Something is in the way: see below. It is refused as long as that is so."
		}
		add(verbForm{Word: "schedule", Title: "Give it its place", Button: "Schedule", About: about})
	case change.Scheduled:
		if !now.Before(x.Plan.Start) {
			add(verbForm{Word: "start", Title: "Say that it begins", Button: "Begin now"})
		}
	case change.Started:
		if x.FellBackAt.IsZero() {
			add(verbForm{Word: "implement", Title: "It is done", Button: "Done as planned", Fields: []verbField{{Name: "outcome", Label: "How it went", Kind: "text", Empty: true}}})
			add(verbForm{Word: "fallBack", Title: "Put it back from now on", Button: "Begin to put it back", About: noReturnAbout(x, now), Fields: []verbField{{Name: "trigger", Label: "What was seen", Kind: "text"}}})
		}
		add(rollBackForm())
		add(verbForm{Word: "fail", Title: "It failed", Button: "It failed", About: "It was neither done as planned nor put back.", Fields: []verbField{reasonField("How things stand")}})
	case change.Implemented, change.RolledBack, change.Failed:
		if !x.NeedsReview() && x.State == change.Implemented && notYetClosed(x, now) == "" {
			add(verbForm{Word: "close", Title: "Close it", Button: "Close"})
		}
		add(verbForm{Word: "review", Title: "Review it", Button: "Keep the review", Fields: []verbField{{Name: "text", Label: "What is to be learnt of it", Kind: "text"}, {Name: "lessons", Label: "Lessons", Hint: "one a line; may be none", Kind: "lines", Empty: true}}})
		if x.State != change.RolledBack {
			add(rollBackForm())
		}
		if x.State == change.Implemented && x.WatchedUntil.IsZero() {
			add(verbForm{Word: "watch", Title: "Watch it for a while", Button: "Watch", About: "It is not closed before; incidents on its services are suspected to come of it.", Fields: []verbField{{Name: "until", Label: "Until", Kind: "time"}}})
		}
	case change.Reviewed:
		if notYetClosed(x, now) == "" {
			add(verbForm{Word: "close", Title: "Close it", Button: "Close"})
		}
	case change.Rejected:
		if x.Risk == nil {
			add(verbForm{Word: "reopen", Title: "Make it a draft again", Button: "Write it anew", Fields: []verbField{reasonField("Why")}})
		}
	case change.Closed, change.Cancelled:
		return list
	}
	return append(list, p.besideForms(v)...)
}

// besideForms are those that do not move it on.
func (p *portal) besideForms(v *changePage) []verbForm {
	x := &v.Change
	var list []verbForm
	if x.State.Planned() && len(x.Implementers) > 0 {
		list = append(list, verbForm{Word: "reassign", Title: "Give it to others", Button: "Give it to them", About: "Who does it has no vote: theirs count no more.", Fields: []verbField{{Name: "implementer", Label: "Who does it", Kind: "people"}, reasonField("Why")}})
	}
	if x.State.Planned() && len(v.Standing.Customers) > 0 {
		field := verbField{Name: "customer", Label: "Customer", Kind: "select"}
		for n, c := range v.Customers {
			if n < len(v.Standing.Customers) {
				field.Options = append(field.Options, option{string(v.Standing.Customers[n]), c.Name})
			}
		}
		list = append(list, verbForm{Word: "askConsent", Title: "Ask a customer", Button: "Ask", About: "For whoever has a runtime of its own. Asking again keeps no answer.", Fields: []verbField{
			field, {Name: "mode", Label: "What for", Kind: "select", Options: []option{{string(change.MustConsent), "its consent: nothing happens without a yes"}, {string(change.MayObject), "whether it objects: silence is a yes"}}}, {Name: "until", Label: "To answer by", Kind: "time"},
		}})
	}
	switch x.State {
	case change.Submitted, change.Assessed, change.Approved, change.Scheduled:
		list = append(list, verbForm{Word: "withdraw", Title: "Withdraw it", Button: "Withdraw", About: "It is a draft again. What was said of it stays on record, and counts no more.", Fields: []verbField{reasonField("Why")}})
	case change.Draft, change.Rejected, change.Started, change.Implemented, change.RolledBack, change.Failed, change.Reviewed, change.Closed, change.Cancelled:
	}
	if x.State.Planned() || x.State == change.Rejected {
		list = append(list, verbForm{Word: "cancel", Title: "Cancel it: it will not be done", Button: "Cancel the change", Fields: []verbField{reasonField("Why")}})
	}
	return list
}

func rollBackForm() verbForm {
	return verbForm{Word: "rollBack", Title: "It is put back", Button: "Everything is as before", Fields: []verbField{reasonField("Why"), {Name: "restored", Label: "Service was as before since", Hint: "empty: just now", Kind: "time", Empty: true}}}
}

// assessForm asks how risky it is, with what speaks for it.
func (p *portal) assessForm(v *changePage) verbForm {
	f := verbForm{Word: "assess", Title: "Assess the risk", Button: "Assess", About: "That decides who has to say yes."}
	likely := verbField{Name: "likelihood", Label: "How likely it goes wrong", Kind: "select", Hint: "earlier ones like it: " + earlierWords(v.Earlier)}
	for n, name := range v.Matrix.Likelihoods {
		likely.Options = append(likely.Options, option{strconv.Itoa(n + 1), name})
	}
	impact := verbField{Name: "impact", Label: "What that would do", Kind: "select", Empty: true}
	if v.Reach != nil {
		if n, ok := v.Matrix.Suggest(*v.Reach); ok {
			impact.Begins = strconv.Itoa(n)
			impact.Hint = "suggested: " + v.Matrix.Impacts[n-1] + ", for it reaches " + plural(v.Reach.Services, "service") + " and " + plural(v.Reach.Customers, "customer")
		}
	}
	for n, name := range v.Matrix.Impacts {
		impact.Options = append(impact.Options, option{strconv.Itoa(n + 1), name})
	}
	f.Fields = []verbField{likely, impact, {Name: "note", Label: "Why", Hint: "may be empty", Kind: "text", Empty: true}}
	return f
}

func earlierWords(h change.History) string {
	if h.Failed.N == 0 {
		return "none is known"
	}
	return "failed " + shareOf(h.Failed)
}

func noReturnAbout(x *change.Change, now time.Time) string {
	until, is := x.Plan.NoReturn.Get()
	if !is {
		return "It can be put back to the end."
	}
	point := x.StartedAt.Add(until)
	if now.After(point) {
		return "The point of no return was at " + point.Format(time.RFC3339) + ": it goes on, or fails."
	}
	return "The point of no return is at " + point.Format(time.RFC3339) + "."
}

// modelOptions are the models that a change can be made from now.
func (p *portal) modelOptions(ctx context.Context) ([]option, error) {
	var list []option
	for m, err := range p.Control().Models().All(ctx) {
		if err != nil {
			return nil, err
		}
		if m.Holds(p.store.Now()) == "" {
			list = append(list, option{string(m.ID), m.Name})
		}
	}
	return list, nil
}

// doChange does what a form of the page of a change asks for.
func (p *portal) doChange(w http.ResponseWriter, r *http.Request) error {
	if r.PathValue("verb") == "edit" {
		return p.editChange(w, r)
	}
	f, err := readForm(r)
	if err != nil {
		return err
	}
	ctx, id, word := r.Context(), servicecoin.ChangeID(r.PathValue("id")), r.PathValue("verb")
	form := word // which one of the page
	switch word {
	case "acceptConflict", "except", "confirmIncident", "dismissIncident":
		form = f.text("form")
	}
	do := p.changeVerb(ctx, viewer(r).actor(), id, word, f)
	if do == nil {
		return noPage(r)
	}
	if err = f.err(nil); err == nil {
		_, err = do()
	}
	anchor := map[string]string{"vote": "#h-votes", "addFollowUp": "#h-follow", "completeFollowUp": "#h-follow", "moveFollowUp": "#h-follow", "dropFollowUp": "#h-follow", "acceptConflict": "#h-time", "except": "#h-time", "confirmIncident": "#h-incidents", "dismissIncident": "#h-incidents"}[word]
	return p.finish(w, r, err, changePath(id)+anchor, func(err error) error {
		if x, getting := p.Control().Get(ctx, id); getting == nil && x.State == change.Draft && errors.Is(err, servicecoin.ErrInvalid) && slices.Contains([]string{"submit", "preapprove", "assess"}, word) && f.bad.Err() == nil {
			return p.changeForm(w, r, changeFormPage{Mode: toRevise, Change: x}, nil, err) // what the draft misses
		}
		return p.changeNow(w, r, id, form, f, err)
	})
}

// changeVerb reads what the verb of a form needs; nil: there is no such verb. It is
// called only when all fields could be read.
func (p *portal) changeVerb(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, word string, f *form) func() (change.Change, error) {
	control, reason := p.Control(), f.text("reason")
	f.at("reason", "reason")
	switch word {
	case "submit":
		return func() (change.Change, error) { return control.Submit(ctx, by, id) }
	case "preapprove":
		model := change.ModelID(f.text("model"))
		return func() (change.Change, error) { return control.Preapprove(ctx, by, id, model) }
	case "assign":
		f.at("to", "implementer")
		to := p.colleaguesIn(ctx, f, "implementer")
		return func() (change.Change, error) { return control.Assign(ctx, by, id, to...) }
	case "reassign":
		f.at("to", "implementer")
		to := p.colleaguesIn(ctx, f, "implementer")
		return func() (change.Change, error) { return control.Reassign(ctx, by, id, reason, to...) }
	case "assess":
		j := p.readJudged(f)
		return func() (change.Change, error) { return control.Assess(ctx, by, id, j) }
	case "vote":
		cast := change.Cast{For: servicecoin.PersonID(f.text("for")), Choice: change.Choice(f.text("choice")), Reason: reason}
		if cast.Choice == "" {
			f.bad.Add("choice", "required", "", "choose yes, no or to abstain")
		}
		seen := f.text("digest") // a vote is of what was looked at
		return func() (change.Change, error) {
			if x, err := control.Get(ctx, id); err != nil || seen != "" && seen != x.Digest() {
				return x, cmp.Or(err, error(&servicecoin.RefusedError{Subject: change.Key(id), Verb: change.VerbVote, From: string(x.State), Why: "it has changed since you opened the page: look at the plan as it is now"}))
			}
			return control.Vote(ctx, by, id, cast)
		}
	case "reject":
		return func() (change.Change, error) { return control.Reject(ctx, by, id, reason) }
	case "reopen":
		return func() (change.Change, error) { return control.Reopen(ctx, by, id, reason) }
	case "withdraw":
		return func() (change.Change, error) { return control.Withdraw(ctx, by, id, reason) }
	case "schedule":
		return func() (change.Change, error) { return control.Schedule(ctx, by, id) }
	case "start":
		return func() (change.Change, error) { return control.Start(ctx, by, id) }
	case "startUnapproved":
		return func() (change.Change, error) { return control.StartUnapproved(ctx, by, id, reason) }
	case "fallBack":
		f.at("reason", "trigger")
		return func() (change.Change, error) { return control.FallBack(ctx, by, id, f.text("trigger")) }
	case "implement":
		f.at("reason", "outcome")
		f.at("text", "outcome")
		return func() (change.Change, error) { return control.Implement(ctx, by, id, f.text("outcome")) }
	case "rollBack":
		restored := p.timeIn(f, "restored")
		return func() (change.Change, error) { return control.RollBack(ctx, by, id, reason, restored) }
	case "fail":
		return func() (change.Change, error) { return control.Fail(ctx, by, id, reason) }
	case "watch":
		until := p.timeIn(f, "until")
		return func() (change.Change, error) { return control.Watch(ctx, by, id, until) }
	case "review":
		return func() (change.Change, error) {
			return control.WriteReview(ctx, by, id, f.text("text"), f.lines("lessons")...)
		}
	case "close":
		return func() (change.Change, error) { return control.Close(ctx, by, id) }
	case "cancel":
		return func() (change.Change, error) { return control.Cancel(ctx, by, id, reason) }
	case "askConsent":
		f.at("by", "until")
		until := p.timeIn(f, "until")
		return func() (change.Change, error) {
			return control.AskConsent(ctx, by, id, servicecoin.CustomerID(f.text("customer")), change.ConsentMode(f.text("mode")), until)
		}
	case "acceptConflict":
		with := change.EntryRef{Kind: change.EntryKind(f.text("kind")), ID: f.text("with")}
		return func() (change.Change, error) {
			return control.AcceptConflict(ctx, by, id, with, change.Why(f.text("why")), reason)
		}
	case "except":
		f.at("why", "reason")
		return func() (change.Change, error) {
			return control.Except(ctx, by, id, change.FreezeID(f.text("freeze")), reason)
		}
	case "confirmIncident":
		return func() (change.Change, error) {
			return control.ConfirmIncident(ctx, by, id, servicecoin.IncidentID(f.text("incident")), reason)
		}
	case "dismissIncident":
		return func() (change.Change, error) {
			return control.DismissIncident(ctx, by, id, servicecoin.IncidentID(f.text("incident")), reason)
		}
	case "move":
		return p.moveTo(ctx, by, id, f)
	}
	return p.followUpVerb(ctx, by, id, word, f)
}

func (p *portal) followUpVerb(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, word string, f *form) func() (change.Change, error) {
	control, text := p.Control(), f.text("text")
	f.at("reason", "text")
	switch word {
	case "addFollowUp":
		task := followup.Task{Owner: p.colleague(ctx, f, "owner"), Due: p.timeIn(f, "due"), Text: text}
		return func() (change.Change, error) { return control.AddFollowUp(ctx, by, id, task) }
	case "completeFollowUp":
		n := f.int("number")
		return func() (change.Change, error) { return control.CompleteFollowUp(ctx, by, id, n, text) }
	case "moveFollowUp":
		n, due := f.int("number"), p.timeIn(f, "due")
		return func() (change.Change, error) { return control.MoveFollowUp(ctx, by, id, n, due, text) }
	case "dropFollowUp":
		n := f.int("number")
		return func() (change.Change, error) { return control.DropFollowUp(ctx, by, id, n, text) }
	}
	return nil
}

// moveTo gives a change one of the starts that were proposed: a draft is changed, what
// was approved or voted down is asked for again.
func (p *portal) moveTo(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, f *form) func() (change.Change, error) {
	start := p.timeIn(f, "start")
	return func() (change.Change, error) {
		x, err := p.Control().Get(ctx, id)
		if err != nil {
			return x, err
		}
		work := x.Work
		work.Plan = work.Plan.At(start)
		judged := change.Judged{}
		if x.Risk != nil {
			judged = change.Judged{Likelihood: x.Risk.Likelihood, Impact: x.Risk.Impact, Note: x.Risk.Note}
		}
		const why = "Moved to a start that fits"
		switch modeOf(&x) {
		case toRevise:
			r := requestOf(&x)
			r.Work = work
			return p.Control().Revise(ctx, by, id, r)
		case toAmend:
			return p.Control().Amend(ctx, by, id, work, judged, why)
		case toReplan:
			return p.Control().Replan(ctx, by, id, work, judged, why)
		}
		return x, &servicecoin.RefusedError{Subject: change.Key(id), Verb: change.VerbAmend, From: string(x.State), Why: "it is " + strings.ToLower(changeStateWords(x.State)) + ": withdraw it first"}
	}
}
