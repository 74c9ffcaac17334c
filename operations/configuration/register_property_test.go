package configuration_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// withSecret hides a secret in a value, and returns where.
func withSecret(t *rapid.T, v configuration.Value) (configuration.Value, string) {
	path := "/" + configuration.EscapeSegment(rapid.SampledFrom([]string{"a", "b", "~s/"}).Draw(t, "name"))
	secret := rapid.SampledFrom([]configuration.Value{
		configuration.TextOf("hunter2"), configuration.ListOf(configuration.TextOf("hunter2"), configuration.NullOf()),
	}).Draw(t, "secret")
	if v.Kind() != configuration.Object {
		var err error
		v, err = configuration.ObjectOf()
		require.NoError(t, err)
	}
	kind := configuration.Unexpected
	if v.At(path).Kind() != configuration.Absent {
		kind = configuration.Changed
	}
	v, err := configuration.Apply(v, []configuration.Difference{{Path: path, Kind: kind, Observed: secret}})
	require.NoError(t, err)
	return v, path
}

// Whatever is declared secret is nowhere in what comes out, two secrets differ just when
// their digests do, and what is no secret is as it was.
func TestSealing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v, path := withSecret(t, anyValue(t, 3))
		c, err := configuration.Rules{List: []configuration.Rule{{Path: path, Secret: true}, {Path: "/c/*", Secret: rapid.Bool().Draw(t, "more")}}}.Compile()
		require.NoError(t, err)
		s, err := configuration.NewSealer([]byte(secretKey), "web")
		require.NoError(t, err)
		sealed, places, err := c.Seal(s, v, configuration.Value{})
		require.NoError(t, err)
		require.NotContains(t, sealed.String(), "hunter2")
		require.Contains(t, places, path)
		again, _, err := c.Seal(s, v, configuration.Value{})
		require.NoError(t, err)
		require.Equal(t, sealed.String(), again.String())
		kept, _, err := c.Seal(s, sealed, sealed)
		require.NoError(t, err)
		require.Equal(t, sealed.String(), kept.String(), "what is sealed is not sealed again")
		twice, _, err := c.Seal(s, sealed, configuration.Value{})
		require.NoError(t, err)
		require.NotEqual(t, sealed.String(), twice.String(), "unless nobody knows that it is")
		for _, d := range configuration.Compare(v, sealed) {
			require.Contains(t, places, d.Path)
		}
	})
}

func TestDigests(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, err := configuration.NewSealer([]byte(secretKey), "web")
		require.NoError(t, err)
		other, err := configuration.NewSealer([]byte(secretKey), "we")
		require.NoError(t, err)
		a, b := anyValue(t, 3), anyValue(t, 3)
		require.Equal(t, a.Equal(b), s.Digest(a).Equal(s.Digest(b)), "%s %s", a, b)
		require.False(t, s.Digest(a).Equal(other.Digest(a)))
	})
}

