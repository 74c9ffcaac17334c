package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/problem"
)

// incidentPage is what the provider's people see of an incident.
type incidentPage struct {
	page
	incidentRow

	Form      url.Values
	Effects   []effectRow
	Timeline  []incident.Entry // newest first
	FollowUps []followUpRow
	Levels    []incident.Level
	Others    []catalog.Service // that it does not affect now
	May       map[string]bool   // by form, what the transition table allows
	Updates   incident.Adherence
	Next      time.Time // the promise that stands
	Late      bool
	Figures   []figure
	Now       time.Time
	People    []person
	Whom      concerned
	WhomNext  string
	ToldTo    string       // the customer who reported it
	Suspected string       // the service that they miss
	Changes   []suspectRow // that it may come of
	Internal  bool         // nobody but them and us reads of it
	Sent      string       // the form that came to nothing: the last part of its address
	Wrong     fieldProblems
	Unsaid    []figure // what was typed into a form that is not there any more
}

// Typed is what a form that came to nothing had in a field, "" in all other forms.
func (v incidentPage) Typed(form, field string) string {
	if v.Sent != form {
		return ""
	}
	return v.Form.Get(field)
}

// TypedFor is the same of the forms of one follow-up.
func (v incidentPage) TypedFor(number int, field string) string {
	if v.Form.Get("number") != strconv.Itoa(number) || !strings.HasSuffix(v.Sent, "FollowUp") {
		return ""
	}
	return v.Form.Get(field)
}

// At is what is wrong with a field of a form.
func (v incidentPage) At(form, field string) string {
	if v.Sent != form {
		return ""
	}
	return v.Wrong[field]
}

type effectRow struct {
	incident.Effect

	Name  string
	Lasts string
}

type followUpRow struct {
	incident.FollowUp

	Overdue  bool
	Incident servicecoin.IncidentID
	Title    string
	Seen     int // entries of the timeline
}

type figure struct{ Name, Value string }

func (p *portal) showIncident(w http.ResponseWriter, r *http.Request) error {
	return p.incident(w, r, "", nil, nil)
}

// incident shows the record as it is now: after a form came to nothing with what it
// said, and why.
func (p *portal) incident(w http.ResponseWriter, r *http.Request, form string, filled url.Values, problems error) error {
	ctx, now := r.Context(), p.store.Now()
	i, err := p.Desk().Get(ctx, servicecoin.IncidentID(r.PathValue("id")))
	if err != nil {
		return err
	}
	all, err := p.services(ctx)
	if err != nil {
		return err
	}
	names := namesOf(all)
	v := incidentPage{
		page: p.page(r, i.Title, "/incidents"), incidentRow: p.row(i, names, now), Form: filled, Now: now,
		Levels: incident.Levels()[1:], May: allowed(i.State), Updates: incident.Adhered(i.PromisedUpdates(now)...), Figures: figures(&i),
	}
	v.Sent = form
	if problems != nil {
		v.Problem, v.Problems = inWords(problems)
		v.Wrong = problemsAt(problems, map[string]string{"[0].from": "from", "effects[0].from": "from", "effects[0].level": "level", "effects[0].service": "service"})
		if err := p.faster(r, &v, problems); err != nil {
			return err
		}
	}
	if err := p.around(r, &v, names); err != nil {
		return err
	}
	if next, promised := i.NextUpdate(now); promised && i.State.Live() {
		v.Next, v.Late = next, now.After(next)
	}
	for _, e := range i.Effects {
		until := e.Until
		if until.IsZero() {
			until = now
		}
		v.Effects = append(v.Effects, effectRow{e, names.Of(e.Service), between(e.From, until)})
	}
	for _, s := range all {
		if !slices.ContainsFunc(i.Effects, func(e incident.Effect) bool { return e.Service == s.ID && e.Until.IsZero() }) {
			v.Others = append(v.Others, s)
		}
	}
	for _, f := range i.FollowUps {
		v.FollowUps = append(v.FollowUps, followUpRow{FollowUp: f, Overdue: f.Overdue(now)})
	}
	v.Timeline = slices.Clone(i.Timeline)
	slices.SortStableFunc(v.Timeline, func(a, b incident.Entry) int { return a.At.Compare(b.At) })
	slices.Reverse(v.Timeline)
	loc, err := p.zone(r)
	if err != nil {
		return err
	}
	for n := range v.Timeline {
		v.Timeline[n].Text = p.entryWords(&i, v.Timeline[n], names, loc)
	}
	return p.render(w, r, "incident.html", problem.Status(problems), v)
}

