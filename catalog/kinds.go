package catalog

import (
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/store"
)

// The kinds of records, as they stand in a [servicecoin.Key].
const (
	ServiceRecord      = "catalog.service"      // provider's partition: [Service]
	DependencyRecord   = "catalog.dependency"   // provider's partition: [Dependency]
	OfferingRecord     = "catalog.offering"     // provider's partition: [Offering]
	SubscriberRecord   = "catalog.subscriber"   // provider's partition: [Subscriber]
	OrderRecord        = "catalog.order"        // customer's partition: [Order]
	SubscriptionRecord = "catalog.subscription" // customer's partition: [Subscription]
)

// ServiceKey returns the key of a service.
func ServiceKey(id servicecoin.ServiceID) servicecoin.Key {
	return servicecoin.Key{Customer: servicecoin.Provider, Kind: ServiceRecord, ID: string(id)}
}

var services = store.Kind[Service]{
	Name:  ServiceRecord,
	House: house.Own(),
	ID:    func(s Service) string { return string(s.ID) },
	Indexes: []store.Index[Service]{
		{Name: "state", Columns: "tt", Of: func(s Service) store.Tuple {
			return store.Tuple{store.Text(s.State), store.Text(brief(s.Name))}
		}},
	},
}

var dependencies = store.Kind[Dependency]{
	Name:  DependencyRecord,
	House: house.Own(),
	ID:    func(d Dependency) string { return string(d.ID) },
	Indexes: []store.Index[Dependency]{
		{Name: "service", Columns: "t", Of: func(d Dependency) store.Tuple { return store.Tuple{store.Text(d.Service)} }},
	},
}

var offerings = store.Kind[Offering]{
	Name:  OfferingRecord,
	House: house.Own(),
	ID:    func(o Offering) string { return string(o.ID) },
	Indexes: []store.Index[Offering]{
		{Name: "service", Columns: "tt", Of: func(o Offering) store.Tuple {
			return store.Tuple{store.Text(o.Service), store.Text(brief(o.Name))}
		}},
	},
}

var subscribers = store.Kind[Subscriber]{
	Name:  SubscriberRecord,
	House: house.Own(),
	ID:    func(s Subscriber) string { return subscriberID(s.Customer, s.Subscription) },
	Indexes: []store.Index[Subscriber]{
		{Name: "service", Columns: "tt", Of: func(s Subscriber) store.Tuple {
			return store.Tuple{store.Text(s.Service), store.Text(s.Customer)}
		}},
		{Name: "customer", Columns: "tm", Of: func(s Subscriber) store.Tuple {
			return store.Tuple{store.Text(s.Customer), store.Time(s.From)}
		}},
		{Name: "present", Columns: "tt", Of: func(s Subscriber) store.Tuple {
			if !s.Until.IsZero() {
				return nil
			}
			return store.Tuple{store.Text(s.Service), store.Text(s.Offering)}
		}},
	},
}

var orders = store.Kind[Order]{
	Name:  OrderRecord,
	House: house.Own(),
	ID:    func(o Order) string { return string(o.ID) },
	Indexes: []store.Index[Order]{
		{Name: "requested", Columns: "m", Of: func(o Order) store.Tuple { return store.Tuple{store.Time(o.RequestedAt)} }},
		{Name: "state", Columns: "tm", Of: func(o Order) store.Tuple {
			return store.Tuple{store.Text(o.State), store.Time(o.RequestedAt)}
		}},
		{Name: "due", Columns: "m", Of: func(o Order) store.Tuple {
			if !o.State.Open() || o.Due.IsZero() {
				return nil
			}
			return store.Tuple{store.Time(o.Due)}
		}},
	},
}

var subscriptions = store.Kind[Subscription]{
	Name:  SubscriptionRecord,
	House: house.Own(),
	ID:    func(s Subscription) string { return string(s.ID) },
	Indexes: []store.Index[Subscription]{
		{Name: "requested", Columns: "m", Of: func(s Subscription) store.Tuple { return store.Tuple{store.Time(s.RequestedAt)} }},
		{Name: "state", Columns: "tm", Of: func(s Subscription) store.Tuple {
			return store.Tuple{store.Text(s.State), store.Time(s.RequestedAt)}
		}},
		{Name: "service", Columns: "tm", Of: func(s Subscription) store.Tuple {
			return store.Tuple{store.Text(s.Service), store.Time(until(s.From, s.Until))}
		}},
	},
}

// until returns the end of a span that sorts last where it is open, and first
// where it has not begun.
func until(from, end time.Time) time.Time {
	switch {
	case from.IsZero():
		return time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	case end.IsZero():
		return time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	}
	return end
}

// brief cuts a name to what fits into an index beside an id.
func brief(name string) string {
	const most = 100
	if len(name) <= most {
		return name
	}
	return name[:most]
}
