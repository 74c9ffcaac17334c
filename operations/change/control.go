package change

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/store"
)

// Options are what a host may set for a control.
type Options struct {
	// Matrix says how bad a risk is; nil is [DefaultRiskMatrix].
	Matrix *RiskMatrix
	// Policy says who approves what. Without one nothing but a standard change can be
	// approved: whom to ask is the host's to say.
	Policy *Policy
	// Service answers ErrNotFound for a service that is not known, nil for one that is;
	// nil: every service is known.
	Service func(ctx context.Context, id servicecoin.ServiceID) error
	// World tells what else there is to know of a time; nil: nothing.
	World World
	// Notice is how long before its start a change of a kind is submitted, in the
	// working time of Hours; none: at once.
	Notice map[Kind]hours.Allowance
	Hours  *hours.Hours // nil: around the clock
	// Grace is how much later than planned a change may begin; zero: 15 minutes.
	Grace time.Duration
	// Hold says why a change must not begin now, "" if nothing is against it: what it is a
	// part of was halted, say; nil: nothing ever is.
	Hold func(ctx context.Context, id servicecoin.ChangeID) (string, error)
	// Horizon is how far ahead another start is looked for; undefined: 90 days.
	Horizon calendar.Duration
}

const defaultGrace = 15 * time.Minute

// Control is where changes are asked for, decided, done and learnt from ("change
// control", "change enablement"): over a view of the provider's partition. Every
// changing verb asks Authorize, applies the rule at the store's time, and records an
// event in the same commit.
type Control struct {
	view store.View
	o    Options
}

// New returns a control over a view of the provider's partition; of another one, the
// first call says so. A nil o means defaults.
func New(view store.View, o *Options) *Control {
	c := &Control{view: view.OfProvider("a control of changes")}
	if o != nil {
		c.o = *o
	}
	if c.o.Matrix == nil {
		c.o.Matrix = new(DefaultRiskMatrix())
	}
	if c.o.Grace == 0 {
		c.o.Grace = defaultGrace
	}
	return c
}

// On returns the same control over another view: of the host's transaction, or of a
// unit of work.
func (c *Control) On(view store.View) *Control { return New(view, &c.o) }

// Matrix returns the matrix that risks are assessed with.
func (c *Control) Matrix() RiskMatrix { return *c.o.Matrix }

// Draft writes a change down. An empty id is filled in.
func (c *Control) Draft(ctx context.Context, by servicecoin.Actor, r Request) (Change, error) {
	if r.ID == "" {
		r.ID = servicecoin.ChangeID(c.view.NewID())
	}
	if err := c.ask(ctx, by, VerbDraft, r.ID); err != nil {
		return Change{}, err
	}
	x, err := Propose(by, c.view.Now(), r)
	if err != nil {
		return Change{}, err
	}
	if err := c.known(ctx, x.Scope, Scope{}); err != nil {
		return Change{}, err
	}
	return c.insert(ctx, by, x, EventDrafted)
}

// Discover records a change that was done without being asked for or approved. An
// empty id is filled in.
func (c *Control) Discover(ctx context.Context, by servicecoin.Actor, f Found) (Change, error) {
	if f.ID == "" {
		f.ID = servicecoin.ChangeID(c.view.NewID())
	}
	if err := c.ask(ctx, by, VerbDiscover, f.ID); err != nil {
		return Change{}, err
	}
	x, err := Discover(by, c.view.Now(), f)
	if err != nil {
		return Change{}, err
	}
	if x.NotBefore, err = c.notBefore(x.Kind, x.StartedAt); err != nil {
		return Change{}, err
	}
	return c.insert(ctx, by, x, EventDiscovered)
}

func (c *Control) insert(ctx context.Context, by servicecoin.Actor, x Change, name string) (Change, error) {
	e, err := happened(by, name, &x)
	if err != nil {
		return Change{}, err
	}
	err = c.view.Do(ctx, func(tx store.View) error {
		if err := mention(ctx, tx, &x); err != nil {
			return err
		}
		return store.Of(tx, changes).Insert(ctx, x, e)
	})
	if err != nil {
		return Change{}, err
	}
	return x, nil
}

// mention keeps that a change names customers, so that they can be forgotten.
func mention(ctx context.Context, tx store.View, x *Change) error {
	for _, customer := range x.Scope.Customers {
		if customer == someone {
			continue
		}
		if err := upsert(ctx, store.Of(tx, asked), askedID(customer, x.ID), Asked{customer, x.ID}); err != nil {
			return err
		}
	}
	return nil
}

