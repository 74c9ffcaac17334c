package usagefile

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// entry is what a line says.
type entry struct {
	metering.Event

	faults []Fault
	more   int
	places []named // where what was read stands
	bytes  []byte  // the line, where columns are counted in bytes until one is told
}

// named is where a part of an event stands in its line.
type named struct {
	name   string
	column int
}

// place notes where a part stands.
func (e *entry) place(name string, column int) { e.places = append(e.places, named{name, column}) }

// column returns where a path of a violation stands, 0 for nowhere.
func (e *entry) column(path string) int {
	for _, p := range e.places {
		if p.name == path {
			return p.column
		}
	}
	return 0
}

// fault adds what is wrong.
func (e *entry) fault(column int, path, code, value, text string) {
	var v servicecoin.Violations
	v.Add(path, code, value, text)
	e.add(column, v.Err())
}

// add adds the violations of an error.
func (e *entry) add(column int, err error) {
	const most = 10
	invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
	if !ok {
		return
	}
	e.more += invalid.More
	for _, v := range invalid.Violations {
		if len(e.faults) == most {
			e.more++
			continue
		}
		at := column
		if at == 0 {
			at = e.column(v.Path)
		}
		if at > 0 && e.bytes != nil {
			at = utf8.RuneCount(e.bytes[:min(at-1, len(e.bytes))]) + 1
		}
		e.faults = append(e.faults, Fault{at, v})
	}
}

// merge adds what the ledger found.
func (e *entry) merge(err *servicecoin.InvalidError) { e.add(0, err) }

// validate checks the event as the ledger will see it, so that the place can be told.
func (e *entry) validate() {
	whole := e.Event
	if whole.Customer == "" {
		whole.Customer = "x" // the host says which
	}
	whole.RecordedAt = time.Unix(0, 0)
	e.add(0, whole.Validate())
}

// put reads one part of an event from a text. An empty one says nothing.
func (e *entry) put(name, text string, column int) {
	e.place(name, column)
	if text == "" {
		return
	}
	switch name {
	case "customer":
		e.Customer = servicecoin.CustomerID(text)
	case "id":
		e.ID = text
	case "source":
		e.Source = text
	case "type":
		e.Type = text
	case "subject":
		e.Subject = text
	case "time":
		e.Time = e.instant(name, text, column)
	case "end":
		e.End = e.instant(name, text, column)
	case "open":
		switch strings.ToLower(text) {
		case "true":
			e.Open = true
		case "false":
		default:
			e.fault(column, name, "not-a-choice", text, "must be true or false")
		}
	case "value":
		d, err := metering.ParseValue(text)
		if err != nil {
			e.wrong(column, name, err)
			return
		}
		e.Value = servicecoin.Some(d)
	case "does":
		e.Does = metering.Act(text)
	case "of.source":
		e.Of.Source = text
	case "of.id":
		e.Of.ID = text
	default:
		e.putNamed(name, text, column)
	}
}

// putNamed reads a field or a dimension.
func (e *entry) putNamed(name, text string, column int) {
	if field, ok := strings.CutPrefix(name, "fields."); ok {
		d, err := metering.ParseValue(text)
		if err != nil {
			e.wrong(column, name, err)
			return
		}
		e.Fields = append(e.Fields, metering.Field{Name: field, Value: d})
		return
	}
	if dimension, ok := strings.CutPrefix(name, "dimensions."); ok {
		e.Dimensions = append(e.Dimensions, metering.Dimension{Name: dimension, Value: text})
	}
}

// wrong adds what is wrong with a number.
func (e *entry) wrong(column int, name string, err error) {
	var v servicecoin.Violations
	v.Merge(name, err)
	e.add(column, v.Err())
}

func (e *entry) instant(name, text string, column int) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		e.fault(column, name, "bad-time", text, "must be an instant with its zone, such as 2026-03-29T01:00:00Z or 2026-03-29T02:00:00+01:00")
	}
	return t
}

// settle gives an event what it does not say itself. A fact that only voids or closes
// another says nothing of it.
func (e *entry) settle(d metering.Event) {
	if e.Source == "" {
		e.Source = d.Source
	}
	if e.Customer == "" {
		e.Customer = d.Customer
	}
	if e.Does != metering.Void && e.Does != metering.Close {
		if e.Type == "" {
			e.Type = d.Type
		}
		if e.Subject == "" {
			e.Subject = d.Subject
		}
	}
	if e.Of.ID != "" && e.Of.Source == "" {
		e.Of.Source = e.Source
	}
}
