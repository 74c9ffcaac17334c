package rating

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// validateRows checks the rows of a matrix: no two of them may both be the most
// specific one for the same thing. That is so where they have as many dimensions
// and contradict each other in none, unless a third row has the dimensions of both.
func (p Price) validateRows(v *servicecoin.Violations) {
	if !v.Limit("rows", len(p.Rows), mostRows) {
		return
	}
	for i, r := range p.Rows {
		path := fmt.Sprintf("rows[%d]", i)
		p.amount(v, path+".unit", r.Unit)
		if !v.Limit(path+".where", len(r.Where), mostUnits) {
			return
		}
		for _, name := range slices.Sorted(maps.Keys(r.Where)) {
			v.ID(path+".where", name)
			v.ID(path+".where."+name, r.Where[name])
		}
	}
	if v.Len() == 0 {
		p.validateOrder(v)
	}
}

// validateOrder looks for rows of which neither is before the other. Rows of the
// same dimensions are compared by their values at once; pairs of others are looked
// at one by one, and their number is limited.
func (p Price) validateOrder(v *servicecoin.Violations) {
	const mostPairs = 100_000
	is := map[string]int{}
	shapes := map[string][]int{}
	for i, r := range p.Rows {
		key := r.key()
		if before, found := is[key]; found {
			v.Add(fmt.Sprintf("rows[%d].where", i), "ambiguous", r.says(), fmt.Sprintf("is the same as that of rows[%d]", before))
			return
		}
		is[key] = i
		shape := strings.Join(slices.Sorted(maps.Keys(r.Where)), "\x00")
		shapes[shape] = append(shapes[shape], i)
	}
	names := slices.Sorted(maps.Keys(shapes))
	pairs := 0
	for n, one := range names {
		for _, other := range names[n+1:] {
			a, b := shapes[one], shapes[other]
			if len(p.Rows[a[0]].Where) != len(p.Rows[b[0]].Where) {
				continue
			}
			if pairs += len(a) * len(b); pairs > mostPairs {
				v.Add("rows", "too-many", "", fmt.Sprintf("have more than %d pairs of which either may be the more specific one", mostPairs))
				return
			}
			for _, i := range a {
				for _, j := range b {
					if both, fit := p.Rows[i].and(p.Rows[j]); fit && !has(is, both) {
						v.Add(fmt.Sprintf("rows[%d].where", j), "ambiguous", p.Rows[j].says(),
							fmt.Sprintf("is as specific as rows[%d], %s, and both can fit: add a row with the dimensions of both", i, p.Rows[i].says()))
						return
					}
				}
			}
		}
	}
}

func has(is map[string]int, r Row) bool {
	_, found := is[r.key()]
	return found
}

// and returns a row with the dimensions of both, if they do not contradict.
func (r Row) and(other Row) (Row, bool) {
	both := maps.Clone(r.Where)
	for name, value := range other.Where {
		if mine, is := both[name]; is && mine != value {
			return Row{}, false
		}
		both[name] = value
	}
	return Row{Where: both}, true
}

// key tells rows apart.
func (r Row) key() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(r.Where)) {
		fmt.Fprintf(&b, "%q=%q,", name, r.Where[name])
	}
	return b.String()
}

// says is what the row is for, "region eu, size l".
func (r Row) says() string { return dimensions(r.Where) }

func dimensions(where map[string]string) string {
	if len(where) == 0 {
		return "anything else"
	}
	parts := make([]string, 0, len(where))
	for _, name := range slices.Sorted(maps.Keys(where)) {
		parts = append(parts, name+" "+where[name])
	}
	return strings.Join(parts, ", ")
}

// matrix finds rows quickly: by the dimensions that rows have, the most first.
type matrix struct {
	shapes [][]string     // each in order
	rows   map[string]int // by Row.key
}

func matrixOf(rows []Row) *matrix {
	if len(rows) == 0 {
		return nil
	}
	m := &matrix{rows: make(map[string]int, len(rows))}
	seen := map[string]bool{}
	for i, r := range rows {
		m.rows[r.key()] = i
		names := slices.Sorted(maps.Keys(r.Where))
		if shape := strings.Join(names, "\x00"); !seen[shape] {
			seen[shape] = true
			m.shapes = append(m.shapes, names)
		}
	}
	slices.SortStableFunc(m.shapes, func(a, b []string) int { return cmp.Compare(len(b), len(a)) })
	return m
}

// row returns the place of the most specific row that fits, -1 for none.
func (m *matrix) row(where map[string]string) int {
	for _, names := range m.shapes {
		part := make(map[string]string, len(names))
		for _, name := range names {
			if value, is := where[name]; is {
				part[name] = value
			}
		}
		if len(part) < len(names) {
			continue
		}
		if i, is := m.rows[Row{Where: part}.key()]; is {
			return i
		}
	}
	return -1
}

// validatePlans checks the plans of a capacity price: none is smaller than the
// one before it.
func (p Price) validatePlans(v *servicecoin.Violations) {
	if !v.Limit("plans", len(p.Plans), mostTiers) {
		return
	}
	for i, plan := range p.Plans {
		path := fmt.Sprintf("plans[%d]", i)
		p.amount(v, path+".price", plan.Price)
		if !v.Limit(path+".most", len(plan.Most), mostUnits) {
			continue
		}
		for _, unit := range slices.Sorted(maps.Keys(plan.Most)) {
			most := plan.Most[unit]
			v.ID(path+".most", unit)
			v.Number(path+".most."+unit, most, mostDigits, mostPlaces)
			if most.IsNegative() {
				v.Add(path+".most."+unit, "negative", "", "must not be negative")
			}
			if i == 0 || !small(most) {
				continue
			}
			before, bounded := p.Plans[i-1].Most[unit]
			if !bounded || small(before) && most.LessThan(before) {
				v.Add(path+".most."+unit, "order", plain(most), "must not be below that of the plan before")
			}
		}
	}
}

// plan returns the first plan that the peaks stay within, -1 for none.
func (p Price) plan(peaks map[string]decimal.Decimal) int {
	return slices.IndexFunc(p.Plans, func(plan Plan) bool {
		for unit, peak := range peaks {
			if most, bounded := plan.Most[unit]; bounded && peak.GreaterThan(most) {
				return false
			}
		}
		return true
	})
}

// units are what the plans bound, in order.
func (p Price) units() []string {
	names := map[string]bool{}
	for _, plan := range p.Plans {
		for unit := range plan.Most {
			names[unit] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
