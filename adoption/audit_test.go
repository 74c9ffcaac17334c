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
		func(by servicecoin.Actor) error { _, err := o.Begin(ctx, by, "sub-1", template()); return err },
		func(by servicecoin.Actor) error {
			_, err := o.Meet(ctx, by, "sub-1", "contract", said("x"))
			return err
		},
		func(by servicecoin.Actor) error { _, err := o.Waive(ctx, by, "sub-1", "contract", "x"); return err },
		func(by servicecoin.Actor) error { _, err := o.Withdraw(ctx, by, "sub-1", "contract", "x"); return err },
		func(by servicecoin.Actor) error { _, err := o.Reach(ctx, by, "sub-1", ordering); return err },
		func(by servicecoin.Actor) error { _, err := o.Cancel(ctx, by, "sub-1", "x"); return err },
		func(by servicecoin.Actor) error { _, err := o.Answer(ctx, by, s, response("bob", 5)); return err },
		func(by servicecoin.Actor) error { _, err := o.Dismiss(ctx, by, s, "bob"); return err },
		func(by servicecoin.Actor) error {
			_, err := o.AnnounceDeparture(ctx, by, "sub-1", "mail", after(9), "x")
			return err
		},
		func(by servicecoin.Actor) error { _, err := o.HandBack(ctx, by, "sub-1", nil); return err },
		func(by servicecoin.Actor) error { _, err := o.Erase(ctx, by, "sub-1", "x"); return err },
		func(by servicecoin.Actor) error { _, err := o.Stay(ctx, by, "sub-1", "x"); return err },
		func(by servicecoin.Actor) error {
			_, err := o.playbook.PublishTemplate(ctx, by, template())
			return err
		},
		func(by servicecoin.Actor) error { _, err := o.playbook.PublishJourney(ctx, by, journey()); return err },
		func(by servicecoin.Actor) error {
			_, err := o.playbook.Tested(ctx, by, "standard", "x", adoption.Run{})
			return err
		},
		func(by servicecoin.Actor) error { _, err := o.playbook.Ask(ctx, by, s); return err },
		func(by servicecoin.Actor) error { _, err := o.playbook.EndSurvey(ctx, by, s.ID, after(9)); return err },
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
	tmpl, err := o.playbook.PublishTemplate(ctx, ada, way())
	must(tmpl, err)
	tmpl = tmpl.With(nil, template().Prerequisites...)
	must(o.playbook.PublishJourney(ctx, ada, journey()))
	must(o.playbook.Tested(ctx, exchange, "standard", "departure-1", adoption.Run{Result: adoption.Failed, Link: "https://example.org/1"}))
	s, err := o.playbook.Ask(ctx, ada, survey())
	must(s, err)
	must(o.Begin(ctx, exchange, "sub-1", tmpl))
	*o.now = after(1)
	e := adoption.Evidence{Link: "https://example.org/4711", Text: "4711", Expires: after(99)}
	must(o.Meet(ctx, bob, "sub-1", "contract", e))
	must(o.Withdraw(ctx, ada, "sub-1", "contract", "not signed"))
	must(o.Waive(ctx, ada, "sub-1", "contract", "an old customer"))
	must(o.Withdraw(ctx, ada, "sub-1", "contract", "they are not"))
	must(o.Waive(ctx, ada, "sub-1", "contract", "they are"))
	must(o.Reach(ctx, ada, "sub-1", ordering))
	must(o.Waive(ctx, ada, "sub-1", "domain", "none"))
	must(o.Waive(ctx, ada, "sub-1", "firewall", "none"))
	must(o.Reach(ctx, ada, "sub-1", firstDays))
	must(o.Begin(ctx, exchange, "sub-2", tmpl))
	must(o.Cancel(ctx, ada, "sub-2", "left"))
	must(o.Dismiss(ctx, bob, s, "bob"))
	must(o.Answer(ctx, bob, s, response("bob", 4)))
	must(o.Answer(ctx, bob, s, response("bob", 5)))
	must(o.playbook.EndSurvey(ctx, ada, s.ID, time.Time{}))
	must(o.AnnounceDeparture(ctx, bob, "sub-1", "mail", after(1), "moved"))
	must(o.Stay(ctx, bob, "sub-1", "not yet"))
	must(o.AnnounceDeparture(ctx, bob, "sub-1", "mail", after(1), "moved"))
	must(o.HandBack(ctx, ada, "sub-1", []adoption.Part{part("mail.tar")}))
	must(o.Erase(ctx, ada, "sub-1", "certificate 7"))
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
