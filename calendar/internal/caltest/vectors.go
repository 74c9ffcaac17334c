package caltest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Case is a case of testdata/vectors. Where it comes from and what it shows is for
// people; all else is asked.
type Case struct {
	ID     string          `json:"id"`
	Source string          `json:"source"`
	Kind   string          `json:"kind"`
	Input  json.RawMessage `json:"input"`
	Expect json.RawMessage `json:"expect"`
	Note   string          `json:"note"`
	Quirk  bool            `json:"quirk"`

	Policy string `json:"-"` // of a quirk: what gives the answer of its source
}

// Strict reads one value and nothing else, and refuses a field that it does not
// know.
func Strict[T any](t *testing.T, what string, raw []byte) T {
	t.Helper()
	var x T
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&x); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		t.Fatalf("%s: there is more", what)
	}
	return x
}

// Fields reads the input of a case, or what it expects.
func Fields[T any](t *testing.T, raw json.RawMessage) T {
	t.Helper()
	return Strict[T](t, "case", raw)
}

// Cases reads a file, which must have cases, each with an id of its own.
func Cases(t *testing.T, file string) []Case {
	t.Helper()
	text, err := fs.ReadFile(os.DirFS("testdata/vectors"), file)
	must(t, err)
	cases := Strict[[]Case](t, file, text)
	if len(cases) == 0 {
		t.Fatalf("%s has no case", file)
	}
	seen := map[string]bool{}
	for _, c := range cases {
		if c.ID == "" || seen[c.ID] {
			t.Fatalf("%s: %q stands twice, or is no id", file, c.ID)
		}
		seen[c.ID] = true
	}
	return cases
}

// Asked are the fields of the input and of the answer of a kind that its check
// asks, those with a ? where they are there.
type Asked [2]string

// Require holds a case to them: nothing is missing, and nothing is not asked.
func (a Asked) Require(t *testing.T, c Case) {
	t.Helper()
	for what, x := range map[string]struct {
		raw  json.RawMessage
		want string
	}{"input": {c.Input, a[0]}, "expect": {c.Expect, a[1]}} {
		got := Strict[map[string]json.RawMessage](t, c.ID+" "+what, x.raw)
		for name := range strings.FieldsSeq(x.want) {
			plain := strings.TrimSuffix(name, "?")
			if _, there := got[plain]; !there && plain == name {
				t.Fatalf("%s: %s has no %s", c.ID, what, plain)
			}
			delete(got, plain)
		}
		if len(got) > 0 {
			t.Fatalf("%s: fields of %s that nothing asks: %v", c.ID, what, got)
		}
	}
}

// RequireQuirks holds that the quirks that are decided on are those of the files.
func RequireQuirks[T any](t *testing.T, decided map[string]T, files []string) {
	t.Helper()
	found := map[string]bool{}
	for _, file := range files {
		for _, c := range Cases(t, file) {
			if _, is := decided[c.ID]; is != c.Quirk {
				t.Errorf("%s: a quirk needs a named policy or a refusal, and nothing else has one", c.ID)
			}
			found[c.ID] = c.Quirk
		}
	}
	for id := range decided {
		if !found[id] {
			t.Errorf("%s is in no file", id)
		}
	}
}

// RequireOther holds that a refusal answers something else than the source does.
func RequireOther(t *testing.T, c Case, instead string) {
	t.Helper()
	if reflect.DeepEqual(Strict[map[string]any](t, c.ID, c.Expect), Strict[map[string]any](t, c.ID, []byte(instead))) {
		t.Fatalf("%s: what is refused is what we answer", c.ID)
	}
}

// RequireFiles holds that the files of testdata/vectors are those that are asked.
func RequireFiles(t *testing.T, asked ...string) {
	t.Helper()
	files, err := os.ReadDir("testdata/vectors")
	must(t, err)
	var there []string
	for _, f := range files {
		there = append(there, f.Name())
	}
	slices.Sort(asked)
	if !slices.Equal(asked, there) {
		t.Fatalf("asked are %v, there are %v", asked, there)
	}
}

// Quirk is what we do about a case that only its source behaves like: a policy
// that gives its answer, or a refusal and the answer that we give instead.
type Quirk struct {
	Policy  string // the policy, or the default, that gives the answer of the source
	Refused string // why not
	Instead string // what we expect instead; "" checks that the input is an error
}

// Vectors are the cases that one package asks.
type Vectors struct {
	Files   []string
	Quirks  map[string]Quirk
	Asked   map[string]Asked
	Checks  map[string]func(*testing.T, Case) // by kind
	Refusal func(*testing.T, Case)            // expects an error, or that there is nothing to ask
}

// Run asks all cases, and holds that no file and no quirk is left out.
func (v Vectors) Run(t *testing.T) {
	t.Helper()
	RequireFiles(t, v.Files...)
	RequireQuirks(t, v.Quirks, v.Files)
	for _, file := range v.Files {
		passed, byPolicy, refused := 0, 0, 0
		cases := Cases(t, file)
		for _, c := range cases {
			check, ok := v.Checks[c.Kind]
			if !ok {
				t.Fatalf("no check for kind %s of case %s", c.Kind, c.ID)
			}
			v.Asked[c.Kind].Require(t, c)
			q := v.Quirks[c.ID]
			if q.Instead != "" {
				RequireOther(t, c, q.Instead)
				c.Expect = json.RawMessage(q.Instead)
			}
			if c.Quirk && (q.Policy == "") == (q.Refused == "") {
				t.Fatalf("%s: a quirk is by policy or refused", c.ID)
			}
			if c.Policy = q.Policy; q.Refused != "" && q.Instead == "" {
				check = v.Refusal
			}
			switch ok := t.Run(c.ID, func(t *testing.T) { check(t, c) }); {
			case !ok:
			case q.Refused != "":
				refused++
			case c.Quirk:
				byPolicy++
			default:
				passed++
			}
		}
		t.Logf("%s: %d cases, %d passed, %d quirks by policy, %d quirks refused", file, len(cases), passed, byPolicy, refused)
	}
}
