package configuration

import (
	"slices"
	"strconv"
	"strings"
)

// entry is a member of a list that is told by its key, or by what it is.
type entry struct {
	id    string // which no other member has
	name  string // the segment of its path
	value *Value
	place int
}

// entries returns the members of a list in the order of their ids; false if they
// cannot be told apart, of which the violations say why.
func (w *walk) entries(side string, list *Value, r *Rule) ([]entry, bool) {
	entries := make([]entry, 0, len(list.members))
	fine := true
	wrong := func(e entry, code, text string) {
		if at := e.value.Position(); at != "" {
			text += " (" + at + ")"
		}
		w.wrong.Add(side+w.pointer()+"/"+strconv.Itoa(e.place), code, "", text)
		fine = false
	}
	for n := range list.members {
		e := entry{value: &list.members[n].Value, place: n}
		if code, text := e.fill(r); code != "" {
			wrong(e, code, text)
			continue
		}
		entries = append(entries, e)
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return strings.Compare(a.id, b.id) })
	if r.Set {
		return slices.CompactFunc(entries, func(a, b entry) bool { return a.id == b.id }), fine
	}
	for n := 1; n < len(entries); n++ {
		if entries[n].id == entries[n-1].id {
			wrong(entries[n], "duplicate", "another member of the list has the same "+r.keyText())
		}
	}
	return entries, fine
}

// keyText is the key of a list, for people.
func (r *Rule) keyText() string {
	names := make([]string, len(r.Key))
	for n, f := range r.Key {
		names[n] = strconv.Quote(f.Name)
	}
	return strings.Join(names, ", ")
}

// fill finds what a member is told by.
func (e *entry) fill(r *Rule) (code, text string) {
	if r.Set {
		if !e.value.scalar() {
			return "not-scalar", "must be a scalar, as the list is a set"
		}
		e.name, e.id = e.value.text, e.value.kind.String()+" "+e.value.text
		if e.value.kind == Number {
			e.id = figuresOf(e.value.text).form()
		}
		return "", ""
	}
	if e.value.kind != Object {
		return "not-object", "must be an object, as members of the list are told by " + r.keyText()
	}
	var id strings.Builder
	for n, f := range r.Key {
		text := f.Default
		if at, ok := find(e.value.members, f.Name); ok {
			v := &e.value.members[at].Value
			if !v.scalar() {
				return "not-scalar", "must have a scalar for " + strconv.Quote(f.Name) + ", as members of the list are told by it"
			}
			text = v.text
		}
		if len(r.Key) == 1 {
			e.name, e.id = text, text
			return "", ""
		}
		if n > 0 {
			e.name += ","
		}
		e.name += text
		id.WriteString(strconv.Itoa(len(text)))
		id.WriteByte(' ')
		id.WriteString(text)
	}
	e.id = id.String()
	return "", ""
}
