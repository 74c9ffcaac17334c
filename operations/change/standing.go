package change

import (
	"context"
	"time"
)

// Standing is how things stand for a change that is to get its place.
type Standing struct{}

// Refusal says why it gets none, "" if it does.
func (s Standing) Refusal() string { return "" }

func (c *Control) standing(context.Context, *Change, time.Time) (Standing, error) {
	return Standing{}, nil
}
func (c *Control) notBefore(*Change, time.Time) error { return nil }
