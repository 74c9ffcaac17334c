package rating

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/store"
)

// Version is a price as it is valid from an instant on, until the next version
// is. It never changes: what it says is what offerings and statements that name
// it rest on.
type Version struct {
	ID          servicecoin.PriceID `json:"id"`
	Number      int                 `json:"number"` // from 1; never given twice
	ValidFrom   time.Time           `json:"validFrom"`
	Price       Price               `json:"price"`
	ValidUntil  time.Time           `json:"validUntil,omitzero"` // exclusive; zero: until the next version is valid
	PublishedAt time.Time           `json:"publishedAt"`
	PublishedBy servicecoin.Actor   `json:"publishedBy"`

	// WithdrawnAt says that it was taken back before it became valid.
	WithdrawnAt time.Time `json:"withdrawnAt,omitzero"`
	Reason      string    `json:"reason,omitempty"`
}

// Key addresses the version's record, for traces.
func (v Version) Key() servicecoin.Key { return VersionKey(v.ID, v.Number) }

// TraceOf explains a charge at this version of the price: the version first, with its
// record and what it says, then how the charge came to be.
func (v Version) TraceOf(c Charge) servicecoin.Trace {
	whole := c.TraceOf(v.Price.Unit)
	whole.Parts = append([]servicecoin.Trace{{
		Label: fmt.Sprintf("price %s, version %d, since %s: %s", v.ID, v.Number, v.ValidFrom.UTC().Format(time.RFC3339), v.Price.Says()),
		Plain: servicecoin.Say("%v, since %v: %v", v.Price.Name, v.ValidFrom, v.Price.Says()), From: []servicecoin.Key{v.Key()},
	}}, whole.Parts...)
	return whole
}

// VersionKey addresses the record of a price's version, for traces.
func VersionKey(id servicecoin.PriceID, number int) servicecoin.Key {
	return servicecoin.Key{Customer: servicecoin.Provider, Kind: VersionRecord, ID: versionID(id, number)}
}

// The names of events. They are API; the data of each is a [PriceChanged].
const (
	EventPricePublished = "price.published"
	EventPriceWithdrawn = "price.withdrawn"
)

// The verbs, as [servicecoin.Attempt] says them. They are API.
const (
	VerbPublishPrice  = "price.publish"
	VerbWithdrawPrice = "price.withdraw"
	VerbForgetPrices  = "price.forget" // a customer's own ones
)

// PriceChanged is the data of price events.
type PriceChanged struct {
	Price      servicecoin.PriceID `json:"price"`
	Version    int                 `json:"version"`
	ValidFrom  time.Time           `json:"validFrom"`
	ValidUntil time.Time           `json:"validUntil,omitzero"`
	Name       string              `json:"name"`
	Says       string              `json:"says"` // the price in words
	Reason     string              `json:"reason,omitempty"`
}

// timeline is the record of a price: its versions in order. It is the invariant
// that each begins after the one before.
type timeline struct {
	ID    servicecoin.PriceID `json:"id"`
	Last  int                 `json:"last"`  // the number of the newest version, withdrawn or not
	Valid []beginning         `json:"valid"` // without withdrawn ones, by time
}

type beginning struct {
	Number int       `json:"number"`
	From   time.Time `json:"from"`
}

// at returns the number of the version that holds at t, 0 for none.
func (l timeline) at(t time.Time) int {
	i, found := slices.BinarySearchFunc(l.Valid, t, func(b beginning, t time.Time) int { return b.From.Compare(t) })
	if !found {
		i--
	}
	if i < 0 {
		return 0
	}
	return l.Valid[i].Number
}

// The kinds of records, as they stand in a [servicecoin.Key]. Both are in the
// provider's partition.
const (
	PriceRecord   = "rating.price"
	VersionRecord = "rating.version"
)

var timelines = store.Kind[timeline]{
	Name:  PriceRecord,
	House: house.Own(),
	ID:    func(l timeline) string { return string(l.ID) },
}

