package catalog_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/lifecycle"
)

func placed(t require.TestingT) (catalog.Order, catalog.Subscription) {
	o, s, err := catalog.Place(eve, nine, cloudMail(), catalog.Request{ID: "o1", Subscription: "s1", Parameters: json.RawMessage(`{"mailboxes":40}`), Note: "for the office"})
	require.NoError(t, err)
	return o, s
}

func TestPlace(t *testing.T) {
	t.Parallel()
	o, s := placed(t)
	require.Equal(t, catalog.OrderRequested, o.State)
	require.Equal(t, nine.Add(48*time.Hour), o.Due)
	require.Equal(t, servicecoin.PriceID("mail-2026"), o.Terms.Price)
	require.Equal(t, catalog.SubscriptionRequested, s.State)
	require.Equal(t, o.Subscription, s.ID)
	require.Equal(t, `{"mailboxes":40}`, string(s.Parameters))

	free := cloudMail()
	free.Approval, free.LeadTime = catalog.ApprovalNone, calendar.Duration{}
	o, _, err := catalog.Place(eve, nine.In(time.FixedZone("", 3600)).Add(time.Nanosecond), free, catalog.Request{ID: "o1", Subscription: "s1"})
	require.NoError(t, err)
	require.Equal(t, catalog.OrderApproved, o.State)
	require.Equal(t, nine, o.ApprovedAt, "UTC, cut to the microsecond")
	require.True(t, o.Due.IsZero(), "nothing is promised")

	_, _, err = catalog.Place(servicecoin.Actor{}, nine, catalog.Offering{}, catalog.Request{Parameters: json.RawMessage(`[]`), Note: strings.Repeat("x", 4001), TermUntil: nine})
	require.Equal(t, []string{
		"by.kind unknown", "by.id required", "id required", "subscription required", "offering.id required", "offering.service required", "offering.name required", "offering.kind unknown",
		"parameters not-an-object", "note too-long", "termUntil reversed",
	}, violated(t, err))
	old := cloudMail()
	require.NoError(t, old.Deprecate(ada, nine, catalog.Deprecation{Reason: "old", Successor: "mail-2"}))
	_, _, err = catalog.Place(eve, nine, old, catalog.Request{ID: "o1", Subscription: "s1"})
	require.Equal(t, catalog.VerbPlaceOrder, refusal(t, err).Verb)
}

func orderVerbs() map[string]func(o *catalog.Order, at time.Time) error {
	return map[string]func(o *catalog.Order, at time.Time) error{
		catalog.VerbApproveOrder:   func(o *catalog.Order, at time.Time) error { return o.Approve(bob, at, "") },
		catalog.VerbRejectOrder:    func(o *catalog.Order, at time.Time) error { return o.Reject(bob, at, "too dear") },
		catalog.VerbCancelOrder:    func(o *catalog.Order, at time.Time) error { return o.Cancel(eve, at, "a mistake") },
		catalog.VerbProvisionOrder: func(o *catalog.Order, at time.Time) error { return o.Provision(mill, at) },
		catalog.VerbFulfilOrder:    func(o *catalog.Order, at time.Time) error { return o.Fulfil(mill, at) },
		catalog.VerbFailOrder:      func(o *catalog.Order, at time.Time) error { return o.Fail(mill, at, "no room") },
		catalog.VerbRetryOrder:     func(o *catalog.Order, at time.Time) error { return o.Retry(ada, at, "there is room now") },
	}
}

