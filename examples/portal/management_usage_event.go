package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/problem"
	"github.com/servicecoin/servicecoin/store"
)

// factSource is the source of facts that people write on the page of an event.
const factSource = "portal"

// factReason is why somebody voided or corrected an event, and who. A fact that voids
// another says nothing of its own, so that it is kept beside it, by the id of the fact.
type factReason struct {
	ID     string            `json:"id"`
	Reason string            `json:"reason"`
	By     servicecoin.Actor `json:"by"`
	At     time.Time         `json:"at"`
}

// factReasons are kept in the customer's partition, and go with it.
var factReasons = store.Kind[factReason]{Name: "portal.usage.reason", ID: func(x factReason) string { return x.ID }}

// eventPath leads to the page of one event.
func eventPath(c servicecoin.CustomerID, id metering.MeterID, ref metering.Ref) string {
	return customerPath(c, "usage", string(id), "event") + "?" + url.Values{"source": {ref.Source}, "id": {ref.ID}}.Encode()
}

// eventPage is one event: how it stands, and how it came to stand so.
type eventPage struct {
	page
	monthly

	Meter    metering.Meter
	Ref      metering.Ref
	Held     *metering.Event // nil: it is voided, or was never told
	Told     []toldOf
	Events   string // the way to the events of its month
	MayWrite bool
	Fields   []dimensionField
	Facts    int // how many things are known of it
}

// toldOf is one thing that is known of an event.
type toldOf struct {
	metering.Event

	What   string
	Reason string
	By     string // who gave the reason
}

type dimensionField struct{ Name, Label, Value string }

func (p *portal) showEvent(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	v, err := p.eventPage(r, metering.Ref{Source: q.Get("source"), ID: q.Get("id")})
	if err != nil {
		return err
	}
	return p.render(w, r, "usage_event.html", 0, v)
}

func (p *portal) eventPage(r *http.Request, ref metering.Ref) (eventPage, error) {
	ctx := r.Context()
	c, err := p.customer(r)
	if err != nil {
		return eventPage{}, err
	}
	id := metering.MeterID(r.PathValue("meter"))
	meter, err := p.Meters().Get(ctx, id)
	if err != nil {
		return eventPage{}, err
	}
	known, err := p.Ledger(c.Customer).History(ctx, ref)
	if err != nil {
		return eventPage{}, err
	}
	v := eventPage{
		page: p.page(r, "A usage event", customerPath(c.ID, "usage")), monthly: monthly{Customer: c.Customer, Base: customerPath(c.ID), Here: customerPath(c.ID, "usage", string(id), "event")},
		Meter: meter, Ref: ref, Facts: len(known), MayWrite: viewer(r).Provider(),
	}
	for _, e := range metering.Stand(metering.Timeline(known), time.Time{}) {
		v.Held = &e
	}
	at := known[0].Time
	if v.Held != nil {
		at = v.Held.Time
	}
	if at.IsZero() { // a fact that came before its event
		at = known[0].RecordedAt
	}
	v.Events = customerPath(c.ID, "usage", string(id)) + "?month=" + calendar.MonthOf(at, c.zone()).String()
	if known[0].Does == metering.Happen && known[0].Type != meter.Type {
		return v, noPage(r)
	}
	reasons := store.Of(p.store.For(c.ID), factReasons)
	for _, e := range known {
		t := toldOf{Event: e, What: actWords(e)}
		if e.Source == factSource {
			why, err := reasons.Get(ctx, e.ID)
			if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
				return v, err
			}
			if err == nil {
				t.Reason, t.By = why.Reason, p.pages.actor(why.By)
			}
		}
		v.Told = append(v.Told, t)
	}
	if v.Held == nil || !v.MayWrite {
		return v, nil
	}
	for i, name := range meter.GroupBy {
		if name != metering.Subject {
			v.Fields = append(v.Fields, dimensionField{"dimension-" + strconv.Itoa(i), name, v.Held.Dimension(name)})
		}
	}
	return v, nil
}

// actWords says what a thing that is known of an event has done.
func actWords(e metering.Event) string {
	switch e.Does {
	case metering.Happen:
		return "First told"
	case metering.Void:
		return "Voided"
	case metering.Correct:
		return "Corrected"
	case metering.Close:
		return "Closed"
	}
	return string(e.Does)
}

// voidEvent says that an event never happened.
func (p *portal) voidEvent(w http.ResponseWriter, r *http.Request) error {
	return p.writeFact(w, r, "void", func(*form, metering.Event, metering.Meter) metering.Event {
		return metering.Event{Does: metering.Void}
	})
}

