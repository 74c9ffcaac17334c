package inventory_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/interop/inventory"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

func readObjects(t testing.TB, text string, o *inventory.KubernetesOptions) *inventory.KubernetesObjects {
	t.Helper()
	k, err := inventory.ReadKubernetes([]byte(text), o)
	require.NoError(t, err)
	return k
}

func ids(k *inventory.KubernetesObjects) []string {
	out := []string{}
	for _, x := range k.Objects {
		out = append(out, string(x.ID))
	}
	return out
}

func remarks(list []inventory.Remark) []string {
	out := []string{}
	for _, r := range list {
		out = append(out, r.Place+", "+r.Code+": "+r.Text)
	}
	return out
}

// Objects are told by group, kind, namespace and name, in whatever form a file has them.
func TestKubernetesObjects(t *testing.T) {
	t.Parallel()
	const docs = `apiVersion: v1
kind: Node
metadata: {name: n1, namespace: odd}
---
# nothing
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Pod, metadata: {name: p, namespace: shop}}
- {metadata: {name: q}}
- kind: PodList
  apiVersion: v1
  items: [{metadata: {name: r}}]
---
apiVersion: example.org/v1
kind: Region
metadata: {name: eu}
---
apiVersion: apps/v1beta1
kind: Deployment
metadata: {name: web}
---
apiVersion: v1
kind: Pod
metadata: {generateName: x-}
---
just: text
---
- 1
---
apiVersion: v1
kind: Pod
`
	k := readObjects(t, docs, nil)
	require.Equal(t, []string{"core/Node/n1", "apps/Deployment/web", "core/Pod/shop/p", "core/Pod/r", "example.org/Region/eu"}, ids(k))
	require.Equal(t, []string{
		"line 15, column 3, unread: an object is left out that has no kind or no apiVersion",
		`line 24, column 1, repeated: "apps/Deployment/web" stands there again: what stands at line 7, column 1 counts`,
		`line 28, column 1, unread: a "Pod" is left out whose name the server makes`,
		"line 32, column 1, unread: an object is left out that has no kind or no apiVersion",
		"line 34, column 1, unread: something is left out that is no object",
		`line 36, column 1, unread: a "Pod" is left out that has no name`,
	}, remarks(k.Remarks))
	k = readObjects(t, docs, &inventory.KubernetesOptions{Scope: "eu-1", Namespace: "shop", ClusterKinds: []string{"Region"}, AnyGroup: true})
	require.Equal(t, []string{"eu-1/Node/n1", "eu-1/Deployment/shop/web", "eu-1/Pod/shop/p", "eu-1/Pod/shop/r", "eu-1/Region/eu"}, ids(k))
	drafts, sweeps := k.Drafts(configuration.Described{Owner: configuration.OfCustomer, Service: "erp"}), k.Sweeps(time.Unix(1, 0))
	require.Len(t, drafts, 5)
	require.NoError(t, drafts[1].Validate())
	require.Equal(t, []string{"web", "kubernetes.deployment", "erp"}, []string{drafts[1].Name, string(drafts[1].Type), string(drafts[1].Service)})
	require.Equal(t, []configuration.TypeName{"kubernetes.deployment", "kubernetes.node", "kubernetes.pod", "kubernetes.region"}, sweeps[0].Types)
	mixed := readObjects(t, `{"kind":"List","apiVersion":"v1","items":[{"kind":"Deployment","metadata":{"name":"a"}},{"kind":"Pod","apiVersion":"v1","metadata":{"name":"b"}}]}`, nil)
	require.Equal(t, []string{"core/Pod/b"}, ids(mixed), "a List says nothing of the version of what is in it")
	require.Len(t, mixed.Remarks, 1)
	require.Empty(t, readObjects(t, `{"kind":"List","apiVersion":"v1","items":[]}`, nil).Objects, "a list of nothing is fine")
}

