package usage

import "github.com/servicecoin/servicecoin/metering"

// Listing returns the statement of a page, for a look at its plan.
func (s *Store) Listing(q metering.Query, after *metering.Cursor) (text string, args []any) {
	return s.listing(q, after)
}

// Ordered returns the planner settings of Scan.
func Ordered() string { return ordered }
