package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/problem"
)

type handInPage struct {
	page

	Customer     servicecoin.Customer
	Base         string
	Types        []choice
	Environments []string
	Came         *cameOf
}

// cameOf is what came of what was handed in.
type cameOf struct {
	configuration.Swept

	Names map[servicecoin.ConfigurationID]string
	Paths map[servicecoin.ConfigurationID]string
}

// Called returns the name of an item.
func (c *cameOf) Called(id servicecoin.ConfigurationID) string { return c.Names[id] }

// Path returns the address of an item, "" of what is not recorded.
func (c *cameOf) Path(id servicecoin.ConfigurationID) string { return c.Paths[id] }

func (p *portal) showHandIn(w http.ResponseWriter, r *http.Request) error {
	return p.handInForm(w, r, nil, nil, nil)
}

func (p *portal) handInForm(w http.ResponseWriter, r *http.Request, came *cameOf, f *form, problems error) error {
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	v := handInPage{page: p.page(r, "Hand in what was found", customerPath(c.ID, "configuration")), Customer: c.Customer, Base: customerPath(c.ID, "configuration"), Came: came}
	if problems != nil {
		v.again(f, problems)
		v.sent["found"] = []string{""} // it may have secrets, and is shown to nobody
	}
	for _, t := range itemTypes() {
		v.Types = append(v.Types, choice{string(t.Name), t.Title})
	}
	for i, err := range p.Configuration(c.ID).Items().All(r.Context()) {
		if err != nil {
			return err
		}
		if i.Environment != "" && !slices.Contains(v.Environments, i.Environment) {
			v.Environments = append(v.Environments, i.Environment)
		}
	}
	slices.Sort(v.Environments)
	return p.render(w, r, "configuration_observe.html", problem.Status(problems), v)
}

// observations reads what was found: a list of observations, or an object with the state
// of each item by its id. Nothing of it is in an error but where it is.
func (f *form) observations(name string) []configuration.Observation {
	text := f.text(name)
	if text == "" {
		f.bad.Add(name, "required", "", "must not be empty")
		return nil
	}
	value, err := configuration.Parse([]byte(text))
	if invalid, ok := errors.AsType[*servicecoin.InvalidError](err); ok {
		for _, x := range invalid.Violations {
			f.bad.Add(name, x.Code, "", x.Path+": "+x.Text)
		}
		return nil
	}
	var list []configuration.Observation
	switch value.Kind() {
	case configuration.List:
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			f.bad.Add(name, "bad-format", "", `must be a list of observations, each with "item" and "state"`)
		}
	case configuration.Object:
		for _, m := range value.Members() {
			list = append(list, configuration.Observation{Item: servicecoin.ConfigurationID(m.Name), State: m.Value})
		}
	case configuration.Absent, configuration.Null, configuration.Bool, configuration.Number, configuration.Text:
		f.bad.Add(name, "bad-format", "", "must be a list of observations, or an object with a state for each id")
	}
	return list
}

// handIn takes what somebody, or a tool of theirs, has found.
func (p *portal) handIn(w http.ResponseWriter, r *http.Request) error {
	f, c, err := p.formOf(r)
	if err != nil {
		return err
	}
	sweep := configuration.Sweep{By: f.text("by"), At: f.time("at", c.zone()), Environment: f.text("environment"), Complete: f.text("complete") != "", Found: f.observations("found")}
	if sweep.At.IsZero() {
		sweep.At = p.store.Now()
	}
	for _, t := range f.all("types") {
		sweep.Types = append(sweep.Types, configuration.TypeName(t))
	}
	register := p.Configuration(c.ID)
	var swept configuration.Swept
	if err = f.bad.Err(); err == nil {
		swept, err = register.Sweep(r.Context(), viewer(r).actor(), sweep)
	}
	if err = f.err(err); errors.Is(err, servicecoin.ErrInvalid) || errors.Is(err, servicecoin.ErrRefused) {
		return p.handInForm(w, r, nil, f, err)
	}
	if err != nil {
		return err
	}
	p.happened(r.Context())
	came := &cameOf{Swept: swept, Names: map[servicecoin.ConfigurationID]string{}, Paths: map[servicecoin.ConfigurationID]string{}}
	ids := slices.Concat(swept.Drifted, swept.Gone, swept.Strays)
	for _, x := range swept.Failed {
		ids = append(ids, x.Item)
	}
	for _, id := range ids {
		came.Names[id] = string(id)
		i, err := register.Item(r.Context(), id)
		switch {
		case err == nil:
			came.Names[id], came.Paths[id] = i.Name, recordedPath(c.ID, id)
		case !errors.Is(err, servicecoin.ErrNotFound) && !errors.Is(err, servicecoin.ErrInvalid):
			return err
		}
	}
	return p.handInForm(w, r, came, nil, nil)
}
