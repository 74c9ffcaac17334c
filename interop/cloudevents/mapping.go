package cloudevents

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/types"
	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/jsonscan"
	"github.com/servicecoin/servicecoin/metering"
)

// Mapping says where an event has what is beside its key, type, subject and time. A place
// is a path into data that is JSON ("$.usage.tokens", "$.parts[0].size", `$["a.b"]`), or
// the name of an extension attribute ("region"). What is not there is refused, but for
// dimensions, and for places that end in "?". A null is there, and says nothing.
type Mapping struct {
	// Value is where the value is: a number, or a text that is one. "": the event has
	// none, and is only counted.
	Value string
	// Fields are the places of further values, by name.
	Fields map[string]string
	// Dimensions are the places of dimensions, by name: texts, numbers as they are
	// written, true and false.
	Dimensions map[string]string
	// End is where the end of an interval is, an instant as RFC 3339 has it, and Open
	// where true says that it is not known yet. "": events are points.
	End, Open string
}

// Event returns the usage event that a CloudEvent is, without a customer: for events that
// come by other ways than HTTP. Its error is an [*servicecoin.InvalidError], of the
// mapping or of the event, whose paths are the places in the event. What [metering.Event]
// finds wrong is not looked for.
func (m Mapping) Event(e event.Event) (metering.Event, error) {
	p, err := m.plan(MaxDepth)
	if err != nil {
		return metering.Event{}, err
	}
	if err := e.Validate(); err != nil {
		return metering.Event{}, violations(err)
	}
	return plans{e.Type(): p}.event(item{Event: e})
}

// plan is a mapping whose places are read.
type plan struct {
	value, end, open   place
	fields, dimensions []place
	depth              int
	data               bool // whether one of them is in the data
}

// plans are those of the types.
type plans map[string]plan

// place is where something is.
type place struct {
	name      string // what it is called in the event, of fields and dimensions
	text      string // as it is written; "": nowhere
	attribute string // "": in the data
	steps     []jsonscan.Step
	optional  bool
}

// plan reads the places of a mapping.
func (m Mapping) plan(depth int) (plan, error) {
	var v servicecoin.Violations
	p := plan{depth: depth}
	at := func(path, name, text string) place {
		x, why := parsePlace(text)
		if why != "" {
			v.Add(path, "bad-place", text, why)
		}
		x.name = name
		p.data = p.data || x.text != "" && x.attribute == ""
		return x
	}
	p.value, p.end, p.open = at("value", "", m.Value), at("end", "", m.End), at("open", "", m.Open)
	if v.Limit("fields", len(m.Fields), metering.MaxFields) {
		for _, name := range slices.Sorted(maps.Keys(m.Fields)) {
			p.fields = append(p.fields, at(join("fields", name), name, m.Fields[name]))
		}
	}
	if v.Limit("dimensions", len(m.Dimensions), metering.MaxDimensions) {
		for _, name := range slices.Sorted(maps.Keys(m.Dimensions)) {
			x := at(join("dimensions", name), name, m.Dimensions[name])
			x.optional = true
			p.dimensions = append(p.dimensions, x)
		}
	}
	return p, v.Err()
}

func join(path, name string) string { return path + "[" + strconv.Quote(cut(name)) + "]" }

// parsePlace reads a place. The second result says what is wrong with it.
func parsePlace(text string) (place, string) {
	const most = 500
	if len(text) > most {
		return place{}, fmt.Sprintf("has %d bytes, %d are allowed", len(text), most)
	}
	p := place{text: text}
	rest, optional := strings.CutSuffix(text, "?")
	p.optional = optional
	if text == "" {
		return p, ""
	}
	rest, inData := strings.CutPrefix(rest, "$")
	if !inData {
		p.attribute = rest
		if rest == "" || strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return p, `must be a path that begins with $, or the name of an attribute, small letters and digits`
		}
		return p, ""
	}
	for rest != "" {
		var x jsonscan.Step
		var why string
		if x, rest, why = parseStep(rest); why != "" {
			return p, why
		}
		p.steps = append(p.steps, x)
	}
	return p, ""
}

