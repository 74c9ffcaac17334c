package coin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
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

// lettersAtOnce is how many customers one part of an effect writes to.
const lettersAtOnce = 10

// writing is where the drafting of letters goes on.
type writing struct {
	Service servicecoin.ServiceID  `json:"service"` // of those who are hit
	After   servicecoin.CustomerID `json:"after,omitempty"`
}

func (w writing) text() (string, error) {
	b, err := json.Marshal(w)
	return string(b), err
}

// draftLetters writes a draft to every customer that an incident concerns: who
// uses a service that is affected, or one that needs it over hard dependencies.
// The shortest way says why. Older drafts about the incident that nobody sent
// are overtaken by a newer one.
func (c *Coin) draftLetters(ctx context.Context, tx *store.Store, e store.Event, from string) (string, error) {
	change, err := store.Payload[incident.Changed](e)
	if err != nil {
		return "", err
	}
	var at writing
	if from != "" {
		if err := json.Unmarshal([]byte(from), &at); err != nil {
			return "", fmt.Errorf("progress %q: %w", from, err)
		}
	}
	now := c.On(tx)
	i, err := now.Desk().Get(ctx, change.Incident)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	occasion, ok := occasionOf(e.Name, change, &i)
	if !ok {
		return "", nil
	}
	graph, err := now.Catalog().Graph(ctx)
	if err != nil {
		return "", err
	}
	hits := slices.Collect(graph.Impact(i.Services()...).All())
	w := letters{Coin: now, event: e, incident: &i, occasion: occasion, names: map[servicecoin.ServiceID]string{}}
	// If that one is not hit any more, begin again: nobody is written to twice.
	first := max(0, slices.IndexFunc(hits, func(h catalog.Hit) bool { return h.Service == at.Service }))
	for n, hit := range hits[first:] {
		if hit.Service != at.Service {
			at = writing{Service: hit.Service}
		}
		worst := worstOf(&i, hit.Path[len(hit.Path)-1])
		customers, err := now.Directory().Concerned(ctx, hit.Service, span(incident.Touched{From: worst.From, Until: worst.Until}, e.At), at.After, lettersAtOnce)
		if err != nil {
			return "", fmt.Errorf("whom %s concerns: %w", hit.Service, err)
		}
		for _, customer := range customers {
			if err := w.write(ctx, customer, hit, worst); err != nil {
				return "", fmt.Errorf("customer %s: %w", customer, err)
			}
		}
		if len(customers) == lettersAtOnce {
			at.After = customers[len(customers)-1]
			return at.text()
		}
		if next := first + n + 1; len(customers) > 0 && next < len(hits) {
			return writing{Service: hits[next].Service}.text()
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

// letters writes about one event.
type letters struct {
	*Coin

	event    store.Event
	incident *incident.Incident
	occasion Occasion
	names    map[servicecoin.ServiceID]string
}

// write drafts one letter, unless this customer has one of this event, or of the
// beginning, already.
func (w letters) write(ctx context.Context, customer servicecoin.CustomerID, hit catalog.Hit, worst incident.Effect) error {
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
		if _, err := box.Discard(ctx, program(), earlier.ID, "Overtaken by what came later"); err != nil {
			return err
		}
	}
	news, err := w.news(ctx, customer, hit, worst)
	if err != nil {
		return err
	}
	compose := w.o.Compose
	if compose == nil {
		compose = Compose
	}
	letter := compose(news)
	if !letter.NextUpdateBy.After(w.store.Now()) {
		letter.NextUpdateBy = time.Time{} // it has passed while the event waited
	}
	to := incident.Addressee{ID: id, Incident: w.incident.ID, Path: cut(hit.Path)}
	if _, err := box.Draft(ctx, program(), to, letter); err != nil {
		return err
	}
	if w.o.SendUnder == "" {
		return nil
	}
	_, err = box.Send(ctx, program(), id, w.o.SendUnder)
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

func (w letters) news(ctx context.Context, id servicecoin.CustomerID, hit catalog.Hit, worst incident.Effect) (News, error) {
	customer, err := w.customer(ctx, id)
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
func (w letters) name(ctx context.Context, id servicecoin.ServiceID) (string, error) {
	if name, ok := w.names[id]; ok {
		return name, nil
	}
	name, err := w.Directory().Service(ctx, id)
	if errors.Is(err, servicecoin.ErrNotFound) {
		name, err = string(id), nil
	}
	w.names[id] = name
	return name, err
}
