package cost

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/store"
)

// The sizes of statements, in bytes of JSON.
const (
	mostInOne  = 160 << 10 // of a statement that is one record
	mostInPart = 120 << 10 // of the facts, or of the lines, of a part
	mostParts  = 2000
	partsOnce  = 4 // in a commit
)

// partKept is how long parts of a statement are kept that was not issued with them: an
// attempt that broke off.
const partKept = 24 * time.Hour

// part is some of the facts or lines of a statement that is too long for one record.
type part struct {
	Digest    string         `json:"digest"` // of the whole statement
	Number    int            `json:"number"` // from 0
	Month     calendar.Month `json:"month"`
	Facts     []Fact         `json:"facts,omitempty"`
	Lines     []Line         `json:"lines,omitempty"`
	WrittenAt time.Time      `json:"writtenAt"`
}

func (p part) id() string { return store.JoinID(p.Digest, strconv.Itoa(p.Number)) }

var parts = store.Kind[part]{
	Name:  PartRecord,
	House: house.Own(),
	ID:    part.id,
	Indexes: []store.Index[part]{
		{Name: "statement", Columns: "ti", Of: func(p part) store.Tuple { return store.Tuple{store.Text(p.Digest), store.Int(p.Number)} }},
		{Name: "month", Columns: "tti", Of: func(p part) store.Tuple {
			return store.Tuple{store.Text(p.Month.String()), store.Text(p.Digest), store.Int(p.Number)}
		}},
	},
}