func parseStep(text string) (x jsonscan.Step, rest, why string) {
	const faulty = `must be a path such as $.a.b, $.list[0] or $["a.b"]`
	if name, ok := strings.CutPrefix(text, "."); ok {
		n := strings.IndexAny(name, ".[")
		if n < 0 {
			n = len(name)
		}
		if n == 0 {
			return x, "", faulty
		}
		return jsonscan.Step{Name: name[:n]}, name[n:], ""
	}
	inside, ok := strings.CutPrefix(text, "[")
	if !ok {
		return x, "", faulty
	}
	if quoted, err := strconv.QuotedPrefix(inside); err == nil && quoted[0] == '"' {
		name, err := strconv.Unquote(quoted)
		rest, ok := strings.CutPrefix(inside[len(quoted):], "]")
		if err != nil || !ok {
			return x, "", faulty
		}
		return jsonscan.Step{Name: name}, rest, ""
	}
	number, rest, ok := strings.Cut(inside, "]")
	n, err := strconv.ParseUint(number, 10, 16)
	if !ok || err != nil {
		return x, "", faulty
	}
	return jsonscan.Step{Index: int(n), List: true}, rest, ""
}

// event makes the usage event of a CloudEvent. It has the key even where there is an error.
func (ps plans) event(x item) (metering.Event, error) {
	if x.err != nil {
		return metering.Event{Source: x.source, ID: x.id}, x.err
	}
	e := metering.Event{Source: x.Source(), ID: x.ID(), Type: x.Type(), Subject: x.Subject(), Time: x.Time()}
	var v servicecoin.Violations
	about(&v, &e, x.Event)
	switch e.Does {
	case metering.Void:
		e.Type, e.Subject, e.Time = "", "", time.Time{}
		return e, v.Err()
	case metering.Close:
		e.Type, e.Subject = "", ""
		return e, v.Err()
	case metering.Happen, metering.Correct:
	}
	p, known := ps[e.Type]
	if !known {
		if p, known = ps[""]; !known {
			v.Add("type", "unknown", e.Type, "is no type of usage that is taken here")
			return e, v.Err()
		}
	}
	r := reader{v: &v, x: x.Event}
	if p.data {
		r.open(p.depth)
	}
	e.Value = r.number(p.value)
	for _, at := range p.fields {
		if d := r.number(at); d.Valid {
			e.Fields = append(e.Fields, metering.Field{Name: at.name, Value: d.Decimal})
		}
	}
	for _, at := range p.dimensions {
		if text, _ := r.text(at); text != "" {
			e.Dimensions = append(e.Dimensions, metering.Dimension{Name: at.name, Value: text})
		}
	}
	e.Open = r.truth(p.open)
	e.End = r.instant(p.end)
	return e, v.Err()
}

// about reads which other event an event is about.
func about(v *servicecoin.Violations, e *metering.Event, x event.Event) {
	for _, a := range []struct {
		name string
		act  metering.Act
	}{{"voids", metering.Void}, {"corrects", metering.Correct}, {"closes", metering.Close}} {
		id, there := attribute(x, a.name)
		switch {
		case !there:
		case e.Does != metering.Happen:
			v.Add(a.name, "contradiction", id, "stands beside another one: an event does one thing to another")
		case id == "":
			v.Add(a.name, "required", "", "must be the id of an event")
			e.Does = a.act
		default:
			e.Does, e.Of = a.act, metering.Ref{Source: e.Source, ID: id}
		}
	}
	source, there := attribute(x, "ofsource")
	switch {
	case !there:
	case e.Does == metering.Happen:
		v.Add("ofsource", "contradiction", source, "is for what voids, corrects or closes an event")
	default:
		uri := types.ParseURIRef(source) // as sources are read
		if uri == nil {
			v.Add("ofsource", "invalid", source, "must be a URI reference")
			return
		}
		e.Of.Source = uri.String()
	}
}

