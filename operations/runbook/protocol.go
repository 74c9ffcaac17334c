package runbook

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/document"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// Protocol is the evidence of a run, to be printed: what was done, when and by whom,
// with the number of entries and the digest of the last one, so that what is stored
// can be verified against paper ([Runs.VerifyAgainst]).
type Protocol struct {
	Run       Run
	Plan      Plan
	Lines     []Line
	Languages []string          // of the reader
	Words     map[string]string // translations of the protocol's own words, by the English ones
	// People are what people are called, where the host knows it. Their ids are printed
	// beside, since the chain of the record is over those; of whom it says nothing, or ""
	// the id alone.
	People map[servicecoin.PersonID]string
}

// WriteMarkdown writes the protocol as CommonMark with tables. What people wrote is
// escaped.
func (p Protocol) WriteMarkdown(w io.Writer) error {
	_, err := io.WriteString(w, form().Markdown(p.blocks()))
	return err
}

// WriteHTML writes the protocol as a page of its own that can be printed: no script,
// nothing from elsewhere, and everything that people wrote as text.
func (p Protocol) WriteHTML(w io.Writer) error {
	title, _ := p.Run.Title.In(p.Languages...)
	_, err := io.WriteString(w, form().HTML(title, p.blocks()))
	return err
}

func (p Protocol) blocks() []document.Block {
	m := Manual{Languages: p.Languages, Words: p.Words}
	about := document.Block{}
	about.Term(m.word("Run"), string(p.Run.ID))
	about.Term(m.word("Run book"), fmt.Sprintf("%s, %s %d", p.Run.Book, m.word("Version"), p.Run.Version))
	about.Term(m.word("State"), m.word(string(p.Run.State)))
	if p.Run.Drill {
		about.Term(m.word("Drill"), m.word("yes"))
	}
	about.Term(m.word("Change"), string(p.Run.Change))
	about.Term(m.word("Customer"), string(p.Run.Customer))
	about.Term(m.word("Services"), join(p.Run.Services))
	about.Term(m.word("Started"), lifecycle.Stamp(p.Run.StartedAt))
	about.Term(m.word("Ended"), lifecycle.Stamp(p.Run.EndedAt))
	about.Term(m.word("Entries"), strconv.Itoa(p.Run.Count))
	about.Term(m.word("Head"), p.Run.Head)
	table := document.Block{Table: [][]string{{m.word("No."), m.word("At"), m.word("Who"), m.word("What"), m.word("Evidence")}}}
	for _, l := range p.Lines {
		table.Table = append(table.Table, p.row(m, l))
	}
	return []document.Block{{Heading: 1, Text: m.say(p.Run.Title), Anchor: "protocol"}, about, table}
}

func (p Protocol) row(m Manual, l Line) []string {
	who := m.word("erased")
	if l.Actor != nil {
		who = l.Actor.String()
		if l.Actor.Kind != servicecoin.System {
			who = p.called(l.Actor.ID, who)
		}
	}
	var what []string
	what = append(what, m.word(l.Fact.Verb))
	for _, x := range l.Fact.Moves {
		name := string(x.Step)
		if s, ok := p.Plan.Step(x.Step); ok {
			name += " (" + m.say(s.Title) + ")"
		}
		text := name + ": " + m.word(string(x.To))
		if x.Answer != "" {
			text += ", " + x.Answer
		}
		what = append(what, text)
	}
	if l.Fact.State != "" {
		what = append(what, m.word("run")+": "+m.word(string(l.Fact.State)))
	}
	if l.Fact.Late {
		what = append(what, m.word("late"))
	}
	return []string{strconv.Itoa(l.Number), lifecycle.Stamp(l.Fact.At), who, strings.Join(what, "; "), strings.Join(p.evidence(m, l), "; ")}
}

// called returns the name of a person with what the record calls them.
func (p Protocol) called(id servicecoin.PersonID, written string) string {
	if name := p.People[id]; name != "" {
		return name + " (" + written + ")"
	}
	return written
}

// evidence returns what people wrote, and what they showed.
func (p Protocol) evidence(m Manual, l Line) []string {
	var list []string
	for _, label := range l.Fact.Hidden {
		if text, ok := l.Texts[label]; ok && !strings.HasPrefix(label, "evidence[") {
			if label == personLabel {
				text = p.called(servicecoin.PersonID(text), text)
			}
			list = append(list, m.word(label)+": "+text)
		}
	}
	for n, s := range l.Fact.Evidence {
		var parts []string
		if s.Value.Valid {
			parts = append(parts, strings.TrimSpace(s.Value.Decimal.String()+" "+s.Unit))
		}
		if text, ok := l.Texts["evidence["+strconv.Itoa(n)+"]"]; ok {
			parts = append(parts, text)
		}
		if s.SHA256 != "" {
			parts = append(parts, "SHA-256 "+s.SHA256)
		}
		if len(parts) > 0 {
			list = append(list, m.word(s.Kind)+": "+strings.Join(parts, ", "))
		}
	}
	for _, label := range l.Erased {
		if label != actorLabel {
			list = append(list, m.word(label)+": "+m.word("erased"))
		}
	}
	return list
}
