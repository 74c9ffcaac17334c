package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/store"
)

// agendaPage is what the advisory board talks about: a page that is printed.
type agendaPage struct {
	page

	Since       calendar.Date // the last meeting
	Votes       []agendaItem  // that wait for votes
	Assess      []agendaItem  // that wait to be assessed
	Review      []agendaItem  // that went wrong, or have to be looked back at
	Emergencies []agendaItem  // since the last meeting
	More        int           // that would have a place on it, and have none
}

// agendaItem is a change on the agenda.
type agendaItem struct {
	scheduleItem

	Reason   string
	Kind     change.Kind
	Asked    string // who asked for it
	Risk     string
	Note     string // on the risk
	Ended    string // how the work ended
	Reach    string
	Start    time.Time
	End      time.Time
	Downtime string
	Fits     bool
	Known    bool     // whether it fits
	Obstacle []string // all that is in the way
	Settled  int      // conflicts that somebody stands for
	Warnings []string
	Others   []time.Time // when it would fit
	Tallies  []tallyLine
	Late     string // that the votes are late, or were
	Customer int    // whom it concerns
	Consents []string
}

type tallyLine struct {
	Group, Words string
	Reached      bool
	Open         []string
}

const (
	mostOnAgenda = 50
	agendaDays   = 7 // since the last meeting, where nobody says when that was
)

func (p *portal) showAgenda(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	loc, err := p.zone(r)
	if err != nil {
		return err
	}
	v := agendaPage{page: p.page(r, "Agenda of the change advisory board", agendaPath)}
	v.Since = calendar.DateOf(v.Now, loc).AddDays(-agendaDays)
	if text := r.URL.Query().Get("since"); text != "" {
		var bad servicecoin.Violations
		date, err := calendar.ParseDate(text)
		if bad.Merge("since", err); err == nil && date.In(loc).Start.After(v.Now) {
			bad.Add("since", "out-of-range", text, "must not lie ahead")
		}
		if err := bad.Err(); err != nil {
			return err
		}
		v.Since = date
	}
	names, err := p.names(ctx)
	if err != nil {
		return err
	}
	control := p.Control()
	undecided := control.Unfinished().Where(func(x change.Change) bool {
		_, _, open := x.Undecided(v.Now)
		return open
	})
	for _, part := range []struct {
		list  store.Listing[change.Change]
		to    *[]agendaItem
		fully bool
	}{
		{control.InState(change.Assessed), &v.Votes, true},
		{undecided, &v.Votes, false},
		{control.InState(change.Submitted), &v.Assess, true},
		{control.Unfinished().Where(func(x change.Change) bool { return toReview(&x) }), &v.Review, false},
	} {
		if err := p.onAgenda(ctx, &v, part.list, part.to, names, part.fully); err != nil {
			return err
		}
	}
	slices.SortStableFunc(v.Votes, func(a, b agendaItem) int { return a.Start.Compare(b.Start) })
	slices.SortStableFunc(v.Assess, func(a, b agendaItem) int { return a.Start.Compare(b.Start) })
	if err := p.emergencies(ctx, &v, names, v.Since.In(loc).Start); err != nil {
		return err
	}
	return p.render(w, r, "agenda.html", 0, v)
}

// emergencies are those that began since the last meeting.
func (p *portal) emergencies(ctx context.Context, v *agendaPage, names namesByID, since time.Time) error {
	began := func(x change.Change) bool { return x.Kind == change.Emergency && !x.StartedAt.Before(since) }
	control, seen := p.Control(), map[servicecoin.ChangeID]bool{}
	for _, list := range []store.Listing[change.Change]{control.Ended(calendar.Between(since, v.Now.Add(time.Microsecond))), control.Unfinished()} {
		once := list.Where(func(x change.Change) bool {
			fresh := began(x) && !seen[x.ID]
			seen[x.ID] = true
			return fresh
		})
		if err := p.onAgenda(ctx, v, once, &v.Emergencies, names, false); err != nil {
			return err
		}
	}
	return nil
}