func TestKubernetesIsNone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":            "there is no document",
		"7":           "no object of Kubernetes is in the file: something is left out that is no object",
		"{}":          "line 1, column 1: no object of Kubernetes is in the file",
		`{"a":1,}`:    "line 1, column 8",
		"a: b: c":     "line 1, column 5",
		"kind: Pod":   "no kind or no apiVersion",
		"a: *hunter2": "unknown anchor",
	} {
		_, err := inventory.ReadKubernetes([]byte(text), nil)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, text)
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

const secretYAML = `apiVersion: v1
kind: Secret
metadata:
  name: db
  annotations:
    note: public
    kubectl.kubernetes.io/last-applied-configuration: |
      {"apiVersion":"v1","kind":"Secret","metadata":{"name":"db"},"stringData":{"password":"hunter2"}}
    objectset.rio.cattle.io/applied: hunter2
type: Opaque
data:
  password: aHVudGVyMg==
  user: aHVudGVyMw==
stringData:
  password: hunter4
`

// What a Secret holds is secret, and so are its copies in annotations; stringData is what
// the server makes of it.
func TestKubernetesSecrets(t *testing.T) {
	t.Parallel()
	k := readObjects(t, secretYAML, nil)
	x := k.Objects[0]
	require.Equal(t, []string{"/data/*", "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration", "/metadata/annotations/objectset.rio.cattle.io~1applied"}, x.Secrets)
	require.JSONEq(t, `{"password":"aHVudGVyNA==","user":"aHVudGVyMw=="}`, x.State.At("/data").String(), "stringData is laid over data")
	require.True(t, x.State.At("/stringData").IsZero())
	require.JSONEq(t, `{"password":"aHVudGVyMg=="}`, x.Applied.At("/data").String())
	require.Equal(t, x.Secrets, k.AppliedDrafts(configuration.Described{})[0].Secrets)
	body, err := json.Marshal(k)
	require.NoError(t, err)
	require.NotRegexp(t, "hunter|aHVudGVy", fmt.Sprintf("%v %+v %#v %s", k, *k, k.Objects, body))

	broken := readObjects(t, strings.Replace(secretYAML, `{"apiVersion"`, `{hunter5`, 1), nil)
	require.Equal(t, []string{`line 7, column 55, unread: what was applied last of "core/Secret/db" is no object in JSON`}, remarks(broken.Remarks))
	require.True(t, broken.Objects[0].Applied.IsZero())

	other := readObjects(t, "apiVersion: example.org/v1\nkind: Secret\nmetadata: {name: x}\nstringData: {a: b}", nil).Objects[0]
	require.Empty(t, other.Secrets, "another Secret of somebody else is none")
	require.JSONEq(t, `{"a":"b"}`, other.State.At("/stringData").String())
}

// What cannot be compared is told when it is read.
func TestKubernetesAlike(t *testing.T) {
	t.Parallel()
	const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","env":[{"name":"A"},{"name":"A"}]}]}}`
	k := readObjects(t, pod, nil)
	require.Equal(t, []string{`line 1, column 1, alike: members of a list of "core/Pod/p" have the same key, or none: comparing it is refused`}, remarks(k.Remarks))
	require.Len(t, k.Objects, 1)
}

