package runbook

import (
	"context"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// VerbEraseChecklist takes a person out of a checklist, or of a template.
const VerbEraseChecklist = "checklist.erase"

// The events of an erasure; their data is as of all others.
const (
	EventChecklistErased = "checklist.erased"
	EventTemplateErased  = "checklist.templateErased"
)

// ErasePerson takes a person out of all checklists and templates: who they are,
// wherever they acted, and what they wrote. What items came to, values and digests of
// files stay. Called again after an error it goes on where it was.
func (n *Checklists) ErasePerson(ctx context.Context, by servicecoin.Actor, person servicecoin.PersonID) error {
	var v servicecoin.Violations
	if v.ID("person", string(person)); v.Len() > 0 {
		return v.Err()
	}
	for c, err := range n.Recent().Where(func(c Checklist) bool { return c.erase(person) }).All(ctx) {
		if err != nil {
			return err
		}
		_, err := n.change(ctx, by, c.ID, VerbEraseChecklist, EventChecklistErased, Checked{}, func(c *Checklist, _ time.Time) error {
			c.erase(person)
			return nil
		})
		if err != nil {
			return err
		}
	}
	for t, err := range store.Of(n.view, templates).Find(store.All()).Where(func(t Template) bool { return t.erase(person) }).All(ctx) {
		if err != nil {
			return err
		}
		_, err := n.alter(ctx, by, t.ID, t.Edition, VerbEraseChecklist, EventTemplateErased, func(_ store.View, t *Template) error {
			t.erase(person)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// erasing returns the actor without a person, and whether it was that one.
func erasing(a *servicecoin.Actor, person servicecoin.PersonID) bool {
	was := false
	for _, p := range []*servicecoin.PersonID{&a.ID, &a.OnBehalfOf} {
		if *p == person {
			*p, was = ErasedPerson, true
		}
	}
	return was
}

// erase takes a person out, and reports whether they were in it. It shares nothing
// that it changes.
func (c *Checklist) erase(person servicecoin.PersonID) bool {
	was := false
	for _, a := range []*servicecoin.Actor{&c.BegunBy, &c.CompletedBy, &c.EndedBy} {
		was = erasing(a, person) || was
	}
	c.Checks, c.History = slices.Clone(c.Checks), slices.Clone(c.History)
	for i := range c.Checks {
		k := &c.Checks[i]
		if !erasing(&k.By, person) {
			continue
		}
		was, k.Note = true, ""
		var kept []Evidence
		for _, e := range k.Evidence {
			switch {
			case e.Value.Valid:
				kept = append(kept, e)
			case e.File != nil:
				kept = append(kept, Evidence{File: &File{SHA256: e.File.SHA256, Size: e.File.Size}})
			}
		}
		k.Evidence = kept
	}
	for i := range c.History {
		h := &c.History[i]
		if !erasing(&h.By, person) {
			continue
		}
		if was = true; h.Verb != VerbCheck { // of an item it is what it came to
			h.Text = ""
		}
	}
	if place, had := slices.BinarySearch(c.Hands, person); had {
		was = true
		c.Hands = slices.Delete(slices.Clone(c.Hands), place, place+1)
		c.touch(servicecoin.Actor{ID: ErasedPerson})
	}
	return was
}

// erase takes a person out, and reports whether they were in it.
func (t *Template) erase(person servicecoin.PersonID) bool {
	was := false
	for _, a := range []*servicecoin.Actor{&t.DraftedBy, &t.PublishedBy} {
		was = erasing(a, person) || was
	}
	if erasing(&t.EndedBy, person) {
		was, t.Reason = true, ""
	}
	return was
}
