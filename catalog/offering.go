package catalog

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// OfferingKind tells the generation of an offering.
type OfferingKind string

// The kinds of offerings.
const (
	Legacy OfferingKind = "legacy" // set up by hand, for one customer
	Cloud  OfferingKind = "cloud"  // shared, by self-service
)

// Maturity is how far an offering has come. It goes forward only.
type Maturity string

// The maturities.
const (
	Alpha      Maturity = "alpha"      // for those who want to try it
	Beta       Maturity = "beta"       // complete, not yet proven
	General    Maturity = "general"    // generally available
	Deprecated Maturity = "deprecated" // no new orders; what is there goes on
)

// Maturities returns all, in the order in which they are passed.
func Maturities() []Maturity { return []Maturity{Alpha, Beta, General, Deprecated} }

// Approval says whether an order needs the approval of somebody else.
type Approval string

// The approvals.
const (
	ApprovalByAnother Approval = "another" // somebody else than the one who asks; "" means this
	ApprovalNone      Approval = "none"
)

// Offering is a way in which a service can be had: what it costs, how soon it
// is there, what is promised, and what must be met before. Make it with
// [NewOffering].
type Offering struct {
	ID           servicecoin.OfferingID `json:"id"`
	Service      servicecoin.ServiceID  `json:"service"`
	Name         string                 `json:"name"`
	Kind         OfferingKind           `json:"kind"`
	Descriptions Texts                  `json:"descriptions,omitempty"` // for users

	Price servicecoin.PriceID `json:"price,omitempty"` // "": it is not priced
	// LeadTime promises how long it takes from the order until it can be used, in
	// hours of the calendar, weekends included; undefined: nothing is promised.
	LeadTime      calendar.Duration `json:"leadTime"`
	Promise       PromisedLevel     `json:"promise,omitzero"`
	SupportHours  string            `json:"supportHours,omitempty"` // for people: "Mon to Fri, 08:00 to 18:00"
	Prerequisites []Prerequisite    `json:"prerequisites,omitempty"`

	// Parameters is the JSON Schema of what an order says, at most 64 kB. Without
	// one, parameters are taken as they come.
	Parameters json.RawMessage `json:"parameters,omitempty"`
	Approval   Approval        `json:"approval"`

	Maturity    Maturity    `json:"maturity"`
	Deprecation Deprecation `json:"deprecation,omitzero"`
	ValidFrom   time.Time   `json:"validFrom,omitzero"`  // zero: always
	ValidUntil  time.Time   `json:"validUntil,omitzero"` // exclusive, for new orders; zero: open

	Labels map[string]string `json:"labels,omitempty"` // the host's own
}

// PromisedLevel is what an offering promises about the service: the objective
// for people, and where the promise itself is found.
type PromisedLevel struct {
	Objective string `json:"objective,omitempty"` // "99.9 % a month"
	Reference string `json:"reference,omitempty"` // the host's id of the terms; opaque
}

// The points of a sign-up at which a prerequisite is due, in their order. A host
// may have others, which come after them.
const (
	DueBeforeOrder        = "before order"        // what is not met when it is ordered keeps it from being approved
	DueBeforeApproval     = "before approval"     // before somebody approves
	DueBeforeProvisioning = "before provisioning" // before it is set up
	DueBeforeUse          = "before first use"    // before people begin
)

// Dues returns the points above, in the order in which they are passed.
func Dues() []string {
	return []string{DueBeforeOrder, DueBeforeApproval, DueBeforeProvisioning, DueBeforeUse}
}

// Prerequisite is something that must be met by a point of the sign-up. The
// offering owns the list; where each stands is the onboarding's to know, which
// begins with the request.
type Prerequisite struct {
	ID       string `json:"id"`                 // at most 64 bytes
	Text     string `json:"text"`               // for people, at most 500 characters
	Due      string `json:"due"`                // the point: [DueBeforeUse], say; at most 100 characters
	Blocking bool   `json:"blocking,omitempty"` // unmet, it keeps the sign-up from passing the point
	// ByProvider says that the provider sees to it, and not the customer.
	ByProvider bool   `json:"byProvider,omitempty"`
	Wanted     string `json:"wanted,omitempty"` // which evidence is wanted, for people; at most 500 characters
}

