package adoption_test

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
)

func announced(t require.TestingT) adoption.Departure {
	d, err := adoption.Announce(bob, nine, "sub-1", "mail", after(100), "We run it ourselves")
	require.NoError(t, err)
	return d
}

func part(name string) adoption.Part {
	return adoption.Part{Name: name, Size: 12, SHA256: strings.Repeat("0f", 32)}
}

// departing calls each verb of a departure.
func departing() map[string]func(d *adoption.Departure, at time.Time) error {
	return map[string]func(d *adoption.Departure, at time.Time) error{
		adoption.VerbAnnounceDeparture: func(d *adoption.Departure, at time.Time) error { return d.Announce(bob, at, after(100), "again") },
		adoption.VerbHandBackDeparture: func(d *adoption.Departure, at time.Time) error {
			return d.HandBack(ada, at, []adoption.Part{part("mail.tar")})
		},
		adoption.VerbEraseDeparture: func(d *adoption.Departure, at time.Time) error { return d.Erase(ada, at, "certificate 7") },
		adoption.VerbStayDeparture:  func(d *adoption.Departure, at time.Time) error { return d.Stay(bob, at, "it is cheap after all") },
	}
}

// The table of departures is what the methods do: every state, every verb.
func TestDepartureTransitionsAreTheTable(t *testing.T) {
	t.Parallel()
	paths := map[adoption.DepartureState][]string{
		adoption.Announced: {}, adoption.HandedBack: {adoption.VerbHandBackDeparture},
		adoption.Erased: {adoption.VerbHandBackDeparture, adoption.VerbEraseDeparture}, adoption.Stayed: {adoption.VerbStayDeparture},
	}
	allowed := map[string]adoption.DepartureState{}
	for _, x := range adoption.DepartureTransitions() {
		require.NotEmpty(t, x.Guards)
		allowed[string(x.From)+" "+x.Verb] = x.To
	}
	for _, from := range adoption.DepartureStates() {
		for verb, call := range departing() {
			d := announced(t)
			for n, v := range paths[from] {
				require.NoError(t, departing()[v](&d, after(100+n)))
			}
			require.Equal(t, from, d.State)
			before := d
			err := call(&d, after(200))
			if to, ok := allowed[string(from)+" "+verb]; ok {
				require.NoError(t, err, "%s when %s", verb, from)
				require.Equal(t, to, d.State)
				continue
			}
			refused(t, err, string(from), "is allowed when it is")
			require.Empty(t, cmp.Diff(before, d), "a refused verb changes nothing")
		}
	}
}

func TestDepartureGuards(t *testing.T) {
	t.Parallel()
	_, err := adoption.Announce(servicecoin.Actor{}, time.Time{}, "", "", time.Time{}, " ")
	require.Equal(t, []string{"by.kind unknown", "by.id required", "at required", "subscription required", "service required", "leavesAt required", "reason required"}, codes(err))
	d := announced(t)
	parts := []adoption.Part{part("b"), part("a"), part("a"), {Name: "c", Size: -1, SHA256: strings.Repeat("0F", 32)}, {SHA256: "0f"}}
	require.Equal(t, []string{
		"manifest[3].size negative", "manifest[3].sha256 bad-checksum", "manifest[4].name required", "manifest[4].sha256 bad-checksum", "manifest duplicate",
	}, codes(d.HandBack(ada, after(1), parts)))
	refused(t, d.HandBack(bob, after(1), parts[:2]), "announced", "the provider's side does that")
	refused(t, d.HandBack(ada, after(-1), parts[:2]), "announced", "it was not yet where it is since")
	require.NoError(t, d.HandBack(exchange, after(1), parts[:2]))
	require.Empty(t, cmp.Diff([]adoption.Part{part("a"), part("b")}, d.Manifest), "by name")
	require.Equal(t, "b", parts[0].Name, "the caller's own is left alone")
	refused(t, d.Erase(ada, after(99), "x"), "handedBack", "the customer leaves at")
	refused(t, d.Erase(bob, after(101), "x"), "handedBack", "the provider's side does that")
	refused(t, d.Stay(bob, nine, "x"), "handedBack", "it was not yet where it is since")
	require.Equal(t, []string{"proof required"}, codes(d.Erase(ada, after(101), " ")))
	require.NoError(t, d.Stay(bob, after(2), "x"))
	require.NoError(t, d.Announce(bob, after(3), after(300), "it is dear"))
	require.Empty(t, d.Manifest, "what was handed back is old by then")
	require.NoError(t, d.HandBack(ada, after(4), nil), "there was none")
	require.NoError(t, d.Erase(ada, after(300), "certificate 7"), "the day itself is not before")
}

