package incident_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

func problem(customer servicecoin.CustomerID) incident.Problem {
	return incident.Problem{Customer: customer, Service: "mail", Level: incident.Disruption, Title: "Mail to outside bounces", Text: "Since this morning, to every address."}
}

// What a customer reports is between them and the desk until the desk publishes it.
func TestACustomerReports(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	olga := servicecoin.Client("olga")
	i, err := o.Report(ctx, olga, problem("acme"))
	require.NoError(t, err)
	require.Equal(t, incident.Reported, i.State)
	require.Equal(t, &incident.Reporter{Customer: "acme", Person: "olga", Service: "mail", Level: incident.Disruption, Text: "Since this morning, to every address."}, i.Reporter)
	require.Empty(t, i.Effects, "what a customer says counts against no promise")
	require.False(t, i.Published())
	require.NoError(t, i.Validate())
	again := problem("acme")
	again.ID = i.ID
	_, err = o.Report(ctx, olga, again)
	require.ErrorIs(t, err, servicecoin.ErrExists)

	public, err := json.Marshal(i.Public())
	require.NoError(t, err)
	for _, secret := range []string{"acme", "olga", "bounces", "this morning"} {
		require.NotContains(t, string(public), secret)
	}
	i, err = o.Note(ctx, ada, i.ID, incident.Message{Text: "We look at your relay.", Audience: incident.ToReporter})
	require.NoError(t, err)
	require.False(t, i.Published(), "an answer is theirs alone")
	require.Empty(t, i.Public().Updates)
	*o.now = after(10)
	i, err = o.Describe(ctx, ada, i.ID, incident.Description{Title: "Relay of Acme is listed", Headline: "Mail to outside bounces"})
	require.NoError(t, err)
	require.True(t, i.Published())
	i, err = o.Note(ctx, ada, i.ID, incident.Message{Text: "Mail bounces.", Audience: incident.Public})
	require.NoError(t, err)
	p, ok := i.ForReporter()
	require.True(t, ok)
	require.Equal(t, "Mail to outside bounces", p.Title, "as they wrote it")
	require.Equal(t, "Since this morning, to every address.", p.Reporter.Text)
	require.Len(t, p.Updates, 2)
	require.Equal(t, "Mail bounces.", p.Updates[0].Text)
	require.True(t, p.Updates[1].Answer)

	own, err := o.Open(ctx, ada, incident.Report{Title: "Ours"})
	require.NoError(t, err)
	require.True(t, own.Published())
	_, ok = own.ForReporter()
	require.False(t, ok)
	_, err = o.Note(ctx, ada, own.ID, incident.Message{Text: "x", Audience: incident.ToReporter})
	require.ErrorContains(t, err, "no customer reported it")
}

func TestOwnReportsAreAList(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	for _, c := range []servicecoin.CustomerID{"acme", "globex", "acme"} {
		_, err := o.Report(ctx, servicecoin.Client("olga"), problem(c))
		require.NoError(t, err)
	}
	_, err := o.Open(ctx, ada, incident.Report{Title: "Telephoned", Reporter: &incident.Reporter{Customer: "globex"}})
	require.NoError(t, err)
	count := func(c servicecoin.CustomerID) (n int) {
		for i, err := range o.ReportedFor(c).All(ctx) {
			require.NoError(t, err)
			require.Equal(t, c, i.Reporter.Customer)
			n++
		}
		return n
	}
	require.Equal(t, 2, count("acme"))
	require.Equal(t, 2, count("globex"))
	require.Zero(t, count("nobody"))

	require.NoError(t, o.Forget(ctx, ada, "acme"))
	require.NoError(t, o.Forget(ctx, ada, "acme"), "it may be called again")
	require.Zero(t, count("acme"))
	require.Equal(t, 2, count("globex"))
	for i, err := range o.Recent().All(ctx) {
		require.NoError(t, err)
		require.NoError(t, i.Validate())
		text, err := json.Marshal(i)
		require.NoError(t, err)
		require.NotContains(t, string(text), "acme")
		require.Equal(t, i.Reporter != nil, strings.Contains(string(text), "olga") || i.Title == "Telephoned")
	}
	require.ErrorIs(t, o.Forget(ctx, ada, ""), servicecoin.ErrInvalid)
}

func TestBadReports(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, err := o.Report(t.Context(), servicecoin.Client("olga"), incident.Problem{Customer: "acme", Text: strings.Repeat("x", 9000), Began: after(600)})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	for _, want := range []string{"title", "reporter.service", "reporter.level", "reporter.text", "began"} {
		require.ErrorContains(t, err, want, "all at once")
	}
	_, err = incident.Open(ada, nine, incident.Report{ID: "i", Title: "x", Reporter: &incident.Reporter{Level: "meteor"}})
	require.ErrorContains(t, err, "reporter.customer")
	require.ErrorContains(t, err, "meteor")
}

// Authorize is told in whose name people of a customer report.
func TestAReportIsAuthorized(t *testing.T) {
	t.Parallel()
	var asked []servicecoin.Attempt
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return nine }, Authorize: func(_ context.Context, a servicecoin.Attempt) error {
		asked = append(asked, a)
		if a.For != "acme" {
			return servicecoin.ErrForbidden
		}
		return nil
	}})
	desk := incident.New(s.For(servicecoin.Provider), nil)
	p := problem("acme")
	p.ID = "i"
	_, err := desk.Report(t.Context(), servicecoin.Client("olga"), p)
	require.NoError(t, err)
	require.Equal(t, []servicecoin.Attempt{{Actor: servicecoin.Client("olga"), Verb: incident.VerbReport, Subject: incident.Key("i"), For: "acme"}}, asked)
	_, err = desk.Report(t.Context(), servicecoin.Client("olga"), problem("globex"))
	require.ErrorIs(t, err, servicecoin.ErrForbidden)
	require.ErrorIs(t, desk.Forget(t.Context(), ada, "acme"), servicecoin.ErrForbidden)
}
