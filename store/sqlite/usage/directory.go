package usage

import (
	"cmp"
	"context"
	"slices"

	"github.com/servicecoin/servicecoin"
)

const (
	listKinds = `SELECT id, type FROM servicecoin_usage_kinds WHERE id > ? ORDER BY id`
	listPages = `SELECT id, kind, customer FROM servicecoin_usage_pages WHERE id > ? ORDER BY id`
	putKind   = `INSERT INTO servicecoin_usage_kinds (id, type) VALUES (?, ?)`
	putPage   = `INSERT INTO servicecoin_usage_pages (id, kind, customer) VALUES (?, ?, ?)`
)

// directory says which pages there are. Pages are added, and only a file that has
// forgotten a customer has fewer than before: see head.epoch. What readers are handed is
// not changed any more.
type directory struct {
	lastKind, lastPage int64

	kinds     map[string]*kind
	byID      map[int64]*kind
	pages     map[int64]pageRef
	customers []servicecoin.CustomerID // in order
}

// kind is a type of events.
type kind struct {
	id    int64
	name  string
	pages []pageRef // by customer
	place map[servicecoin.CustomerID]int64
}

type pageRef struct {
	id       int64
	customer servicecoin.CustomerID
	kind     *kind
}

func newDirectory() *directory {
	return &directory{kinds: map[string]*kind{}, byID: map[int64]*kind{}, pages: map[int64]pageRef{}}
}

// page returns the page of a customer and a type, 0 for none.
func (d *directory) page(c servicecoin.CustomerID, eventType string) int64 {
	if k := d.kinds[eventType]; k != nil {
		return k.place[c]
	}
	return 0
}

func (d *directory) addKind(id int64, name string) *kind {
	k := &kind{id: id, name: name, place: map[servicecoin.CustomerID]int64{}}
	d.kinds[name], d.byID[id] = k, k
	d.lastKind = max(d.lastKind, id)
	return k
}

// addPages adds pages, and copies the lists that readers may hold.
func (d *directory) addPages(list []pageRef) {
	grown := map[*kind]bool{}
	for _, p := range list {
		if _, there := d.pages[p.id]; there {
			continue
		}
		d.pages[p.id] = p
		if !grown[p.kind] {
			grown[p.kind] = true
			p.kind.pages = slices.Clone(p.kind.pages)
		}
		p.kind.pages = append(p.kind.pages, p)
		p.kind.place[p.customer] = p.id
		d.lastPage = max(d.lastPage, p.id)
	}
	customers := slices.Clone(d.customers)
	for k := range grown {
		slices.SortFunc(k.pages, func(a, b pageRef) int { return cmp.Compare(a.customer, b.customer) })
	}
	for _, p := range list {
		customers = append(customers, p.customer)
	}
	slices.Sort(customers)
	d.customers = slices.Compact(customers)
}

// readDirectory reads what has been added behind some kind and page.
func readDirectory(ctx context.Context, ses *session, d *directory) (kinds []kind, pages []pageRef, err error) {
	known := map[int64]*kind{}
	var id, of int64
	var text string
	err = ses.query(ctx, listKinds, []any{&id, &text}, func() error {
		kinds = append(kinds, kind{id: id, name: text})
		return nil
	}, d.lastKind)
	if err != nil {
		return nil, nil, err
	}
	err = ses.query(ctx, listPages, []any{&id, &of, &text}, func() error {
		if known[of] == nil {
			known[of] = &kind{id: of}
		}
		pages = append(pages, pageRef{id: id, kind: known[of], customer: servicecoin.CustomerID(text)})
		return nil
	}, d.lastPage)
	return kinds, pages, err
}

// add adds what readDirectory has read.
func (d *directory) add(kinds []kind, pages []pageRef) {
	for _, k := range kinds {
		if d.byID[k.id] == nil {
			d.addKind(k.id, k.name)
		}
	}
	if len(pages) == 0 {
		return
	}
	for i := range pages {
		pages[i].kind = d.byID[pages[i].kind.id]
	}
	d.addPages(pages)
}
