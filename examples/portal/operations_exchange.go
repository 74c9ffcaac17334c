package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/servicecoin/servicecoin/problem"
	"github.com/servicecoin/servicecoin/store"
)

// exchangeArea is how the work stands that follows from what happened.
func (p *portal) exchangeArea() area {
	return area{
		pages: map[string]route{
			"GET /exchange":        {providers, p.showExchange},
			"POST /exchange/break": {providers, p.breakLease},
		},
		work: []chore{p.givenUp()},
		done: map[string]string{"taken": "This copy of the portal does the work now."},
	}
}

// exchangePage tells the provider's people how the work stands that follows
// from what happened: the exchange, in words that everybody knows.
type exchangePage struct {
	page

	Verdict string // in one sentence
	Tone    string
	Waiting string
	Stuck   string // what it cannot get past; "": nothing
	Cause   string
	Again   time.Time
	Busy    string // which copy of the portal does the work
	Until   time.Time
	Parked  []parkedLine
	More    bool
}

type parkedLine struct {
	What, Whose, Step, Cause string
	At                       time.Time
	Tries                    int
}

func (p *portal) showExchange(w http.ResponseWriter, r *http.Request) error {
	return p.exchangeNow(w, r, nil, nil)
}

func (p *portal) exchangeNow(w http.ResponseWriter, r *http.Request, f *form, problems error) error {
	h, err := p.exchange.Health(r.Context())
	if err != nil {
		return err
	}
	v := exchangePage{page: p.page(r, "What follows", "/exchange"), More: h.Parked.More}
	if problems != nil {
		v.again(f, problems)
	}
	v.Verdict, v.Tone = standingWords(h)
	v.Waiting = waitingWords(h)
	v.Busy, v.Until = h.Holder, h.Until
	if t := h.Trouble; t != nil {
		v.Stuck, v.Cause, v.Again = fmt.Sprintf("%s, step %s, try %d of %d", t.Event.Name, t.Rule, t.Failures, t.Tries), t.Err.Error(), t.Next
	}
	for item, err := range p.exchange.Parked().Items(r.Context()) {
		if err != nil {
			return err
		}
		if len(v.Parked) == store.MaxCounted {
			break
		}
		x := item.Value
		v.Parked = append(v.Parked, parkedLine{
			What: x.Event.Name + " of " + x.Event.Subject.ID, Whose: string(x.Event.Subject.Customer), Step: x.Rule, Cause: x.Error, At: x.At, Tries: x.Tries,
		})
	}
	return p.render(w, r, "exchange.html", problem.Status(problems), v)
}

// standingWords says in a sentence how the exchange stands.
func standingWords(h store.Health) (words, tone string) {
	const late = 5 * time.Minute
	switch {
	case h.Trouble != nil:
		return "Something stands in the way. It is tried again by itself.", "bad"
	case h.Waiting.N > 0 && h.Lag > late:
		return "The work is behind.", "bad"
	case h.Parked.N > 0:
		return "Something was given up and waits for a person.", "warn"
	case h.Waiting.N > 0:
		return "There is work under way.", "warn"
	}
	return "Everything that had to follow has been done.", "good"
}

func waitingWords(h store.Health) string {
	switch {
	case h.Waiting.N == 0:
		return "Nothing waits."
	case h.Waiting.More:
		return fmt.Sprintf("More than %s wait to be followed up; the first has waited for %s.", plural(h.Waiting.N, "thing"), minutes(h.Lag))
	case h.Waiting.N == 1:
		return fmt.Sprintf("One thing has waited for %s to be followed up.", minutes(h.Lag))
	}
	return fmt.Sprintf("%s wait to be followed up; the first has waited for %s.", plural(h.Waiting.N, "thing"), minutes(h.Lag))
}

// breakLease lets this copy of the portal go on at once where another one that
// had the work is gone.
func (p *portal) breakLease(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	err = p.exchange.Break(r.Context(), viewer(r).actor(), f.text("holder"), f.text("reason"))
	return p.finish(w, r, err, confirmed("/exchange", "taken"), func(err error) error { return p.exchangeNow(w, r, f, f.err(err)) })
}
