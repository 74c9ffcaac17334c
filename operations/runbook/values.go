package runbook

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Values are what parameters are, by name. There is no secret among them.
type Values map[string]string

// Configuration is what a host knows of a customer's environment: JSON objects by
// the name of the record, as [Source.Record] has it.
type Configuration map[string]json.RawMessage

// Lack is a parameter that a run cannot begin with.
type Lack struct {
	Name string  `json:"name"`
	Type Type    `json:"type"`
	From *Source `json:"from,omitempty"` // where it was looked for, beside what was given
	Code string  `json:"code"`           // "required", or what is wrong with its value: "bad-format", "unknown"
	Text string  `json:"text"`           // for people
}

const (
	mostValue   = 500 // characters of a value
	mostRecords = 200 // of a configuration
)

// Resolve returns the values that a run of the book would begin with, and what is
// missing or malformed: what is given comes before what the configuration says, and
// that before a default. Secrets are neither taken nor missed.
func Resolve(b Book, given Values, c Configuration) (Values, []Lack) {
	values := Values{}
	var lacks []Lack
	for _, p := range b.Parameters {
		if p.Type == Secret {
			continue
		}
		value, ok := given[p.Name]
		if !ok && p.From != nil {
			value, ok = lookUp(c[p.From.Record], p.From.Path)
		}
		if !ok && p.Default != "" {
			value, ok = p.Default, true
		}
		if !ok {
			if !p.Optional {
				lacks = append(lacks, Lack{Name: p.Name, Type: p.Type, From: p.From, Code: "required", Text: "has no value"})
			}
			continue
		}
		if code, text := p.Type.check(value, p.Choices); code != "" {
			lacks = append(lacks, Lack{Name: p.Name, Type: p.Type, From: p.From, Code: code, Text: text})
			continue
		}
		values[p.Name] = value
	}
	return values, lacks
}

// Missing lists which parameters a run of the book cannot begin with: those that
// have to be there and are not, and those whose value is not of their type.
func Missing(b Book, given Values, c Configuration) []Lack {
	_, lacks := Resolve(b, given, c)
	return lacks
}

// Records returns the names of the configuration records that the book reads,
// sorted.
func (b *Book) Records() []string {
	records := map[string]bool{}
	for _, p := range b.Parameters {
		if p.From != nil {
			records[p.From.Record] = true
		}
	}
	return slices.Sorted(maps.Keys(records))
}

// check says what is wrong with a value; code is "" for nothing.
func (t Type) check(value string, choices []string) (code, text string) {
	if len(value) > mostValue*utf8.UTFMax || utf8.RuneCountInString(value) > mostValue {
		return "too-long", fmt.Sprintf("must have %d characters at most", mostValue)
	}
	if !utf8.ValidString(value) {
		return "bad-text", "must be UTF-8"
	}
	switch t {
	case Text:
		if value == "" {
			return "required", "must not be empty"
		}
	case Number:
		if _, ok := number(value); !ok {
			return "bad-format", "must be a decimal number"
		}
	case Instant:
		if _, err := time.Parse(time.RFC3339, value); err != nil {
			return "bad-format", "must be an instant as RFC 3339 has it"
		}
	case Duration:
		var d calendar.Duration
		body, err := json.Marshal(value)
		if err != nil || d.UnmarshalJSON(body) != nil {
			return "bad-format", "must be an ISO 8601 duration such as PT36H"
		}
	case Choice:
		if !slices.Contains(choices, value) {
			return "unknown", fmt.Sprintf("must be one of %q", choices)
		}
	case Secret:
		return "secret", "is never given: the host finds it"
	default:
		return "unknown", "is of no type that is known"
	}
	return "", ""
}

// number reads a decimal that is small enough to reckon with.
func number(text string) (decimal.Decimal, bool) {
	const longest, digits, places = 60, 30, 18
	if len(text) > longest {
		return decimal.Decimal{}, false
	}
	d, err := decimal.NewFromString(text)
	if err != nil {
		return decimal.Decimal{}, false
	}
	var v servicecoin.Violations
	v.Number("", d, digits, places)
	return d, v.Err() == nil
}

// given checks what somebody hands in, before it is looked at one by one.
func (b *Book) given(v *servicecoin.Violations, given Values, c Configuration) {
	if !v.Limit("values", len(given), mostParameters) || !v.Limit("configuration", len(c), mostRecords) {
		return
	}
	const mostRecord = 256 << 10
	for _, name := range slices.Sorted(maps.Keys(c)) {
		v.Limit("configuration."+name, len(c[name]), mostRecord)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		place := slices.IndexFunc(b.Parameters, func(p Parameter) bool { return p.Name == name })
		switch {
		case place < 0:
			v.Add("values."+name, "unknown", name, "is no parameter of this book")
		case b.Parameters[place].Type == Secret:
			v.Add("values."+name, "secret", "", "is never given: the host finds it")
		}
	}
}