// The rules of a kind, one by one.
func TestKubernetesRules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind, desired, observed string
		o                       *inventory.KubernetesOptions
		want                    []string
	}{
		"noise":                     {"ConfigMap", `{"metadata":{"uid":"1","annotations":{"a":"1"}},"data":{"a":"1"}}`, `{"metadata":{"uid":"2","resourceVersion":"3","annotations":{"a":"1","kubectl.kubernetes.io/last-applied-configuration":"x"}},"data":{"a":"1","b":"2"},"status":{"x":1}}`, nil, nil},
		"what is desired":           {"ConfigMap", `{"data":{"a":"1","c":""}}`, `{"data":{"a":"2"}}`, nil, []string{"changed /data/a", "missing /data/c"}},
		"quantities":                {"Deployment", `{"spec":{"template":{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":0.5,"memory":"1Gi"},"limits":{"cpu":"1"}}}]}}}}`, `{"spec":{"template":{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"500m","memory":"1024Mi"},"limits":{"cpu":"2"}}}]}}}}`, nil, []string{"changed /spec/template/spec/containers/c/resources/limits/cpu"}},
		"order":                     {"Pod", `{"spec":{"containers":[{"name":"a","volumeMounts":[{"mountPath":"/x","name":"v"},{"mountPath":"/y","name":"v"}]},{"name":"b"}],"volumes":[{"name":"v"},{"name":"w"}]}}`, `{"spec":{"containers":[{"name":"b"},{"name":"a","volumeMounts":[{"mountPath":"/y","name":"v"},{"mountPath":"/x","name":"v"}]}],"volumes":[{"name":"w"},{"name":"v"}]}}`, nil, nil},
		"cron":                      {"CronJob", `{"spec":{"jobTemplate":{"spec":{"template":{"spec":{"initContainers":[{"name":"a","ports":[{"containerPort":1}]}]}}}}}}`, `{"spec":{"jobTemplate":{"spec":{"template":{"metadata":{"creationTimestamp":null},"spec":{"initContainers":[{"name":"b"},{"name":"a","ports":[{"containerPort":1,"protocol":"UDP"}]}]}}}}}}`, nil, []string{"missing /spec/jobTemplate/spec/template/spec/initContainers/a/ports/1,TCP"}},
		"status":                    {"Deployment", `{"status":{"conditions":[{"type":"A","status":"True","lastTransitionTime":"1"},{"type":"B"}],"observedGeneration":1}}`, `{"status":{"conditions":[{"type":"B"},{"type":"A","status":"False","lastTransitionTime":"2"}],"observedGeneration":2}}`, &inventory.KubernetesOptions{Status: true}, []string{"changed /status/conditions/A/status"}},
		"roles":                     {"RoleBinding", `{"subjects":[{"kind":"User","name":"a"},{"kind":"ServiceAccount","name":"a","namespace":"x"}]}`, `{"subjects":[{"kind":"ServiceAccount","name":"a","namespace":"x"},{"kind":"User","name":"a"},{"kind":"User","name":"b"}]}`, &inventory.KubernetesOptions{ExclusiveLists: true}, []string{"unexpected /subjects/User,,b"}},
		"owners":                    {"Pod", `{"metadata":{"ownerReferences":[{"kind":"ReplicaSet","name":"a","uid":"1"}]}}`, `{"metadata":{"ownerReferences":[{"kind":"Node","name":"b","uid":"3"},{"kind":"ReplicaSet","name":"a","uid":"2"}]}}`, &inventory.KubernetesOptions{ExclusiveLists: true}, nil},
		"quota":                     {"ResourceQuota", `{"spec":{"hard":{"cpu":"2","memory":"1Gi"}}}`, `{"spec":{"hard":{"cpu":2,"memory":"1073741824"}}}`, nil, nil},
		"claim":                     {"PersistentVolumeClaim", `{"spec":{"resources":{"requests":{"storage":"1Ti"}}}}`, `{"spec":{"resources":{"requests":{"storage":"1024Gi"}}}}`, nil, nil},
		"volume":                    {"PersistentVolume", `{"spec":{"capacity":{"storage":"1Ti"}}}`, `{"spec":{"capacity":{"storage":"1Gi"}}}`, nil, []string{"changed /spec/capacity/storage"}},
		"taints":                    {"Node", `{"spec":{"taints":[{"key":"a","effect":"NoSchedule"},{"key":"a","effect":"NoExecute"}]}}`, `{"spec":{"taints":[{"key":"a","effect":"NoExecute"},{"key":"a","effect":"NoSchedule"}]}}`, nil, nil},
		"versions":                  {"CustomResourceDefinition", `{"spec":{"versions":[{"name":"v1"},{"name":"v2"}]}}`, `{"spec":{"versions":[{"name":"v2"}]}}`, nil, []string{"missing /spec/versions/v1"}},
		"accounts":                  {"ServiceAccount", `{"secrets":[{"name":"a"}]}`, `{"secrets":[{"name":"b"},{"name":"a"}]}`, nil, nil},
		"other kinds have no lists": {"Gateway", `{"spec":{"ports":[{"number":1},{"number":2}]}}`, `{"spec":{"ports":[{"number":2},{"number":1}]}}`, nil, []string{"changed /spec/ports/0/number", "changed /spec/ports/1/number"}},
	} {
		parse := func(text string) configuration.Value {
			v, err := configuration.Parse([]byte(text))
			require.NoError(t, err, name)
			return v
		}
		kind := inventory.KubernetesType(c.kind, c.o)
		require.NoError(t, kind.Validate(), name)
		if c.want == nil {
			c.want = []string{}
		}
		require.Equal(t, c.want, told(rules(t, kind.Rules, parse(c.desired), parse(c.observed))), name)
	}
}

