package inventory

import (
	"strings"

	"github.com/servicecoin/servicecoin/operations/configuration"
)

// KubernetesTypeName is the name of the type of a kind: "kubernetes.deployment".
func KubernetesTypeName(kind string) configuration.TypeName {
	return configuration.TypeName("kubernetes." + strings.ToLower(kind))
}

// KubernetesType returns the type of a kind, with the rules of [KubernetesRules].
func KubernetesType(kind string, o *KubernetesOptions) configuration.Type {
	return configuration.Type{Name: KubernetesTypeName(kind), Title: kind, Rules: KubernetesRules(kind, o)}
}

// KubernetesRules returns the rules by which objects of a kind are compared. What the server
// writes into every object is noise, what nobody asked for is a default, quantities are
// compared by what they amount to, and members of the lists of kinds that Kubernetes brings
// along are told by what the server tells them by. For lists of other kinds, add what
// [KeyRules] finds.
func KubernetesRules(kind string, o *KubernetesOptions) configuration.Rules {
	if o == nil {
		o = &KubernetesOptions{}
	}
	b := &ruleBuilder{exclusive: o.ExclusiveLists}
	for _, at := range []string{"", "/spec/template", "/spec/jobTemplate", "/spec/jobTemplate/spec/template", "/spec/volumeClaimTemplates/*"} {
		b.metadata(at + "/metadata")
	}
	if o.AnyGroup {
		b.ignore("/apiVersion")
	}
	state := kind == "NodeNetworkState"
	switch {
	case state, o.Status:
		b.status()
	default:
		b.ignore("/status")
	}
	switch kind {
	case "Pod":
		b.pod("/spec")
	case "CronJob":
		b.pod("/spec/jobTemplate/spec/template/spec")
	case "DaemonSet", "Deployment", "DeploymentConfig", "Job", "ReplicaSet", "ReplicationController", "StatefulSet":
		b.pod("/spec/template/spec")
		b.key("/spec/volumeClaimTemplates", "name")
		b.quantities("/spec/volumeClaimTemplates/*/spec/resources")
	case "Service":
		b.key("/spec/ports", "port", "protocol:TCP")
	case "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration":
		b.key("/webhooks", "name")
	case "RoleBinding", "ClusterRoleBinding":
		b.key("/subjects", "kind", "namespace", "name")
	case "Secret":
		for _, path := range []string{"/data/*", "/stringData/*", pointer("metadata", "annotations", LastApplied)} {
			b.list = append(b.list, configuration.Rule{Path: path, Secret: true})
		}
	case "ServiceAccount":
		b.key("/secrets", "name")
		b.key("/imagePullSecrets", "name")
	case "CustomResourceDefinition":
		b.key("/spec/versions", "name")
	case "PersistentVolumeClaim":
		b.quantities("/spec/resources")
	case "PersistentVolume":
		b.quantity("/spec/capacity/*")
	case "ResourceQuota":
		b.quantity("/spec/hard/*")
	case "Node":
		b.key("/spec/taints", "key", "effect")
	case "NodeNetworkState":
		b.network("/status/currentState")
	case "NodeNetworkConfigurationPolicy":
		b.network("/spec/desiredState")
	}
	return configuration.Rules{List: b.list, OnlyDesired: true}
}

type ruleBuilder struct {
	list      []configuration.Rule
	exclusive bool
}

func (b *ruleBuilder) ignore(paths ...string) {
	for _, p := range paths {
		b.list = append(b.list, configuration.Rule{Path: p, Ignore: true})
	}
}

// key tells members of a list by fields; behind a colon stands the text of one that is
// absent.
func (b *ruleBuilder) key(path string, fields ...string) {
	b.list = append(b.list, keyRule(path, b.exclusive, fields...))
}

func keyRule(path string, exclusive bool, fields ...string) configuration.Rule {
	r := configuration.Rule{Path: path}
	for _, f := range fields {
		name, absent, _ := strings.Cut(f, ":")
		r.Key = append(r.Key, configuration.KeyField{Name: name, Default: absent})
	}
	if exclusive {
		r.Members = configuration.Exclusive
	}
	return r
}

func (b *ruleBuilder) quantity(path string) {
	b.list = append(b.list, configuration.Rule{Path: path, Units: configuration.KubernetesUnits()})
}

func (b *ruleBuilder) quantities(path string) {
	b.quantity(path + "/limits/*")
	b.quantity(path + "/requests/*")
}

// metadata leaves out what the server, and programs of the cluster, write.
func (b *ruleBuilder) metadata(at string) {
	for _, name := range []string{"creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"} {
		b.ignore(at + pointer(name))
	}
	b.ignore(at + "/ownerReferences/*/uid")
	for _, name := range []string{
		LastApplied, "deployment.kubernetes.io/revision", "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas",
		"control-plane.alpha.kubernetes.io/leader", "nmstate.io/webhook-mutating-timestamp",
	} {
		b.ignore(at + pointer("annotations", name))
	}
	b.ignore(at + pointer("labels", "nmstate.io/force-nns-refresh"))
	b.list = append(b.list, keyRule(at+"/ownerReferences", false, "kind", "name"))
}

// status leaves out times and counts of a status that counts.
func (b *ruleBuilder) status() {
	b.ignore("/status/observedGeneration")
	for _, at := range []string{"/status", "/status/*", "/status/conditions/*", "/status/*/conditions/*"} {
		for _, name := range []string{
			"lastHeartbeatTime", "lastProbeTime", "lastScheduleTime", "lastSuccessfulTime", "lastSuccessfulUpdateTime", "lastTransitionTime", "lastUpdateTime",
			"lastUpdated", "lastScaleTime", "lastObservedTime",
		} {
			b.ignore(at + pointer(name))
		}
	}
	b.key("/status/conditions", "type")
	b.key("/status/*/conditions", "type")
}

// pod tells of the lists of a pod, and its quantities.
func (b *ruleBuilder) pod(at string) {
	for _, containers := range []string{"/containers", "/initContainers", "/ephemeralContainers"} {
		c := at + containers
		b.key(c, "name")
		b.key(c+"/*/ports", "containerPort", "protocol:TCP")
		b.key(c+"/*/env", "name")
		b.key(c+"/*/volumeMounts", "mountPath")
		b.key(c+"/*/volumeDevices", "devicePath")
		b.quantities(c + "/*/resources")
		b.list = append(b.list, configuration.Rule{
			Path: c + "/*/env/*/valueFrom/resourceFieldRef/divisor", Units: configuration.KubernetesUnits(), Default: configuration.TextOf("0"),
		})
	}
	b.key(at+"/volumes", "name")
	b.key(at+"/imagePullSecrets", "name")
	b.key(at+"/hostAliases", "ip")
	b.key(at+"/readinessGates", "conditionType")
	b.key(at+"/topologySpreadConstraints", "topologyKey", "whenUnsatisfiable")
	b.quantity(at + "/overhead/*")
	b.quantity(at + "/volumes/*/emptyDir/sizeLimit")
}

// network tells of the lists of nmstate: interfaces of several types may have one name.
// Leases of addresses run out by the second.
func (b *ruleBuilder) network(at string) {
	b.key(at+"/interfaces", "name", "type")
	b.key(at+"/interfaces/*/bridge/port", "name")
	b.ignore(at + "/interfaces/*/ovs-db/external_ids/ovn-installed-ts")
	for _, family := range []string{"/ipv4", "/ipv6"} {
		addresses := at + "/interfaces/*" + family + "/address"
		b.key(addresses, "ip")
		b.ignore(addresses+"/*/preferred-life-time", addresses+"/*/valid-life-time")
	}
}