var versions = store.Kind[Version]{
	Name:  VersionRecord,
	House: house.Own(),
	ID:    func(v Version) string { return versionID(v.ID, v.Number) },
	Indexes: []store.Index[Version]{
		{Name: "price", Columns: "ti", Of: func(v Version) store.Tuple { return store.Tuple{store.Text(v.ID), store.Int(v.Number)} }},
	},
}

func versionID(id servicecoin.PriceID, number int) string {
	return store.JoinID(string(id), strconv.Itoa(number))
}

// PriceList is the provider's prices, in versions.
type PriceList struct{ view store.View }

// New returns the price list in the provider's view; of a customer's, the first
// call says so.
func New(view store.View) *PriceList { return &PriceList{view: view.OfProvider("the price list")} }

// On returns the same list over another view: of the host's transaction, or of
// a unit of work.
func (l *PriceList) On(view store.View) *PriceList { return New(view) }

func (l *PriceList) authorize(ctx context.Context, by servicecoin.Actor, verb string, id servicecoin.PriceID) error {
	return l.view.Ask(ctx, by, verb, PriceRecord, string(id))
}

// Publish adds a version of a price, valid from an instant that lies after that
// of the version before. It may lie in the past: statements that are issued keep
// the version that they name. Publishing the same again answers the version
// that is there. An empty id is filled in.
func (l *PriceList) Publish(ctx context.Context, by servicecoin.Actor, id servicecoin.PriceID, p Price, from time.Time) (Version, error) {
	return l.publish(ctx, by, Version{ID: id, ValidFrom: from, Price: p})
}

func (l *PriceList) publish(ctx context.Context, by servicecoin.Actor, next Version) (Version, error) {
	if next.ID == "" {
		next.ID = servicecoin.PriceID(l.view.NewID())
	}
	if err := l.authorize(ctx, by, VerbPublishPrice, next.ID); err != nil {
		return Version{}, err
	}
	next.ValidFrom, next.PublishedBy = servicecoin.Instant(next.ValidFrom), by
	if !next.ValidUntil.IsZero() {
		next.ValidUntil = servicecoin.Instant(next.ValidUntil)
	}
	var v servicecoin.Violations
	v.ID("id", string(next.ID))
	v.Merge("price", next.Price.Validate())
	v.Time("validFrom", next.ValidFrom)
	if err := v.Err(); err != nil {
		return Version{}, err
	}
	var done Version
	err := l.view.Do(ctx, func(tx store.View) error {
		var err error
		next.PublishedAt = tx.Now()
		done, err = publish(ctx, tx, next)
		return err
	})
	if err != nil {
		return Version{}, err
	}
	return done, nil
}

func publish(ctx context.Context, tx store.View, next Version) (Version, error) {
	lines, list := store.Of(tx, timelines), store.Of(tx, versions)
	line, err := lines.Get(ctx, string(next.ID))
	is := err == nil
	if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
		return Version{}, err
	}
	line.ID = next.ID
	if n := len(line.Valid); n > 0 && !next.ValidFrom.After(line.Valid[n-1].From) {
		last, err := list.Get(ctx, versionID(next.ID, line.Valid[n-1].Number))
		if err != nil {
			return Version{}, err
		}
		if last.ValidFrom.Equal(next.ValidFrom) && last.ValidUntil.Equal(next.ValidUntil) && last.Price.Equal(next.Price) {
			return last, nil
		}
		var v servicecoin.Violations
		v.Add("validFrom", "order", next.ValidFrom.Format(time.RFC3339), fmt.Sprintf("must lie after %s, from which version %d is valid",
			last.ValidFrom.Format(time.RFC3339), last.Number))
		return Version{}, v.Err()
	}
	line.Last++
	next.Number = line.Last
	line.Valid = append(line.Valid, beginning{next.Number, next.ValidFrom})
	e, err := store.Happened(next.PublishedBy, EventPricePublished, next.changed())
	if err != nil {
		return Version{}, err
	}
	if err := list.Insert(ctx, next, e); err != nil {
		return Version{}, err
	}
	if !is {
		return next, lines.Insert(ctx, line)
	}
	_, err = lines.Update(ctx, string(line.ID), func(stored *timeline) ([]store.Event, error) {
		*stored = line
		return nil, nil
	})
	return next, err
}

