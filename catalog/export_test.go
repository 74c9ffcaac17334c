package catalog

import "github.com/servicecoin/servicecoin"

// FoundByHashAlone reports whether the index takes one id for another that has
// the same hash.
func FoundByHashAlone() bool {
	x := newIndex([]servicecoin.ServiceID{"a"})
	x.ids[0] = "b"
	var number [1]int32
	x.find([]servicecoin.ServiceID{"a"}, number[:])
	return number[0] >= 0
}
