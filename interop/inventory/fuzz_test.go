package inventory_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/interop/inventory"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

// seeds are files of the corpus, the short ones, and further texts. A word of theirs is
// what no text that is written may have in it, where it stands in a value.
func seeds(f *testing.F, pattern string, more ...string) {
	f.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", "corpus", pattern))
	require.NoError(f, err)
	require.NotEmpty(f, names)
	for _, name := range names {
		const most = 12_000 // long ones are slow to change
		if data := corpus(f, filepath.Base(name)); len(data) < most {
			f.Add(data)
		}
	}
	for _, text := range more {
		f.Add([]byte(text))
	}
}

// whole asserts what holds of whatever a reader returns.
func whole(t *testing.T, err error, told []inventory.Remark, drafts []configuration.Draft, sweeps []configuration.Sweep) {
	t.Helper()
	if err != nil {
		invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
		require.True(t, ok, err)
		require.LessOrEqual(t, len(invalid.Violations), servicecoin.MaxViolations)
		return
	}
	require.LessOrEqual(t, len(told), inventory.MaxRemarks)
	for _, r := range told {
		require.True(t, strings.HasPrefix(r.Place, "line "), "%+v", r)
		require.NotEmpty(t, r.Code)
		require.NotEmpty(t, r.Text)
	}
	seen := map[servicecoin.ConfigurationID]bool{}
	for _, d := range drafts {
		require.False(t, seen[d.ID], "one item for each id")
		seen[d.ID] = true
		err := d.Validate()
		if err != nil { // what is planned may be larger than what was found
			require.ErrorContains(t, err, "too-large")
		}
	}
	for _, s := range sweeps {
		require.NoError(t, s.Validate())
		for _, o := range s.Found {
			o.At, o.By = s.At, s.By
			require.NoError(t, o.Validate())
		}
	}
}

var owned = configuration.Described{Owner: configuration.OfProvider}

func FuzzReadTerraformPlan(f *testing.F) {
	seeds(f, "tfplan-*", planOf(`"relevant_attributes":[{"resource":"x.a","attribute":["a",0]}],"resource_drift":[`+change("x.a[0]", `["update"]`, `"before":{"a":["hunter2"]},"after":{"a":[]},"before_sensitive":{"a":[true]}`)+`]`))
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := inventory.ReadTerraformPlan(file, nil)
		if err != nil {
			whole(t, err, nil, nil, nil)
			return
		}
		whole(t, nil, p.Remarks, p.Drafts(owned), p.Sweeps(time.Unix(1, 0)))
		for _, d := range p.Drifts {
			require.LessOrEqual(t, len(d.Relevant), len(d.Differences))
			for _, x := range d.Differences {
				require.False(t, d.Before.At(x.Path).IsZero() && d.State.At(x.Path).IsZero(), "it is about something: %s", x.Path)
			}
		}
		for n := range p.Changes {
			for _, at := range p.Changes[n].Unknown {
				require.True(t, at == "" || p.Changes[n].Desired().At(at).IsZero())
			}
		}
		_, err = json.Marshal(p)
		require.NoError(t, err)
	})
}

func FuzzReadTerraformState(f *testing.F) {
	seeds(f, "tfstate-*", keptState, `{"format_version":"1.0","values":{"root_module":{"resources":[{"address":"a","values":{}}]}}}`, `{"format_version":"1.0","values":{"root_module":{"resources":[{"address":"a.b","mode":"managed","type":"a","values":{"p":"x"},"sensitive_values":{"p":true}}],"child_modules":[{}]}}}`)
	f.Fuzz(func(t *testing.T, file []byte) {
		s, err := inventory.ReadTerraformState(file, nil)
		if err != nil {
			whole(t, err, nil, nil, nil)
			return
		}
		whole(t, nil, s.Remarks, s.Drafts(owned), s.Sweeps(time.Unix(1, 0)))
	})
}

func FuzzReadKubernetes(f *testing.F) {
	seeds(f, "k8s-*", secretYAML, "---\n# x\n--- \nkind: List\nitems: [{kind: A, apiVersion: v1, metadata: {name: b}}]\n", `{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"a"},"spec":{"containers":[{"name":"c","env":[{},{}]}]}}]}`)
	f.Fuzz(func(t *testing.T, file []byte) {
		k, err := inventory.ReadKubernetes(file, &inventory.KubernetesOptions{Namespace: "n"})
		if err != nil {
			whole(t, err, nil, nil, nil)
			return
		}
		whole(t, nil, k.Remarks, k.Drafts(owned), k.Sweeps(time.Unix(1, 0)))
		for _, x := range k.Objects {
			require.NoError(t, inventory.KubernetesType(x.Kind, nil).Rules.Validate())
			require.NoError(t, configuration.Rules{List: inventory.KeyRules(x.State)}.Validate())
			if x.Kind == "Secret" && x.APIVersion == "v1" {
				require.Contains(t, x.Secrets, "/data/*")
			}
		}
	})
}

func FuzzReadDriftctl(f *testing.F) {
	seeds(f, "driftctl-*", `{"summary":{},"managed":[{"id":"a","type":"t"}],"differences":[{"res":{"id":"a","type":"t"},"changelog":[{"type":"delete","path":["a","b"],"from":1},{"type":"create","path":["a"],"to":{}}]}]}`, `{"summary":{},"differences":[{}]}`)
	f.Fuzz(func(t *testing.T, file []byte) {
		d, err := inventory.ReadDriftctl(file, nil)
		if err != nil {
			whole(t, err, nil, nil, nil)
			return
		}
		whole(t, nil, d.Remarks, nil, d.Sweeps(time.Unix(1, 0)))
	})
}

func FuzzReadOsquery(f *testing.F) {
	seeds(f, "osquery-*", row("added", "1", "0", 1, `"a":"b"`)+"\n"+row("removed", "1", "1", 2, `"a":"b","pid":"1"`), `{"name":"q","hostname":"h","unixTime":1,"action":"snapshot","snapshot":[{"a":"b"},{"a":"b"}]}`)
	f.Fuzz(func(t *testing.T, file []byte) {
		l, err := inventory.ReadOsquery(file, nil)
		if err != nil {
			whole(t, err, nil, nil, nil)
			return
		}
		whole(t, nil, l.Remarks, l.Drafts(owned), l.Sweeps())
		for _, x := range l.Tables {
			require.LessOrEqual(t, x.Lines, l.Lines)
			require.NotContains(t, fmt.Sprintf("%+v", x), "rows")
		}
	})
}

func FuzzReadPrometheusTargets(f *testing.F) {
	seeds(f, "prometheus-*", `{"status":"success","data":{"activeTargets":[`+target(`"job":"a","instance":"1"`, `,"scrapeUrl":"http://u:p@x"`)+`],"droppedTargets":[]}}`)
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := inventory.ReadPrometheusTargets(file, nil)
		if err != nil {
			whole(t, err, nil, nil, nil)
			return
		}
		whole(t, nil, p.Remarks, p.Drafts(owned), p.Sweeps(time.Unix(1, 0)))
	})
}