// onAgenda adds changes to a part of the agenda.
func (p *portal) onAgenda(ctx context.Context, v *agendaPage, list store.Listing[change.Change], to *[]agendaItem, names namesByID, fully bool) error {
	for x, err := range list.All(ctx) {
		if err != nil {
			return err
		}
		if len(*to) >= mostOnAgenda {
			v.More++
			continue
		}
		item, err := p.agendaItem(ctx, &x, names, fully)
		if err != nil {
			return err
		}
		*to = append(*to, item)
	}
	return nil
}

// agendaItem says all of a change that a board asks; fully is with how it fits.
func (p *portal) agendaItem(ctx context.Context, x *change.Change, names namesByID, fully bool) (agendaItem, error) {
	item := agendaItem{
		scheduleItem: p.changeItem(x, names), Reason: x.Reason, Kind: x.Kind, Asked: p.pages.called(x.RequestedBy),
		Start: x.Time().Start, End: x.Time().End, Risk: p.riskWords(x.Risk), Ended: x.Outcome,
	}
	if x.Risk != nil {
		item.Note = x.Risk.Note
		if reach := x.Risk.Reach; reach != nil {
			item.Reach = plural(reach.Services, "service") + " and " + plural(reach.Customers, "customer") + " rest on it"
		}
	}
	item.Downtime = downtimeWords(x.Downtimes(), names)
	now := p.store.Now()
	if due, late, open := x.Undecided(now); open {
		item.Late = "It began before it was approved. Votes are due by " + p.deskStamp(due) + "."
		if late {
			item.Late = "It began before it was approved, and the votes were due by " + p.deskStamp(due) + ": they are late."
		}
	} else if x.ApprovedLate(now) {
		item.Late = "It was approved later than the policy allows."
	}
	for _, t := range x.Tallies() {
		line := tallyLine{Group: t.Group, Words: fmt.Sprintf("%d of %d yes, %d no", t.Yes, t.Need, t.No), Reached: t.Reached}
		for _, who := range t.Open {
			line.Open = append(line.Open, p.pages.called(who))
		}
		item.Tallies = append(item.Tallies, line)
	}
	customers := p.customerNames(ctx)
	for _, c := range x.Consents {
		item.Consents = append(item.Consents, customers(c.Customer)+" "+p.consentSaid(c))
	}
	if !fully || x.Plan.Start.IsZero() {
		return item, nil
	}
	standing, err := p.Control().Consider(ctx, *x)
	if err != nil {
		return item, err
	}
	item.Known, item.Fits, item.Settled = true, standing.Fits(), len(standing.Settled)
	item.Customer = len(standing.Customers)
	for _, o := range standing.Fit.Obstacles {
		item.Obstacle = append(item.Obstacle, o.Text)
	}
	for _, c := range standing.Conflicts {
		item.Obstacle = append(item.Obstacle, p.conflictWords(c, names))
	}
	for _, c := range standing.Warnings {
		item.Warnings = append(item.Warnings, p.conflictWords(c, names))
	}
	for _, s := range standing.Fit.Starts {
		item.Others = append(item.Others, s.At)
	}
	return item, nil
}

// consentSaid says how the consent of a customer stands, and until when it is asked.
func (p *portal) consentSaid(c change.Consent) string {
	switch {
	case c.Answer == change.Agreed:
		return "agreed"
	case c.Answer == change.Refused && c.Mode == change.MayObject:
		return "objects: " + c.Reason
	case c.Answer == change.Refused:
		return "refused: " + c.Reason
	case c.Mode == change.MayObject:
		return "may object until " + p.deskStamp(c.By)
	}
	return "was asked to agree by " + p.deskStamp(c.By) + ", and has not answered"
}

// riskWords is a risk as the matrix calls it.
func (p *portal) riskWords(r *change.Risk) string {
	if r == nil {
		return "not assessed"
	}
	m := p.Control().Matrix()
	grade := func(list []string, n int) string {
		if n < 1 || n > len(list) {
			return strconv.Itoa(n)
		}
		return list[n-1]
	}
	return sentence(grade(m.Levels, r.Level)) + " (likelihood " + grade(m.Likelihoods, r.Likelihood) + ", impact " + grade(m.Impacts, r.Impact) + ")"
}

// downtimeWords says for how long which services are expected not to be there.
func downtimeWords(list []change.Span, names namesByID) string {
	var words []string
	for _, d := range list {
		words = append(words, names.Of(d.Service)+" for "+minutes(d.During.Duration()))
	}
	return strings.Join(words, ", ")
}
