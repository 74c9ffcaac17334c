package inventory_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/interop/inventory"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

func corpus(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "corpus", name))
	require.NoError(t, err)
	return data
}

func terraformPlan(t testing.TB, name string) *inventory.TerraformPlan {
	t.Helper()
	p, err := inventory.ReadTerraformPlan(corpus(t, name), nil)
	require.NoError(t, err, name)
	return p
}

func kubernetes(t testing.TB, name string) []inventory.KubernetesObject {
	t.Helper()
	k, err := inventory.ReadKubernetes(corpus(t, name), nil)
	require.NoError(t, err, name)
	require.Empty(t, k.Remarks, name)
	return k.Objects
}

// rules compares by rules.
func rules(t testing.TB, r configuration.Rules, desired, observed configuration.Value) []configuration.Difference {
	t.Helper()
	c, err := r.Compile()
	require.NoError(t, err)
	list, err := c.Compare(desired, observed)
	require.NoError(t, err)
	return list
}

// told writes differences as "kind path".
func told(list []configuration.Difference) []string {
	out := []string{}
	for _, d := range list {
		out = append(out, string(d.Kind)+" "+d.Path)
	}
	return out
}

// each returns the paths of the differences of one kind.
func each(list []configuration.Difference, kind configuration.DifferenceKind) []string {
	out := []string{}
	for _, d := range list {
		if d.Kind == kind {
			out = append(out, d.Path)
		}
	}
	return out
}

// rows has what must come out of each file of the corpus, as its README says.
func rows() map[string]func(*testing.T) {
	return map[string]func(*testing.T){
		"driftctl-scan.json":                    driftctlScan,
		"k8s-deployment-live.json":              deploymentPair,
		"k8s-deployment-wanted.json":            deploymentDrift,
		"k8s-elasticsearch-live.json":           elasticsearchPair,
		"k8s-elasticsearch-wanted.json":         elasticsearchGroup,
		"k8s-machineautoscaler.json":            autoscalerRow,
		"k8s-machineconfigpool-worker.json":     poolRow,
		"k8s-machines-list.json":                machinesRow,
		"k8s-mutatingwebhookconfig-live.json":   webhookPair,
		"k8s-mutatingwebhookconfig-wanted.json": webhookFilledIn,
		"k8s-nodenetworkpolicy.json":            networkPolicyRow,
		"k8s-nodenetworkstate-a.json":           networkStates,
		"k8s-nodenetworkstate-b.json":           networkLifetimes,
		"k8s-smd-deploy2-live.yaml":             smdDeploymentPair,
		"k8s-smd-deploy2-wanted.yaml":           smdDeploymentPort,
		"k8s-smd-service-live.yaml":             smdServicePair,
		"k8s-smd-service-wanted.yaml":           smdServiceTwins,
		"osquery-results.log":                   osqueryRow,
		"prometheus-targets.json":               prometheusRow,
		"tfplan-azure-firewall.json":            azurePlan,
		"tfplan-drift-instance.json":            noisePlan,
		"tfplan-drift-relevant.json":            relevantPlan,
		"tfplan-identity.json":                  identityPlan,
		"tfplan-no-changes.json":                oldPlan,
		"tfplan-numerics.json":                  numericsPlan,
		"tfstate-aws_dynamodb_table.json":       stateRow,
	}
}

func TestCorpus(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob(filepath.Join("testdata", "corpus", "*"))
	require.NoError(t, err)
	readme, left := string(corpus(t, "README.md")), rows()
	for _, path := range names {
		name := filepath.Base(path)
		if name == "README.md" {
			continue
		}
		require.Contains(t, readme, "| "+name+" |", "every file has a row")
		row, ok := left[name]
		require.True(t, ok, "every row has a test: %s", name)
		delete(left, name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row(t)
		})
	}
	require.Empty(t, left, "and every test its file")
}

