package cloudevents

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// MaxOutcomes is how many exceptions an [Answer] lists, and MaxReasons how many violations
// of each.
const (
	MaxOutcomes = 1000
	MaxReasons  = 10
)

// Answer is what became of the events of a request, as its sender is told: how many of
// each, and which were not kept. It shows nothing of what is stored.
type Answer struct {
	Added     int `json:"added"`
	Repeats   int `json:"repeats"`
	Conflicts int `json:"conflicts"`
	Refused   int `json:"refused"`
	// Exceptions are the events that were not kept, in the order of the batch, the first
	// [MaxOutcomes] of them.
	Exceptions []Outcome `json:"exceptions,omitempty"`
	More       int       `json:"more,omitempty"` // exceptions that are not listed

	status int
}

// Outcome is what became of an event that was not kept.
type Outcome struct {
	Index   int              `json:"index"` // in the batch, from 0
	Outcome metering.Outcome `json:"outcome"`
	Source  string           `json:"source,omitempty"`
	ID      string           `json:"id,omitempty"`
	// Violations say why it was refused, the first [MaxReasons]; More counts the rest.
	Violations []servicecoin.Violation `json:"violations,omitempty"`
	More       int                     `json:"more,omitempty"`
}

// answer makes the answer of a receipt.
func answer(r metering.Receipt) *Answer {
	a := &Answer{Added: r.Added, Repeats: r.Repeats, Conflicts: r.Conflicts, Refused: r.Refused, status: statusOf(r)}
	slices.SortStableFunc(r.Exceptions, func(a, b metering.Exception) int { return cmp.Compare(a.Index, b.Index) })
	a.More = max(0, len(r.Exceptions)-MaxOutcomes)
	for _, x := range r.Exceptions[:len(r.Exceptions)-a.More] {
		o := Outcome{Index: x.Index, Outcome: x.Outcome, Source: cut(x.Source), ID: cut(x.ID)}
		if x.Reason != nil {
			list := x.Reason.Violations
			o.Violations = list[:min(len(list), MaxReasons)]
			o.More = x.Reason.More + len(list) - len(o.Violations)
		}
		a.Exceptions = append(a.Exceptions, o)
	}
	return a
}

// cut bounds what is repeated of a name that may be too long to be one.
func cut(name string) string {
	if len(name) > servicecoin.MaxIDBytes {
		return strings.ToValidUTF8(name[:servicecoin.MaxIDBytes], "") + "…"
	}
	return strings.ToValidUTF8(name, "\uFFFD")
}

func statusOf(r metering.Receipt) int {
	switch {
	case r.Added+r.Repeats > 0 || r.Total() == 0:
		return http.StatusOK
	case r.Conflicts > 0 && r.Refused == 0:
		return http.StatusConflict
	case r.Conflicts == 0 && !slices.ContainsFunc(r.Exceptions, func(x metering.Exception) bool { return !forbidden(x) }):
		return http.StatusForbidden
	default:
		return http.StatusUnprocessableEntity
	}
}

func forbidden(x metering.Exception) bool {
	return x.Reason != nil && slices.ContainsFunc(x.Reason.Violations, func(v servicecoin.Violation) bool { return v.Code == "forbidden" })
}

func (a *Answer) write(w http.ResponseWriter) {
	body, err := json.Marshal(a)
	if err != nil { // no field of it can fail
		body = nil
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(a.status)
	_, _ = w.Write(body) // a client that has gone away is not the handler's concern
}
