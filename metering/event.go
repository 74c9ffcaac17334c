package metering

import (
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/internal/fixed"
	"github.com/servicecoin/servicecoin/store"
)

// The limits of an event, the same for every [EventStore].
const (
	MaxBatch          = 10_000 // events in one Append
	MaxDimensions     = 32     // dimensions of an event
	MaxDimensionBytes = 4096   // names and values of an event's dimensions together
	MaxSubjectBytes   = 1024   // a resource's own name can be long
	MaxDigits         = 30     // of a value, before the point
	MaxPlaces         = 30     // of a value, behind the point
)

// Subject is the name under which an event's subject is counted and grouped,
// beside its dimensions, none of which has this name.
const Subject = "subject"

// Event says that a customer used something. Its shape is that of a CloudEvent
// with the customer beside it: source and id together name it, so that the
// same event can be sent again.
type Event struct {
	Customer servicecoin.CustomerID `json:"customer"`
	Source   string                 `json:"source"` // who says so: a collector, a file
	ID       string                 `json:"id"`     // unique for the customer and source
	Type     string                 `json:"type"`   // what happened, "vm.hours": meters read one type
	Subject  string                 `json:"subject,omitempty"`
	Time     time.Time              `json:"time"` // when it happened; UTC, microseconds

	// Value is how much, in the unit of the meters that read the type: null for
	// something that is only counted. A negative value corrects.
	Value decimal.NullDecimal `json:"value"`
	// Dimensions tell more of it: region, size, project. An empty value is the
	// same as none at all.
	Dimensions map[string]string `json:"dimensions,omitempty"`

	RecordedAt time.Time `json:"recordedAt,omitzero"` // when it became known here; no part of the content
}

// Validate reports every violation of the event.
func (e Event) Validate() error {
	var v servicecoin.Violations
	v.ID("customer", string(e.Customer))
	v.ID("source", e.Source)
	v.ID("id", e.ID)
	v.ID("type", e.Type)
	plainText(&v, "subject", e.Subject, MaxSubjectBytes)
	v.Time("time", e.Time)
	v.Time("recordedAt", e.RecordedAt)
	if e.Value.Valid {
		v.Number("value", e.Value.Decimal, MaxDigits, MaxPlaces)
	}
	if !v.Limit("dimensions", len(e.Dimensions), MaxDimensions) {
		return v.Err()
	}
	size := 0
	for _, name := range slices.Sorted(maps.Keys(e.Dimensions)) {
		value := e.Dimensions[name]
		size += len(name) + len(value)
		v.ID("dimensions", name)
		if name == Subject {
			v.Add("dimensions", "reserved", name, "is the event's own field")
		}
		plainText(&v, "dimensions."+name[:min(len(name), servicecoin.MaxIDBytes)], value, MaxDimensionBytes)
	}
	if size > MaxDimensionBytes {
		v.Add("dimensions", "too-large", "", fmt.Sprintf("have %d bytes, %d are allowed", size, MaxDimensionBytes))
	}
	return v.Err()
}

// plainText checks a text that may be empty: UTF-8 without control characters.
func plainText(v *servicecoin.Violations, path, text string, most int) {
	if len(text) > most {
		v.Add(path, "too-long", text, fmt.Sprintf("has %d bytes, %d are allowed", len(text), most))
		return
	}
	bad := !utf8.ValidString(text)
	for i := range len(text) {
		bad = bad || text[i] < 0x20 || text[i] == 0x7f
	}
	if bad {
		v.Add(path, "bad-text", text, "must be UTF-8 without control characters")
	}
}

// Key names the event in a trace.
func (e Event) Key() servicecoin.Key {
	return servicecoin.Key{Customer: e.Customer, Kind: UsageEventRecord, ID: store.JoinID(e.Source, e.ID)}
}

// Same reports whether two events have the same content: everything but the
// time at which they became known. Values are compared as numbers, instants to
// the microsecond.
func (e Event) Same(other Event) bool {
	return e.Customer == other.Customer && e.Source == other.Source && e.ID == other.ID &&
		e.Type == other.Type && e.Subject == other.Subject &&
		servicecoin.Instant(e.Time).Equal(servicecoin.Instant(other.Time)) &&
		e.Value.Valid == other.Value.Valid && (!e.Value.Valid || fixed.Equal(e.Value.Decimal, other.Value.Decimal)) &&
		maps.Equal(said(e.Dimensions), said(other.Dimensions))
}

// said returns the dimensions that have a value.
func said(d map[string]string) map[string]string {
	for _, value := range d {
		if value == "" {
			d = maps.Clone(d)
			maps.DeleteFunc(d, func(_, value string) bool { return value == "" })
			return d
		}
	}
	return d
}

// Dimension returns a dimension, or the subject for the name [Subject]: "" is
// none.
func (e Event) Dimension(name string) string {
	if name == Subject {
		return e.Subject
	}
	return e.Dimensions[name]
}

// Compare orders events as a listing does: by time, then source, then id, byte
// by byte.
func (e Event) Compare(other Event) int { return CursorOf(e).Compare(CursorOf(other)) }

// Prepare checks a batch and returns it as stores keep it: copies, with
// instants in UTC cut to the microsecond and without empty dimensions. The
// error lists every violation of every event ("events[3].value"): one of them
// spoils the batch. Every [EventStore] begins its Append with it.
func Prepare(events []Event) ([]Event, error) {
	var v servicecoin.Violations
	if !v.Limit("events", len(events), MaxBatch) {
		return nil, v.Err()
	}
	ready := make([]Event, len(events))
	for i, e := range events {
		if err := e.Validate(); err != nil {
			v.Merge(fmt.Sprintf("events[%d]", i), err)
			continue
		}
		e.Time, e.RecordedAt = servicecoin.Instant(e.Time), servicecoin.Instant(e.RecordedAt)
		e.Dimensions = maps.Clone(said(e.Dimensions))
		if len(e.Dimensions) == 0 {
			e.Dimensions = nil
		}
		ready[i] = e
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	return ready, nil
}
