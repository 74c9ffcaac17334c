package runbook

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
)

// A run is stored as a mark of the form (1 byte), the length of its JSON without
// steps, that JSON, the steps and what is undone. Every verb reads and writes the
// whole run, and hundreds of steps as JSON would be most of its work.
//
// A list of steps is their number, and of each: the marks of the parts that it has
// (see partsOf), its id and its state, then these parts in the order of their marks.
// Numbers are varints; a text has its length before it; an instant is the seconds
// since the beginning of the run, and nanoseconds.

const runMark = 1 // the form of what is stored

// The marks of the parts of a status. They are stored.
const (
	hasAttempt = 1 << iota
	hasRetried
	hasBy
	hasReadyAt
	hasBegunAt
	hasEndedAt
	hasDue
	hasAnswer
	hasMeasured
	hasOutputs
	hasHeard
	isBroken
	hasBegan
	hasEnded

	everyPart = hasEnded<<1 - 1
)

// bare is a run without methods; its steps stand elsewhere.
type bare Run

func writeRun(r Run) ([]byte, error) {
	head := bare(r)
	head.Steps, head.Undo = nil, nil
	text, err := json.Marshal(head)
	if err != nil {
		return nil, err
	}
	const perStep = 48
	b := make([]byte, 0, len(text)+perStep*(1+len(r.Steps)+len(r.Undo)))
	b = binary.AppendUvarint(append(b, runMark), uint64(len(text)))
	b = append(b, text...)
	for _, list := range [][]Status{r.Steps, r.Undo} {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for n := range list {
			b = appendStatus(b, &list[n], r.StartedAt.Unix())
		}
	}
	return b, nil
}

// partsOf says which parts a status has.
func partsOf(s *Status) (marks uint64) {
	for n, there := range [...]bool{
		s.Attempt != 0, s.Retried != 0, s.By != "", !s.ReadyAt.IsZero(), !s.BegunAt.IsZero(), !s.EndedAt.IsZero(), !s.Due.IsZero(),
		s.Answer != "", s.Measured != "", len(s.Outputs) > 0, len(s.Heard) > 0, s.Broken, s.Began != 0, s.Ended != 0,
	} {
		if there {
			marks |= 1 << n
		}
	}
	return marks
}

func appendStatus(b []byte, s *Status, since int64) []byte {
	marks := partsOf(s)
	b = binary.AppendUvarint(b, marks)
	b = appendText(appendText(b, s.ID), s.State)
	number := func(mark uint64, n int) {
		if marks&mark != 0 {
			b = binary.AppendVarint(b, int64(n))
		}
	}
	instant := func(mark uint64, t time.Time) {
		if marks&mark != 0 {
			b = binary.AppendVarint(b, t.Unix()-since)
			b = binary.AppendUvarint(b, uint64(t.Nanosecond())) //nolint:gosec // below a second
		}
	}
	number(hasAttempt, s.Attempt)
	number(hasRetried, s.Retried)
	if marks&hasBy != 0 {
		b = appendText(b, s.By)
	}
	instant(hasReadyAt, s.ReadyAt)
	instant(hasBegunAt, s.BegunAt)
	instant(hasEndedAt, s.EndedAt)
	instant(hasDue, s.Due)
	if marks&hasAnswer != 0 {
		b = appendText(b, s.Answer)
	}
	if marks&hasMeasured != 0 {
		b = appendText(b, s.Measured)
	}
	if marks&hasOutputs != 0 {
		b = binary.AppendUvarint(b, uint64(len(s.Outputs)))
		for _, name := range slices.Sorted(maps.Keys(s.Outputs)) {
			b = appendText(appendText(b, name), s.Outputs[name])
		}
	}
	if marks&hasHeard != 0 {
		b = binary.AppendUvarint(b, uint64(len(s.Heard)))
		for _, n := range s.Heard {
			b = binary.AppendVarint(b, int64(n))
		}
	}
	number(hasBegan, s.Began)
	number(hasEnded, s.Ended)
	return b
}

func appendText[S ~string](b []byte, text S) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

var errNoRun = errors.New("the stored bytes are no run")

