package grant

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// What is something that happens to a grant, or to an overage.
type What string

// What happens, in the order in which it does if it is at the same instant.
const (
	Lapsed     What = "lapsed"      // a grant ended, or was voided; the quantity is what was left of it
	Forgiven   What = "forgiven"    // a new period began: the overage that was there is no more
	RolledOver What = "rolled-over" // a new period began; the quantity is what is left of the grant
	Renewed    What = "renewed"     // the grant came again; the quantity is its amount
	Given      What = "given"       // the grant began; the quantity is its amount
)

// Plan is an account that was compiled: it knows everything that is going to happen to
// its grants, whatever is used. It never changes, so it can be shared between goroutines.
type Plan struct {
	account Account
	grants  []Grant // in the order in which they burn
	starts  []int64 // where each stretch begins in which nothing happens, in microseconds of Unix time
	events  [][]event
	end     int64
	last    []event // what happens at the very end
}

// event is something that is going to happen to a grant: its place in the plan.
type event struct {
	what  What // Forgiven stands for the reset of them all
	grant int
}

// rank orders what happens at the same instant.
func (e event) rank() int {
	switch e.what {
	case Lapsed:
		return 0
	case Forgiven, RolledOver:
		return 1
	case Renewed:
		return 2
	case Given:
		return 3
	}
	return 4
}

// Compile checks the account, and prepares it for [Plan.Burn].
func (a Account) Compile() (*Plan, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	a.During.Start, a.During.End = servicecoin.Instant(a.During.Start), servicecoin.Instant(a.During.End)
	p := &Plan{account: a, grants: slices.Clone(a.Grants), end: a.During.End.UnixMicro()}
	slices.SortFunc(p.grants, Grant.Compare)
	type timed struct {
		at int64
		event
	}
	var list []timed
	within := func(t time.Time) bool { return t.After(a.During.Start) && !t.After(a.During.End) }
	renewals := 0
	for i := range p.grants {
		g := &p.grants[i]
		during, ends := g.Holds()
		if ends && during.Empty() {
			continue
		}
		if within(during.Start) {
			list = append(list, timed{during.Start.UnixMicro(), event{Given, i}})
		}
		if ends && within(during.End) {
			list = append(list, timed{during.End.UnixMicro(), event{Lapsed, i}})
		}
		if g.Renewal == nil {
			continue
		}
		periods, err := metering.NewPeriods(g.Renewal.rhythm(g.From))
		if err != nil {
			return nil, err
		}
		from := during.Start
		if from.Before(a.During.Start) {
			from = a.During.Start
		}
		for t := periods.Next(from); within(t) && (!ends || t.Before(during.End)); t = periods.Next(t) {
			if renewals++; renewals > MaxRenewals {
				var v servicecoin.Violations
				v.Add("grants", "too-many", "", fmt.Sprintf("come again more than %d times", MaxRenewals))
				return nil, v.Err()
			}
			list = append(list, timed{t.UnixMicro(), event{Renewed, i}})
		}
	}
	resets := make([]int64, len(a.Resets))
	for i, t := range a.Resets {
		resets[i] = servicecoin.Instant(t).UnixMicro()
	}
	slices.Sort(resets)
	for _, at := range slices.Compact(resets) {
		list = append(list, timed{at, event{Forgiven, -1}})
	}
	slices.SortFunc(list, func(x, y timed) int {
		return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.rank(), y.rank()), cmp.Compare(x.grant, y.grant))
	})
	p.starts, p.events = []int64{a.During.Start.UnixMicro()}, [][]event{nil}
	for _, x := range list {
		n := len(p.starts) - 1
		switch x.at {
		case p.end:
			p.last = append(p.last, x.event)
		case p.starts[n]:
			p.events[n] = append(p.events[n], x.event)
		default:
			p.starts, p.events = append(p.starts, x.at), append(p.events, []event{x.event})
		}
	}
	return p, nil
}

// Boundaries returns when something happens to the grants, from the start of the
// account's stretch of time to its end, with both. Who has usage between each and the
// next one gets the same result under every [SpanPolicy].
func (p *Plan) Boundaries() []time.Time {
	list := make([]time.Time, 0, len(p.starts)+1)
	for _, at := range p.starts {
		list = append(list, instant(at))
	}
	if last := instant(p.end); last.After(list[len(list)-1]) {
		list = append(list, last)
	}
	return list
}

func instant(micro int64) time.Time { return time.UnixMicro(micro).UTC() }

// stretch returns the last place in starts that is not after an instant, and -1 if
// there is none. It looks at a place near which it is likely to be, first.
func stretch(starts []int64, at int64, near int) int {
	if near >= 0 && near < len(starts) && starts[near] <= at {
		if near+1 == len(starts) || at < starts[near+1] {
			return near
		}
		if near+2 == len(starts) || at < starts[near+2] {
			return near + 1
		}
	}
	return sort.Search(len(starts), func(i int) bool { return starts[i] > at }) - 1
}

// opening returns what each grant has at the start, and the snapshot of it.
func (p *Plan) opening() ([]decimal.Decimal, Snapshot) {
	balances := make([]decimal.Decimal, len(p.grants))
	s := Snapshot{At: p.account.During.Start}
	o := p.account.Opening
	if o != nil {
		s.Used, s.Overage = o.Used, o.Overage
	}
	for i := range p.grants {
		g := &p.grants[i]
		if !g.Active(s.At) {
			continue
		}
		if balances[i] = g.Amount; o != nil {
			balances[i] = o.Balances[g.ID]
		}
	}
	return balances, s
}