// Revise replaces what was asked for, while the change is a draft.
func (c *Control) Revise(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, r Request) (Change, error) {
	if err := c.known(ctx, r.Work.Scope, Scope{}); err != nil {
		return Change{}, err
	}
	return c.change(ctx, by, id, VerbRevise, EventRevised, func(x *Change, at time.Time) error { return x.Revise(by, at, r) })
}

// Assign says who does it.
func (c *Control) Assign(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, to ...servicecoin.PersonID) (Change, error) {
	return c.change(ctx, by, id, VerbAssign, EventAssigned, func(x *Change, at time.Time) error { return x.Assign(by, at, to...) })
}

// Reassign gives it to others, and says why.
func (c *Control) Reassign(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, reason string, to ...servicecoin.PersonID) (Change, error) {
	return c.change(ctx, by, id, VerbReassign, EventAssigned, func(x *Change, at time.Time) error { return x.Reassign(by, at, reason, to...) })
}

// Submit asks for a normal change. A standard one is preapproved by its model, an
// emergency assessed at once.
func (c *Control) Submit(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID) (Change, error) {
	return c.change(ctx, by, id, VerbSubmit, EventSubmitted, func(x *Change, at time.Time) error { return x.Submit(by, at) })
}

// Preapprove lets a standard change go ahead that stays inside of a model.
func (c *Control) Preapprove(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, model ModelID) (Change, error) {
	if err := c.ask(ctx, by, VerbPreapprove, id); err != nil {
		return Change{}, err
	}
	return c.do(ctx, by, id, EventPreapproved, func(tx store.View, x *Change, at time.Time) error {
		m, err := store.Of(tx, models).Get(ctx, string(model))
		if err != nil {
			return err
		}
		return x.Preapprove(by, at, m)
	})
}

// Judged is what somebody who assesses a change says of it: the grades of the
// control's matrix.
type Judged struct {
	Likelihood int
	Impact     int // 0: the one that the reach of the change suggests
	Note       string
}

// Assess says how risky a change is; by that, the policy says who has to say yes. An
// impact that is left out is the one that is suggested by what depends on it.
func (c *Control) Assess(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, j Judged) (Change, error) {
	if err := c.ask(ctx, by, VerbAssess, id); err != nil {
		return Change{}, err
	}
	return c.do(ctx, by, id, EventAssessed, func(tx store.View, x *Change, at time.Time) error {
		a, err := c.On(tx).assessment(ctx, x.Work, j)
		if err != nil {
			return err
		}
		return x.Assess(by, at, a)
	})
}

// assessment makes a risk and a policy of what somebody judged.
func (c *Control) assessment(ctx context.Context, w Work, j Judged) (Assessment, error) {
	reach, err := c.Reach(ctx, w.Scope)
	if err != nil {
		return Assessment{}, err
	}
	if j.Impact == 0 && reach != nil {
		j.Impact, _ = c.o.Matrix.Suggest(*reach)
	}
	risk, err := c.o.Matrix.Assess(j.Likelihood, j.Impact)
	if err != nil {
		return Assessment{}, err
	}
	risk.Note, risk.Reach = j.Note, reach
	a := Assessment{Risk: risk}
	if c.o.Policy != nil {
		a.Policy = *c.o.Policy
	}
	return a, nil
}

// Reach counts what rests on what a change touches, nil where nobody knows.
func (c *Control) Reach(ctx context.Context, s Scope) (*Reach, error) {
	if c.o.World == nil {
		return nil, nil //nolint:nilnil // nobody knows, and that is no error
	}
	reach, err := c.o.World.Reach(ctx, s)
	return &reach, err
}

// Replan gives a change that was voted down another plan.
func (c *Control) Replan(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, w Work, j Judged, reason string) (Change, error) {
	return c.plan(ctx, by, id, VerbReplan, w, j, reason, (*Change).Replan)
}

// Amend changes what was approved, moves it, say; it is approved again.
func (c *Control) Amend(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, w Work, j Judged, reason string) (Change, error) {
	return c.plan(ctx, by, id, VerbAmend, w, j, reason, (*Change).Amend)
}

func (c *Control) plan(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, verb string, w Work, j Judged, reason string,
	rule func(x *Change, by servicecoin.Actor, at time.Time, w Work, a Assessment, reason string) error,
) (Change, error) {
	if err := c.ask(ctx, by, verb, id); err != nil {
		return Change{}, err
	}
	return c.do(ctx, by, id, EventAmended, func(tx store.View, x *Change, at time.Time) error {
		if err := c.known(ctx, w.Scope, x.Scope); err != nil {
			return err
		}
		a, err := c.On(tx).assessment(ctx, w, j)
		if err != nil {
			return err
		}
		return rule(x, by, at, w, a, reason)
	})
}

