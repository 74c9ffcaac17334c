package metering

import (
	"fmt"
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
	MaxFields         = 16     // further values of an event
	MaxSubjectBytes   = 1024   // a resource's own name can be long
	MaxDigits         = 30     // of a value, before the point
	MaxPlaces         = 30     // of a value, behind the point
)

// Subject is the name under which an event's subject is counted and grouped,
// beside its dimensions, none of which has this name.
const Subject = "subject"

// Seconds is the name under which a meter reads how long an interval is, beside the
// fields of its event, none of which has this name.
const Seconds = "seconds"

// Act is what a fact does.
type Act string

// The acts. Each names the event that it is about in [Event.Of].
const (
	Happen  Act = ""        // it says that something happened: most events
	Void    Act = "void"    // the event never happened
	Correct Act = "correct" // the event was as this one says, and not as it was told
	Close   Act = "close"   // the interval, open so far, ended at Time
)

// Ref names an event of a customer.
type Ref struct {
	Source string `json:"source"`
	ID     string `json:"id"`
}

// Event says that a customer used something. Its shape is that of a CloudEvent
// with the customer beside it: source and id together name it, so that the
// same event can be sent again.
//
// It is a point in time, or an interval: with an End, or Open for one that goes on
// until a later fact closes it. The value of an interval is spread evenly over its
// time.
//
// A fact about an event that is there is an event, too, with a source and an id of
// its own: it voids, corrects or closes the one that Of names, which is kept. Of
// several, the one that was recorded last counts.
type Event struct {
	Customer servicecoin.CustomerID `json:"customer"`
	Source   string                 `json:"source"` // who says so: a collector, a file
	ID       string                 `json:"id"`     // unique for the customer and source
	Type     string                 `json:"type"`   // what happened, "vm.hours": meters read one type; "" where it voids or closes
	Subject  string                 `json:"subject,omitempty"`
	Time     time.Time              `json:"time,omitzero"`  // when it happened, or began; UTC, microseconds
	End      time.Time              `json:"end,omitzero"`   // of an interval, exclusive; zero: a point, or open
	Open     bool                   `json:"open,omitempty"` // an interval of which nobody knows the end yet

	// Value is how much, in the unit of the meters that read the type: null for
	// something that is only counted. A negative value corrects.
	Value decimal.NullDecimal `json:"value"`
	// Fields are further values, where one event says several: tokens in and out, a
	// quantity and a size.
	Fields Fields `json:"fields,omitempty"`
	// Dimensions tell more of it: region, size, project. An empty value is the
	// same as none at all.
	Dimensions Dimensions `json:"dimensions,omitempty"`

	Does Act `json:"does,omitempty"` // to the event that Of names
	Of   Ref `json:"of,omitzero"`

	RecordedAt time.Time `json:"recordedAt,omitzero"` // when it became known here; no part of the content
}

// Validate reports every violation of the event.
func (e Event) Validate() error {
	var v servicecoin.Violations
	v.ID("customer", string(e.Customer))
	v.ID("source", e.Source)
	v.ID("id", e.ID)
	v.Time("recordedAt", e.RecordedAt)
	switch e.Does {
	case Happen, Correct:
		e.content(&v)
	case Void, Close:
		e.bare(&v)
	default:
		v.Add("does", "unknown", string(e.Does), "must be void, correct, close, or nothing")
		return v.Err()
	}
	if e.Does == Happen {
		if e.Of != (Ref{}) {
			v.Add("of", "contradiction", "", "is for facts that void, correct or close")
		}
		return v.Err()
	}
	v.ID("of.source", e.Of.Source)
	v.ID("of.id", e.Of.ID)
	if e.Of == (Ref{e.Source, e.ID}) {
		v.Add("of", "itself", e.Of.ID, "is the fact itself")
	}
	return v.Err()
}

// content checks what an event says.
func (e Event) content(v *servicecoin.Violations) {
	v.ID("type", e.Type)
	plainText(v, "subject", e.Subject, MaxSubjectBytes)
	v.Time("time", e.Time)
	if !e.End.IsZero() {
		v.Time("end", e.End)
		if e.Open {
			v.Add("end", "contradiction", "", "an interval that is open has none")
		} else if !servicecoin.Instant(e.End).After(servicecoin.Instant(e.Time)) {
			v.Add("end", "order", e.End.UTC().Format(time.RFC3339Nano), "must lie after the time")
		}
	}
	if e.Value.Valid {
		v.Number("value", e.Value.Decimal, MaxDigits, MaxPlaces)
	}
	e.Fields.validate(v)
	e.Dimensions.validate(v)
}

// bare checks that a fact which only voids or closes says nothing else.
func (e Event) bare(v *servicecoin.Violations) {
	if e.Does == Close {
		v.Time("time", e.Time)
	}
	for _, x := range []struct {
		path string
		said bool
	}{
		{"type", e.Type != ""},
		{"subject", e.Subject != ""},
		{"time", e.Does == Void && !e.Time.IsZero()},
		{"end", !e.End.IsZero()},
		{"open", e.Open},
		{"value", e.Value.Valid},
		{"fields", len(e.Fields) > 0},
		{"dimensions", len(e.Dimensions) > 0},
	} {
		if x.said {
			v.Add(x.path, "contradiction", "", "a fact that only "+string(e.Does)+"s another says nothing of it")
		}
	}
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
		e.Does == other.Does && e.Of == other.Of && e.sameContent(other)
}

// sameContent compares what two events say.
func (e Event) sameContent(other Event) bool {
	return e.Type == other.Type && e.Subject == other.Subject && e.Open == other.Open &&
		servicecoin.Instant(e.Time).Equal(servicecoin.Instant(other.Time)) && servicecoin.Instant(e.End).Equal(servicecoin.Instant(other.End)) &&
		e.Value.Valid == other.Value.Valid && (!e.Value.Valid || fixed.Equal(e.Value.Decimal, other.Value.Decimal)) &&
		e.Fields.same(other.Fields) && slices.Equal(e.Dimensions.tidy(), other.Dimensions.tidy())
}

// Dimension returns a dimension, or the subject for the name [Subject]: "" is
// none.
func (e Event) Dimension(name string) string {
	if name == Subject {
		return e.Subject
	}
	return e.Dimensions.Get(name)
}

// Amount returns a field, or the value for the name "": null is none.
func (e Event) Amount(name string) decimal.NullDecimal {
	if name == "" {
		return e.Value
	}
	return e.Fields.Get(name)
}

// Compare orders events as a listing does: by time, then source, then id, byte
// by byte.
func (e Event) Compare(other Event) int { return CursorOf(e).Compare(CursorOf(other)) }

// clone returns an event that shares nothing with e.
func (e Event) clone() Event {
	e.Dimensions, e.Fields = slices.Clone(e.Dimensions), slices.Clone(e.Fields)
	return e
}

// prepared returns the event as stores keep it: with instants in UTC cut to the
// microsecond, and its lists in order. Only lists that are not in order are copied.
func (e Event) prepared() Event {
	e.Time, e.End, e.RecordedAt = instant(e.Time), instant(e.End), servicecoin.Instant(e.RecordedAt)
	e.Dimensions, e.Fields = e.Dimensions.tidy(), e.Fields.tidy()
	return e
}

// instant leaves the zero time what it is: no time at all.
func instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return servicecoin.Instant(t)
}