func driftctlScan(t *testing.T) {
	d, err := inventory.ReadDriftctl(corpus(t, "driftctl-scan.json"), nil)
	require.NoError(t, err)
	require.Equal(t, []int{1, 11, 2, 1, 8}, []int{len(d.Managed), len(d.Unmanaged), len(d.Missing), len(d.Differences), d.Coverage})
	require.Equal(t, []string{"aws_iam_user/testuser1", "aws_iam_role/testrole1"}, []string{string(d.Missing[0].ID), string(d.Missing[1].ID)})
	require.Equal(t, d.Managed[0].ID, d.Differences[0].Resource.ID)
	want := []configuration.Difference{
		{Path: "/BucketPrefix", Kind: configuration.Changed, Desired: configuration.TextOf("test-"), Observed: configuration.NullOf()},
		{Path: "/Tags/tag2", Kind: configuration.Unexpected, Observed: configuration.TextOf("value")},
		{Path: "/Tags/test", Kind: configuration.Changed, Desired: configuration.TextOf("test"), Observed: configuration.TextOf("test1")},
	}
	require.Empty(t, cmp.Diff(want, d.Differences[0].Changes))
	require.Empty(t, d.Differences[0].Computed)
	require.Equal(t, []inventory.Remark{
		{Place: "line 5, column 22", Code: inventory.ToldCount, Text: "total_missing says 0, the lists have 2"},
		{Place: "line 3, column 24", Code: inventory.ToldCount, Text: "total_resources says 12, the lists have 14"},
	}, d.Remarks, "the summary is told, and does not count")
}

// pair compares the live object with the manifest: what the README counts, and what is left
// of it by the rules of the kind.
func pair(t *testing.T, wanted, live string, branches int, o *inventory.KubernetesOptions) []string {
	t.Helper()
	desired, observed := kubernetes(t, wanted)[0], kubernetes(t, live)[0]
	plain := rules(t, configuration.Rules{List: inventory.KeyRules(desired.State, observed.State)}, desired.State, observed.State)
	require.Empty(t, each(plain, configuration.Changed))
	require.Len(t, each(plain, configuration.Unexpected), branches)
	return told(rules(t, inventory.KubernetesRules(desired.Kind, o), desired.State, observed.State))
}

func deploymentPair(t *testing.T) {
	require.Empty(t, pair(t, "k8s-deployment-wanted.json", "k8s-deployment-live.json", 21, nil))
}

// The README says that VAR1 is missing. It is not: the live object has VAR2 beside it.
func deploymentDrift(t *testing.T) {
	got := pair(t, "k8s-deployment-wanted.json", "k8s-deployment-live.json", 21, &inventory.KubernetesOptions{ExclusiveLists: true})
	require.Equal(t, []string{"unexpected /spec/template/spec/containers/guestbook-ui/env/VAR2"}, got)
	live := kubernetes(t, "k8s-deployment-live.json")[0]
	require.Equal(t, "something", scalar(live.State.At("/spec/template/spec/containers/0/env/1/value")))
}

func elasticsearchPair(t *testing.T) {
	require.Empty(t, pair(t, "k8s-elasticsearch-wanted.json", "k8s-elasticsearch-live.json", 32, nil))
	require.Empty(t, pair(t, "k8s-elasticsearch-wanted.json", "k8s-elasticsearch-live.json", 32, &inventory.KubernetesOptions{ExclusiveLists: true}))
}

// The API group is not drift where that is said; quantities and empty maps never are.
func elasticsearchGroup(t *testing.T) {
	newer := []byte(strings.NewReplacer(`"apps/v1beta1"`, `"apps/v1"`, `"25m"`, `0.025`, `"1536Mi"`, `"1.5Gi"`, `"30Gi"`, `"32212254720"`).Replace(string(corpus(t, "k8s-elasticsearch-wanted.json"))))
	live := kubernetes(t, "k8s-elasticsearch-live.json")[0]
	for _, c := range []struct {
		o    inventory.KubernetesOptions
		id   string
		want []string
	}{
		{inventory.KubernetesOptions{AnyGroup: true, Namespace: "elasticsearch4"}, "StatefulSet/elasticsearch4/elasticsearch4-data", []string{}},
		{inventory.KubernetesOptions{Namespace: "elasticsearch4"}, "apps/StatefulSet/elasticsearch4/elasticsearch4-data", []string{"changed /apiVersion"}},
	} {
		wanted, err := inventory.ReadKubernetes(newer, &c.o)
		require.NoError(t, err)
		require.Equal(t, c.id, string(wanted.Objects[0].ID))
		require.Equal(t, c.want, told(rules(t, inventory.KubernetesRules("StatefulSet", &c.o), wanted.Objects[0].State, live.State)))
	}
	require.Equal(t, "apps/StatefulSet/elasticsearch4/elasticsearch4-data", string(live.ID))
}

