package metering

// IndexOf returns an index of n keys, for its size: the keys are numbers that are mixed.
func IndexOf(n int) any {
	x := &keyIndex{}
	for i := range n {
		x.add(mix(uint64(i), salt2), ref{chunks, uint32(i)}) //nolint:gosec // G115: not negative
	}
	return x
}
