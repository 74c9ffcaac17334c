package cost

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

// MarkDue says that a month's facts have changed, because of a record: usage
// that was recorded after LookBack months, most often. If the month is issued,
// the next statement corrects it; an open month needs no mark. It is told once
// however often it is called.
func (s *Statements) MarkDue(ctx context.Context, by servicecoin.Actor, m calendar.Month, because servicecoin.Key) error {
	if err := s.authorize(ctx, by, VerbMarkDue, MonthRecord, m.String()); err != nil {
		return err
	}
	if err := m.Validate(); err != nil {
		return err
	}
	return s.view.Do(ctx, func(tx store.View) error { return s.On(tx).due(ctx, by, m, because) })
}

// due marks one month, in each account in which it is issued.
func (s *Statements) due(ctx context.Context, by servicecoin.Actor, m calendar.Month, because servicecoin.Key) error {
	list, err := s.accounts(ctx, m)
	if err != nil {
		return err
	}
	for _, standing := range list {
		if err := s.dueIn(ctx, by, standing, because); err != nil {
			return err
		}
	}
	return nil
}

func (s *Statements) dueIn(ctx context.Context, by servicecoin.Actor, of Month, because servicecoin.Key) error {
	c := store.Of(s.view, months)
	standing, err := c.Get(ctx, of.id())
	if errors.Is(err, servicecoin.ErrNotFound) || err == nil && (standing.Edition == 0 || standing.Due) {
		return nil
	}
	if err != nil {
		return err
	}
	e, err := store.Happened(by, EventStatementDue, StatementChanged{Month: standing.Month, Edition: standing.Edition, Because: []servicecoin.Key{because}})
	if err != nil {
		return err
	}
	_, err = c.Update(ctx, standing.id(), func(x *Month) ([]store.Event, error) {
		x.Due = true
		return []store.Event{e}, nil
	})
	return err
}

// dueSince marks the issued months from that of an instant on: at most so many
// that a commit holds them, the rest is within sight of LookBack or is marked by
// hand.
func (s *Statements) dueSince(ctx context.Context, by servicecoin.Actor, since time.Time, because servicecoin.Key) error {
	const most = 36
	at := calendar.MonthOf(since, s.zone)
	first := at.Add(-1) // it was issued in another zone, perhaps
	if first.Validate() != nil {
		first = at
	}
	var list []Month
	for standing, err := range store.Of(s.view, months).Find(store.By("month").From(store.Text(first.String()))).All(ctx) {
		if err != nil {
			return err
		}
		if standing.Edition > 0 && !standing.Period.End.After(since) {
			continue
		}
		list = append(list, standing)
	}
	for _, standing := range list[:min(most, len(list))] {
		if err := s.dueIn(ctx, by, standing, because); err != nil {
			return err
		}
	}
	return nil
}

// Imported is what came of an import.
type Imported struct {
	Added  int // rows that are stored now
	Repeat int // rows that were there already, with the same content
}

// MaxRows is the most rows of one import or delivery.
const MaxRows = 200_000

// Import stores costs that were computed elsewhere. A row that is there already
// is a repeat; if one is there with other content, nothing is stored, and the
// ErrInvalid lists all of those. Rows are stored a few in a commit: after an
// error, import again, what was stored is a repeat. Of the bills of another
// provider, whose exports say again what they said before, see [Statements.Deliver].
func (s *Statements) Import(ctx context.Context, by servicecoin.Actor, list []Row) (Imported, error) {
	if err := s.authorize(ctx, by, VerbImportRows, RowRecord, string(s.customer.ID)); err != nil {
		return Imported{}, err
	}
	fresh, err := s.fresh(ctx, list)
	if err != nil {
		return Imported{}, err
	}
	done := Imported{Repeat: len(list) - len(fresh)}
	const atOnce = 40 // each of them may be in a month of its own
	for some := range slices.Chunk(fresh, atOnce) {
		added := 0
		err := s.view.Do(ctx, func(tx store.View) error {
			added = 0
			var err error
			added, err = s.On(tx).importSome(ctx, by, some)
			return err
		})
		if err != nil {
			return done, err
		}
		done.Added += added
		done.Repeat += len(some) - added
	}
	return done, nil
}

// fresh checks rows and returns those that are not stored, each once.
func (s *Statements) fresh(ctx context.Context, list []Row) ([]Row, error) {
	var v servicecoin.Violations
	if !v.Limit("rows", len(list), MaxRows) {
		return nil, v.Err()
	}
	seen := make(map[string]int, len(list))
	ready := make([]Row, 0, len(list))
	for i, r := range list {
		if v.Len() >= servicecoin.MaxViolations {
			break
		}
		path := "rows[" + strconv.Itoa(i) + "]"
		r.Period = calendar.Between(servicecoin.Instant(r.Period.Start), servicecoin.Instant(r.Period.End))
		r.ImportedAt, r.Bill, r.WithdrawnAt = s.view.Now(), "", time.Time{}
		v.Merge(path, s.mayBeCharged(r))
		if first, again := seen[r.ID]; again {
			if !r.same(ready[first]) {
				v.Add(path+".id", "duplicate", r.ID, fmt.Sprintf("is that of another row of the import, %d", first))
			}
			continue
		}
		seen[r.ID] = len(ready)
		ready = append(ready, r)
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	all := store.Of(s.view, rows)
	var fresh []Row
	for _, r := range ready {
		if v.Len() >= servicecoin.MaxViolations {
			break
		}
		stored, err := all.Get(ctx, r.ID)
		switch {
		case errors.Is(err, servicecoin.ErrNotFound):
			fresh = append(fresh, r)
		case err != nil:
			return nil, err
		case !stored.same(r):
			v.Add("rows["+r.ID+"]", "conflict", "", "was imported with other content, as "+stored.Reference)
		}
	}
	return fresh, v.Err()
}

// mayBeCharged checks a row, and that it is in the customer's currency.
func (s *Statements) mayBeCharged(r Row) error {
	var v servicecoin.Violations
	v.Merge("", r.Validate())
	s.foreign(&v, "amount", r.Amount)
	return v.Err()
}

// importSome stores rows in a unit of work.
func (s *Statements) importSome(ctx context.Context, by servicecoin.Actor, list []Row) (added int, err error) {
	all := store.Of(s.view, rows)
	touched := map[calendar.Month]Row{}
	for _, r := range list {
		stored, err := all.Get(ctx, r.ID)
		switch {
		case err == nil && stored.same(r):
			continue // somebody else imports the same
		case err == nil:
			return 0, &servicecoin.KeyError{Key: s.view.Key(RowRecord, r.ID), Err: servicecoin.ErrExists}
		case !errors.Is(err, servicecoin.ErrNotFound):
			return 0, err
		}
		if err := all.Insert(ctx, r); err != nil {
			return 0, err
		}
		added++
		touched[r.Month] = r
	}
	if added == 0 {
		return 0, nil
	}
	changed := RowsChanged{Rows: added, Months: slices.SortedFunc(maps.Keys(touched), calendar.Month.Compare)}
	for _, m := range changed.Months {
		if err := s.due(ctx, by, m, s.view.Key(RowRecord, touched[m].ID)); err != nil {
			return 0, err
		}
	}
	e, err := store.Happened(by, EventRowsImported, changed)
	if err != nil {
		return 0, err
	}
	e.Subject = s.view.Key(RowRecord, list[0].ID)
	return added, s.view.Record(ctx, e)
}
