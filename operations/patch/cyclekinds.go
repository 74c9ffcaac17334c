package patch

import (
	"fmt"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/store"
)

// The kinds of records of cycles, in the provider's partition.
const (
	CycleRecord  = "patch.cycle"  // [Cycle]
	JobRecord    = "patch.job"    // [Job]
	MissedRecord = "patch.missed" // who has no slot before its deadline, in parts

	PlanningRecord = "patch.planning" // that a plan of a cycle is being made
)

// The events of cycles. Their data is a [CycleChanged], that of jobs a [JobChanged].
const (
	EventPlanned     = "cycle.planned"
	EventReplanned   = "cycle.replanned"
	EventCycleBegun  = "cycle.begun"
	EventHalted      = "cycle.halted"
	EventResumed     = "cycle.resumed"
	EventGoAhead     = "cycle.goneAhead"
	EventRingSettled = "ring.settled" // all of its targets are, and it soaks
	EventRingPassed  = "ring.passed"
	EventRingOpened  = "ring.opened"
	EventFinished    = "cycle.finished"
	EventCancelled   = "cycle.cancelled"

	EventReported = "job.reported" // what came of targets
	EventBound    = "job.bound"    // it became a change, or got stuck
)

// CycleChanged is the data of a cycle's event.
type CycleChanged struct {
	Cycle      CycleID      `json:"cycle"`
	Edition    int          `json:"edition"`
	State      CycleState   `json:"state"`
	Ring       int          `json:"ring"`
	Advisories []AdvisoryID `json:"advisories,omitempty"`
}

// JobChanged is the data of a job's event. It does not say whose the job is: the events of
// the provider are not forgotten with a customer.
type JobChanged struct {
	Cycle   CycleID              `json:"cycle"`
	Job     JobID                `json:"job"`
	Ring    int                  `json:"ring"`
	Change  servicecoin.ChangeID `json:"change,omitempty"`
	Counts  Counts               `json:"counts"`
	Settled bool                 `json:"settled"` // all of its targets
}

var cycles = store.Kind[Cycle]{
	Name:  CycleRecord,
	House: house.Own(),
	ID:    func(c Cycle) string { return string(c.ID) },
	Indexes: []store.Index[Cycle]{
		{Name: "planned", Columns: "m", Of: func(c Cycle) store.Tuple { return store.Tuple{store.Time(c.PlannedAt)} }},
		// Those that are not over.
		{Name: "open", Columns: "m", Of: func(c Cycle) store.Tuple {
			if c.Over() {
				return nil
			}
			return store.Tuple{store.Time(c.During.Start)}
		}},
	},
}

// Over reports whether nothing more comes of it.
func (c *Cycle) Over() bool { return c.State == CycleFinished || c.State == CycleCancelled }

var jobs = store.Kind[Job]{
	Name:  JobRecord,
	House: house.Own(),
	ID:    func(j Job) string { return string(j.ID) },
	Indexes: []store.Index[Job]{
		{Name: "cycle", Columns: "tim", Of: func(j Job) store.Tuple {
			return store.Tuple{store.Text(j.Cycle), store.Int(j.Ring), store.Time(j.During.Start)}
		}},
		{Name: "change", Columns: "t", Of: func(j Job) store.Tuple {
			if j.Change == "" {
				return nil
			}
			return store.Tuple{store.Text(j.Change)}
		}},
		{Name: "customer", Columns: "tm", Of: func(j Job) store.Tuple {
			if j.Customer == "" {
				return nil
			}
			return store.Tuple{store.Text(j.Customer), store.Time(j.During.Start)}
		}},
	},
}

// missing is a part of those whom a plan misses.
type missing struct {
	Cycle   CycleID  `json:"cycle"`
	Edition int      `json:"edition"`
	Part    int      `json:"part"`
	List    []Missed `json:"list"`
}

const missedInAPart = 100

var misses = store.Kind[missing]{
	Name:  MissedRecord,
	House: house.Own(),
	ID: func(m missing) string {
		return store.JoinID(string(m.Cycle), fmt.Sprintf("%06d", m.Edition), fmt.Sprintf("%06d", m.Part))
	},
	Indexes: []store.Index[missing]{
		{Name: "cycle", Columns: "tii", Of: func(m missing) store.Tuple {
			return store.Tuple{store.Text(m.Cycle), store.Int(m.Edition), store.Int(m.Part)}
		}},
	},
}

// planning is an attempt to plan a cycle: of several, the one that began last goes on, and
// what another one would write after that is refused.
type planning struct {
	Cycle CycleID `json:"cycle"`
	Token string  `json:"token"`
}

var plannings = store.Kind[planning]{Name: PlanningRecord, House: house.Own(), ID: func(p planning) string { return string(p.Cycle) }}