// After any sequence of acts, the open findings are the differences of what is desired
// and what was observed last, each version is what it was, and figures are those of the
// findings.
func TestFindingsAreTheDifferences(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ctx := t.Context()
		now := monday()
		r := configuration.New(store.New(memory.New(), &store.Options{Now: func() time.Time { return now }}).For("alder"), &configuration.Options{Types: []configuration.Type{{Name: "x"}}})
		object := func() configuration.Value {
			v, _ := withSecret(t, anyValue(t, 2))
			return v
		}
		draft := configuration.Draft{ID: "web", Desired: object(), Described: configuration.Described{Name: "Web", Type: "x"}}
		_, err := r.Record(ctx, ada(), draft, configuration.Why{})
		require.NoError(t, err)
		versions := []string{draft.Desired.String()}
		var observed configuration.Value
		for range rapid.IntRange(1, 8).Draw(t, "acts") {
			now = now.Add(time.Minute)
			d, err := r.Drift(ctx, "web")
			require.NoError(t, err)
			switch act := rapid.SampledFrom([]string{"observe", "observe", "revise", "accept", "acknowledge"}).Draw(t, "act"); {
			case act == "observe":
				observed = object()
				_, err = r.Observe(ctx, robot(), configuration.Observation{Item: "web", State: observed, Look: configuration.Look{At: now, By: "x"}})
				require.NoError(t, err)
			case act == "revise":
				draft.Desired = object()
				_, err = r.Revise(ctx, ada(), draft, configuration.Why{})
				require.NoError(t, err)
				versions = append(versions, draft.Desired.String())
			case len(d.Open) == 0:
			case act == "accept":
				a := configuration.Acceptance{Change: "c"}
				for _, f := range d.Open {
					a.Findings = append(a.Findings, f.Number)
				}
				_, err = r.Accept(ctx, ada(), "web", a)
				require.NoError(t, err)
				versions = append(versions, observed.String())
			default:
				_, err = r.Acknowledge(ctx, ada(), "web", d.Open[0].Number, "")
				require.True(t, err == nil || d.Open[0].State == configuration.FindingAcknowledged)
			}
			i, err := r.Item(ctx, "web")
			require.NoError(t, err)
			require.Equal(t, len(versions), i.Version)
			for n, want := range versions {
				v, err := r.Version(ctx, "web", n+1)
				require.NoError(t, err)
				require.True(t, v.Desired.Equal(mustParse(t, want)), "%s, not %s", v.Desired, want)
			}
			if observed.Kind() == configuration.Absent {
				continue
			}
			d, err = r.Drift(ctx, "web")
			require.NoError(t, err)
			list := configuration.Compare(mustParse(t, versions[len(versions)-1]), observed)
			require.Len(t, d.Open, len(list))
			require.Equal(t, len(list), i.Open)
			numbers := map[int]bool{}
			for n, f := range d.Open {
				require.Equal(t, list[n].Path, f.Path)
				require.Equal(t, list[n].Kind, f.Kind)
				require.False(t, f.LastSeen.Before(f.FirstSeen))
				require.False(t, numbers[f.Number], "a number is given once")
				numbers[f.Number] = true
			}
		}
	})
}

func mustParse(t *rapid.T, text string) configuration.Value {
	v, err := configuration.Parse([]byte(text))
	require.NoError(t, err)
	return v
}

// What a look covers is what it names, all below it, and all that it lies in.
func TestCovers(t *testing.T) {
	t.Parallel()
	look := configuration.Look{Paths: []string{"/spec/*/image", "/a~1b"}}
	for path, want := range map[string]bool{
		"": true, "/spec": true, "/spec/x": true, "/spec/x/image": true, "/spec/x/image/y": true, "/spec/x/name": false, "/status": false, "/a~1b": true, "/a": false, "x": false,
	} {
		require.Equal(t, want, look.Covers(path), path)
	}
	require.True(t, configuration.Look{}.Covers("/x"))
}

// A change explains what happened in its time and its scope, and nothing else.
func TestExplain(t *testing.T) {
	t.Parallel()
	at := func(h int) time.Time { return monday().Add(time.Duration(h) * time.Hour) }
	item := configuration.Item{ID: "web", Described: configuration.Described{Service: "shop"}}
	named := []servicecoin.ConfigurationID{"web"}
	shop := []servicecoin.ServiceID{"shop"}
	for _, c := range []struct {
		name   string
		change configuration.ApprovedChange
		want   bool
	}{
		{"in its time", configuration.ApprovedChange{During: between(at(2), at(3)), Items: named}, true},
		{"around it", configuration.ApprovedChange{During: between(at(0), at(9)), Services: shop}, true},
		{"over before", configuration.ApprovedChange{During: between(at(0), at(1)), Items: named}, false},
		{"after it", configuration.ApprovedChange{During: between(at(5), at(6)), Items: named}, false},
		{"another item of the service", configuration.ApprovedChange{During: between(at(2), at(3)), Items: []servicecoin.ConfigurationID{"db"}, Services: shop}, false},
		{"another service", configuration.ApprovedChange{During: between(at(2), at(3)), Services: []servicecoin.ServiceID{"mail"}}, false},
		{"nothing", configuration.ApprovedChange{During: between(at(2), at(3))}, false},
	} {
		c.change.ID = "c"
		id, ok := configuration.Explain([]configuration.ApprovedChange{c.change}, item, between(at(1), at(5)))
		require.Equal(t, c.want, ok, c.name)
		require.Equal(t, c.want, strings.Contains(string(id), "c"), c.name)
	}
	id, _ := configuration.Explain([]configuration.ApprovedChange{{ID: "b", During: between(at(2), at(4)), Items: named}, {ID: "a", During: between(at(2), at(3)), Items: named}}, item, between(at(1), at(5)))
	require.Equal(t, servicecoin.ChangeID("a"), id, "the first to end")
}

func between(a, b time.Time) calendar.Interval { return calendar.Between(a, b) }
