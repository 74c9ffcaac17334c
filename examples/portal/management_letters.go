package main

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/problem"
)

// lettersArea is what a customer was told.
func (p *portal) lettersArea() area {
	return area{
		pages: map[string]route{
			"GET /customers/{customer}/letters":                  {ofCustomer, p.showLetters},
			"POST /customers/{customer}/letters/{letter}/{verb}": {providers, p.changeLetter},
		},
		of:   toCustomer("Letters", "letters"),
		work: []chore{p.lettersToSend()},
		done: map[string]string{"send": "The letter is sent, in your name.", "discard": "The draft is discarded. It is not sent."},
	}
}

// lettersPage is what a customer was told; the provider's people see the drafts,
// too, and send them.
type lettersPage struct {
	page

	Pages pager

	Customer servicecoin.Customer
	Base     string
	List     []letterPart
}

type letterPart struct {
	incident.Communication

	Way  []string // from the service that the customer uses to the one affected
	Path string   // of the incident
	Here string   // of the letter
}

func (p *portal) showLetters(w http.ResponseWriter, r *http.Request) error {
	return p.letters(w, r, "", nil, nil)
}

// letters shows them; form is the one that came to nothing, if one did.
func (p *portal) letters(w http.ResponseWriter, r *http.Request, form string, f *form, problems error) error {
	ctx, who := r.Context(), viewer(r)
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	all, err := p.services(ctx)
	if err != nil {
		return err
	}
	if !who.Provider() { // over which of our own services it came is our own affair
		all = public(all)
	}
	names := namesOf(all)
	v := lettersPage{page: p.page(r, "Letters", customerPath(c.ID, "letters")), Customer: c.Customer, Base: customerPath(c.ID)}
	if problems != nil {
		v.againIn(form, f, problems)
	}
	box := p.Letters(c.ID)
	if wantsCSV(r) {
		return p.asCSV(w, r, string(c.ID)+"-letters.csv", []string{"subject", "body", "sentAt", "sentBy", "incident"}, rowsOfPages(r, box.Sent(), func(l incident.Communication) [][]string {
			return [][]string{{l.Subject, l.Body, instant(l.SentAt), string(l.SentBy.ID), string(l.Incident)}}
		}))
	}
	const most, drafts = 20, 50
	sent, ways, err := listed(r, box.Sent(), most)
	if err != nil {
		return err
	}
	v.Pages = ways
	list := sent.Items
	if who.Provider() && ways.Previous == "" { // what waits stands before it
		waiting, err := box.Drafts().Page(ctx, "", drafts)
		if err != nil {
			return err
		}
		slices.Reverse(waiting.Items) // the last drafted first, as those that were sent
		list = append(waiting.Items, list...)
	}
	for _, item := range list {
		l := item.Value
		part := letterPart{Communication: l, Path: incidentPath(who, string(l.Incident)), Here: customerPath(c.ID, "letters", string(l.ID))}
		for _, s := range l.Path {
			if name, known := names[s]; known || who.Provider() {
				part.Way = append(part.Way, cmp.Or(name, string(s)))
			}
		}
		if !who.Provider() {
			switch i, err := p.Desk().Get(ctx, l.Incident); {
			case errors.Is(err, servicecoin.ErrNotFound):
				part.Path = ""
			case err != nil:
				return err
			default:
				if _, visible := told(&i, all, v.Now); !visible {
					part.Path = ""
				}
			}
		}
		v.List = append(v.List, part)
	}
	return p.render(w, r, "letters.html", problem.Status(problems), v)
}

func (p *portal) changeLetter(w http.ResponseWriter, r *http.Request) error {
	f, c, err := p.formOf(r)
	if err != nil {
		return err
	}
	letter, verb := incident.CommunicationID(r.PathValue("letter")), r.PathValue("verb")
	err = f.err(p.sendOrDrop(r.Context(), viewer(r).actor(), c.ID, letter, verb, f))
	return p.finish(w, r, err, confirmed(customerPath(c.ID, "letters"), verb), func(err error) error {
		return p.letters(w, r, verb+"-"+string(letter), f, err)
	})
}

func (p *portal) sendOrDrop(ctx context.Context, by servicecoin.Actor, c servicecoin.CustomerID, id incident.CommunicationID, verb string, f *form) error {
	box := p.Letters(c)
	var err error
	switch verb {
	case "send": // as it is in the form, so that what was read is what goes out
		draft, e := box.Get(ctx, id)
		if e != nil {
			return e
		}
		if draft.Subject != f.text("subject") || draft.Body != f.text("body") {
			_, err = box.Edit(ctx, by, id, incident.Letter{Subject: f.text("subject"), Body: f.text("body"), NextUpdateBy: draft.NextUpdateBy})
		}
		if err == nil {
			_, err = box.Send(ctx, by, id, "")
		}
	case "discard":
		_, err = box.Discard(ctx, by, id, f.text("reason"))
	default:
		return servicecoin.NotFound(servicecoin.Key{Customer: c, Kind: "verb", ID: verb})
	}
	return err
}
