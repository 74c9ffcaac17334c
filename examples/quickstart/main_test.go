package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// The story stops at the first error; that it comes to its end is the test.
func TestStory(*testing.T) { main() }

// Whoever pastes it takes the machine's clock, which goes on between two lines.
func TestMachinesClock(t *testing.T) {
	t.Parallel()
	var services catalog.MemoryDirectory
	services.Set("mail", "Mail", "acme")
	provider, err := coin.New(store.New(memory.New(), nil), &services, nil)
	require.NoError(t, err)
	now := time.Now()
	down := []incident.Effect{{Service: "mail", Level: incident.Outage, From: now}}
	i, err := provider.Desk().Open(t.Context(), servicecoin.Person("ada"), incident.Report{Title: "Mail is down", Effects: down})
	require.NoError(t, err)
	require.Equal(t, servicecoin.Instant(now), i.Began)
	_, err = provider.Desk().Resolve(t.Context(), servicecoin.Person("ada"), i.ID, incident.Resolution{Text: "The disk was full"})
	require.NoError(t, err)
}
