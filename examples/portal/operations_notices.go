package main

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/problem"
)

// noticesArea is what a customer is told of maintenance, and answers.
func (p *portal) noticesArea() area {
	return area{
		pages: map[string]route{
			"GET /customers/{customer}/notices":                  {ofCustomer, p.showNotices},
			"POST /customers/{customer}/notices/{change}/answer": {ofCustomer, p.answerNotice},
		},
		of: toCustomer("Notices", "notices"),
		done: map[string]string{
			"agreed": "You have agreed. You may change your mind until the day that was named.", "refused": "You have said no. We have your reason, and will come back to you.",
		},
	}
}

// noticesPage is the maintenance that concerns a customer.
type noticesPage struct {
	page

	Pages    pager
	Customer servicecoin.Customer
	Ahead    []noticePart // what is not over
	Before   []noticePart
	Asked    int // that wait for an answer
}

// noticePart is a notice in words.
type noticePart struct {
	change.Notice

	Names    []string
	Stands   string // the state in words
	Tone     string
	Overrun  bool
	Downs    []downPart
	MovedAt  time.Time         // when it was moved last; zero: never
	From     calendar.Interval // and from where
	Asks     string            // what is asked of the customer, in a sentence; "": nothing
	Said     string            // what it said
	Form     string            // the name of the form; "": who looks may not answer
	Answers  string            // its address
	Record   string            // of the change; for the provider's people
	Timeless bool              // it will not be
	Past     bool              // it is over
	Waits    bool              // for an answer, or lets it be another one
}

// downPart is when a service is expected not to be there.
type downPart struct {
	Name string
	calendar.Interval
}

// overrunsBack is for how long something that should be over is still looked for.
const overrunsBack = 31 * day

func (p *portal) showNotices(w http.ResponseWriter, r *http.Request) error {
	return p.notices(w, r, "", nil, nil)
}

func (p *portal) notices(w http.ResponseWriter, r *http.Request, form string, f *form, problems error) error {
	const most, ofPage = 100, 20
	ctx := r.Context()
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	v := noticesPage{page: p.page(r, "Notices of maintenance", customerPath(c.ID, "notices")), Customer: c.Customer}
	if problems != nil {
		v.againIn(form, f, problems)
	}
	names, err := p.namesFor(ctx, v.Viewer)
	if err != nil {
		return err
	}
	box := p.Notices(c.ID)
	if wantsCSV(r) {
		head := []string{"change", "headline", "services", "state", "from", "until", "announcedAt", "updatedAt", "moves", "asked", "answerBy", "answer"}
		return p.asCSV(w, r, string(c.ID)+"-maintenance.csv", head, rowsOfPages(r, box.All(), func(n change.Notice) [][]string {
			x := p.noticePart(&n, names, v.Viewer, c.ID)
			return [][]string{{string(n.Change), n.Headline, strings.Join(x.Names, "; "), string(n.State), instant(n.During.Start), instant(n.During.End), instant(n.AnnouncedAt), instant(n.UpdatedAt), strconv.Itoa(len(n.Moves)), string(n.Asked), instant(n.By), string(n.Answer)}}
		}))
	}
	over := box.All().Where(func(n change.Notice) bool { return !stillAhead(&n, v.Now) })
	found, ways, err := listed(r, over, ofPage)
	if err != nil {
		return err
	}
	v.Pages = ways
	for _, item := range found.Items {
		v.Before = append(v.Before, p.noticePart(&item.Value, names, v.Viewer, c.ID))
	}
	if ways.Previous == "" { // what lies ahead stands before it
		list, err := p.noticesAhead(ctx, c.ID, most)
		if err != nil {
			return err
		}
		for i := range list {
			part := p.noticePart(&list[i], names, v.Viewer, c.ID)
			if part.Waits && part.Answer == "" {
				v.Asked++
			}
			v.Ahead = append(v.Ahead, part)
		}
	}
	return p.render(w, r, "notices.html", problem.Status(problems), v)
}

// namesFor are the names of services as somebody may know them.
func (p *portal) namesFor(ctx context.Context, who person) (namesByID, error) {
	all, err := p.services(ctx)
	if err != nil || who.Provider() {
		return namesOf(all), err
	}
	names := namesOf(all)
	for id := range names {
		names[id] = "a service behind yours"
	}
	for _, s := range public(all) {
		names[s.ID] = s.Name
	}
	return names, nil
}

// stillAhead reports whether something is not over, or should be and goes on.
func stillAhead(n *change.Notice, now time.Time) bool {
	return n.During.End.After(now) && n.State != change.NoticeOver && n.State != change.NoticePutBack || n.State == change.NoticeUnderWay
}