func autoscalerRow(t *testing.T) {
	k, err := inventory.ReadKubernetes(corpus(t, "k8s-machineautoscaler.json"), nil)
	require.NoError(t, err)
	desired, live := k.AppliedDrafts(configuration.Described{Owner: configuration.OfProvider}), k.Objects[0]
	require.Len(t, desired, 1)
	require.NoError(t, desired[0].Validate())
	require.Equal(t, []string{"12", "1"}, []string{desired[0].Desired.At("/spec/maxReplicas").String(), desired[0].Desired.At("/spec/minReplicas").String()})
	require.Equal(t, "autoscaling.openshift.io/MachineAutoscaler/openshift-machine-api/worker-us-east-1a", string(desired[0].ID))
	r := inventory.KubernetesRules("MachineAutoscaler", nil)
	require.Empty(t, rules(t, r, desired[0].Desired, live.State))
	scaled, err := configuration.Parse([]byte(strings.Replace(live.State.String(), `"maxReplicas":12,"minReplicas"`, `"maxReplicas":6,"minReplicas"`, 1)))
	require.NoError(t, err)
	require.Equal(t, []string{"changed /spec/maxReplicas"}, told(rules(t, r, desired[0].Desired, scaled)))
}

func poolRow(t *testing.T) {
	pool := kubernetes(t, "k8s-machineconfigpool-worker.json")[0].State
	name := pool.At("/spec/configuration/name")
	require.Equal(t, "rendered-worker-39c9df4a2c026c3149a02abe6f88cfc8", scalar(name))
	require.Empty(t, configuration.Compare(pool.At("/spec/configuration"), pool.At("/status/configuration")), "both halves are in one object")
	require.Equal(t, []string{"1", "1", "0"}, []string{pool.At("/status/machineCount").String(), pool.At("/status/updatedMachineCount").String(), pool.At("/status/degradedMachineCount").String()})
}

func machinesRow(t *testing.T) {
	machines := kubernetes(t, "k8s-machines-list.json")
	require.Len(t, machines, 6)
	roles := map[string]int{}
	for _, m := range machines {
		roles[scalar(m.State.At("/metadata/labels/machine.openshift.io~1cluster-api-machine-role"))]++
		require.Equal(t, configuration.TypeName("kubernetes.machine"), m.Type)
	}
	require.Equal(t, map[string]int{"master": 3, "worker": 3}, roles)
	both := []string{
		"/metadata/labels/machine.openshift.io~1zone", "/metadata/name", "/metadata/resourceVersion", "/metadata/uid",
		"/spec/providerSpec/value/subnet/filters/tag:Name/values/0", "/status/addresses/Hostname/address", "/status/addresses/InternalDNS/address",
		"/status/addresses/InternalIP/address", "/status/conditions/Drainable/lastTransitionTime", "/status/conditions/InstanceExists/lastTransitionTime",
		"/status/conditions/Terminable/lastTransitionTime", "/status/lastUpdated", "/status/nodeRef/name", "/status/nodeRef/uid",
		"/status/providerStatus/conditions/MachineCreation/lastTransitionTime", "/status/providerStatus/instanceId",
	}
	set := []string{"/metadata/generateName", "/metadata/labels/machine.openshift.io~1cluster-api-machineset"}
	for _, c := range []struct {
		a, b  int
		plain []string
		left  []string
	}{
		{0, 1, both, []string{both[0], both[1], both[4]}},
		{3, 4, slices.Concat(set, both), slices.Concat(set, []string{both[0], both[1], both[4]})},
	} {
		a, b := machines[c.a].State, machines[c.b].State
		keys := inventory.KeyRules(a, b)
		require.Equal(t, c.plain, each(rules(t, configuration.Rules{List: keys}, a, b), configuration.Changed))
		r := inventory.KubernetesRules("Machine", nil)
		r.List = append(r.List, keys...)
		require.Equal(t, c.left, each(rules(t, r, a, b), configuration.Changed), "of these, the name, the zone and the subnet are meant to differ")
	}
	require.Equal(t, configuration.Null, machines[0].State.At("/spec/providerSpec/value/metadata/creationTimestamp").Kind())
}

func webhookPair(t *testing.T) {
	require.Empty(t, pair(t, "k8s-mutatingwebhookconfig-wanted.json", "k8s-mutatingwebhookconfig-live.json", 16, &inventory.KubernetesOptions{ExclusiveLists: true}))
}