// Vote records what one of those who are asked says; the last one that is needed
// decides.
func (c *Control) Vote(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, vote Cast) (Change, error) {
	if err := c.ask(ctx, by, VerbVote, id); err != nil {
		return Change{}, err
	}
	return c.commit(ctx, by, id, func(_ store.View, x *Change, at time.Time) ([]string, error) {
		open := x.Decision == nil
		if err := x.Vote(by, at, vote); err != nil {
			return nil, err
		}
		names := []string{EventVoted}
		if open && x.Decision != nil {
			names = append(names, map[bool]string{true: EventApproved, false: EventRejected}[x.Decision.Approved])
		}
		return names, nil
	})
}

// Reject dismisses a submitted change before anybody assesses it.
func (c *Control) Reject(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, reason string) (Change, error) {
	return c.change(ctx, by, id, VerbReject, EventRejected, func(x *Change, at time.Time) error { return x.Reject(by, at, reason) })
}

// Reopen makes a draft again of a change that was rejected before it was assessed.
func (c *Control) Reopen(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, reason string) (Change, error) {
	return c.change(ctx, by, id, VerbReopen, EventReopened, func(x *Change, at time.Time) error { return x.Reopen(by, at, reason) })
}

// Withdraw makes a draft again of a change that lies ahead.
func (c *Control) Withdraw(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, reason string) (Change, error) {
	return c.change(ctx, by, id, VerbWithdraw, EventWithdrawn, func(x *Change, at time.Time) error { return x.Withdraw(by, at, reason) })
}

// Schedule gives an approved change its place, if it fits: see [Control.Standing].
func (c *Control) Schedule(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID) (Change, error) {
	if err := c.ask(ctx, by, VerbSchedule, id); err != nil {
		return Change{}, err
	}
	return c.do(ctx, by, id, EventScheduled, func(tx store.View, x *Change, at time.Time) error {
		standing, err := c.On(tx).standing(ctx, x, at)
		if err != nil {
			return err
		}
		if err := x.Schedule(by, at, standing); err != nil {
			return err
		}
		x.NotBefore = standing.Fit.NotBefore
		return nil
	})
}

// Start says that the work began. What came up since it was scheduled is looked at: a
// freeze, what a customer said, and whether the model of a standard change still holds.
func (c *Control) Start(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID) (Change, error) {
	if err := c.ask(ctx, by, VerbStart, id); err != nil {
		return Change{}, err
	}
	return c.do(ctx, by, id, EventStarted, func(tx store.View, x *Change, at time.Time) error {
		now := *x
		if err := now.Start(by, at, c.o.Grace); err != nil {
			return err
		}
		why, err := c.On(tx).stops(ctx, x, at)
		switch {
		case err != nil:
			return err
		case why != "":
			return x.refuse(VerbStart, Started, why)
		}
		*x = now
		return nil
	})
}

// stops says what came up against a change since it was scheduled, "" if nothing did.
func (c *Control) stops(ctx context.Context, x *Change, at time.Time) (string, error) {
	var list []string
	span := x.Plan.Span()
	for f, err := range c.Freezes(span.Start).All(ctx) {
		if err != nil {
			return "", err
		}
		excepted := slices.ContainsFunc(x.Exceptions, func(e Exception) bool {
			return e.Freeze == f.ID && e.Holds(span, x.Scope.Services)
		})
		if !excepted && f.Concerns(x.Kind, x.Scope) && f.During.Overlaps(span) {
			list = append(list, "it lies in the freeze "+strconv.Quote(f.Name)+reasoned(f.Why))
		}
	}
	if c.o.Hold != nil {
		why, err := c.o.Hold(ctx, x.ID)
		if err != nil {
			return "", fmt.Errorf("what holds it: %w", err)
		}
		if why != "" {
			list = append(list, why)
		}
	}
	for _, consent := range x.Consents {
		if why := consent.blocks(span, at); why != "" {
			list = append(list, string(consent.Customer)+" "+why)
		}
	}
	if x.Model != nil {
		m, err := store.Of(c.view, models).Get(ctx, string(x.Model.ID))
		if err != nil {
			return "", err
		}
		list = append(list, m.Outside(x, at)...)
	}
	return strings.Join(list, "; "), nil
}

// StartUnapproved lets an emergency begin before it is approved.
func (c *Control) StartUnapproved(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, reason string) (Change, error) {
	return c.change(ctx, by, id, VerbStartUnapproved, EventStarted, func(x *Change, at time.Time) error {
		if err := x.StartUnapproved(by, at, reason); err != nil {
			return err
		}
		var err error
		x.NotBefore, err = c.notBefore(x.Kind, x.SubmittedAt)
		return err
	})
}

