package metering

import "github.com/servicecoin/servicecoin"

// pageIndex finds pages by customer and type, by hashes that are there already.
type pageIndex struct {
	slots []pageSlot
	used  int
}

type pageSlot struct {
	hash uint64
	page *page
}

// find returns the page of an event, nil for none.
func (x *pageIndex) find(customer, eventType uint64, e *Event) *page {
	if len(x.slots) == 0 {
		return nil
	}
	h := mix(customer, eventType)
	mask := x.mask()
	for i := h & mask; ; i = (i + 1) & mask {
		s := &x.slots[i]
		if s.page == nil {
			return nil
		}
		if s.hash == h && s.page.of.kind == e.Type && s.page.of.customer == e.Customer {
			return s.page
		}
	}
}

func (x *pageIndex) mask() uint64 { return uint64(len(x.slots) - 1) } //nolint:gosec // G115: there are some

// add adds a page that is not there.
func (x *pageIndex) add(customer, eventType uint64, p *page) {
	const least = 16
	if 2*x.used >= len(x.slots) {
		old := x.slots
		x.slots = make([]pageSlot, max(least, 2*len(old)))
		for _, s := range old {
			if s.page != nil {
				x.put(s)
			}
		}
	}
	x.put(pageSlot{mix(customer, eventType), p})
	x.used++
}

func (x *pageIndex) put(s pageSlot) {
	mask := x.mask()
	i := s.hash & mask
	for x.slots[i].page != nil {
		i = (i + 1) & mask
	}
	x.slots[i] = s
}

// drop forgets a customer.
func (x *pageIndex) drop(customer servicecoin.CustomerID) {
	old := x.slots
	*x = pageIndex{slots: make([]pageSlot, len(old))}
	for _, s := range old {
		if s.page != nil && s.page.of.customer != customer {
			x.put(s)
			x.used++
		}
	}
}