// The table of transitions is what the methods do: every state, every verb.
func TestOrderTransitionsAreTheTable(t *testing.T) {
	t.Parallel()
	ways := map[catalog.OrderState][]string{
		catalog.OrderRequested: {}, catalog.OrderApproved: {catalog.VerbApproveOrder}, catalog.OrderProvisioning: {catalog.VerbApproveOrder, catalog.VerbProvisionOrder},
		catalog.OrderFulfilled: {catalog.VerbApproveOrder, catalog.VerbFulfilOrder}, catalog.OrderFailed: {catalog.VerbApproveOrder, catalog.VerbFailOrder},
		catalog.OrderRejected: {catalog.VerbRejectOrder}, catalog.OrderCancelled: {catalog.VerbCancelOrder},
	}
	require.Len(t, ways, len(catalog.OrderStates()))
	allowed := map[string]catalog.OrderState{}
	for _, x := range catalog.OrderTransitions() {
		allowed[string(x.From)+" "+x.Verb] = x.To
	}
	tried := 0
	for _, from := range catalog.OrderStates() {
		for verb, do := range orderVerbs() {
			o, _ := placed(t)
			for _, v := range ways[from] {
				require.NoError(t, orderVerbs()[v](&o, after(10)))
			}
			require.Equal(t, from, o.State)
			before := o
			err := do(&o, after(20))
			to, ok := allowed[string(from)+" "+verb]
			if ok {
				require.NoError(t, err)
				require.Equal(t, to, o.State)
				last := o.History[len(o.History)-1]
				require.Equal(t, []any{verb, from, to, after(20)}, []any{last.Verb, last.From, last.To, last.At})
				require.Len(t, o.History, len(before.History)+1)
				tried++
			} else {
				e := refusal(t, err)
				require.Equal(t, []string{verb, string(from)}, []string{e.Verb, e.From})
				require.Empty(t, cmp.Diff(before, o))
			}
			if o = before; ok {
				require.Contains(t, refusal(t, do(&o, early(string(from)))).Why, "it was not yet")
				require.Empty(t, cmp.Diff(before, o), "nothing half-done")
			}
		}
	}
	require.Equal(t, len(catalog.OrderTransitions()), tried)
}

// early is before the last change of the way to a state.
func early(state string) time.Time {
	if state == string(catalog.OrderRequested) {
		return after(-1)
	}
	return after(9)
}

func TestFourEyes(t *testing.T) {
	t.Parallel()
	person := func(id, on servicecoin.PersonID) servicecoin.Actor {
		return servicecoin.Actor{Kind: servicecoin.Human, ID: id, OnBehalfOf: on}
	}
	for name, c := range map[string]struct {
		asks, approves servicecoin.Actor
		ok             bool
	}{
		"another":                        {person("eve", ""), person("bob", ""), true},
		"the same":                       {person("eve", ""), person("eve", ""), false},
		"the same, of the other side":    {servicecoin.Client("eve"), person("eve", ""), false},
		"on behalf of the one who asked": {person("eve", ""), person("bob", "eve"), false},
		"asked on behalf of":             {person("eve", "bob"), person("bob", ""), false},
		"both on behalf of the same":     {person("eve", "boss"), person("bob", "boss"), false},
		"the one who asked for another":  {person("eve", "boss"), person("eve", ""), false},
		"on behalf of two others":        {person("eve", "boss"), person("bob", "chief"), true},
		"a program for the one":          {servicecoin.Actor{Kind: servicecoin.System, ID: "form", OnBehalfOf: "eve"}, person("eve", ""), false},
	} {
		o, _, err := catalog.Place(c.asks, nine, cloudMail(), catalog.Request{ID: "o1", Subscription: "s1"})
		require.NoError(t, err)
		err = o.Approve(c.approves, after(1), "")
		if c.ok {
			require.NoError(t, err, name)
			continue
		}
		require.Contains(t, refusal(t, err).Why, "somebody else", name)
		require.Equal(t, catalog.OrderRequested, o.State, name)
	}
	o, _ := placed(t)
	require.Contains(t, refusal(t, o.Approve(mill, after(1), "")).Why, "policy")
	require.NoError(t, o.Approve(mill, after(1), "policy: small orders"))
	o, _ = placed(t)
	for _, err := range []error{o.Reject(bob, after(1), ""), o.Cancel(bob, after(1), strings.Repeat("x", 2001))} {
		require.ErrorIs(t, err, servicecoin.ErrInvalid)
	}
	require.NoError(t, o.Approve(bob, after(1), "fine"))
	require.ErrorIs(t, o.Fail(mill, after(2), " "), servicecoin.ErrInvalid)
}

