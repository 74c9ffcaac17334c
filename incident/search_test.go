package incident_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/incident"
)

// Whatever is asked for, the list is what sorting all of them gives.
func TestSearchIsWhatSortingGives(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 60 {
		*o.now = nine.Add(time.Duration(n) * time.Hour)
		id := servicecoin.IncidentID(fmt.Sprintf("i%02d", n))
		report := incident.Report{ID: id, Title: "x", Effects: []incident.Effect{outage("mail", *o.now)}}
		if n%3 > 0 {
			report.Impact, report.Urgency = 1+r.IntN(3), 1+r.IntN(3)
		}
		_, err := o.Open(ctx, ada, report)
		require.NoError(t, err)
		*o.now = o.now.Add(time.Duration(1+r.IntN(50)) * time.Minute)
		switch n % 4 {
		case 0:
			_, err = o.Resolve(ctx, ada, id, incident.Resolution{Text: "x"})
		case 1:
			_, err = o.Cancel(ctx, ada, id, "x")
		}
		require.NoError(t, err)
	}
	var all []incident.Incident
	for i, err := range o.Recent().All(ctx) {
		require.NoError(t, err)
		all = append(all, i)
	}
	lasted := func(i incident.Incident) time.Duration {
		switch d, over := i.TimeToRestore(); {
		case i.State == incident.Cancelled:
			return 0
		case !over:
			return 1e6*time.Hour - i.Began.Sub(nine)
		default:
			return d
		}
	}
	urgent := func(i incident.Incident) int { // 1 is the most urgent, 0 not assessed
		if i.Priority == 0 {
			return -1000
		}
		return -i.Priority
	}
	for _, state := range append(incident.States(), "") {
		for _, during := range []calendar.Interval{{}, {Start: nine.Add(10 * time.Hour)}, {End: nine.Add(30 * time.Hour)}, calendar.Between(nine.Add(5*time.Hour), nine.Add(40*time.Hour))} {
			for _, order := range append(incident.Orders(), "") {
				for _, up := range []bool{false, true} {
					var got []incident.Incident
					for i, err := range o.Search(incident.Search{State: state, Began: during, Order: order, Upward: up}).All(ctx) {
						require.NoError(t, err)
						got = append(got, i)
					}
					want := 0
					for _, i := range all {
						if (state == "" || i.State == state) && !i.Began.Before(during.Start) && (during.End.IsZero() || i.Began.Before(during.End)) {
							want++
						}
					}
					require.Len(t, got, want, "%v %v %v", state, during, order)
					require.True(t, slices.IsSortedFunc(got, func(a, b incident.Incident) int {
						c := 0
						switch order {
						case incident.ByPriority:
							c = urgent(b) - urgent(a)
							if c == 0 {
								c = b.Began.Compare(a.Began)
							}
						case incident.ByLength:
							c = int(lasted(b).Milliseconds() - lasted(a).Milliseconds())
						case incident.ByBegan, "":
							c = b.Began.Compare(a.Began)
						}
						if up {
							return -c
						}
						return c
					}), "%v upward %v", order, up)
				}
			}
		}
	}
}

// What incidents did to a service comes the last first, with none that was cancelled.
func TestEffectsOnAService(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	for n, service := range []servicecoin.ServiceID{"mail", "web", "mail", "mail"} {
		*o.now = nine.Add(time.Duration(n) * time.Hour)
		_, err := o.Open(ctx, ada, incident.Report{ID: servicecoin.IncidentID(strconv.Itoa(n)), Title: "x", Effects: []incident.Effect{outage(service, *o.now)}})
		require.NoError(t, err)
	}
	_, err := o.Cancel(ctx, ada, "2", "x")
	require.NoError(t, err)
	list := func(began calendar.Interval) (ids []servicecoin.IncidentID) {
		for x, err := range o.EffectsOn("mail", began).All(ctx) {
			require.NoError(t, err)
			ids = append(ids, x.Incident)
		}
		return ids
	}
	require.Equal(t, []servicecoin.IncidentID{"3", "0"}, list(calendar.Interval{}))
	require.Equal(t, []servicecoin.IncidentID{"0"}, list(calendar.Interval{End: nine.Add(3 * time.Hour)}))
	require.Equal(t, []servicecoin.IncidentID{"3"}, list(calendar.Interval{Start: nine.Add(time.Minute)}))
}
