// Package cloudevents takes usage events that come as CloudEvents 1.0 over HTTP: one by
// one in structured or binary mode, and in batches.
//
// It answers: which usage events are in a request; why is one of them refused; what became
// of each?
//
// [New] makes an http.Handler over a [metering.Intake]. Who sends, and whose an event is,
// the functions of the host say, never the event:
//
//	http.Handle("POST /usage", cloudevents.New(intake, sender, owner, nil))
//
// Source and id of a CloudEvent are the key of the usage event, so that a sender may send
// again what it got no answer for. Type, subject and time are what they are; a [Mapping]
// says where the rest is. Numbers stay as they are written, never as binary floats.
//
// # Facts
//
// An extension attribute says that an event is about another one, whose id it has:
//
//   - voids: that event never happened;
//   - corrects: it was as this one says;
//   - closes: the interval, open so far, ended at this one's time.
//
// The other one has the same source, or that of the attribute "ofsource". What only voids
// or closes has a type and may have a subject and data, as CloudEvents do: they are not
// looked at.
//
// # Answers
//
// An [Answer] as JSON tells what became of each event: 200 if any of them is kept, or there
// were none; 409 if all are in conflict, 403 if all are forbidden, 422 otherwise. Where
// the request as a whole is at fault there is a problem (RFC 9457): 400 is no CloudEvent,
// 401, 403, 405, 413 too large, 415 another format; 503 and 500 can be sent again.
package cloudevents

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/problem"
)

// The limits of a request, where [Options] does not say.
const (
	MaxBytes = 8 << 20 // of a body
	MaxDepth = 64      // lists and objects inside of each other, in the data of an event
)

// ErrUnauthenticated is what a [Sender] answers where it does not know who sends: the
// client gets 401.
var ErrUnauthenticated = errors.New("not authenticated")

// Sender says who sends a request. ErrUnauthenticated and ErrForbidden are answered with
// 401 and 403.
type Sender func(r *http.Request) (servicecoin.Actor, error)

// Owner says whose an event of a request is: that of the key or host name by which it came,
// or of the host's table of machines. See [metering.Owner] for the errors that refuse the
// event alone.
type Owner func(r *http.Request, e metering.Event) (servicecoin.Customer, error)

// Options are what a host may set for a handler.
type Options struct {
	// Mappings say by type where an event has its values; that of "" is for types that
	// have none of their own. Without it, an event of another type is refused. nil: the
	// value of every event is "$.value?".
	Mappings map[string]Mapping
	// Untimed is the time of events that have none, asked once for a request: the time of
	// receipt, for instance. An event that is sent again then has another time, and is
	// told as a conflict. nil: they are refused.
	Untimed func(r *http.Request) time.Time

	Bytes  int64 // of a body; 0: MaxBytes
	Events int   // of a batch; 0: metering.MaxBatch, which is the most
	Depth  int   // of an event's data; 0: MaxDepth

	// Challenge is the WWW-Authenticate of an answer 401; "": Bearer.
	Challenge string
}

// Handler takes CloudEvents. Make it with [New].
type Handler struct {
	intake *metering.Intake
	sender Sender
	owner  Owner
	o      Options
	plans  plans
	fault  error
}

// New returns a handler that records what it takes. What is wrong with the arguments is
// told by [Handler.Err], and every request is answered with 500. A nil o means defaults.
func New(intake *metering.Intake, sender Sender, owner Owner, o *Options) *Handler {
	h := &Handler{intake: intake, sender: sender, owner: owner}
	if o != nil {
		h.o = *o
	}
	var v servicecoin.Violations
	if intake == nil {
		v.Add("intake", "required", "", "is nil: records the events")
	}
	if sender == nil {
		v.Add("sender", "required", "", "is nil: says who sends")
	}
	if owner == nil {
		v.Add("owner", "required", "", "is nil: says whose an event is")
	}
	if h.o.Bytes <= 0 {
		h.o.Bytes = MaxBytes
	}
	if h.o.Events <= 0 || h.o.Events > metering.MaxBatch {
		h.o.Events = metering.MaxBatch
	}
	if h.o.Depth <= 0 {
		h.o.Depth = MaxDepth
	}
	if h.o.Challenge == "" {
		h.o.Challenge = "Bearer"
	}
	mappings := h.o.Mappings
	if mappings == nil {
		mappings = map[string]Mapping{"": {Value: "$.value?"}}
	}
	h.plans = plans{}
	for name, m := range mappings {
		p, err := m.plan(h.o.Depth)
		v.Merge(join("options.mappings", name), err)
		h.plans[name] = p
	}
	h.fault = v.Err()
	return h
}

// Err returns what is wrong with the arguments of New, nil for nothing.
func (h *Handler) Err() error { return h.fault }

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.fault != nil {
		problem.Problem{Title: http.StatusText(http.StatusInternalServerError), Status: http.StatusInternalServerError, Code: "internal", Detail: "Nothing was changed."}.Write(w)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		refuse(http.StatusMethodNotAllowed, "method", "CloudEvents are sent with POST.").Write(w)
		return
	}
	by, err := h.sender(r)
	if err != nil {
		if errors.Is(err, ErrUnauthenticated) {
			w.Header().Set("Www-Authenticate", h.o.Challenge)
			refuse(http.StatusUnauthorized, "unauthenticated", "Say who you are.").Write(w)
			return
		}
		problem.Write(w, servicecoin.Unchanged(err))
		return
	}
	items, p := h.read(w, r)
	if p != nil {
		p.Write(w)
		return
	}
	a, err := h.take(r, by, items)
	if err != nil {
		problem.Write(w, err)
		return
	}
	a.write(w)
}

// take records the events that are valid, and tells what became of all of them.
func (h *Handler) take(r *http.Request, by servicecoin.Actor, items []item) (*Answer, error) {
	var receipt metering.Receipt
	events, places := make([]metering.Event, 0, len(items)), make([]int, 0, len(items))
	var now time.Time
	for i, x := range items {
		e, err := h.plans.event(x)
		if err != nil {
			receipt.Refuse(i, e, err)
			continue
		}
		if e.Time.IsZero() && e.Does != metering.Void && h.o.Untimed != nil {
			if now.IsZero() {
				now = h.o.Untimed(r)
			}
			e.Time = now
		}
		events, places = append(events, e), append(places, i)
	}
	owner := func(_ context.Context, e metering.Event) (servicecoin.Customer, error) { return h.owner(r, e) }
	taken, err := h.intake.Record(r.Context(), by, owner, events...)
	if err != nil {
		return nil, err
	}
	for i := range taken.Exceptions {
		taken.Exceptions[i].Index = places[taken.Exceptions[i].Index]
	}
	receipt.Add(taken.Receipt, 0)
	return answer(receipt), nil
}

// refuse is a problem with a request as a whole.
func refuse(status int, code, detail string) *problem.Problem {
	return &problem.Problem{Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}
