package postgres

import (
	"cmp"
	"hash/fnv"
	"maps"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Advisory locks guard what has no row to lock:
//
//   - A key that must be absent. Whoever inserts it takes the lock of its hash
//     alone, whoever relies on its absence shares it. Two keys of one hash wait
//     for each other without need, and nothing worse.
//   - A customer. Commits share it, Forget takes it alone: otherwise Forget
//     could erase one record of a commit in flight and miss another.
//
// All are taken in the order of their numbers, and before any row, so that two
// commits cannot wait for each other. They end with the transaction, or with
// the savepoint that is rolled back.

// lock returns the number of an advisory lock of the schema.
func (n names) lock(parts ...string) int64 {
	h := fnv.New64a()
	for _, p := range append([]string{"servicecoin", n.schema}, parts...) {
		_, _ = h.Write([]byte(p + "\x1f")) // never fails
	}
	return int64(h.Sum64()) //nolint:gosec // G115: the bits are what counts
}

// locks are the numbers of advisory locks, true for a shared one.
type locks map[int64]bool

func (l locks) share(n int64) {
	if _, ok := l[n]; !ok {
		l[n] = true
	}
}

func (l locks) alone(n int64) { l[n] = false }

func (l locks) statement() statement {
	numbers := slices.Sorted(maps.Keys(l))
	shared := make([]bool, len(numbers))
	for i, n := range numbers {
		shared[i] = l[n]
	}
	return statement{
		sql: `SELECT CASE WHEN shared THEN pg_advisory_xact_lock_shared(number) ELSE pg_advisory_xact_lock(number) END
FROM unnest($1::bigint[], $2::boolean[]) AS l (number, shared)`,
		args: []any{numbers, shared},
	}
}

// locksOf returns what the commit needs, and whom it is about.
func (n names) locksOf(c store.Commit) (locks, []servicecoin.CustomerID) {
	set, customers := locks{}, map[servicecoin.CustomerID]struct{}{}
	key := func(k store.Key) int64 { return n.lock("key", string(k.Customer), k.Kind, k.ID) }
	for _, w := range c.Writes {
		customers[w.Key.Customer] = struct{}{}
		if w.Expect == 0 {
			set.alone(key(w.Key))
		}
	}
	for _, x := range c.Checks {
		customers[x.Key.Customer] = struct{}{}
		if x.Version == 0 {
			set.share(key(x.Key))
		}
	}
	for _, e := range c.Events {
		customers[e.Subject.Customer] = struct{}{}
	}
	list := slices.Sorted(maps.Keys(customers))
	for _, c := range list {
		set.share(n.lock("customer", string(c)))
	}
	return set, list
}

// wanted is a key whose stored version a commit depends on.
type wanted struct {
	key   store.Key
	write bool
}

// wantedOf returns the keys of the commit in the order in which every commit
// locks rows.
func wantedOf(c store.Commit) []wanted {
	list := make([]wanted, 0, len(c.Writes)+len(c.Checks))
	for _, w := range c.Writes {
		list = append(list, wanted{w.Key, true})
	}
	for _, x := range c.Checks {
		list = append(list, wanted{x.Key, false})
	}
	slices.SortFunc(list, func(a, b wanted) int {
		return cmp.Or(cmp.Compare(a.key.Kind, b.key.Kind), cmp.Compare(a.key.Customer, b.key.Customer), cmp.Compare(a.key.ID, b.key.ID))
	})
	return list
}
