package adoption_test

import (
	"context"
	"flag"
	"fmt"
	"iter"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
	"github.com/servicecoin/servicecoin/store/storetest"
)

// office is a provider with a clock of its own, and acme's program.
type office struct {
	*adoption.Program
	playbook *adoption.Playbook
	store    *store.Store
	now      *time.Time
}

func newOffice(t *testing.T) office {
	t.Helper()
	return newOfficeOn(memory.New(), nil)
}

func newOfficeOn(b store.Backend, o *adoption.Options) office {
	now, n := nine, 0
	s := store.New(b, &store.Options{
		Now: func() time.Time { return now }, NewID: func() string { n++; return fmt.Sprintf("id%d", n) },
	})
	return office{adoption.New(s.For("acme"), o), adoption.NewPlaybook(s.For(servicecoin.Provider), o), s, &now}
}

func (o office) events(t *testing.T) (list []string) {
	t.Helper()
	events, err := o.store.Events(t.Context(), 0, 1000)
	require.NoError(t, err)
	for _, e := range events {
		list = append(list, e.Name)
	}
	return list
}

func collect[T any](t *testing.T, seq iter.Seq2[T, error], name func(T) string) (list []string) {
	t.Helper()
	for x, err := range seq {
		require.NoError(t, err)
		list = append(list, name(x))
	}
	return list
}

func subscription(o adoption.Onboarding) string { return string(o.Subscription) }

func TestBeginIsIdempotent(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	first, err := o.Begin(ctx, "sub-1", template(), exchange)
	require.NoError(t, err)
	_, err = o.Meet(ctx, "sub-1", "contract", said("x"), bob)
	require.NoError(t, err)
	*o.now = after(5)
	other := template()
	other.Title = "Other"
	again, err := o.Begin(ctx, "sub-1", other, exchange)
	require.NoError(t, err)
	require.Equal(t, first.BegunAt, again.BegunAt)
	require.Equal(t, "Mail", again.Title, "it stays what it was")
	require.Equal(t, 1, again.Progress(after(5)).Met)
	_, err = o.Cancel(ctx, "sub-1", "left", ada)
	require.NoError(t, err)
	again, err = o.Begin(ctx, "sub-1", template(), exchange)
	require.NoError(t, err)
	require.Equal(t, adoption.Cancelled, again.State, "in whatever state")
	require.Equal(t, []string{"onboarding.begun", "onboarding.prerequisiteMet", "onboarding.cancelled"}, o.events(t))
	_, err = o.Begin(ctx, "sub-2", adoption.Template{}, exchange)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = o.Get(ctx, "sub-2")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
}

// However many replicas hear of an activation at once, one onboarding begins,
// and each of them gets it.
func TestSixteenBeginAtOnce(t *testing.T) {
	t.Parallel()
	s := store.New(memory.New(), nil)
	program := adoption.New(s.For("acme"), nil)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			o, err := program.Begin(t.Context(), "sub-1", template(), exchange)
			if err != nil || o.Subscription != "sub-1" {
				t.Errorf("begin: %v, %v", o.Subscription, err)
			}
		})
	}
	wg.Wait()
	events, err := s.Events(t.Context(), 0, 100)
	require.NoError(t, err)
	require.Len(t, events, 1)
}

// The same in an effect of the exchange, which hears of an event at least once.
func TestBeginInAnEffect(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	activated, err := store.Happened("subscription.activated", ada, nil)
	require.NoError(t, err)
	activated.Subject = servicecoin.Key{Customer: "acme", Kind: "subscription", ID: "sub-1"}
	require.NoError(t, o.store.For("acme").Record(ctx, activated))
	_, err = o.playbook.PublishTemplate(ctx, template(), ada)
	require.NoError(t, err)
	consumer, err := store.NewConsumer(o.store, "exchange", []store.Rule{{
		Name: "onboarding", On: []string{"subscription.activated"},
		Do: func(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
			t, err := o.playbook.On(tx.For(servicecoin.Provider)).Template(ctx, "mail", "")
			if err != nil {
				return "", err
			}
			_, err = o.On(tx.For(e.Subject.Customer)).Begin(ctx, adoption.SubscriptionID(e.Subject.ID), t, servicecoin.Program("exchange"))
			return "", err
		},
	}}, nil)
	require.NoError(t, err)
	done, err := consumer.Step(ctx, 100)
	require.NoError(t, err)
	require.Equal(t, 1, done.Effects)
	got, err := o.Get(ctx, "sub-1")
	require.NoError(t, err)
	require.Equal(t, 1, got.Edition)
}

