package coin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/coin/costroom"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/coin/incidentroom"
	"github.com/servicecoin/servicecoin/coin/spinhtml"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

var january = calendar.Month{Year: 2026, Month: time.January}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	_, err := coin.New(nil, nil, &coin.Options{SendUnder: "no\x00name", Matrix: &incident.Matrix{}, Configuration: configuration.Options{Types: []configuration.Type{{Name: "a"}, {Name: "a"}}}})
	for _, want := range []string{"store", "sendUnder", "matrix.name", "configuration.types[1].name"} {
		require.ErrorContains(t, err, want)
	}
}

// A customer of whom nothing is known has an empty month, and nothing made up.
func TestSpinOfNothing(t *testing.T) {
	t.Parallel()
	c, err := coin.New(store.New(memory.New(), nil), nil, nil)
	require.NoError(t, err)
	s, err := c.Spin(t.Context(), "acme", january)
	require.NoError(t, err)
	require.Empty(t, s.Rows)
	require.Empty(t, s.Whole)
	require.Equal(t, "Nothing of a service is on record for this month.", s.Sentence())
	for name, bad := range map[string]struct {
		customer servicecoin.CustomerID
		month    calendar.Month
	}{"no customer": {"", january}, "no month": {"acme", calendar.Month{}}} {
		_, err := c.Spin(t.Context(), bad.customer, bad.month)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, name)
	}
	broken, err := coin.New(store.New(memory.New(), nil), nil, &coin.Options{Customer: func(context.Context, servicecoin.CustomerID) (servicecoin.Customer, error) {
		return servicecoin.Customer{}, errors.New("the host's table is away")
	}})
	require.NoError(t, err)
	_, err = broken.Spin(t.Context(), "acme", january)
	require.ErrorContains(t, err, "away")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Spin(ctx, "acme", january)
	require.ErrorIs(t, err, context.Canceled)
}

// What people wrote is shown as they wrote it.
func TestSpinIsEscaped(t *testing.T) {
	t.Parallel()
	nasty := `<script>alert("x")</script>`
	s := exchange.Spin{Customer: servicecoin.Customer{ID: "acme", Name: nasty}, Month: january, Rows: []exchange.Row{{
		Service: "s", Name: nasty, Parts: []exchange.Part{
			{Room: "incident", Side: exchange.Operations, Figures: incidentroom.Run{Incidents: []incidentroom.Happened{{Headline: nasty}}}},
			{Room: "cost", Side: exchange.Adoption, Figures: costroom.Charged{}},
		},
	}}}
	var page, text bytes.Buffer
	require.NoError(t, spinhtml.Write(&page, s))
	require.NotContains(t, page.String(), "<script>")
	require.Equal(t, 3, strings.Count(page.String(), "&lt;script&gt;"))
	require.NoError(t, s.WriteText(&text))
	require.Contains(t, text.String(), "charge unknown")
	require.ErrorIs(t, s.WriteText(failing{}), errFull)
	require.ErrorIs(t, spinhtml.Write(failing{}, s), errFull)
	_, err := json.Marshal(s)
	require.NoError(t, err)
}

var errFull = errors.New("no space left")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }

func TestSentence(t *testing.T) {
	t.Parallel()
	s := exchange.Spin{Rows: []exchange.Row{{}}}
	require.Equal(t, "The three sides are in balance.", s.Sentence())
	s.Balance = []exchange.Imbalance{{Text: "Mail is down."}}
	require.Equal(t, "Mail is down.", s.Sentence())
	s.Balance = append(s.Balance, exchange.Imbalance{Text: "More."}, exchange.Imbalance{Text: "More."})
	require.Equal(t, "Mail is down. (And 2 more.)", s.Sentence())
}

func TestCompose(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 7, 20, 10, 0, 0, 0, time.UTC)
	berlin := servicecoin.Customer{ID: "acme", Zone: "Europe/Berlin"}
	for name, c := range map[string]struct {
		news                incidentroom.News
		subject, body, next string
	}{
		"begun": {
			incidentroom.News{Occasion: incidentroom.Begun, Customer: berlin, Uses: "Mail", Path: []string{"Mail"}, Level: incident.Disruption, Since: since},
			"Mail: fails for some", "Mail fails for some since 20 July 2026, 12:00 CEST.", "",
		},
		"over two others, with a promise": {
			incidentroom.News{
				Occasion: incidentroom.Updated, Customer: servicecoin.Customer{ID: "acme"}, Uses: "Shop", Path: []string{"Shop", "Database", "Storage"}, Level: incident.Outage, Since: since,
				Incident: incident.PublicIncident{Headline: "Storage is down"}, Update: incident.PublicUpdate{Text: "We are at it.", NextUpdateBy: since.Add(time.Hour)},
			},
			"Storage is down", "Storage is down since 20 July 2026, 10:00 UTC. You use Shop, which needs it by way of Database.\n\nWe are at it.\n\nYou hear from us again by 20 July 2026, 11:00 UTC.", "2026-07-20T11:00:00Z",
		},
		"resolved": {
			incidentroom.News{
				Occasion: incidentroom.Resolved, Customer: servicecoin.Customer{ID: "acme", Zone: "No/Where"}, Uses: "Mail", Path: []string{"Mail"}, Level: incident.Degradation, Since: since, Until: since.Add(time.Hour),
				Update: incident.PublicUpdate{Text: "Old news", NextUpdateBy: since.Add(time.Hour)},
			},
			"Over: Mail was slow", "Mail was slow from 20 July 2026, 10:00 UTC to 20 July 2026, 11:00 UTC.", "",
		},
	} {
		l := incidentroom.Compose(c.news)
		require.Equal(t, c.subject, l.Subject, name)
		require.Equal(t, c.body, l.Body, name)
		next := ""
		if !l.NextUpdateBy.IsZero() {
			next = l.NextUpdateBy.Format(time.RFC3339)
		}
		require.Equal(t, c.next, next, name)
	}
}

