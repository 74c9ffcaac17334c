package change

import (
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// NoticeState is where a notice to a customer stands.
type NoticeState string

// The states of a notice.
const (
	NoticePlanned   NoticeState = "planned"   // it is asked about, and not decided
	NoticeAnnounced NoticeState = "announced" // it is going to be done
	NoticeUnderWay  NoticeState = "underWay"  // it is being done
	NoticeOver      NoticeState = "over"      // it was done
	NoticePutBack   NoticeState = "putBack"   // it was put back, or failed
	NoticeCancelled NoticeState = "cancelled" // it will not be done, or not on that day
)

// The verbs of notices.
const (
	VerbGiveNotice   = "notice.give"
	VerbAnswerNotice = "notice.answer"
)

// Notice is what one customer knows of a change that concerns it, and what it says to
// it: nothing internal is in it. It follows the change.
type Notice struct {
	Change   servicecoin.ChangeID    `json:"change"`
	Headline string                  `json:"headline"`
	Services []servicecoin.ServiceID `json:"services"` // of the customer's, that it touches
	State    NoticeState             `json:"state"`
	During   calendar.Interval       `json:"during"`             // when it is done; as it was, when it is over
	Downtime []Span                  `json:"downtime,omitempty"` // when services are expected not to be there

	AnnouncedAt time.Time `json:"announcedAt"` // when the customer was told first
	UpdatedAt   time.Time `json:"updatedAt"`
	Moves       []Moved   `json:"moves,omitempty"`
	Changes     int       `json:"changes,omitempty"` // of what is announced, since the customer was told first
	RestoredAt  time.Time `json:"restoredAt,omitzero"`

	Asked  ConsentMode          `json:"asked,omitempty"` // what the customer is asked for; "": nothing
	By     time.Time            `json:"by,omitzero"`     // until when
	About  calendar.Interval    `json:"about,omitzero"`  // the time that it is asked about
	Answer Answer               `json:"answer,omitempty"`
	Person servicecoin.PersonID `json:"person,omitempty"` // who answered
	Reason string               `json:"reason,omitempty"`
	AtTime time.Time            `json:"answeredAt,omitzero"`
}

// Span is a time in which a service is expected not to be there.
type Span struct {
	Service servicecoin.ServiceID `json:"service"`
	During  calendar.Interval     `json:"during"`
}

// Moved is one move of what was announced.
type Moved struct {
	From calendar.Interval `json:"from"`
	At   time.Time         `json:"at"`
}

const maxMoves = 200

// Sequence counts how often the notice changed: the SEQUENCE of RFC 5545. It never falls.
func (n *Notice) Sequence() int { return n.Changes }

// Downtimes returns when services are expected not to be there, cut to services; none:
// all. Where the work is over earlier than planned, so is the downtime; an overrun is
// not announced, and adds nothing.
func (c *Change) Downtimes(services ...servicecoin.ServiceID) []Span {
	start := c.Plan.Start
	if !c.StartedAt.IsZero() && c.StartedAt.After(start) {
		start = c.StartedAt
	}
	var list []Span
	for _, d := range c.Plan.Downtime {
		if len(services) > 0 && !slices.Contains(services, d.Service) {
			continue
		}
		from := start.Add(length(d.After))
		// What was announced is where it can lie at most, whenever it really began.
		announced := calendar.Between(c.Plan.Start.Add(length(d.After)), c.Plan.Start.Add(length(d.After)+length(d.Length)))
		during := calendar.Between(from, from.Add(length(d.Length))).Intersect(announced)
		if over := c.overAt(); !over.IsZero() {
			during = during.Intersect(calendar.Between(c.Plan.Start, later(over, c.Plan.Start)))
		}
		if !during.Empty() {
			list = append(list, Span{Service: d.Service, During: during})
		}
	}
	return list
}

// overAt returns when services were as they should be again, zero while it goes on.
func (c *Change) overAt() time.Time {
	if !c.RestoredAt.IsZero() {
		return c.RestoredAt
	}
	return c.EndedAt
}

// NoticeOf returns what a customer that has these services may know of a change. What is
// approved, scheduled or begun is announced, what waits for its votes is planned: a
// customer that was told before hears of the other plan at once.
func NoticeOf(c *Change, services []servicecoin.ServiceID) Notice {
	var mine []servicecoin.ServiceID
	for _, s := range c.Scope.Services {
		if slices.Contains(services, s) {
			mine = append(mine, s)
		}
	}
	n := Notice{Change: c.ID, Headline: c.Headline, Services: mine, State: c.noticeState(), During: c.Time(), RestoredAt: c.RestoredAt}
	if n.Headline == "" {
		n.Headline = "Maintenance"
	}
	if len(mine) > 0 {
		n.Downtime = c.Downtimes(mine...)
	}
	return n
}

func (c *Change) noticeState() NoticeState {
	switch c.State {
	case Approved, Scheduled:
		return NoticeAnnounced
	case Started:
		return NoticeUnderWay
	case Implemented:
		return NoticeOver
	case RolledBack, Failed:
		return NoticePutBack
	case Reviewed, Closed:
		if c.ended(RolledBack) || c.ended(Failed) {
			return NoticePutBack
		}
		return NoticeOver
	case Assessed:
		return NoticePlanned
	case Draft, Submitted, Rejected, Cancelled:
		return NoticeCancelled
	}
	return ""
}

// follow brings a notice up to what the change is now, and reports whether that is
// anything new.
func (n *Notice) follow(now Notice, at time.Time) bool {
	old := *n
	if len(now.Services) == 0 {
		now.State = NoticeCancelled // for this customer
	} else {
		n.Headline, n.Services, n.Downtime = now.Headline, now.Services, now.Downtime
	}
	if (now.State == NoticeAnnounced || now.State == NoticePlanned) && !n.During.Equal(now.During) && len(n.Moves) < maxMoves {
		n.Moves = append(slices.Clone(n.Moves), Moved{From: n.During, At: at})
	}
	if now.State != NoticeCancelled {
		n.During = now.During
	}
	n.State, n.RestoredAt = now.State, now.RestoredAt
	same := n.Headline == old.Headline && n.State == old.State && n.During.Equal(old.During) && slices.Equal(n.Services, old.Services) &&
		slices.EqualFunc(n.Downtime, old.Downtime, func(a, b Span) bool { return a.Service == b.Service && a.During.Equal(b.During) }) &&
		n.RestoredAt.Equal(old.RestoredAt)
	if !same {
		n.UpdatedAt = at
		n.Changes++
	}
	return !same
}

// Open reports whether the customer is asked for something that it can still answer
// at t.
func (n *Notice) Open(t time.Time) bool {
	return n.Asked != "" && n.State != NoticeCancelled && n.State != NoticeOver && n.State != NoticePutBack && t.Before(n.By)
}

// Say records what the customer answers; it may change its mind until the day.
func (n *Notice) Say(by servicecoin.Actor, at time.Time, answer Answer, reason string) error {
	at, err := lifecycle.Check(by, at, func(v *servicecoin.Violations) {
		if answer != Agreed && answer != Refused {
			v.Add("answer", "unknown", string(answer), "must be agreed or refused")
		}
		least := one(answer == Refused)
		v.Text("reason", reason, least, maxText)
	})
	if err != nil {
		return err
	}
	refuse := func(why string) error {
		return &servicecoin.RefusedError{Subject: servicecoin.Key{Kind: NoticeRecord, ID: string(n.Change)}, Verb: VerbAnswerNotice, From: string(n.State), Why: why}
	}
	switch {
	case n.Asked == "":
		return refuse("the customer is not asked")
	case !n.Open(at):
		return refuse("answers were due by " + lifecycle.Stamp(n.By))
	}
	n.Answer, n.Person, n.Reason, n.AtTime = answer, by.ID, reason, at
	return nil
}
