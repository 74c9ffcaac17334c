package cointest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/changeroom"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

// machine is one of the few machines that the simulated customers have; some of two are
// called the same.
func (l *life) machine(a Act) (servicecoin.CustomerID, servicecoin.ConfigurationID) {
	return l.customer(a.N), servicecoin.ConfigurationID([]string{"db", "web", string(l.customer(a.N))}[a.N/3%3])
}

func (l *life) draft(a Act) configuration.Draft {
	_, id := l.machine(a)
	return configuration.Draft{ID: id, Desired: state(1+a.M%3, runs(a.M)), Described: configuration.Described{Name: string(id), Type: "server", Service: l.service(a.N)}}
}

// record writes a machine down, or what is desired of it now.
func (l *life) record(a Act) error {
	who, _ := l.machine(a)
	err := second(l.coin.Configuration(who).Record(l.ctx, l.by(), l.draft(a), configuration.Why{}))
	if errors.Is(err, servicecoin.ErrExists) {
		return second(l.coin.Configuration(who).Revise(l.ctx, l.by(), l.draft(a), configuration.Why{}))
	}
	return err
}

// look finds a machine somehow, or finds that it is gone.
func (l *life) look(a Act) error {
	who, id := l.machine(a)
	o := configuration.Observation{Item: id, State: state(1+a.M%4, runs(a.M)), Look: configuration.Look{At: l.now.Add(-time.Duration(a.M%90) * time.Minute), By: "agent"}}
	switch {
	case a.M%11 == 0:
		o.State, o.Gone = configuration.Value{}, true
	case a.M%7 == 0:
		o.Paths = []string{"/cpus"}
	}
	return second(l.coin.Configuration(who).Observe(l.ctx, l.by(), o))
}

// accept lets what is found become desired, through whichever change allows that; some
// machines are retired instead.
func (l *life) accept(a Act) error {
	who, id := l.machine(a)
	register := l.coin.Configuration(who)
	if a.M%13 == 0 {
		return second(register.Retire(l.ctx, l.by(), id, configuration.Why{Reason: "no need"}))
	}
	d, err := register.Drift(l.ctx, id)
	if err != nil || len(d.Open) == 0 || len(l.changes) == 0 {
		return err
	}
	through := l.changes[a.M%len(l.changes)]
	_, err = register.Accept(l.ctx, l.by(), id, configuration.Acceptance{Findings: []int{d.Open[a.M%len(d.Open)].Number}, Change: through})
	if err != nil {
		return err
	}
	x, err := l.coin.Control().Get(l.ctx, through)
	if err == nil && (x.Decision == nil || !x.Decision.Approved) {
		l.open = fmt.Errorf("accepted through change %s, which nobody approved", through)
	}
	return err
}

// machines: the figures of each item are those of its drift; what a change explains, it
// could; what none explains is on record as one that nobody asked for; and what a change
// was done on is looked at again, or not known.
func (l *life) machines(who servicecoin.CustomerID) error {
	register, control := l.coin.Configuration(who), l.coin.Control()
	ended, err := l.worked()
	if err != nil {
		return err
	}
	for i, err := range register.Items().All(l.ctx) {
		if err != nil {
			return err
		}
		d, err := register.Drift(l.ctx, i.ID)
		if err != nil {
			return err
		}
		var unauthorised []int
		for _, f := range d.Open {
			switch f.Origin {
			case configuration.Unauthorised:
				unauthorised = append(unauthorised, f.Number)
			case configuration.ByChange:
				x, err := control.Get(l.ctx, f.Change)
				if err != nil {
					return err
				}
				services, err := l.wasOf(who, &i)
				if err != nil {
					return err
				}
				if x.Unauthorised || x.StartedAt.IsZero() && x.Decision == nil && !wasApproved(&x) || !touches(&x, who, &i, services) {
					return fmt.Errorf("%s: finding %d is explained by %s, which is %s", i.ID, f.Number, x.ID, x.State)
				}
			case configuration.Pending, configuration.Untold:
			}
		}
		if i.Open != len(d.Open)+d.More || i.Unauthorised != len(unauthorised) {
			return fmt.Errorf("%s says %d findings, %d unauthorised; there are %d and %d", i.ID, i.Open, i.Unauthorised, len(d.Open)+d.More, len(unauthorised))
		}
		if len(unauthorised) > 0 && !l.cameToLight(who, i.ID, d.Last) {
			return fmt.Errorf("%s: findings %v are on record as no change", i.ID, unauthorised)
		}
		for _, x := range ended {
			if touches(&x, who, &i, []servicecoin.ServiceID{i.Service}) && i.RetiredAt.IsZero() && !x.EndedAt.Before(i.RecordedAt) && i.WholeAt.Before(x.EndedAt) && i.Standing(l.now) != configuration.Unknown && i.Standing(l.now) != configuration.NeverSeen {
				return fmt.Errorf("%s was looked at %s, change %s ended %s, and it is %s", i.ID, i.WholeAt, x.ID, x.EndedAt, i.Standing(l.now))
			}
		}
	}
	return nil
}

// cameToLight reports whether one of an item's findings is on record as a change that
// nobody asked for.
func (l *life) cameToLight(who servicecoin.CustomerID, id servicecoin.ConfigurationID, last int) bool {
	for n := range last {
		if x, err := l.coin.Control().Get(l.ctx, changeroom.Discovered(who, id, n+1)); err == nil && x.Unauthorised {
			return true
		}
	}
	return false
}

// worked returns the changes whose work is over, without those that nobody asked for.
func (l *life) worked() (list []change.Change, err error) {
	long := calendar.Between(l.now.AddDate(-5, 0, 0), l.now.AddDate(1, 0, 0))
	for x, err := range l.coin.Control().Ended(long).All(l.ctx) {
		if err != nil {
			return nil, err
		}
		if !x.Unauthorised {
			list = append(list, x)
		}
	}
	return list, nil
}

// wasApproved reports whether somebody had said yes to a change that was withdrawn since.
func wasApproved(x *change.Change) bool {
	return slices.ContainsFunc(x.History, func(e change.Event) bool { return e.To == change.Approved })
}

// wasOf are the services that an item was of: a finding was explained by what it was then.
func (l *life) wasOf(who servicecoin.CustomerID, i *configuration.Item) ([]servicecoin.ServiceID, error) {
	list := []servicecoin.ServiceID{i.Service}
	for v, err := range l.coin.Configuration(who).Versions(i.ID).All(l.ctx) {
		if err != nil {
			return nil, err
		}
		list = append(list, v.Service)
	}
	return list, nil
}

func touches(x *change.Change, who servicecoin.CustomerID, i *configuration.Item, services []servicecoin.ServiceID) bool {
	if !x.Scope.Tells(who) {
		return false
	}
	if len(x.Scope.Records) > 0 {
		return slices.Contains(x.Scope.Records, i.ID)
	}
	return slices.ContainsFunc(services, func(id servicecoin.ServiceID) bool { return slices.Contains(x.Scope.Services, id) })
}
