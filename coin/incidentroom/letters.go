package incidentroom

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/store"
)

// Occasion is why a customer is written to about an incident.
type Occasion string

// The occasions.
const (
	Begun    Occasion = "begun"    // it concerns the customer, who has not heard of it
	Updated  Occasion = "updated"  // there is a public message
	Resolved Occasion = "resolved" // service is back
)

// News is what there is to tell one customer about an incident.
type News struct {
	Occasion Occasion
	Customer servicecoin.Customer
	Incident incident.PublicIncident // what customers may see of it
	Uses     string                  // the name of the service that the customer uses
	Path     []string                // the names of the services from that one to the one affected
	Level    incident.Level          // how badly the affected one is, or was
	Since    time.Time               // when it began to be
	Until    time.Time               // when it was back; zero: not yet
	Update   incident.PublicUpdate   // the last public message, if there is one
}

// Compose writes a letter about news, in English and in the customer's zone. A
// host that has a voice of its own hands in another function.
func Compose(n News) incident.Letter {
	loc, err := n.Customer.Location()
	if err != nil {
		loc = time.UTC
	}
	clock := func(t time.Time) string { return t.In(loc).Format("2 January 2006, 15:04 MST") }
	states := map[incident.Level][2]string{
		incident.Unaffected: {"works", "worked"},
		incident.Outage:     {"is down", "was down"}, incident.Disruption: {"fails for some", "failed for some"},
		incident.Degradation: {"is slow", "was slow"}, incident.Information: {"works, and there is something to know", "worked throughout"},
	}[n.Level]
	affected := n.Uses
	if len(n.Path) > 0 {
		affected = n.Path[len(n.Path)-1]
	}
	l := incident.Letter{Subject: cmp.Or(n.Incident.Headline, affected+": "+states[0])}
	var body strings.Builder
	if n.Occasion == Resolved {
		l.Subject = "Over: " + cmp.Or(n.Incident.Headline, affected+" "+states[1])
		fmt.Fprintf(&body, "%s %s from %s to %s.", affected, states[1], clock(n.Since), clock(n.Until))
	} else {
		fmt.Fprintf(&body, "%s %s since %s.", affected, states[0], clock(n.Since))
	}
	if len(n.Path) > 1 {
		fmt.Fprintf(&body, " You use %s, which needs it", n.Uses)
		if between := n.Path[1 : len(n.Path)-1]; len(between) > 0 {
			body.WriteString(" by way of " + strings.Join(between, " and "))
		}
		body.WriteString(".")
	}
	if n.Update.Text != "" && n.Occasion != Resolved {
		body.WriteString("\n\n" + n.Update.Text)
		l.NextUpdateBy = n.Update.NextUpdateBy
	}
	if !l.NextUpdateBy.IsZero() {
		fmt.Fprintf(&body, "\n\nYou hear from us again by %s.", clock(l.NextUpdateBy))
	}
	l.Body = body.String()
	return l
}

// roomForALetter is the most that a letter to one customer takes of a commit: the
// draft and its sending, and some that it overtakes.
const roomForALetter = 20

// letters is the link that writes a draft to every customer that an incident
// concerns: who uses a service that is affected, or one that needs it over hard
// dependencies. The shortest way says why. Older drafts about the incident that
// nobody sent are overtaken by a newer one.
func (n Nouns) letters() exchange.Link {
	on := []string{incident.EventOpened, incident.EventAffected, incident.EventReopened, incident.EventNoted, incident.EventResolved}
	return exchange.Each(n.Base, "letter.draft", Name, Name, on, roomForALetter, n.toTell, n.tell)
}

// toTell returns the services that are hit, each with the time in which it was, and
// what there is to write.
func (n Nouns) toTell(ctx context.Context, w exchange.Work, change incident.Changed) (writing, []exchange.Concern, error) {
	now := writing{Nouns: n.On(w.Base), event: w.Event}
	var err error
	now.incident, err = now.Desk().Get(ctx, change.Incident)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return now, nil, nil
	}
	if err != nil {
		return now, nil, err
	}
	var ok bool
	if now.occasion, ok = occasionOf(w.Event.Name, change, &now.incident); !ok {
		return now, nil, nil
	}
	if now.hits, err = n.impact(ctx, w.Base, now.incident.Services()); err != nil {
		return now, nil, err
	}
	concerns := make([]exchange.Concern, 0, len(now.hits))
	for _, h := range now.hits {
		worst := worstOf(&now.incident, h.Path[len(h.Path)-1])
		concerns = append(concerns, exchange.Concern{Service: h.Service, During: span(worst.From, worst.Until)})
	}
	return now, concerns, nil
}

// span is the time from one instant to another, without an end where it goes on: who
// is concerned may have come just when it began.
func span(from, until time.Time) calendar.Interval {
	if until.Before(from) {
		until = time.Time{}
	}
	return calendar.Interval{Start: from, End: until}
}