// Lists are told by what all states have, and only where that tells all members apart.
func TestKeyRules(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`[{"a":[{"port":1},{"port":1,"protocol":"UDP"}]}]`:                                "/a=port,protocol:TCP",
		`[{"a":[{"port":1},{"port":1}]}]`:                                                 "",
		`[{"a":[{"containerPort":1,"name":"x"}]},{"a":[{"containerPort":1,"name":"y"}]}]`: "/a=containerPort,protocol:TCP",
		`[{"a":[{"name":"x"}]},{"a":[{"mountPath":"/","name":"y"}]}]`:                     "/a=name",
		`[{"a":[{"name":"x","type":"1"},{"name":"x","type":"2"}]}]`:                       "/a=name,type",
		`[{"a":[{"key":"x"},{"key":"y"}]},{"a":[{"key":"x","type":"t"}]}]`:                "/a=key",
		`[{"a":[{"type":"x"}]},{"a":[]},{"a":null},{}]`:                                   "/a=type",
		`[{"a":["x","y"],"b":[[{"name":1}]],"*":[{"name":1}]}]`:                           "/b/*=name",
		`[{"x/y":[{"name":[]}],"c":[{"name":"n","d":[{"key":1}]},{"name":"m"}]}]`:         "/c=name /c/*/d=key",
		`[[{"name":"a"}],[{"name":"b"}]]`:                                                 "=name",
		`[1,"x"]`:                                                                         "",
		`[]`:                                                                              "",
	} {
		v, err := configuration.Parse([]byte(text))
		require.NoError(t, err)
		var states []configuration.Value
		for _, m := range v.Members() {
			states = append(states, m.Value)
		}
		var got []string
		list := inventory.KeyRules(states...)
		for _, r := range list {
			var fields []string
			for _, f := range r.Key {
				fields = append(fields, strings.TrimSuffix(f.Name+":"+f.Default, ":"))
			}
			got = append(got, r.Path+"="+strings.Join(fields, ","))
		}
		require.Equal(t, want, strings.Join(got, " "), text)
		for _, s := range states {
			require.Empty(t, rules(t, configuration.Rules{List: list}, s, s), "what it finds is fit for all of them")
		}
	}
	wide := make([]configuration.Member, 0, 1000)
	for n := range cap(wide) {
		x, err := configuration.Parse([]byte(`[{"name":"a"}]`))
		require.NoError(t, err)
		wide = append(wide, configuration.Member{Name: strconv.Itoa(n), Value: x})
	}
	v, err := configuration.ObjectOf(wide...)
	require.NoError(t, err)
	require.NoError(t, configuration.Rules{List: inventory.KeyRules(v)}.Validate(), "so few that a type takes them")
}