func TestLeadTime(t *testing.T) {
	t.Parallel()
	due := nine.Add(48 * time.Hour)
	fulfilled := func(at time.Time) catalog.Order {
		o, _ := placed(t)
		require.NoError(t, o.Approve(bob, nine, ""))
		require.NoError(t, o.Fulfil(mill, at))
		return o
	}
	open, _ := placed(t)
	unpromised := fulfilled(after(30))
	unpromised.Due, unpromised.Terms.LeadTime = time.Time{}, calendar.Duration{}
	void, _ := placed(t)
	require.NoError(t, void.Reject(bob, after(1), "no"))
	kept, missed, far := fulfilled(due), fulfilled(due.Add(time.Microsecond)), due.Add(time.Hour)
	for name, c := range map[string]struct {
		order    catalog.Order
		at       time.Time
		outcome  catalog.LeadOutcome
		measured string
		late     string
	}{
		"at the instant":         {kept, far, catalog.LeadKept, "48h0m0s", "undefined"},
		"a part of a second too": {missed, far, catalog.LeadMissed, "48h0m0s", "0s"},
		"not yet due":            {open, due, catalog.LeadOpen, "undefined", "undefined"},
		"overdue, and open":      {open, far, catalog.LeadOpen, "undefined", "1h0m0s"},
		"nothing was promised":   {unpromised, far, catalog.LeadUnpromised, "30m0s", "undefined"},
		"rejected":               {void, far, catalog.LeadVoid, "undefined", "undefined"},
	} {
		l := c.order.Lead(c.at)
		require.Equal(t, []string{string(c.outcome), c.measured, c.late}, []string{string(l.Outcome), l.Measured.String(), l.Late.String()}, name)
	}
	got := catalog.LeadTimesOf([]catalog.Order{kept, missed, open, unpromised, void, kept}, far)
	text, err := json.Marshal(got)
	require.NoError(t, err)
	require.JSONEq(t, `{"orders":6,"kept":2,"missed":1,"open":1,"overdue":1,"unpromised":1,"void":1,"keptPercent":"66.67","fulfilled":4,"medianSeconds":"172800","longestSeconds":"172800"}`, string(text))
	text, err = json.Marshal(catalog.LeadTimesOf([]catalog.Order{open}, nine))
	require.NoError(t, err)
	require.JSONEq(t, `{"orders":1,"kept":0,"missed":0,"open":1,"overdue":0,"unpromised":0,"void":0,"keptPercent":null,"fulfilled":0,"medianSeconds":null,"longestSeconds":null}`, string(text))
}

func subscriptionVerbs() map[string]func(s *catalog.Subscription, at time.Time) error {
	return map[string]func(s *catalog.Subscription, at time.Time) error{
		catalog.VerbActivateSubscription: func(s *catalog.Subscription, at time.Time) error {
			return s.Activate(mill, at, "acme", "us", json.RawMessage(`{"url":"x"}`))
		},
		catalog.VerbWithdrawSubscription: func(s *catalog.Subscription, at time.Time) error { return s.Withdraw(mill, at) },
		catalog.VerbSuspendSubscription:  func(s *catalog.Subscription, at time.Time) error { return s.Suspend(ada, at, "abuse") },
		catalog.VerbResumeSubscription:   func(s *catalog.Subscription, at time.Time) error { return s.Resume(ada, at, "sorted out") },
		catalog.VerbDepartSubscription:   func(s *catalog.Subscription, at time.Time) error { return s.Depart(eve, at, time.Time{}, "we move") },
		catalog.VerbStaySubscription:     func(s *catalog.Subscription, at time.Time) error { return s.Stay(eve, at, "we stay") },
		catalog.VerbCompleteSubscription: func(s *catalog.Subscription, at time.Time) error { return s.Complete(mill, at) },
	}
}

func TestSubscriptionTransitionsAreTheTable(t *testing.T) {
	t.Parallel()
	ways := map[catalog.SubscriptionState][]string{
		catalog.SubscriptionRequested: {}, catalog.SubscriptionActive: {catalog.VerbActivateSubscription}, catalog.SubscriptionSuspended: {catalog.VerbActivateSubscription, catalog.VerbSuspendSubscription},
		catalog.SubscriptionDeparting: {catalog.VerbActivateSubscription, catalog.VerbDepartSubscription}, catalog.SubscriptionDeparted: {catalog.VerbActivateSubscription, catalog.VerbDepartSubscription, catalog.VerbCompleteSubscription},
		catalog.SubscriptionWithdrawn: {catalog.VerbWithdrawSubscription},
	}
	require.Len(t, ways, len(catalog.SubscriptionStates()))
	allowed := map[string]catalog.SubscriptionState{}
	for _, x := range catalog.SubscriptionTransitions() {
		allowed[string(x.From)+" "+x.Verb] = x.To
	}
	for _, from := range catalog.SubscriptionStates() {
		for verb, do := range subscriptionVerbs() {
			_, s := placed(t)
			for _, v := range ways[from] {
				require.NoError(t, subscriptionVerbs()[v](&s, after(10)))
			}
			require.Equal(t, from, s.State)
			before := s
			err := do(&s, after(20))
			if to, ok := allowed[string(from)+" "+verb]; ok {
				require.NoError(t, err, "%s %s", from, verb)
				require.Equal(t, to, s.State)
				require.Len(t, s.History, len(before.History)+1)
				s = before
				refusal(t, do(&s, early(string(from))))
			} else {
				require.Equal(t, verb, refusal(t, err).Verb)
			}
			if allowed[string(from)+" "+verb] == "" {
				require.Empty(t, cmp.Diff(before, s))
			}
		}
	}
}

