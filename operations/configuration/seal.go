package configuration

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
)

// leastKey is how many bytes a key has at least.
const leastKey = 16

const sealedPrefix = "hmac-sha256:"

// Sealer makes digests of secrets, under a key that the host keeps: a plain hash of a
// password is guessed. Equal secrets of one scope have equal digests, so that drift of
// them is told; those of two scopes have nothing in common.
type Sealer struct {
	key   []byte
	scope string
}

// NewSealer returns a sealer. The key has 16 bytes at least, and stays the same: under
// another one, every secret looks changed until it is recorded and observed again.
func NewSealer(key []byte, scope string) (Sealer, error) {
	var v servicecoin.Violations
	if len(key) < leastKey {
		v.Add("secretKey", "too-short", "", "must have 16 bytes at least: secrets are kept as digests under it")
	}
	return Sealer{slices.Clone(key), scope}, v.Err()
}

// Digest returns a text in the place of a secret.
func (s Sealer) Digest(secret Value) Value {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(strconv.Itoa(len(s.scope)) + " " + s.scope))
	h.Write(canonical(nil, &secret))
	return TextOf(sealedPrefix + base64.RawURLEncoding.EncodeToString(h.Sum(nil)))
}

// sealed reports whether a value looks like a digest.
func (v *Value) sealed() bool {
	return v.kind == Text && len(v.text) == len(sealedPrefix)+base64.RawURLEncoding.EncodedLen(sha256.Size) && strings.HasPrefix(v.text, sealedPrefix)
}

// Plain returns the value without the digests that stand in the place of secrets: a
// member of an object that was one is absent, one of a list is null.
func (v Value) Plain() Value {
	if v.sealed() {
		return Value{}
	}
	if v.kind < List {
		return v
	}
	members := make([]Member, 0, len(v.members))
	for n := range v.members {
		m := Member{v.members[n].Name, v.members[n].Value.Plain()}
		switch {
		case m.Value.kind != Absent:
		case v.kind == List:
			m.Value = NullOf()
		default:
			continue
		}
		members = append(members, m)
	}
	v.members = members
	return v
}

// canonical writes a value so that equal ones come out the same.
func canonical(b []byte, v *Value) []byte {
	switch v.kind {
	case Number:
		return append(b, figuresOf(v.text).form()...)
	case List, Object:
		b = append(b, byte(v.kind))
		for n := range v.members {
			if v.kind == Object {
				b = append(quote(b, v.members[n].Name), ':')
			}
			b = append(canonical(b, &v.members[n].Value), ',')
		}
		return append(b, '.')
	case Absent, Null, Bool, Text:
	}
	return write(b, v)
}

// Seal returns a value with a digest in the place of each secret, and the JSON pointers
// of the places, for which the segments of members of a list with a key are those of
// the key. What is secret is what rules say, by the index of a member of a list or by
// its key.
//
// Before is what was sealed before: a digest that stands in the same place in both is
// kept, and not sealed again.
func (c *Comparer) Seal(s Sealer, v, before Value) (Value, []string, error) {
	if v.kind == Absent || !c.secrets() {
		return v, nil, nil
	}
	w := sealing{walk: walk{c: c}, sealer: s}
	out := w.seal(&v, there(&before), []state{c.start()})
	slices.Sort(w.found)
	return out, slices.Compact(w.found), w.wrong.Err()
}

// secrets reports whether any rule names a secret.
func (c *Comparer) secrets() bool {
	return c != nil && slices.ContainsFunc(c.rules, func(r Rule) bool { return r.Secret })
}

type sealing struct {
	walk

	sealer Sealer
	found  []string
}

// seal seals what is secret by any of the states: a member of a list is known by its
// index, and by its key.
func (w *sealing) seal(v, before *Value, states []state) Value {
	if slices.ContainsFunc(states, func(st state) bool { return st.rule != nil && st.rule.Secret }) {
		w.found = append(w.found, w.pointer())
		if before != nil && v.sealed() && before.text == v.text && before.kind == Text {
			return *v
		}
		return w.sealer.Digest(*v).Placed(int(v.line), int(v.column))
	}
	if v.kind < List {
		return *v
	}
	out := *v
	out.members = slices.Clone(v.members)
	var names map[int]string
	if v.kind == List {
		names = w.names(v, states)
	}
	for n := range out.members {
		m := &out.members[n]
		s, segments := segment{m.Name, -1}, []string{m.Name}
		if v.kind == List {
			s, segments = segment{"", n}, []string{strconv.Itoa(n)}
			if name, ok := names[n]; ok {
				s, segments = segment{name, -1}, append(segments, name)
			}
		}
		var below []state
		for _, st := range states {
			for _, name := range segments {
				below = append(below, w.c.step(&st, name))
			}
		}
		w.path = append(w.path, s)
		m.Value = w.seal(&m.Value, counterpart(before, v.kind, m.Name, n), below)
		w.path = w.path[:len(w.path)-1]
	}
	return out
}

// names are the segments of the members of a list by their places, where a rule has a
// key for it.
func (w *sealing) names(v *Value, states []state) map[int]string {
	for _, st := range states {
		if st.rule == nil || len(st.rule.Key) == 0 {
			continue
		}
		names := map[int]string{}
		for n := range v.members {
			e := entry{value: &v.members[n].Value}
			if code, _ := e.fill(st.rule); code == "" {
				names[n] = e.name
			}
		}
		return names
	}
	return nil
}

// counterpart finds the same place in what was before: by name, or by index.
func counterpart(before *Value, kind Kind, name string, n int) *Value {
	if before == nil || before.kind != kind {
		return nil
	}
	if kind == List {
		if n < len(before.members) {
			return &before.members[n].Value
		}
		return nil
	}
	if at, ok := find(before.members, name); ok {
		return &before.members[at].Value
	}
	return nil
}
