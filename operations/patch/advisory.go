package patch

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// AdvisoryID names an advisory.
type AdvisoryID string

// Advisory is all that is known of one flaw: what each source publishes of it, when that
// was imported, and when somebody confirmed that it concerns us. Bulletins that share a
// name are of one advisory.
type Advisory struct {
	ID          AdvisoryID           `json:"id"`
	Bulletins   []Bulletin           `json:"bulletins"` // one for each source and id, by these
	ImportedAt  time.Time            `json:"importedAt"`
	ChangedAt   time.Time            `json:"changedAt"` // when what it says changed last
	ConfirmedAt time.Time            `json:"confirmedAt,omitzero"`
	ConfirmedBy servicecoin.PersonID `json:"confirmedBy,omitempty"`
	// SupersededBy is the advisory whose patch mends this one, too; "" is none.
	SupersededBy AdvisoryID `json:"supersededBy,omitempty"`
	// Was are advisories that turned out to be of the same flaw: what was said by their ids is
	// said of this one.
	Was []AdvisoryID `json:"was,omitempty"`
	// Exploited is when we heard that it is exploited, which shortens the deadline.
	ExploitedKnownAt time.Time `json:"exploitedKnownAt,omitzero"`
}

// Outcome is what an import made of a bulletin.
type Outcome string

// The outcomes.
const (
	New       Outcome = "new"
	Changed   Outcome = "changed"
	Same      Outcome = "same"
	Withdrawn Outcome = "withdrawn" // it was not, and is now
)

// NewAdvisory returns the advisory of a first bulletin.
func NewAdvisory(id AdvisoryID, at time.Time, b Bulletin) (Advisory, error) {
	a := Advisory{ID: id, ImportedAt: servicecoin.Instant(at), ChangedAt: servicecoin.Instant(at)}
	var v servicecoin.Violations
	v.ID("id", string(id))
	v.Time("at", a.ImportedAt)
	v.Merge("", b.Validate())
	if err := v.Err(); err != nil {
		return Advisory{}, err
	}
	a.put(b, a.ImportedAt)
	if err := a.room(); err != nil {
		return Advisory{}, err
	}
	return a, nil
}

// Take takes a bulletin, which replaces what the same source said of the same id, and
// says what came of it and which of its fields changed. A bulletin that is the same again
// changes nothing.
func (a *Advisory) Take(at time.Time, b Bulletin) (Outcome, []string, error) {
	if err := b.Validate(); err != nil {
		return "", nil, err
	}
	at = servicecoin.Instant(at)
	next := *a
	place := a.place(b)
	if place < 0 {
		next.put(b, at)
		next.ChangedAt = at
		if err := next.room(); err != nil {
			return "", nil, err
		}
		*a = next
		return New, nil, nil
	}
	old := a.Bulletins[place]
	fields := differences(old, b.normal())
	if len(fields) == 0 {
		return Same, nil, nil
	}
	next.put(b, at)
	next.ChangedAt = at
	if err := next.room(); err != nil {
		return "", nil, err
	}
	*a = next
	if old.Withdrawn.IsZero() && !b.Withdrawn.IsZero() {
		return Withdrawn, fields, nil
	}
	return Changed, fields, nil
}

func (a *Advisory) place(b Bulletin) int {
	return slices.IndexFunc(a.Bulletins, func(x Bulletin) bool { return x.Source == b.Source && x.ID == b.ID })
}

func (a *Advisory) put(b Bulletin, at time.Time) {
	b = b.normal()
	a.Bulletins = slices.DeleteFunc(slices.Clone(a.Bulletins), func(x Bulletin) bool { return x.Source == b.Source && x.ID == b.ID })
	a.Bulletins = append(a.Bulletins, b)
	slices.SortFunc(a.Bulletins, func(x, y Bulletin) int { return strings.Compare(x.Source+"\x00"+x.ID, y.Source+"\x00"+y.ID) })
	switch exploited := !a.Exploited().IsZero(); {
	case !exploited:
		a.ExploitedKnownAt = time.Time{}
	case a.ExploitedKnownAt.IsZero():
		a.ExploitedKnownAt = at
	}
}

// normal cuts instants as the store keeps them, and sorts names.
func (b Bulletin) normal() Bulletin {
	b.Published, b.Modified, b.Withdrawn = lifecycle.Instant(b.Published), lifecycle.Instant(b.Modified), lifecycle.Instant(b.Withdrawn)
	b.Aliases = slices.Clone(b.Aliases)
	slices.Sort(b.Aliases)
	b.Aliases = slices.DeleteFunc(slices.Compact(b.Aliases), func(s string) bool { return s == b.ID })
	if len(b.Aliases) == 0 {
		b.Aliases = nil
	}
	return b
}

// differences returns the names of the fields that differ, as they stand in JSON.
func differences(a, b Bulletin) []string {
	var fields []string
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	for n := range x.NumField() {
		name, _, _ := strings.Cut(x.Type().Field(n).Tag.Get("json"), ",")
		one, other := x.Field(n).Interface(), y.Field(n).Interface()
		switch v := one.(type) {
		case decimal.NullDecimal:
			w, _ := other.(decimal.NullDecimal)
			if v.Valid != w.Valid || !v.Decimal.Equal(w.Decimal) {
				fields = append(fields, name)
			}
		case time.Time:
			if w, _ := other.(time.Time); !v.Equal(w) {
				fields = append(fields, name)
			}
		default:
			if !reflect.DeepEqual(one, other) {
				fields = append(fields, name)
			}
		}
	}
	return fields
}