func webhookFilledIn(t *testing.T) {
	desired, live := kubernetes(t, "k8s-mutatingwebhookconfig-wanted.json")[0], kubernetes(t, "k8s-mutatingwebhookconfig-live.json")[0]
	plain := rules(t, configuration.Rules{List: inventory.KeyRules(desired.State, live.State)}, desired.State, live.State)
	require.Contains(t, told(plain), "unexpected /webhooks/webhook.cert-manager.io/clientConfig/caBundle")
	require.Equal(t, "admissionregistration.k8s.io/MutatingWebhookConfiguration/cert-manager-webhook", string(live.ID), "it is of the whole cluster")
}

func networkPolicyRow(t *testing.T) {
	policy := kubernetes(t, "k8s-nodenetworkpolicy.json")[0]
	require.Equal(t, "5/5 nodes successfully configured", scalar(policy.State.At("/status/conditions/0/message")))
	require.Equal(t, "1724753787619122019", scalar(policy.State.At("/metadata/annotations/nmstate.io~1webhook-mutating-timestamp")))
	byName := configuration.Rules{OnlyDesired: true, List: []configuration.Rule{{Path: "/interfaces", Key: []configuration.KeyField{{Name: "name"}, {Name: "type"}}}}}
	for _, node := range []string{"a", "b"} {
		state := kubernetes(t, "k8s-nodenetworkstate-"+node+".json")[0].State
		wanted, found := policy.State.At("/spec/desiredState"), state.At("/status/currentState")
		require.Empty(t, rules(t, byName, wanted, found), "br0 is there, for who looks for it by name")
		require.Contains(t, told(rules(t, configuration.Rules{OnlyDesired: true}, wanted, found)), "changed /interfaces/0/name", "by its place it is not")
		other, err := configuration.Parse([]byte(strings.Replace(wanted.String(), `"br0"`, `"br1"`, 1)))
		require.NoError(t, err)
		require.Equal(t, []string{"missing /interfaces/br1,linux-bridge"}, told(rules(t, byName, other, found)))
	}
}

func networkStates(t *testing.T) {
	a, b := kubernetes(t, "k8s-nodenetworkstate-a.json")[0].State, kubernetes(t, "k8s-nodenetworkstate-b.json")[0].State
	count := func(v configuration.Value) map[string]int {
		types := map[string]int{}
		list := v.At("/status/currentState/interfaces").Members()
		require.Len(t, list, 10)
		for _, m := range list {
			types[scalar(m.Value.Member("type"))]++
		}
		return types
	}
	require.Equal(t, count(a), count(b))
	list := rules(t, inventory.KubernetesRules("NodeNetworkState", &inventory.KubernetesOptions{ExclusiveLists: true}), a, b)
	var interfaces []string
	for _, d := range list {
		if d.Kind != configuration.Changed && strings.Count(d.Path, "/") == strings.Count("/status/currentState/interfaces/x", "/") {
			interfaces = append(interfaces, string(d.Kind)+" "+strings.TrimPrefix(d.Path, "/status/currentState/interfaces/"))
		}
	}
	require.Equal(t, []string{
		"missing patch-br-ex_ip-10-0-21-41.us-east-2.compute.internal-to-br-int,ovs-interface",
		"unexpected patch-br-ex_ip-10-0-24-83.us-east-2.compute.internal-to-br-int,ovs-interface",
		"missing patch-br-int-to-br-ex_ip-10-0-21-41.us-east-2.compute.internal,ovs-interface",
		"unexpected patch-br-int-to-br-ex_ip-10-0-24-83.us-east-2.compute.internal,ovs-interface",
	}, interfaces, "in whatever order they stand")
}

func networkLifetimes(t *testing.T) {
	text := string(corpus(t, "k8s-nodenetworkstate-b.json"))
	require.Contains(t, text, "3274sec")
	later, err := inventory.ReadKubernetes([]byte(strings.ReplaceAll(text, "3274sec", "3273sec")), nil)
	require.NoError(t, err)
	b := kubernetes(t, "k8s-nodenetworkstate-b.json")[0].State
	require.NotEmpty(t, configuration.Compare(b, later.Objects[0].State))
	require.Empty(t, rules(t, inventory.KubernetesRules("NodeNetworkState", &inventory.KubernetesOptions{ExclusiveLists: true}), b, later.Objects[0].State))
}

func smdDeploymentPair(t *testing.T) {
	require.Empty(t, pair(t, "k8s-smd-deploy2-wanted.yaml", "k8s-smd-deploy2-live.yaml", 23, nil))
}

