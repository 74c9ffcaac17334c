package exchange

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Spin is a customer review: one customer's month, service by service, the three
// sides beside each other, and where they are out of balance. Every figure has its
// trace, and what is not known is undefined. It holds what the customer may see.
type Spin struct {
	Customer servicecoin.Customer `json:"customer"`
	Month    calendar.Month       `json:"month"`
	Period   calendar.Interval    `json:"period"`  // the month in the customer's zone
	At       time.Time            `json:"at"`      // when it was spun
	Rows     []Row                `json:"rows"`    // by the names of the services
	Whole    []Part               `json:"whole"`   // of the month as a whole, by room
	Balance  []Imbalance          `json:"balance"` // the most pressing first; none: they are in balance
}

// Row is one service in a month.
type Row struct {
	Service servicecoin.ServiceID `json:"service"`
	Name    string                `json:"name"`
	Parts   []Part                `json:"parts"` // in the order of the rooms
}

// Part is what one room knows, on one side of the coin.
type Part struct {
	Room    string  `json:"room"`
	Side    Side    `json:"side"`
	Figures Figures `json:"figures"`
}

// Figures are the figures of a room in a month: a type of the room's own, which
// [Of] gets back. Lines says them to people; nothing is shown of none.
type Figures interface{ Lines() []Line }

// Line is one line of words.
type Line struct {
	Text string
	Tone Tone
	// Evidence is what the figures are made of, or what happened, if there is some.
	Evidence []servicecoin.Trace
}

// Tone says how a line is meant. It never stands without its words.
type Tone string

// The tones.
const (
	Plain   Tone = ""
	Good    Tone = "good"
	Warn    Tone = "warn"
	Bad     Tone = "bad"
	Unknown Tone = "unknown"
)

// Of returns the figures of a type among the parts, its zero value where there are
// none.
func Of[T Figures](parts []Part) T {
	for _, p := range parts {
		if f, ok := p.Figures.(T); ok {
			return f
		}
	}
	var none T
	return none
}

// Lines returns what the parts of one side say.
func Lines(parts []Part, side Side) []Line {
	var lines []Line
	for _, p := range parts {
		if p.Side == side {
			lines = append(lines, p.Figures.Lines()...)
		}
	}
	return lines
}

// Imbalance is one thing that is out of balance between the sides.
type Imbalance struct {
	Code    string                `json:"code"` // stable, for programs
	Service servicecoin.ServiceID `json:"service"`
	Sides   []Side                `json:"sides"`
	Text    string                `json:"text"`    // a sentence for people
	Urgency int                   `json:"urgency"` // the highest comes first; 0 to 100
}

// Gatherer is what a room adds to a Spin. All rooms say first which services there
// are, then each adds its figures to the rows, then each looks at what there is.
type Gatherer struct {
	// Rows names the services that the room knows of, with [Spinning.Row] and
	// [Spinning.Had]; nil: none.
	Rows func(ctx context.Context, s *Spinning) error
	// Figures adds figures to rows, with [Spinning.Put]; nil: none.
	Figures func(ctx context.Context, s *Spinning) error
	// Judge says what is out of balance in a row, as far as this room can tell; nil:
	// nothing.
	Judge Judge
}

// Judge says what is out of balance in a row. Code, service and a text are set.
type Judge func(s Spin, r Row) []Imbalance

// Spinning is one Spin at work. It stands over the base of the exchange.
type Spinning struct {
	Base

	out  Spin
	rows map[servicecoin.ServiceID]*Row
	had  map[servicecoin.ServiceID]calendar.Set
	room *Room
	once map[string]any
}

// Whose is the customer whose month it is.
func (s *Spinning) Whose() servicecoin.Customer { return s.out.Customer }

// Month is the month that is looked at.
func (s *Spinning) Month() calendar.Month { return s.out.Month }

// Period is the month in the customer's zone.
func (s *Spinning) Period() calendar.Interval { return s.out.Period }

// At is the time at which it is looked at.
func (s *Spinning) At() time.Time { return s.out.At }

// Until is up to when the month has passed.
func (s *Spinning) Until() time.Time {
	if s.out.At.Before(s.out.Period.End) {
		return s.out.At
	}
	return s.out.Period.End
}

// Row says that there is a row for a service.
func (s *Spinning) Row(id servicecoin.ServiceID) {
	if s.rows[id] == nil {
		s.rows[id] = &Row{Service: id, Name: string(id), Parts: []Part{}}
	}
}