func TestProgramKeepsWhatHappens(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	_, err := o.Begin(ctx, "sub-1", template(), exchange)
	require.NoError(t, err)
	*o.now = after(1)
	_, err = o.Reach(ctx, "sub-1", firstUse, ada)
	refused(t, err, "running", "contract")
	_, err = o.Meet(ctx, "sub-1", "contract", adoption.Evidence{Text: "4711", By: ada, At: nine.AddDate(-1, 0, 0)}, bob)
	require.NoError(t, err)
	_, err = o.Waive(ctx, "sub-1", "domain", "they have none", ada)
	require.NoError(t, err)
	_, err = o.Meet(ctx, "sub-1", "firewall", said("change 12"), ada)
	require.NoError(t, err)
	_, err = o.Reach(ctx, "sub-1", firstDays, exchange)
	require.NoError(t, err)
	got, err := o.Get(ctx, "sub-1")
	require.NoError(t, err)
	require.NoError(t, got.Validate())
	require.Equal(t, adoption.Complete, got.State)
	i, _ := got.Item("contract")
	require.Equal(t, adoption.Evidence{Text: "4711", At: after(1), By: bob}, i.Evidence, "who and when are not the caller's to say")
	_, err = o.Meet(ctx, "no such", "contract", said("x"), bob)
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
}

func TestListings(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	for n := range 4 {
		*o.now = after(n)
		tmpl := template()
		if n == 3 {
			tmpl.Service = "web"
		}
		_, err := o.Begin(ctx, adoption.SubscriptionID(strconv.Itoa(n)), tmpl, exchange)
		require.NoError(t, err)
	}
	meet := func(id adoption.SubscriptionID, what adoption.PrerequisiteID, expires time.Time) {
		e := said("x")
		e.Expires = expires
		_, err := o.Meet(ctx, id, what, e, ada)
		require.NoError(t, err)
	}
	meet("0", "contract", after(500))
	meet("1", "contract", after(400))
	meet("1", "firewall", after(300))
	meet("2", "contract", after(100))
	for n, id := range []adoption.SubscriptionID{"1", "0"} {
		*o.now = after(10 + n)
		_, err := o.Reach(ctx, id, ordering, ada)
		require.NoError(t, err)
	}
	_, err := o.Cancel(ctx, "2", "left", ada)
	require.NoError(t, err)
	require.Equal(t, []string{"0", "1", "3"}, collect(t, o.InState(ctx, adoption.Running), subscription))
	require.Equal(t, []string{"2"}, collect(t, o.InState(ctx, adoption.Cancelled), subscription))
	require.Equal(t, []string{"3"}, collect(t, o.To(ctx, "web"), subscription))
	due := after(10).AddDate(0, 0, 14)
	require.Empty(t, collect(t, o.Late(ctx, due), subscription), "at that instant it is not late")
	require.Equal(t, []string{"1"}, collect(t, o.Late(ctx, due.Add(time.Second)), subscription))
	require.Equal(t, []string{"1", "0"}, collect(t, o.Late(ctx, due.AddDate(0, 1, 0)), subscription), "the longest overdue first")
	require.Equal(t, []string{"1", "0"}, collect(t, o.Expiring(ctx, after(501)), subscription), "what is over does not count")
	require.Equal(t, []string{"1"}, collect(t, o.Expiring(ctx, after(301)), subscription))
	task := func(x adoption.Task) string { return string(x.Subscription) + " " + string(x.ID) }
	require.Equal(t, []string{"0 firewall", "3 firewall"}, collect(t, o.Tasks(ctx, adoption.ProviderSide), task))
	require.Equal(t, []string{"0 owner", "0 domain", "0 training", "1 owner", "1 domain", "1 training", "3 contract", "3 owner", "3 domain", "3 training"}, collect(t, o.Tasks(ctx, adoption.CustomerSide), task))
	require.Len(t, collect(t, o.Tasks(ctx, ""), task), 12)
	for range o.Tasks(ctx, "") {
		break // leaving early is allowed
	}
	page, err := o.InStatePage(ctx, adoption.Running, "", 2)
	require.NoError(t, err)
	require.Len(t, page.Items, 2)
	next, err := o.InStatePage(ctx, adoption.Running, page.Next, 2)
	require.NoError(t, err)
	require.Len(t, next.Items, 1)

	// The provider sees those of everybody.
	_, err = o.On(o.store.For("globex")).Begin(ctx, "9", template(), exchange)
	require.NoError(t, err)
	var all []string
	for item, err := range store.Across(o.store, adoption.Onboardings).Find(ctx, store.By("state", store.Text(adoption.Running))) {
		require.NoError(t, err)
		all = append(all, string(item.Key.Customer)+" "+item.Key.ID)
	}
	require.Equal(t, []string{"acme 0", "acme 1", "acme 3", "globex 9"}, all)
}

