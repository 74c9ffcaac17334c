package inventory

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

// DriftctlOptions say how a report of driftctl is read. A nil *DriftctlOptions is the zero
// one.
type DriftctlOptions struct {
	// Scope stands in front of every id: ids are of one account alone.
	Scope string
}

// DriftctlResource is a resource of a report, by its type and the id that the cloud gives it.
type DriftctlResource struct {
	Thing // its state is no more than its id, and absent where it is missing

	Cloud  string `json:"cloud"`            // the id that the cloud gives it
	Source string `json:"source,omitempty"` // the state that has it: "tfstate://terraform.tfstate"
	Module string `json:"module,omitempty"`
	Label  string `json:"label,omitempty"` // as what Terraform knows it, within its type
}

// DriftctlDifference is how a managed resource differs from the state of Terraform.
type DriftctlDifference struct {
	Resource DriftctlResource           `json:"resource"`
	Changes  []configuration.Difference `json:"-"` // desired is what Terraform knows
	// Computed are the paths of what the provider works out: such differences go by themselves.
	Computed []string `json:"computed,omitempty"`
}

// String names the resource, and tells nothing of its state.
func (d DriftctlDifference) String() string {
	return fmt.Sprintf("%s: %d changes", d.Resource.String(), len(d.Changes))
}

// GoString is String.
func (d DriftctlDifference) GoString() string { return d.String() }

// DriftctlReport is what a scan by driftctl found.
type DriftctlReport struct {
	Managed     []DriftctlResource   `json:"managed"`   // there, and in a state of Terraform
	Unmanaged   []DriftctlResource   `json:"unmanaged"` // there, and in none
	Missing     []DriftctlResource   `json:"missing"`   // in a state, and not there
	Differences []DriftctlDifference `json:"differences"`
	Coverage    int                  `json:"coverage"` // percent of what is there that is managed, as the report says
	Alerts      int                  `json:"alerts"`   // of what could not be scanned
	Remarks     []Remark             `json:"remarks,omitempty"`
}

// ReadDriftctl reads a report in JSON. The lists count: a summary that says another number is
// told. The error is an [*servicecoin.InvalidError] whose paths are lines and columns.
func ReadDriftctl(file []byte, o *DriftctlOptions) (*DriftctlReport, error) {
	doc, err := configuration.Parse(file)
	if err != nil {
		return nil, err
	}
	d := &driftctlReader{out: &DriftctlReport{}, differs: map[servicecoin.ConfigurationID]bool{}}
	if o != nil {
		d.scope = o.Scope
	}
	d.read(doc)
	if err := d.result(); err != nil {
		return nil, err
	}
	d.out.Remarks = d.told()
	return d.out, nil
}

type driftctlReader struct {
	reader

	out     *DriftctlReport
	differs map[servicecoin.ConfigurationID]bool
}

func (d *driftctlReader) read(doc configuration.Value) {
	summary := doc.Member("summary")
	if doc.Kind() != configuration.Object || summary.Kind() != configuration.Object {
		d.wrong(doc, "required", "has no summary: this is no report of driftctl")
		return
	}
	d.out.Managed, d.out.Unmanaged, d.out.Missing = d.resources(doc, "managed", true), d.resources(doc, "unmanaged", true), d.resources(doc, "missing", false)
	for _, m := range d.list(doc, "differences") {
		d.difference(m.Value)
	}
	managed, unmanaged, missing := len(d.list(doc, "managed")), len(d.list(doc, "unmanaged")), len(d.list(doc, "missing"))
	d.count(summary, "total_managed", managed)
	d.count(summary, "total_unmanaged", unmanaged)
	d.count(summary, "total_missing", missing)
	d.count(summary, "total_resources", managed+unmanaged+missing)
	for _, name := range []string{"total_drifted", "total_changed"} { // older and newer releases
		d.count(summary, name, len(d.list(doc, "differences")))
	}
	d.out.Coverage, _ = whole(doc.Member("coverage"))
	if total, ok := whole(summary.Member("total_resources")); ok && total > 0 {
		const percent = 100
		if n, ok := whole(summary.Member("total_managed")); ok && n*percent/total != d.out.Coverage {
			d.remark(doc.Member("coverage").Position(), ToldCount, fmt.Sprintf("coverage says %d percent, the summary has %d of %d", d.out.Coverage, n, total))
		}
	}
	for _, m := range doc.Member("alerts").Members() {
		d.out.Alerts += len(m.Value.Members())
	}
	if d.out.Alerts > 0 {
		d.remark(doc.Member("alerts").Position(), ToldPartial, fmt.Sprintf("%d alerts: not everything could be scanned", d.out.Alerts))
	}
}

// count compares a figure of the summary with the list that it is of.
func (d *driftctlReader) count(summary configuration.Value, name string, listed int) {
	figure := summary.Member(name)
	if figure.IsZero() {
		return
	}
	if n, ok := whole(figure); !ok || n != listed {
		text, _ := figure.Scalar()
		if _, err := strconv.ParseFloat(text, 64); err != nil || figure.Kind() != configuration.Number {
			text = "no number"
		}
		d.remark(figure.Position(), ToldCount, fmt.Sprintf("%s says %.20s, the lists have %d", name, text, listed))
	}
}

func (d *driftctlReader) resources(doc configuration.Value, name string, there bool) []DriftctlResource {
	var out []DriftctlResource
	for _, m := range d.list(doc, name) {
		if x, ok := d.resource(m.Value, there); ok && d.keep(&x.Thing) {
			out = append(out, x)
		}
	}
	return out
}