func TestSubscriptionIsHandedBack(t *testing.T) {
	t.Parallel()
	o, s, err := catalog.Place(eve, nine, cloudMail(), catalog.Request{ID: "o1", Subscription: "s1", TermUntil: after(6000)})
	require.NoError(t, err)
	require.Equal(t, after(6000), o.TermUntil)
	require.True(t, s.Held(after(99)).Empty())
	require.Equal(t, []string{"owner required", "holder required", "outputs not-an-object"}, violated(t, s.Activate(mill, after(10), "", "", json.RawMessage(`1`))))
	require.NoError(t, s.Activate(mill, after(10), "acme", "us", json.RawMessage(` {"url": "x"} `)))
	require.Len(t, s.Outputs, len(`{"url":"x"}`), "without the blanks")
	require.Equal(t, catalog.Imprint{Owner: "acme", Holder: "us", From: after(10), Until: after(6000)}, s.Imprint)
	require.Equal(t, "2026-03-02T09:10:00Z/2026-03-02T09:30:00Z", s.Held(after(30)).String())
	refusal(t, s.Deprovision(after(64)))
	refusal(t, s.Stumble("x"))
	require.NoError(t, s.Depart(eve, after(60), time.Time{}, "we move"))
	require.Equal(t, after(60), s.DepartingAt)
	refusal(t, s.Stumble("nothing was tried"))
	require.NoError(t, s.Stay(eve, after(61), "we stay"))
	require.True(t, s.DepartingAt.IsZero())
	require.NoError(t, s.Suspend(ada, after(62), "unpaid"))
	require.NoError(t, s.Depart(eve, after(63), time.Time{}, "we move"))
	require.Contains(t, refusal(t, s.Stay(eve, after(64), "we stay")).Why, "suspended", "staying is no way around a suspension")
	require.NoError(t, s.Deprovision(after(64)))
	require.NoError(t, s.Deprovision(after(64)))
	require.Equal(t, 1, s.Attempt, "one attempt until it has failed")
	require.Contains(t, refusal(t, s.Stay(eve, after(64), "we stay")).Why, "taken down")
	require.ErrorIs(t, s.Stumble(""), servicecoin.ErrInvalid)
	require.NoError(t, s.Stumble("locked"))
	require.Equal(t, catalog.SubscriptionDeparting, s.State)
	require.NoError(t, s.Deprovision(after(64)))
	require.Equal(t, 2, s.Attempt)
	require.Empty(t, s.Trouble)
	require.NoError(t, s.Complete(mill, after(90)))
	require.Equal(t, after(90), s.Imprint.HandedBack)
	require.Equal(t, after(90), s.Held(after(999)).End)
}

// The fullest records can still come to their end within the limits of the
// store.
func TestThereIsAlwaysRoomForTheEnd(t *testing.T) {
	t.Parallel()
	wide := strings.Repeat("\x01", 2000) // six bytes each as JSON
	object := json.RawMessage(`{"a":"` + strings.Repeat("x", 65000) + `"}`)
	offering := cloudMail()
	offering.Parameters = object
	o, s, err := catalog.Place(eve, nine, offering, catalog.Request{ID: "o1", Subscription: "s1", Parameters: object, Note: wide + wide})
	require.NoError(t, err)
	size := func(x any) int {
		text, err := json.Marshal(x)
		require.NoError(t, err)
		return len(text)
	}
	require.NoError(t, o.Approve(bob, nine, wide))
	retries := 0
	for ; ; retries++ {
		require.NoError(t, o.Provision(mill, nine))
		require.NoError(t, o.Fail(mill, nine, wide))
		if err := o.Retry(ada, nine, wide); err != nil {
			require.Contains(t, refusal(t, err).Why, "full")
			break
		}
		o.Progress = strings.Repeat("\x01", 1000)
	}
	require.NoError(t, o.Cancel(eve, nine, wide))
	require.Less(t, size(o), 256<<10)
	require.NoError(t, s.Activate(mill, nine, "acme", "us", object))
	for s.Suspend(ada, nine, wide) == nil && s.Resume(ada, nine, wide) == nil {
		retries++
	}
	require.NoError(t, s.Depart(eve, nine, time.Time{}, wide))
	require.NoError(t, s.Deprovision(after(64)))
	require.NoError(t, s.Stumble(wide))
	require.NoError(t, s.Complete(mill, nine))
	require.Less(t, size(s), 256<<10)
	require.Positive(t, retries)
}

