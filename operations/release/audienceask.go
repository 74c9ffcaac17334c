package release

import (
	"fmt"
	"maps"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/version"
)

// Subject is a customer as the rule knows it, or somebody who is none yet.
type Subject struct {
	Customer servicecoin.CustomerID // "": a prospect, who may use nothing
	// Runs is the version of each platform that the customer runs; of a prospect, the one
	// that it would get. Compatible is the oldest one that must be able to take over again;
	// none: one line below.
	Runs       map[PlatformID]string
	Compatible map[PlatformID]string
	Offerings  []servicecoin.OfferingID // that it has
	Entered    map[FeatureID]AccessState
	Attributes map[string]string
}

// Reason is why somebody may use a feature, or may not.
type Reason string

// The reasons. The first four are why somebody may.
const (
	WhyEverybody Reason = "everybody" // who is entitled may
	WhyNamed     Reason = "named"     // the audience names the customer
	WhySegment   Reason = "segment"   // it is in a segment
	WhyEntered   Reason = "entered"   // it opted in, and was let in where that is asked for

	WhyUnknown     Reason = "unknown"     // there is no such feature
	WhyProspect    Reason = "prospect"    // it is no customer
	WhyNoVersion   Reason = "noVersion"   // nobody knows which version it runs
	WhyNotYet      Reason = "notYet"      // not in that version
	WhyRemoved     Reason = "removed"     // not in that version any more
	WhyHeld        Reason = "held"        // the feature is taken back
	WhyExcepted    Reason = "excepted"    // the audience leaves the customer out
	WhyNotEntitled Reason = "notEntitled" // it has none of the offerings
	WhyMayEnter    Reason = "mayEnter"    // it has it once it opts in
	WhyMayAsk      Reason = "mayAsk"      // it has it once it asks, and is admitted
	WhyWaits       Reason = "waits"       // it asked, and nobody has answered yet
	WhyDeclined    Reason = "declined"    // it asked, and was not admitted
	WhyNotInvited  Reason = "notInvited"  // nothing lets it in
	WhyNeeds       Reason = "needs"       // it may not use what the feature needs
)

// Words is the reason for people, of a customer.
func (r Reason) Words() string {
	return map[Reason]string{
		WhyEverybody: "everybody who is entitled", WhyNamed: "named in the audience", WhySegment: "in a segment of the audience", WhyEntered: "entered early access",
		WhyUnknown: "not known", WhyProspect: "not a customer", WhyNoVersion: "nobody knows which version runs there", WhyNotYet: "not in the version that runs there",
		WhyRemoved: "removed in the version that runs there", WhyHeld: "taken back", WhyExcepted: "left out by the audience", WhyNotEntitled: "has no offering that it comes with",
		WhyMayEnter: "can be entered", WhyMayAsk: "can be asked for", WhyWaits: "asked for, waits for an answer", WhyDeclined: "asked for, not admitted",
		WhyNotInvited: "not open to it", WhyNeeds: "what it needs cannot be used",
	}[r]
}

// Decision is what the rule says of one feature and one customer.
type Decision struct {
	Feature FeatureID
	Stage   Stage // at the version that the customer runs
	May     bool  // use it
	On      bool  // it is, where nobody says otherwise: by default, or because the customer entered
	// Enter is how the customer gets it by opting in; closed where it has it, waits, or
	// cannot.
	Enter Entrance
	// Public says that everybody may be told of it.
	Public bool
	Reason Reason
	Needs  FeatureID // that it may not use, where that is the reason
}

// Who is a subject made ready to be asked about many features. It never changes.
type Who struct {
	rule     *Audiences
	customer servicecoin.CustomerID
	runs     []running
	has      []bool                   // offerings
	entered  []AccessState            // by feature
	named    []uint16                 // by feature: the bits of marks
	codes    []int32                  // of attributes: 0 not known, 1 a value that no condition names
	within   []bool                   // ranges
	others   map[PlatformID]stageLine // platforms that no feature is of
}

