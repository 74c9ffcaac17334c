package releases

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// kind is what a value is.
type kind int

const (
	absent kind = iota
	null
	boolean
	text // numbers and days too: as they are written
	list
	object
)

// String names the kind for people.
func (k kind) String() string {
	return [...]string{"nothing", "null", "true or false", "a text", "a list", "an object"}[k]
}

// node is a value of YAML or JSON, and where it stands.
type node struct {
	kind   kind
	line   int
	text   string // as written
	items  []*node
	keys   map[string]int // of an object: where in items
	parent *node
	key    string // in the parent, if that is an object
	index  int    // in the parent, if that is a list
}

// add adds a member to an object.
func (n *node) add(key string, item *node, line int) *fault {
	if _, twice := n.keys[key]; twice {
		return &fault{line, item.path(), "duplicate", "the key stands twice in one object"}
	}
	if n.keys == nil {
		n.keys = map[string]int{}
	}
	n.keys[key] = len(n.items)
	n.items = append(n.items, item)
	return nil
}

// path names the place in the document: schedules[0].next.
func (n *node) path() string {
	var steps []string
	for ; n.parent != nil; n = n.parent {
		if n.parent.kind == list {
			steps = append(steps, "["+strconv.Itoa(n.index)+"]")
		} else {
			steps = append(steps, "."+short(n.key))
		}
	}
	var b strings.Builder
	for _, step := range slices.Backward(steps) {
		b.WriteString(step)
	}
	return strings.TrimPrefix(b.String(), ".")
}

// short cuts a text to what a complaint shows of it.
func short(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// none reports whether nothing is said: the key is missing, its value null or empty.
func (n *node) none() bool {
	return n.kind == absent || n.kind == null || n.kind == text && strings.TrimSpace(n.text) == ""
}

// get returns the value of the first of the keys that is there, an absent one where none is.
func (n *node) get(keys ...string) *node {
	for _, key := range keys {
		if i, ok := n.keys[key]; ok {
			return n.items[i]
		}
	}
	return &node{line: n.line, parent: n, key: keys[0]}
}

// reader reads values out of nodes, and collects what is wrong with them.
type reader struct {
	v     servicecoin.Violations
	found []Complaint
	more  int
}

// wrong tells what cannot be read.
func (r *reader) wrong(n *node, code, text string) {
	value := ""
	if n.kind == boolean || n.kind != absent && n.text != "" {
		value = n.text
	}
	r.v.Add(place(n.line, n.path()), code, value, text)
}

// odd tells what can be read and is odd.
func (r *reader) odd(line int, path, code, format string, args ...any) {
	if len(r.found) >= MaxComplaints-1 {
		r.more++
		return
	}
	r.found = append(r.found, Complaint{line, path, code, fmt.Sprintf(format, args...)})
}

// done returns what was read, or what could not be.
func (r *reader) done(s *Schedule) (*Schedule, error) {
	if err := r.v.Err(); err != nil {
		return nil, err
	}
	s.Complaints = r.found
	if r.more > 0 {
		s.Complaints = append(s.Complaints, Complaint{Line: r.found[len(r.found)-1].Line, Code: ComplaintMore, Text: fmt.Sprintf("and %d more", r.more)})
	}
	return s, nil
}

// is reports whether a value is of a kind; nothing is of none, and no error.
func (r *reader) is(n *node, want kind) bool {
	if n.none() {
		return false
	}
	if n.kind != want {
		r.wrong(n, "bad-type", fmt.Sprintf("must be %s, it is %s", want, n.kind))
	}
	return n.kind == want
}

// str returns a text, "" where there is none.
func (r *reader) str(n *node) string {
	if !r.is(n, text) {
		return ""
	}
	return strings.TrimSpace(n.text)
}

// must returns a text that has to be there.
func (r *reader) must(n *node) string {
	if n.none() {
		r.wrong(n, "required", "must not be empty")
	}
	return r.str(n)
}

// list returns the members of a list; nothing is an empty one.
func (r *reader) list(n *node) []*node {
	if !r.is(n, list) {
		return nil
	}
	return n.items
}

// objects returns the members of a list, which must be objects.
func (r *reader) objects(n *node) []*node {
	items := r.list(n)
	out := make([]*node, 0, len(items))
	for _, x := range items {
		switch {
		case x.none():
			r.wrong(x, "required", "must be an object, there is nothing")
		case r.is(x, object):
			out = append(out, x)
		}
	}
	return out
}

// root checks that the document is of a kind.
func (r *reader) root(n *node, want kind) bool {
	if n.none() {
		r.wrong(n, "required", "there is nothing in the file")
		return false
	}
	return r.is(n, want)
}

// whole reads a file whose root is of a kind, and has fill make a schedule of that.
func whole(file []byte, parse func(*source) (*node, error), want kind, fill func(r *reader, root *node, out *Schedule)) (*Schedule, error) {
	s, err := open(file)
	if err != nil {
		return nil, err
	}
	root, err := parse(s)
	if err != nil {
		return nil, err
	}
	r, out := &reader{}, &Schedule{}
	if r.root(root, want) {
		fill(r, root, out)
	}
	return r.done(out)
}

// date returns a day; the zero one where there is none.
func (r *reader) date(n *node) calendar.Date {
	s := r.str(n)
	if s == "" {
		return calendar.Date{}
	}
	d, err := calendar.ParseDate(s)
	if err != nil {
		r.wrong(n, "bad-date", "must be a day of the calendar, as 2026-03-02")
	}
	return d
}

// when returns a day, or whether something is so: in the words of YAML 1.1, too, which is
// what most of these files were written for.
func (r *reader) when(n *node) When {
	if n.kind == boolean || n.kind == text {
		switch strings.ToLower(strings.TrimSpace(n.text)) {
		case "true", "yes", "on", "y":
			return When{Yes: true}
		case "false", "no", "off", "n":
			return When{No: true}
		}
	}
	return When{Date: r.date(n)}
}
