package inventory

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/servicecoin/servicecoin/operations/configuration"
)

// TerraformOptions say how files of Terraform and OpenTofu are read. A nil
// *TerraformOptions is the zero one.
type TerraformOptions struct {
	// Scope stands in front of every id: addresses are of one state alone.
	Scope string
}

// TerraformAction is what Terraform does, or did, with a resource.
type TerraformAction string

// The actions. What Terraform calls by several words is a replacement.
const (
	TerraformNone    TerraformAction = "none" // "no-op"
	TerraformCreate  TerraformAction = "create"
	TerraformRead    TerraformAction = "read"
	TerraformUpdate  TerraformAction = "update"
	TerraformDelete  TerraformAction = "delete"
	TerraformReplace TerraformAction = "replace"
	TerraformForget  TerraformAction = "forget" // it stays, and Terraform knows nothing of it any more
)

// TerraformResource is an instance of a resource, by its address.
type TerraformResource struct {
	Thing

	Address  string `json:"address"`            // "module.net.aws_subnet.a[0]"
	Module   string `json:"module,omitempty"`   // "module.net"
	Provider string `json:"provider,omitempty"` // its address
	// Deposed names an object that was replaced, and is there all the same.
	Deposed   string   `json:"deposed,omitempty"`
	Tainted   bool     `json:"tainted,omitempty"`   // told by states: it is replaced next
	DependsOn []string `json:"dependsOn,omitempty"` // told by states: addresses without keys of instances
	// Identity is by what the provider tells the object from others, since Terraform 1.12.
	Identity configuration.Value `json:"identity,omitzero"`
}

// TerraformChange is what a plan says of an instance of a resource.
type TerraformChange struct {
	TerraformResource // its state is how it was found when the plan was made, absent: not there

	Action   TerraformAction `json:"action"`
	Reason   string          `json:"reason,omitempty"`   // why, in Terraform's word: "replace_because_tainted"
	Previous string          `json:"previous,omitempty"` // the address that it had before it was moved
	// After is what is planned, as far as it is known; absent: it will not be there.
	After configuration.Value `json:"-"`
	// Unknown are the JSON pointers of what will only be known once the plan is applied.
	Unknown []string `json:"unknown,omitempty"`
}

// String names the change, and tells nothing of states.
func (c TerraformChange) String() string { return string(c.Action) + " " + string(c.ID) }

// GoString is String.
func (c TerraformChange) GoString() string { return c.String() }

// Desired returns what is planned and known, as what is desired of the resource. An
// attribute in which something is not known yet is left out as a whole: record it again once
// the plan is applied. It is absent where nothing is planned to be there.
func (c TerraformChange) Desired() configuration.Value {
	if len(c.Unknown) == 0 || c.After.Kind() != configuration.Object {
		return c.After
	}
	unknown := map[string]bool{}
	for _, p := range c.Unknown {
		names, err := configuration.SplitPointer(p)
		if err != nil || len(names) == 0 {
			return configuration.Value{}
		}
		unknown[names[0]] = true
	}
	known := slices.DeleteFunc(slices.Clone(c.After.Members()), func(m configuration.Member) bool { return unknown[m.Name] })
	desired, err := configuration.ObjectOf(known...)
	if err != nil {
		return configuration.Value{}
	}
	return desired
}

// Draft returns what is planned and known as an item that is to be recorded: see
// [TerraformChange.Desired].
func (c TerraformChange) Draft(like configuration.Described) configuration.Draft {
	d := c.Thing.Draft(like)
	d.Desired = c.Desired()
	return d
}

// TerraformDrift is what Terraform found otherwise than it had left it.
type TerraformDrift struct {
	TerraformResource // its state is how it was found, absent: it is not there any more

	Action TerraformAction `json:"action"` // update, or delete
	// Before is how Terraform had left it.
	Before configuration.Value `json:"-"`
	// Differences are those that count by [TerraformType]: none is noise, such as {} for
	// null. Secrets have no values in them.
	Differences []configuration.Difference `json:"differences"`
	// Relevant are the JSON pointers of what differs and decides over other changes of the
	// plan; none: so far nothing does, or the plan is too old to tell ([TerraformPlan.Relevance]).
	Relevant []string `json:"relevant"`
	// Planned is what the plan does with the resource; "": nothing is planned.
	Planned TerraformAction `json:"planned,omitempty"`
}