// firstCode is the code of the first value of an attribute that a condition names.
const firstCode = 2

type running struct {
	known   bool
	at, low stageLine
}

// For makes a subject ready. A version that cannot be read is reported.
func (r *Audiences) For(s Subject) (*Who, error) {
	w := new(Who)
	return w, r.Into(w, s)
}

// Into is [Audiences.For] into what was made before, which is overwritten: nobody else may be
// asking it.
func (r *Audiences) Into(w *Who, s Subject) error {
	w.rule, w.customer = r, s.Customer
	w.runs = cleared(w.runs, len(r.platforms))
	w.has = cleared(w.has, len(r.offerings))
	w.entered = cleared(w.entered, len(r.features))
	w.named = cleared(w.named, len(r.features))
	w.codes = cleared(w.codes, len(r.attributes))
	w.within = cleared(w.within, len(r.ranges))
	clear(w.others)
	var v servicecoin.Violations
	for id, text := range s.Runs {
		if text == "" {
			continue
		}
		p, err := version.ParseLoose(text)
		if err != nil {
			v.Merge(fmt.Sprintf("runs[%s]", id), err)
			continue
		}
		at := stageLine{p.Major, p.Minor}
		n, ok := r.platforms[id]
		if !ok {
			if w.others == nil {
				w.others = map[PlatformID]stageLine{}
			}
			w.others[id] = at
			continue
		}
		x := running{true, at, at.previous()}
		if low, ok := s.Compatible[id]; ok && low != "" {
			q, err := version.ParseLoose(low)
			if err != nil {
				v.Merge(fmt.Sprintf("compatible[%s]", id), err)
				continue
			}
			x.low = stageLine{q.Major, q.Minor}
		}
		w.runs[n] = x
	}
	for _, o := range s.Offerings {
		if n, ok := r.offerings[o]; ok {
			w.has[n] = true
		}
	}
	for id, state := range s.Entered {
		if n, ok := r.index[id]; ok {
			w.entered[n] = state
		}
	}
	if s.Customer != "" {
		for _, m := range r.marks[s.Customer] {
			w.named[m.feature] = m.bits
		}
	}
	w.know(s.Attributes)
	return v.Err()
}

func (w *Who) know(attributes map[string]string) {
	r := w.rule
	for name, value := range attributes {
		n, ok := r.attributes[name]
		if !ok {
			continue
		}
		w.codes[n] = 1
		if code, ok := r.values[n][value]; ok {
			w.codes[n] = code
		}
		for k := range r.ranges {
			if r.ranges[k].attribute != n {
				continue
			}
			p, err := version.ParseLoose(value)
			w.within[k] = err == nil && r.ranges[k].of.Contains(p)
		}
	}
}

func cleared[T any](list []T, n int) []T {
	list = slices.Grow(list[:0], n)[:n]
	clear(list)
	return list
}

// MayUse says whether the customer may use a feature, and why. It takes some dozens of
// nanoseconds, and allocates nothing.
func (w *Who) MayUse(id FeatureID) Decision {
	n, ok := w.rule.index[id]
	if !ok {
		return Decision{Feature: id, Stage: StagePreAlpha, Reason: WhyUnknown}
	}
	return w.decide(n)
}

// All appends what the rule says of every feature to a list, in the order in which the
// rule was made.
func (w *Who) All(list []Decision) []Decision {
	for n := range w.rule.features {
		list = append(list, w.decide(n))
	}
	return list
}

// Features lists what the rule knows, in byte order.
func (r *Audiences) Features() []FeatureID { return slices.Sorted(maps.Keys(r.index)) }

