package metering

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Intake takes the events of many customers in one batch: those of a collector that
// watches the machines of all of them. Make it with [NewIntake].
type Intake struct {
	store  *store.Store
	events EventStore
	meters *Meters
	o      *Options
}

// NewIntake returns an intake over a store, beside the ledgers that [New] makes of the
// same. What is wrong with the arguments is reported by the first call. A nil o means
// defaults.
func NewIntake(s *store.Store, events EventStore, meters *Meters, o *Options) *Intake {
	return &Intake{store: s, events: events, meters: meters, o: o}
}

// Owner says whose an event is, as the host knows it: of the one who sent it, or of the
// host's table of machines. It is asked for each event, so it should answer from memory
// where it can. An event that it has an ErrNotFound, ErrForbidden or ErrInvalid for is
// refused; any other error ends the call, and nothing is recorded.
type Owner func(ctx context.Context, e Event) (servicecoin.Customer, error)

// OwnedBy returns an Owner that gives every event to the same customer.
func OwnedBy(c servicecoin.Customer) Owner {
	return func(context.Context, Event) (servicecoin.Customer, error) { return c, nil }
}

// BatchReceipt is what became of a batch of many customers' events: as a whole, in the
// order of the batch, and by customer.
type BatchReceipt struct {
	Receipt

	Customers []CustomerReceipt `json:"customers,omitempty"` // those that the batch has events of, by id
}

// CustomerReceipt is what became of the events of one customer.
type CustomerReceipt struct {
	Customer  servicecoin.CustomerID `json:"customer"`
	Kept      int                    `json:"kept"` // stored now, or before with the same content
	Conflicts int                    `json:"conflicts"`
	Refused   int                    `json:"refused"`
	// Exceptions are those of the whole receipt, by the same indexes.
	Exceptions []Exception `json:"exceptions,omitempty"`
}

// Record keeps what happened, of all customers in one Append, and tells what became of
// it. Whose an event is, its owner says: what the event itself says of its customer must
// be the same, or nothing. Authorize is asked once for each customer; where it says no,
// the events of that customer are refused with the code "forbidden", and the rest is
// kept. Everything else is as with [Ledger.Record]: conflicts are told and quotas are
// looked after, customer by customer.
//
// After an error, record the same events again.
func (in *Intake) Record(ctx context.Context, by servicecoin.Actor, owner Owner, events ...Event) (BatchReceipt, error) {
	if err := in.check(by, owner, events); err != nil {
		return BatchReceipt{}, err
	}
	d := delivery{
		Intake: in, by: by, now: in.store.Now(), parcels: map[servicecoin.CustomerID]*parcel{}, of: make([]*parcel, len(events)),
		batch: make([]Event, 0, len(events)), places: make([]int, 0, len(events)),
	}
	for i, e := range events {
		if err := d.sort(ctx, owner, i, e); err != nil {
			return BatchReceipt{}, servicecoin.Unchanged(err)
		}
	}
	stored, err := in.events.Append(ctx, d.batch)
	forget(ctx)
	if err != nil {
		return BatchReceipt{}, err
	}
	for i := range stored.Exceptions {
		stored.Exceptions[i].Index = d.places[stored.Exceptions[i].Index]
	}
	d.receipt.Add(stored, 0)
	slices.SortFunc(d.receipt.Exceptions, func(a, b Exception) int { return cmp.Compare(a.Index, b.Index) })
	receipt := d.divide()
	return receipt, d.follow(ctx, events)
}

func (in *Intake) check(by servicecoin.Actor, owner Owner, events []Event) error {
	var v servicecoin.Violations
	v.Merge("", in.store.For(servicecoin.Provider).Err())
	if in.events == nil {
		v.Add("events", "required", "", "is nil: keeps the events")
	}
	if in.meters == nil {
		v.Add("meters", "required", "", "is nil: tells what is metered")
	}
	if owner == nil {
		v.Add("owner", "required", "", "is nil: says whose an event is")
	}
	v.Merge("by", by.Validate())
	v.Limit("events", len(events), MaxBatch)
	return v.Err()
}

// delivery is a batch while it is recorded.
type delivery struct {
	*Intake

	by      servicecoin.Actor
	now     time.Time
	parcels map[servicecoin.CustomerID]*parcel
	of      []*parcel // of each event; nil: nobody's
	batch   []Event   // what is left to append
	places  []int     // where each of it stood
	receipt Receipt
}

// parcel is what a delivery has for one customer.
type parcel struct {
	ledger  *Ledger
	fault   error     // why nothing of it is recorded
	closed  time.Time // up to when its events are refused
	batch   []int     // its events in the batch of the delivery
	receipt CustomerReceipt
}

// sort gives an event to its owner, or refuses it. An error is one that ends the call.
func (d *delivery) sort(ctx context.Context, owner Owner, i int, e Event) error {
	e.RecordedAt = d.now
	customer, err := owner(ctx, e)
	if err != nil {
		if refusal := refusalOf("customer", e.Customer, err); refusal != nil {
			d.receipt.Refuse(i, e, refusal)
			return nil
		}
		return fmt.Errorf("whose events[%d] is: %w", i, err)
	}
	if customer.ID == "" {
		var v servicecoin.Violations
		v.Add("customer", "required", "", "is nobody")
		d.receipt.Refuse(i, e, v.Err())
		return nil
	}
	p, err := d.open(ctx, customer)
	if err != nil {
		return err
	}
	d.of[i] = p
	if p.fault == nil {
		switch err := p.ledger.tooLate(ctx, e, p.closed); {
		case errors.Is(err, servicecoin.ErrInvalid):
			d.receipt.Refuse(i, e, err)
			return nil
		case err != nil:
			return fmt.Errorf("whether events[%d] is late: %w", i, err)
		}
	}
	d.put(i, e, p)
	return nil
}