// Rows returns the services that there are rows for, sorted.
func (s *Spinning) Rows() []servicecoin.ServiceID {
	ids := make([]servicecoin.ServiceID, 0, len(s.rows))
	for id := range s.rows {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Had says that the customer had a service in an interval.
func (s *Spinning) Had(id servicecoin.ServiceID, during calendar.Interval) {
	s.had[id] = s.had[id].Union(calendar.SetOf(during.Intersect(s.out.Period)))
}

// Concerned reports whether the customer had a service at some time of an interval.
// A service of which nobody said when, it had all the month.
func (s *Spinning) Concerned(id servicecoin.ServiceID, during calendar.Interval) bool {
	had, said := s.had[id]
	return !said || !had.Intersect(calendar.SetOf(during)).Empty()
}

// Span is the part of the month from one instant to another, to its end where that
// is not known yet. What never began has none.
func (s *Spinning) Span(from, until time.Time) calendar.Interval {
	if from.IsZero() {
		return calendar.Interval{}
	}
	if until.IsZero() {
		until = s.out.Period.End
	}
	if !until.After(from) {
		return calendar.Interval{}
	}
	return calendar.Between(from, until).Intersect(s.out.Period)
}

// Put adds figures to a row, on a side.
func (s *Spinning) Put(id servicecoin.ServiceID, side Side, f Figures) {
	s.Row(id)
	s.rows[id].Parts = append(s.rows[id].Parts, Part{Room: s.room.Name, Side: side, Figures: f})
}

// PutWhole adds figures of the month as a whole.
func (s *Spinning) PutWhole(side Side, f Figures) {
	s.out.Whole = append(s.out.Whole, Part{Room: s.room.Name, Side: side, Figures: f})
}

// Spin puts a customer's month side by side, as the facts are now. It reads, and
// changes nothing. Judges look at each row after the rooms have.
func (x *Exchange) Spin(ctx context.Context, id servicecoin.CustomerID, m calendar.Month, judges ...Judge) (Spin, error) {
	if err := m.Validate(); err != nil {
		return Spin{}, err
	}
	customer, err := x.base.Known(ctx, id)
	if err != nil {
		return Spin{}, err
	}
	loc, err := customer.Location()
	if err != nil {
		return Spin{}, err
	}
	s := &Spinning{
		Base: x.base, rows: map[servicecoin.ServiceID]*Row{}, had: map[servicecoin.ServiceID]calendar.Set{},
		out: Spin{Customer: customer, Month: m, Period: m.In(loc), At: x.base.Store.Now(), Rows: []Row{}, Whole: []Part{}, Balance: []Imbalance{}},
	}
	if err := s.gather(ctx, x.rooms); err != nil {
		return Spin{}, err
	}
	for _, r := range s.rows {
		s.out.Rows = append(s.out.Rows, *r)
	}
	slices.SortFunc(s.out.Rows, func(a, b Row) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.Service, b.Service))
	})
	for _, r := range x.rooms {
		if r.Spin != nil && r.Spin.Judge != nil {
			judges = append(judges, r.Spin.Judge)
		}
	}
	for _, row := range s.out.Rows {
		for _, judge := range judges {
			s.out.Balance = append(s.out.Balance, judge(s.out, row)...)
		}
	}
	slices.SortStableFunc(s.out.Balance, func(a, b Imbalance) int { return cmp.Compare(b.Urgency, a.Urgency) })
	return s.out, nil
}

func (s *Spinning) gather(ctx context.Context, rooms []Room) error {
	for _, step := range []func(*Gatherer) func(context.Context, *Spinning) error{
		func(g *Gatherer) func(context.Context, *Spinning) error { return g.Rows },
		func(g *Gatherer) func(context.Context, *Spinning) error { return g.Figures },
	} {
		for i := range rooms {
			s.room = &rooms[i]
			if s.room.Spin == nil || step(s.room.Spin) == nil {
				continue
			}
			if err := step(s.room.Spin)(ctx, s); err != nil {
				return fmt.Errorf("%s: %w", s.room.Name, err)
			}
		}
	}
	directory := s.Directory()
	for id, r := range s.rows {
		name, err := directory.Service(ctx, id)
		if isNotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		r.Name = name
	}
	return nil
}

// Sentence says in one sentence what is out of balance.
func (s Spin) Sentence() string {
	switch n := len(s.Balance); {
	case len(s.Rows) == 0:
		return "Nothing of a service is on record for this month."
	case n == 0:
		return "The three sides are in balance."
	case n == 1:
		return s.Balance[0].Text
	default:
		return fmt.Sprintf("%s (And %d more.)", s.Balance[0].Text, n-1)
	}
}

// Once returns what a function returned when it was first called for a name within
// one Spin: what a room reads for its rows, it need not read again for its figures.
func Once[T any](s *Spinning, name string, read func() (T, error)) (T, error) {
	if kept, ok := s.once[name].(T); ok {
		return kept, nil
	}
	value, err := read()
	if err == nil {
		if s.once == nil {
			s.once = map[string]any{}
		}
		s.once[name] = value
	}
	return value, err
}
