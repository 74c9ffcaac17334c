package configuration

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/store"
)

// The kinds of records, as they stand in a [servicecoin.Key]: all in the partition of
// whom the items are kept for.
const (
	ItemRecord        = "configuration.item"        // [Item]
	VersionRecord     = "configuration.version"     // [Version]
	RelationRecord    = "configuration.relation"    // a [Relation], from its item
	ObservationRecord = "configuration.observation" // the last one of an item
	DriftRecord       = "configuration.drift"       // [Drift]
	StrayRecord       = "configuration.stray"       // [Stray]
	BaselineRecord    = "configuration.baseline"    // [Baseline]
	PartRecord        = "configuration.part"        // of what is too large for a record
)

var items = store.Kind[Item]{
	Name:  ItemRecord,
	House: house.Own(),
	ID:    func(i Item) string { return string(i.ID) },
	Indexes: []store.Index[Item]{
		{Name: "name", Columns: "t", Of: func(i Item) store.Tuple { return store.Tuple{store.Text(i.Name)} }},
		{Name: "id", Columns: "t", Of: func(i Item) store.Tuple { return store.Tuple{store.Text(i.ID)} }}, // of everybody's
		{Name: "type", Columns: "tt", Of: func(i Item) store.Tuple { return store.Tuple{store.Text(i.Type), store.Text(i.Name)} }},
		{Name: "environment", Columns: "tt", Of: func(i Item) store.Tuple {
			if i.Environment == "" {
				return nil
			}
			return store.Tuple{store.Text(i.Environment), store.Text(i.Name)}
		}},
		{Name: "service", Columns: "tt", Of: func(i Item) store.Tuple {
			if i.Service == "" {
				return nil
			}
			return store.Tuple{store.Text(i.Service), store.Text(i.Name)}
		}},
		// What was recorded anew, by when it was.
		{Name: "changed", Columns: "tm", Of: func(i Item) store.Tuple { return store.Tuple{store.Text(i.Type), store.Time(i.ChangedAt)} }},
		// What is not known any more, from when on.
		{Name: "stale", Columns: "m", Of: func(i Item) store.Tuple {
			if !i.RetiredAt.IsZero() {
				return nil
			}
			return store.Tuple{store.Time(i.StaleAt)}
		}},
		// What differs, the worst first, then what differs for longest.
		{Name: "drift", Columns: "im", Of: func(i Item) store.Tuple {
			if i.Open == 0 || !i.RetiredAt.IsZero() {
				return nil
			}
			return store.Tuple{store.Int(-slices.Index(Severities(), i.Worst)), store.Time(i.DriftsAt)}
		}},
	},
}

func versionID(item servicecoin.ConfigurationID, number int) string {
	return store.JoinID(string(item), fmt.Sprintf("%08d", number))
}

var versions = store.Kind[Version]{
	Name:  VersionRecord,
	House: house.Own(),
	ID:    func(v Version) string { return versionID(v.Item, v.Number) },
	Indexes: []store.Index[Version]{
		{Name: "item", Columns: "tmi", Of: func(v Version) store.Tuple {
			return store.Tuple{store.Text(v.Item), store.Time(v.From), store.Int(v.Number)}
		}},
	},
}

// Related is a relation, from its item.
type Related struct {
	From servicecoin.ConfigurationID `json:"from"`
	Relation
}

var relations = store.Kind[Related]{
	Name:  RelationRecord,
	House: house.Own(),
	ID:    func(r Related) string { return store.JoinID(string(r.From), string(r.Kind), string(r.To)) },
	Indexes: []store.Index[Related]{
		{Name: "to", Columns: "tt", Of: func(r Related) store.Tuple { return store.Tuple{store.Text(r.To), store.Text(r.From)} }},
	},
}

// seen is the last observation of an item, without a state that is kept in parts.
type seen struct {
	Item  servicecoin.ConfigurationID `json:"item"`
	Look  Look                        `json:"look"`
	State Value                       `json:"state,omitzero"`
	Parts int                         `json:"parts,omitempty"`
	// Digest is of the state, secrets as digests in it.
	Digest string `json:"digest,omitempty"`
}

// digest is what tells one state from another one: SHA-256 of it as JSON.
func (s seen) digest() string {
	if s.State.kind == Absent {
		return ""
	}
	sum := sha256.Sum256(s.State.Append(nil))
	return hex.EncodeToString(sum[:])
}

var observations = store.Kind[seen]{
	Name:  ObservationRecord,
	House: house.Own(),
	ID:    func(s seen) string { return string(s.Item) },
}

var drifts = store.Kind[Drift]{
	Name:  DriftRecord,
	House: house.Own(),
	ID:    func(d Drift) string { return string(d.Item) },
}

var strays = store.Kind[Stray]{
	Name:    StrayRecord,
	House:   house.Own(),
	ID:      func(s Stray) string { return string(s.ID) },
	Indexes: []store.Index[Stray]{{Name: "first", Columns: "m", Of: func(s Stray) store.Tuple { return store.Tuple{store.Time(s.FirstSeen)} }}},
}

var baselines = store.Kind[Baseline]{
	Name:  BaselineRecord,
	House: house.Own(),
	ID:    func(b Baseline) string { return string(b.ID) },
	Indexes: []store.Index[Baseline]{
		{Name: "at", Columns: "m", Of: func(b Baseline) store.Tuple { return store.Tuple{store.Time(b.At)} }},
		{Name: "approved", Columns: "m", Of: func(b Baseline) store.Tuple {
			if b.State != BaselineApproved {
				return nil
			}
			return store.Tuple{store.Time(b.At)}
		}},
	},
}

// part is a piece of a text that is too large for a record.
type part struct {
	id   string
	text []byte
}

var parts = store.Kind[part]{
	Name:   PartRecord,
	House:  house.Own(),
	ID:     func(p part) string { return p.id },
	Encode: func(p part) ([]byte, error) { return p.text, nil },
	Decode: func(b []byte) (part, error) { return part{text: b}, nil },
}

// Reindex brings the records of this package into the indexes and the form of this
// release: see [store.Reindex].
func Reindex(ctx context.Context, s *store.Store) (int, error) {
	return store.Reindex(ctx, s, items, versions, relations, observations, drifts, strays, baselines, parts)
}
