package coin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/incident"
)

// Services that the directory does not have are not reported on.
func TestUnknownServicesAreRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	on := func(id servicecoin.ServiceID) incident.Effect {
		return incident.Effect{Service: id, Level: incident.Outage, From: start}
	}
	_, err := s.Desk().Open(t.Context(), ada, incident.Report{Title: "x", Effects: []incident.Effect{on("mial")}})
	require.ErrorContains(t, err, `effects[0].service "mial"`)
	i, err := s.Desk().Open(t.Context(), ada, incident.Report{Title: "x", Effects: []incident.Effect{on("mail")}})
	require.NoError(t, err)
	_, err = s.Desk().Affect(t.Context(), ada, i.ID, on("mial"))
	require.ErrorContains(t, err, "is no service that is known")
}

// Whoever opens an incident without a word on when it began is heard: it begins now,
// and those who have the service now are told.
func TestAnIncidentThatBeginsNowIsTold(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.subscribe("acme", "s1")
	s.quiet()
	i, err := s.Desk().Open(t.Context(), ada, incident.Report{Title: "x", Effects: []incident.Effect{{Service: "mail", Level: incident.Outage}}})
	require.NoError(t, err)
	s.quiet()
	n := 0
	for _, err := range s.Letters("acme").About(i.ID).All(t.Context()) {
		require.NoError(t, err)
		n++
	}
	require.Equal(t, 1, n)
}
