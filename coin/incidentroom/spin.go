package incidentroom

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/incident"
)

// Run is how a service was run in a month: what happened, and how it was told.
type Run struct { //nolint:recvcheck // a value, but while it is gathered
	Incidents []Happened         `json:"incidents"`
	Updates   incident.Adherence `json:"updates"` // promised to the public
	Sent      int                `json:"sent"`    // letters to this customer about these incidents
	Waiting   int                `json:"waiting"` // drafts of such that nobody has sent
	Stale     []string           `json:"stale"`   // what waits too long, in words
	Trace     servicecoin.Trace  `json:"trace"`
}

// Happened is one incident of a service.
type Happened struct {
	Incident servicecoin.IncidentID `json:"incident"`
	Headline string                 `json:"headline"`
	State    incident.State         `json:"state"`
	Level    incident.Level         `json:"level"`
	From     time.Time              `json:"from"`
	Until    time.Time              `json:"until,omitzero"` // zero: going on
	Updates  incident.Adherence     `json:"updates"`        // promised to the public
	Sent     int                    `json:"sent"`           // letters to this customer
}

// The codes of what is out of balance, and how urgent it is.
const (
	UpdatesMissed = "updates-missed" // customers were promised a word, and got none
	Stale         = "stale"          // something waits too long

	missedUrgency, staleUrgency = 90, 40
)

// gather reads what incidents did to the services, and how it was told.
func (n Nouns) gather(ctx context.Context, s *exchange.Spinning) error {
	box := n.Letters(s.Whose().ID)
	for _, id := range s.Rows() {
		effects, err := n.Desk().Effects(ctx, id, s.Period())
		if err != nil {
			return err
		}
		effects = slices.DeleteFunc(effects, func(x incident.ServiceEffects) bool {
			return !slices.ContainsFunc(x.Effects, func(e incident.Effect) bool { return s.Concerned(id, s.Span(e.From, e.Until)) })
		})
		run := Run{Incidents: []Happened{}, Stale: []string{}}
		run.Trace = servicecoin.Trace{
			Label: "incidents of " + string(id) + " in " + s.Month().String(), Plain: servicecoin.Say("incidents of %v in %v", id, s.Month()), Unit: "incidents",
			Value: servicecoin.Some(decimal.NewFromInt(int64(len(effects)))),
		}
		ids, at := make([]servicecoin.IncidentID, len(effects)), make(map[servicecoin.IncidentID]int, len(effects))
		for k, x := range effects {
			i, err := n.Desk().Get(ctx, x.Incident)
			if err != nil {
				return err
			}
			run.add(&i, x, s.At())
			ids[k], at[i.ID] = i.ID, k
		}
		err = box.Walk(ctx, ids, func(c *incident.Communication) {
			switch c.State {
			case incident.Sent:
				run.Sent++
				run.Incidents[at[c.Incident]].Sent++
			case incident.Draft:
				run.Waiting++
			case incident.Discarded:
			}
		})
		if err != nil {
			return err
		}
		slices.SortStableFunc(run.Incidents, func(a, b Happened) int { return a.From.Compare(b.From) })
		s.Put(id, exchange.Operations, run)
	}
	return nil
}

func (r *Run) add(i *incident.Incident, x incident.ServiceEffects, at time.Time) {
	h := Happened{Incident: i.ID, Headline: i.Headline, State: i.State, Level: incident.Unaffected}
	for n, e := range x.Effects {
		h.Level = incident.Worst(h.Level, e.Level)
		if n == 0 || e.From.Before(h.From) {
			h.From = e.From
		}
		if n == 0 || e.Until.IsZero() || !h.Until.IsZero() && e.Until.After(h.Until) {
			h.Until = e.Until
		}
	}
	h.Updates = incident.Adhered(i.PromisedUpdates(at)...)
	r.Incidents = append(r.Incidents, h)
	r.Trace.From = append(r.Trace.From, incident.Key(i.ID))
	r.Updates.Add(h.Updates)
	if due, ok := i.NextUpdate(at); ok && i.State.Live() && due.Before(at) {
		r.Stale = append(r.Stale, "the update promised for "+due.Format("2 Jan 15:04")+" UTC is overdue")
	}
	if n := len(i.OverdueFollowUps(at)); n == 1 {
		r.Stale = append(r.Stale, "a follow-up is overdue")
	} else if n > 1 {
		r.Stale = append(r.Stale, fmt.Sprintf("%d follow-ups are overdue", n))
	}
}

// Lines implements exchange.Figures.
func (r Run) Lines() []exchange.Line {
	lines := []exchange.Line{{Text: "no incidents"}}
	switch n := len(r.Incidents); n {
	case 0:
	case 1:
		lines[0].Text = "1 incident"
	default:
		lines[0].Text = fmt.Sprintf("%d incidents", n)
	}
	for _, h := range r.Incidents {
		name := h.Headline
		if name == "" {
			name = string(h.Incident)
		}
		until := "now"
		if !h.Until.IsZero() {
			until = h.Until.UTC().Format("2 Jan 15:04")
		}
		var end any = "now"
		if !h.Until.IsZero() {
			end = h.Until
		}
		headline := h.Headline
		if headline == "" {
			headline = "an incident"
		}
		lines[0].Evidence = append(lines[0].Evidence, servicecoin.Trace{
			Plain: servicecoin.Say("%v: %v, from %v to %v", headline, h.Level, h.From, end),
			Label: fmt.Sprintf("%s: %s, %s to %s", name, h.Level, h.From.UTC().Format("2 Jan 15:04"), until), From: []servicecoin.Key{incident.Key(h.Incident)},
		})
	}
	if a := r.Updates; a != (incident.Adherence{}) {
		lines = append(lines, exchange.Line{Text: fmt.Sprintf("promised updates: %d kept, %d missed, %d to come", a.Kept, a.Missed, a.Pending)})
	}
	if r.Sent+r.Waiting > 0 {
		lines = append(lines, exchange.Line{Text: fmt.Sprintf("letters: %d sent, %d waiting to be sent", r.Sent, r.Waiting)})
	}
	if len(r.Stale) > 0 {
		lines = append(lines, exchange.Line{Text: "waiting: " + strings.Join(r.Stale, ", "), Tone: exchange.Warn})
	}
	return lines
}

func judge(_ exchange.Spin, r exchange.Row) []exchange.Imbalance {
	run := exchange.Of[Run](r.Parts)
	var list []exchange.Imbalance
	told := []exchange.Side{exchange.Operations, exchange.Adoption}
	switch n := run.Updates.Missed; {
	case n == 1:
		list = append(list, exchange.Imbalance{Code: UpdatesMissed, Service: r.Service, Sides: told, Urgency: missedUrgency, Text: r.Name + ": an update that was promised did not come in time."})
	case n > 1:
		list = append(list, exchange.Imbalance{Code: UpdatesMissed, Service: r.Service, Sides: told, Urgency: missedUrgency, Text: fmt.Sprintf("%s: %d updates that were promised did not come in time.", r.Name, n)})
	}
	if len(run.Stale) > 0 {
		list = append(list, exchange.Imbalance{Code: Stale, Service: r.Service, Sides: []exchange.Side{exchange.Operations}, Urgency: staleUrgency, Text: fmt.Sprintf("%s: %s.", r.Name, strings.Join(run.Stale, " and "))})
	}
	return list
}