func TestTheLargestManifestFitsItsRecord(t *testing.T) {
	t.Parallel()
	var parts []adoption.Part
	for n := range 2000 {
		parts = append(parts, part(fmt.Sprintf("%0200d", n)))
	}
	most := sort.Search(len(parts), func(n int) bool {
		d := announced(t)
		return d.HandBack(ada, after(1), parts[:n+1]) != nil
	})
	d := announced(t)
	require.Equal(t, []string{"manifest too-large"}, codes(d.HandBack(ada, after(1), parts[:most+1])))
	require.NoError(t, d.HandBack(ada, after(1), parts[:most]))
	require.Greater(t, most, 500)
	require.NoError(t, d.Erase(ada, after(101), strings.Repeat("<", 1000)))
	body, err := json.Marshal(d)
	require.NoError(t, err)
	require.Less(t, len(body), 256<<10)
}

func TestLeaving(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	_, err := o.AnnounceDeparture(ctx, bob, "sub-1", "mail", after(60), "moved")
	require.NoError(t, err)
	_, err = o.AnnounceDeparture(ctx, bob, "sub-1", "mail", after(90), "moved")
	refused(t, err, "announced", "is allowed when it is stayed")
	_, err = o.AnnounceDeparture(ctx, bob, "sub-2", "web", after(30), "moved")
	require.NoError(t, err)
	id := func(d adoption.Departure) string { return string(d.Subscription) }
	require.Equal(t, []string{"sub-2", "sub-1"}, collect(t, o.Leaving(adoption.Announced).All(ctx), id), "who leaves first")
	*o.now = after(60)
	_, err = o.HandBack(ctx, ada, "sub-1", []adoption.Part{part("mail.tar")})
	require.NoError(t, err)
	_, err = o.Erase(ctx, ada, "sub-1", "certificate 7")
	require.NoError(t, err)
	_, err = o.Stay(ctx, bob, "sub-1", "x")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	_, err = o.Stay(ctx, bob, "sub-2", "x")
	require.NoError(t, err)
	_, err = o.AnnounceDeparture(ctx, bob, "sub-2", "web", after(90), "really")
	require.NoError(t, err)
	got, err := o.Departure(ctx, "sub-1")
	require.NoError(t, err)
	require.Equal(t, adoption.Erased, got.State)
	_, err = o.On(o.store.For("globex")).Departure(ctx, "sub-1")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	_, err = o.AnnounceDeparture(ctx, bob, "", "", time.Time{}, "")
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

// Where the subscription leads, nobody announces a departure, or takes it back,
// past it.
func TestDepartureIsLed(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	o.Program = adoption.New(o.store.For("acme"), &adoption.Options{Led: true})
	_, err := o.AnnounceDeparture(ctx, bob, "sub-1", "mail", after(60), "we move")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.ErrorContains(t, err, "its subscription leads")
	free := adoption.New(o.store.For("acme"), nil)
	_, err = free.AnnounceDeparture(ctx, bob, "sub-1", "mail", after(60), "we move")
	require.NoError(t, err)
	_, err = o.Stay(ctx, bob, "sub-1", "we stay")
	require.ErrorContains(t, err, "its subscription leads")
}
