package metering

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/store"
)

// The names of events. They are API.
const (
	EventMeterDefined    = "meter.defined"    // data: MeterChanged
	EventMeterRevised    = "meter.revised"    // data: MeterChanged
	EventQuotaSet        = "quota.set"        // data: QuotaChanged
	EventQuotaEnded      = "quota.ended"      // data: QuotaChanged
	EventQuotaDropped    = "quota.dropped"    // data: QuotaChanged
	EventQuotaExceeded   = "quota.exceeded"   // data: Excess; once for each quota and period
	EventUsageConflicted = "usage.conflicted" // data: Conflicted; once for each content
	EventUsageClosed     = "usage.closed"     // data: Closing
)

// The verbs, as [servicecoin.Attempt] says them. They are API.
const (
	VerbDefineMeter  = "meter.define"
	VerbReviseMeter  = "meter.revise"
	VerbSetQuota     = "quota.set"
	VerbEndQuota     = "quota.end"
	VerbDropQuota    = "quota.drop"
	VerbReviewQuotas = "quota.review"
	VerbRecordUsage  = "usage.record"
	VerbCloseUsage   = "usage.close"
	VerbUseQuota     = "quota.use" // stands in refusals only: a hard quota would be exceeded
)

// MeterChanged is the data of meter events.
type MeterChanged struct {
	Meter       MeterID     `json:"meter"`
	Type        string      `json:"type"`
	Aggregation Aggregation `json:"aggregation"`
	Unit        string      `json:"unit"`
	Version     int         `json:"version,omitempty"` // of a revision, from 2
	From        time.Time   `json:"from,omitzero"`     // when a revision begins to hold
}

// QuotaChanged is the data of quota events.
type QuotaChanged struct {
	Quota  QuotaID         `json:"quota"`
	Meter  MeterID         `json:"meter"`
	Limit  decimal.Decimal `json:"limit"`
	Mode   Mode            `json:"mode"`
	Period Stretch         `json:"period"`
	Until  time.Time       `json:"until,omitzero"` // of one that ends
}

// Conflicted is an event that came with another content than the one that is
// stored under its source and id.
type Conflicted struct {
	Stored  Event     `json:"stored"`  // what counts
	Offered Event     `json:"offered"` // what came, and does not
	At      time.Time `json:"at"`      // when it came first
}

// The kinds of records, as they stand in a [servicecoin.Key]. Usage and its
// events are no records of the store; attempts and traces name them like one.
const (
	MeterRecord        = "metering.meter"       // provider's partition: [Meter], as it was last defined
	MeterVersionRecord = "metering.version"     // provider's partition: [Meter], as it was before
	QuotaRecord        = "metering.quota"       // customer's partition: [Quota]
	ExcessRecord       = "metering.excess"      // customer's partition: [Excess]
	ClosingRecord      = "metering.closing"     // customer's partition: [Closing]
	LastClosingRecord  = "metering.lastclosing" // customer's partition: the last [Closing]
	ConflictRecord     = "metering.conflict"    // customer's partition: [Conflicted]
	UsageRecord        = "metering.usage"       // all that a customer used, by the customer's id
	UsageEventRecord   = "metering.event"       // one [Event]: see [Event.Key]
)

var meterRecords = store.Kind[Meter]{
	Name:  MeterRecord,
	House: house.Own(),
	ID:    func(m Meter) string { return string(m.ID) },
	// A release that knows no filters would count too much, so it is refused.
	Shape:   1,
	Upgrade: firstMeter,
}

var meterVersions = store.Kind[Meter]{
	Name:  MeterVersionRecord,
	House: house.Own(),
	ID:    func(m Meter) string { return store.JoinID(string(m.ID), strconv.Itoa(m.Version)) },
	Indexes: []store.Index[Meter]{
		{Name: "meter", Columns: "ti", Of: func(m Meter) store.Tuple { return store.Tuple{store.Text(m.ID), store.Int(m.Version)} }},
	},
}

// firstMeter reads a meter that was defined before there were versions: it is the first.
func firstMeter(_ int, body []byte) (Meter, error) {
	var m Meter
	if err := json.Unmarshal(body, &m); err != nil {
		return Meter{}, fmt.Errorf("meter: %w", err)
	}
	m.Version = 1
	return m, nil
}

var quotas = store.Kind[Quota]{
	Name:  QuotaRecord,
	House: house.Own(),
	ID:    func(q Quota) string { return string(q.ID) },
	Indexes: []store.Index[Quota]{
		{Name: "meter", Columns: "tt", Of: func(q Quota) store.Tuple { return store.Tuple{store.Text(q.Meter), store.Text(q.ID)} }},
	},
}

var excesses = store.Kind[Excess]{
	Name:  ExcessRecord,
	House: house.Own(),
	ID:    func(x Excess) string { return excessID(x.Quota, x.Period) },
	Indexes: []store.Index[Excess]{
		{Name: "at", Columns: "m", Of: func(x Excess) store.Tuple { return store.Tuple{store.Time(x.At)} }},
	},
}

func excessID(q QuotaID, period calendar.Interval) string {
	return store.JoinID(string(q), period.Start.UTC().Format(time.RFC3339))
}

var conflicts = store.Kind[Conflicted]{
	Name:  ConflictRecord,
	House: house.Own(),
	ID:    func(c Conflicted) string { return conflictID(c.Offered) },
	Indexes: []store.Index[Conflicted]{
		{Name: "at", Columns: "m", Of: func(c Conflicted) store.Tuple { return store.Tuple{store.Time(c.At)} }},
	},
}

var closings = store.Kind[Closing]{
	Name:  ClosingRecord,
	House: house.Own(),
	ID:    func(c Closing) string { return closingID(c.Until) },
	Indexes: []store.Index[Closing]{
		{Name: "until", Columns: "m", Of: func(c Closing) store.Tuple { return store.Tuple{store.Time(c.Until)} }},
	},
}

var lastClosings = store.Kind[lastClosed]{
	Name:  LastClosingRecord,
	House: house.Own(),
	ID:    func(lastClosed) string { return lastID },
}
