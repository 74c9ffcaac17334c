package calendar

import "time"

// zones remembers the zones that were loaded, which takes longer than most else.
type zones map[string]*time.Location

// named returns the zone of the tz database with that name; "" is UTC.
func (z zones) named(name string) (*time.Location, bool) {
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

// zone returns loc, UTC for nil.
func zone(loc *time.Location) *time.Location {
	if loc == nil {
		return time.UTC
	}
	return loc
}