// decide joins what is said of a feature with what is said of all that it needs.
func (w *Who) decide(n int) Decision {
	d := w.own(n)
	if !d.May && d.Enter == EnterClosed {
		return d
	}
	for _, k := range w.rule.features[n].closure {
		need := w.own(k)
		if need.May {
			continue
		}
		d.May, d.On, d.Reason, d.Needs = false, false, WhyNeeds, need.Feature
		switch {
		case need.Enter == EnterClosed:
			d.Enter = EnterClosed
			return d
		case d.Enter == EnterClosed || need.Enter == EnterAsked:
			d.Enter = need.Enter // it has it once it has what it needs
		}
	}
	return d
}

// own is what is said of a feature, whatever it needs.
func (w *Who) own(n int) Decision {
	f := &w.rule.features[n]
	d := Decision{Feature: f.id, Stage: StagePreAlpha}
	run := w.runs[f.platform]
	if !run.known {
		d.Reason = WhyNoVersion
		return d
	}
	stage, standard := f.at(run)
	d.Stage = stageAt(stage)
	held := f.held && !run.at.before(f.heldFrom)
	d.Public = !held && int(stage) >= f.public && stage != stageCount-1
	switch {
	case w.customer == "":
		d.Reason = WhyProspect
		return d
	case stage == 0:
		d.Reason = WhyNotYet
		return d
	case stage == stageCount-1:
		d.Reason = WhyRemoved
		return d
	case held:
		d.Reason = WhyHeld
		return d
	case w.named[n]>>(stage+exceptShift)&1 == 1:
		d.Reason = WhyExcepted
		return d
	case !w.entitled(f):
		d.Reason = WhyNotEntitled
		return d
	}
	a, entered := &f.audiences[stage], w.entered[n]
	switch {
	case a.everybody:
		d.May, d.Reason = true, WhyEverybody
	case w.named[n]>>stage&1 == 1:
		d.May, d.Reason = true, WhyNamed
	case w.among(a.segments):
		d.May, d.Reason = true, WhySegment
	case a.enter == EnterClosed || len(a.where) > 0 && !w.among(a.where):
		d.Reason = WhyNotInvited
	case entered == AccessIn:
		d.May, d.Reason = true, WhyEntered
	case a.enter == EnterOpen:
		d.Reason, d.Enter = WhyMayEnter, EnterOpen
	case entered == AccessAsked:
		d.Reason = WhyWaits
	case entered == AccessDeclined:
		d.Reason = WhyDeclined
	default:
		d.Reason, d.Enter = WhyMayAsk, EnterAsked
	}
	d.On = d.May && (standard || entered == AccessIn)
	return d
}

func (f *ruled) at(run running) (stage uint8, standard bool) {
	for n := len(f.entries) - 1; n >= 0; n-- {
		x := &f.entries[n]
		if run.at.before(x.from) || x.held && run.low.before(x.min) {
			continue
		}
		return x.stage, x.standard
	}
	return 0, false
}

func stageAt(n uint8) Stage {
	switch n {
	case 1:
		return StageAlpha
	case 2: //nolint:mnd // its number
		return StageBeta
	case 3: //nolint:mnd // its number
		return StageGeneral
	case 4: //nolint:mnd // its number
		return StageDeprecated
	case 5: //nolint:mnd // its number
		return StageRemoved
	}
	return StagePreAlpha
}

func (w *Who) entitled(f *ruled) bool {
	for _, o := range f.offerings {
		if w.has[o] {
			return true
		}
	}
	return len(f.offerings) == 0
}

// among reports whether the customer is in one of the segments.
func (w *Who) among(list []ruledSegment) bool {
	for n := range list {
		s := &list[n]
		if s.share < wholeShare && place(s.salted, w.customer) >= s.share {
			continue
		}
		if w.meets(s.where) {
			return true
		}
	}
	return false
}

func (w *Who) meets(list []ruledCondition) bool {
	for n := range list {
		c := &list[n]
		code := w.codes[c.attribute]
		switch {
		case code == 0:
			return false
		case c.span >= 0:
			if !w.within[c.span] {
				return false
			}
		case slices.Contains(c.codes, code) == c.not:
			return false
		}
	}
	return true
}
