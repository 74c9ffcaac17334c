package runbook

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// Fact is what an entry says that is never erased. What people wrote, and who they
// are, is beside it: see [Entry].
type Fact struct {
	At       time.Time  `json:"at"`
	Verb     string     `json:"verb"`
	Step     StepID     `json:"step,omitempty"`
	Attempt  int        `json:"attempt,omitempty"`
	State    RunState   `json:"state,omitempty"`    // of the run, where it changed
	Moves    []StepMove `json:"moves,omitempty"`    // of steps: the one that the verb is about, and those that followed
	Books    []Pin      `json:"books,omitempty"`    // of a beginning
	Drill    bool       `json:"drill,omitempty"`    // of a beginning
	Failed   bool       `json:"failed,omitempty"`   // of a result
	Late     bool       `json:"late,omitempty"`     // of a result: it came after the time limit, or when it was not waited for any more
	Evidence []Shown    `json:"evidence,omitempty"` // in the order in which it was given
	// Hidden names what the entry has commitments to, in their order: "actor",
	// "text", "person", "measured", "outputs", "evidence[0]".
	Hidden []string `json:"hidden"`
}

// StepMove is a step that came to another state.
type StepMove struct {
	Step    StepID    `json:"step"`
	To      StepState `json:"to"`
	Attempt int       `json:"attempt,omitempty"`
	Answer  string    `json:"answer,omitempty"` // of a decision
}

// Shown is a piece of evidence without what people wrote.
type Shown struct {
	Kind   string              `json:"kind"` // "text", "value", "link" or "file"
	Value  decimal.NullDecimal `json:"value"`
	Unit   string              `json:"unit,omitempty"`
	SHA256 string              `json:"sha256,omitempty"`
	Size   int64               `json:"size,omitempty"`
}

// mark is an entry before it is sealed.
type mark struct {
	by     servicecoin.Actor
	fact   Fact
	labels []string
	texts  []string
}

// say adds a text that can be erased later; "" is none.
func (m *mark) say(label, text string) {
	if text != "" {
		m.labels, m.texts = append(m.labels, label), append(m.texts, text)
	}
}

func (m *mark) show(list []Evidence) {
	for n, e := range list {
		label := "evidence[" + strconv.Itoa(n) + "]"
		s := Shown{Kind: "value", Value: e.Value, Unit: e.Unit}
		switch {
		case e.Text != "":
			s.Kind = "text"
			m.say(label, e.Text)
		case e.Link != "":
			s.Kind = "link"
			m.say(label, e.Link)
		case e.File != nil:
			s.Kind, s.SHA256, s.Size = "file", e.File.SHA256, e.File.Size
			m.say(label, e.File.Name)
		}
		m.fact.Evidence = append(m.fact.Evidence, s)
	}
}

// leave keeps an entry until it is sealed.
func (r *Run) leave(m mark) {
	r.with(m.by.ID, m.by.OnBehalfOf)
	r.pending = append(slices.Clip(r.pending), m)
}

// number is that of the entry which is being made.
func (r *Run) number() int { return r.Count + len(r.pending) + 1 }

// Line is an entry as people read it.
type Line struct {
	Number int  `json:"number"`
	Fact   Fact `json:"fact"`
	// Actor is who did it, nil if they were erased.
	Actor *servicecoin.Actor `json:"actor,omitempty"`
	// Texts are what people wrote, and what was measured, by the names in Fact.Hidden.
	Texts  map[string]string `json:"texts,omitempty"`
	Erased []string          `json:"erased,omitempty"` // names of what was erased
}

// Read returns the entry as people read it. An entry that was changed may have none.
func (e Entry) Read() (Line, error) {
	l := Line{Number: e.Number}
	h, ok := headOf(&e)
	list, open := pieces(e.open, len(h.commitments)/digestSize)
	if !ok || !open {
		return l, fmt.Errorf("entry %d of run %s: the stored bytes are no entry", e.Number, e.Run)
	}
	if err := json.Unmarshal(h.body, &l.Fact); err != nil {
		return l, fmt.Errorf("entry %d of run %s: %w", e.Number, e.Run, err)
	}
	for n, label := range l.Fact.Hidden {
		if n >= len(list) {
			break
		}
		if list[n] == nil {
			l.Erased = append(l.Erased, label)
			continue
		}
		text := string(list[n][saltSize:])
		if label == actorLabel {
			var a servicecoin.Actor
			if err := json.Unmarshal([]byte(text), &a); err == nil {
				l.Actor = &a
			}
			continue
		}
		if l.Texts == nil {
			l.Texts = map[string]string{}
		}
		l.Texts[label] = text
	}
	return l, nil
}

const (
	actorLabel  = "actor"
	personLabel = "person" // who allowed it, to whom it was handed over
)
