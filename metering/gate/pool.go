package gate

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// Limits of a [Pool] and of [Terms].
const (
	MaxLeases = 1_000 // that are out at once, or wait to be measured
	MaxLength = 24 * time.Hour
)

// Terms are how shares are leased.
type Terms struct {
	// Length is the longest time that a gate holds a lease, and the longest that one of a
	// gate that is gone counts beyond the margin. 0: ten seconds.
	Length time.Duration `json:"length,omitempty"`
	// Margin is how much longer the authority counts a lease than the gate may use it, for
	// clocks that do not run alike and for what was on its way. 0: a tenth of the length.
	Margin time.Duration `json:"margin,omitempty"`
	// Size is the share of a lease, if there is so much. Null: a part of what is left.
	Size decimal.NullDecimal `json:"size"`
	// Part is which part of what is left a lease is, where there is no size: the n-th. 0:
	// the fiftieth.
	Part int `json:"part,omitempty"`
}

// Validate reports every violation of the terms.
func (t Terms) Validate() error {
	var v servicecoin.Violations
	if t.Length < 0 || t.Length > MaxLength {
		v.Add("length", "out-of-range", t.Length.String(), "must lie between 0 and "+MaxLength.String())
	}
	if t.Margin < 0 || t.Margin > MaxLength {
		v.Add("margin", "out-of-range", t.Margin.String(), "must lie between 0 and "+MaxLength.String())
	}
	if t.Size.Valid {
		if amount(&v, "size", t.Size.Decimal); t.Size.Decimal.IsZero() {
			v.Add("size", "out-of-range", "", "must be above 0")
		}
	}
	const most = 1_000_000
	if t.Part < 0 || t.Part > most {
		v.Add("part", "out-of-range", "", fmt.Sprintf("must lie between 0 and %d", most))
	}
	return v.Err()
}

// filled returns the terms with their defaults.
func (t Terms) filled() Terms {
	const length, tenth, fiftieth = 10 * time.Second, 10, 50
	if t.Length == 0 {
		t.Length = length
	}
	if t.Margin == 0 {
		t.Margin = t.Length / tenth
	}
	if t.Part == 0 {
		t.Part = fiftieth
	}
	return t
}

// Standing is what is left of a limit, as the host measures it.
type Standing struct {
	// Left is the limit less what was used, whether it passed a gate or not: below zero
	// where the limit is passed. Null: nothing is bounded.
	Left decimal.NullDecimal `json:"left"`
	// Through is up to when all that was used is in Left: earlier than now by as long as
	// events are on their way. What is leased counts beside it until it is measured. A time
	// to come is now.
	Through time.Time `json:"through"`
	// Period is where the period begins: leases of another one do not count.
	Period time.Time `json:"period"`
	// Until is when the limit, a grant or the period changes next. Zero: not in sight.
	Until time.Time `json:"until,omitzero"`
}

// Pool is the leases of one key: the record that an authority keeps. Its zero value has
// none.
type Pool struct {
	Period time.Time `json:"period,omitzero"`
	Leases []Lease   `json:"leases,omitempty"`
	// Settled are leases that came back, as far as what they spent is not measured.
	Settled []Settled `json:"settled,omitempty"`
}

// Lease is a share that a gate holds.
type Lease struct {
	ID      LeaseID         `json:"id"`
	Gate    string          `json:"gate"`
	Share   decimal.Decimal `json:"share"`
	Granted time.Time       `json:"granted"`
	// End is until when it counts: the gate has stopped by then. It counts beyond that as
	// long as what was used before is not measured.
	End time.Time `json:"end"`
}

// Settled is what was spent of leases that came back by an instant.
type Settled struct {
	At    time.Time       `json:"at"`
	Spent decimal.Decimal `json:"spent"`
}

// Out returns how much of what is left is not free: the shares of leases, and what was
// spent of those that came back and is not measured.
func (p *Pool) Out() decimal.Decimal {
	var sum decimal.Decimal
	for _, l := range p.Leases {
		sum = sum.Add(l.Share)
	}
	for _, s := range p.Settled {
		sum = sum.Add(s.Spent)
	}
	return sum
}

