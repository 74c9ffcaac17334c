package inventory_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/interop/inventory"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// house is a register, and its clock.
type house struct {
	*configuration.Register

	now time.Time
}

func newHouse(types ...configuration.Type) *house {
	h := &house{now: time.Date(2025, 6, 1, 9, 0, 0, 0, time.UTC)}
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return h.now }})
	h.Register = configuration.New(s.For("alder"), &configuration.Options{Types: types, SecretKey: []byte("sixteen bytes it has")})
	return h
}

func (h *house) record(t *testing.T, drafts []configuration.Draft) {
	t.Helper()
	for _, d := range drafts {
		_, err := h.Record(t.Context(), servicecoin.Person("ada"), d, configuration.Why{})
		require.NoError(t, err)
	}
}

func (h *house) sweep(t *testing.T, sweeps []configuration.Sweep) configuration.Swept {
	t.Helper()
	require.Len(t, sweeps, 1)
	h.now = h.now.Add(time.Hour)
	s, err := h.Sweep(t.Context(), servicecoin.Program("reader"), sweeps[0])
	require.NoError(t, err)
	require.Empty(t, s.Failed)
	return s
}

// everything is what the register has of an item, as JSON.
func (h *house) everything(t *testing.T, id servicecoin.ConfigurationID) string {
	t.Helper()
	ctx := t.Context()
	item, err := h.Item(ctx, id)
	require.NoError(t, err)
	version, err := h.Version(ctx, id, item.Version)
	require.NoError(t, err)
	seen, err := h.Observed(ctx, id)
	require.NoError(t, err)
	drift, err := h.Drift(ctx, id)
	require.NoError(t, err)
	body, err := json.Marshal([]any{item, version, seen, drift})
	require.NoError(t, err)
	var b strings.Builder
	hand, err := h.HandOver(ctx, "Alder")
	require.NoError(t, err)
	require.NoError(t, hand.WriteMarkdown(&b))
	return string(body) + b.String()
}

func (h *house) open(t *testing.T, id servicecoin.ConfigurationID) []string {
	t.Helper()
	d, err := h.Drift(t.Context(), id)
	require.NoError(t, err)
	out := []string{}
	for _, f := range d.Open {
		out = append(out, string(f.Kind)+" "+f.Path)
	}
	return out
}

var described = configuration.Described{Owner: configuration.OfCustomer, Environment: "production"}

// A manifest is desired, and what the server has is observed.
func TestKubernetesInTheRegister(t *testing.T) {
	t.Parallel()
	h := newHouse(inventory.KubernetesType("Service", nil), inventory.KubernetesType("Deployment", nil), inventory.KubernetesType("Secret", nil))
	for _, name := range []string{"k8s-smd-service", "k8s-smd-deploy2"} {
		wanted, err := inventory.ReadKubernetes(corpus(t, name+"-wanted.yaml"), nil)
		require.NoError(t, err)
		h.record(t, wanted.Drafts(described))
		live, err := inventory.ReadKubernetes(corpus(t, name+"-live.yaml"), nil)
		require.NoError(t, err)
		h.sweep(t, live.Sweeps(h.now))
	}
	require.Equal(t, []string{"missing /spec/ports/1935,UDP", "missing /spec/ports/443,UDP"}, h.open(t, "core/Service/default/multiple-protocol-port-svc"))
	require.Empty(t, h.open(t, "apps/Deployment/default/nginx-deployment"))

	secret, err := inventory.ReadKubernetes([]byte(secretYAML), nil)
	require.NoError(t, err)
	h.record(t, secret.AppliedDrafts(described))
	h.sweep(t, secret.Sweeps(h.now))
	require.Equal(t, []string{"changed /data/password"}, h.open(t, "core/Secret/db"), "what was applied last is no more what is there")
	require.NotRegexp(t, "hunter|aHVudGVy", h.everything(t, "core/Secret/db"))
	require.Contains(t, h.everything(t, "core/Secret/db"), `"note":"public"`)
}

