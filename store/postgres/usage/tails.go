package usage

import (
	"sync"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// When the tail of a customer is sealed by Append.
const (
	customersAtOnce = 64      // in one transaction
	entriesInTail   = 1 << 18 // a day is sealed in parts if it has more
	leastCustomers  = 16      // that one Append seals
)

// limits are when tails are sealed; tests have smaller ones.
type limits struct{ customers, entries int }

// tails are what this process has appended of customers. It says whose tails are worth a
// look; what is there to be sealed, the log says.
type tails struct {
	mu  sync.Mutex
	of  map[servicecoin.CustomerID]*tail
	due []servicecoin.CustomerID
}

type tail struct {
	day     int32 // under way: the last one of which something came
	entries int   // since it was sealed
	all     bool  // the day under way is to be sealed, too
	due     bool
}

// sealing is a customer whose days before one are to be sealed.
type sealing struct {
	customer servicecoin.CustomerID
	before   int32
}

// grow notes entries that were stored, ordered by customer, and returns what is to be
// sealed: as many customers as there were, or a few. An event of the future does not end
// the day on which it was recorded.
func (t *tails) grow(laid []metering.Entry, most int) []sealing {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of == nil {
		t.of = map[servicecoin.CustomerID]*tail{}
	}
	customers := 0
	for from := 0; from < len(laid); {
		customer := laid[from].Customer
		x := t.of[customer]
		if x == nil {
			x = &tail{day: firstDay - 1}
			t.of[customer] = x
		}
		day, to := x.day, from
		for ; to < len(laid) && laid[to].Customer == customer; to++ {
			e := &laid[to]
			day = max(day, min(metering.DayOf(e.Time), metering.DayOf(e.RecordedAt)))
		}
		x.entries += to - from
		x.all = x.all || x.entries > most
		if day > x.day || x.all {
			x.day = day
			if !x.due {
				x.due = true
				t.due = append(t.due, customer)
			}
		}
		customers++
		from = to
	}
	return t.take(max(customers, leastCustomers))
}

// take returns those that have been due for the longest time.
func (t *tails) take(most int) []sealing {
	n := min(most, len(t.due))
	list := make([]sealing, 0, n)
	for _, c := range t.due[:n] {
		x := t.of[c]
		if x == nil {
			continue // it was forgotten
		}
		s := sealing{c, x.day}
		if x.all {
			s.before = lastDay + 1
		}
		x.due, x.all, x.entries = false, false, 0
		list = append(list, s)
	}
	t.due = t.due[n:]
	if len(t.due) == 0 {
		t.due = nil
	}
	return list
}

// put takes back what was not sealed.
func (t *tails) put(list []sealing) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range list {
		if x := t.of[s.customer]; x != nil && !x.due {
			x.due, x.all = true, x.all || s.before > lastDay
			t.due = append(t.due, s.customer)
		}
	}
}

func (t *tails) forget(c servicecoin.CustomerID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.of, c)
}
