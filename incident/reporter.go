package incident

import (
	"context"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Reporter is the customer who told of an incident, and what it looks like to
// them. It is what they say: what is so, the desk says by effects.
type Reporter struct {
	Customer servicecoin.CustomerID `json:"customer"`
	Person   servicecoin.PersonID   `json:"person,omitempty"`  // "" is not known
	Service  servicecoin.ServiceID  `json:"service,omitempty"` // that of theirs which they miss
	Level    Level                  `json:"level,omitempty"`   // how badly
	Text     string                 `json:"text,omitempty"`    // in their words, at most 8000 characters
}

func (r *Reporter) clone() *Reporter {
	if r == nil {
		return nil
	}
	return new(*r)
}

func (r *Reporter) validate(v *servicecoin.Violations) {
	if r == nil {
		return
	}
	v.ID("reporter.customer", string(r.Customer))
	if r.Person != "" {
		v.ID("reporter.person", string(r.Person))
	}
	if r.Service != "" {
		v.ID("reporter.service", string(r.Service))
	}
	if r.Level != "" {
		v.Merge("reporter.level", r.Level.Validate())
	}
	v.Text("reporter.text", r.Text, 0, maxLong)
}

// Problem is what people of a customer report: it does not work for them.
type Problem struct {
	ID       servicecoin.IncidentID // "" is filled in; the same one again is ErrExists
	Customer servicecoin.CustomerID
	Service  servicecoin.ServiceID // that of theirs which they miss
	Level    Level                 // how badly
	Title    string                // what happens, in a line: 1 to 200 characters
	Text     string                // and more of it, at most 8000 characters
	Began    time.Time             // zero: just now
}

// report is the problem as the desk gets it. It has no effect yet, no headline and
// no priority: nothing that a customer says is published, or counts against a
// promise, before somebody of the provider has looked at it.
func (p Problem) report(by servicecoin.Actor) Report {
	return Report{
		ID: p.ID, Title: p.Title, Began: p.Began,
		Reporter: &Reporter{Customer: p.Customer, Person: by.ID, Service: p.Service, Level: p.Level, Text: p.Text},
	}
}

// Validate reports all that is wrong with a report that somebody makes at t.
func (p Problem) Validate(by servicecoin.Actor, t time.Time) error {
	_, err := p.open(by, t)
	return err
}

func (p Problem) open(by servicecoin.Actor, t time.Time) (Incident, error) {
	var v servicecoin.Violations
	if p.Service == "" {
		v.Add("reporter.service", "required", "", "say which service it is")
	}
	if p.Level == "" || p.Level == Unaffected {
		v.Add("reporter.level", "required", string(p.Level), "say how badly")
	}
	i, err := Open(by, t, p.report(by))
	v.Merge("", err)
	if err := v.Err(); err != nil {
		return Incident{}, err
	}
	i.Timeline[0].Verb = VerbReport
	return i, nil
}

// Report opens an incident out of what people of a customer say. Authorize is asked
// for [VerbReport], in the name of the customer. Nobody else reads of it until the
// desk publishes it ([Incident.Published]), and no letter is written.
func (d *Desk) Report(ctx context.Context, by servicecoin.Actor, p Problem) (Incident, error) {
	if p.ID == "" {
		p.ID = servicecoin.IncidentID(d.view.NewID())
	}
	if err := d.view.AskFor(ctx, by, VerbReport, IncidentRecord, string(p.ID), p.Customer); err != nil {
		return Incident{}, err
	}
	i, err := p.open(by, d.view.Now())
	if err != nil {
		return Incident{}, err
	}
	return i, d.insert(ctx, by, i, EventOpened)
}

// ReportedFor lists what people of a customer reported, the last first. What they
// may see of each is [Incident.ForReporter].
func (d *Desk) ReportedFor(customer servicecoin.CustomerID) store.Listing[Incident] {
	return store.Of(d.view, incidents).Find(store.By("reporter", store.Text(customer)).Descending())
}

// Published reports whether customers whom the incident concerns may read of it:
// what a customer reported is between that customer and the desk until the desk
// records an effect, writes a headline or a public message.
func (i *Incident) Published() bool {
	return i.Reporter == nil || len(i.Effects) > 0 || i.Headline != "" ||
		slices.ContainsFunc(i.Timeline, func(e Entry) bool { return e.Audience == Public })
}

// ReportedProblem is what the customer who reported an incident may see of it: what
// they said themselves, where it stands, what they are answered and what is public.
type ReportedProblem struct {
	ID         servicecoin.IncidentID `json:"id"`
	Reporter   Reporter               `json:"reporter"`
	Title      string                 `json:"title"` // as they wrote it
	State      State                  `json:"state"`
	Began      time.Time              `json:"began"`
	ReportedAt time.Time              `json:"reportedAt"`
	RestoredAt time.Time              `json:"restoredAt,omitzero"`
	Updates    []ReporterUpdate       `json:"updates"` // newest first
	NextUpdate time.Time              `json:"nextUpdate,omitzero"`
}

// ReporterUpdate is what the one who reported is told: a public message, or an
// answer to them alone.
type ReporterUpdate struct {
	PublicUpdate

	Answer bool `json:"answer,omitempty"`
}

// ForReporter returns what the customer who reported it may see; false if nobody of
// a customer did. The title is that of the report, whatever the desk has made of it
// since.
func (i *Incident) ForReporter() (ReportedProblem, bool) {
	if i.Reporter == nil {
		return ReportedProblem{}, false
	}
	public := i.Public()
	p := ReportedProblem{
		ID: i.ID, Reporter: *i.Reporter, Title: i.Timeline[0].Text, State: i.State,
		Began: i.Began, ReportedAt: i.ReportedAt, RestoredAt: i.RestoredAt, Updates: []ReporterUpdate{}, NextUpdate: public.NextUpdate,
	}
	for _, u := range public.Updates {
		p.Updates = append(p.Updates, ReporterUpdate{PublicUpdate: u})
	}
	for _, e := range i.Timeline {
		if e.Audience == ToReporter {
			p.Updates = append(p.Updates, ReporterUpdate{PublicUpdate{At: e.At, Text: e.Text}, true})
		}
	}
	slices.SortStableFunc(p.Updates, func(a, b ReporterUpdate) int { return b.At.Compare(a.At) })
	return p, true
}

// forgottenTitle stands in the place of what a customer wrote who is erased.
const forgottenTitle = "Reported by a customer who is forgotten"

// forget takes out what a customer wrote, and what it was answered. What was done
// about it stays.
func (i *Incident) forget() {
	someone := servicecoin.Program("forgotten")
	client := func(e Entry) bool { return e.By.Kind == servicecoin.CustomerSide }
	i.Timeline = slices.DeleteFunc(slices.Clone(i.Timeline), func(e Entry) bool { return e.Audience == ToReporter })
	for n, e := range i.Timeline {
		if client(e) || n == 0 {
			i.Timeline[n].By, i.Timeline[n].Text = someone, ""
		}
	}
	i.Title, i.Description, i.Reporter = forgottenTitle, "", nil
}

// Forget takes out of the incidents what people of a customer reported and were
// answered. It is a part of erasing a customer, and can be called again. No event is
// recorded, so that the feed of the provider does not name the customer.
func (d *Desk) Forget(ctx context.Context, by servicecoin.Actor, customer servicecoin.CustomerID) error {
	if err := d.authorize(ctx, by, VerbForget, servicecoin.IncidentID(store.Forgotten(customer))); err != nil {
		return err
	}
	var v servicecoin.Violations
	v.ID("customer", string(customer))
	if err := v.Err(); err != nil {
		return err
	}
	const atOnce = 20
	for {
		page, err := d.ReportedFor(customer).Page(ctx, "", atOnce)
		if err != nil || len(page.Items) == 0 {
			return err
		}
		for _, item := range page.Items {
			_, err := store.Of(d.view, incidents).Update(ctx, item.Key.ID, func(i *Incident) ([]store.Event, error) {
				i.forget()
				return nil, nil
			})
			if err != nil {
				return err
			}
		}
	}
}
