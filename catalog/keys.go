package catalog

import "github.com/servicecoin/servicecoin"

// The kinds of records, as they stand in a [servicecoin.Key].
const (
	ServiceRecord      = "service"            // provider's partition: [Service]
	DependencyRecord   = "dependency"         // provider's partition: [Dependency]
	OfferingRecord     = "offering"           // provider's partition: [Offering]
	SubscriberRecord   = "catalog.subscriber" // provider's partition: [Subscriber]
	OrderRecord        = "order"              // customer's partition: [Order]
	SubscriptionRecord = "subscription"       // customer's partition: [Subscription]
)

// ServiceKey returns the key of a service.
func ServiceKey(id servicecoin.ServiceID) servicecoin.Key {
	return servicecoin.Key{Customer: servicecoin.Provider, Kind: ServiceRecord, ID: string(id)}
}