// notBefore returns when the notice is over that is demanded of a kind, zero if none is: of
// what did not wait for it, so that it is counted.
func (c *Control) notBefore(kind Kind, asked time.Time) (time.Time, error) {
	if _, is := c.o.Notice[kind]; !is {
		return time.Time{}, nil
	}
	o, err := Calendar{Notice: c.o.Notice, Hours: c.o.Hours}.Compile(calendar.Between(asked, asked.Add(defaultHorizon)))
	if err != nil {
		return time.Time{}, err
	}
	return o.notBefore(kind, asked)
}

// FallBack says that it is being put back from now on, and why.
func (c *Control) FallBack(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, trigger string) (Change, error) {
	return c.change(ctx, by, id, VerbFallBack, EventFellBack, func(x *Change, at time.Time) error { return x.FallBack(by, at, trigger) })
}

// Implement says that it was done as planned.
func (c *Control) Implement(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, outcome string) (Change, error) {
	return c.change(ctx, by, id, VerbImplement, EventImplemented, func(x *Change, at time.Time) error { return x.Implement(by, at, outcome) })
}

// RollBack says that everything is as it was before, why, and since when service is;
// zero: just now. A failure of a model's change is counted.
func (c *Control) RollBack(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, reason string, restored time.Time) (Change, error) {
	return c.wrong(ctx, by, id, VerbRollBack, EventRolledBack, func(x *Change, at time.Time) error { return x.RollBack(by, at, reason, restored) })
}

// Fail says that it was neither done as planned nor put back. A failure of a model's
// change is counted.
func (c *Control) Fail(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, reason string) (Change, error) {
	return c.wrong(ctx, by, id, VerbFail, EventFailed, func(x *Change, at time.Time) error { return x.Fail(by, at, reason) })
}

// Cancel says that it will not be done, and why.
func (c *Control) Cancel(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, reason string) (Change, error) {
	return c.change(ctx, by, id, VerbCancel, EventCancelled, func(x *Change, at time.Time) error { return x.Cancel(by, at, reason) })
}

func (c *Control) ask(ctx context.Context, by servicecoin.Actor, verb string, id servicecoin.ChangeID) error {
	return c.view.Ask(ctx, by, verb, ChangeRecord, string(id))
}

// change applies a rule and tells of it, in one commit.
func (c *Control) change(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, verb, event string, rule func(x *Change, at time.Time) error) (Change, error) {
	if err := c.ask(ctx, by, verb, id); err != nil {
		return Change{}, err
	}
	return c.do(ctx, by, id, event, func(_ store.View, x *Change, at time.Time) error { return rule(x, at) })
}

func (c *Control) do(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, event string, rule func(tx store.View, x *Change, at time.Time) error) (Change, error) {
	return c.commit(ctx, by, id, func(tx store.View, x *Change, at time.Time) ([]string, error) {
		return []string{event}, rule(tx, x, at)
	})
}

// commit reads a change, applies a rule that may read and write beside it, and stores
// it with its events; a rule that left it as it was tells nothing.
func (c *Control) commit(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, rule func(tx store.View, x *Change, at time.Time) ([]string, error)) (Change, error) {
	var after Change
	err := c.view.Do(ctx, func(tx store.View) error {
		item, err := store.Of(tx, changes).Item(ctx, string(id))
		if err != nil {
			return err
		}
		x := item.Value
		lines, touched := len(x.History), x.Scope.Services
		names, err := rule(tx, &x, tx.Now())
		if err != nil {
			return err
		}
		after = x
		if len(x.History) == lines {
			return nil
		}
		if !slices.Equal(x.Scope.Customers, item.Value.Scope.Customers) {
			if err := mention(ctx, tx, &x); err != nil {
				return err
			}
		}
		var events []store.Event
		for _, name := range names {
			e, err := happened(by, name, &x, touched...)
			if err != nil {
				return err
			}
			events = append(events, e)
		}
		return store.Of(tx, changes).Put(ctx, x, item.Version, events...)
	})
	if err != nil {
		return Change{}, err
	}
	return after, nil
}

// happened is the event of a change that touched these services before.
func happened(by servicecoin.Actor, name string, x *Change, touched ...servicecoin.ServiceID) (store.Event, error) {
	var dropped []servicecoin.ServiceID
	for _, s := range touched {
		if !slices.Contains(x.Scope.Services, s) {
			dropped = append(dropped, s)
		}
	}
	return store.Happened(by, name, Changed{Change: x.ID, Kind: x.Kind, State: x.State, Services: x.Scope.Services, Dropped: dropped, Work: x.Time()})
}