func TestAnotherCustomerSeesNothing(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	_, err := o.Begin(ctx, "sub-1", template(), exchange)
	require.NoError(t, err)
	s := survey()
	_, err = o.Answer(ctx, s, response("bob", 5), bob)
	require.NoError(t, err)
	other := o.On(o.store.For("globex"))
	for name, do := range map[string]func() error{
		"get":      func() error { _, err := other.Get(ctx, "sub-1"); return err },
		"meet":     func() error { _, err := other.Meet(ctx, "sub-1", "contract", said("x"), bob); return err },
		"waive":    func() error { _, err := other.Waive(ctx, "sub-1", "contract", "x", ada); return err },
		"withdraw": func() error { _, err := other.Withdraw(ctx, "sub-1", "contract", "x", ada); return err },
		"reach":    func() error { _, err := other.Reach(ctx, "sub-1", ordering, ada); return err },
		"cancel":   func() error { _, err := other.Cancel(ctx, "sub-1", "x", ada); return err },
		"answered": func() error { _, err := other.Answered(ctx, s.ID, "bob"); return err },
	} {
		require.ErrorIs(t, do(), servicecoin.ErrNotFound, name)
	}
	require.Empty(t, collect(t, other.InState(ctx, adoption.Running), subscription))
	require.Empty(t, collect(t, other.Tasks(ctx, ""), func(adoption.Task) string { return "" }))
	score, err := other.Score(ctx, s, nil)
	require.NoError(t, err)
	require.Zero(t, score.N)
	require.Len(t, o.events(t), 2)
}

