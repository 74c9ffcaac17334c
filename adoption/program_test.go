package adoption_test

import (
	"context"
	"fmt"
	"iter"
	"strconv"
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

func newOfficeOn(b store.Backend, authorize servicecoin.Authorizer) office {
	now, n := nine, 0
	s := store.New(b, &store.Options{
		Now: func() time.Time { return now }, NewID: func() string { n++; return fmt.Sprintf("id%d", n) }, Authorize: authorize,
	})
	return office{adoption.New(s.For("acme"), nil), adoption.NewPlaybook(s.For(servicecoin.Provider)), s, &now}
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
	first, err := o.Begin(ctx, exchange, "sub-1", template())
	require.NoError(t, err)
	_, err = o.Meet(ctx, bob, "sub-1", "contract", said("x"))
	require.NoError(t, err)
	*o.now = after(5)
	other := template()
	other.Title = "Other"
	again, err := o.Begin(ctx, exchange, "sub-1", other)
	require.NoError(t, err)
	require.Equal(t, first.BegunAt, again.BegunAt)
	require.Equal(t, "Mail", again.Title, "it stays what it was")
	require.Equal(t, 1, again.Progress(after(5)).Met)
	_, err = o.Cancel(ctx, ada, "sub-1", "left")
	require.NoError(t, err)
	again, err = o.Begin(ctx, exchange, "sub-1", template())
	require.NoError(t, err)
	require.Equal(t, adoption.Cancelled, again.State, "in whatever state")
	require.Equal(t, []string{"onboarding.begun", "onboarding.prerequisiteMet", "onboarding.cancelled"}, o.events(t))
	_, err = o.Begin(ctx, exchange, "sub-2", adoption.Template{})
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
			o, err := program.Begin(t.Context(), exchange, "sub-1", template())
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
	activated, err := store.Happened(ada, "subscription.activated", nil)
	require.NoError(t, err)
	activated.Subject = servicecoin.Key{Customer: "acme", Kind: "subscription", ID: "sub-1"}
	require.NoError(t, o.store.For("acme").Record(ctx, activated))
	_, err = o.playbook.PublishTemplate(ctx, ada, way())
	require.NoError(t, err)
	consumer, err := store.NewConsumer(o.store, "exchange", []store.Rule{{
		Name: "onboarding", On: []string{"subscription.activated"},
		Do: func(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
			t, err := o.playbook.On(tx.For(servicecoin.Provider)).TemplateFor(ctx, "mail", "")
			if err != nil {
				return "", err
			}
			_, err = o.On(tx.For(e.Subject.Customer)).Begin(ctx, servicecoin.Program("exchange"), servicecoin.SubscriptionID(e.Subject.ID), t)
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
	_, err := o.Begin(ctx, exchange, "sub-1", template())
	require.NoError(t, err)
	*o.now = after(1)
	_, err = o.Reach(ctx, ada, "sub-1", firstUse)
	refused(t, err, "running", "contract")
	_, err = o.Meet(ctx, bob, "sub-1", "contract", adoption.Evidence{Text: "4711", By: ada, At: nine.AddDate(-1, 0, 0)})
	require.NoError(t, err)
	_, err = o.Waive(ctx, ada, "sub-1", "domain", "they have none")
	require.NoError(t, err)
	_, err = o.Meet(ctx, ada, "sub-1", "firewall", said("change 12"))
	require.NoError(t, err)
	_, err = o.Reach(ctx, exchange, "sub-1", firstDays)
	require.NoError(t, err)
	got, err := o.Get(ctx, "sub-1")
	require.NoError(t, err)
	require.NoError(t, got.Validate())
	require.Equal(t, adoption.Complete, got.State)
	i, _ := got.Item("contract")
	require.Equal(t, adoption.Evidence{Text: "4711", At: after(1), By: bob}, i.Evidence, "who and when are not the caller's to say")
	_, err = o.Meet(ctx, bob, "no such", "contract", said("x"))
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
		_, err := o.Begin(ctx, exchange, servicecoin.SubscriptionID(strconv.Itoa(n)), tmpl)
		require.NoError(t, err)
	}
	meet := func(id servicecoin.SubscriptionID, what adoption.PrerequisiteID, expires time.Time) {
		e := said("x")
		e.Expires = expires
		_, err := o.Meet(ctx, ada, id, what, e)
		require.NoError(t, err)
	}
	meet("0", "contract", after(500))
	meet("1", "contract", after(400))
	meet("1", "firewall", after(300))
	meet("2", "contract", after(100))
	for n, id := range []servicecoin.SubscriptionID{"1", "0"} {
		*o.now = after(10 + n)
		_, err := o.Reach(ctx, ada, id, ordering)
		require.NoError(t, err)
	}
	_, err := o.Cancel(ctx, ada, "2", "left")
	require.NoError(t, err)
	require.Equal(t, []string{"0", "1", "3"}, collect(t, o.InState(adoption.Running).All(ctx), subscription))
	require.Equal(t, []string{"2"}, collect(t, o.InState(adoption.Cancelled).All(ctx), subscription))
	require.Equal(t, []string{"3"}, collect(t, o.To("web").All(ctx), subscription))
	due := after(10).AddDate(0, 0, 14)
	require.Empty(t, collect(t, o.Late(due).All(ctx), subscription), "at that instant it is not late")
	require.Equal(t, []string{"1"}, collect(t, o.Late(due.Add(time.Second)).All(ctx), subscription))
	require.Equal(t, []string{"1", "0"}, collect(t, o.Late(due.AddDate(0, 1, 0)).All(ctx), subscription), "the longest overdue first")
	require.Equal(t, []string{"1", "0"}, collect(t, o.Expiring(after(501)).All(ctx), subscription), "what is over does not count")
	require.Equal(t, []string{"1"}, collect(t, o.Expiring(after(301)).All(ctx), subscription))
	task := func(x adoption.Task) string { return string(x.Subscription) + " " + string(x.ID) }
	require.Equal(t, []string{"0 firewall", "3 firewall"}, collect(t, o.Tasks(ctx, adoption.ProviderSide), task))
	require.Equal(t, []string{"0 owner", "0 domain", "0 training", "1 owner", "1 domain", "1 training", "3 contract", "3 owner", "3 domain", "3 training"}, collect(t, o.Tasks(ctx, adoption.CustomerSide), task))
	require.Len(t, collect(t, o.Tasks(ctx, ""), task), 12)
	for range o.Tasks(ctx, "") {
		break // leaving early is allowed
	}
	page, err := o.InState(adoption.Running).Page(ctx, "", 2)
	require.NoError(t, err)
	require.Len(t, page.Items, 2)
	next, err := o.InState(adoption.Running).Page(ctx, page.Next, 2)
	require.NoError(t, err)
	require.Len(t, next.Items, 1)

	// The provider sees those of everybody.
	_, err = o.On(o.store.For("globex")).Begin(ctx, exchange, "9", template())
	require.NoError(t, err)
	var all []string
	for item, err := range adoption.Onboardings(o.store).Find(store.By("state", store.Text(adoption.Running))).Items(ctx) {
		require.NoError(t, err)
		all = append(all, string(item.Key.Customer)+" "+item.Key.ID)
	}
	require.Equal(t, []string{"acme 0", "acme 1", "acme 3", "globex 9"}, all)
}

func TestAnotherCustomerSeesNothing(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	_, err := o.Begin(ctx, exchange, "sub-1", template())
	require.NoError(t, err)
	s := survey()
	_, err = o.Answer(ctx, bob, s, response("bob", 5))
	require.NoError(t, err)
	other := o.On(o.store.For("globex"))
	for name, do := range map[string]func() error{
		"get":      func() error { _, err := other.Get(ctx, "sub-1"); return err },
		"meet":     func() error { _, err := other.Meet(ctx, bob, "sub-1", "contract", said("x")); return err },
		"waive":    func() error { _, err := other.Waive(ctx, ada, "sub-1", "contract", "x"); return err },
		"withdraw": func() error { _, err := other.Withdraw(ctx, ada, "sub-1", "contract", "x"); return err },
		"reach":    func() error { _, err := other.Reach(ctx, ada, "sub-1", ordering); return err },
		"cancel":   func() error { _, err := other.Cancel(ctx, ada, "sub-1", "x"); return err },
		"answered": func() error { _, err := other.Answered(ctx, s.ID, "bob"); return err },
	} {
		require.ErrorIs(t, do(), servicecoin.ErrNotFound, name)
	}
	require.Empty(t, collect(t, other.InState(adoption.Running).All(ctx), subscription))
	require.Empty(t, collect(t, other.Tasks(ctx, ""), func(adoption.Task) string { return "" }))
	score, err := other.Score(ctx, s, nil)
	require.NoError(t, err)
	require.Zero(t, score.N)
	require.Len(t, o.events(t), 2)
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
		_, err := o.Begin(ctx, exchange, "warm-up", template())
		require.NoError(t, err)
		_, err = o.Answer(ctx, exchange, s, response("zoe", 1))
		require.NoError(t, err)
		fail := func() { faults.Script(fault) }
		fail()
		_, err = o.Begin(ctx, exchange, "sub-1", template())
		require.ErrorIs(t, err, storetest.ErrFault)
		_, err = o.Begin(ctx, exchange, "sub-1", template())
		require.NoError(t, err)
		fail()
		_, err = o.Dismiss(ctx, bob, s, "bob")
		require.ErrorIs(t, err, storetest.ErrFault)
		_, err = o.Dismiss(ctx, bob, s, "bob")
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
	_, err := o.Begin(ctx, exchange, "sub-1", template())
	require.NoError(t, err)
	_, err = o.Meet(ctx, bob, "sub-1", "contract", said("x"))
	require.NoError(t, err)
	done, other := false, newOfficeOn(faults, nil)
	faults.Meanwhile(func(store.Commit) {
		if !done {
			done = true
			_, err := other.Withdraw(ctx, ada, "sub-1", "contract", "forged")
			require.NoError(t, err)
		}
	})
	_, err = o.Reach(ctx, ada, "sub-1", ordering)
	require.ErrorIs(t, err, servicecoin.ErrRefused, "the evidence was withdrawn while the point was being reached")
}
