package grant

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
)

// The names of events. They are API. What lapses, comes again or rolls over is no event:
// it is reckoned whenever somebody asks.
const (
	EventGiven    = "grant.given"    // data: Changed
	EventVoided   = "grant.voided"   // data: Changed
	EventTermsSet = "grant.termsSet" // data: Terms
)

// The verbs, as [servicecoin.Attempt] says them. They are API.
const (
	VerbGive     = "grant.give"
	VerbVoid     = "grant.void"
	VerbSetTerms = "grant.setTerms"
)

// The kinds of records, in the customer's partition, as they stand in a [servicecoin.Key].
const (
	GrantRecord = "grant.grant" // [Kept]
	TermsRecord = "grant.terms" // [Terms], by the meter
)

// Changed is the data of the events of grants.
type Changed struct {
	Grant    ID               `json:"grant"`
	Meter    metering.MeterID `json:"meter"`
	Amount   decimal.Decimal  `json:"amount"`
	Priority int              `json:"priority"`
	From     time.Time        `json:"from"`
	Until    time.Time        `json:"until,omitzero"`
	Voided   time.Time        `json:"voided,omitzero"`
	Reason   string           `json:"reason,omitempty"`
}

var grants = store.Kind[Kept]{
	Name:  GrantRecord,
	House: house.Own(),
	ID:    func(k Kept) string { return string(k.ID) },
	Indexes: []store.Index[Kept]{
		{Name: "meter", Columns: "tm", Of: func(k Kept) store.Tuple { return store.Tuple{store.Text(k.Meter), store.Time(k.From)} }},
		{Name: "subscription", Columns: "t", Of: func(k Kept) store.Tuple {
			if k.Subscription == "" {
				return nil
			}
			return store.Tuple{store.Text(k.Subscription)}
		}},
	},
}

// keptTerms are terms, and whether a grant is reckoned by them.
type keptTerms struct {
	Terms

	Given bool `json:"given,omitempty"`
}

var terms = store.Kind[keptTerms]{Name: TermsRecord, House: house.Own(), ID: func(t keptTerms) string { return string(t.Meter) }}

// Reindex brings the records of this package, of all customers, into the indexes and the
// form of this release: see [store.Reindex].
func Reindex(ctx context.Context, s *store.Store) (int, error) {
	return store.Reindex(ctx, s, grants, terms)
}
