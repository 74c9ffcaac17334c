package entitle

import (
	"context"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
)

// The names of events. They are API.
const (
	EventSet              = "entitlement.set"              // data: Changed
	EventEnded            = "entitlement.ended"            // data: Changed
	EventThresholdReached = "entitlement.thresholdReached" // data: Told; once, see [Threshold.Rearm]
	EventExceeded         = "entitlement.exceeded"         // data: Told; once for each limit, version and period
	EventNoticeGiven      = "entitlement.noticeGiven"      // data: Notice
)

// The verbs, as [servicecoin.Attempt] says them. They are API.
const (
	VerbSet    = "entitlement.set"
	VerbEnd    = "entitlement.end"
	VerbReview = "entitlement.review"
	VerbNotify = "entitlement.notify"
)

// The kinds of records, all in the customer's partition, as they stand in a
// [servicecoin.Key].
const (
	EntitlementRecord = "entitle.entitlement" // [Kept]: one version of the entitlement to a feature
	FeatureRecord     = "entitle.feature"     // since when each version holds
	MemoryRecord      = "entitle.memory"      // [Memory] of a version in a period
	ToldRecord        = "entitle.told"        // [Told]
	NoticeRecord      = "entitle.notice"      // [Notice]
)

// Changed is the data of the events that set and end entitlements.
type Changed struct {
	Feature      FeatureID                  `json:"feature"`
	Kind         Kind                       `json:"kind"`
	Meter        metering.MeterID           `json:"meter,omitempty"`
	Limit        decimal.NullDecimal        `json:"limit"`
	Value        string                     `json:"value,omitempty"`
	From         time.Time                  `json:"from"`
	Until        time.Time                  `json:"until,omitzero"`
	Service      servicecoin.ServiceID      `json:"service,omitempty"`
	Subscription servicecoin.SubscriptionID `json:"subscription,omitempty"`
}

// far is when something ends that has no end, in an index.
func far() time.Time { return time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC) }

func versionID(feature FeatureID, from time.Time) string {
	return store.JoinID(string(feature), instantID(from))
}

// instantID writes instants so that they sort.
func instantID(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

var entitlements = store.Kind[Kept]{
	Name:  EntitlementRecord,
	House: house.Own(),
	ID:    func(k Kept) string { return versionID(k.Feature, k.From) },
	Indexes: []store.Index[Kept]{
		{Name: "feature", Columns: "tm", Of: func(k Kept) store.Tuple {
			return store.Tuple{store.Text(k.Feature), store.Time(k.From)}
		}},
		{Name: "until", Columns: "m", Of: func(k Kept) store.Tuple {
			if k.Until.IsZero() {
				return store.Tuple{store.Time(far())}
			}
			return store.Tuple{store.Time(k.Until)}
		}},
		{Name: "subscription", Columns: "t", Of: func(k Kept) store.Tuple {
			if k.Subscription == "" {
				return nil
			}
			return store.Tuple{store.Text(k.Subscription)}
		}},
	},
}

// line is the versions of a feature: whatever changes one of them changes it, so that
// two that do so at once follow each other.
type line struct {
	Feature FeatureID   `json:"feature"`
	Froms   []time.Time `json:"froms"` // in order
}

var features = store.Kind[line]{Name: FeatureRecord, House: house.Own(), ID: func(l line) string { return string(l.Feature) }}

// remembered is what was told of a version in a period.
type remembered struct {
	Feature FeatureID `json:"feature"`
	From    time.Time `json:"from"`
	Memory  Memory    `json:"memory"`
	Number  int       `json:"number"` // how many were told
}

func memoryID(feature FeatureID, from, period time.Time) string {
	return store.JoinID(string(feature), instantID(from), instantID(period))
}

var memories = store.Kind[remembered]{
	Name: MemoryRecord, House: house.Own(),
	ID: func(r remembered) string { return memoryID(r.Feature, r.From, r.Memory.Period) },
}

func toldID(feature FeatureID, from, period time.Time, n int) string {
	return store.JoinID(string(feature), instantID(from), instantID(period), strconv.Itoa(n))
}

var tellings = store.Kind[Told]{
	Name:  ToldRecord,
	House: house.Own(),
	ID:    func(t Told) string { return t.ID },
	Indexes: []store.Index[Told]{
		{Name: "at", Columns: "m", Of: func(t Told) store.Tuple { return store.Tuple{store.Time(t.ToldAt)} }},
		{Name: "feature", Columns: "tm", Of: func(t Told) store.Tuple {
			return store.Tuple{store.Text(t.Feature), store.Time(t.ToldAt)}
		}},
	},
}

var notices = store.Kind[Notice]{
	Name:  NoticeRecord,
	House: house.Own(),
	ID:    func(n Notice) string { return n.ID },
	Indexes: []store.Index[Notice]{
		{Name: "at", Columns: "m", Of: func(n Notice) store.Tuple { return store.Tuple{store.Time(n.GivenAt)} }},
	},
}

// Reindex brings the records of this package, of all customers, into the indexes and the
// form of this release: see [store.Reindex].
func Reindex(ctx context.Context, s *store.Store) (int, error) {
	return store.Reindex(ctx, s, entitlements, features, memories, tellings, notices)
}
