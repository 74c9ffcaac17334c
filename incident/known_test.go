package incident_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// Where the desk can ask, nobody reports on a service that is not there; what is
// taken in from elsewhere is taken as it is.
func TestUnknownServices(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	down := errors.New("the directory is down")
	answers := map[servicecoin.ServiceID]error{"mail": nil, "lost": down}
	desk := incident.New(store.New(memory.New(), &store.Options{Now: func() time.Time { return nine }}).For(servicecoin.Provider), &incident.Options{
		Service: func(_ context.Context, id servicecoin.ServiceID) error {
			err, ok := answers[id]
			if !ok {
				return servicecoin.NotFound(servicecoin.Key{Kind: "catalog.service", ID: string(id)})
			}
			return err
		},
	})
	on := func(services ...servicecoin.ServiceID) (list []incident.Effect) {
		for _, s := range services {
			list = append(list, incident.Effect{Service: s, Level: incident.Outage, From: nine.Add(-time.Minute)})
		}
		return list
	}
	report := func(services ...servicecoin.ServiceID) incident.Report {
		return incident.Report{Title: "x", Began: nine.Add(-time.Hour), Effects: on(services...)}
	}
	_, err := desk.Open(ctx, ada, report("mail", "none", "nil"))
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	require.ErrorContains(t, err, `effects[1].service "none"`)
	require.ErrorContains(t, err, `effects[2].service "nil"`)
	bad := report("none")
	bad.Title = ""
	_, err = desk.Open(ctx, ada, bad)
	require.ErrorContains(t, err, "title")
	require.ErrorContains(t, err, "effects[0].service", "all violations at once")
	_, err = desk.Open(ctx, ada, report("lost"))
	require.ErrorIs(t, err, down)
	i, err := desk.Open(ctx, ada, report("mail"))
	require.NoError(t, err)
	_, err = desk.Affect(ctx, ada, i.ID, on("none")...)
	require.ErrorContains(t, err, `effects[0].service "none"`)
	stays, err := desk.Get(ctx, i.ID)
	require.NoError(t, err)
	require.Equal(t, []servicecoin.ServiceID{"mail"}, stays.Services())

	r := report("old")
	r.ID = "import"
	taken, err := incident.Open(ada, nine, r)
	require.NoError(t, err)
	require.NoError(t, desk.Record(ctx, ada, taken))
	again := taken.Effects[0]
	again.Level = incident.Degradation
	_, err = desk.Affect(ctx, ada, "import", again)
	require.NoError(t, err, "what was taken in can be corrected")
}
