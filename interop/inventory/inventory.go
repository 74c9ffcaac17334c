// Package inventory models what others tell of what there is: plans and states of
// Terraform, objects of Kubernetes, scan reports of driftctl, logs of osquery, targets of
// Prometheus. It answers: which configuration items are these, what is desired of them, how
// were they found, what of it is secret, and what could not be read?
//
//	objects, err := inventory.ReadKubernetes(file, &inventory.KubernetesOptions{Scope: "eu-1"})
//	if err != nil {
//		return err
//	}
//	for _, s := range objects.Sweeps(now) {
//		swept, err := register.Sweep(ctx, by, s)
//		fmt.Println(swept.Drifted, swept.Strays, err)
//	}
//
// Every reader makes drafts and observations of operations/configuration: drafts are what a
// host records, sweeps what it lets the register compare. Beside them stand types with the
// rules of each source ([KubernetesType], [TerraformType], [PrometheusType], [OsqueryType]):
// what changes without anybody's doing, and by what members of lists are told apart.
//
// # Secrets
//
// What a source marks as secret is in states as it was read, and its JSON pointers are beside
// it: the register keeps digests of it. Texts that this package writes, its errors, its
// remarks and what String returns, have no value of a state in them, and states are left out
// where a result is written as JSON.
//
// # Errors
//
// A file that is none of its kind is an *servicecoin.InvalidError whose paths are lines and
// columns. What can be left out is, and a [Remark] says so: no reader guesses.
package inventory

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

// MaxThings is how many things a file may tell of. Further limits are those of
// [configuration.Parse].
const MaxThings = 100_000

// Remark is something of a file that a person may want to know. It does not keep the file
// from being read.
type Remark struct {
	Place string `json:"place"` // "line 3, column 7"
	Code  string `json:"code"`  // stable, for programs: the Told constants
	Text  string `json:"text"`  // for people; no value of a state is in it
}

// The codes of remarks.
const (
	ToldMore     = "more"     // how many more there are than are listed
	ToldUnread   = "unread"   // something that could not be read, and is left out
	ToldRepeated = "repeated" // something that stood before: the first one counts
	ToldPartial  = "partial"  // a file that does not tell everything
	ToldCount    = "count"    // a figure that is not that of the list beside it
	ToldCoarse   = "coarse"   // more secrets than are named one by one: what is around them is secret
	ToldAlike    = "alike"    // members of a list that cannot be told apart: comparing them is refused
	ToldUnknown  = "unknown"  // a word that this package does not know
	ToldOrder    = "order"    // something that stands before what happened earlier
)

// MaxRemarks is how many remarks a result lists; the last one then says how many more there
// are.
const MaxRemarks = 100

// Thing is something that a source tells of, as an item of the register.
type Thing struct {
	ID      servicecoin.ConfigurationID `json:"id"`
	Type    configuration.TypeName      `json:"type"`
	Name    string                      `json:"name"`
	Place   string                      `json:"place"` // where it stands in the file
	State   configuration.Value         `json:"-"`     // absent: it is not there
	Secrets []string                    `json:"secrets,omitempty"`

	coarse bool // more is secret than is named one by one
}

// String names the thing, and tells nothing of its state.
func (t Thing) String() string { return string(t.Type) + " " + string(t.ID) }

// GoString is String: "%#v" tells nothing of the state, too.
func (t Thing) GoString() string { return t.String() }

// Draft returns the thing as an item that is to be recorded, with its state as what is
// desired. Like says what is said of all of them: environment, owner, service.
func (t Thing) Draft(like configuration.Described) configuration.Draft {
	d := configuration.Draft{ID: t.ID, Described: like, Desired: t.State}
	d.Name, d.Type, d.Secrets = t.Name, t.Type, slices.Concat(like.Secrets, t.Secrets)
	return d
}

// Observation returns how the thing was found.
func (t Thing) Observation(look configuration.Look) configuration.Observation {
	look.Gone = t.State.IsZero()
	return configuration.Observation{Item: t.ID, Type: t.Type, Name: t.Name, Look: look, State: t.State, Secrets: t.Secrets}
}

// sweeps makes sweeps of observations, of as many as a sweep takes.
func sweeps(found []configuration.Observation, at time.Time, by string) []configuration.Sweep {
	const most, mostTypes = 10_000, 1000
	var out []configuration.Sweep
	for len(found) > 0 {
		types := map[configuration.TypeName]bool{}
		n := 0
		for n < min(len(found), most) && (types[found[n].Type] || len(types) < mostTypes) {
			types[found[n].Type] = true
			n++
		}
		out = append(out, configuration.Sweep{At: at, By: by, Types: slices.Sorted(maps.Keys(types)), Found: found[:n:n]})
		found = found[n:]
	}
	return out
}

// reader collects what a file tells.
type reader struct {
	scope   string
	v       servicecoin.Violations
	remarks []Remark
	more    int
	seen    map[servicecoin.ConfigurationID]string // and where
}