// Grant settles what the ask gives back, and leases a share, of the id given: at most the
// size of the terms, or what is wanted if that is more; of the last that is free, half,
// or what is wanted. If less is free than what is wanted there is no share. The lease
// holds for the length of the terms, or up to the next change.
//
// An end that lies further ahead than a lease can last was given by a clock that was
// ahead, and is brought to what it would be of one that is given now. So a fast clock
// keeps no lease for longer than a length and a margin after another clock has looked
// at it. A fast clock may end the leases of others too early: what is let pass in all stays
// within the shares that are out then.
func (p *Pool) Grant(ask Ask, s Standing, id LeaseID, now time.Time, terms Terms) (Grant, error) {
	var v servicecoin.Violations
	v.Merge("ask", ask.Validate())
	v.Merge("terms", terms.Validate())
	v.ID("id", string(id))
	v.Time("now", now)
	s.check(&v, now)
	if err := v.Err(); err != nil {
		return Grant{}, err
	}
	terms = terms.filled()
	p.settle(ask.Gate, ask.Returns, now)
	p.tidy(s, now, terms)

	g := Grant{For: terms.Length}
	if ahead := s.Until.Sub(now); !s.Until.IsZero() && ahead < g.For {
		g.For = ahead
	}
	if !s.Left.Valid {
		g.Unlimited = true
		return g, nil
	}
	free := s.Left.Decimal.Sub(p.Out())
	if !free.IsPositive() || free.LessThan(ask.Want) {
		const tenth = 10
		g.For = min(g.For, terms.Length/tenth) // something may come back meanwhile
		g.Left = decimal.Max(free, decimal.Decimal{}).RoundFloor(places)
		return g, nil
	}
	if len(p.Leases) >= MaxLeases {
		return Grant{}, fmt.Errorf("%d leases are out: %w", len(p.Leases), servicecoin.ErrBusy)
	}
	g.Share = share(free, ask.Want, terms)
	if !g.Share.IsPositive() { // less than the last place that is counted
		return g, nil
	}
	g.Lease = id
	p.Leases = append(p.Leases, Lease{ID: id, Gate: ask.Gate, Share: g.Share, Granted: now, End: now.Add(g.For + terms.Margin)})
	return g, nil
}

// places is how many decimals a share has.
const places = 9

// share is how much of what is free is leased.
func share(free, want decimal.Decimal, terms Terms) decimal.Decimal {
	size := terms.Size.Decimal
	if !terms.Size.Valid {
		size, _ = free.QuoRem(decimal.NewFromInt(int64(terms.Part)), places)
	}
	half, _ := free.QuoRem(decimal.NewFromInt(2), places)
	size = decimal.Max(decimal.Min(size, half), want.RoundCeil(places))
	return decimal.Min(size, free, largest()).RoundFloor(places)
}

// largest is the largest share: what gates can count.
func largest() decimal.Decimal {
	const digits = 18
	return decimal.New(1, digits)
}

func (s Standing) check(v *servicecoin.Violations, now time.Time) {
	if s.Left.Valid {
		const passed = 6 // a limit can be passed by more than it is
		if v.Number("standing.left", s.Left.Decimal, maxDigits+passed, maxPlaces); s.Left.Decimal.IsPositive() {
			amount(v, "standing.left", s.Left.Decimal)
		}
	}
	v.Time("standing.through", s.Through)
	v.Time("standing.period", s.Period)
	if !s.Until.IsZero() && !s.Until.After(now) {
		v.Add("standing.until", "order", s.Until.UTC().Format(time.RFC3339Nano), "must lie ahead: what holds now was asked for")
	}
}

// Return settles leases that a gate gives back; those that it does not hold are passed
// over.
func (p *Pool) Return(gate string, returns []Return, now time.Time) error {
	var v servicecoin.Violations
	v.ID("gate", gate)
	v.Time("now", now)
	checkReturns(&v, returns)
	if err := v.Err(); err != nil {
		return err
	}
	p.settle(gate, returns, now)
	return nil
}

func (p *Pool) settle(gate string, returns []Return, now time.Time) {
	for _, r := range returns {
		i := slices.IndexFunc(p.Leases, func(l Lease) bool { return l.ID == r.Lease && l.Gate == gate })
		if i < 0 {
			continue
		}
		l := p.Leases[i]
		p.Leases = slices.Delete(p.Leases, i, i+1)
		if spent := decimal.Min(r.Spent, l.Share); spent.IsPositive() {
			at := now
			if l.End.Before(at) {
				at = l.End
			}
			p.Settled = append(p.Settled, Settled{At: at, Spent: spent})
		}
	}
}

// tidy lets go of what is measured, and of another period.
func (p *Pool) tidy(s Standing, now time.Time, terms Terms) {
	if !p.Period.Equal(s.Period) {
		*p = Pool{Period: s.Period}
	}
	through := s.Through
	if through.After(now) {
		through = now
	}
	latest := now.Add(terms.Length + terms.Margin)
	for i := range p.Leases {
		if l := &p.Leases[i]; l.End.After(latest) {
			l.End = latest
		}
	}
	for i := range p.Settled {
		if x := &p.Settled[i]; x.At.After(now) {
			x.At = now
		}
	}
	p.Leases = slices.DeleteFunc(p.Leases, func(l Lease) bool { return !l.End.After(through) })
	p.Settled = slices.DeleteFunc(p.Settled, func(x Settled) bool { return !x.At.After(through) })
	// The record stays small where measuring takes long: the oldest are counted together,
	// until the later one is measured.
	const most = 64
	slices.SortFunc(p.Settled, func(a, b Settled) int { return a.At.Compare(b.At) })
	for len(p.Settled) > most {
		p.Settled[1].Spent = p.Settled[1].Spent.Add(p.Settled[0].Spent)
		p.Settled = slices.Delete(p.Settled, 0, 1)
	}
}