// digest returns the SHA-256 of what the statement says: a line of JSON for each fact, for
// each line, and for the total.
func (s *Statement) digest() (string, error) {
	sum := sha256.New()
	for _, all := range []func(func(any) error) error{
		func(yield func(any) error) error { return each(s.Facts, yield) },
		func(yield func(any) error) error { return each(s.Lines, yield) },
		func(yield func(any) error) error { return yield(s.Total) },
	} {
		err := all(func(x any) error {
			text, err := json.Marshal(x)
			sum.Write(append(text, '\n'))
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func each[T any](list []T, yield func(any) error) error {
	for i := range list {
		if err := yield(&list[i]); err != nil {
			return err
		}
	}
	return nil
}

// divide returns the parts of a statement that is too long for one record, none for any
// other, and sets how many they are and the digest of the whole.
func (s *Statement) divide(now time.Time) ([]part, error) {
	text, err := json.Marshal(s)
	if err != nil || len(text) <= mostInOne {
		return nil, err
	}
	if s.Digest, err = s.digest(); err != nil {
		return nil, err
	}
	facts, err := chunks(s.Facts, "facts")
	if err != nil {
		return nil, err
	}
	lines, err := chunks(s.Lines, "lines")
	if err != nil {
		return nil, err
	}
	list := make([]part, 0, len(facts)+len(lines))
	add := func(p part) {
		p.Digest, p.Number, p.Month, p.WrittenAt = s.Digest, len(list), s.Month, now
		list = append(list, p)
	}
	for _, some := range facts {
		add(part{Facts: some})
	}
	for _, some := range lines {
		add(part{Lines: some})
	}
	var v servicecoin.Violations
	v.Limit("parts", len(list), mostParts)
	s.Parts = len(list)
	return list, v.Err()
}

// chunks divides a list so that each chunk is small enough.
func chunks[T any](list []T, path string) ([][]T, error) {
	var all [][]T
	from, size := 0, 0
	for i := range list {
		text, err := json.Marshal(&list[i])
		if err != nil {
			return nil, err
		}
		if len(text) > 2*mostInPart {
			var v servicecoin.Violations
			v.Add(fmt.Sprintf("%s[%d]", path, i), "too-long", "", fmt.Sprintf("takes %d bytes, %d are allowed: %.200s", len(text), 2*mostInPart, text))
			return nil, v.Err()
		}
		if size > 0 && size+len(text) > mostInPart {
			all = append(all, list[from:i])
			from, size = i, 0
		}
		size += len(text)
	}
	if from < len(list) {
		all = append(all, list[from:])
	}
	return all, nil
}

// head returns the statement without what its parts have.
func (s *Statement) head() Statement {
	head := *s
	if head.Parts > 0 {
		head.Facts, head.Lines = nil, nil
	}
	return head
}

// fill reads the facts and lines of a statement in parts.
func (s *Statements) fill(ctx context.Context, st *Statement) error {
	if st.Parts == 0 || len(st.Facts) > 0 {
		return nil
	}
	n := 0
	for p, err := range store.Of(s.view, parts).Find(store.By("statement", store.Text(st.Digest))).All(ctx) {
		if err != nil {
			return err
		}
		if p.Number != n {
			break
		}
		st.Facts, st.Lines = append(st.Facts, p.Facts...), append(st.Lines, p.Lines...)
		n++
	}
	if n != st.Parts {
		return fmt.Errorf("statement %s: part %d of %d: %w", st.ID, n, st.Parts, servicecoin.NotFound(s.view.Key(PartRecord, part{Digest: st.Digest, Number: n}.id())))
	}
	return nil
}

// unwrittenError says that parts of a draft have to be written before it can be issued.
type unwrittenError struct{ parts []part }

func (e *unwrittenError) Error() string { return "the parts of the statement are not written" }

// inParts does a piece of work that issues a statement. One that is too long for a record
// has its parts written first, a few in a commit; nobody reads them before the statement
// itself is there, with the digest of all. If its facts have changed by then, it is drafted
// and written again.
func (s *Statements) inParts(ctx context.Context, m calendar.Month, work func(on *Statements) error) error {
	const most = 10
	written := ""
	for range most {
		err := s.view.Do(ctx, func(tx store.View) error {
			on := s.On(tx)
			on.written = written
			return work(on)
		})
		unwritten, is := errors.AsType[*unwrittenError](err)
		if !is {
			if err == nil && written != "" {
				return s.sweep(ctx, m)
			}
			return err
		}
		if err := s.write(ctx, unwritten.parts); err != nil {
			return err
		}
		written = unwritten.parts[0].Digest
	}
	return &servicecoin.KeyError{Key: s.view.Key(MonthRecord, m.String()), Err: servicecoin.ErrConflict}
}

// write stores parts. Those that are there are from an attempt that broke off.
func (s *Statements) write(ctx context.Context, list []part) error {
	for some := range slices.Chunk(list, partsOnce) {
		err := s.view.Do(ctx, func(tx store.View) error {
			all := store.Of(tx, parts)
			for _, p := range some {
				_, err := all.Get(ctx, p.id())
				switch {
				case errors.Is(err, servicecoin.ErrNotFound):
					err = all.Insert(ctx, p)
				case err == nil:
					_, err = all.Update(ctx, p.id(), func(x *part) ([]store.Event, error) {
						x.WrittenAt = p.WrittenAt
						return nil, nil
					})
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sweep deletes the parts of a month that no statement has, once they are old.
func (s *Statements) sweep(ctx context.Context, m calendar.Month) error {
	has := map[string]bool{}
	for st, err := range store.Of(s.view, statements).Find(store.By("month", store.Text(m.String()))).All(ctx) {
		if err != nil {
			return err
		}
		has[st.Digest] = true
	}
	var gone []string
	old := s.view.Now().Add(-partKept)
	for p, err := range store.Of(s.view, parts).Find(store.By("month", store.Text(m.String()))).All(ctx) {
		if err != nil {
			return err
		}
		if !has[p.Digest] && p.WrittenAt.Before(old) {
			gone = append(gone, p.id())
		}
	}
	const atOnce = 20
	for some := range slices.Chunk(gone, atOnce) {
		err := s.view.Do(ctx, func(tx store.View) error {
			all := store.Of(tx, parts)
			for _, id := range some {
				// Somebody may have written it again since, for a statement that comes.
				p, err := all.Get(ctx, id)
				if errors.Is(err, servicecoin.ErrNotFound) || err == nil && !p.WrittenAt.Before(old) {
					continue
				}
				if err != nil {
					return err
				}
				if err := all.Delete(ctx, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Proves reports whether lines and total are what the statement's own facts give, byte for
// byte, and a digest that of all of them.
func (s *Statement) Proves() (bool, error) {
	lines, total, err := s.Recompute()
	if err != nil {
		return false, err
	}
	same, err := sameLines(s.Lines, s.Total, lines, total)
	if err != nil || !same || s.Digest == "" {
		return same, err
	}
	digest, err := s.digest()
	return bytes.Equal([]byte(digest), []byte(s.Digest)), err
}
