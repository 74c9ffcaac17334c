package servicecoin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"
)

// The sentinels. Every error of the library wraps one of them, or comes from
// below (a driver, a cancelled context); test with errors.Is. An error that
// wraps none of them may mean that the change happened: see [MayHaveHappened].
var (
	ErrNotFound  = errors.New("not found")                  // no such record, or not in this customer's partition
	ErrExists    = errors.New("exists already")             // an insert found the key taken
	ErrConflict  = errors.New("changed meanwhile")          // the version read is no longer the version stored
	ErrInvalid   = errors.New("invalid")                    // see [InvalidError] for every violation
	ErrNewer     = errors.New("written by a newer release") // the stored shape is newer than this program knows
	ErrRefused   = errors.New("refused")                    // a guard of the rules said no: see [RefusedError]
	ErrForbidden = errors.New("forbidden")                  // the host's Authorize said no
	ErrBusy      = errors.New("busy")                       // a lock or lease that somebody else holds, a server that takes no more work now
)

// Violation is one broken rule of one field.
type Violation struct {
	Path  string `json:"path"`            // the field as in JSON, "tiers[2].upTo"; "" is the whole value
	Code  string `json:"code"`            // stable, for programs: "required", "too-long", "unknown"
	Value string `json:"value,omitempty"` // the offending value, cut to 100 characters; "" where it would not help
	Text  string `json:"text"`            // the rule, for people
}

// String returns `path "value": text (code)`.
func (v Violation) String() string {
	var b strings.Builder
	if v.Path != "" {
		b.WriteString(v.Path)
		b.WriteByte(' ')
	}
	if v.Value != "" {
		fmt.Fprintf(&b, "%q ", v.Value)
	}
	return strings.TrimSpace(b.String()) + ": " + v.Text + " (" + v.Code + ")"
}

// MaxViolations is how many violations an [InvalidError] lists; it counts those
// that come after them.
const MaxViolations = 100

// InvalidError lists the violations of an input at once, the first
// [MaxViolations] of them. It is an [ErrInvalid].
type InvalidError struct {
	Violations []Violation `json:"violations"`
	More       int         `json:"more,omitempty"` // found as well, and not listed
}

// Error joins the violations with "; ".
func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Violations), len(e.Violations)+1)
	for i, v := range e.Violations {
		parts[i] = v.String()
	}
	if e.More > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", e.More))
	}
	return "invalid: " + strings.Join(parts, "; ")
}

// Is makes errors.Is(err, ErrInvalid) true.
func (e *InvalidError) Is(target error) bool { return target == ErrInvalid }

// Violations collects violations, the first [MaxViolations] of them, and counts
// the rest; its zero value is ready. A Validate method declares one, calls it
// for each field, and returns [Violations.Err]. It checks how long a list is
// before it looks at the members: see [Violations.Limit].
type Violations struct {
	list []Violation
	more int
}

// Add records that the value at path breaks the rule that code names and text
// tells.
func (v *Violations) Add(path, code, value, text string) {
	if len(v.list) >= MaxViolations {
		v.more++
		return
	}
	v.list = append(v.list, Violation{Path: path, Code: code, Value: shown(value), Text: text})
}

// shown cuts a value to what a violation shows of it.
func shown(value string) string {
	const most, runeBytes = 100, utf8.UTFMax
	cut := len(value) > (most+1)*runeBytes
	if cut {
		value = value[:(most+1)*runeBytes]
	}
	value = strings.ToValidUTF8(value, "\uFFFD")
	if utf8.RuneCountInString(value) > most {
		return string([]rune(value)[:most]) + "…"
	}
	if cut {
		return value + "…"
	}
	return value
}

// Limit checks how many members a list, map or text at path has, and reports
// whether they are few enough to be looked at one by one.
func (v *Violations) Limit(path string, n, most int) bool {
	if n > most {
		v.Add(path, "too-many", "", fmt.Sprintf("has %d, %d are allowed", n, most))
	}
	return n <= most
}

// Merge adds the violations of err, a Validate result, below path; any other
// error becomes one violation. A nil error adds nothing.
func (v *Violations) Merge(path string, err error) {
	if err == nil {
		return
	}
	inner, ok := errors.AsType[*InvalidError](err)
	if !ok {
		v.Add(path, "invalid", "", err.Error())
		return
	}
	v.more += inner.More
	for _, x := range inner.Violations {
		if len(v.list) >= MaxViolations {
			v.more++
			continue
		}
		switch {
		case x.Path == "":
			x.Path = path
		case path != "" && x.Path[0] == '[':
			x.Path = path + x.Path
		case path != "":
			x.Path = path + "." + x.Path
		}
		v.list = append(v.list, x)
	}
}

// ID checks an id: not empty, at most [MaxIDBytes], UTF-8 without control
// characters.
func (v *Violations) ID(path, id string) {
	switch {
	case id == "":
		v.Add(path, "required", "", "must not be empty")
	case len(id) > MaxIDBytes:
		v.Add(path, "too-long", id, fmt.Sprintf("has %d bytes, %d are allowed", len(id), MaxIDBytes))
	case !validText(id):
		v.Add(path, "bad-text", id, "must be UTF-8 without control characters")
	}
}

