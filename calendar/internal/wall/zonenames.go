package wall

import (
	"strings"
	"time"
)

// Limits of the names of zones in a file.
const (
	longestZone = 100 // bytes of a name
	mostZones   = 500 // names that are looked up
)

// ZoneNames finds zones of the tz database by what files call them, and remembers
// what was found. The zero value is ready.
type ZoneNames struct {
	known map[string]*time.Location // nil: unknown
}

// Find returns the zone of a TZID, nil if it is unknown. Makers put a prefix
// before the name: /freeassociation.sourceforge.net/Europe/Berlin. A name of the
// tz database has three parts at most, so no more are tried.
func (n *ZoneNames) Find(name string) *time.Location {
	const most = 3
	if loc, known := n.known[name]; known || len(name) > longestZone || len(n.known) >= mostZones {
		return loc
	}
	whole := strings.TrimPrefix(name, "/")
	tries := []string{whole}
	for i, parts := len(whole), 0; parts < most && i > 0; parts++ {
		if i = strings.LastIndexByte(whole[:i], '/'); i < 0 {
			break
		}
		tries = append(tries, whole[i+1:])
	}
	var found *time.Location
	for i := range tries { // the whole name, then the longest part of it
		try := tries[0]
		if i > 0 {
			try = tries[len(tries)-i]
		}
		if loc, ok := (Zones{}).Named(try); ok && try != "" {
			found = loc
			break
		}
	}
	if n.known == nil {
		n.known = map[string]*time.Location{}
	}
	n.known[name] = found
	return found
}