func (v Version) changed() PriceChanged {
	return PriceChanged{Price: v.ID, Version: v.Number, ValidFrom: v.ValidFrom, ValidUntil: v.ValidUntil, Name: v.Price.Name, Says: v.Price.Says(), Reason: v.Reason}
}

// Withdraw takes back a version of a price before it becomes valid.
// What is valid has been relied on, and is only ever followed by another version.
func (l *PriceList) Withdraw(ctx context.Context, by servicecoin.Actor, id servicecoin.PriceID, number int, reason string) (Version, error) {
	if err := l.authorize(ctx, by, VerbWithdrawPrice, id); err != nil {
		return Version{}, err
	}
	var v servicecoin.Violations
	v.Text("reason", reason, 1, 1000)
	if err := v.Err(); err != nil {
		return Version{}, err
	}
	var done Version
	err := l.view.Do(ctx, func(tx store.View) error {
		now := tx.Now()
		var err error
		done, err = store.Of(tx, versions).Update(ctx, versionID(id, number), func(v *Version) ([]store.Event, error) {
			var err error
			if *v, err = v.withdrawn(now, reason); err != nil {
				return nil, err
			}
			e, err := store.Happened(by, EventPriceWithdrawn, v.changed())
			return []store.Event{e}, err
		})
		if err != nil {
			return err
		}
		_, err = store.Of(tx, timelines).Update(ctx, string(id), func(line *timeline) ([]store.Event, error) {
			line.Valid = slices.DeleteFunc(line.Valid, func(b beginning) bool { return b.Number == number })
			return nil, nil
		})
		return err
	})
	if err != nil {
		return Version{}, err
	}
	return done, nil
}

// withdrawn returns the version as it is once it is taken back.
func (v Version) withdrawn(at time.Time, reason string) (Version, error) {
	refuse := func(from, why string) (Version, error) {
		return v, &servicecoin.RefusedError{Subject: v.Key(), Verb: VerbWithdrawPrice, From: from, To: "withdrawn", Why: why}
	}
	switch {
	case !v.WithdrawnAt.IsZero():
		return refuse("withdrawn", "it is already")
	case !at.Before(v.ValidFrom):
		return refuse("valid", "it has been valid since "+v.ValidFrom.Format(time.RFC3339))
	}
	v.WithdrawnAt, v.Reason = servicecoin.Instant(at), reason
	return v, nil
}

// At returns the version of a price that holds at an instant, or ErrNotFound.
func (l *PriceList) At(ctx context.Context, id servicecoin.PriceID, t time.Time) (Version, error) {
	line, err := store.Of(l.view, timelines).Get(ctx, string(id))
	if err != nil {
		return Version{}, err
	}
	none := func() error {
		return fmt.Errorf("price %s at %s: %w", id, t.UTC().Format(time.RFC3339), servicecoin.NotFound(l.view.Key(PriceRecord, string(id))))
	}
	number := line.at(t)
	if number == 0 {
		return Version{}, none()
	}
	v, err := l.Get(ctx, id, number)
	if err == nil && !v.ValidUntil.IsZero() && !t.Before(v.ValidUntil) {
		return Version{}, none()
	}
	return v, err
}

// Get returns a version by its number, withdrawn or not.
func (l *PriceList) Get(ctx context.Context, id servicecoin.PriceID, number int) (Version, error) {
	return store.Of(l.view, versions).Get(ctx, versionID(id, number))
}

// Versions lists the versions of a price by number, of all prices for "".
func (l *PriceList) Versions(id servicecoin.PriceID) store.Listing[Version] {
	r := store.By("price")
	if id != "" {
		r = store.By("price", store.Text(id))
	}
	return store.Of(l.view, versions).Find(r)
}
