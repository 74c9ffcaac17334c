package release

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/version"
)

// Audiences is the one rule of who may use which feature, and who is told of it: features with
// their stages, needs and audiences, made ready to be asked. It never changes, and may be
// asked by many at once.
type Audiences struct {
	features   []ruled
	index      map[FeatureID]int
	platforms  map[PlatformID]int
	offerings  map[servicecoin.OfferingID]int
	attributes map[string]int
	values     []map[string]int32 // of each attribute: what conditions name, from 2 on
	ranges     []ruledRange
	marks      map[servicecoin.CustomerID][]mark
}

// ruled is one feature in a rule.
type ruled struct {
	id        FeatureID
	platform  int
	entries   []ruledEntry
	audiences [stageCount]ruledAudience
	offerings []int
	closure   []int // all that it needs, through all steps
	public    int   // the number of the stage from which on it is public; none: beyond all
	held      bool
	heldFrom  stageLine
}

type ruledEntry struct {
	from, min stageLine
	held      bool
	stage     uint8
	standard  bool // on by default
}

type ruledAudience struct {
	everybody bool
	enter     Entrance
	segments  []ruledSegment
	where     []ruledSegment
}

type ruledSegment struct {
	where  []ruledCondition
	share  uint64 // thousandths of a percent; wholeShare: all
	salted uint64 // the hash of the salt, that of a customer goes on from there
}

type ruledCondition struct {
	attribute int
	codes     []int32
	not       bool
	span      int // a range; -1: none
}

type ruledRange struct {
	attribute int
	of        version.Range
}

// mark is that a customer is named by an audience.
type mark struct {
	feature int
	bits    uint16 // a bit for each stage in which it is let in, and one in which it is left out
}

const (
	stageCount  = 6
	exceptShift = 8 // of the bits of a mark
)

// CompileAudiences makes a rule of features. What they violate together ([ValidateFeatures]) it
// reports, and makes none.
func CompileAudiences(list []Feature) (*Audiences, error) {
	if err := ValidateFeatures(list); err != nil {
		return nil, err
	}
	r := &Audiences{
		features: make([]ruled, len(list)), index: make(map[FeatureID]int, len(list)), platforms: map[PlatformID]int{},
		offerings: map[servicecoin.OfferingID]int{}, attributes: map[string]int{}, marks: map[servicecoin.CustomerID][]mark{},
	}
	for n, f := range list {
		r.index[f.ID] = n
	}
	for n, f := range list {
		var v servicecoin.Violations
		x := &r.features[n]
		x.id, x.platform = f.ID, intern(r.platforms, f.Platform)
		for _, e := range readStages(&v, "stages", f.Stages) {
			x.entries = append(x.entries, ruledEntry{e.from, e.min, e.held, uint8(slices.Index(Stages(), e.Stage)), e.Default}) //nolint:gosec // one of six
		}
		for _, o := range f.Offerings {
			x.offerings = append(x.offerings, intern(r.offerings, o))
		}
		x.public = stageCount
		if f.PublicFrom != "" {
			x.public = slices.Index(Stages(), f.PublicFrom)
		}
		if f.Hold != nil {
			x.held = true
			x.heldFrom, _ = readLine(&v, "hold.from", f.Hold.From)
		}
		for k, s := range Stages() {
			r.audience(x, n, k, f.Audience(s))
		}
		if err := v.Err(); err != nil {
			return nil, fmt.Errorf("feature %s: %w", f.ID, err)
		}
	}
	for n, f := range list {
		r.features[n].closure = r.below(list, f)
	}
	return r, nil
}

func intern[K comparable](m map[K]int, k K) int {
	n, ok := m[k]
	if !ok {
		n = len(m)
		m[k] = n
	}
	return n
}

func (r *Audiences) audience(x *ruled, feature, stage int, a Audience) {
	x.audiences[stage] = ruledAudience{
		everybody: a.Everybody, enter: a.Enter, segments: r.segments(x.id, a.Segments), where: r.segments(x.id, a.EnterWhere),
	}
	for shift, named := range [][]servicecoin.CustomerID{a.Customers, a.Except} {
		for _, id := range named {
			bit := uint16(1) << (stage + shift*exceptShift)
			list := r.marks[id]
			if n := len(list); n > 0 && list[n-1].feature == feature {
				list[n-1].bits |= bit
				continue
			}
			r.marks[id] = append(list, mark{feature, bit})
		}
	}
}

func (r *Audiences) segments(id FeatureID, list []Segment) []ruledSegment {
	made := make([]ruledSegment, len(list))
	for n, s := range list {
		salt := s.Salt
		if salt == "" {
			salt = string(id)
		}
		x := ruledSegment{share: wholeShare, salted: hashOn(hashOn(hashBasis, salt), "\x00")}
		if s.Share.Valid {
			x.share = uint64(s.Share.Decimal.Shift(sharePlaces).IntPart()) //nolint:gosec // from 0 to 100 000
		}
		for _, c := range s.Where {
			x.where = append(x.where, r.condition(c))
		}
		made[n] = x
	}
	return made
}

func (r *Audiences) condition(c Condition) ruledCondition {
	x := ruledCondition{attribute: intern(r.attributes, c.Attribute), span: -1, not: len(c.IsNot) > 0}
	for len(r.values) < len(r.attributes) {
		r.values = append(r.values, map[string]int32{})
	}
	if c.Range != "" {
		of, _ := version.ParseRange(c.Range) // it was validated
		x.span = len(r.ranges)
		r.ranges = append(r.ranges, ruledRange{x.attribute, of})
	}
	codes := r.values[x.attribute]
	for _, value := range slices.Concat(c.Is, c.IsNot) {
		code, ok := codes[value]
		if !ok {
			code = int32(len(codes)) + firstCode //nolint:gosec // bounded by the features
			codes[value] = code
		}
		x.codes = append(x.codes, code)
	}
	return x
}

// below lists all that a feature needs, through all steps.
func (r *Audiences) below(list []Feature, f Feature) []int {
	var found []int
	seen := map[FeatureID]bool{}
	for stack := slices.Clone(f.Needs); len(stack) > 0; {
		id := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[id] {
			continue
		}
		seen[id] = true
		n := r.index[id]
		found = append(found, n)
		stack = append(stack, list[n].Needs...)
	}
	slices.Sort(found)
	return found
}

// FNV-1a of 64 bits, and the finish of MurmurHash3, which spreads it over all bits. Who is
// in which share is a promise: it does not change with a release.
const (
	hashBasis = 14695981039346656037
	hashPrime = 1099511628211
)

func hashOn(h uint64, text string) uint64 {
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * hashPrime
	}
	return h
}

func spread(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// place is where a customer is among all, from 0 to wholeShare-1.
func place(salted uint64, customer servicecoin.CustomerID) uint64 {
	n, _ := bits.Mul64(spread(hashOn(salted, string(customer))), wholeShare)
	return n
}