// around adds who works on it and whom it concerns.
func (p *portal) around(r *http.Request, v *incidentPage, names namesByID) (err error) {
	ctx, i := r.Context(), &v.Incident
	v.Internal = !i.Published()
	if v.ToldTo, err = p.reporterName(ctx, i); err != nil {
		return err
	}
	if i.Reporter != nil {
		v.Suspected = names.Of(i.Reporter.Service)
	}
	if v.People, err = p.colleagues(ctx); err != nil {
		return err
	}
	if v.Changes, err = p.changesOf(ctx, i); err != nil {
		return err
	}
	v.Whom, err = p.affected(ctx, i, names, servicecoin.CustomerID(r.URL.Query().Get("after")))
	if v.Whom.Next != "" {
		v.WhomNext = "/incidents/" + url.PathEscape(string(i.ID)) + "?after=" + url.QueryEscape(string(v.Whom.Next)) + "#h-whom"
	}
	return err
}

// faster says who changed the record between the page and the form that was sent from
// it, where that is why the form came to nothing; what was typed is shown in any case.
func (p *portal) faster(r *http.Request, v *incidentPage, problems error) error {
	if !errors.Is(problems, servicecoin.ErrRefused) && !errors.Is(problems, servicecoin.ErrConflict) {
		return nil
	}
	if !v.May[v.Sent] {
		for _, x := range []figure{{"What ended it", "resolution"}, {"Why", "reason"}, {"Text", "text"}} {
			if text := v.Form.Get(x.Value); text != "" {
				v.Unsaid = append(v.Unsaid, figure{x.Name, text})
			}
		}
	}
	seen, err := strconv.Atoi(v.Form.Get("seen"))
	if err != nil || seen < 0 || seen > len(v.Incident.Timeline) {
		return nil //nolint:nilerr // a form that was not ours: the refusal says enough
	}
	loc, err := p.zone(r)
	if err != nil {
		return err
	}
	var did []string
	for _, e := range v.Incident.Timeline[seen:] {
		words := deedWords(e.Verb)
		if words == "" {
			continue
		}
		who, at := p.pages.actor(e.By), e.At.In(loc).Format("15:04")
		if calendar.DateOf(e.At, loc) != calendar.DateOf(v.Now, loc) {
			at = e.At.In(loc).Format(stampLayout)
		}
		if e.By == v.Viewer.actor() {
			who = "You"
		}
		did = append(did, who+" "+words+" at "+at+".")
	}
	if len(did) > 0 {
		did = append(did, "Below is the record as it is now.")
		v.Problem, v.Problems = "This has changed since you opened the page", did
	}
	return nil
}

// entryWords is the text of an entry for people: what the rules write for programs
// is said with names, and by the reader's clock.
func (p *portal) entryWords(i *incident.Incident, e incident.Entry, names namesByID, loc *time.Location) string {
	clock := func(text string) string {
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return text
		}
		return t.In(loc).Format(stampLayout)
	}
	switch e.Verb {
	case incident.VerbAssign:
		return p.pages.called(servicecoin.PersonID(e.Text))
	case incident.VerbAddFollowUp:
		number, _, _ := strings.Cut(e.Text, " ")
		for _, f := range i.FollowUps {
			if strconv.Itoa(f.Number) == number {
				return number + ". " + f.Text + ": " + p.pages.called(f.Owner) + ", due " + f.FirstDue.In(loc).Format(stampLayout)
			}
		}
	case incident.VerbAffect:
		var all []string
		for part := range strings.SplitSeq(e.Text, "; ") {
			x := strings.Fields(part)
			if len(x) != 3 {
				return e.Text
			}
			from, until, _ := strings.Cut(x[2], "/")
			text := names.Of(servicecoin.ServiceID(x[0])) + ": " + strings.ToLower(levelWords(incident.Level(x[1]))) + " since " + clock(from)
			if until != "" {
				text += " until " + clock(until)
			}
			all = append(all, text)
		}
		return strings.Join(all, "; ")
	case incident.VerbRedate, incident.VerbMoveFollowUp:
		words := strings.Fields(e.Text)
		for n, w := range words {
			if bare := strings.TrimRight(w, ":,"); len(bare) > 10 {
				words[n] = clock(bare) + w[len(bare):]
			}
		}
		return strings.Join(words, " ")
	}
	return e.Text
}