// String names the drift, and tells nothing of states.
func (d TerraformDrift) String() string {
	return fmt.Sprintf("%s: %d differences, %d relevant", string(d.ID), len(d.Differences), len(d.Relevant))
}

// GoString is String.
func (d TerraformDrift) GoString() string { return d.String() }

// Noise reports whether nothing of what Terraform tells as drift is any.
func (d TerraformDrift) Noise() bool { return len(d.Differences) == 0 }

// TerraformPlan is a plan as "terraform show -json" writes it, of the formats 0.1 to 1.x.
type TerraformPlan struct {
	Format  string            `json:"format"`      // "1.2"
	Version string            `json:"version"`     // of Terraform
	At      time.Time         `json:"at,omitzero"` // when it was made; zero: it does not say
	Errored bool              `json:"errored"`     // it was not finished
	Partial bool              `json:"partial"`     // it says that something is not planned yet
	Data    int               `json:"data"`        // changes of data sources, which are no items
	Changes []TerraformChange `json:"changes"`     // of managed resources, also those of which nothing changes
	Drifts  []TerraformDrift  `json:"drifts"`      // what was found otherwise
	// Relevance says that the plan tells which drift decides over changes: from format 1.1 on.
	Relevance bool     `json:"relevance"`
	Remarks   []Remark `json:"remarks,omitempty"`
}

// ReadTerraformPlan reads a plan. The error is an [*servicecoin.InvalidError] whose paths are
// lines and columns.
func ReadTerraformPlan(file []byte, o *TerraformOptions) (*TerraformPlan, error) {
	doc, err := configuration.Parse(file)
	if err != nil {
		return nil, err
	}
	var plan tfjson.Plan
	plan.UseJSONNumber(true)
	if err := decode(doc, framePlan(doc), "plan", &plan); err != nil {
		return nil, err
	}
	p := &planReader{out: &TerraformPlan{Format: plan.FormatVersion, Version: plan.TerraformVersion}, planned: map[string]TerraformAction{}}
	if o != nil {
		p.scope = o.Scope
	}
	if p.comparer, err = terraformRules().Compile(); err != nil {
		return nil, err
	}
	p.head(doc, &plan)
	p.changes(doc.Member("resource_changes"), plan.ResourceChanges)
	p.drifts(doc.Member("resource_drift"), plan.ResourceDrift, plan.RelevantAttributes)
	if err := p.result(); err != nil {
		return nil, err
	}
	p.out.Remarks = p.told()
	return p.out, nil
}

type planReader struct {
	reader

	out      *TerraformPlan
	comparer *configuration.Comparer
	planned  map[string]TerraformAction // by id
}

func (p *planReader) head(doc configuration.Value, plan *tfjson.Plan) {
	if plan.Timestamp != "" {
		at, err := time.Parse(time.RFC3339, plan.Timestamp)
		if err != nil {
			p.remark(doc.Member("timestamp").Position(), ToldUnread, "the timestamp is no instant as RFC 3339 has it")
		} else {
			p.out.At = at.UTC()
		}
	}
	if s, _ := doc.Member("errored").Scalar(); s == "true" {
		p.out.Errored = true
		p.remark(doc.Member("errored").Position(), ToldPartial, "Terraform did not finish the plan: what it says is not everything")
	}
	if plan.Complete != nil && !*plan.Complete {
		p.out.Partial = true
		p.remark(doc.Member("complete").Position(), ToldPartial, "something is left for a later plan")
	}
	major, minor, _ := strings.Cut(p.out.Format, ".")
	n, err := strconv.Atoi(minor)
	p.out.Relevance = err == nil && major == "1" && n >= 1
}

func (p *planReader) changes(list configuration.Value, changes []*tfjson.ResourceChange) {
	if len(list.Members()) != len(changes) {
		p.wrong(list, "bad-type", "resource_changes must be written in small letters")
		return
	}
	for i, m := range list.Members() {
		c := changes[i]
		if c != nil && c.Mode == tfjson.DataResourceMode {
			p.out.Data++
			continue
		}
		action, ok := p.action(m.Value, c)
		if !ok {
			continue
		}
		change := m.Value.Member("change")
		x := TerraformChange{
			TerraformResource: p.resource(m.Value, c, change.Member("before")),
			Action:            action, Reason: string(c.ActionReason), Previous: c.PreviousAddress,
			After: thereOrNot(change.Member("after")), Unknown: unknowns(change.Member("after_unknown")),
		}
		check := x.Thing
		if check.State.IsZero() {
			check.State = x.After
		}
		if !p.keep(&check) {
			continue
		}
		x.Name, x.Secrets = check.Name, check.Secrets
		p.planned[string(x.ID)] = action
		p.out.Changes = append(p.out.Changes, x)
	}
}

