package changeroom

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/change"
)

// Changed is what was changed of a service in a month, as far as the customer was told.
type Changed struct { //nolint:recvcheck // a value, but while it is gathered
	Done     int               `json:"done"`
	PutBack  int               `json:"putBack"`  // or failed
	Ahead    int               `json:"ahead"`    // announced, or being done
	Awaiting int               `json:"awaiting"` // the customer is asked, and has not answered
	Trace    servicecoin.Trace `json:"trace"`
}

// The code of what is out of balance, and how urgent it is.
const (
	Unanswered = "unanswered-change" // the customer is asked about a change, and has not answered

	unansweredUrgency = 60
)

// gather reads the notices of the month.
func (n Nouns) gather(ctx context.Context, s *exchange.Spinning) error {
	figures := map[servicecoin.ServiceID]*Changed{}
	rows := s.Rows()
	for notice, err := range n.Notices(s.Whose().ID).Ahead(s.Period().Start).All(ctx) {
		if err != nil {
			return err
		}
		if !notice.During.Overlaps(s.Period()) {
			continue
		}
		for _, id := range notice.Services {
			if !slices.Contains(rows, id) {
				continue
			}
			if figures[id] == nil {
				figures[id] = &Changed{Trace: servicecoin.Trace{
					Label: "changes of " + string(id) + " in " + s.Month().String(), Plain: servicecoin.Say("changes of %v in %v", id, s.Month()), Unit: "changes",
				}}
			}
			figures[id].add(&notice, s)
		}
	}
	for id, c := range figures {
		c.Trace.Value = servicecoin.Some(decimal.NewFromInt(int64(c.Done + c.PutBack + c.Ahead)))
		s.Put(id, exchange.Operations, *c)
	}
	return nil
}

func (c *Changed) add(n *change.Notice, s *exchange.Spinning) {
	switch n.State {
	case change.NoticeOver:
		c.Done++
	case change.NoticePutBack:
		c.PutBack++
	case change.NoticeAnnounced, change.NoticeUnderWay, change.NoticePlanned:
		c.Ahead++
	case change.NoticeCancelled:
		return
	}
	if n.Answer == "" && n.Open(s.At()) {
		c.Awaiting++
	}
	c.Trace.Parts = append(c.Trace.Parts, servicecoin.Trace{
		Label: n.Headline, Value: servicecoin.Some(decimal.NewFromInt(1)), Unit: "changes",
		From: []servicecoin.Key{{Customer: s.Whose().ID, Kind: change.NoticeRecord, ID: string(n.Change)}},
	})
}

// Lines implements exchange.Figures.
func (c Changed) Lines() []exchange.Line {
	var parts []string
	if c.Done > 0 {
		parts = append(parts, fmt.Sprintf("%d done", c.Done))
	}
	if c.PutBack > 0 {
		parts = append(parts, fmt.Sprintf("%d put back", c.PutBack))
	}
	if c.Ahead > 0 {
		parts = append(parts, fmt.Sprintf("%d ahead", c.Ahead))
	}
	var lines []exchange.Line
	if len(parts) > 0 {
		tone := exchange.Plain
		if c.PutBack > 0 {
			tone = exchange.Warn
		}
		lines = append(lines, exchange.Line{Text: "changes: " + strings.Join(parts, ", "), Tone: tone, Evidence: []servicecoin.Trace{c.Trace}})
	}
	if c.Awaiting > 0 {
		lines = append(lines, exchange.Line{Text: fmt.Sprintf("changes that wait for your answer: %d", c.Awaiting), Tone: exchange.Warn})
	}
	return lines
}

func judge(_ exchange.Spin, r exchange.Row) []exchange.Imbalance {
	c := exchange.Of[Changed](r.Parts)
	if c.Awaiting == 0 {
		return nil
	}
	return []exchange.Imbalance{{
		Code: Unanswered, Service: r.Service, Sides: []exchange.Side{exchange.Operations, exchange.Adoption}, Urgency: unansweredUrgency,
		Text: r.Name + ": a change waits for an answer.",
	}}
}
