package release

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
)

// Platform is what is released as one, and the philosophy of its releases: text for people,
// and the rules in it that can be checked.
type Platform struct {
	ID      PlatformID            `json:"id"`
	Name    string                `json:"name"`
	Service servicecoin.ServiceID `json:"service,omitempty"` // whose platform it is, in the catalogue
	// Zone is where its dates are days; "" means UTC.
	Zone       string            `json:"zone,omitempty"`
	Philosophy servicecoin.Texts `json:"philosophy,omitempty"`
	Rules      Rules             `json:"rules"` // of all its lines, but for those that have their own
	// Channels are where its versions are offered, the most cautious first: who is on one is
	// offered what is in it and in those before it. None: there is one, "".
	Channels []string `json:"channels,omitempty"`
	// Fixes is by when critical flaws are mended. What it says holds for those that are known
	// from then on.
	Fixes FixPromise `json:"fixes"`

	Version int       `json:"version"` // counted up by the noun
	KeptAt  time.Time `json:"keptAt"`
}

// Rules are what of a philosophy can be checked.
type Rules struct {
	// Cadence is the most days that may lie between two neighbours of a line; 0: nothing is
	// stated.
	Cadence int `json:"cadenceDays,omitempty"`
	// FreezeLead is the least days from the last day on which changes are taken to the target;
	// undefined: [DefaultFreezeLead]. A release below it is an out-of-band fix.
	FreezeLead *int `json:"freezeLeadDays,omitempty"`
	// Support is the least months from the first release of a line to the end of its support;
	// 0: nothing is stated.
	Support int `json:"supportMonths,omitempty"`
	// Patch is what a patch may contain; none: anything.
	Patch []Content `json:"patchHolds,omitempty"`
}

// Content is a kind of what a release holds.
type Content string

// The kinds.
const (
	HasFeature  Content = "feature"
	HasFix      Content = "fix"
	HasAdvisory Content = "advisory"
	HasBreak    Content = "breaking" // what makes users change something
)

// DefaultFreezeLead is how many days lie between the last day on which changes are taken and
// the release, at least, where nothing is stated.
const DefaultFreezeLead = 2

// FixPromise is by when a critical flaw is mended, from when it is known: in a version, and
// with every customer. Undefined: nothing is promised.
type FixPromise struct {
	Fixed  calendar.Duration `json:"fixed"`
	Rolled calendar.Duration `json:"rolled"`
	// Customers are those to whom another time is promised by contract.
	Customers map[servicecoin.CustomerID]calendar.Duration `json:"customers,omitempty"`
}

// of returns what is promised to a customer.
func (f FixPromise) of(c servicecoin.CustomerID) calendar.Duration {
	if d, ok := f.Customers[c]; ok {
		return d
	}
	return f.Rolled
}

const (
	maxName     = 200
	maxReason   = 4000
	maxChannels = 20
	maxOfFixes  = 1000 // customers with a promise of their own
	maxDays     = 36600
	maxBody     = 192 << 10
	maxAYear    = 366 * 24 * time.Hour
)

// Validate reports every violation.
func (p Platform) Validate() error {
	var v servicecoin.Violations
	v.ID("id", string(p.ID))
	v.Text("name", p.Name, 1, maxName)
	if p.Service != "" {
		v.ID("service", string(p.Service))
	}
	if _, err := p.Location(); err != nil {
		v.Merge("", err)
	}
	v.Merge("philosophy", p.Philosophy.Validate())
	p.Rules.validate(&v, "rules")
	if v.Limit("channels", len(p.Channels), maxChannels) {
		for n, c := range p.Channels {
			path := fmt.Sprintf("channels[%d]", n)
			v.Text(path, c, 1, maxName)
			if slices.Index(p.Channels, c) < n {
				v.Add(path, "duplicate", c, "is there already")
			}
		}
	}
	p.Fixes.validate(&v, "fixes")
	return v.Err()
}

// Location returns the zone in which the platform's dates are days.
func (p Platform) Location() (*time.Location, error) { return hours.Hours{Zone: p.Zone}.Location() }

// Today returns the platform's day at an instant; in a zone that nobody knows, that of UTC.
func (p Platform) Today(at time.Time) calendar.Date {
	loc, err := p.Location()
	if err != nil {
		loc = time.UTC
	}
	return calendar.DateOf(at, loc)
}

func (r Rules) validate(v *servicecoin.Violations, path string) {
	within := func(name string, n, most int) {
		if n < 0 || n > most {
			v.Add(path+"."+name, "out-of-range", strconv.Itoa(n), fmt.Sprintf("must be from 0 to %d", most))
		}
	}
	within("cadenceDays", r.Cadence, maxDays)
	if r.FreezeLead != nil {
		within("freezeLeadDays", *r.FreezeLead, maxDays)
	}
	const months = 1200
	within("supportMonths", r.Support, months)
	for n, c := range r.Patch {
		if n > len(contents()) || !slices.Contains(contents(), c) {
			v.Add(fmt.Sprintf("%s.patchHolds[%d]", path, n), "unknown", string(c), "must be feature, fix, advisory or breaking, each once")
			break
		}
	}
}

func contents() []Content { return []Content{HasFeature, HasFix, HasAdvisory, HasBreak} }

// or fills what a line's own rules leave open from those of its platform.
func (r Rules) or(of Rules) Rules {
	if r.Cadence == 0 {
		r.Cadence = of.Cadence
	}
	if r.FreezeLead == nil {
		r.FreezeLead = of.FreezeLead
	}
	if r.Support == 0 {
		r.Support = of.Support
	}
	if len(r.Patch) == 0 {
		r.Patch = of.Patch
	}
	return r
}

// lead is the least freeze lead that holds.
func (r Rules) lead() int {
	if r.FreezeLead == nil {
		return DefaultFreezeLead
	}
	return *r.FreezeLead
}

func (f FixPromise) validate(v *servicecoin.Violations, path string) {
	promised := func(path string, d calendar.Duration) {
		if long, ok := d.Get(); ok && (long <= 0 || long > maxAYear) {
			v.Add(path, "out-of-range", d.String(), "must be longer than nothing, and at most 366 days")
		}
	}
	promised(path+".fixed", f.Fixed)
	promised(path+".rolled", f.Rolled)
	if v.Limit(path+".customers", len(f.Customers), maxOfFixes) {
		for id, d := range f.Customers {
			v.ID(path+".customers", string(id))
			promised(fmt.Sprintf("%s.customers[%s]", path, id), d)
		}
	}
}
