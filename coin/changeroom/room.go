// Package changeroom is the room of package operations/change in the exchange: notices
// to those whom a change concerns and what they answer, incidents that may come of a
// change, freezes where an error budget is spent, changes that came to light because
// something is found otherwise than it is recorded.
package changeroom

import (
	"context"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

// Name is the name of the room.
const Name = "change"

// incidents is the room of incidents, whose events are answered.
const incidents = "incident"

// Graph tells what rests on what, through all steps between.
type Graph interface {
	Above(service servicecoin.ServiceID) []servicecoin.ServiceID // what rests on it
	Below(service servicecoin.ServiceID) []servicecoin.ServiceID // what it rests on
}

// Options are what a host may set for the room.
type Options struct {
	// Matrix, Policy, Notice, Hours, Grace and Horizon are those of [change.Options].
	Matrix  *change.RiskMatrix
	Policy  *change.Policy
	Notice  map[change.Kind]hours.Allowance
	Hours   *hours.Hours
	Grace   time.Duration
	Horizon calendar.Duration
	// Hold is that of [change.Options], over a base; nil: nothing holds a change.
	Hold func(ctx context.Context, b exchange.Base, id servicecoin.ChangeID) (string, error)
	// Critical returns the critical windows of customers; nil: they have none.
	Critical func(ctx context.Context, customers []servicecoin.CustomerID, during calendar.Interval) ([]change.CriticalTimes, error)
	// Entries returns what else takes time, patch slots of suppliers, say; nil: nothing.
	Entries func(ctx context.Context, during calendar.Interval) ([]change.Entry, error)
	// Service answers ErrNotFound for a service that is not known; nil asks nobody.
	Service func(ctx context.Context, id servicecoin.ServiceID) error
	// Graph tells what rests on what; nil: nobody knows.
	Graph func(ctx context.Context, b exchange.Base) (Graph, error)
	// Spent returns the error budgets of a customer on a service that are used up at an
	// instant, and the promises that it looked at. nil: what is spent freezes nothing.
	Spent func(ctx context.Context, b exchange.Base, customer servicecoin.CustomerID, service servicecoin.ServiceID) ([]Budget, error)
	// Discover says whether a finding that no approved change explains is recorded as a
	// change that nobody had asked for; nil: each is.
	Discover func(i configuration.Item, f configuration.Finding) bool
}

// Budget is how an error budget stands.
type Budget struct {
	Promise servicecoin.PromiseID
	Month   calendar.Interval // in which it is counted
	Spent   bool
}

// Nouns are the nouns of the room over a base.
type Nouns struct {
	exchange.Base
	Options
}

// On returns the same nouns over another base: that of a commit.
func (n Nouns) On(b exchange.Base) Nouns { return Nouns{b, n.Options} }

// Control is where changes are asked for, decided and done.
func (n Nouns) Control() *change.Control {
	o := &change.Options{
		Matrix: n.Matrix, Policy: n.Policy, Notice: n.Notice, Hours: n.Hours, Grace: n.Grace, Horizon: n.Horizon, Service: n.Service, World: world{n},
	}
	if n.Hold != nil {
		o.Hold = func(ctx context.Context, id servicecoin.ChangeID) (string, error) { return n.Hold(ctx, n.Base, id) }
	}
	return change.New(n.Provider(), o)
}

// Notices is what one customer is told of changes, and answers.
func (n Nouns) Notices(customer servicecoin.CustomerID) *change.Notices {
	return change.NewNotices(n.Of(customer))
}

// Room is the room in the exchange.
func (n Nouns) Room() exchange.Room {
	r := exchange.Room{
		Name: Name, Side: exchange.Operations,
		Reindex: change.Reindex,
		Forget: func(ctx context.Context, by servicecoin.Actor, id servicecoin.CustomerID) error {
			return n.Control().Forget(ctx, by, id)
		},
		Links: []exchange.Link{n.notices(), n.answers(), n.suspects(), n.discovers()},
		Spin:  &exchange.Gatherer{Figures: n.gather, Judge: judge},
	}
	if n.Spent != nil {
		r.Links = append(r.Links, n.freeze())
	}
	return r
}

// told are the events after which customers know something else of a change.
func told() []string {
	return []string{
		change.EventApproved, change.EventPreapproved, change.EventScheduled, change.EventAmended, change.EventWithdrawn, change.EventRejected,
		change.EventStarted, change.EventImplemented, change.EventRolledBack, change.EventFailed, change.EventCancelled, change.EventConsentAsked,
	}
}

// roomForANotice is the most that one notice takes of a commit: it is read, written, and
// told of; the change is read.
const roomForANotice = 4

// notices is the link that brings the notice of every customer whom a change concerns up
// to what the change is now: given once it is approved, or the customer is asked; moved,
// shortened and cancelled with it.
func (n Nouns) notices() exchange.Link {
	l := exchange.Each(n.Base, "change.notice", Name, Name, told(), roomForANotice,
		func(ctx context.Context, w exchange.Work, news change.Changed) (change.Change, []exchange.Concern, error) {
			c, err := n.On(w.Base).Control().Get(ctx, news.Change)
			if err != nil {
				return c, nil, err
			}
			// Whoever had a service since it was drafted may have been told of it.
			during := calendar.Between(c.DraftedAt(), w.Event.At.Add(1))
			if news.Work.End.After(during.End) {
				during.End = news.Work.End
			}
			var concerns []exchange.Concern
			for _, list := range [][]servicecoin.ServiceID{c.Scope.Services, news.Dropped} {
				for _, s := range list {
					concerns = append(concerns, exchange.Concern{Service: s, During: during})
				}
			}
			return c, concerns, nil
		},
		func(ctx context.Context, w exchange.Work, c change.Change, of exchange.Concern, _ string) (string, error) {
			return "", n.On(w.Base).Notices(w.Customer).Follow(ctx, exchange.By(), c, []servicecoin.ServiceID{of.Service})
		})
	l.EndedBy = l.Name // the same link hears of the end
	return l
}

// answers is the link that brings what a customer answered to the change.
func (n Nouns) answers() exchange.Link {
	return exchange.When(n.Base, "change.answer", Name, Name, []string{change.EventNoticeAnswered},
		func(ctx context.Context, w exchange.Work, news change.NoticeChanged) error {
			mine := n.On(w.Base)
			notice, err := mine.Notices(w.Customer).Get(ctx, news.Change)
			if err != nil {
				return err
			}
			c, err := mine.Control().Get(ctx, news.Change)
			if err != nil {
				return err
			}
			asked := slices.ContainsFunc(c.Consents, func(x change.Consent) bool {
				return x.Customer == w.Customer && x.Mode == notice.Asked && x.By.Equal(notice.By) && x.About.Equal(notice.About)
			})
			if notice.Answer == "" || !asked {
				return nil // asked anew since: what was said then is no answer to that
			}
			_, err = mine.Control().Consent(ctx, exchange.By(), news.Change, w.Customer, notice.Answer, notice.Person, notice.Reason, notice.AtTime)
			return exchange.UnlessRefused(err)
		})
}

// suspects is the link that tells a change of incidents that began on its services while
// it was done, or watched. A person confirms that it caused them, or dismisses it.
func (n Nouns) suspects() exchange.Link {
	return exchange.When(n.Base, "change.suspect", incidents, Name,
		[]string{incident.EventOpened, incident.EventAffected, incident.EventRedated, incident.EventRecorded},
		func(ctx context.Context, w exchange.Work, news incident.Changed) error {
			control := n.On(w.Base).Control()
			for _, t := range news.Touched {
				list, err := control.Suspects(ctx, []servicecoin.ServiceID{t.Service}, t.From)
				if err != nil {
					return err
				}
				for _, c := range list {
					if w.Left() < roomForASuspect {
						return nil // of so many changes at once none is suspected more than another
					}
					_, err := control.SuspectIncident(ctx, exchange.By(), c.ID, news.Incident, t.From)
					if err := exchange.UnlessRefused(err); err != nil {
						return err
					}
				}
			}
			return nil
		})
}

const roomForASuspect = 4
