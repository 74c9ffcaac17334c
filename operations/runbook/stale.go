package runbook

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Surroundings are what is known around books when they are judged. What is absent is
// not known to have changed.
type Surroundings struct {
	// Exercised is when a run of a book last succeeded, drills among them, by the id of
	// the book: [Exercised] makes it of runs.
	Exercised map[servicecoin.RunbookID]time.Time
	// Services and Records are when a service, or a configuration record that books
	// read, changed last, by the names that the books have them under.
	Services map[servicecoin.ServiceID]time.Time
	Records  map[string]time.Time
	// Within is how long after its last exercise a book is fresh; undefined: for ever.
	Within calendar.Duration
}

// Staleness is why a book should be looked at before it is followed.
type Staleness struct {
	Code  StaleCode `json:"code"`
	Of    string    `json:"of,omitempty"` // which service or record
	Since time.Time `json:"since"`        // since when it is so
}

// StaleCode is a reason.
type StaleCode string

// The reasons.
const (
	NotExercised   StaleCode = "notExercised"   // no run succeeded for so long; Since is when it should have
	ServiceChanged StaleCode = "serviceChanged" // after it was published, read again or exercised
	RecordChanged  StaleCode = "recordChanged"
	ReviewPassed   StaleCode = "reviewPassed" // Since is when it should have been read
)

// Stale returns why a published book is stale at an instant, nothing if it is fresh.
// A change counts if it came after the version was published and was not followed by
// an exercise. A book that was never exercised should have been so long after its
// publication.
func Stale(b Book, t time.Time, s Surroundings) []Staleness {
	var list []Staleness
	proven := b.PublishedAt
	if at := s.Exercised[b.ID]; at.After(proven) {
		proven = at
	}
	if within, ok := s.Within.Get(); ok && t.After(proven.Add(within)) {
		list = append(list, Staleness{Code: NotExercised, Since: proven.Add(within)})
	}
	if !b.ReviewBy.IsZero() && t.After(b.ReviewBy) {
		list = append(list, Staleness{Code: ReviewPassed, Since: b.ReviewBy})
	}
	for _, id := range b.Services {
		if at := s.Services[id]; at.After(proven) && !at.After(t) {
			list = append(list, Staleness{Code: ServiceChanged, Of: string(id), Since: at})
		}
	}
	for _, name := range b.Records() {
		if at := s.Records[name]; at.After(proven) && !at.After(t) {
			list = append(list, Staleness{Code: RecordChanged, Of: name, Since: at})
		}
	}
	return list
}

// Exercised returns when each book was exercised last: the end of the last run of it
// that succeeded.
func Exercised(list []Run) map[servicecoin.RunbookID]time.Time {
	last := map[servicecoin.RunbookID]time.Time{}
	for _, r := range list {
		if r.State == Succeeded && r.EndedAt.After(last[r.Book]) {
			last[r.Book] = r.EndedAt
		}
	}
	return last
}

// Cover is what a service has for one scenario.
type Cover struct {
	Service  servicecoin.ServiceID   `json:"service"`
	Scenario Scenario                `json:"scenario"`
	Fresh    []servicecoin.RunbookID `json:"fresh,omitempty"` // published books that are not stale
	Stale    []servicecoin.RunbookID `json:"stale,omitempty"` // published ones that are
}

// Covered reports whether there is a published, fresh book.
func (c Cover) Covered() bool { return len(c.Fresh) > 0 }