// Text checks a text for people: valid UTF-8, between least and most
// characters once spaces around it are cut.
func (v *Violations) Text(path, text string, least, most int) {
	n := utf8.RuneCountInString(strings.TrimSpace(text))
	switch {
	case n < least && least == 1:
		v.Add(path, "required", text, "must not be empty")
	case n < least:
		v.Add(path, "too-short", text, fmt.Sprintf("has %d characters, at least %d are needed", n, least))
	case n > most:
		v.Add(path, "too-long", text, fmt.Sprintf("has %d characters, %d are allowed", n, most))
	case !utf8.ValidString(text):
		v.Add(path, "bad-text", text, "must be UTF-8")
	}
}

// Time checks an instant: not zero, and in the years 1 to 9999, which every
// store and JSON can hold.
func (v *Violations) Time(path string, t time.Time) {
	switch y := t.UTC().Year(); {
	case t.IsZero():
		v.Add(path, "required", "", "must be set")
	case y < 1 || y > 9999:
		v.Add(path, "out-of-range", t.UTC().String(), "must lie in the years 1 to 9999")
	}
}

// Number checks a decimal that is going to be stored and printed: below
// 10^digits, with at most so many places behind the point. It looks at the
// exponent first: 1e999999999 is a small value until somebody prints it.
func (v *Violations) Number(path string, d decimal.Decimal, digits, places int) {
	switch exp := int(d.Exponent()); {
	case exp < -places:
		v.Add(path, "too-precise", "", fmt.Sprintf("has %d decimals, %d are allowed", -exp, places))
	case exp+d.NumDigits() > digits:
		v.Add(path, "out-of-range", "", fmt.Sprintf("must be below 10^%d", digits))
	}
}

// Len returns how many there are, with those that are only counted: who reads a
// long text may stop after some.
func (v *Violations) Len() int { return len(v.list) + v.more }

// Err returns nil if nothing was added, and an [*InvalidError] otherwise.
func (v *Violations) Err() error {
	if len(v.list) == 0 {
		return nil
	}
	return &InvalidError{Violations: v.list, More: v.more}
}

// RefusedError says which change of state was refused and why. It is an
// [ErrRefused].
type RefusedError struct {
	Subject Key    // may be incomplete in pure rules: a record does not know its partition
	Verb    string // what was asked for, as in an [Attempt]: "incident.acknowledge"
	From    string // the state that it is in
	To      string // the state asked for; "" if the verb does not change it
	Why     string // the guard that said no, for people
}

// Error returns "refused: verb subject, from → to: why" without empty parts.
func (e *RefusedError) Error() string {
	var b strings.Builder
	b.WriteString("refused: " + e.Verb)
	if e.Subject.ID != "" {
		b.WriteString(" " + e.Subject.ID)
	}
	switch {
	case e.From != "" && e.To != "":
		b.WriteString(", " + e.From + " → " + e.To)
	case e.From != "":
		b.WriteString(", in state " + e.From)
	}
	if e.Why != "" {
		b.WriteString(": " + e.Why)
	}
	return b.String()
}

// Is makes errors.Is(err, ErrRefused) true.
func (e *RefusedError) Is(target error) bool { return target == ErrRefused }

// KeyError says which record an error is about.
type KeyError struct {
	Key Key
	Err error // one of the sentinels, or a wrapped one
}

// Error returns "key: err".
func (e *KeyError) Error() string { return e.Key.String() + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *KeyError) Unwrap() error { return e.Err }

// NotFound returns an [ErrNotFound] about key.
func NotFound(key Key) error { return &KeyError{Key: key, Err: ErrNotFound} }

// Unchanged marks err as one that says for certain that nothing was changed:
// the context had ended before the commit began, a read failed, the server
// refused. Its text and what it wraps stay; nil stays nil. It is for backends
// and other engines, where none of the sentinels fits.
func Unchanged(err error) error {
	if err == nil || definite(err) {
		return err
	}
	return &unchangedError{err}
}

type unchangedError struct{ err error }

func (e *unchangedError) Error() string { return e.err.Error() }

func (e *unchangedError) Unwrap() error { return e.err }

// unchanged reports whether err was marked.
func unchanged(err error) bool {
	_, ok := errors.AsType[*unchangedError](err)
	return ok
}

// definite reports whether err says for certain that nothing was changed.
func definite(err error) bool {
	for _, s := range []error{ErrNotFound, ErrExists, ErrConflict, ErrInvalid, ErrNewer, ErrRefused, ErrForbidden, ErrBusy} {
		if errors.Is(err, s) {
			return true
		}
	}
	return unchanged(err)
}

// MayHaveHappened reports whether a change that ended with err may be stored
// all the same: the connection broke, the context ended or the disk failed while
// the commit was on its way. Ids are chosen before the call, so the same call can
// be made again: it answers [ErrExists] or [ErrConflict] if the first one did
// happen. It is false for the sentinels, and for what [Unchanged] marked: a
// context that ended before the commit began, a read that failed.
func MayHaveHappened(err error) bool { return err != nil && !definite(err) }

// Retryable reports whether the same call can succeed later without change by
// the caller: after [ErrConflict] and [ErrBusy], after every error that leaves
// the outcome open ([MayHaveHappened]), and after those of the engine that do not
// ([Unchanged]: a full disk, a passed deadline), except a cancelled context.
func Retryable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	return errors.Is(err, ErrConflict) || errors.Is(err, ErrBusy) || unchanged(err) || MayHaveHappened(err)
}
