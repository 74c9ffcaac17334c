package runbook

import (
	"bytes"
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
//	SHA-256 of all that is open beside it (32 bytes)
//	number of commitments (1 byte), each SHA-256(salt || text) (32 bytes)
//	the [Fact], as JSON
//
// Open beside it is, for each commitment in the same order, the length of salt and
// text (4 bytes, big-endian), the salt (16 bytes) and the text. Of a text that was
// erased the length is 0: the digest of the entry does not depend on it, and the
// commitments that are left are verified one by one.
type Entry struct {
	Run    RunID
	Number int // from 1
	Digest Digest
	Sealed []byte

	open    []byte
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
	var commitments []byte
	for _, text := range texts {
		piece := make([]byte, saltSize, saltSize+len(text))
		*(*Salt)(piece) = salt()
		piece = append(piece, text...)
		commitment := sha256.Sum256(piece)
		commitments = append(commitments, commitment[:]...)
		e.open = appendPiece(e.open, piece)
	}
	all := sha256.Sum256(e.open)
	b := make([]byte, 0, 2*digestSize+numberSize+2+len(r.ID)+len(commitments)+len(body))
	b = append(b, before[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Number)) //nolint:gosec // from 1
	b = append(b, byte(len(r.ID)))                         //nolint:gosec // at most 60
	b = append(b, r.ID...)
	b = append(b, all[:]...)
	b = append(b, byte(len(texts))) //nolint:gosec // a verb leaves some thirty at most
	b = append(b, commitments...)
	b = append(b, body...)
	e.Sealed = b
	e.Digest = sha256.Sum256(e.Sealed)
	r.Count, r.Head = e.Number, e.Digest.String()
	return e, nil
}

// appendPiece adds what is open of a commitment; nil is erased.
func appendPiece(open, piece []byte) []byte {
	open = binary.BigEndian.AppendUint32(open, uint32(len(piece))) //nolint:gosec // far below 4 GB: a record has 256 kB
	return append(open, piece...)
}

// sealedHead is what comes before the fact.
type sealedHead struct {
	before      []byte
	number      uint64
	run         []byte
	all         []byte
	commitments []byte
	body        []byte
}

func headOf(e *Entry) (h sealedHead, ok bool) {
	ok = h.read(e)
	return h, ok
}

// read reads what comes before the fact: nothing is decoded but lengths. It is false
// for bytes that are no entry.
func (h *sealedHead) read(e *Entry) bool {
	s := e.Sealed
	const fixed = digestSize + numberSize + 1
	if e.damaged || len(s) < fixed {
		return false
	}
	h.before, h.number = s[:digestSize], binary.BigEndian.Uint64(s[digestSize:])
	length := int(s[fixed-1])
	if s = s[fixed:]; len(s) <= length+digestSize {
		return false
	}
	h.run, h.all = s[:length], s[length:length+digestSize]
	many := int(s[length+digestSize]) * digestSize
	if s = s[length+digestSize+1:]; len(s) < many {
		return false
	}
	h.commitments, h.body = s[:many], s[many:]
	return true
}

// pieces returns what is open of each of so many commitments, nil for one that was
// erased, and false for bytes that are no such thing.
func pieces(open []byte, many int) ([][]byte, bool) {
	list := make([][]byte, 0, many)
	const size = 4
	for range many {
		if len(open) < size {
			return nil, false
		}
		length := binary.BigEndian.Uint32(open)
		open = open[size:]
		if uint64(len(open)) < uint64(length) || length > 0 && int(length) < saltSize {
			return nil, false
		}
		var piece []byte
		if length > 0 {
			piece = open[:length:length]
		}
		list, open = append(list, piece), open[length:]
	}
	return list, len(open) == 0
}

// opened says how what is open beside an entry stands to what was sealed: whole,
// erased in part, or changed.
func (h *sealedHead) opened(open []byte) (erased, changed bool) {
	if all := sha256.Sum256(open); bytes.Equal(all[:], h.all) {
		return false, false
	}
	list, ok := pieces(open, len(h.commitments)/digestSize)
	if !ok {
		return false, true
	}
	for n, piece := range list {
		if piece == nil {
			erased = true
			continue
		}
		if c := sha256.Sum256(piece); !bytes.Equal(c[:], h.commitments[n*digestSize:(n+1)*digestSize]) {
			return false, true
		}
	}
	return erased, !erased
}

// Erase takes salts and texts out of the entry: those whose name, as in
// [Fact.Hidden], and text which answers true for. The entry verifies as erased.
// changed is false if there was nothing to take out, or if the entry cannot be read.
func (e Entry) Erase(which func(label, text string) bool) (erased Entry, changed bool) {
	h, ok := headOf(&e)
	if !ok {
		return e, false
	}
	var fact Fact
	list, ok := pieces(e.open, len(h.commitments)/digestSize)
	if err := json.Unmarshal(h.body, &fact); err != nil || !ok || len(fact.Hidden) != len(list) {
		return e, false
	}
	var open []byte
	for n, piece := range list {
		if piece != nil && which(fact.Hidden[n], string(piece[saltSize:])) {
			piece, changed = nil, true
		}
		open = appendPiece(open, piece)
	}
	if changed {
		e.open = open
	}
	return e, changed
}

// Bytes returns the entry as it is stored: a mark of the form (1 byte), the digest,
// the length of what is sealed (4 bytes) and that, and what is open beside it.
func (e Entry) Bytes() []byte {
	const length = 4
	b := append(make([]byte, 0, 1+digestSize+length+len(e.Sealed)+len(e.open)), frameMark)
	b = append(b, e.Digest[:]...)
	b = appendPiece(b, e.Sealed)
	return append(b, e.open...)
}

// ReadEntry reads what is stored. Bytes that are no entry are one that verifies as
// changed: nothing is refused. The entry keeps the bytes.
func ReadEntry(b []byte) Entry {
	var e Entry
	var h sealedHead
	if readEntry(b, &e, &h) {
		e.Run = RunID(h.run)
	}
	return e
}

// readEntry reads all but the run, which the head has: it is the same in every entry of a
// chain, and a text of its own in each of them is most of what verifying one would
// leave behind. It is false for bytes that are no entry.
func readEntry(b []byte, e *Entry, h *sealedHead) bool {
	const fixed = 1 + digestSize + 4
	const most = 1 << 40
	if len(b) >= fixed && b[0] == frameMark {
		rest := b[fixed:]
		if length := binary.BigEndian.Uint32(b[fixed-4:]); uint64(length) <= uint64(len(rest)) {
			e.Sealed, e.open = rest[:length:length], rest[length:]
			if h.read(e) && h.number <= most {
				e.Digest, e.Number = Digest(b[1:1+digestSize]), int(h.number)
				return true
			}
		}
	}
	*e = Entry{Sealed: b, damaged: true}
	return false
}