func (n Nouns) impact(ctx context.Context, b exchange.Base, affected []servicecoin.ServiceID) ([]Hit, error) {
	if n.Impact != nil {
		return n.Impact(ctx, b, affected)
	}
	hits := make([]Hit, 0, len(affected))
	for _, s := range affected {
		hits = append(hits, Hit{Service: s, Path: []servicecoin.ServiceID{s}})
	}
	return hits, nil
}

// tell writes to one customer of a service that is hit.
func (n Nouns) tell(ctx context.Context, w exchange.Work, news writing, c exchange.Concern, _ string) (string, error) {
	for _, hit := range news.hits {
		if hit.Service == c.Service {
			return "", news.write(ctx, w.Customer, hit, worstOf(&news.incident, hit.Path[len(hit.Path)-1]))
		}
	}
	return "", nil
}

// occasionOf tells why an event is worth a letter; most are not.
func occasionOf(event string, change incident.Changed, i *incident.Incident) (Occasion, bool) {
	switch event {
	case incident.EventResolved:
		return Resolved, i.State == incident.Resolved // reopened meanwhile: another event tells of it
	case incident.EventOpened, incident.EventAffected, incident.EventReopened:
		return Begun, i.State.Live()
	case incident.EventNoted:
		return Updated, i.State.Live() && change.Audience == incident.Public
	}
	return "", false
}

// worstOf returns the worst effect that an incident has on a service: from the
// first begin to the last end.
func worstOf(i *incident.Incident, service servicecoin.ServiceID) incident.Effect {
	var worst incident.Effect
	for _, x := range i.Effects {
		if x.Service != service {
			continue
		}
		if worst.Service == "" {
			worst = x
			continue
		}
		worst.Level = incident.Worst(worst.Level, x.Level)
		if x.From.Before(worst.From) {
			worst.From = x.From
		}
		if x.Until.IsZero() || !worst.Until.IsZero() && x.Until.After(worst.Until) {
			worst.Until = x.Until
		}
	}
	return worst
}

// writing is the letters about one event.
type writing struct {
	Nouns

	event    store.Event
	incident incident.Incident
	occasion Occasion
	hits     []Hit
}

// write drafts one letter, unless this customer has one of this event, or of the
// beginning, already.
func (w writing) write(ctx context.Context, customer servicecoin.CustomerID, hit Hit, worst incident.Effect) error {
	id := incident.CommunicationID(store.JoinID(string(w.incident.ID), string(w.occasion), w.event.ID))
	box := w.Letters(customer)
	var overtaken []incident.Communication
	for earlier, err := range box.About(w.incident.ID).All(ctx) {
		if err != nil {
			return err
		}
		if earlier.ID == id || w.occasion == Begun && earlier.State != incident.Discarded {
			return nil
		}
		if earlier.State == incident.Draft {
			overtaken = append(overtaken, earlier)
		}
	}
	for _, earlier := range overtaken {
		if _, err := box.Discard(ctx, exchange.By(), earlier.ID, "Overtaken by what came later"); err != nil {
			return err
		}
	}
	news, err := w.news(ctx, customer, hit, worst)
	if err != nil {
		return err
	}
	compose := w.Compose
	if compose == nil {
		compose = Compose
	}
	letter := compose(news)
	if !letter.NextUpdateBy.After(w.Store.Now()) {
		letter.NextUpdateBy = time.Time{} // it has passed while the event waited
	}
	to := incident.Addressee{ID: id, Incident: w.incident.ID, Path: cut(hit.Path)}
	if _, err := box.Draft(ctx, exchange.By(), to, letter); err != nil {
		return err
	}
	if w.SendUnder == "" {
		return nil
	}
	_, err = box.Send(ctx, exchange.By(), id, w.SendUnder)
	return err
}

// cut keeps a way at the length that a communication may have: its two ends.
func cut(path []servicecoin.ServiceID) []servicecoin.ServiceID {
	const most = 50
	if len(path) <= most {
		return path
	}
	return append(slices.Clone(path[:most-1]), path[len(path)-1])
}

func (w writing) news(ctx context.Context, id servicecoin.CustomerID, hit Hit, worst incident.Effect) (News, error) {
	customer, err := w.Known(ctx, id)
	if err != nil {
		return News{}, err
	}
	// What else is affected is not everybody's to know.
	n := News{
		Occasion: w.occasion, Customer: customer, Incident: w.incident.Public().For(hit.Path[len(hit.Path)-1]),
		Level: worst.Level, Since: worst.From, Until: worst.Until,
	}
	for _, s := range hit.Path {
		name, err := w.name(ctx, s)
		if err != nil {
			return News{}, err
		}
		n.Path = append(n.Path, name)
	}
	n.Uses = n.Path[0]
	if len(n.Incident.Updates) > 0 {
		n.Update = n.Incident.Updates[0]
	}
	return n, nil
}

// name returns the name of a service, its id if nobody knows one.
func (w writing) name(ctx context.Context, id servicecoin.ServiceID) (string, error) {
	name, err := w.Directory().Service(ctx, id)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return string(id), nil
	}
	return name, err
}
