package release

import "context"

// MemoryWorld is a [World] in memory, for tests and demonstrations: what is not in it,
// nobody knows.
type MemoryWorld struct {
	Tests   map[FeatureID]map[string]Shown // by version
	Used    map[FeatureID]Usage
	Written map[FeatureID]Shown
	Books   map[FeatureID]Shown
}

var _ World = MemoryWorld{}

// Proven implements World.
func (w MemoryWorld) Proven(_ context.Context, f Feature, version string) (Shown, error) {
	return w.Tests[f.ID][version], nil
}

// Use implements World.
func (w MemoryWorld) Use(_ context.Context, f Feature) (Usage, error) { return w.Used[f.ID], nil }

// Documentation implements World.
func (w MemoryWorld) Documentation(_ context.Context, f Feature, _ string) (Shown, error) {
	return w.Written[f.ID], nil
}

// Runbook implements World.
func (w MemoryWorld) Runbook(_ context.Context, f Feature) (Shown, error) { return w.Books[f.ID], nil }
