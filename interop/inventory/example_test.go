package inventory_test

import (
	"fmt"
	"os"
	"time"

	"github.com/servicecoin/servicecoin/interop/inventory"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

func ExampleReadTerraformPlan() {
	file, err := os.ReadFile("testdata/corpus/tfplan-drift-relevant.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	plan, err := inventory.ReadTerraformPlan(file, &inventory.TerraformOptions{Scope: "prod"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range plan.Drifts {
		for _, x := range d.Differences {
			fmt.Println(d.ID, x.Path, x.Kind, x.Desired, x.Observed)
		}
		fmt.Println("decides over other changes:", d.Relevant, "- planned:", d.Planned)
	}
	for _, d := range plan.Drafts(configuration.Described{Owner: configuration.OfCustomer}) {
		fmt.Println("to be recorded:", d.ID, d.Desired.At("/string"))
	}
	// Output:
	// prod/tfcoremock_simple_resource.base /number changed 0 1
	// prod/tfcoremock_simple_resource.base /string changed "Hello, world!" "Hello, drift!"
	// decides over other changes: [/string] - planned: update
	// to be recorded: prod/tfcoremock_simple_resource.base "Hello, change!"
	// to be recorded: prod/tfcoremock_simple_resource.dependent "Hello, change!"
}

func ExampleReadTerraformState() {
	state, err := inventory.ReadTerraformState([]byte(`{"version": 4, "terraform_version": "1.9.8", "resources": [
		{"mode": "managed", "type": "db", "name": "erp", "instances": [{"index_key": 0, "attributes": {"size": 20, "password": "hunter2"},
			"sensitive_attributes": [[{"type": "get_attr", "value": "password"}]]}]}]}`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range state.Resources {
		fmt.Println(r.ID, r.State.At("/size"), "secret:", r.Secrets)
	}
	fmt.Println(state.Resources) // tells nothing of what is in them
	// Output:
	// db.erp[0] 20 secret: [/password]
	// [db db.erp[0]]
}

// What a manifest has is desired, what the server has was observed.
func ExampleReadKubernetes() {
	manifest, err := inventory.ReadKubernetes([]byte("apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  ports:\n  - {port: 443}\n  - {port: 443, protocol: UDP}\n"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	live, err := inventory.ReadKubernetes([]byte(`{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Service",
		"metadata": {"name": "web", "uid": "4711"}, "spec": {"clusterIP": "10.0.0.7", "ports": [{"port": 443, "protocol": "TCP"}]}}]}`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	rules, err := inventory.KubernetesRules("Service", nil).Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	list, err := rules.Compare(manifest.Objects[0].State, live.Objects[0].State)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(live.Objects[0].ID)
	for _, d := range list {
		fmt.Println(d.Kind, d.Path)
	}
	// Output:
	// core/Service/web
	// missing /spec/ports/443,UDP
}

// A kind that brings lists of its own: by what are their members told apart?
func ExampleKeyRules() {
	state, err := configuration.Parse([]byte(`{"spec": {"routes": [{"name": "a", "to": [{"host": "x"}]}, {"name": "b"}]}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	t := inventory.KubernetesType("Gateway", nil)
	found := inventory.KeyRules(state)
	t.Rules.List = append(t.Rules.List, found...)
	fmt.Println(found[0].Path, found[0].Key[0].Name, t.Validate())
	// Output: /spec/routes name <nil>
}

func ExampleReadDriftctl() {
	file, err := os.ReadFile("testdata/corpus/driftctl-scan.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := inventory.ReadDriftctl(file, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(report.Unmanaged), "unmanaged,", len(report.Missing), "missing, covered:", report.Coverage, "percent")
	for _, c := range report.Differences[0].Changes {
		fmt.Println(c.Path, c.Kind)
	}
	for _, r := range report.Remarks {
		fmt.Println(r.Place+":", r.Text)
	}
	// Output:
	// 11 unmanaged, 2 missing, covered: 8 percent
	// /BucketPrefix changed
	// /Tags/tag2 unexpected
	// /Tags/test changed
	// line 5, column 22: total_missing says 0, the lists have 2
	// line 3, column 24: total_resources says 12, the lists have 14
}

func ExampleReadOsquery() {
	log, err := inventory.ReadOsquery([]byte(`{"name":"packages","hostIdentifier":"web-1","unixTime":"1750000000","epoch":"1","counter":"0","action":"added","columns":{"name":"nginx","version":"1.26"}}
{"name":"packages","hostIdentifier":"web-1","unixTime":"1750003600","epoch":"1","counter":"1","action":"removed","columns":{"name":"nginx","version":"1.26"}}
{"name":"packages","hostIdentifier":"web-1","unixTime":"1750003600","epoch":"1","counter":"1","action":"added","columns":{"name":"nginx","version":"1.27"}}
`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range log.Tables {
		fmt.Println(t.ID, t.At.Format(time.RFC3339), t.State)
		fmt.Println("came:", t.Came, "went:", t.Went)
	}
	// Output:
	// web-1/packages 2025-06-15T16:06:40Z {"rows":[{"name":"nginx","version":"1.27"}]}
	// came: [{"name":"nginx","version":"1.27"}] went: [{"name":"nginx","version":"1.26"}]
}

func ExampleReadPrometheusTargets() {
	file, err := os.ReadFile("testdata/corpus/prometheus-targets.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	targets, err := inventory.ReadPrometheusTargets(file, &inventory.PrometheusOptions{Scope: "eu-1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range targets.Active {
		fmt.Println(t.ID, t.Health, t.Scraped.Format(time.RFC3339))
	}
	// Output: eu-1/prometheus/127.0.0.1:9090 up 2017-01-17T14:07:44Z
}