// deedWords says what somebody did to the state of an incident: "" if it was nothing.
func deedWords(verb string) string {
	return map[string]string{
		incident.VerbAcknowledge: "acknowledged it", incident.VerbHold: "put it on hold", incident.VerbResume: "resumed it", incident.VerbResolve: "resolved it",
		incident.VerbReopen: "reopened it", incident.VerbClose: "closed it", incident.VerbCancel: "cancelled it", incident.VerbRedate: "corrected when it began",
		incident.VerbAffect: "changed what it does", incident.VerbCompleteFollowUp: "finished a follow-up", incident.VerbDropFollowUp: "dropped a follow-up", incident.VerbMoveFollowUp: "moved a follow-up",
	}[verb]
}

// allowed returns what the transition table allows in a state.
func allowed(s incident.State) map[string]bool {
	open := !s.Terminal()
	verbs := map[string]bool{
		incident.VerbNote: open, incident.VerbAffect: s.Live(), incident.VerbAddFollowUp: open, incident.VerbAssign: open, incident.VerbDescribe: open,
		incident.VerbCompleteFollowUp: open, incident.VerbMoveFollowUp: open, incident.VerbDropFollowUp: open,
	}
	for _, t := range incident.Transitions() {
		if t.From == s {
			verbs[t.Verb] = true
		}
	}
	may := map[string]bool{}
	for form, verb := range incidentForms() {
		may[form] = verbs[verb]
	}
	return may
}

// incidentForms returns the verb of each form: the last part of its address.
func incidentForms() map[string]string {
	return map[string]string{
		"acknowledge": incident.VerbAcknowledge, "hold": incident.VerbHold, "resume": incident.VerbResume, "note": incident.VerbNote,
		"affect": incident.VerbAffect, "resolve": incident.VerbResolve, "reopen": incident.VerbReopen, "close": incident.VerbClose,
		"cancel": incident.VerbCancel, "addFollowUp": incident.VerbAddFollowUp, "completeFollowUp": incident.VerbCompleteFollowUp,
		"moveFollowUp": incident.VerbMoveFollowUp, "dropFollowUp": incident.VerbDropFollowUp, "assign": incident.VerbAssign, "describe": incident.VerbDescribe,
	}
}

func figures(i *incident.Incident) []figure {
	undefined := func(d time.Duration, ok bool) string {
		if !ok {
			return "not yet"
		}
		return between(time.Time{}, time.Time{}.Add(d))
	}
	ack, acked := i.TimeToAcknowledge()
	restored, over := i.TimeToRestore()
	return []figure{
		{"Time to detect", undefined(i.TimeToDetect(), true)},
		{"Time to acknowledge", undefined(ack, acked)},
		{"Time to restore", undefined(restored, over)},
	}
}

func (p *portal) changeIncident(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	id := servicecoin.IncidentID(r.PathValue("id"))
	err = p.change(r.Context(), viewer(r).actor(), id, r.PathValue("verb"), f)
	if errors.Is(err, servicecoin.ErrInvalid) || errors.Is(err, servicecoin.ErrRefused) || errors.Is(err, servicecoin.ErrConflict) {
		return p.incident(w, r, r.PathValue("verb"), f.r.PostForm, err)
	}
	if err != nil {
		return err
	}
	p.happened(r.Context())
	back := "/incidents/" + url.PathEscape(string(id))
	if f.text("back") == "followups" {
		back = "/followups"
	}
	seeOther(w, back)
	return nil
}