func (d *driftctlReader) resource(n configuration.Value, there bool) (DriftctlResource, bool) {
	source := n.Member("source")
	x := DriftctlResource{
		Cloud: textOf(n.Member("id")), Source: textOf(source.Member("source")), Module: textOf(source.Member("namespace")), Label: textOf(source.Member("internal_name")),
	}
	if x.Module == "" {
		x.Module = textOf(source.Member("module"))
	}
	if x.Label == "" {
		x.Label = textOf(source.Member("name"))
	}
	kind := textOf(n.Member("type"))
	if x.Cloud == "" || kind == "" {
		d.remark(n.Position(), ToldUnread, "a resource is left out that has no id or no type")
		return x, false
	}
	x.ID, x.Type, x.Name, x.Place = d.id(kind+"/"+x.Cloud), configuration.TypeName(kind), x.Cloud, n.Position()
	if there {
		x.State = object(configuration.Member{Name: "id", Value: configuration.TextOf(x.Cloud)})
	}
	return x, true
}

// object makes an object of names that differ.
func object(members ...configuration.Member) configuration.Value {
	v, err := configuration.ObjectOf(members...)
	if err != nil {
		return configuration.Value{}
	}
	return v
}

func (d *driftctlReader) difference(n configuration.Value) {
	res := n.Member("res")
	if res.IsZero() {
		res = n // has neither an id nor a type
	}
	x, ok := d.resource(res, true)
	if !ok {
		return
	}
	if d.differs[x.ID] {
		d.remark(x.Place, ToldRepeated, short(string(x.ID))+" stands in differences before")
		return
	}
	d.differs[x.ID] = true
	found := DriftctlDifference{Resource: x}
	for _, m := range d.list(n, "changelog") {
		path, ok := d.path(m.Value.Member("path"))
		c := configuration.Difference{Path: path, Desired: m.Value.Member("from"), Observed: m.Value.Member("to")}
		switch kind := textOf(m.Value.Member("type")); {
		case !ok:
			d.remark(m.Value.Position(), ToldUnread, "a change of "+short(string(x.ID))+" is left out: its path cannot be read")
			continue
		case kind == "create":
			c.Kind, c.Desired = configuration.Unexpected, configuration.Value{}
		case kind == "delete":
			c.Kind, c.Observed = configuration.Missing, configuration.Value{}
		case kind == "update":
			c.Kind = configuration.Changed
		default:
			d.remark(m.Value.Position(), ToldUnknown, "a change of "+short(string(x.ID))+" is left out: nobody knows what its type means")
			continue
		}
		if s, _ := m.Value.Member("computed").Scalar(); s == "true" {
			found.Computed = append(found.Computed, path)
		}
		found.Changes = append(found.Changes, c)
	}
	d.out.Differences = append(d.out.Differences, found)
}

// path reads the path of a change: a list of names, as long as a pointer may be.
func (d *driftctlReader) path(list configuration.Value) (string, bool) {
	var names []string
	if len(list.Members()) > mostSegments {
		return "", false
	}
	for _, m := range list.Members() {
		text, ok := m.Value.Scalar()
		if !ok {
			return "", false
		}
		names = append(names, text)
	}
	at := pointer(names...)
	return at, list.Kind() == configuration.List && len(names) > 0 && len(at) <= mostPointer
}

// Sweeps returns what the scan found at an instant. A report has no states: of what is there
// it tells that it is, and of what differs how it was found in these places; what is missing
// is gone. Changes inside of lists are told in [DriftctlReport.Differences] alone.
func (d *DriftctlReport) Sweeps(at time.Time) []configuration.Sweep {
	changes := make(map[string][]configuration.Difference, len(d.Differences))
	for _, x := range d.Differences {
		changes[string(x.Resource.ID)] = x.Changes
	}
	var found []configuration.Observation
	lists := [][]DriftctlResource{d.Managed, d.Unmanaged, d.Missing}
	listed := map[string]bool{}
	for _, x := range slices.Concat(lists...) {
		listed[string(x.ID)] = true
	}
	for _, x := range d.Differences {
		if !listed[string(x.Resource.ID)] {
			lists = append(lists, []DriftctlResource{x.Resource})
		}
	}
	for _, list := range lists {
		for _, x := range list {
			o := x.Observation(configuration.Look{Paths: []string{"/id"}})
			if o.Gone {
				o.Paths = nil
			}
			for _, c := range changes[string(x.ID)] {
				if len(o.Paths) == mostSecrets || o.Gone { // so many paths a look may have
					break
				}
				if state, ok := with(o.State, c); ok {
					o.State, o.Paths = state, append(o.Paths, c.Path)
				}
			}
			found = append(found, o)
		}
	}
	return sweeps(found, at, "driftctl")
}

// with returns a state with what a change found at its place; false where that is inside of a
// list, of which nobody knows the rest.
func with(state configuration.Value, c configuration.Difference) (configuration.Value, bool) {
	names, err := configuration.SplitPointer(c.Path)
	if err != nil || slices.ContainsFunc(names, func(name string) bool { _, err := strconv.Atoi(name); return err == nil || name == "*" }) {
		return state, false
	}
	return put(state, names, c.Observed)
}

// put returns an object with a value at a place.
func put(state configuration.Value, names []string, v configuration.Value) (configuration.Value, bool) {
	if len(names) == 0 {
		return v, true
	}
	if !state.IsZero() && state.Kind() != configuration.Object {
		return state, false
	}
	below, ok := put(state.Member(names[0]), names[1:], v)
	members := slices.DeleteFunc(slices.Clone(state.Members()), func(m configuration.Member) bool { return m.Name == names[0] })
	if !below.IsZero() {
		members = append(members, configuration.Member{Name: names[0], Value: below})
	}
	return object(members...), ok
}