// Whatever is tried on an order, in whatever order of time: it moves along the
// table, never back in time, and a refused change changes nothing.
func TestOrdersMoveAlongTheTable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o, _ := placed(t)
		verbs := orderVerbs()
		names := []string{}
		for v := range verbs {
			names = append(names, v)
		}
		slices.Sort(names)
		for range rapid.IntRange(0, 12).Draw(t, "steps") {
			before := o
			err := verbs[rapid.SampledFrom(names).Draw(t, "verb")](&o, after(rapid.IntRange(-5, 200).Draw(t, "at")))
			if err != nil {
				require.ErrorIs(t, err, servicecoin.ErrRefused)
				require.Empty(t, cmp.Diff(before, o))
				continue
			}
			last := o.History[len(o.History)-1]
			require.True(t, slices.ContainsFunc(catalog.OrderTransitions(), func(x lifecycle.Transition[catalog.OrderState]) bool {
				return x.From == last.From && x.To == last.To && x.Verb == last.Verb && x.From == before.State
			}))
		}
		require.True(t, slices.IsSortedFunc(o.History, func(a, b lifecycle.Entry[catalog.OrderState]) int { return a.At.Compare(b.At) }))
		require.Equal(t, o.State == catalog.OrderFulfilled, !o.FulfilledAt.IsZero())
		require.Equal(t, o.State.Open() || o.State == catalog.OrderFulfilled, o.EndedAt.IsZero())
	})
}

// Who leaves on a day has it until then, and is charged until then.
func TestLeavesOnADay(t *testing.T) {
	t.Parallel()
	held := func() catalog.Subscription {
		_, s := placed(t)
		require.NoError(t, s.Activate(mill, after(10), "acme", "us", nil))
		return s
	}
	s := held()
	require.Equal(t, []string{"leavesAt out-of-order"}, violated(t, s.Depart(eve, after(60), after(59), "we move")))
	require.Equal(t, []string{"reason required", "leavesAt out-of-range"}, violated(t, s.Depart(eve, after(60), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "")))
	require.NoError(t, s.Depart(eve, after(60), after(100), "we move"))
	require.Equal(t, after(100), s.LeavesAt)
	require.Contains(t, refusal(t, s.Deprovision(after(99))).Why, "uses it until")
	require.Contains(t, refusal(t, s.Complete(mill, after(99))).Why, "uses it until")
	require.NoError(t, s.Stay(eve, after(99), "we stay"))
	require.True(t, s.LeavesAt.IsZero(), "nothing was taken down, so it can stay")
	require.NoError(t, s.Depart(eve, after(99), after(120), "we move after all"))
	require.NoError(t, s.Deprovision(after(120)))
	require.NoError(t, s.Complete(mill, after(130)))
	require.Equal(t, after(120), s.Until, "not when the last disk was wiped")
	require.Equal(t, after(130), s.Imprint.HandedBack)
	now := held()
	require.NoError(t, now.Depart(eve, after(60), after(60), "we move"), "at once is a day, too")
	require.NoError(t, now.Deprovision(after(60)))
}

// The plan of whoever orders stands in the order, for those who approve it, and
// nobody changes it from outside.
func TestAnOrderKeepsThePlan(t *testing.T) {
	t.Parallel()
	planned := catalog.Planned{"mailboxes": decimal.NewFromInt(40)}
	ask := catalog.Request{ID: "o1", Subscription: "s1", Parameters: json.RawMessage(`{"mailboxes":40}`), Planned: planned}
	o, _, err := catalog.Place(eve, nine, cloudMail(), ask)
	require.NoError(t, err)
	planned["mailboxes"] = decimal.NewFromInt(1)
	require.Equal(t, "40", o.Planned["mailboxes"].String())
	b, err := json.Marshal(o)
	require.NoError(t, err)
	require.Contains(t, string(b), `"planned":{"mailboxes":"40"}`)

	ask.Planned = catalog.Planned{}
	o, _, err = catalog.Place(eve, nine, cloudMail(), ask)
	require.NoError(t, err)
	require.Nil(t, o.Planned, "nothing said is nothing kept")

	ask.Planned = catalog.Planned{"mailboxes": decimal.NewFromInt(-1)}
	_, _, err = catalog.Place(eve, nine, cloudMail(), ask)
	require.ErrorContains(t, err, "planned.mailboxes")
}