// correctEvent says what an event should have said.
func (p *portal) correctEvent(w http.ResponseWriter, r *http.Request) error {
	return p.writeFact(w, r, "correct", func(f *form, e metering.Event, m metering.Meter) metering.Event {
		e.Does = metering.Correct
		e.Subject = f.text("subject")
		e.Value = decimal.NullDecimal{}
		if text := f.text("value"); text != "" {
			d, err := metering.ParseValue(text)
			f.bad.Merge("value", err)
			e.Value = servicecoin.Some(d)
		}
		if e.Time = f.instant("time"); !e.End.IsZero() {
			e.End = f.instant("end")
		}
		said := e.Dimensions.Map()
		for i, name := range m.GroupBy {
			if field := "dimension-" + strconv.Itoa(i); f.r.PostForm.Has(field) {
				said[name] = f.text(field)
				f.at("dimensions."+name, field)
			}
		}
		e.Dimensions = metering.DimensionsOf(said)
		return e
	})
}

// instant reads an instant to the microsecond, as programs write it.
func (f *form) instant(name string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, f.text(name))
	if err != nil {
		f.bad.Add(name, "bad-time", f.text(name), "must be an instant with its zone, as 2026-11-24T08:30:00Z")
	}
	return t
}

// maxReason is how long a reason may be, in characters.
const maxReason = 1000

// writeFact records a fact about an event, with its reason. Sent twice it is one.
func (p *portal) writeFact(w http.ResponseWriter, r *http.Request, verb string, say func(*form, metering.Event, metering.Meter) metering.Event) error {
	ctx := r.Context()
	f, c, err := p.formOf(r)
	if err != nil {
		return err
	}
	ref := metering.Ref{Source: f.r.PostForm.Get("source"), ID: f.r.PostForm.Get("id")}
	v, err := p.eventPage(r, ref)
	if err != nil {
		return err
	}
	next := confirmed(eventPath(c.ID, v.Meter.ID, ref), map[string]string{"void": "usage-voided", "correct": "usage-corrected"}[verb])
	again := func(err error) error {
		v.againIn(verb, f, err)
		return p.render(w, r, "usage_event.html", problem.Status(err), v)
	}
	if v.Facts != f.int("facts") {
		if own := factID(ref, f.int("facts")); len(v.Told) == f.int("facts")+1 && v.Told[f.int("facts")].ID == own {
			seeOther(w, next) // it is the same form, sent again
			return nil
		}
		f.bad.Add("", "changed", "", "somebody has written something of this event meanwhile: look at it again")
		return again(f.bad.Err())
	}
	if v.Held == nil {
		return &servicecoin.RefusedError{Why: "The event is voided already."}
	}
	reason := f.text("reason")
	switch n := utf8.RuneCountInString(reason); {
	case n == 0:
		f.bad.Add("reason", "required", "", "say why: whoever looks at the figures later wants to know")
	case n > maxReason:
		f.bad.Add("reason", "too-long", "", fmt.Sprintf("has %d characters, %d are allowed", n, maxReason))
	}
	fact := say(f, *v.Held, v.Meter)
	fact.Customer, fact.Source, fact.ID, fact.Of, fact.RecordedAt = c.ID, factSource, factID(ref, v.Facts), ref, p.store.Now()
	if err := f.err(fact.Validate()); err != nil {
		return again(err)
	}
	return p.finish(w, r, p.record(ctx, c, viewer(r).actor(), fact, reason), next, again)
}

// factID names a fact by what it is about, and how much was known of that.
func factID(ref metering.Ref, n int) string {
	sum := sha256.Sum256([]byte(ref.Source + "\n" + ref.ID + "\n" + strconv.Itoa(n)))
	return hex.EncodeToString(sum[:16])
}

// record keeps a fact, and why.
func (p *portal) record(ctx context.Context, c client, by servicecoin.Actor, fact metering.Event, reason string) error {
	receipt, err := p.Ledger(c.Customer).Record(ctx, by, fact)
	switch {
	case err != nil:
		return err
	case receipt.Conflicts > 0:
		return servicecoin.ErrConflict
	case receipt.Refused > 0:
		return receipt.Err()
	}
	why := factReason{ID: fact.ID, Reason: reason, By: by, At: servicecoin.Instant(p.store.Now())}
	return kept(store.Of(p.store.For(c.ID), factReasons).Insert(ctx, why))
}

// Instant is an instant as the form of a correction has it.
func (v eventPage) Instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// Value is the value of an event as the form has it.
func (v eventPage) Value(e *metering.Event) string { return plainNumber(e.Value) }

// Says is what an event says, in a line.
func (v eventPage) Says(e metering.Event) string {
	if e.Does == metering.Void || e.Does == metering.Close {
		return ""
	}
	text := []string{"counts one"}
	if e.Value.Valid {
		text[0] = grouped(e.Value.Decimal) + " " + v.Meter.Unit
	}
	for _, x := range e.Fields {
		text = append(text, x.Name+" "+grouped(x.Value))
	}
	text = append(text, "of "+cmp.Or(e.Subject, "nobody in particular"))
	for _, x := range e.Dimensions {
		text = append(text, x.Name+" "+x.Value)
	}
	return strings.Join(text, ", ")
}
