package version

// Shape returns how many comparisons each group of a range has.
func Shape(r Range) []int {
	var list []int
	for _, g := range r.groups {
		list = append(list, len(g))
	}
	return list
}