// action returns what an entry of a plan does; one of which nobody knows is left out.
func (p *planReader) action(entry configuration.Value, c *tfjson.ResourceChange) (TerraformAction, bool) {
	if c == nil || c.Change == nil {
		p.remark(entry.Position(), ToldUnread, "an entry is left out that says nothing")
		return "", false
	}
	action, ok := actionOf(c.Change.Actions)
	if !ok {
		p.remark(entry.Position(), ToldUnread, short(c.Address)+" is left out: nobody knows what its actions mean")
	}
	return action, ok
}

// resource makes an item of what a plan says of a resource. What was secret before a change
// is so, whatever it is called from then on.
func (p *planReader) resource(entry configuration.Value, c *tfjson.ResourceChange, state configuration.Value) TerraformResource {
	address := c.Address
	if c.DeposedKey != "" {
		address += " (deposed " + c.DeposedKey + ")"
	}
	change := entry.Member("change")
	before, coarse := marks(change.Member("before_sensitive"))
	after, coarser := marks(change.Member("after_sensitive"))
	identity := thereOrNot(change.Member("after_identity"))
	if identity.IsZero() {
		identity = thereOrNot(change.Member("before_identity"))
	}
	return TerraformResource{
		Identity: identity,
		Thing: Thing{
			ID: p.id(address), Type: configuration.TypeName(c.Type), Name: address, Place: entry.Position(),
			State: thereOrNot(state), Secrets: plain(slices.Concat(before, after)), coarse: coarse || coarser,
		},
		Address: c.Address, Module: c.ModuleAddress, Provider: c.ProviderName, Deposed: c.DeposedKey,
	}
}

// thereOrNot makes of null that there is nothing.
func thereOrNot(n configuration.Value) configuration.Value {
	if n.Kind() == configuration.Null {
		return configuration.Value{}
	}
	return n
}

func actionOf(a tfjson.Actions) (TerraformAction, bool) {
	switch {
	case a.NoOp():
		return TerraformNone, true
	case a.Create():
		return TerraformCreate, true
	case a.Read():
		return TerraformRead, true
	case a.Update():
		return TerraformUpdate, true
	case a.Delete():
		return TerraformDelete, true
	case a.Replace(), len(a) == 2 && a[0] == tfjson.ActionCreate && a[1] == tfjson.ActionForget:
		return TerraformReplace, true
	case a.Forget():
		return TerraformForget, true
	}
	return "", false
}

// Drafts returns what is planned as what is desired: an item for each resource that will be
// there, with what is known of it ([TerraformChange.Desired]). Like says what is said of all.
func (p *TerraformPlan) Drafts(like configuration.Described) []configuration.Draft {
	var out []configuration.Draft
	for n := range p.Changes {
		c := &p.Changes[n]
		if d := c.Draft(like); c.Deposed == "" && !d.Desired.IsZero() {
			out = append(out, d)
		}
	}
	return out
}

// Sweeps returns how the resources were found when the plan was made, at the time that the
// plan says, and at the instant given where it says none. What drifted away is gone. A plan
// that was made without a refresh tells what was found before: nobody can see that in it.
func (p *TerraformPlan) Sweeps(at time.Time) []configuration.Sweep {
	if !p.At.IsZero() {
		at = p.At
	}
	var found []configuration.Observation
	there := map[string]bool{}
	for n := range p.Changes {
		if c := &p.Changes[n]; !c.State.IsZero() {
			there[string(c.ID)] = true
			found = append(found, c.Observation(configuration.Look{}))
		}
	}
	for n := range p.Drifts {
		if d := &p.Drifts[n]; d.State.IsZero() && !there[string(d.ID)] {
			found = append(found, d.Observation(configuration.Look{}))
		}
	}
	return sweeps(found, at, strings.TrimSpace("terraform plan "+p.Version))
}
