package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
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
}

type figure struct{ Name, Value string }

func (p *portal) showIncident(w http.ResponseWriter, r *http.Request) error {
	return p.incident(w, r, nil, nil)
}

func (p *portal) incident(w http.ResponseWriter, r *http.Request, filled url.Values, problems error) error {
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
	if problems != nil {
		v.Problem, v.Problems = inWords(problems)
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
	return p.render(w, r, "incident.html", problem.Status(problems), v)
}

// allowed returns what the transition table allows in a state.
func allowed(s incident.State) map[string]bool {
	verbs := map[string]bool{incident.VerbNote: !s.Terminal(), incident.VerbAffect: s.Live(), incident.VerbAddFollowUp: !s.Terminal()}
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
		"moveFollowUp": incident.VerbMoveFollowUp, "dropFollowUp": incident.VerbDropFollowUp,
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
	if errors.Is(err, servicecoin.ErrInvalid) || errors.Is(err, servicecoin.ErrRefused) {
		return p.incident(w, r, f.r.PostForm, err)
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
		m := incident.Message{Text: f.text("text"), Audience: incident.Audience(f.text("audience")), NextUpdateBy: f.time("nextUpdateBy")}
		do = func() (incident.Incident, error) { return desk.Note(ctx, by, id, m) }
	case incident.VerbAffect:
		e := incident.Effect{Service: servicecoin.ServiceID(f.text("service")), Level: incident.Level(f.text("level")), From: f.time("from"), Number: f.int("number")}
		if e.From.IsZero() {
			e.From = p.store.Now()
		}
		do = func() (incident.Incident, error) { return desk.Affect(ctx, by, id, e) }
	case incident.VerbResolve:
		res := incident.Resolution{Text: f.text("resolution"), Restored: f.time("restored")}
		do = func() (incident.Incident, error) { return desk.Resolve(ctx, by, id, res) }
	case incident.VerbReopen:
		do = func() (incident.Incident, error) { return desk.Reopen(ctx, by, id, f.text("reason")) }
	case incident.VerbClose:
		do = func() (incident.Incident, error) { return desk.Close(ctx, by, id) }
	case incident.VerbCancel:
		do = func() (incident.Incident, error) { return desk.Cancel(ctx, by, id, f.text("reason")) }
	case incident.VerbAddFollowUp:
		owner, due := servicecoin.PersonID(f.text("owner")), f.time("due")
		do = func() (incident.Incident, error) { return desk.AddFollowUp(ctx, by, id, owner, due, f.text("text")) }
	case incident.VerbCompleteFollowUp:
		n := f.int("number")
		do = func() (incident.Incident, error) { return desk.CompleteFollowUp(ctx, by, id, n, f.text("text")) }
	case incident.VerbMoveFollowUp:
		n, due := f.int("number"), f.time("due")
		do = func() (incident.Incident, error) { return desk.MoveFollowUp(ctx, by, id, n, due, f.text("text")) }
	case incident.VerbDropFollowUp:
		n := f.int("number")
		do = func() (incident.Incident, error) { return desk.DropFollowUp(ctx, by, id, n, f.text("text")) }
	default:
		return servicecoin.NotFound(servicecoin.Key{Customer: servicecoin.Provider, Kind: "verb", ID: word})
	}
	if err := f.err(nil); err != nil {
		return err
	}
	_, err := do()
	return err
}