// put adds an event to its owner's parcel.
func (d *delivery) put(i int, e Event, p *parcel) {
	if p.fault != nil {
		d.receipt.Refuse(i, e, p.fault)
		return
	}
	id := p.receipt.Customer
	if e.Customer != "" && e.Customer != id {
		var v servicecoin.Violations
		v.Add("customer", "foreign", string(e.Customer), "is not the customer whose event it is")
		e.Customer = id
		v.Merge("", e.Validate())
		d.receipt.Refuse(i, e, v.Err())
		return
	}
	e.Customer = id
	p.batch = append(p.batch, len(d.batch))
	d.batch, d.places = append(d.batch, e), append(d.places, i)
}

// open returns the parcel of a customer: at its first event it makes the ledger, and asks
// whether it may record.
func (d *delivery) open(ctx context.Context, customer servicecoin.Customer) (*parcel, error) {
	if p := d.parcels[customer.ID]; p != nil {
		return p, nil
	}
	p := &parcel{receipt: CustomerReceipt{Customer: customer.ID}}
	p.ledger = New(d.store.For(customer.ID), d.events, d.meters, customer, d.o)
	p.fault = p.ledger.view.Err()
	if p.fault == nil {
		if err := p.ledger.view.Ask(ctx, d.by, VerbRecordUsage, UsageRecord, string(customer.ID)); err != nil {
			if p.fault = refusalOf("customer", customer.ID, err); p.fault == nil {
				return nil, fmt.Errorf("whether usage of %s may be recorded: %w", customer.ID, err)
			}
		}
	}
	if p.fault == nil {
		var err error
		if p.closed, err = p.ledger.closedUntil(ctx); err != nil {
			return nil, fmt.Errorf("up to when usage of %s is closed: %w", customer.ID, err)
		}
	}
	d.parcels[customer.ID] = p
	return p, nil
}

// refusalOf returns the violation that an answer of the host's means for an event, nil
// if it means none.
func refusalOf(path string, id servicecoin.CustomerID, err error) error {
	var v servicecoin.Violations
	switch {
	case errors.Is(err, servicecoin.ErrForbidden):
		v.Add(path, "forbidden", string(id), "is one whose usage may not be recorded by who did so")
	case errors.Is(err, servicecoin.ErrNotFound):
		v.Add(path, "unknown", string(id), "is not known")
	case errors.Is(err, servicecoin.ErrInvalid):
		v.Merge(path, err)
	}
	return v.Err()
}

// divide counts what became of the events of each customer.
func (d *delivery) divide() BatchReceipt {
	for _, p := range d.of {
		if p != nil {
			p.receipt.Kept++
		}
	}
	for _, x := range d.receipt.Exceptions {
		p := d.of[x.Index]
		if p == nil {
			continue
		}
		p.receipt.Kept--
		if x.Outcome == Conflict {
			p.receipt.Conflicts++
		} else {
			p.receipt.Refused++
		}
		p.receipt.Exceptions = append(p.receipt.Exceptions, x)
	}
	r := BatchReceipt{Receipt: d.receipt}
	for _, p := range d.sorted() {
		r.Customers = append(r.Customers, p.receipt)
	}
	return r
}

// sorted returns the parcels by customer.
func (d *delivery) sorted() []*parcel {
	list := make([]*parcel, 0, len(d.parcels))
	for _, p := range d.parcels {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *parcel) int { return cmp.Compare(a.receipt.Customer, b.receipt.Customer) })
	return list
}

// eventsOf returns the events of a parcel, as far as what follows reads them.
func (d *delivery) eventsOf(p *parcel) []Event {
	if d.o != nil && d.o.QuotasByReview && d.o.Also == nil {
		return nil
	}
	if len(p.batch) == len(d.batch) {
		return d.batch
	}
	list := make([]Event, len(p.batch))
	for i, at := range p.batch {
		list[i] = d.batch[at]
	}
	return list
}

// follow does for each customer what follows from its events. What fails for one is done
// for the others all the same.
func (d *delivery) follow(ctx context.Context, events []Event) error {
	const told = 10 // errors
	var all []error
	failed := 0
	for _, p := range d.sorted() {
		if len(p.batch) == 0 {
			continue
		}
		var offered []Conflicted
		for _, x := range p.receipt.Exceptions {
			if x.Outcome == Conflict {
				offered = append(offered, p.ledger.offered(x, events[x.Index], d.now))
			}
		}
		if err := p.ledger.follow(ctx, d.by, d.eventsOf(p), offered); err != nil {
			if failed++; failed <= told {
				all = append(all, fmt.Errorf("customer %s: %w", p.receipt.Customer, err))
			}
			if ctx.Err() != nil {
				break
			}
		}
	}
	if failed > told {
		all = append(all, fmt.Errorf("and that of %d more customers", failed-told)) //nolint:err113 // it only counts
	}
	return errors.Join(all...)
}