// change reads what the verb of a form needs and calls the desk. Nothing is called while
// a field cannot be read: it might mean something else.
func (p *portal) change(ctx context.Context, by servicecoin.Actor, id servicecoin.IncidentID, word string, f *form) error {
	desk := p.Desk()
	var do func() (incident.Incident, error)
	switch incidentForms()[word] {
	case incident.VerbAcknowledge:
		do = func() (incident.Incident, error) { return desk.Acknowledge(ctx, by, id) }
	case incident.VerbHold:
		do = func() (incident.Incident, error) { return desk.Hold(ctx, by, id, f.text("reason")) }
	case incident.VerbResume:
		do = func() (incident.Incident, error) { return desk.Resume(ctx, by, id) }
	case incident.VerbNote:
		m := incident.Message{Text: f.text("text"), Audience: incident.Audience(f.text("audience")), NextUpdateBy: p.timeIn(f, "nextUpdateBy")}
		do = func() (incident.Incident, error) { return desk.Note(ctx, by, id, m) }
	case incident.VerbAffect:
		e := incident.Effect{Service: servicecoin.ServiceID(f.text("service")), Level: incident.Level(f.text("level")), From: p.timeIn(f, "from"), Number: f.int("number")}
		if e.Level == "" {
			f.bad.Add("level", "required", "", "choose how it is now")
		}
		if e.From.IsZero() {
			e.From = p.store.Now()
		}
		do = func() (incident.Incident, error) { return desk.Affect(ctx, by, id, e) }
	case incident.VerbResolve:
		res := incident.Resolution{Text: f.text("resolution"), Restored: p.timeIn(f, "restored")}
		do = func() (incident.Incident, error) { return desk.Resolve(ctx, by, id, res) }
	case incident.VerbReopen:
		do = func() (incident.Incident, error) { return desk.Reopen(ctx, by, id, f.text("reason")) }
	case incident.VerbClose:
		do = func() (incident.Incident, error) { return desk.Close(ctx, by, id) }
	case incident.VerbCancel:
		do = func() (incident.Incident, error) { return desk.Cancel(ctx, by, id, f.text("reason")) }
	case incident.VerbAddFollowUp:
		owner, due := p.colleague(ctx, f, "owner"), p.timeIn(f, "due")
		do = func() (incident.Incident, error) { return desk.AddFollowUp(ctx, by, id, owner, due, f.text("text")) }
	case incident.VerbCompleteFollowUp:
		n := f.int("number")
		do = func() (incident.Incident, error) { return desk.CompleteFollowUp(ctx, by, id, n, f.text("text")) }
	case incident.VerbMoveFollowUp:
		n, due := f.int("number"), p.timeIn(f, "due")
		do = func() (incident.Incident, error) { return desk.MoveFollowUp(ctx, by, id, n, due, f.text("text")) }
	case incident.VerbDropFollowUp:
		n := f.int("number")
		do = func() (incident.Incident, error) { return desk.DropFollowUp(ctx, by, id, n, f.text("text")) }
	case incident.VerbAssign:
		to := p.colleague(ctx, f, "assignee")
		do = func() (incident.Incident, error) { return desk.Assign(ctx, by, id, to) }
	case incident.VerbDescribe:
		do = func() (incident.Incident, error) {
			i, err := desk.Get(ctx, id)
			if err != nil {
				return i, err
			}
			return desk.Describe(ctx, by, id, incident.Description{Title: f.text("title"), Headline: f.text("headline"), Description: i.Description})
		}
	default:
		return servicecoin.NotFound(servicecoin.Key{Customer: servicecoin.Provider, Kind: "verb", ID: word})
	}
	if err := f.err(nil); err != nil {
		return err
	}
	_, err := do()
	return err
}