// Under a named policy the exchange sends what it drafts.
func TestLettersUnderAPolicy(t *testing.T) {
	t.Parallel()
	var services catalog.MemoryDirectory
	services.Set("mail", "Mail", "acme")
	now := time.Date(2026, 1, 8, 9, 0, 0, 0, time.UTC)
	c, err := coin.New(store.New(memory.New(), &store.Options{Now: func() time.Time { return now }}), &services, &coin.Options{
		SendUnder: "outages at once",
		Compose: func(n incidentroom.News) incident.Letter {
			return incident.Letter{Subject: "Bonjour", Body: n.Uses + " !"}
		},
	})
	require.NoError(t, err)
	i, err := c.Desk().Open(t.Context(), servicecoin.Person("ada"), incident.Report{Title: "x", Effects: []incident.Effect{{Service: "mail", Level: incident.Outage, From: now}}})
	require.NoError(t, err)
	x, err := c.Exchange(nil)
	require.NoError(t, err)
	_, err = x.Step(t.Context(), 10)
	require.NoError(t, err)
	n := 0
	for l, err := range c.Letters("acme").About(i.ID).All(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, incident.Sent, l.State)
		require.Equal(t, "outages at once", l.Policy)
		require.Equal(t, "Mail !", l.Body)
		n++
	}
	require.Equal(t, 1, n)
}

// What happened before a customer had a service, or after, is not its affair.
func TestSpinTellsOfTheCustomersOwnTime(t *testing.T) {
	t.Parallel()
	ctx, ada := t.Context(), servicecoin.Person("ada")
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c, err := coin.New(store.New(memory.New(), &store.Options{Now: func() time.Time { return now }}), nil, &coin.Options{NoApproval: true})
	require.NoError(t, err)
	_, err = c.Catalog().AddService(ctx, ada, catalog.Service{ID: "mail", Name: "Mail", Kind: catalog.Business})
	require.NoError(t, err)
	_, err = c.Catalog().LaunchService(ctx, ada, "mail")
	require.NoError(t, err)
	offering, err := c.Catalog().Publish(ctx, ada, catalog.Offering{ID: "mail", Service: "mail", Name: "Mail", Kind: catalog.Cloud, Approval: catalog.ApprovalNone})
	require.NoError(t, err)
	x, err := c.Exchange(nil)
	require.NoError(t, err)
	at := func(day int) { now = time.Date(2026, 1, day, 12, 0, 0, 0, time.UTC) }
	fail := func(id servicecoin.IncidentID, from, until int) {
		at(from)
		_, err := c.Desk().Open(ctx, ada, incident.Report{ID: id, Title: string(id), Headline: string(id), Effects: []incident.Effect{{Service: "mail", Level: incident.Outage, From: now}}})
		require.NoError(t, err)
		if until > 0 {
			at(until)
			_, err = c.Desk().Resolve(ctx, ada, id, incident.Resolution{Text: "over"})
			require.NoError(t, err)
		}
	}
	heard := func() (all []string) {
		s, err := c.Spin(ctx, "acme", january)
		require.NoError(t, err)
		for _, r := range s.Rows {
			for _, h := range exchange.Of[incidentroom.Run](r.Parts).Incidents {
				all = append(all, h.Headline)
			}
		}
		return all
	}
	fail("before", 2, 3)
	fail("into it", 9, 11)
	at(10)
	order, err := c.Orders("acme").Place(ctx, servicecoin.Client("mika"), offering, catalog.Request{ID: "o", Subscription: "mail"})
	require.NoError(t, err)
	require.Empty(t, heard(), "it is only ordered")
	_, err = x.Step(ctx, 100)
	require.NoError(t, err)
	_, err = c.Orders("acme").Fulfil(ctx, ada, order.ID, nil) // by hand: there is no provisioner
	require.NoError(t, err)
	_, err = x.Step(ctx, 100)
	require.NoError(t, err)
	fail("within", 15, 16)
	fail("goes on", 20, 0)
	require.Equal(t, []string{"into it", "within", "goes on"}, heard())
}
