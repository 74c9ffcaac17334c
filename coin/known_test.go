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
