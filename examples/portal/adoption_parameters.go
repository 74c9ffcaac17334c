package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"github.com/shopspring/decimal"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/servicecoin/servicecoin"
)

// checkParameters holds an order to the offering's JSON Schema, and reports all
// that is wrong.
func checkParameters(schema, parameters json.RawMessage) error {
	const name = "offering.json"
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return fmt.Errorf("the offering's schema: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(name, doc); err != nil {
		return fmt.Errorf("the offering's schema: %w", err)
	}
	compiled, err := compiler.Compile(name)
	if err != nil {
		return fmt.Errorf("the offering's schema: %w", err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(parameters))
	if err != nil {
		return err
	}
	err = compiled.Validate(value)
	wrong, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return err
	}
	var v servicecoin.Violations
	violations(&v, wrong)
	return v.Err()
}

// violations says of each field what is wrong with it, in words.
func violations(v *servicecoin.Violations, e *jsonschema.ValidationError) {
	for _, cause := range e.Causes {
		violations(v, cause)
	}
	if len(e.Causes) > 0 {
		return
	}
	at := func(name string) string { return strings.Join(append(slices.Clone(e.InstanceLocation), name), ".") }
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			v.Add(at(name), "required", "", "is needed")
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			v.Add(at(name), "schema", "", "is not asked for")
		}
	default:
		v.Add(strings.Join(e.InstanceLocation, "."), "schema", "", schemaWords(e.ErrorKind))
	}
}

// schemaWords says what a value has to be.
func schemaWords(e jsonschema.ErrorKind) string {
	switch k := e.(type) {
	case *kind.Type:
		words := map[string]string{"integer": "a whole number", "number": "a number", "string": "a text", "boolean": "yes or no", "array": "a list"}
		var list []string
		for _, want := range k.Want {
			if w, ok := words[want]; ok {
				list = append(list, w)
			}
		}
		if len(list) > 0 {
			return "must be " + strings.Join(list, " or ")
		}
	case *kind.Enum:
		var list []string
		for _, want := range k.Want {
			list = append(list, valueWords(want))
		}
		return "must be one of " + strings.Join(list, ", ")
	case *kind.Minimum:
		return "must be at least " + ratWords(k.Want)
	case *kind.Maximum:
		return "must be at most " + ratWords(k.Want)
	case *kind.ExclusiveMinimum:
		return "must be more than " + ratWords(k.Want)
	case *kind.ExclusiveMaximum:
		return "must be less than " + ratWords(k.Want)
	case *kind.MinLength:
		return fmt.Sprintf("must have at least %d characters", k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("must have at most %d characters", k.Want)
	case *kind.Pattern:
		return "must be written in another way: " + k.Want
	}
	return e.LocalizedString(message.NewPrinter(language.English))
}

func ratWords(r *big.Rat) string {
	const places = 9
	return strings.TrimRight(strings.TrimRight(r.FloatString(places), "0"), ".")
}

// valueWords prints a value of JSON for people.
func valueWords(x any) string {
	switch x := x.(type) {
	case nil:
		return "nothing"
	case bool:
		if x {
			return "yes"
		}
		return "no"
	case string:
		return x
	case json.Number:
		if d, err := decimal.NewFromString(x.String()); err == nil {
			return grouped(d)
		}
	case []any:
		list := make([]string, 0, len(x))
		for _, v := range x {
			list = append(list, valueWords(v))
		}
		return strings.Join(list, ", ")
	case map[string]any:
		list := make([]string, 0, len(x))
		for _, name := range sortedKeys(x) {
			list = append(list, name+" "+valueWords(x[name]))
		}
		return strings.Join(list, ", ")
	}
	return fmt.Sprint(x)
}

// property is what a form needs to know of one property of a schema.
type property struct {
	Title, Type      string
	Enum             []string
	Minimum, Maximum *json.Number
}

type plainSchema struct {
	Required   []string
	Properties map[string]property
}

// readSchema reads the plain properties of a schema.
func readSchema(schema json.RawMessage) (s plainSchema) {
	if len(schema) > 0 && json.Unmarshal(schema, &s) != nil {
		return plainSchema{}
	}
	return s
}

// title is what people call a parameter.
func (s plainSchema) title(name string) string {
	if t := s.Properties[name].Title; t != "" {
		return t
	}
	return sentence(name)
}

// parameterWords are the parameters of an order under the titles of its schema.
func parameterWords(schema, raw json.RawMessage) []groupLine {
	if len(raw) == 0 {
		return nil
	}
	values := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&values) != nil {
		return nil
	}
	s := readSchema(schema)
	var list []groupLine
	for _, name := range sortedKeys(values) {
		list = append(list, groupLine{s.title(name), valueWords(values[name])})
	}
	return list
}

// field is one input of an order, made of the schema.
type field struct {
	Name, Title, Type string
	Input             string // the name of the input: apart from the others of the form
	Enum              []string
	Required          bool
	Min, Max          string
	Value             string
	Wrong             string // what is wrong with the value
}

// parameterPrefix keeps the inputs of parameters apart from those of meters.
const parameterPrefix = "parameter."

// fields reads the plain properties of a schema: what a form can ask for.
func fields(schema json.RawMessage, filled func(name string) string) []field {
	s := readSchema(schema)
	var list []field
	for _, name := range sortedKeys(s.Properties) {
		p := s.Properties[name]
		f := field{Name: name, Input: parameterPrefix + name, Title: s.title(name), Type: p.Type, Enum: p.Enum, Required: slices.Contains(s.Required, name)}
		f.Value = filled(f.Input)
		if p.Type == "boolean" {
			f.Enum = []string{"yes", "no"}
		}
		if p.Minimum != nil {
			f.Min = p.Minimum.String()
		}
		if p.Maximum != nil {
			f.Max = p.Maximum.String()
		}
		list = append(list, f)
	}
	return list
}

// parameters makes the JSON of an order out of a form; what is not said is left
// out, what is no number stays a text for the schema to refuse.
func parameters(schema json.RawMessage, filled func(name string) string) (json.RawMessage, error) {
	if len(schema) == 0 {
		return nil, nil
	}
	values := map[string]any{}
	for _, f := range fields(schema, filled) {
		switch {
		case f.Value == "":
		case f.Type == "boolean" && slices.Contains(f.Enum, f.Value):
			values[f.Name] = f.Value == "yes"
		case f.Type == "integer" || f.Type == "number":
			values[f.Name] = asNumber(f.Value)
		default:
			values[f.Name] = f.Value
		}
	}
	return json.Marshal(values)
}

// asNumber is a number as it was written, or the text that is none.
func asNumber(text string) any {
	const most = 40 // characters, exponents among them
	if len(text) > most || strings.ContainsAny(text, "eE") {
		return text
	}
	d, err := decimal.NewFromString(text)
	if err != nil {
		return text
	}
	return json.Number(d.String())
}
