package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// fieldProblems are what is wrong with a form, by the name of the field at which it
// is said once more.
type fieldProblems map[string]string

// problemsAt sorts violations by field: of what path a field is, at says where it has
// not the name of the path's first part.
func problemsAt(err error, at map[string]string) fieldProblems {
	invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
	if !ok {
		return nil
	}
	list := fieldProblems{}
	for _, v := range invalid.Violations {
		name := v.Path
		for path, field := range at {
			if v.Path == path || strings.HasSuffix(v.Path, path) && strings.HasPrefix(path, ".") {
				name = field
			}
		}
		if name == v.Path {
			name, _, _ = strings.Cut(name, "[")
		}
		text := v.Text
		if v.Value != "" {
			text = "“" + v.Value + "” " + text
		}
		if list[name] == "" {
			list[name] = text
		}
	}
	return list
}

// formID is the id that a form brought along, a new one if it has none of ours: what
// is sent twice makes one record.
func (p *portal) formID(f *form) string {
	id := f.text("id")
	ours := strings.Trim(id, "0123456789abcdef-") == ""
	fresh := p.store.NewID()
	if ours && len(id) == len(fresh) {
		return id
	}
	return fresh
}

// timeIn reads an instant by the reader's clock, the zero Time for an empty field.
func (p *portal) timeIn(f *form, name string) time.Time {
	loc, err := p.zone(f.r)
	if err != nil {
		f.bad.Merge(name, err)
		return time.Time{}
	}
	return f.time(name, loc)
}

// colleagues are the provider's people, by name.
func (p *portal) colleagues(ctx context.Context) ([]person, error) {
	list, err := collect(p.host.persons().Find(store.By("customer", store.Text(""))).All(ctx))
	slices.SortFunc(list, func(a, b person) int { return compareFold(a.Name, b.Name) })
	return list, err
}

// colleague reads somebody of the provider's people out of a form.
func (p *portal) colleague(ctx context.Context, f *form, name string) servicecoin.PersonID {
	id := f.text(name)
	if id == "" {
		return ""
	}
	who, err := p.host.persons().Get(ctx, id)
	if err != nil || !who.Provider() {
		f.bad.Add(name, "unknown", id, "is nobody of our own people")
		return ""
	}
	return who.ID
}
