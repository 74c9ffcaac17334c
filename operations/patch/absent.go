package patch

import (
	"context"
	"slices"
	"strings"
)

// Absent returns the bulletins that were imported of a source and stand, but whose ids a
// newer list of the source does not have any more, by these. What that means the host
// decides: it may import them again as withdrawn. It looks at every advisory.
func (a *Advisories) Absent(ctx context.Context, source string, ids []string) ([]Bulletin, error) {
	listed := make(map[string]bool, len(ids))
	for _, id := range ids {
		listed[id] = true
	}
	var out []Bulletin
	for x, err := range a.Recent().All(ctx) {
		if err != nil {
			return nil, err
		}
		for _, b := range x.Bulletins {
			if b.Source == source && b.Withdrawn.IsZero() && !listed[b.ID] {
				out = append(out, b)
			}
		}
	}
	slices.SortFunc(out, func(x, y Bulletin) int { return strings.Compare(x.ID, y.ID) })
	return out, nil
}
