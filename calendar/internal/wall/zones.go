package wall

import "time"

// Zones remembers the zones that were loaded, which takes longer than most else.
type Zones map[string]*time.Location

// Named returns the zone of the tz database with that name; "" is UTC.
func (z Zones) Named(name string) (*time.Location, bool) {
	const longest = 100
	loc, known := z[name]
	if !known {
		if name == "Local" || len(name) > longest {
			return nil, false
		}
		var err error
		if loc, err = time.LoadLocation(name); err != nil {
			return nil, false
		}
		z[name] = loc
	}
	return loc, true
}

// OrUTC returns loc, UTC for nil.
func OrUTC(loc *time.Location) *time.Location {
	if loc == nil {
		return time.UTC
	}
	return loc
}