// What a plan means to have is desired, what it found is observed, secrets are digests.
func TestTerraformInTheRegister(t *testing.T) {
	t.Parallel()
	h := newHouse(inventory.TerraformType("db"), inventory.TerraformType("tfcoremock_simple_resource"))
	p := terraformPlan(t, "tfplan-drift-relevant.json")
	h.record(t, p.Drafts(described))
	swept := h.sweep(t, p.Sweeps(h.now))
	require.Equal(t, 2, swept.Observed)
	require.Equal(t, []string{"changed /number", "changed /string"}, h.open(t, "tfcoremock_simple_resource.base"))
	require.Equal(t, []string{"changed /string"}, h.open(t, "tfcoremock_simple_resource.dependent"))

	before := readPlan(t, planOf(`"resource_changes":[`+change("db.a", `["update"]`, `"before":{"password":"hunter2","tags":null},"after":{"password":"hunter3","tags":{}},"before_sensitive":{"password":true},"after_sensitive":{"password":true}`)+`]`))
	h.record(t, before.Drafts(described))
	h.sweep(t, before.Sweeps(h.now))
	require.Equal(t, []string{"changed /password"}, h.open(t, "db.a"))
	require.NotContains(t, h.everything(t, "db.a"), "hunter")

	gone := readPlan(t, planOf(`"resource_changes":[`+change("db.a", `["create"]`, `"before":null,"after":{"password":"hunter3"},"after_sensitive":{"password":true}`)+`]`,
		`"resource_drift":[`+change("db.a", `["delete"]`, `"before":{"password":"hunter2"},"after":null,"before_sensitive":{"password":true}`)+`]`))
	require.Equal(t, []servicecoin.ConfigurationID{"db.a"}, h.sweep(t, gone.Sweeps(h.now)).Gone)
	state, err := inventory.ReadTerraformState([]byte(strings.ReplaceAll(keptState, `"odd"`, `""`)), nil)
	require.NoError(t, err)
	require.Len(t, h.sweep(t, state.Sweeps(h.now)).Strays, 4, "nobody recorded them")
}

// A report tells what is there, what differs, and what is gone; the rest stays unknown.
func TestScansInTheRegister(t *testing.T) {
	t.Parallel()
	var types []configuration.Type
	for _, name := range []configuration.TypeName{"aws_s3_bucket", "aws_iam_user", "aws_iam_role"} {
		types = append(types, inventory.TerraformType(name))
	}
	h := newHouse(append(types, inventory.PrometheusType(), inventory.OsqueryType("processes", []string{"name"}))...)
	d, err := inventory.ReadDriftctl(corpus(t, "driftctl-scan.json"), nil)
	require.NoError(t, err)
	bucket, err := configuration.Parse([]byte(`{"BucketPrefix":"test-","Tags":{"test":"test"},"Versioning":true}`))
	require.NoError(t, err)
	drafts := []configuration.Draft{d.Managed[0].Draft(described), d.Missing[0].Draft(described)}
	drafts[0].Desired = bucket
	drafts[1].Desired, err = configuration.Parse([]byte(`{}`))
	require.NoError(t, err)
	h.record(t, drafts)
	swept := h.sweep(t, d.Sweeps(h.now))
	require.Len(t, swept.Strays, 11)
	require.Equal(t, []servicecoin.ConfigurationID{"aws_iam_user/testuser1"}, swept.Gone)
	// An empty prefix is none, and Versioning was not looked at.
	require.Equal(t, []string{"missing /BucketPrefix", "unexpected /Tags/tag2", "changed /Tags/test"}, h.open(t, drafts[0].ID))

	p, err := inventory.ReadPrometheusTargets(corpus(t, "prometheus-targets.json"), nil)
	require.NoError(t, err)
	h.record(t, p.Drafts(described))
	h.sweep(t, p.Sweeps(h.now))
	require.Empty(t, h.open(t, "prometheus/127.0.0.1:9090"))

	whole := strings.ReplaceAll(string(corpus(t, "osquery-results.log")), `"counter":"1"`, `"counter":"0"`)
	l, err := inventory.ReadOsquery([]byte(strings.SplitAfter(whole, "\n")[0]), nil)
	require.NoError(t, err)
	h.record(t, l.Drafts(described))
	h.sweep(t, l.Sweeps())
	require.Empty(t, h.open(t, "hostname.local/processes"))
}