// wrong says what makes the file none of its kind.
func (r *reader) wrong(n configuration.Value, code, text string) {
	r.v.Add(n.Position(), code, "", text)
}

func (r *reader) remark(place, code, text string) {
	if len(r.remarks) >= MaxRemarks-1 {
		r.more++
		return
	}
	r.remarks = append(r.remarks, Remark{place, code, text})
}

// told returns the remarks; the last one counts what is not listed.
func (r *reader) told() []Remark {
	if r.more > 0 {
		return append(r.remarks, Remark{r.remarks[len(r.remarks)-1].Place, ToldMore, fmt.Sprintf("and %d more", r.more)})
	}
	return r.remarks
}

// result returns the error of what was read.
func (r *reader) result() error { return r.v.Err() }

// id makes an id of parts that name a thing. One that is too long ends with a digest.
func (r *reader) id(name string) servicecoin.ConfigurationID {
	if r.scope != "" {
		name = r.scope + "/" + name
	}
	const digest = 16
	if len(name) > servicecoin.MaxIDBytes {
		sum := sha256.Sum256([]byte(name))
		cut := servicecoin.MaxIDBytes - digest - 1
		for !utf8.RuneStart(name[cut]) {
			cut--
		}
		name = name[:cut] + "~" + hex.EncodeToString(sum[:])[:digest]
	}
	return servicecoin.ConfigurationID(name)
}

// mostName is how many characters a name has at most.
const mostName = 200

// keep takes a thing, unless it stood before or no register would take it.
func (r *reader) keep(t *Thing) bool {
	switch first, again := r.seen[t.ID]; {
	case again:
		r.remark(t.Place, ToldRepeated, fmt.Sprintf("%s stands there again: what stands at %s counts", short(string(t.ID)), first))
		return false
	case len(r.seen) >= MaxThings:
		if r.v.Len() == 0 {
			r.v.Add(t.Place, "too-many", "", fmt.Sprintf("has more than %d things", MaxThings))
		}
		return false
	case !r.fit(t):
		return false
	}
	if r.seen == nil {
		r.seen = map[servicecoin.ConfigurationID]string{}
	}
	r.seen[t.ID] = t.Place
	return true
}

// fit makes a thing such as a register takes, and says what that cost.
func (r *reader) fit(t *Thing) bool {
	t.Name = cutName(t.Name)
	var coarse bool
	if t.Secrets, coarse = fewer(t.Secrets); coarse || t.coarse {
		r.remark(t.Place, ToldCoarse, short(string(t.ID))+" has more secrets than are named one by one: what is around them is secret")
	}
	err := t.Draft(configuration.Described{Owner: configuration.OfProvider}).Validate() // which is stricter than observations
	if invalid, ok := errors.AsType[*servicecoin.InvalidError](err); ok {
		first := invalid.Violations[0]
		r.remark(t.Place, ToldUnread, fmt.Sprintf("%s is left out: its %s %s", short(string(t.ID)), first.Path, first.Text))
		return false
	}
	return true
}

func cutName(name string) string {
	if utf8.RuneCountInString(name) > mostName {
		return string([]rune(name)[:mostName-1]) + "…"
	}
	return name
}

// is reports whether a value is of a kind; nothing and null are of none, and not wrong.
func (r *reader) is(n configuration.Value, name string, want configuration.Kind) bool {
	if n.IsZero() || n.Kind() == configuration.Null {
		return false
	}
	if n.Kind() != want {
		r.wrong(n, "bad-type", fmt.Sprintf("%s must be of the kind %s, it is of the kind %s", name, want, n.Kind()))
	}
	return n.Kind() == want
}

// text returns the text of a member, "" where there is none.
func (r *reader) text(n configuration.Value, name string) string {
	m := n.Member(name)
	if r.is(m, name, configuration.Text) {
		s, _ := m.Scalar()
		return s
	}
	return ""
}

// list returns the members of a list, none where there is no list.
func (r *reader) list(n configuration.Value, name string) []configuration.Member {
	m := n.Member(name)
	if r.is(m, name, configuration.List) {
		return m.Members()
	}
	return nil
}

// textOf returns a text, "" for what is none.
func textOf(n configuration.Value) string {
	if n.Kind() != configuration.Text {
		return ""
	}
	s, _ := n.Scalar()
	return s
}

// whole reads a number without a fraction.
func whole(n configuration.Value) (int, bool) {
	s, _ := n.Scalar()
	if n.Kind() != configuration.Number {
		return 0, false
	}
	i, err := strconv.Atoi(s)
	return i, err == nil
}

// short quotes a name, and cuts it to what a sentence can hold.
func short(s string) string {
	const most = 80
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return strconv.Quote(s)
}

// pointer writes names as a JSON pointer.
func pointer(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteByte('/')
		b.WriteString(configuration.EscapeSegment(name))
	}
	return b.String()
}
