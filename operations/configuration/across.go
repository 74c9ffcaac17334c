package configuration

import (
	"github.com/servicecoin/servicecoin/store"
)

// Across lists the items of all customers, and the provider's own, that are not retired:
// customer by customer, by their names.
func Across(s *store.Store) store.Listing[Item] {
	return store.Across(s, items).Find(store.By("name")).Where(func(i Item) bool { return i.RetiredAt.IsZero() })
}