// What an onboarding can take over.
const (
	maxPrerequisites     = 50
	maxDues              = 10       // different points
	maxPrerequisiteID    = 64       // bytes
	maxPrerequisiteText  = 500      // characters
	maxDueName           = 100      // characters
	maxPrerequisiteBytes = 40 << 10 // of all together
)

// NewOffering returns an offering: of an empty maturity [General], of an empty
// approval [ApprovalByAnother]. It cannot begin as deprecated. It reports every
// violation at once.
func NewOffering(o Offering) (Offering, error) {
	var v servicecoin.Violations
	if o.Maturity == Deprecated {
		v.Add("maturity", "out-of-order", string(o.Maturity), "nothing begins as deprecated")
	}
	o.Deprecation = Deprecation{}
	o.tidy()
	v.Merge("", o.Validate())
	if err := v.Err(); err != nil {
		return Offering{}, err
	}
	return o, nil
}

// tidy brings the offering to the form in which it is stored.
func (o *Offering) tidy() {
	if o.Maturity == "" {
		o.Maturity = General
	}
	if o.Approval == "" {
		o.Approval = ApprovalByAnother
	}
	o.ValidFrom, o.ValidUntil = lifecycle.Instant(o.ValidFrom), lifecycle.Instant(o.ValidUntil)
	o.Descriptions, o.Labels = maps.Clone(o.Descriptions), maps.Clone(o.Labels)
	o.Prerequisites = slices.Clone(o.Prerequisites)
	o.Parameters = compact(o.Parameters)
}

// Validate reports every violation of the offering's fields.
func (o *Offering) Validate() error {
	var v servicecoin.Violations
	v.ID("id", string(o.ID))
	v.ID("service", string(o.Service))
	v.Text("name", o.Name, 1, maxTitle)
	switch o.Kind {
	case Legacy, Cloud:
	default:
		v.Add("kind", "unknown", string(o.Kind), "must be legacy or cloud")
	}
	v.Merge("descriptions", o.Descriptions.Validate())
	if o.Price != "" {
		v.ID("price", string(o.Price))
	}
	v.Merge("leadTime", o.LeadTime.Validate())
	v.Text("promise.objective", o.Promise.Objective, 0, maxTitle)
	if o.Promise.Reference != "" {
		v.ID("promise.reference", o.Promise.Reference)
	}
	v.Text("supportHours", o.SupportHours, 0, maxTitle)
	o.prerequisites(&v)
	object(&v, "parameters", o.Parameters)
	switch o.Approval {
	case ApprovalByAnother, ApprovalNone:
	default:
		v.Add("approval", "unknown", string(o.Approval), "must be another or none")
	}
	if !slices.Contains(Maturities(), o.Maturity) {
		v.Add("maturity", "unknown", string(o.Maturity), "must be one of "+fmt.Sprint(Maturities()))
	}
	if o.Maturity == Deprecated {
		var inner servicecoin.Violations
		inner.Time("since", o.Deprecation.Since)
		o.Deprecation.validate(&inner, string(o.ID), o.Deprecation.Since)
		v.Merge("deprecation", inner.Err())
	}
	term(&v, "validFrom", "validUntil", o.ValidFrom, o.ValidUntil)
	labels(&v, o.Labels)
	if v.Len() == 0 { // what is too long in part is not measured whole
		v.Merge("", room(o))
	}
	return v.Err()
}

func (o *Offering) prerequisites(v *servicecoin.Violations) {
	if !v.Limit("prerequisites", len(o.Prerequisites), maxPrerequisites) {
		return
	}
	seen, dues, size := map[string]bool{}, map[string]bool{}, 0
	for i, p := range o.Prerequisites {
		path := fmt.Sprintf("prerequisites[%d]", i)
		v.ID(path+".id", p.ID)
		if seen[p.ID] {
			v.Add(path+".id", "duplicate", p.ID, "is named twice")
		}
		seen[p.ID] = true
		if len(p.ID) > maxPrerequisiteID {
			v.Add(path+".id", "too-long", p.ID, fmt.Sprintf("has %d bytes, %d are allowed", len(p.ID), maxPrerequisiteID))
		}
		v.Text(path+".text", p.Text, 1, maxPrerequisiteText)
		v.ID(path+".due", p.Due)
		v.Text(path+".due", p.Due, 0, maxDueName)
		v.Text(path+".wanted", p.Wanted, 0, maxPrerequisiteText)
		dues[p.Due] = true
		size += len(p.ID) + len(p.Text) + len(p.Due) + len(p.Wanted)
	}
	if len(dues) > maxDues {
		v.Add("prerequisites", "too-many", "", fmt.Sprintf("are due at %d different points, %d are allowed", len(dues), maxDues))
	}
	if size > maxPrerequisiteBytes {
		v.Add("prerequisites", "too-large", "", fmt.Sprintf("have %d bytes, %d are allowed", size, maxPrerequisiteBytes))
	}
}