// attribute returns an extension attribute as a text.
func attribute(x event.Event, name string) (string, bool) {
	value, there := x.Extensions()[name]
	if !there {
		return "", false
	}
	text, err := types.Format(value)
	return text, err == nil
}

// reader reads what an event has at the places of a plan.
type reader struct {
	v    *servicecoin.Violations
	x    event.Event
	data []byte // JSON; nil: there is none, or it is no good
	bad  bool   // it is said already what is wrong with the data
}

// open checks the data.
func (r *reader) open(depth int) {
	data := r.x.Data()
	if len(data) == 0 || string(data) == "null" {
		return
	}
	r.bad = true
	switch {
	case !jsonType(mediaType(r.x.DataContentType())):
		r.v.Add("data", "bad-type", r.x.DataContentType(), "must be JSON")
	case !json.Valid(data) || !utf8.Valid(data):
		r.v.Add("data", "syntax", "", "must be JSON")
	default:
		if why := jsonscan.Check(data, depth); why != nil {
			r.v.Add("data", why.Code, "", why.Text)
			return
		}
		r.data, r.bad = data, false
	}
}

// read returns what is at a place: as it is written in JSON, or the text of an attribute.
// nil: nothing, and it is said where that is wrong.
func (r *reader) read(at place) (raw []byte, text string, there bool) {
	if at.text == "" {
		return nil, "", false
	}
	if at.attribute != "" {
		text, there = attribute(r.x, at.attribute)
	} else if r.data != nil {
		raw = jsonscan.Find(r.data, at.steps)
		there = raw != nil
	}
	if !there && !at.optional && !r.bad {
		path := strings.TrimSuffix(at.text, "?")
		if at.attribute == "" && r.data == nil {
			r.v.Add("data", "required", "", "must be there, with "+path)
		} else {
			r.v.Add(path, "required", "", "must be there")
		}
	}
	return raw, text, there
}

// text reads a text, a number as it is written, or true or false: "" for null and where
// there is nothing. It reports whether it is a text.
func (r *reader) text(at place) (text string, quoted bool) {
	raw, text, there := r.read(at)
	if !there || raw == nil {
		return text, there
	}
	switch raw[0] {
	case 'n':
		return "", false
	case '"':
		return jsonscan.Unquote(raw), true
	case '{', '[':
		r.v.Add(at.text, "bad-type", "", "must be one value, not an object or a list")
		return "", false
	default:
		return string(raw), false
	}
}

// number reads a value: null where there is none, and for null.
func (r *reader) number(at place) decimal.NullDecimal {
	before := r.v.Len()
	text, quoted := r.text(at)
	if text == "" && !quoted || r.v.Len() > before {
		return servicecoin.Undefined()
	}
	d, err := metering.ParseValue(text)
	if err != nil {
		r.add(at, err)
		return servicecoin.Undefined()
	}
	return servicecoin.Some(d)
}

// add adds what is wrong with what is at a place.
func (r *reader) add(at place, err error) {
	if invalid, ok := errors.AsType[*servicecoin.InvalidError](err); ok {
		for _, x := range invalid.Violations {
			r.v.Add(strings.TrimSuffix(at.text, "?"), x.Code, x.Value, x.Text)
		}
	}
}

// truth reads true or false.
func (r *reader) truth(at place) bool {
	switch text, _ := r.text(at); text {
	case "true":
		return true
	case "", "false":
	default:
		r.v.Add(strings.TrimSuffix(at.text, "?"), "bad-type", text, "must be true or false")
	}
	return false
}

// instant reads an instant, zero for none.
func (r *reader) instant(at place) time.Time {
	text, _ := r.text(at)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		r.v.Add(strings.TrimSuffix(at.text, "?"), "bad-time", text, "must be an instant, such as 2026-03-29T01:00:00Z")
	}
	return t
}
