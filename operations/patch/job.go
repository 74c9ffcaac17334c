package patch

import (
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// JobID names a job.
type JobID string

// Job is the slots of one ring, customer and window, or a part of them that one change has
// room for: what is announced, done and put back together.
type Job struct {
	ID    JobID   `json:"id"`
	Cycle CycleID `json:"cycle"`
	// From is the edition of the cycle's plan that it came with, Until the one that has
	// another job in its place; 0: it stands.
	From     int                     `json:"from"`
	Until    int                     `json:"until,omitempty"`
	Ring     int                     `json:"ring"`
	Customer servicecoin.CustomerID  `json:"customer,omitempty"` // "": it was forgotten
	Window   calendar.Interval       `json:"window"`
	During   calendar.Interval       `json:"during"` // from its first slot to the end of the last
	Services []servicecoin.ServiceID `json:"services,omitempty"`
	// Change is the change that it became, "" before; Stuck says why that has not got on.
	Change servicecoin.ChangeID `json:"change,omitempty"`
	Stuck  string               `json:"stuck,omitempty"`
	Tasks  []Task               `json:"tasks"`
}

// Task is what is done to one target.
type Task struct {
	Target   servicecoin.ConfigurationID `json:"target"`
	Service  servicecoin.ServiceID       `json:"service,omitempty"`
	Slot     calendar.Interval           `json:"slot"`
	Deadline time.Time                   `json:"deadline,omitzero"`
	Result   Result                      `json:"result"`
	Run      string                      `json:"run,omitempty"` // of the run book, whose outcome is the evidence
	BegunAt  time.Time                   `json:"begunAt,omitzero"`
	EndedAt  time.Time                   `json:"endedAt,omitzero"`
	Attempts int                         `json:"attempts,omitempty"`
	By       servicecoin.Actor           `json:"by,omitzero"` // who said so last
	Why      string                      `json:"why,omitempty"`
}

// Result is what came of patching a target.
type Result string

// The results.
const (
	Pending    Result = "pending"
	Running    Result = "running"
	Done       Result = "done"
	Restarting Result = "waitingForRestart" // it is installed, and takes effect with the next start
	Failed     Result = "failed"
	PutBack    Result = "rolledBack"
	Skipped    Result = "skipped"
)

// Results returns all results.
func Results() []Result {
	return []Result{Pending, Running, Done, Restarting, Failed, PutBack, Skipped}
}

// After lists the results that may follow one: what is skipped or put back is planned anew,
// and what is done may turn out to have failed.
func (r Result) After() []Result {
	switch r {
	case Pending:
		return []Result{Running, Skipped}
	case Running:
		return []Result{Done, Restarting, Failed, PutBack}
	case Restarting:
		return []Result{Done, Failed, PutBack}
	case Failed:
		return []Result{Running, Done, PutBack}
	case Done:
		return []Result{Failed, PutBack}
	case PutBack, Skipped:
	}
	return nil
}

// Settled reports whether nothing more is expected.
func (r Result) Settled() bool {
	return r == Done || r == Failed || r == PutBack || r == Skipped
}

// wrong reports whether it counts as a failure.
func (r Result) wrong() bool { return r == Failed || r == PutBack }

// Counts are how many targets are where.
type Counts struct {
	Pending    int `json:"pending"`
	Running    int `json:"running"`
	Restarting int `json:"waitingForRestart"`
	Done       int `json:"done"`
	Failed     int `json:"failed"`
	PutBack    int `json:"rolledBack"`
	Skipped    int `json:"skipped"`
	Late       int `json:"late"` // pending, and their slot is over
}

// Total is how many there are.
func (c Counts) Total() int {
	return c.Pending + c.Running + c.Restarting + c.Done + c.Failed + c.PutBack + c.Skipped
}

// Open is how many are not settled.
func (c Counts) Open() int { return c.Pending + c.Running + c.Restarting }

// Add returns the counts of both.
func (c Counts) Add(o Counts) Counts {
	return Counts{
		c.Pending + o.Pending, c.Running + o.Running, c.Restarting + o.Restarting, c.Done + o.Done, c.Failed + o.Failed, c.PutBack + o.PutBack, c.Skipped + o.Skipped,
		c.Late + o.Late,
	}
}

// Counts counts the targets of a job at an instant.
func (j *Job) Counts(at time.Time) Counts {
	var c Counts
	for _, t := range j.Tasks {
		switch t.Result {
		case Pending:
			c.Pending++
			if !at.Before(t.Slot.End) {
				c.Late++
			}
		case Running:
			c.Running++
		case Restarting:
			c.Restarting++
		case Done:
			c.Done++
		case Failed:
			c.Failed++
		case PutBack:
			c.PutBack++
		case Skipped:
			c.Skipped++
		}
	}
	return c
}

// Stands reports whether it is part of the plan of an edition.
func (j *Job) Stands(edition int) bool {
	return j.From <= edition && (j.Until == 0 || j.Until > edition)
}

// Begun reports whether anything of it was begun, or settled.
func (j *Job) Begun() bool {
	return slices.ContainsFunc(j.Tasks, func(t Task) bool { return t.Result != Pending })
}

// JobKey returns the key of a job.
func JobKey(id JobID) servicecoin.Key {
	return servicecoin.Key{Customer: servicecoin.Provider, Kind: JobRecord, ID: string(id)}
}

func (j *Job) task(id servicecoin.ConfigurationID) *Task {
	n := slices.IndexFunc(j.Tasks, func(t Task) bool { return t.Target == id })
	if n < 0 {
		return nil
	}
	return &j.Tasks[n]
}

// Report is what somebody says of a target.
type Report struct {
	Target servicecoin.ConfigurationID `json:"target"`
	Result Result                      `json:"result"`
	Why    string                      `json:"why,omitempty"` // of what was not done, or went wrong: why
	Run    string                      `json:"run,omitempty"` // of the run book; "" leaves what is there
}

func (r Report) validate(v *servicecoin.Violations, path string) {
	v.ID(path+"target", string(r.Target))
	if !slices.Contains(Results(), r.Result) {
		v.Add(path+"result", "unknown", string(r.Result), "must be running, done, waitingForRestart, failed, rolledBack or skipped")
	}
	least := 0
	if r.Result.wrong() || r.Result == Skipped {
		least = 1
	}
	v.Text(path+"why", r.Why, least, mostWhy)
	v.Text(path+"run", r.Run, 0, maxID)
}

// mostWhy is how long what is said of a target may be: a job has many.
const mostWhy = 400

// fit shortens what is said of targets until the job has room in its record: that something
// failed counts more than all that is said of it.
func (j *Job) fit() {
	const most = 200 << 10
	for long := mostWhy / 2; long > 0; long /= 4 { //nolint:mnd // 200, 50, 12, 3
		var v servicecoin.Violations
		if lifecycle.Room(&v, "", j, most); v.Len() == 0 {
			return
		}
		for k := range j.Tasks {
			if r := []rune(j.Tasks[k].Why); len(r) > long {
				j.Tasks[k].Why = string(r[:long]) + "…"
			}
		}
	}
}

// report takes what is said of a target, and reports whether that is something else than
// was said before.
func (j *Job) report(by servicecoin.Actor, at time.Time, r Report) (bool, error) {
	at, err := lifecycle.Check(by, at, func(v *servicecoin.Violations) { r.validate(v, "") })
	if err != nil {
		return false, err
	}
	t := j.task(r.Target)
	if t == nil {
		return false, j.refuse(VerbReport, string(r.Target)+" is no target of it")
	}
	if t.Result == r.Result && (r.Run == "" || r.Run == t.Run) {
		return false, nil
	}
	if t.Result != r.Result && !slices.Contains(t.Result.After(), r.Result) {
		return false, j.refuse(VerbReport, fmt.Sprintf("%s is %s, and cannot be %s then", t.Target, t.Result, r.Result))
	}
	switch {
	case at.Before(t.EndedAt), at.Before(t.BegunAt):
		return false, j.refuse(VerbReport, string(t.Target)+" was reported on later")
	case r.Result == Running && t.Result != Running:
		t.BegunAt, t.EndedAt, t.Attempts = at, time.Time{}, t.Attempts+1
	case r.Result.Settled():
		t.EndedAt = at
	}
	t.Result, t.By, t.Why = r.Result, by, r.Why
	if r.Run != "" {
		t.Run = r.Run
	}
	return true, nil
}

// forget takes out whose the job was, which its targets were, and what was said of them.
// What was not settled is skipped: nothing more comes of it.
func (j *Job) forget(at time.Time) {
	j.Customer, j.Services, j.Stuck = "", nil, ""
	j.Tasks = slices.Clone(j.Tasks)
	for k := range j.Tasks {
		t := &j.Tasks[k]
		t.Target, t.Service, t.Run, t.Why = "", "", "", ""
		if t.By.Kind == servicecoin.CustomerSide {
			t.By = servicecoin.Actor{}
		}
		if !t.Result.Settled() {
			t.Result, t.EndedAt = Skipped, at
		}
	}
}

func (j *Job) refuse(verb, why string) error {
	return &servicecoin.RefusedError{Subject: JobKey(j.ID), Verb: verb, Why: why}
}

// maxTasks is how many targets a job has at most: what the scope of a change has room for.
const maxTasks = 200

// jobs makes the jobs of a plan, whose ids are those of a cycle's edition.
func (p Plan) jobs(id CycleID, edition int, deadlines map[Ref]time.Time) []Job {
	slots := make(map[Ref]Slot, len(p.Slots))
	for _, s := range p.Slots {
		slots[s.Ref()] = s
	}
	var list []Job
	for _, b := range p.Batches() {
		for part := range slices.Chunk(b.Targets, maxTasks) {
			j := Job{
				ID: JobID(fmt.Sprintf("%s.%d.%d", id, edition, len(list)+1)), Cycle: id, From: edition,
				Ring: b.Ring, Customer: b.Customer, Window: b.Window, During: slots[Ref{b.Customer, part[0]}].During, Tasks: make([]Task, 0, len(part)),
			}
			for _, target := range part {
				s := slots[Ref{b.Customer, target}]
				if s.During.Start.Before(j.During.Start) {
					j.During.Start = s.During.Start
				}
				j.During.End = later(j.During.End, s.During.End)
				if s.Service != "" && !slices.Contains(j.Services, s.Service) {
					j.Services = append(j.Services, s.Service)
				}
				j.Tasks = append(j.Tasks, Task{Target: target, Service: s.Service, Slot: s.During, Deadline: deadlines[s.Ref()], Result: Pending})
			}
			slices.Sort(j.Services)
			list = append(list, j)
		}
	}
	return list
}
