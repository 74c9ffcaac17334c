package metering

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

// Concern is when something of a type happens of which an event changes how it is
// measured.
type Concern struct {
	Type string    `json:"type"`
	At   time.Time `json:"at"`
}

// Follower does what follows from usage that was recorded: it looks after limits that
// are kept elsewhere. The view is the customer's, and that of the host's transaction or
// unit of work if the ledger is ([Ledger.On]).
type Follower func(ctx context.Context, view store.View, customer servicecoin.Customer, by servicecoin.Actor, batch []Event) error

// Concerns returns when something happens that events change: when they happen
// themselves, when what they take back or correct happens, and did before it was
// corrected, and when an interval ends. What is open ends now.
func (l *Ledger) Concerns(ctx context.Context, events ...Event) ([]Concern, error) {
	if err := l.view.Err(); err != nil {
		return nil, err
	}
	var v servicecoin.Violations
	if !v.Limit("events", len(events), MaxBatch) {
		return nil, v.Err()
	}
	var list []Concern
	for _, e := range events {
		changed, err := l.timesOf(ctx, e)
		if err != nil {
			return nil, err
		}
		for _, c := range changed {
			list = append(list, Concern{c.kind, c.at})
		}
		// What ends, or is open, counts up to its end, or to now.
		if len(changed) > 0 && (!e.End.IsZero() || e.Open || e.Does == Close) {
			until := e.End
			if until.IsZero() {
				until = l.view.Now()
			}
			list = append(list, Concern{changed[0].kind, until.Add(-time.Microsecond)})
		}
	}
	return list, nil
}

// In is [Ledger.UsageIn] without groups: the point of each window.
func (l *Ledger) In(ctx context.Context, id MeterID, windows []calendar.Interval) ([]Point, error) {
	series, err := l.UsageIn(ctx, id, windows)
	if err != nil || len(series) == 0 {
		return nil, err
	}
	return series[0].Points, nil
}
