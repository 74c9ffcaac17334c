package cost

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
)

// Bill is what another provider charges a billing account for a billing period.
// Its export is cumulative: each delivery says again all that is known of the bill
// so far, under a file name of its own.
type Bill struct {
	Account string            `json:"account,omitempty"` // the billing account; empty where the export does not tell
	Period  calendar.Interval `json:"period"`            // the billing period
	Month   calendar.Month    `json:"month"`             // in which its rows are charged
	// Through is until when the delivery reaches: when the latest charge of the whole
	// bill begins, whoever it is of. A delivery that reaches less far than the one
	// that is there is refused as an older one. Zero: nobody tells, and what is taken
	// in later counts.
	Through time.Time `json:"through,omitzero"`
}

// Validate reports every violation of the bill.
func (b Bill) Validate() error {
	var v servicecoin.Violations
	if b.Account != "" {
		v.ID("account", b.Account)
	}
	if err := b.Period.Validate(); err != nil {
		v.Merge("period", err)
	} else if b.Period.Empty() {
		v.Add("period", "empty", b.Period.String(), "must not be empty")
	}
	v.Merge("month", chargedIn(b.Month))
	if !b.Through.IsZero() {
		v.Time("through", b.Through)
	}
	return v.Err()
}

// id names the bill, whatever its account is called.
func (b Bill) id() string {
	return fingerprint(16, b.Account, b.Period.Start.UTC().Format(time.RFC3339Nano), b.Period.End.UTC().Format(time.RFC3339Nano))
}

// fingerprint is so many bytes of a SHA-256 of texts, in hexadecimal.
func fingerprint(n int, texts ...string) string {
	digest := sha256.New()
	for _, t := range texts {
		fmt.Fprintf(digest, "%d:%s", len(t), t)
	}
	return hex.EncodeToString(digest.Sum(nil)[:n])
}

// Delivery is the record of what a customer has of a bill.
type Delivery struct {
	ID      string    `json:"id"`
	Bill    Bill      `json:"bill"`
	Rows    int       `json:"rows"`
	Digest  string    `json:"digest"` // SHA-256 of the rows, in no order
	Done    bool      `json:"done"`   // all of them are stored; until then no statement of the month is issued
	TakenIn time.Time `json:"takenIn"`
}

var deliveries = store.Kind[Delivery]{
	Name:  DeliveryRecord,
	House: house.Own(),
	ID:    func(d Delivery) string { return d.ID },
	Indexes: []store.Index[Delivery]{
		{Name: "month", Columns: "t", Of: func(d Delivery) store.Tuple { return store.Tuple{store.Text(d.Bill.Month.String())} }},
	},
}

// Delivered is what came of a delivery.
type Delivered struct {
	Added     int // rows that count from now on
	Repeat    int // rows that were there already
	Withdrawn int // rows of the delivery before that this one does not have
}

// Deliver takes in what a bill says of the customer, and replaces what an earlier
// delivery of the same bill said. A row is what it says, not where it stands: the
// same rows in another order change nothing, and equal ones may stand twice. The
// rows have no ids of their own; a Month is that of the bill. No rows at all take
// back what was there. Rows that no longer count are kept, for the statements that
// were made of them; those that are issued are corrected in the next one.
//
// Rows are stored a few in a commit, and until all are there no statement of the
// month is issued. After an error, deliver again; where two deliver the bill at
// once, the one that began first is told [servicecoin.ErrConflict].
func (s *Statements) Deliver(ctx context.Context, by servicecoin.Actor, b Bill, list []Row) (Delivered, error) {
	id := b.id()
	if err := s.authorize(ctx, by, VerbDeliverBill, DeliveryRecord, id); err != nil {
		return Delivered{}, err
	}
	b.Period = calendar.Between(servicecoin.Instant(b.Period.Start), servicecoin.Instant(b.Period.End))
	rows, err := s.ofBill(b, list)
	if err != nil {
		return Delivered{}, err
	}
	d := delivering{to: s, by: by, next: Delivery{
		ID: id, Bill: b, Rows: len(rows), Digest: fingerprint(sha256.Size, slices.Sorted(maps.Keys(rows))...), TakenIn: s.view.Now(),
	}}
	again, err := d.begin(ctx)
	switch {
	case err != nil:
		return Delivered{}, err
	case again:
		return Delivered{Repeat: len(rows)}, nil
	}
	return d.replace(ctx, rows)
}

