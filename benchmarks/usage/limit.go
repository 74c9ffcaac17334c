package usage

// Columns are facts clustered by meter and customer: what a program would have that
// knows nothing but this workload.
type Columns struct {
	at, value []int64
	region    []uint8
	resource  []uint32
	from      [Meters*Customers + 1]int
}

// Cluster returns the facts of a workload, clustered by meter and customer, each in the
// order in which they came.
func Cluster(n int) *Columns {
	c := &Columns{at: make([]int64, n), value: make([]int64, n), region: make([]uint8, n), resource: make([]uint32, n)}
	place := func(f Fact) int { return int(f.Meter)*Customers + int(f.Customer) }
	for w := New(n); ; {
		f, ok := w.Next()
		if !ok {
			break
		}
		c.from[place(f)+1]++
	}
	for i := 1; i < len(c.from); i++ {
		c.from[i] += c.from[i-1]
	}
	next := c.from
	for w := New(n); ; {
		f, ok := w.Next()
		if !ok {
			return c
		}
		i := next[place(f)]
		next[place(f)]++
		c.at[i], c.value[i], c.region[i], c.resource[i] = f.At, f.Value, f.Region, f.Resource
	}
}

// Group is one row of an answer.
type Group struct {
	Customer, Meter, Window, Region int32
	Count, Sum, Max                 int64
}

// A returns sum, count and maximum by customer and meter.
func (c *Columns) A() []Group {
	list := make([]Group, 0, Meters*Customers)
	for m := range Meters {
		for k := range Customers {
			from, to := c.from[m*Customers+k], c.from[m*Customers+k+1]
			if from == to {
				continue
			}
			g := Group{Customer: int32(k), Meter: int32(m), Count: int64(to - from), Max: c.value[from]}
			for _, v := range c.value[from:to] {
				g.Sum += v
				g.Max = max(g.Max, v)
			}
			list = append(list, g)
		}
	}
	return list
}

const (
	microsPerHour = 3_600_000_000
	microsPerDay  = 24 * microsPerHour
)

// B returns the same by customer and day for one meter.
func (c *Columns) B(meter int) []Group {
	list := make([]Group, 0, Customers*Days)
	start := Start().UnixMicro()
	var days [Days]Group
	for k := range Customers {
		clear(days[:])
		for i := c.from[meter*Customers+k]; i < c.from[meter*Customers+k+1]; i++ {
			g, v := &days[(c.at[i]-start)/microsPerDay], c.value[i]
			if g.Count == 0 {
				g.Max = v
			}
			g.Count++
			g.Sum += v
			g.Max = max(g.Max, v)
		}
		for d := range days {
			if days[d].Count > 0 {
				days[d].Customer, days[d].Meter, days[d].Window = int32(k), int32(meter), int32(d) //nolint:gosec // G115: numbers of a workload
				list = append(list, days[d])
			}
		}
	}
	return list
}

// C returns the sums by customer, hour and region for one meter and two regions.
func (c *Columns) C(meter int, first, second uint8) []Group {
	var place [Regions]int8 // of a region among those wanted, and 1
	place[first], place[second] = 1, 2
	list := make([]Group, 0, 1<<18)
	for k := range Customers {
		list = c.hours(list, meter, k, 2, &place, [Regions]uint8{first, second})
	}
	return list
}

// E returns the sums of one customer and meter by hour and region.
func (c *Columns) E(meter, customer int) []Group {
	var place [Regions]int8
	var all [Regions]uint8
	for r := range place {
		place[r], all[r] = int8(r+1), uint8(r)
	}
	return c.hours(make([]Group, 0, 1<<13), meter, customer, Regions, &place, all)
}

func (c *Columns) hours(list []Group, meter, customer, n int, place *[Regions]int8, regions [Regions]uint8) []Group {
	start := Start().UnixMicro()
	cells := make([]struct{ count, sum int64 }, Days*24*n)
	for i := c.from[meter*Customers+customer]; i < c.from[meter*Customers+customer+1]; i++ {
		p := place[c.region[i]]
		if p == 0 {
			continue
		}
		g := &cells[int(c.at[i]-start)/microsPerHour*n+int(p-1)]
		g.count++
		g.sum += c.value[i]
	}
	for i := range cells {
		if g := &cells[i]; g.count > 0 {
			list = append(list, Group{Customer: int32(customer), Meter: int32(meter), Window: int32(i / n), Region: int32(regions[i%n]), Count: g.count, Sum: g.sum}) //nolint:gosec // G115: numbers of a workload
		}
	}
	return list
}

// D returns how many resources there are by customer and day for one meter.
func (c *Columns) D(meter int) []Group {
	list := make([]Group, 0, Customers*Days)
	start := Start().UnixMicro()
	seen := make([]uint32, Resources) // the days on which a resource was seen, as bits
	for k := range Customers {
		var days [Days]int64
		from, to := c.from[meter*Customers+k], c.from[meter*Customers+k+1]
		for i := from; i < to; i++ {
			d := (c.at[i] - start) / microsPerDay
			if bit := uint32(1) << d; seen[c.resource[i]]&bit == 0 {
				seen[c.resource[i]] |= bit
				days[d]++
			}
		}
		for i := from; i < to; i++ {
			seen[c.resource[i]] = 0
		}
		for d, n := range days {
			if n > 0 {
				list = append(list, Group{Customer: int32(k), Meter: int32(meter), Window: int32(d), Count: n}) //nolint:gosec // G115: numbers of a workload
			}
		}
	}
	return list
}