func (a *Advisory) room() error {
	var v servicecoin.Violations
	const most = 50
	v.Limit("bulletins", len(a.Bulletins), most)
	lifecycle.Room(&v, "", a, maxBody)
	return v.Err()
}

// Names returns everything that the flaw is called by its bulletins, sorted: ids and
// aliases.
func (a *Advisory) Names() []string {
	var list []string
	for _, b := range a.Bulletins {
		list = append(append(list, b.ID), b.Aliases...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Absorb takes all bulletins of another advisory that is found to be of the same flaw.
// What was known or confirmed first stays.
func (a *Advisory) Absorb(o Advisory, at time.Time) error {
	next := *a
	for _, b := range o.Bulletins {
		if next.place(b) < 0 {
			next.put(b, at)
		}
	}
	if o.ImportedAt.Before(next.ImportedAt) {
		next.ImportedAt = o.ImportedAt
	}
	if next.ConfirmedAt.IsZero() || !o.ConfirmedAt.IsZero() && o.ConfirmedAt.Before(next.ConfirmedAt) {
		next.ConfirmedAt, next.ConfirmedBy = o.ConfirmedAt, o.ConfirmedBy
	}
	if !o.ExploitedKnownAt.IsZero() && (next.ExploitedKnownAt.IsZero() || o.ExploitedKnownAt.Before(next.ExploitedKnownAt)) {
		next.ExploitedKnownAt = o.ExploitedKnownAt
	}
	next.Was = slices.Concat(a.Was, []AdvisoryID{o.ID}, o.Was)
	if slices.Contains(next.Was, next.SupersededBy) {
		next.SupersededBy = "" // by itself: then it has a deadline of its own
	}
	next.ChangedAt = servicecoin.Instant(at)
	if err := next.room(); err != nil {
		return err
	}
	*a = next
	return nil
}

// standing are the bulletins that were not withdrawn.
func (a *Advisory) standing() []Bulletin {
	return slices.DeleteFunc(slices.Clone(a.Bulletins), func(b Bulletin) bool { return !b.Withdrawn.IsZero() })
}

// Withdrawn reports whether every source has withdrawn what it published.
func (a *Advisory) Withdrawn() bool { return len(a.standing()) == 0 }

// Severity returns the worst that any source says, by its word or else its score.
func (a *Advisory) Severity() Severity {
	worst := Unknown
	for _, b := range a.standing() {
		s := b.Severity
		if s == "" || s == Unknown {
			s = SeverityOf(b.Score)
		}
		if s.AtLeast(worst) {
			worst = s
		}
	}
	return worst
}

// Exploited returns since when it is known to be exploited, the first that any source
// gives; the zero date: it is not known to be.
func (a *Advisory) Exploited() calendar.Date {
	return a.first(func(b Bulletin) calendar.Date { return b.Exploited })
}

// Due returns the earliest last day that any source gives; the zero date is none.
func (a *Advisory) Due() calendar.Date {
	return a.first(func(b Bulletin) calendar.Date { return b.Due })
}

func (a *Advisory) first(of func(b Bulletin) calendar.Date) calendar.Date {
	var first calendar.Date
	for _, b := range a.standing() {
		if d := of(b); !d.IsZero() && (first.IsZero() || d.Compare(first) < 0) {
			first = d
		}
	}
	return first
}

// Published returns when any source published it first, zero where none says.
func (a *Advisory) Published() time.Time {
	var first time.Time
	for _, b := range a.Bulletins {
		if !b.Published.IsZero() && (first.IsZero() || b.Published.Before(first)) {
			first = b.Published
		}
	}
	return first
}

// Title returns what it is called, by the first source that has a title.
func (a *Advisory) Title() string {
	for _, b := range a.Bulletins {
		if b.Title != "" {
			return b.Title
		}
	}
	return string(a.ID)
}

// Match says what the advisory means for a component: the weightiest that a source says,
// where the ones that speak of it count and the others do not. What one source knows not
// to be affected is not, whatever the others say. A source that names no version says
// less than one that does: it counts where there is no such.
func (a *Advisory) Match(c Component) (Verdict, string) {
	said := make(map[Verdict]string)
	vague, told := "", false
	if a.Withdrawn() {
		return NotApplicable, "it was withdrawn"
	}
	for _, b := range a.standing() {
		v, why := b.says(c)
		if v == "" {
			continue // of this version it says nothing: the others do
		}
		why = b.Source + " " + b.ID + ": " + why
		tells := b.tells(c)
		told = told || tells
		switch {
		case v == Vulnerable && !tells:
			vague = cmp.Or(vague, why)
		case said[v] == "":
			said[v] = why
		}
	}
	if vague != "" && !told {
		said[Vulnerable] = vague
	}
	for _, v := range weightiest() {
		if why, ok := said[v]; ok {
			return v, why
		}
	}
	return NotApplicable, "no source speaks of this component"
}

// tells reports whether a bulletin tells versions of a component apart.
func (b Bulletin) tells(c Component) bool {
	return slices.ContainsFunc(b.Products, func(p Product) bool {
		return p.is(c) && (len(p.Spans) > 0 || len(p.Versions) > 0 || p.versionOf() != "")
	})
}
