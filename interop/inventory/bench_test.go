package inventory_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/interop/inventory"
)

// BenchmarkRead reads a file of each kind, beside what encoding/json takes to make maps of
// it, and what the library of Terraform's format takes for all of a plan.
func BenchmarkRead(b *testing.B) {
	plan := corpus(b, "tfplan-azure-firewall.json")
	objects := corpus(b, "k8s-machines-list.json")
	var large []string
	for n := range 2000 {
		large = append(large, change(fmt.Sprintf("x.a%d", n), `["no-op"]`, `"before":{"id":"i","tags":{"a":"b"},"l":[1,2,3],"password":"x"},"after":{"id":"i","tags":{"a":"b"},"l":[1,2,3],"password":"x"},"before_sensitive":{"password":true},"after_sensitive":{"password":true},"after_unknown":{}`))
	}
	maps := func(f []byte) error { var x any; return json.Unmarshal(f, &x) }
	for _, c := range []struct {
		name string
		file []byte
		read func([]byte) error
	}{
		{"plan", plan, func(f []byte) error { _, err := inventory.ReadTerraformPlan(f, nil); return err }},
		{"plan-maps", plan, maps},
		{"plan-tfjson", plan, func(f []byte) error { var p tfjson.Plan; p.UseJSONNumber(true); return json.Unmarshal(f, &p) }},
		{"plan-2000", []byte(planOf(`"resource_changes":[` + strings.Join(large, ",") + `]`)), func(f []byte) error { _, err := inventory.ReadTerraformPlan(f, nil); return err }},
		{"state", corpus(b, "tfstate-aws_dynamodb_table.json"), func(f []byte) error { _, err := inventory.ReadTerraformState(f, nil); return err }},
		{"kubernetes", objects, func(f []byte) error { _, err := inventory.ReadKubernetes(f, nil); return err }},
		{"kubernetes-maps", objects, maps},
		{"kubernetes-yaml", corpus(b, "k8s-smd-deploy2-live.yaml"), func(f []byte) error { _, err := inventory.ReadKubernetes(f, nil); return err }},
		{"driftctl", corpus(b, "driftctl-scan.json"), func(f []byte) error { _, err := inventory.ReadDriftctl(f, nil); return err }},
		{"osquery-1000", bytes.Repeat(corpus(b, "osquery-results.log"), 500), func(f []byte) error { _, err := inventory.ReadOsquery(f, nil); return err }},
		{"prometheus", corpus(b, "prometheus-targets.json"), func(f []byte) error { _, err := inventory.ReadPrometheusTargets(f, nil); return err }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.file)))
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, c.read(c.file))
			}
		})
	}
}
