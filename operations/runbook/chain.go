package runbook

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/servicecoin/servicecoin"
)

// Entry is one entry of a run as it is stored. Sealed are the bytes that the chain is
// made of; they never change, and the digest of an entry is their SHA-256:
//
//	digest of the entry before (32 bytes, zero for the first)
//	number of the entry (8 bytes, big-endian)
//	length of the run's id (1 byte), the id
//	number of commitments (1 byte), each SHA-256(salt || text) (32 bytes)
//	the [Fact], as JSON
//
// Open has salt and text of each commitment, in the same order, and nil for one that
// was erased: the digest of the entry does not depend on it.
type Entry struct {
	Run    RunID
	Number int // from 1
	Digest Digest
	Sealed []byte
	Open   [][]byte // salt (16 bytes) || text

	damaged bool // what is stored cannot be read
}

// Digest is a SHA-256.
type Digest [sha256.Size]byte

// String returns the digest in hexadecimal digits, as [Run.Head] has it.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Salt keeps a commitment from being guessed. It is random, and of one text alone.
type Salt [16]byte

const (
	saltSize   = len(Salt{})
	digestSize = sha256.Size
	numberSize = 8
	frameMark  = 1 // the form of what is stored
)

// Seal chains what the verbs have left to what came before, and returns the new
// entries. What is stored afterwards is the run and these entries, in one commit.
func (r *Run) Seal(salt func() Salt) ([]Entry, error) {
	var list []Entry
	for _, m := range r.pending {
		e, err := r.seal(m, salt)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	r.pending = nil
	return list, nil
}

func (r *Run) seal(m mark, salt func() Salt) (Entry, error) {
	actor, err := json.Marshal(m.by)
	if err != nil {
		return Entry{}, fmt.Errorf("run %s: %w", r.ID, err)
	}
	m.fact.Hidden = append([]string{actorLabel}, m.labels...)
	texts := append([]string{string(actor)}, m.texts...)
	body, err := json.Marshal(m.fact)
	if err != nil {
		return Entry{}, fmt.Errorf("run %s: %w", r.ID, err)
	}
	e := Entry{Run: r.ID, Number: r.Count + 1}
	var before Digest
	if r.Count > 0 {
		if _, err := hex.Decode(before[:], []byte(r.Head)); err != nil || len(r.Head) != 2*digestSize {
			var v servicecoin.Violations
			v.Add("head", "bad-format", r.Head, "must be 64 hexadecimal digits")
			return Entry{}, v.Err()
		}
	}
	b := append([]byte(nil), before[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Number))
	b = append(append(b, byte(len(r.ID))), r.ID...)
	b = append(b, byte(len(texts)))
	for _, text := range texts {
		s := salt()
		open := append(s[:], text...)
		commitment := sha256.Sum256(open)
		b = append(b, commitment[:]...)
		e.Open = append(e.Open, open)
	}
	e.Sealed = append(b, body...)
	e.Digest = sha256.Sum256(e.Sealed)
	r.Count, r.Head = e.Number, e.Digest.String()
	return e, nil
}

// head reads what comes before the fact: nothing is decoded but lengths. It is false
// for bytes that are no entry.
func (e *Entry) head() (before []byte, number uint64, run, commitments, body []byte, ok bool) {
	s := e.Sealed
	const fixed = digestSize + numberSize + 1
	if e.damaged || len(s) < fixed {
		return nil, 0, nil, nil, nil, false
	}
	before, number = s[:digestSize], binary.BigEndian.Uint64(s[digestSize:])
	length := int(s[fixed-1])
	if s = s[fixed:]; len(s) <= length {
		return nil, 0, nil, nil, nil, false
	}
	run = s[:length]
	many := int(s[length]) * digestSize
	if s = s[length+1:]; len(s) < many {
		return nil, 0, nil, nil, nil, false
	}
	return before, number, run, s[:many], s[many:], true
}

func (e *Entry) body() ([]byte, bool) {
	_, _, _, _, body, ok := e.head()
	return body, ok
}

// text returns an open text, false if it was erased.
func (e *Entry) text(n int) (string, bool) {
	if len(e.Open[n]) < saltSize {
		return "", false
	}
	return string(e.Open[n][saltSize:]), true
}

// Bytes returns the entry as it is stored: a mark of the form (1 byte), the digest,
// the length of what is sealed (4 bytes) and that, and of each commitment the length
// of its salt and text (4 bytes; 0 if erased) and those.
func (e Entry) Bytes() []byte {
	size := 1 + digestSize + 4 + len(e.Sealed)
	for _, open := range e.Open {
		size += 4 + len(open)
	}
	b := append(make([]byte, 0, size), frameMark)
	b = append(b, e.Digest[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(e.Sealed))) //nolint:gosec // far below 4 GB: a record has 256 kB
	b = append(b, e.Sealed...)
	for _, open := range e.Open {
		b = binary.BigEndian.AppendUint32(b, uint32(len(open))) //nolint:gosec // as above
		b = append(b, open...)
	}
	return b
}

// ReadEntry reads what is stored. Bytes that are no entry are one that verifies as
// changed: nothing is refused. The entry keeps the bytes.
func ReadEntry(b []byte) Entry {
	damaged := Entry{Sealed: b, damaged: true}
	const fixed = 1 + digestSize + 4
	if len(b) < fixed || b[0] != frameMark {
		return damaged
	}
	var e Entry
	copy(e.Digest[:], b[1:])
	length := binary.BigEndian.Uint32(b[fixed-4:])
	if b = b[fixed:]; uint64(len(b)) < uint64(length) {
		return damaged
	}
	e.Sealed, b = b[:length:length], b[length:]
	_, number, run, commitments, _, ok := e.head()
	const most = 1 << 40
	if !ok || number > most {
		return damaged
	}
	e.Run, e.Number = RunID(run), int(number)
	if many := len(commitments) / digestSize; many > 0 {
		e.Open = make([][]byte, 0, many)
	}
	for range len(commitments) / digestSize {
		if len(b) < 4 {
			return damaged
		}
		length := binary.BigEndian.Uint32(b)
		if b = b[4:]; uint64(len(b)) < uint64(length) || length > 0 && int(length) < saltSize {
			return damaged
		}
		var open []byte
		if length > 0 {
			open = b[:length:length]
		}
		e.Open, b = append(e.Open, open), b[length:]
	}
	if len(b) > 0 {
		return damaged
	}
	return e
}