func readRun(body []byte) (Run, error) {
	if len(body) == 0 || body[0] != runMark {
		return Run{}, errNoRun
	}
	x := runReader{rest: body[1:]}
	text := x.cut(x.length())
	var head bare
	if x.broken {
		return Run{}, errNoRun
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return Run{}, err
	}
	r := Run(head)
	x.text, x.since = string(x.rest), r.StartedAt.Unix()
	r.Steps, r.Undo = x.list(), x.list()
	if x.broken || len(x.rest) != 0 {
		return Run{}, errNoRun
	}
	return r, nil
}

// runReader reads the steps of a run. Bytes that say more than there is are broken, and
// then nothing is left.
type runReader struct {
	rest   []byte
	text   string // the steps once more: texts are parts of it, and not copied one by one
	since  int64
	broken bool
}

func (x *runReader) fail() {
	x.rest, x.broken = nil, true
}

func (x *runReader) uvarint() uint64 {
	n, size := binary.Uvarint(x.rest)
	if size <= 0 {
		x.fail()
		return 0
	}
	x.rest = x.rest[size:]
	return n
}

func (x *runReader) number() int {
	n, size := binary.Varint(x.rest)
	if size <= 0 {
		x.fail()
		return 0
	}
	x.rest = x.rest[size:]
	return int(n)
}

// length reads how much comes; each has a byte at least.
func (x *runReader) length() int {
	n := x.uvarint()
	if n > uint64(len(x.rest)) {
		x.fail()
		return 0
	}
	return int(n) //nolint:gosec // not more than what is there
}

func (x *runReader) cut(length int) []byte {
	b := x.rest[:length]
	x.rest = x.rest[length:]
	return b
}

func (x *runReader) string() string {
	length := x.length()
	from := len(x.text) - len(x.rest)
	if x.broken {
		return ""
	}
	x.rest = x.rest[length:]
	return x.text[from : from+length]
}

func (x *runReader) instant() time.Time {
	seconds, nanoseconds := int64(x.number()), x.uvarint()
	if nanoseconds >= uint64(time.Second) || seconds > math.MaxInt64/2 || seconds < math.MinInt64/2 {
		x.fail()
		return time.Time{}
	}
	return time.Unix(x.since+seconds, int64(nanoseconds)).UTC()
}

func (x *runReader) list() []Status {
	many := x.length()
	if many == 0 {
		return nil
	}
	const least = 3 // bytes of a status
	list := make([]Status, 0, min(many, len(x.rest)/least))
	for range many {
		var s Status
		if x.status(&s); x.broken {
			return nil
		}
		list = append(list, s)
	}
	return list
}

func (x *runReader) status(s *Status) {
	marks := x.uvarint()
	if marks > everyPart {
		x.fail()
		return
	}
	number := func(mark uint64, n *int) {
		if marks&mark != 0 {
			*n = x.number()
		}
	}
	instant := func(mark uint64, t *time.Time) {
		if marks&mark != 0 {
			*t = x.instant()
		}
	}
	s.ID, s.State = StepID(x.string()), StepState(x.string())
	number(hasAttempt, &s.Attempt)
	number(hasRetried, &s.Retried)
	if marks&hasBy != 0 {
		s.By = servicecoin.PersonID(x.string())
	}
	instant(hasReadyAt, &s.ReadyAt)
	instant(hasBegunAt, &s.BegunAt)
	instant(hasEndedAt, &s.EndedAt)
	instant(hasDue, &s.Due)
	if marks&hasAnswer != 0 {
		s.Answer = x.string()
	}
	if marks&hasMeasured != 0 {
		s.Measured = x.string()
	}
	if marks&hasOutputs != 0 {
		many := x.length()
		s.Outputs = make(map[string]string, many)
		for range many {
			name := x.string()
			s.Outputs[name] = x.string()
		}
	}
	if marks&hasHeard != 0 {
		for range x.length() {
			s.Heard = append(s.Heard, x.number())
		}
	}
	s.Broken = marks&isBroken != 0
	number(hasBegan, &s.Began)
	number(hasEnded, &s.Ended)
}
