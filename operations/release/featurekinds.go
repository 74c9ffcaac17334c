package release

import (
	"context"
	"fmt"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/store"
)

// The kinds of records of features, in the provider's partition.
const (
	FeatureRecord   = "release.feature"   // [Feature], as it is now
	EditionRecord   = "release.featured"  // [Feature], as it was
	TogetherRecord  = "release.features"  // how often features of a platform changed
	ProcedureRecord = "release.procedure" // an edition of the [Procedure]
	PromotionRecord = "release.promotion" // [Promotion]
)

// The events of features. Their data is a [FeatureChanged], that of promotions a
// [PromotionChanged], that of procedures the [Procedure] without its criteria.
const (
	EventFeatureDefined  = "feature.defined"
	EventFeatureRevised  = "feature.revised"
	EventFeaturePromoted = "feature.promoted"
	EventFeatureHeld     = "feature.held"
	EventFeatureFreed    = "feature.freed"

	EventPromotionProposed = "promotion.proposed"
	EventPromotionSigned   = "promotion.signedOff"
	EventPromotionWaived   = "promotion.waived"
	EventPromotionSettled  = "promotion.settled" // what was waived is met after all
	EventPromotionDropped  = "promotion.dropped"

	EventProcedureCommitted = "procedure.committed"
)

// The verbs of features.
const (
	VerbDefineFeature = "feature.define"
	VerbReviseFeature = "feature.revise"
	VerbHoldFeature   = "feature.hold"
	VerbFreeFeature   = "feature.free"

	VerbPropose = "promotion.propose"
	VerbSignOff = "promotion.signOff"
	VerbWaive   = "promotion.waive"
	VerbRedeem  = "promotion.redeem"
	VerbPromote = "promotion.promote"
	VerbDrop    = "promotion.drop"

	VerbCommitProcedure = "procedure.commit"

	VerbForgetFeatures = "feature.forget" // a customer, in audiences
)

// FeatureChanged is the data of a feature's event.
type FeatureChanged struct {
	Feature  FeatureID  `json:"feature"`
	Platform PlatformID `json:"platform"`
	Edition  int        `json:"edition"`
	Stage    Stage      `json:"stage"`            // of its newest line
	From     string     `json:"from"`             // that line
	Before   Stage      `json:"before,omitempty"` // of a promotion: the stage that it left
}

// PromotionChanged is the data of a promotion's event.
type PromotionChanged struct {
	Promotion PromotionID    `json:"promotion"`
	Feature   FeatureID      `json:"feature"`
	To        Stage          `json:"to"`
	Version   string         `json:"version"`
	State     PromotionState `json:"state"`
	Criterion string         `json:"criterion,omitempty"` // that was waived
	Role      string         `json:"role,omitempty"`      // in which it was signed off
}

var features = store.Kind[Feature]{
	Name: FeatureRecord, House: house.Own(), ID: func(f Feature) string { return string(f.ID) },
	Indexes: []store.Index[Feature]{
		{Name: "platform", Columns: "tt", Of: func(f Feature) store.Tuple {
			return store.Tuple{store.Text(f.Platform), store.Text(f.ID)}
		}},
		{Name: "stage", Columns: "tt", Of: func(f Feature) store.Tuple {
			return store.Tuple{store.Text(f.Last().Stage), store.Text(f.ID)}
		}},
		{Name: "names", Columns: "t", Of: namesCustomers},
	},
}

var editions = store.Kind[Feature]{
	Name: EditionRecord, House: house.Own(), ID: func(f Feature) string { return editionID(f.ID, f.Edition) },
	Indexes: []store.Index[Feature]{
		{Name: "feature", Columns: "ti", Of: func(f Feature) store.Tuple {
			return store.Tuple{store.Text(f.ID), store.Int(f.Edition)}
		}},
		{Name: "names", Columns: "t", Of: namesCustomers},
	},
}

// namesCustomers has those whose audiences name customers, who may have to be forgotten.
func namesCustomers(f Feature) store.Tuple {
	for _, a := range f.Audiences {
		if len(a.Customers)+len(a.Except) > 0 {
			return store.Tuple{store.Text(f.ID)}
		}
	}
	return nil
}

func editionID(id FeatureID, edition int) string {
	return store.JoinID(string(id), fmt.Sprintf("%06d", edition))
}

// together is how often the features of a platform changed: what changes one reads it, and
// writes it, so that two that fit one by one and not together cannot both get in.
type together struct {
	Platform PlatformID `json:"platform"`
	Changes  int        `json:"changes"`
	Features int        `json:"features"`
}

var togethers = store.Kind[together]{Name: TogetherRecord, House: house.Own(), ID: func(t together) string { return string(t.Platform) }}

var procedures = store.Kind[Procedure]{
	Name: ProcedureRecord, House: house.Own(), ID: func(p Procedure) string { return fmt.Sprintf("%06d", p.Edition) },
	Indexes: []store.Index[Procedure]{
		{Name: "edition", Columns: "i", Of: func(p Procedure) store.Tuple { return store.Tuple{store.Int(p.Edition)} }},
	},
}

var promotions = store.Kind[Promotion]{
	Name: PromotionRecord, House: house.Own(), ID: func(p Promotion) string { return string(p.ID) },
	Indexes: []store.Index[Promotion]{
		{Name: "feature", Columns: "tm", Of: func(p Promotion) store.Tuple {
			return store.Tuple{store.Text(p.Feature), store.Time(p.At)}
		}},
		{Name: "state", Columns: "tm", Of: func(p Promotion) store.Tuple {
			return store.Tuple{store.Text(p.State), store.Time(p.At)}
		}},
		// Those that went without something and still do, by when a waiver is over.
		{Name: "waived", Columns: "m", Of: func(p Promotion) store.Tuple {
			due := p.due()
			if due.IsZero() {
				return nil
			}
			return store.Tuple{store.Time(due)}
		}},
	},
}

// ReindexFeatures brings the records of features, access and news into the indexes and
// the form of this release, and returns how many it rewrote.
func ReindexFeatures(ctx context.Context, s *store.Store) (int, error) {
	return store.Reindex(ctx, s, features, editions, togethers, procedures, promotions, accesses, allNews, tolds, allLosses)
}

func featureHappened(by servicecoin.Actor, name string, f Feature, before Stage) (store.Event, error) {
	last := f.Last()
	return store.Happened(by, name, FeatureChanged{Feature: f.ID, Platform: f.Platform, Edition: f.Edition, Stage: last.Stage, From: last.From, Before: before})
}

func promotionHappened(by servicecoin.Actor, name string, p Promotion, criterion, role string) (store.Event, error) {
	return store.Happened(by, name, PromotionChanged{
		Promotion: p.ID, Feature: p.Feature, To: p.To, Version: p.Version, State: p.State, Criterion: criterion, Role: role,
	})
}
