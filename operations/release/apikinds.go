package release

import (
	"context"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/followup"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/store"
)

// The kinds of records of APIs, in the provider's partition.
const (
	APIRecord      = "release.api"         // [API]
	RevisionRecord = "release.revision"    // [Revision]
	DocumentRecord = "release.description" // [Description]
	BindingRecord  = "release.binding"     // [Binding]
	TrialRecord    = "release.trial"       // [Trial]
)

// The verbs of APIs and their bindings.
const (
	VerbKeepAPI     = "api.keep"
	VerbDescribeAPI = "api.describe"
	VerbRevise      = "api.revise"
	VerbKeepBinding = "binding.keep"
	VerbReport      = "binding.report"
	VerbMoveWork    = "binding.putOff"
	VerbDropWork    = "binding.drop"
	VerbTend        = "binding.tend"
)

// The events of APIs and their bindings. Those of an API have an [APIChanged] as their data,
// those of a binding a [BindingChanged].
const (
	EventAPIKept        = "api.kept"
	EventRevised        = "api.revised"
	EventBindingKept    = "binding.kept"
	EventBindingTested  = "binding.tested"
	EventBindingBroken  = "binding.broken"
	EventBindingBehind  = "binding.behind"  // it misses a version, or another one than was told before
	EventBindingCurrent = "binding.current" // it was behind, and is not any more
	EventWorkMoved      = "binding.workMoved"
	EventWorkDropped    = "binding.workDropped"
)

// APIChanged is the data of an API's event.
type APIChanged struct {
	API      APIID         `json:"api"`
	Platform PlatformID    `json:"platform"`
	Version  string        `json:"version,omitempty"` // of the platform
	Own      string        `json:"own,omitempty"`
	Breaking int           `json:"breaking,omitempty"`
	Risky    int           `json:"risky,omitempty"`
	Harmless int           `json:"harmless,omitempty"`
	Findings int           `json:"findings,omitempty"`
	Opened   []BindingID   `json:"opened,omitempty"` // bindings that have to follow
	Released calendar.Date `json:"released,omitzero"`
}

// BindingChanged is the data of a binding's event.
type BindingChanged struct {
	API      APIID                `json:"api"`
	Binding  BindingID            `json:"binding"`
	Owner    servicecoin.PersonID `json:"owner,omitempty"`
	Version  string               `json:"version,omitempty"` // of the platform
	Own      string               `json:"own,omitempty"`
	Range    string               `json:"range,omitempty"`
	Since    calendar.Date        `json:"since,omitzero"`
	Days     int                  `json:"days,omitempty"`
	Text     string               `json:"text,omitempty"`
	Proof    string               `json:"proof,omitempty"`
	Replaced *BindingReport       `json:"replaced,omitempty"` // the report that stood before
}

// Description is the text of an API's description, named by its digest.
type Description struct {
	Digest string `json:"digest"`
	Text   string `json:"text"`
}

var apis = store.Kind[API]{
	Name: APIRecord, House: house.Own(),
	ID: func(a API) string { return string(a.ID) },
	Indexes: []store.Index[API]{
		{Name: "name", Columns: "t", Of: func(a API) store.Tuple { return store.Tuple{store.Text(a.Name)} }},
		{Name: "platform", Columns: "tt", Of: func(a API) store.Tuple { return store.Tuple{store.Text(a.Platform), store.Text(a.Name)} }},
	},
}

var revisions = store.Kind[Revision]{
	Name: RevisionRecord, House: house.Own(),
	ID: func(r Revision) string { return store.JoinID(string(r.API), Canonical(r.Version)) },
	Indexes: []store.Index[Revision]{
		{Name: "api", Columns: "tt", Of: func(r Revision) store.Tuple {
			return store.Tuple{store.Text(r.API), store.Text(r.Released.String())}
		}},
	},
}

var descriptions = store.Kind[Description]{
	Name: DocumentRecord, House: house.Own(),
	ID: func(d Description) string { return d.Digest },
}

var bindings = store.Kind[Binding]{
	Name: BindingRecord, House: house.Own(),
	ID: func(b Binding) string { return string(b.ID) },
	Indexes: []store.Index[Binding]{
		{Name: "api", Columns: "tt", Of: func(b Binding) store.Tuple { return store.Tuple{store.Text(b.API), store.Text(b.Language)} }},
		{Name: "owner", Columns: "t", Of: func(b Binding) store.Tuple { return store.Tuple{store.Text(b.Owner)} }},
	},
}

var trials = store.Kind[Trial]{
	Name: TrialRecord, House: house.Own(),
	ID: func(t Trial) string { return store.JoinID(string(t.Binding), Canonical(t.Version)) },
	Indexes: []store.Index[Trial]{
		{Name: "api", Columns: "tt", Of: func(t Trial) store.Tuple { return store.Tuple{store.Text(t.API), store.Text(t.Binding)} }},
		{Name: "binding", Columns: "t", Of: func(t Trial) store.Tuple { return store.Tuple{store.Text(t.Binding)} }},
		// Those that are still to be tried, by when.
		{Name: "due", Columns: "m", Of: func(t Trial) store.Tuple {
			if !t.open() {
				return nil
			}
			return store.Tuple{store.Time(t.Work.Due)}
		}},
	},
}

// open reports whether it is still to be tried.
func (t Trial) open() bool { return t.Work != nil && t.Work.State == followup.Open }

// ReindexAPIs brings the records of APIs and their bindings into their indexes.
func ReindexAPIs(ctx context.Context, s *store.Store) (int, error) {
	return store.Reindex(ctx, s, apis, revisions, descriptions, bindings, trials)
}