// ofBill checks rows and returns them by the ids that they are given.
func (s *Statements) ofBill(b Bill, list []Row) (map[string]Row, error) {
	var v servicecoin.Violations
	v.Merge("bill", b.Validate())
	if !v.Limit("rows", len(list), MaxRows) {
		return nil, v.Err()
	}
	rows, count := make(map[string]Row, len(list)), map[string]int{}
	for i, r := range list {
		if v.Len() >= servicecoin.MaxViolations {
			break
		}
		path := func() string { return fmt.Sprintf("rows[%d]", i) }
		if r.ID != "" {
			v.Add(path()+".id", "unexpected", r.ID, "must be empty: a row of a bill is what it says")
		}
		if !r.Month.IsZero() && r.Month != b.Month {
			v.Add(path()+".month", "contradiction", r.Month.String(), "must be that of the bill, "+b.Month.String())
		}
		r.Month, r.Bill, r.ImportedAt, r.WithdrawnAt = b.Month, b.id(), s.view.Now(), time.Time{}
		r.Period = calendar.Between(servicecoin.Instant(r.Period.Start), servicecoin.Instant(r.Period.End))
		r.ID = "-" // is made of what is valid only
		if err := s.mayBeCharged(r); err != nil {
			v.Merge(path(), err)
			continue
		}
		content := r.content()
		r.ID = strings.Join([]string{r.Bill, content, strconv.Itoa(count[content])}, "/")
		count[content]++
		rows[r.ID] = r
	}
	return rows, v.Err()
}

// content is a fingerprint of what the row says, wherever it stands and whenever
// it came.
func (r Row) content() string {
	const null = "null"
	quantity, amount := null, null
	if r.Quantity.Valid {
		quantity = metering.Plain(r.Quantity.Decimal)
	}
	if r.Amount.Defined() {
		amount = metering.Plain(r.Amount.Decimal()) + " " + string(r.Amount.Currency())
	}
	return fingerprint(16, string(r.Service), r.Month.String(), r.Period.String(), r.Description, quantity, r.Unit, amount)
}

// delivering is a delivery on its way.
type delivering struct {
	to   *Statements
	by   servicecoin.Actor
	next Delivery
}

// begin notes that a delivery is on its way, and reports whether the one before
// said the same.
func (d *delivering) begin(ctx context.Context) (again bool, err error) {
	view := d.to.view
	err = view.Do(ctx, func(tx store.View) error {
		all := store.Of(tx, deliveries)
		again = false
		stored, err := all.Get(ctx, d.next.ID)
		if errors.Is(err, servicecoin.ErrNotFound) {
			if again = d.next.Rows == 0; again {
				return nil // nothing is not worth a record
			}
			return all.Insert(ctx, d.next)
		}
		if err != nil {
			return err
		}
		if m := stored.Bill.Month; m != d.next.Bill.Month {
			var v servicecoin.Violations
			v.Add("bill.month", "contradiction", d.next.Bill.Month.String(), "must be "+m.String()+", as it was when the bill was delivered first")
			return v.Err()
		}
		was, is := stored.Bill.Through, d.next.Bill.Through
		if !is.IsZero() && is.Before(was) {
			return &servicecoin.RefusedError{Subject: view.Key(DeliveryRecord, d.next.ID), Verb: VerbDeliverBill, Why: fmt.Sprintf(
				"the delivery of the bill that is there reaches to %s, and this one to %s: it is an older one", was.Format(time.RFC3339), is.UTC().Format(time.RFC3339))}
		}
		if is.IsZero() {
			d.next.Bill.Through = was
		}
		if again = stored.Done && stored.Digest == d.next.Digest; again && d.next.Bill.Through.Equal(was) {
			return nil
		}
		_, err = all.Update(ctx, d.next.ID, func(x *Delivery) ([]store.Event, error) {
			taken := x.TakenIn
			*x = d.next
			if x.Done = again; again {
				x.TakenIn = taken
			}
			return nil, nil
		})
		return err
	})
	return again, err
}

