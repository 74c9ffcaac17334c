package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/store"
)

// machines stands for the host's automation. An operation takes a while, its key
// is remembered, and asking again asks after it, also after a restart.
type machines struct {
	store *store.Store
	takes time.Duration
}

// job is an operation that was begun.
type job struct {
	Key   string    `json:"key"`
	Begun time.Time `json:"begun"`
}

var jobs = store.Kind[job]{Name: "portal.job", ID: func(j job) string { return j.Key }}

func (m machines) ask(ctx context.Context, key string) (catalog.Progress, error) {
	c := store.Of(m.store.For(servicecoin.Provider), jobs)
	j, err := c.Get(ctx, key)
	if errors.Is(err, servicecoin.ErrNotFound) {
		j = job{Key: key, Begun: m.store.Now()}
		err = kept(c.Insert(ctx, j))
	}
	if err != nil {
		return catalog.Progress{}, err
	}
	if m.store.Now().Sub(j.Begun) < m.takes {
		return catalog.Progress{State: catalog.UnderWay, Text: "Being set up since " + j.Begun.Format("15:04:05") + " UTC"}, nil
	}
	return catalog.Progress{State: catalog.Done}, nil
}

// Provision implements catalog.Provisioner.
func (m machines) Provision(ctx context.Context, r catalog.Operation) (catalog.Progress, error) {
	progress, err := m.ask(ctx, r.Key)
	if err == nil && progress.State == catalog.Done {
		progress.Outputs, err = json.Marshal(map[string]string{"address": fmt.Sprintf("https://%s.%s.example", r.Service, r.Customer)})
	}
	return progress, err
}

// Deprovision implements catalog.Provisioner.
func (m machines) Deprovision(ctx context.Context, r catalog.Operation) (catalog.Progress, error) {
	return m.ask(ctx, r.Key)
}

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

func violations(v *servicecoin.Violations, e *jsonschema.ValidationError) {
	for _, cause := range e.Causes {
		violations(v, cause)
	}
	if len(e.Causes) == 0 {
		v.Add(strings.Join(e.InstanceLocation, "."), "schema", "", e.ErrorKind.LocalizedString(message.NewPrinter(language.English)))
	}
}

// field is one input of an order, made of the schema.
type field struct {
	Name, Title, Type string
	Enum              []string
	Required          bool
	Min, Max          string
	Value             string
}

// fields reads the plain properties of a schema: what a form can ask for.
func fields(schema json.RawMessage, filled func(name string) string) []field {
	var s struct {
		Required   []string
		Properties map[string]struct {
			Title, Type      string
			Enum             []string
			Minimum, Maximum *json.Number
		}
	}
	if len(schema) == 0 || json.Unmarshal(schema, &s) != nil {
		return nil
	}
	var list []field
	for _, name := range sortedKeys(s.Properties) {
		p := s.Properties[name]
		f := field{Name: name, Title: p.Title, Type: p.Type, Enum: p.Enum, Value: filled(name)}
		if f.Title == "" {
			f.Title = sentence(name)
		}
		for _, r := range s.Required {
			f.Required = f.Required || r == name
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
		switch n, err := strconv.ParseInt(f.Value, 10, 64); {
		case f.Value == "":
		case (f.Type == "integer" || f.Type == "number") && err == nil:
			values[f.Name] = n
		default:
			values[f.Name] = f.Value
		}
	}
	return json.Marshal(values)
}
