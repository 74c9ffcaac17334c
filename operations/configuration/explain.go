package configuration

import (
	"context"
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Changes tells of the changes that were approved: who changed what is observed, and
// whether what is accepted may become desired.
type Changes interface {
	// During returns the approved changes whose work overlaps an interval.
	During(ctx context.Context, during calendar.Interval) ([]ApprovedChange, error)
	// Change returns one that was approved; ErrNotFound for any other.
	Change(ctx context.Context, id servicecoin.ChangeID) (ApprovedChange, error)
}

// ApprovedChange is when and on what an approved change is worked.
type ApprovedChange struct {
	ID       servicecoin.ChangeID          `json:"id"`
	Title    string                        `json:"title,omitempty"`
	During   calendar.Interval             `json:"during"` // as it was where it is over, as planned where not
	Items    []servicecoin.ConfigurationID `json:"items"`
	Services []servicecoin.ServiceID       `json:"services"`
}

// Concerns reports whether an item is in the scope of the change: by name, or because
// its service is. A scope that names items is those alone.
func (c ApprovedChange) Concerns(i Item) bool {
	if len(c.Items) > 0 {
		return slices.Contains(c.Items, i.ID)
	}
	return i.Service != "" && slices.Contains(c.Services, i.Service)
}

// Origin says what a difference comes of.
type Origin string

// The origins.
const (
	ByChange     Origin = "change"       // it was changed in the time and the scope of an approved change
	Unauthorised Origin = "unauthorised" // it was changed, and by no approved change
	Pending      Origin = "pending"      // what is desired was changed: it is not there yet
	Untold       Origin = "untold"       // nobody knows of changes
)

// Explain returns the change that explains why an item is found otherwise at the end of
// an interval than at its start: the first to end of those that concern it.
func Explain(list []ApprovedChange, i Item, during calendar.Interval) (servicecoin.ChangeID, bool) {
	var best *ApprovedChange
	for n := range list {
		c := &list[n]
		if c.Concerns(i) && c.During.Overlaps(during) && (best == nil || c.During.End.Before(best.During.End) || c.During.End.Equal(best.During.End) && c.ID < best.ID) {
			best = c
		}
	}
	if best == nil {
		return "", false
	}
	return best.ID, true
}

// MemoryChanges is a [Changes] for tests: these, and no other.
type MemoryChanges []ApprovedChange

// During implements Changes.
func (m MemoryChanges) During(ctx context.Context, during calendar.Interval) ([]ApprovedChange, error) {
	var list []ApprovedChange
	for _, c := range m {
		if c.During.Overlaps(during) {
			list = append(list, c)
		}
	}
	return list, ctx.Err()
}

// Change implements Changes.
func (m MemoryChanges) Change(ctx context.Context, id servicecoin.ChangeID) (ApprovedChange, error) {
	for _, c := range m {
		if c.ID == id {
			return c, ctx.Err()
		}
	}
	return ApprovedChange{}, fmt.Errorf("approved change %q: %w", id, servicecoin.ErrNotFound)
}
