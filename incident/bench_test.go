package incident_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// BenchmarkEffects asks what happened to a service in a week of four years ago, in
// which twenty incidents fall, among a hundred thousand incidents since.
func BenchmarkEffects(b *testing.B) {
	desk := incident.New(store.New(memory.New(), nil).For(servicecoin.Provider), nil)
	begin := time.Date(2021, 1, 4, 0, 0, 0, 0, time.UTC)
	for n := range 100_000 {
		from := begin.Add(time.Duration(n) * 20 * time.Minute)
		i, err := incident.Open(ada, from, incident.Report{ID: servicecoin.IncidentID(strconv.Itoa(n)), Title: "x", Effects: []incident.Effect{{Service: "mail", Level: incident.Outage, From: from}}})
		require.NoError(b, err)
		require.NoError(b, i.Resolve(ada, from.Add(10*time.Minute), incident.Resolution{Text: "x"}))
		require.NoError(b, desk.Record(b.Context(), ada, i))
	}
	during := calendar.Between(begin.AddDate(0, 0, 7), begin.AddDate(0, 0, 7).Add(20*20*time.Minute))
	b.ReportAllocs()
	for b.Loop() {
		found, err := desk.Effects(b.Context(), "mail", during)
		if err != nil || len(found) != 20 {
			b.Fatal(len(found), err)
		}
	}
}