// Coverage returns, for each service and each scenario in their order, which books
// there are: one without any has none. Of the books only published versions count.
func Coverage(services []servicecoin.ServiceID, scenarios []Scenario, list []Book, t time.Time, s Surroundings) []Cover {
	type place struct {
		service  servicecoin.ServiceID
		scenario Scenario
	}
	fresh, stale := map[place][]servicecoin.RunbookID{}, map[place][]servicecoin.RunbookID{}
	for _, b := range list {
		if b.State != Published {
			continue
		}
		into := fresh
		if len(Stale(b, t, s)) > 0 {
			into = stale
		}
		for _, id := range b.Services {
			p := place{id, b.Scenario}
			into[p] = append(into[p], b.ID)
		}
	}
	var covers []Cover
	for _, service := range services {
		for _, scenario := range scenarios {
			p := place{service, scenario}
			slices.Sort(fresh[p])
			slices.Sort(stale[p])
			covers = append(covers, Cover{Service: service, Scenario: scenario, Fresh: fresh[p], Stale: stale[p]})
		}
	}
	return covers
}

// Length is how long a step took in runs, beside what its book expects.
type Length struct {
	Step     StepID            `json:"step"`
	Expected calendar.Duration `json:"expected"` // of the plan
	N        int               `json:"n"`        // runs in which it was begun and done
	// Median, and the shortest and longest, are of those runs: undefined where there
	// are none. The median of an even number lies midway between the two in the middle.
	Median   calendar.Elapsed `json:"medianSeconds"`
	Shortest calendar.Elapsed `json:"shortestSeconds"`
	Longest  calendar.Elapsed `json:"longestSeconds"`
	Over     int              `json:"over"` // in how many it took longer than expected
}

// Lengths returns how long each step of a book took in runs, in the order of the
// book. Runs of other books do not count, those of other versions do: steps are the
// same by their id. A step that was finished without having been begun has no length.
func Lengths(b Book, list []Run) []Length {
	took := map[StepID][]time.Duration{}
	for _, r := range list {
		if r.Book != b.ID {
			continue
		}
		for _, s := range r.Steps {
			if d, ok := s.Took(); ok {
				took[s.ID] = append(took[s.ID], d)
			}
		}
	}
	var lengths []Length
	for _, s := range b.Steps {
		l := Length{Step: s.ID, Expected: s.Expected, N: len(took[s.ID])}
		if d := took[s.ID]; len(d) > 0 {
			slices.Sort(d)
			l.Median = calendar.Took((d[(len(d)-1)/2] + d[len(d)/2]) / 2)
			l.Shortest, l.Longest = calendar.Took(d[0]), calendar.Took(d[len(d)-1])
			if expected, ok := s.Expected.Get(); ok {
				for _, x := range d {
					if x > expected {
						l.Over++
					}
				}
			}
		}
		lengths = append(lengths, l)
	}
	return lengths
}

// Expected returns how long a book is expected to take, from its start to its end:
// along the longest way, all branches among them, with waits for a time. It is
// undefined if no step on the way says how long it takes, and unknown counts how
// many steps of a person or of the host do not say.
func (b *Book) Expected() (length calendar.Duration, unknown int) {
	g := graphOf(b.Steps)
	order, _ := g.order()
	ends := map[int]time.Duration{}
	said := false
	for _, n := range order {
		var from time.Duration
		for _, p := range g.before[n] {
			from = max(from, ends[p])
		}
		s := b.Steps[n]
		takes, ok := s.Expected.Get()
		if s.Wait != nil && !ok {
			takes, ok = s.Wait.For.Get()
		}
		said = said || ok
		if !ok && s.Kind != DecisionStep {
			unknown++
		}
		ends[n] = from + takes
	}
	if !said {
		return calendar.Duration{}, unknown
	}
	return calendar.Within(slices.Max(slices.Collect(maps.Values(ends)))), unknown
}

// byTitle orders books for a manual: by scenario as they stand in the list, then by
// id and version.
func byTitle(scenarios []Scenario) func(a, b Book) int {
	rank := func(s Scenario) int {
		if n := slices.Index(scenarios, s); n >= 0 {
			return n
		}
		return len(scenarios)
	}
	return func(a, b Book) int {
		return cmp.Or(cmp.Compare(rank(a.Scenario), rank(b.Scenario)), cmp.Compare(a.Scenario, b.Scenario), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Version, b.Version))
	}
}
