package configuration_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

const secretKey = "a key of the host, 32 bytes long"

func monday() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

func ada() servicecoin.Actor { return servicecoin.Person("ada") }

func robot() servicecoin.Actor { return servicecoin.Program("robot") }

// house is a register of a customer over memory, with a clock that the test moves.
type house struct {
	*configuration.Register

	now   time.Time
	store *store.Store
}

func server() configuration.Type {
	return configuration.Type{
		Name: "server", Title: "Server", Fresh: calendar.Within(48 * time.Hour),
		Attributes: []configuration.Attribute{
			{Path: "/cpus", Kind: configuration.Number, Required: true, Text: "virtual ones"}, {Path: "/os", Kind: configuration.Text}, {Path: "/password", Kind: configuration.Text},
		},
		Rules: configuration.Rules{List: []configuration.Rule{
			{Path: "/ports", Key: []configuration.KeyField{{Name: "port"}}},
			{Path: "/password", Secret: true},
			{Path: "/uptime", Ignore: true},
			{Path: "/cpus", Severity: configuration.Critical},
		}},
	}
}

func newHouse(t *testing.T, more func(o *configuration.Options)) *house {
	t.Helper()
	h := &house{now: monday()}
	h.store = store.New(memory.New(), &store.Options{Now: func() time.Time { return h.now }})
	o := &configuration.Options{Types: []configuration.Type{server(), {Name: "cluster"}}, SecretKey: []byte(secretKey)}
	if more != nil {
		more(o)
	}
	h.Register = configuration.New(h.store.For("alder"), o)
	return h
}

func (h *house) draft(t testing.TB, id servicecoin.ConfigurationID, desired string) configuration.Draft {
	t.Helper()
	return configuration.Draft{
		ID: id, Desired: parse(t, desired),
		Described: configuration.Described{Name: "Server " + string(id), Type: "server", Environment: "production", Service: "shop"},
	}
}

func (h *house) record(t testing.TB, id servicecoin.ConfigurationID, desired string) configuration.Item {
	t.Helper()
	i, err := h.Record(context.Background(), ada(), h.draft(t, id, desired), configuration.Why{})
	require.NoError(t, err)
	return i
}

func (h *house) observe(t testing.TB, id servicecoin.ConfigurationID, state string) configuration.Drift {
	t.Helper()
	d, err := h.Observe(context.Background(), robot(), h.seen(t, id, state))
	require.NoError(t, err)
	return d
}

func (h *house) seen(t testing.TB, id servicecoin.ConfigurationID, state string) configuration.Observation {
	t.Helper()
	return configuration.Observation{Item: id, State: parse(t, state), Look: configuration.Look{At: h.now, By: "agent"}}
}

func (h *house) standing(t testing.TB, id servicecoin.ConfigurationID) configuration.Standing {
	t.Helper()
	i, err := h.Item(context.Background(), id)
	require.NoError(t, err)
	return i.Standing(h.now)
}

// open are the open findings, as lines.
func open(d configuration.Drift) string {
	var lines []string
	for _, f := range d.Open {
		lines = append(lines, strings.TrimSpace(strings.Join([]string{string(f.State), string(f.Kind), f.Path, string(f.Origin), string(f.Severity)}, " ")))
	}
	return strings.Join(lines, " | ")
}

func events(t testing.TB, h *house) string {
	t.Helper()
	list, err := h.store.For("alder").Events(context.Background(), 0, 1000)
	require.NoError(t, err)
	var names []string
	for _, e := range list {
		names = append(names, e.Name)
		require.NotContains(t, string(e.Data), "hunter2")
	}
	return strings.Join(names, " ")
}
