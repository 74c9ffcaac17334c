package advisory

import (
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// kind is what a value of JSON or YAML is.
type kind int

const (
	absent kind = iota // the zero node: the key is not there
	null
	boolean
	number
	text
	plain // of YAML, without quotes: a text or a number, as its reader takes it
	list
	object
)

// String names the kind for people.
func (k kind) String() string {
	switch k {
	case absent:
		return "nothing"
	case null:
		return "null"
	case boolean:
		return "true or false"
	case number:
		return "a number"
	case text:
		return "a text"
	case plain:
		return "a plain value"
	case list:
		return "a list"
	case object:
		return "an object"
	}
	return "something else"
}

// node is a value of JSON or YAML, and where it stands.
type node struct {
	kind  kind
	at    int    // offset in the text of the source
	text  string // of texts; of numbers and plain values as written
	items []node // of a list; the values of an object
	keys  []string
}

// none reports whether nothing is said: the key is missing, or the value null.
func (n node) none() bool { return n.kind == absent || n.kind == null }

// get returns the value of a key, the zero node where there is none.
func (n node) get(keys ...string) node {
	for _, key := range keys {
		found := node{}
		for i, k := range n.keys {
			if k == key {
				found = n.items[i]
				break
			}
		}
		n = found
	}
	return n
}

// reader reads values out of nodes, and collects what is wrong with them.
type reader struct {
	*source
	v servicecoin.Violations
	f findings
}

func (r *reader) wrong(n node, code, value, text string) {
	r.v.Add(r.place(n.at), code, value, text)
}

// is reports whether a value is of a kind; nothing is of none, and no error.
func (r *reader) is(n node, name string, want kind) bool {
	if n.none() {
		return false
	}
	if n.kind != want {
		r.wrong(n, "bad-type", "", fmt.Sprintf("%s must be %s, it is %s", name, want, n.kind))
	}
	return n.kind == want
}

// str returns a text, "" where there is none.
func (r *reader) str(n node, name string) string {
	if n.kind == plain || r.is(n, name, text) {
		return n.text
	}
	return ""
}

// strs returns the texts of a list.
func (r *reader) strs(n node, name string) []string {
	if !r.is(n, name, list) {
		return nil
	}
	out := make([]string, 0, len(n.items))
	for _, x := range n.items {
		if s := r.str(x, "a member of "+name); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// list returns the members of a list that are objects.
func (r *reader) list(n node, name string) []node {
	if !r.is(n, name, list) {
		return nil
	}
	out := make([]node, 0, len(n.items))
	for _, x := range n.items {
		if r.is(x, "a member of "+name, object) {
			out = append(out, x)
		}
	}
	return out
}

// date returns a day; the zero one where there is none.
func (r *reader) date(n node, name string) calendar.Date {
	s := r.str(n, name)
	if s == "" {
		return calendar.Date{}
	}
	d, err := calendar.ParseDate(s)
	if err != nil {
		r.wrong(n, "bad-date", s, name+" must be a day of the calendar, as 2026-03-02")
	}
	return d
}

// time returns an instant; zero where there is none, and where it is the first one of the
// year 1, with which programs write that they know none.
func (r *reader) time(n node, name string) time.Time {
	s := r.str(n, name)
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		r.wrong(n, "bad-time", s, name+" must be an instant, as 2026-03-02T09:00:00Z")
		return time.Time{}
	}
	return t.UTC()
}

// Finding is something odd in a file that a person may want to know. It does not keep the
// file from being read.
type Finding struct {
	Line int    `json:"line"` // from 1
	Code string `json:"code"` // stable, for programs: the Found constants
	Text string `json:"text"` // for people
}

// MaxFindings is how many findings a document lists; the last one then says how many more
// there are.
const MaxFindings = 100

// findings collects findings, so many that they are of use.
type findings struct {
	list []Finding
	more int
}

func (f *findings) add(line int, code, text string) {
	if len(f.list) >= MaxFindings-1 {
		f.more++
		return
	}
	f.list = append(f.list, Finding{line, code, text})
}

// all returns what was found; the last one counts what is not listed.
func (f *findings) all() []Finding {
	if f.more > 0 {
		return append(f.list, Finding{f.list[len(f.list)-1].Line, FoundMore, fmt.Sprintf("and %d more", f.more)})
	}
	return f.list
}
