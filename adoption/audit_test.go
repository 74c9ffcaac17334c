package adoption_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/store/memory"
)

// Every changing verb asks first; what is forbidden leaves no trace.
func TestForbidden(t *testing.T) {
	t.Parallel()
	var asked []string
	o := newOfficeOn(memory.New(), func(_ context.Context, a servicecoin.Attempt) error {
		asked = append(asked, a.Verb+" "+a.Subject.String())
		return servicecoin.ErrForbidden
	})
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
			_, err := o.AnnounceDeparture(ctx, "sub-1", "mail", after(9), "x", by)
			return err
		},
		func(by servicecoin.Actor) error { _, err := o.HandBack(ctx, "sub-1", nil, by); return err },
		func(by servicecoin.Actor) error { _, err := o.Erase(ctx, "sub-1", "x", by); return err },
		func(by servicecoin.Actor) error { _, err := o.Stay(ctx, "sub-1", "x", by); return err },
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
		"departure.announce acme/adoption.departure/sub-1", "departure.handBack acme/adoption.departure/sub-1",
		"departure.erase acme/adoption.departure/sub-1", "departure.stay acme/adoption.departure/sub-1",
		"template.publish @provider/adoption.template/mail/", "journey.publish @provider/adoption.journey/standard", "journey.test @provider/adoption.journey/standard",
		"survey.ask @provider/adoption.survey/mail-2026-q1", "survey.end @provider/adoption.survey/mail-2026-q1",
	}, asked)
	for _, call := range calls {
		require.ErrorIs(t, call(servicecoin.Actor{}), servicecoin.ErrInvalid, "nobody is not even asked about")
	}
	require.Len(t, asked, len(calls))
	require.Empty(t, o.events(t))
}

var update = flag.Bool("update", false, "rewrite the golden files")

// The names and payloads of events are API.
func TestEventsAreAPI(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	must := func(_ any, err error) { t.Helper(); require.NoError(t, err) }
	tmpl, err := o.playbook.PublishTemplate(ctx, way(), ada)
	must(tmpl, err)
	tmpl = tmpl.With(nil, template().Prerequisites...)
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
	must(o.AnnounceDeparture(ctx, "sub-1", "mail", after(1), "moved", bob))
	must(o.Stay(ctx, "sub-1", "not yet", bob))
	must(o.AnnounceDeparture(ctx, "sub-1", "mail", after(1), "moved", bob))
	must(o.HandBack(ctx, "sub-1", []adoption.Part{part("mail.tar")}, ada))
	must(o.Erase(ctx, "sub-1", "certificate 7", ada))
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
