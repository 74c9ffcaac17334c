package configuration

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

const (
	inline    = 32 << 10  // bytes of a state that is kept in its record
	partBytes = 200 << 10 // of a part
)

// partID names a part: of is the kind of record that it belongs to.
func partID(of, id string, n int) string { return store.JoinID(of, id, strconv.Itoa(n)) }

// cutParts returns a text in parts.
func cutParts(of, id string, text []byte) []part {
	var list []part
	for len(text) > 0 {
		n := min(len(text), partBytes)
		list = append(list, part{partID(of, id, len(list)), text[:n]})
		text = text[n:]
	}
	return list
}

// joinParts reads a text that is kept in parts.
func joinParts(ctx context.Context, v store.View, of, id string, count int) ([]byte, error) {
	var text []byte
	for n := range count {
		p, err := store.Of(v, parts).Get(ctx, partID(of, id, n))
		if err != nil {
			return nil, err
		}
		text = append(text, p.text...)
	}
	return text, nil
}

// putVersion stores a version; a large state in parts.
func putVersion(ctx context.Context, tx store.View, v Version) error {
	if text := v.Desired.Append(nil); len(text) > inline {
		list := cutParts(VersionRecord, versionID(v.Item, v.Number), text)
		for _, p := range list {
			if err := store.Of(tx, parts).Insert(ctx, p); err != nil {
				return err
			}
		}
		v.Desired, v.Parts = Value{}, len(list)
	}
	return store.Of(tx, versions).Insert(ctx, v)
}

// getVersion reads a version with all of its state.
func getVersion(ctx context.Context, view store.View, item servicecoin.ConfigurationID, number int) (Version, error) {
	v, err := store.Of(view, versions).Get(ctx, versionID(item, number))
	if err != nil {
		return Version{}, err
	}
	return wholeVersion(ctx, view, v)
}

func wholeVersion(ctx context.Context, view store.View, v Version) (Version, error) {
	if v.Parts == 0 {
		return v, nil
	}
	text, err := joinParts(ctx, view, VersionRecord, versionID(v.Item, v.Number), v.Parts)
	if err != nil {
		return Version{}, err
	}
	v.Desired, err = Parse(text)
	v.Parts = 0
	return v, err
}

// putSeen stores the last observation in the place of the one before.
func putSeen(ctx context.Context, tx store.View, before *store.Item[seen], s seen) error {
	old := 0
	var expect store.Version
	if before != nil {
		old, expect = before.Value.Parts, before.Version
	}
	var list []part
	if text := s.State.Append(nil); len(text) > inline {
		list = cutParts(ObservationRecord, string(s.Item), text)
		s.State, s.Parts = Value{}, len(list)
	}
	for n := range max(old, len(list)) {
		var err error
		id := partID(ObservationRecord, string(s.Item), n)
		switch {
		case n >= len(list):
			err = store.Of(tx, parts).Delete(ctx, id)
		case n >= old:
			err = store.Of(tx, parts).Insert(ctx, list[n])
		default:
			_, err = store.Of(tx, parts).Update(ctx, id, func(p *part) ([]store.Event, error) { *p = list[n]; return nil, nil })
		}
		if err != nil {
			return err
		}
	}
	if before == nil {
		return store.Of(tx, observations).Insert(ctx, s)
	}
	return store.Of(tx, observations).Put(ctx, s, expect)
}

// getSeen reads the last observation with all of its state.
func getSeen(ctx context.Context, view store.View, item servicecoin.ConfigurationID) (seen, error) {
	s, err := store.Of(view, observations).Get(ctx, string(item))
	if err != nil || s.Parts == 0 {
		return s, err
	}
	text, err := joinParts(ctx, view, ObservationRecord, string(item), s.Parts)
	if err != nil {
		return seen{}, err
	}
	s.State, err = Parse(text)
	s.Parts = 0
	return s, err
}

// insertBaseline stores a baseline with its items in parts.
func insertBaseline(ctx context.Context, tx store.View, b Baseline, e store.Event) (Baseline, error) {
	text, err := json.Marshal(b.Items)
	if err != nil {
		return Baseline{}, err
	}
	list := cutParts(BaselineRecord, string(b.ID), text)
	b.Parts, b.Count = len(list), len(b.Items)
	for _, p := range list {
		if err := store.Of(tx, parts).Insert(ctx, p); err != nil {
			return Baseline{}, err
		}
	}
	return b, store.Of(tx, baselines).Insert(ctx, b, e)
}

func getBaseline(ctx context.Context, view store.View, id BaselineID) (Baseline, error) {
	b, err := store.Of(view, baselines).Get(ctx, string(id))
	if err != nil {
		return Baseline{}, err
	}
	text, err := joinParts(ctx, view, BaselineRecord, string(id), b.Parts)
	if err != nil {
		return Baseline{}, err
	}
	return b, json.Unmarshal(text, &b.Items)
}
