package inventory

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/interop/inventory/documents"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

// KubernetesOptions say how objects of Kubernetes are read and compared. A nil
// *KubernetesOptions is the zero one.
type KubernetesOptions struct {
	// Scope stands in front of every id: the name of the cluster.
	Scope string
	// Namespace is that of objects that say none, as "kubectl apply -n" gives it to them; "":
	// they have none. Those of kinds that are of the whole cluster never have one.
	Namespace string
	// ClusterKinds are kinds of the whole cluster, beside those that Kubernetes brings along.
	ClusterKinds []string
	// AnyGroup takes an object for the same in whatever API group and version it is written:
	// a StatefulSet of apps/v1beta1 and of apps/v1. Without it the group is in the id, and
	// another version is a difference.
	AnyGroup bool
	// ExclusiveLists makes members of lists unexpected that are told by a key, and that nobody
	// asked for: a container's port, a variable. Without it they are what the server, or
	// another program, added.
	ExclusiveLists bool
	// Status lets the status count, which is noise otherwise.
	Status bool
}

// KubernetesObject is an object as "kubectl get -o json" writes it, or a manifest has it. The
// stringData of a Secret is in its data, as the server keeps it.
type KubernetesObject struct {
	Thing // its state is the object

	APIVersion string `json:"apiVersion"` // "apps/v1"
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`

	// Applied is what kubectl applied last, as the object says in an annotation; absent: it
	// does not.
	Applied configuration.Value `json:"-"`
}

// KubernetesObjects are the objects of a file.
type KubernetesObjects struct {
	Objects []KubernetesObject `json:"objects"`
	Remarks []Remark           `json:"remarks,omitempty"`
}

// LastApplied is the annotation in which kubectl keeps what it applied.
const LastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// ReadKubernetes reads an object, a List or several documents, in JSON or in YAML as kubectl
// reads it. What is no object of Kubernetes among them is left out, and told. The error is an
// [*servicecoin.InvalidError] whose paths are lines and columns.
func ReadKubernetes(file []byte, o *KubernetesOptions) (*KubernetesObjects, error) {
	docs, err := documents.Read(file, &documents.Options{Kubernetes: true})
	if err != nil {
		return nil, err
	}
	k := &kubernetesReader{out: &KubernetesObjects{}, rules: map[string]*configuration.Comparer{}}
	if o != nil {
		k.o = *o
		k.scope = o.Scope
	}
	for _, doc := range docs {
		if doc.Kind() != configuration.Null { // nothing stands between two separators
			k.object(doc, "", "")
		}
	}
	if len(k.out.Objects) == 0 && k.v.Len() == 0 && len(k.remarks) > 0 && !k.empty {
		k.v.Add(k.remarks[0].Place, "unexpected", "", "no object of Kubernetes is in the file: "+k.remarks[0].Text)
	}
	if err := k.result(); err != nil {
		return nil, err
	}
	k.out.Remarks = k.told()
	return k.out, nil
}

type kubernetesReader struct {
	reader

	o     KubernetesOptions
	out   *KubernetesObjects
	rules map[string]*configuration.Comparer // by kind
	empty bool                               // there was a list
}

// object reads an object, or a list of them. The server leaves out the kind of members of a
// list that has one of its own.
func (k *kubernetesReader) object(n configuration.Value, apiVersion, kind string) {
	if n.Kind() != configuration.Object {
		k.remark(n.Position(), ToldUnread, "something is left out that is no object")
		return
	}
	member := func(name, otherwise string) string {
		if s := textOf(n.Member(name)); s != "" {
			return s
		}
		return otherwise
	}
	apiVersion, kind = member("apiVersion", apiVersion), member("kind", kind)
	if items := n.Member("items"); strings.HasSuffix(kind, "List") && items.Kind() == configuration.List {
		k.empty = true
		of := strings.TrimSuffix(kind, "List")
		version := apiVersion
		if of == "" {
			version = ""
		}
		for _, m := range items.Members() {
			k.object(m.Value, version, of)
		}
		return
	}
	metadata := n.Member("metadata")
	x := KubernetesObject{APIVersion: apiVersion, Kind: kind, Namespace: textOf(metadata.Member("namespace"))}
	x.Place, x.Name = n.Position(), textOf(metadata.Member("name"))
	switch {
	case kind == "" || apiVersion == "":
		k.remark(x.Place, ToldUnread, "an object is left out that has no kind or no apiVersion")
		return
	case x.Name == "" && textOf(metadata.Member("generateName")) != "":
		k.remark(x.Place, ToldUnread, "a "+short(kind)+" is left out whose name the server makes")
		return
	case x.Name == "":
		k.remark(x.Place, ToldUnread, "a "+short(kind)+" is left out that has no name")
		return
	}
	if k.ofCluster(kind) {
		x.Namespace = ""
	} else if x.Namespace == "" {
		x.Namespace = k.o.Namespace
	}
	x.ID, x.Type, x.State = k.id(k.named(x)), KubernetesTypeName(kind), n
	k.secret(&x)
	if !k.keep(&x.Thing) {
		return
	}
	k.alike(x)
	k.out.Objects = append(k.out.Objects, x)
}

// named names an object: by group, kind, namespace and name.
func (k *kubernetesReader) named(x KubernetesObject) string {
	parts := make([]string, 0, 4) //nolint:mnd // the four of them
	if !k.o.AnyGroup {
		group, _, ok := strings.Cut(x.APIVersion, "/")
		if !ok {
			group = "core"
		}
		parts = append(parts, group)
	}
	parts = append(parts, x.Kind)
	if x.Namespace != "" {
		parts = append(parts, x.Namespace)
	}
	return strings.Join(append(parts, x.Name), "/")
}

// ofCluster reports whether objects of a kind are of the whole cluster.
func (k *kubernetesReader) ofCluster(kind string) bool {
	switch kind {
	case "APIService", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding", "ClusterTrustBundle", "ComponentStatus", "CSIDriver", "CSINode",
		"CustomResourceDefinition", "FlowSchema", "IngressClass", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration",
		"Namespace", "Node", "PersistentVolume", "PodSecurityPolicy", "PriorityClass", "PriorityLevelConfiguration", "RuntimeClass", "StorageClass",
		"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "VolumeAttachment", "VolumeAttributesClass":
		return true
	}
	return slices.Contains(k.o.ClusterKinds, kind)
}

// secret finds what is secret in an object, and what was applied of it.
func (k *kubernetesReader) secret(x *KubernetesObject) {
	core := x.Kind == "Secret" && !strings.Contains(x.APIVersion, "/")
	if core {
		x.State = kept(x.State)
		x.Secrets = []string{"/data/*"}
	}
	annotations := x.State.Member("metadata").Member("annotations")
	for _, m := range annotations.Members() {
		if core && copied(m.Name) {
			x.Secrets = append(x.Secrets, pointer("metadata", "annotations", m.Name))
		}
	}
	applied := annotations.Member(LastApplied)
	if applied.IsZero() {
		return
	}
	v, err := configuration.Parse([]byte(textOf(applied)))
	switch {
	case err != nil || v.Kind() != configuration.Object:
		k.remark(applied.Position(), ToldUnread, "what was applied last of "+short(string(x.ID))+" is no object in JSON")
	case core:
		x.Applied = kept(v)
	default:
		x.Applied = v
	}
}

// copied reports whether an annotation has a copy of the object in it.
func copied(name string) bool {
	return strings.Contains(name, "last-applied") || strings.Contains(name, "last-handled") || strings.HasSuffix(name, "/applied") || strings.HasSuffix(name, "/original")
}

// kept makes of a Secret what the server keeps: stringData in data.
func kept(secret configuration.Value) configuration.Value {
	texts := secret.Member("stringData")
	if texts.Kind() != configuration.Object {
		return secret
	}
	data := map[string]configuration.Value{}
	for _, m := range secret.Member("data").Members() {
		data[m.Name] = m.Value
	}
	for _, m := range texts.Members() {
		data[m.Name] = m.Value
		if m.Value.Kind() == configuration.Text {
			data[m.Name] = configuration.TextOf(base64.StdEncoding.EncodeToString([]byte(textOf(m.Value))))
		}
	}
	members := make([]configuration.Member, 0, len(data))
	for name, v := range data {
		members = append(members, configuration.Member{Name: name, Value: v})
	}
	made, err := configuration.ObjectOf(members...)
	if err != nil {
		return secret
	}
	all := slices.DeleteFunc(slices.Clone(secret.Members()), func(m configuration.Member) bool { return m.Name == "data" || m.Name == "stringData" })
	out, err := configuration.ObjectOf(append(all, configuration.Member{Name: "data", Value: made})...)
	if err != nil {
		return secret
	}
	return out
}

// alike tells of lists whose members cannot be told apart by the rules of the kind: the
// server takes a variable that stands twice, and comparing it is refused.
func (k *kubernetesReader) alike(x KubernetesObject) {
	c, ok := k.rules[x.Kind]
	if !ok {
		var err error
		if c, err = KubernetesRules(x.Kind, &k.o).Compile(); err != nil {
			k.v.Merge(x.Place, err)
			return
		}
		k.rules[x.Kind] = c
	}
	if _, err := c.Compare(x.State, x.State); err != nil {
		k.remark(x.Place, ToldAlike, "members of a list of "+short(string(x.ID))+" have the same key, or none: comparing it is refused")
	}
}

// Drafts returns the objects as what is desired, as they stand: what a file of manifests
// has. Like says what is said of all.
func (k *KubernetesObjects) Drafts(like configuration.Described) []configuration.Draft {
	var out []configuration.Draft
	for n := range k.Objects {
		out = append(out, k.Objects[n].Draft(like))
	}
	return out
}

// AppliedDrafts returns what kubectl applied last as what is desired, of the objects that
// say so.
func (k *KubernetesObjects) AppliedDrafts(like configuration.Described) []configuration.Draft {
	var out []configuration.Draft
	for n := range k.Objects {
		if x := &k.Objects[n]; !x.Applied.IsZero() {
			d := x.Draft(like)
			d.Desired = x.Applied
			out = append(out, d)
		}
	}
	return out
}

// Sweeps returns the objects as what was found at an instant.
func (k *KubernetesObjects) Sweeps(at time.Time) []configuration.Sweep {
	var found []configuration.Observation
	for n := range k.Objects {
		found = append(found, k.Objects[n].Observation(configuration.Look{}))
	}
	return sweeps(found, at, "kubectl")
}

// String names the object, and tells nothing of its state.
func (x KubernetesObject) String() string { return fmt.Sprintf("%s %s", x.APIVersion, string(x.ID)) }

// GoString is String.
func (x KubernetesObject) GoString() string { return x.String() }
