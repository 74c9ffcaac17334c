package calendar

import (
	"fmt"

	"github.com/servicecoin/servicecoin"
)

// OutsideError says that a question about what was compiled for a span, a
// timetable or an index of windows, or the answer to it, lies outside of that span.
// It is an [servicecoin.ErrInvalid].
type OutsideError struct {
	What string   // what lies outside: an instant, a date, "the deadline"
	Span Interval // for which there are answers, both ends included
}

// Error returns "… lies outside of the compiled span …".
func (e *OutsideError) Error() string {
	return fmt.Sprintf("invalid: %s lies outside of the compiled span %s", e.What, e.Span)
}

// Is makes errors.Is(err, servicecoin.ErrInvalid) true.
func (e *OutsideError) Is(target error) bool { return target == servicecoin.ErrInvalid }