func smdDeploymentPort(t *testing.T) {
	got := pair(t, "k8s-smd-deploy2-wanted.yaml", "k8s-smd-deploy2-live.yaml", 23, &inventory.KubernetesOptions{ExclusiveLists: true})
	require.Equal(t, []string{"unexpected /spec/template/spec/containers/nginx/ports/8080,TCP"}, got, "cpu and memory are defaults")
}

func smdServicePair(t *testing.T) {
	require.Equal(t, []string{"missing /spec/ports/1935,UDP", "missing /spec/ports/443,UDP"}, pair(t, "k8s-smd-service-wanted.yaml", "k8s-smd-service-live.yaml", 14, nil))
}

// By number alone two ports of the manifest are one: the comparison refuses, and finds not
// nothing.
func smdServiceTwins(t *testing.T) {
	desired, live := kubernetes(t, "k8s-smd-service-wanted.yaml")[0].State, kubernetes(t, "k8s-smd-service-live.yaml")[0].State
	c, err := configuration.Rules{List: []configuration.Rule{{Path: "/spec/ports", Key: []configuration.KeyField{{Name: "port"}}}}}.Compile()
	require.NoError(t, err)
	_, err = c.Compare(desired, live)
	require.ErrorContains(t, err, "another member of the list has the same")
	require.True(t, desired.At("/spec/ports/1/protocol").IsZero(), "TCP is the default")
}

func osqueryRow(t *testing.T) {
	q, err := inventory.ReadOsquery(corpus(t, "osquery-results.log"), nil)
	require.NoError(t, err)
	require.Equal(t, 2, q.Lines)
	require.Len(t, q.Tables, 1)
	x := q.Tables[0]
	require.Equal(t, []string{"hostname.local", "processes"}, []string{x.Host, x.Query})
	// The README takes calendarTime for UTC, which it is not: unixTime is seven hours later.
	require.Equal(t, time.Date(2014, 10, 1, 0, 37, 30, 0, time.UTC), x.At, "unixTime counts: calendarTime has no zone")
	require.Empty(t, x.Came, "the same program")
	require.Empty(t, x.Went)
	require.Equal(t, 1, x.Noise, "only the pid differs")
	require.JSONEq(t, `{"rows":[{"name":"osqueryd","path":"/usr/local/bin/osqueryd","pid":"97830"}]}`, x.State.String(), "all values are texts")
	require.False(t, x.Whole, "counter 1 is no first run")
	require.Empty(t, q.Sweeps())
	newer := strings.ReplaceAll(string(corpus(t, "osquery-results.log")), `"hostname"`, `"hostIdentifier"`)
	again, err := inventory.ReadOsquery([]byte(newer), nil)
	require.NoError(t, err)
	require.Equal(t, x.ID, again.Tables[0].ID)
}

func prometheusRow(t *testing.T) {
	p, err := inventory.ReadPrometheusTargets(corpus(t, "prometheus-targets.json"), nil)
	require.NoError(t, err)
	require.Equal(t, []int{1, 0}, []int{len(p.Active), p.Dropped})
	x := p.Active[0]
	require.Equal(t, []string{"prometheus", "127.0.0.1:9090", "up"}, []string{x.Job, x.Instance, x.Health})
	require.Equal(t, time.Date(2017, 1, 17, 14, 7, 44, 723715405, time.UTC), x.Scraped, "the offset is +01:00")
	require.Equal(t, []inventory.Remark{{Place: "line 20, column 31", Code: inventory.ToldCount, Text: `the last scrape of "prometheus/127.0.0.1:9090" took no such number of seconds: it is left to its state`}}, p.Remarks)
	seconds := strings.NewReplacer("50688943", "0.050688943", "2017-01-17T15:07", "2017-01-17T15:09").Replace(string(corpus(t, "prometheus-targets.json")))
	later, err := inventory.ReadPrometheusTargets([]byte(seconds), nil)
	require.NoError(t, err)
	require.Empty(t, later.Remarks)
	require.Empty(t, rules(t, inventory.PrometheusType().Rules, x.State, later.Active[0].State), "when it was scraped, and how long that took, is noise")
	down, err := inventory.ReadPrometheusTargets([]byte(strings.Replace(seconds, `"up"`, `"down"`, 1)), nil)
	require.NoError(t, err)
	require.Equal(t, []string{"changed /health"}, told(rules(t, inventory.PrometheusType().Rules, x.State, down.Active[0].State)))
}

func scalar(v configuration.Value) string {
	s, _ := v.Scalar()
	return s
}