// replace stores the rows that are new and withdraws those that are gone.
func (d *delivering) replace(ctx context.Context, rows map[string]Row) (Delivered, error) {
	var gone []string
	fresh := maps.Clone(rows)
	for r, err := range d.to.everyRow(d.next.Bill.Month, "").All(ctx) {
		_, stays := rows[r.ID]
		switch {
		case err != nil:
			return Delivered{}, err
		case r.Bill != d.next.ID || !r.WithdrawnAt.IsZero():
		case stays:
			delete(fresh, r.ID)
		default:
			gone = append(gone, r.ID)
		}
	}
	done := Delivered{Repeat: len(rows) - len(fresh)}
	changes := slices.Concat(gone, slices.Sorted(maps.Keys(fresh)))
	const atOnce = 40 // as rows that are imported
	for some := range slices.Chunk(changes, atOnce) {
		err := d.to.view.Do(ctx, func(tx store.View) error { return d.change(ctx, tx, some, fresh) })
		if err != nil {
			return done, err
		}
		for _, id := range some {
			if _, is := fresh[id]; is {
				done.Added++
			} else {
				done.Withdrawn++
			}
		}
	}
	err := d.to.view.Do(ctx, func(tx store.View) error {
		if err := d.mine(ctx, tx); err != nil {
			return err
		}
		_, err := store.Of(tx, deliveries).Update(ctx, d.next.ID, func(x *Delivery) ([]store.Event, error) {
			x.Done = true
			return nil, nil
		})
		return err
	})
	return done, err
}

// mine checks that no other delivery of the bill has begun since.
func (d *delivering) mine(ctx context.Context, tx store.View) error {
	stored, err := store.Of(tx, deliveries).Get(ctx, d.next.ID)
	if err == nil && stored.Digest != d.next.Digest {
		return &servicecoin.KeyError{Key: tx.Key(DeliveryRecord, d.next.ID), Err: servicecoin.ErrConflict}
	}
	return err
}

// change stores some rows and withdraws others, in a unit of work.
func (d *delivering) change(ctx context.Context, tx store.View, ids []string, fresh map[string]Row) error {
	if err := d.mine(ctx, tx); err != nil {
		return err
	}
	all := store.Of(tx, rows)
	month := d.next.Bill.Month
	changed := RowsChanged{Bill: d.next.ID, Months: []calendar.Month{month}}
	for _, id := range ids {
		r, comes := fresh[id]
		stored, err := all.Get(ctx, id)
		switch {
		case errors.Is(err, servicecoin.ErrNotFound) && comes:
			changed.Rows++
			err = all.Insert(ctx, r)
		case err != nil:
		case comes == stored.WithdrawnAt.IsZero(): // as it is to be
		default:
			_, err = all.Update(ctx, id, func(x *Row) ([]store.Event, error) {
				if x.WithdrawnAt = (time.Time{}); !comes {
					x.WithdrawnAt = tx.Now()
				}
				return nil, nil
			})
			if comes {
				changed.Rows++
			} else {
				changed.Withdrawn++
			}
		}
		if err != nil {
			return err
		}
	}
	if err := d.to.On(tx).due(ctx, d.by, month, tx.Key(RowRecord, ids[0])); err != nil {
		return err
	}
	e, err := store.Happened(d.by, EventRowsImported, changed)
	if err != nil {
		return err
	}
	e.Subject = tx.Key(DeliveryRecord, d.next.ID)
	return tx.Record(ctx, e)
}

// Deliveries lists the bills of a month of which the customer has rows.
func (s *Statements) Deliveries(ctx context.Context, m calendar.Month) ([]Delivery, error) {
	var list []Delivery
	for d, err := range store.Of(s.view, deliveries).Find(store.By("month", store.Text(m.String()))).All(ctx) {
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

// whole refuses to issue a month of which a bill is only half there.
func (s *Statements) whole(ctx context.Context, m calendar.Month) error {
	list, err := s.Deliveries(ctx, m)
	if err != nil {
		return err
	}
	for _, d := range list {
		if !d.Done {
			return &servicecoin.RefusedError{
				Subject: s.view.Key(DeliveryRecord, d.ID), Verb: VerbIssueStatement, To: string(Issued), Why: "a delivery of the bill is on its way: if it broke off, deliver it again",
			}
		}
	}
	return nil
}