// noticesAhead is what a customer is told of what is not over, the first first.
func (p *portal) noticesAhead(ctx context.Context, id servicecoin.CustomerID, most int) ([]change.Notice, error) {
	now := p.store.Now()
	page, err := p.Notices(id).Ahead(now.Add(-overrunsBack)).Where(func(n change.Notice) bool { return stillAhead(&n, now) }).Page(ctx, "", most)
	if err != nil {
		return nil, err
	}
	var list []change.Notice
	for _, item := range page.Items {
		list = append(list, item.Value)
	}
	slices.SortStableFunc(list, func(a, b change.Notice) int { return a.During.Start.Compare(b.During.Start) })
	return list, nil
}

// noticePart says a notice in words, for somebody.
func (p *portal) noticePart(n *change.Notice, names namesByID, who person, customer servicecoin.CustomerID) noticePart {
	now := p.store.Now()
	part := noticePart{Notice: *n, Names: namesIn(names, n.Services), Timeless: n.State == change.NoticeCancelled, Past: n.State == change.NoticeOver || n.State == change.NoticePutBack}
	part.Names = slices.Compact(part.Names)
	part.Stands, part.Tone, part.Overrun = noticeWords(n, now)
	for _, d := range n.Downtime {
		part.Downs = append(part.Downs, downPart{names.Of(d.Service), d.During})
	}
	if len(n.Moves) > 0 {
		last := n.Moves[len(n.Moves)-1]
		part.From, part.MovedAt = last.From, last.At
	}
	if who.Provider() {
		part.Record = changePath(n.Change)
	}
	open := n.Open(now)
	part.Waits = open
	switch n.Asked {
	case change.MustConsent:
		part.Asks = "It is not done without a yes."
	case change.MayObject:
		part.Asks = "It is done unless there is an objection."
	default:
		return part
	}
	switch {
	case n.Answer == change.Agreed:
		part.Said = "Agreed"
	case n.Answer == change.Refused && n.Asked == change.MayObject:
		part.Said = "Objected"
	case n.Answer == change.Refused:
		part.Said = "Refused"
	case !open && n.Asked == change.MayObject:
		part.Said = "No objection"
	case !open:
		part.Said = "Not answered"
	}
	attempt := servicecoin.Attempt{Verb: change.VerbAnswerNotice, Subject: servicecoin.Key{Customer: customer, Kind: change.NoticeRecord, ID: string(n.Change)}}
	if open && !who.Provider() && mayChange(who, attempt) {
		part.Form = "answer-" + string(n.Change)
		part.Answers = customerPath(customer, "notices", string(n.Change), "answer")
	}
	return part
}

// noticeWords says how a notice stands.
func noticeWords(n *change.Notice, now time.Time) (words, tone string, overrun bool) {
	switch n.State {
	case change.NoticePlanned:
		return "Asked about, not decided", "warn", false
	case change.NoticeAnnounced:
		return "Announced", "info", false
	case change.NoticeUnderWay:
		if now.After(n.During.End) {
			return "Takes longer than announced", "bad", true
		}
		return "Under way", "warn", false
	case change.NoticeOver:
		return "Done", "good", false
	case change.NoticePutBack:
		return "Not done: everything is as before", "none", false
	case change.NoticeCancelled:
		return "Cancelled", "none", false
	}
	return sentence(string(n.State)), "none", false
}

// answerNotice takes what a customer says. Nobody of the provider's people says it for
// them.
func (p *portal) answerNotice(w http.ResponseWriter, r *http.Request) error {
	f, c, err := p.formOf(r)
	if err != nil {
		return err
	}
	who := viewer(r)
	if who.Provider() {
		return servicecoin.ErrForbidden
	}
	id, answer := servicecoin.ChangeID(r.PathValue("change")), change.Answer(f.text("answer"))
	_, err = p.Notices(c.ID).Answer(r.Context(), who.actor(), id, answer, f.text("reason"))
	return p.finish(w, r, f.err(err), confirmed(customerPath(c.ID, "notices"), string(answer)), func(err error) error {
		return p.notices(w, r, "answer-"+string(id), f, err)
	})
}

// noticeHint is what the first page of a customer says of maintenance.
type noticeHint struct {
	Asked int             // questions that wait for an answer
	Until time.Time       // the first of them
	Soon  []change.Notice // of the next week, or going on
	More  int             // that are not shown
}

// mostHinted is how much maintenance a first page shows.
const mostHinted = 3

func (p *portal) noticeHint(ctx context.Context, id servicecoin.CustomerID) (noticeHint, error) {
	const most, ahead = 100, 7 * day
	var h noticeHint
	now := p.store.Now()
	for n, err := range p.Notices(id).Asked().All(ctx) {
		if err != nil {
			return h, err
		}
		if n.Open(now) {
			if h.Asked++; h.Until.IsZero() {
				h.Until = n.By
			}
		}
		if h.Asked == most {
			break
		}
	}
	list, err := p.noticesAhead(ctx, id, most)
	for _, n := range list {
		switch {
		case n.State == change.NoticeCancelled || n.State == change.NoticePlanned || n.During.Start.After(now.Add(ahead)):
		case len(h.Soon) < mostHinted:
			h.Soon = append(h.Soon, n)
		default:
			h.More++
		}
	}
	return h, err
}