func TestOneAnswerForEachRespondentAndRound(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	s, err := o.playbook.Ask(ctx, survey(), ada)
	require.NoError(t, err)
	_, err = o.Dismiss(ctx, s, "bob", bob)
	require.NoError(t, err)
	_, err = o.Dismiss(ctx, s, "bob", bob)
	require.NoError(t, err, "saying it again changes nothing")
	for n, x := range []int{2, 5} {
		*o.now = after(1 + n)
		_, err = o.Answer(ctx, s, response("bob", x), bob)
		require.NoError(t, err)
	}
	got, err := o.Dismiss(ctx, s, "bob", bob)
	require.NoError(t, err)
	require.Equal(t, []int{5}, got.Scores, "an answer is not dismissed")
	_, err = o.Dismiss(ctx, s, "eve", servicecoin.Client("eve"))
	require.NoError(t, err)
	score, err := o.Score(ctx, s, &adoption.Policy{Least: 1})
	require.NoError(t, err)
	require.Equal(t, 1, score.N)
	require.Equal(t, 1, score.Dismissed)
	require.Equal(t, "100", score.Value.Decimal.String())
	require.Equal(t, []string{"survey.asked", "survey.dismissed", "survey.answered", "survey.answered", "survey.dismissed"}, o.events(t))
	next := s
	next.ID = "mail-2026-q2"
	_, err = o.Answer(ctx, next, response("bob", 1), bob)
	require.NoError(t, err)
	a, err := o.Answered(ctx, s.ID, "bob")
	require.NoError(t, err)
	require.Equal(t, []int{5}, a.Scores, "a round is a survey of its own")
	require.Equal(t, 1, a.Edited)
	require.Equal(t, []string{"eve", "bob"}[1:], collect(t, o.Answers(ctx, next.ID), func(a adoption.Answer) string { return string(a.Respondent) }))
	*o.now = after(60)
	_, err = o.Answer(ctx, s, response("zoe", 1), servicecoin.Client("zoe"))
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	_, err = o.Answer(ctx, s, response("bob", 9), bob)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

func TestResultsOfAllCustomers(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	s, err := o.playbook.Ask(ctx, survey(), ada)
	require.NoError(t, err)
	for customer, scores := range map[servicecoin.CustomerID][]int{"acme": {5, 5, 4, 3, 4, 2}, "globex": {1, 1}, "initech": {4, 4, 4, 4, 4}} {
		for n, x := range scores {
			who := servicecoin.PersonID(strconv.Itoa(n)) // the same names everywhere
			_, err := o.On(o.store.For(customer)).Answer(ctx, s, response(who, x), servicecoin.Client(who))
			require.NoError(t, err)
		}
	}
	_, err = o.On(o.store.For("umbrella")).Dismiss(ctx, s, "0", exchange)
	require.NoError(t, err)
	got, err := adoption.Results(ctx, store.Across(o.store, adoption.Answers), s, nil)
	require.NoError(t, err)
	require.Equal(t, 13, got.Total.N)
	require.Equal(t, 1, got.Total.Dismissed)
	require.Equal(t, 9, got.Total.Satisfied)
	require.Len(t, got.Cells, 4)
	require.NotNil(t, got.Cells[0].Score)
	require.Nil(t, got.Cells[1].Score, "two of globex said so")
	require.Nil(t, got.Cells[2].Score, "or one could subtract")
	require.Equal(t, servicecoin.CustomerID("umbrella"), got.Cells[3].Customer)
	require.Zero(t, got.Cells[3].Score.N)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = adoption.Results(cancelled, store.Across(o.store, adoption.Answers), s, nil)
	require.ErrorIs(t, err, context.Canceled)
	wrong := s
	wrong.Kind, wrong.Points = adoption.Rating, 3
	_, err = adoption.Results(ctx, store.Across(o.store, adoption.Answers), wrong, nil)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	require.ErrorContains(t, err, "acme/adoption.answer/")
}

func TestPublishing(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	_, err := o.playbook.Template(ctx, "mail", "gold")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	first, err := o.playbook.PublishTemplate(ctx, template(), ada)
	require.NoError(t, err)
	require.Equal(t, 1, first.Edition)
	_, err = o.playbook.PublishTemplate(ctx, template(), ada)
	require.ErrorIs(t, err, servicecoin.ErrRefused, "made from none, and one is there")
	require.ErrorContains(t, err, "made from edition 0, and edition 1 is published")
	running, err := o.Begin(ctx, "sub-1", first, exchange)
	require.NoError(t, err)
	first.Prerequisites = nil
	second, err := o.playbook.PublishTemplate(ctx, first, ada)
	require.NoError(t, err)
	require.Equal(t, 2, second.Edition)
	got, err := o.Get(ctx, "sub-1")
	require.NoError(t, err)
	require.Len(t, got.Items, 5, "what runs keeps its edition")
	require.Equal(t, 1, running.Edition)
	gold := template()
	gold.Offering, gold.Title = "gold", "Gold mail"
	_, err = o.playbook.PublishTemplate(ctx, gold, ada)
	require.NoError(t, err)
	for offering, want := range map[adoption.OfferingID]string{"gold": "Gold mail", "silver": "Mail", "": "Mail"} {
		x, err := o.playbook.Template(ctx, "mail", offering)
		require.NoError(t, err)
		require.Equal(t, want, x.Title, offering)
	}
	require.Equal(t, []string{"", "gold"}, collect(t, o.playbook.Templates(ctx), func(t adoption.Template) string { return string(t.Offering) }))
	bad := template()
	bad.Title = ""
	_, err = o.playbook.PublishTemplate(ctx, bad, ada)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = o.playbook.PublishJourney(ctx, adoption.Journey{ID: "x"}, ada)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

// How a test went is recorded, and never published: whoever changes what the
// customer meets has to test it again.
func TestResultsAreNobodysToWrite(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	j, err := o.playbook.PublishJourney(ctx, journey(), ada)
	require.NoError(t, err)
	findings, err := o.playbook.Check(ctx)
	require.NoError(t, err)
	require.Len(t, findings, 4, "what the form said was not taken over")
	for _, x := range j.Touchpoints {
		require.Zero(t, x.Test.Last)
		_, err = o.playbook.Tested(ctx, j.ID, x.ID, adoption.Run{Result: adoption.Passed}, exchange)
		require.NoError(t, err)
	}
	findings, err = o.playbook.Check(ctx, "mail")
	require.NoError(t, err)
	require.Empty(t, findings)
	j.Touchpoints[0].Owner, j.Touchpoints[1].Message = "eve", "Other words"
	j.Touchpoints[2].Test.Last = adoption.Run{Result: adoption.Failed, At: nine}
	j, err = o.playbook.PublishJourney(ctx, j, ada)
	require.NoError(t, err, "a recorded result does not make the design an older one")
	require.Equal(t, 2, j.Edition)
	findings, err = o.playbook.Check(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"standard.touchpoints[1].test.last test-never-run"}, found(findings))
	*o.now = nine.AddDate(1, 0, 0)
	findings, err = o.playbook.Check(ctx)
	require.NoError(t, err)
	require.Len(t, findings, 4, "and they grow old")
	_, err = o.playbook.Tested(ctx, "no such", "x", adoption.Run{Result: adoption.Passed}, exchange)
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	got, err := o.playbook.Journey(ctx, "standard")
	require.NoError(t, err)
	require.Equal(t, servicecoin.PersonID("eve"), got.Touchpoints[0].Owner)
}

func TestAsking(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	s := survey()
	s.ID, s.OpensAt, s.ClosesAt = "", time.Time{}, time.Time{}
	first, err := o.playbook.Ask(ctx, s, ada)
	require.NoError(t, err)
	require.NotEmpty(t, first.ID)
	require.Equal(t, nine, first.OpensAt, "now")
	*o.now = after(30)
	second, err := o.playbook.Ask(ctx, s, ada)
	require.NoError(t, err)
	_, err = o.playbook.Ask(ctx, second, ada)
	require.ErrorIs(t, err, servicecoin.ErrExists, "a question that was asked is not changed")
	_, err = o.playbook.EndSurvey(ctx, first.ID, time.Time{}, ada)
	require.NoError(t, err)
	_, err = o.playbook.EndSurvey(ctx, first.ID, time.Time{}, ada)
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	got, err := o.playbook.Survey(ctx, first.ID)
	require.NoError(t, err)
	require.Equal(t, after(30), got.ClosesAt)
	id := func(s adoption.Survey) string { return string(s.ID) }
	require.Equal(t, []string{string(second.ID), string(first.ID)}, collect(t, o.playbook.Surveys(ctx), id))
	require.Equal(t, []string{string(first.ID), string(second.ID)}, collect(t, o.playbook.Rounds(ctx, "mail"), id))
	require.Empty(t, collect(t, o.playbook.Rounds(ctx, "mai"), id))
	bad := s
	bad.Kind = "poll"
	_, err = o.playbook.Ask(ctx, bad, ada)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

// Every changing verb asks first; what is forbidden leaves no trace.
func TestForbidden(t *testing.T) {
	t.Parallel()
	var asked []string
	o := newOfficeOn(memory.New(), &adoption.Options{Authorize: func(_ context.Context, a servicecoin.Attempt) error {
		asked = append(asked, a.Verb+" "+a.Subject.String())
		return servicecoin.ErrForbidden
	}})
	ctx, s := t.Context(), survey()
	calls := []func(by servicecoin.Actor) error{
		func(by servicecoin.Actor) error { _, err := o.Begin(ctx, "sub-1", template(), by); return err },
		func(by servicecoin.Actor) error {
			_, err := o.Meet(ctx, "sub-1", "contract", said("x"), by)
			return err
		},
		func(by servicecoin.Actor) error { _, err := o.Waive(ctx, "sub-1", "contract", "x", by); return err },
		func(by servicecoin.Actor) error { _, err := o.Withdraw(ctx, "sub-1", "contract", "x", by); return err },
		func(by servicecoin.Actor) error { _, err := o.Reach(ctx, "sub-1", ordering, by); return err },
		func(by servicecoin.Actor) error { _, err := o.Cancel(ctx, "sub-1", "x", by); return err },
		func(by servicecoin.Actor) error { _, err := o.Answer(ctx, s, response("bob", 5), by); return err },
		func(by servicecoin.Actor) error { _, err := o.Dismiss(ctx, s, "bob", by); return err },
		func(by servicecoin.Actor) error {
			_, err := o.playbook.PublishTemplate(ctx, template(), by)
			return err
		},
		func(by servicecoin.Actor) error { _, err := o.playbook.PublishJourney(ctx, journey(), by); return err },
		func(by servicecoin.Actor) error {
			_, err := o.playbook.Tested(ctx, "standard", "x", adoption.Run{}, by)
			return err
		},
		func(by servicecoin.Actor) error { _, err := o.playbook.Ask(ctx, s, by); return err },
		func(by servicecoin.Actor) error { _, err := o.playbook.EndSurvey(ctx, s.ID, after(9), by); return err },
	}
	for _, call := range calls {
		require.ErrorIs(t, call(ada), servicecoin.ErrForbidden)
	}
	require.Equal(t, []string{
		"onboarding.begin acme/adoption.onboarding/sub-1", "onboarding.meet acme/adoption.onboarding/sub-1", "onboarding.waive acme/adoption.onboarding/sub-1",
		"onboarding.withdraw acme/adoption.onboarding/sub-1", "onboarding.reach acme/adoption.onboarding/sub-1", "onboarding.cancel acme/adoption.onboarding/sub-1",
		"survey.answer acme/adoption.answer/mail-2026-q1/bob", "survey.dismiss acme/adoption.answer/mail-2026-q1/bob",
		"template.publish @provider/adoption.template/mail/", "journey.publish @provider/adoption.journey/standard", "journey.test @provider/adoption.journey/standard",
		"survey.ask @provider/adoption.survey/mail-2026-q1", "survey.end @provider/adoption.survey/mail-2026-q1",
	}, asked)
	for _, call := range calls {
		require.ErrorIs(t, call(servicecoin.Actor{}), servicecoin.ErrInvalid, "nobody is not even asked about")
	}
	require.Len(t, asked, len(calls))
	require.Empty(t, o.events(t))
}

// A commit whose answer is lost may have happened: the same call can be made
// again, and what it does is done once.
func TestTheSameCallAgain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for _, fault := range []storetest.Fault{storetest.Before, storetest.After} {
		faults := storetest.NewFaults(memory.New())
		o := newOfficeOn(faults, nil)
		s := survey()
		_, err := o.Begin(ctx, "warm-up", template(), exchange)
		require.NoError(t, err)
		_, err = o.Answer(ctx, s, response("zoe", 1), exchange)
		require.NoError(t, err)
		fail := func() { faults.Script(fault) }
		fail()
		_, err = o.Begin(ctx, "sub-1", template(), exchange)
		require.ErrorIs(t, err, storetest.ErrFault)
		_, err = o.Begin(ctx, "sub-1", template(), exchange)
		require.NoError(t, err)
		fail()
		_, err = o.Dismiss(ctx, s, "bob", bob)
		require.ErrorIs(t, err, storetest.ErrFault)
		_, err = o.Dismiss(ctx, s, "bob", bob)
		require.NoError(t, err)
		require.Equal(t, []string{"onboarding.begun", "survey.answered", "onboarding.begun", "survey.dismissed"}, o.events(t))
	}
}

// Two programs at once: each sees what the other one did.
func TestMeanwhile(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	faults := storetest.NewFaults(memory.New())
	o := newOfficeOn(faults, nil)
	_, err := o.Begin(ctx, "sub-1", template(), exchange)
	require.NoError(t, err)
	_, err = o.Meet(ctx, "sub-1", "contract", said("x"), bob)
	require.NoError(t, err)
	done, other := false, newOfficeOn(faults, nil)
	faults.Meanwhile(func(store.Commit) {
		if !done {
			done = true
			_, err := other.Withdraw(ctx, "sub-1", "contract", "forged", ada)
			require.NoError(t, err)
		}
	})
	_, err = o.Reach(ctx, "sub-1", ordering, ada)
	require.ErrorIs(t, err, servicecoin.ErrRefused, "the evidence was withdrawn while the point was being reached")
}

var update = flag.Bool("update", false, "rewrite the golden files")

// The names and payloads of events are API.
func TestEventsAreAPI(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	must := func(_ any, err error) { t.Helper(); require.NoError(t, err) }
	tmpl, err := o.playbook.PublishTemplate(ctx, template(), ada)
	must(tmpl, err)
	must(o.playbook.PublishJourney(ctx, journey(), ada))
	must(o.playbook.Tested(ctx, "standard", "departure-1", adoption.Run{Result: adoption.Failed, Link: "https://example.org/1"}, exchange))
	s, err := o.playbook.Ask(ctx, survey(), ada)
	must(s, err)
	must(o.Begin(ctx, "sub-1", tmpl, exchange))
	*o.now = after(1)
	e := adoption.Evidence{Link: "https://example.org/4711", Text: "4711", Expires: after(99)}
	must(o.Meet(ctx, "sub-1", "contract", e, bob))
	must(o.Withdraw(ctx, "sub-1", "contract", "not signed", ada))
	must(o.Waive(ctx, "sub-1", "contract", "an old customer", ada))
	must(o.Withdraw(ctx, "sub-1", "contract", "they are not", ada))
	must(o.Waive(ctx, "sub-1", "contract", "they are", ada))
	must(o.Reach(ctx, "sub-1", ordering, ada))
	must(o.Waive(ctx, "sub-1", "domain", "none", ada))
	must(o.Waive(ctx, "sub-1", "firewall", "none", ada))
	must(o.Reach(ctx, "sub-1", firstDays, ada))
	must(o.Begin(ctx, "sub-2", tmpl, exchange))
	must(o.Cancel(ctx, "sub-2", "left", ada))
	must(o.Dismiss(ctx, s, "bob", bob))
	must(o.Answer(ctx, s, response("bob", 4), bob))
	must(o.Answer(ctx, s, response("bob", 5), bob))
	must(o.playbook.EndSurvey(ctx, s.ID, time.Time{}, ada))
	events, err := o.store.Events(ctx, 0, 100)
	require.NoError(t, err)
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "%s %s %s\n", e.Name, e.Subject, e.Data)
	}
	const golden = "testdata/events.golden"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(b.String()), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}