// The verbs of offerings.
const (
	VerbPublishOffering   = "offering.publish"
	VerbReviseOffering    = "offering.revise"
	VerbPromoteOffering   = "offering.promote"
	VerbDeprecateOffering = "offering.deprecate"
)

// OfferingTransitions returns the whole table: what is not in it is refused.
// An offering may skip a maturity, and is never taken back.
func OfferingTransitions() []lifecycle.Transition[Maturity] {
	deprecate := []string{"a reason", "it is not its own successor", "it ends after now"}
	allow := lifecycle.Allow[Maturity]
	return []lifecycle.Transition[Maturity]{
		allow(Alpha, VerbPromoteOffering, Beta),
		allow(Alpha, VerbPromoteOffering, General),
		allow(Beta, VerbPromoteOffering, General),
		allow(Alpha, VerbDeprecateOffering, Deprecated, deprecate...),
		allow(Beta, VerbDeprecateOffering, Deprecated, deprecate...),
		allow(General, VerbDeprecateOffering, Deprecated, deprecate...),
		allow(Deprecated, VerbDeprecateOffering, Deprecated, deprecate...),
	}
}

func (o *Offering) life() lifecycle.Record[Maturity] {
	return lifecycle.Record[Maturity]{Key: o.Key(), State: o.Maturity, Table: OfferingTransitions()}
}

// Promote says that it has come farther: beta, or general.
func (o *Offering) Promote(by servicecoin.Actor, at time.Time, to Maturity) error {
	if _, err := lifecycle.Check(by, at, nil); err != nil {
		return err
	}
	for _, t := range OfferingTransitions() {
		if t.Verb == VerbPromoteOffering && t.From == o.Maturity && t.To == to {
			o.Maturity = to
			return nil
		}
	}
	return o.life().Refuse(VerbPromoteOffering, to, "an offering goes forward, from alpha to beta to general")
}

// Deprecate says that it is on its way out: no new orders from now on, what is
// there goes on until it ends. Since is set. Deprecating it again moves the end,
// or names another successor.
func (o *Offering) Deprecate(by servicecoin.Actor, at time.Time, d Deprecation) error {
	to, err := o.life().Target(VerbDeprecateOffering)
	if err != nil {
		return err
	}
	d.Since = at
	if o.Maturity == Deprecated {
		d.Since = o.Deprecation.Since
	}
	d = d.tidy()
	if _, err = lifecycle.Check(by, at, func(v *servicecoin.Violations) { d.validate(v, string(o.ID), servicecoin.Instant(at)) }); err != nil {
		return err
	}
	o.Maturity, o.Deprecation = to, d
	return nil
}

// Orderable refuses, with the reason, where a new order is not taken at t: it
// is deprecated, or not valid then.
func (o *Offering) Orderable(t time.Time) error {
	var why string
	switch {
	case o.Maturity == Deprecated && o.Deprecation.Successor != "":
		why = "it is deprecated since " + lifecycle.Stamp(o.Deprecation.Since) + ": take " + o.Deprecation.Successor
	case o.Maturity == Deprecated:
		why = "it is deprecated since " + lifecycle.Stamp(o.Deprecation.Since) + ": " + o.Deprecation.Reason
	case t.Before(o.ValidFrom):
		why = "it is offered from " + lifecycle.Stamp(o.ValidFrom) + " on"
	case !o.ValidUntil.IsZero() && !t.Before(o.ValidUntil):
		why = "it was offered until " + lifecycle.Stamp(o.ValidUntil)
	default:
		return nil
	}
	return o.life().Refuse(VerbPlaceOrder, "", why)
}

// Key addresses the offering, in refusals and traces.
func (o *Offering) Key() servicecoin.Key {
	return servicecoin.Key{Customer: servicecoin.Provider, Kind: OfferingRecord, ID: string(o.ID)}
}
