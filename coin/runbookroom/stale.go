package runbookroom

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

// Surroundings is what is known around these books: when each was exercised last, and
// when its services changed, and the configuration records that it reads.
func (n Nouns) Surroundings(ctx context.Context, books []runbook.Book) (runbook.Surroundings, error) {
	s := runbook.Surroundings{Within: n.Within}
	var services []servicecoin.ServiceID
	var ids []servicecoin.RunbookID
	for _, b := range books {
		services, ids = append(services, b.Services...), append(ids, b.ID)
	}
	var err error
	if s.Exercised, err = n.Runs().Exercised(ctx, ids...); err != nil {
		return s, err
	}
	if s.Records, err = n.recorded(ctx, books); err != nil || n.Changed == nil {
		return s, err
	}
	slices.Sort(services)
	s.Services, err = n.Changed(ctx, n.Base, slices.Compact(services))
	return s, err
}

// recorded returns when the records that the books read were recorded anew, as far as it
// was after one of them was published: what came before counts for nothing.
func (n Nouns) recorded(ctx context.Context, books []runbook.Book) (map[string]time.Time, error) {
	var names []string
	var since time.Time
	for k := range books {
		records := books[k].Records()
		if at := books[k].PublishedAt; len(records) > 0 && (since.IsZero() || at.Before(since)) {
			since = at
		}
		names = append(names, records...)
	}
	if len(names) == 0 || n.Recorded == nil {
		return nil, nil //nolint:nilnil // nothing is read, or nobody knows
	}
	slices.Sort(names)
	return n.Recorded(ctx, n.Base, slices.Compact(names), since)
}

// Published reads every published book.
func (n Nouns) Published(ctx context.Context) ([]runbook.Book, error) {
	var list []runbook.Book
	for b, err := range n.Library().InState(runbook.Published).All(ctx) {
		if err != nil {
			return nil, err
		}
		list = append(list, b)
	}
	return list, nil
}

// Coverage says of services which scenarios have a published, fresh run book, and which
// have none.
func (n Nouns) Coverage(ctx context.Context, services []servicecoin.ServiceID) ([]runbook.Cover, error) {
	books, err := n.Published(ctx)
	if err != nil {
		return nil, err
	}
	around, err := n.Surroundings(ctx, books)
	if err != nil {
		return nil, err
	}
	return runbook.Coverage(services, n.Library().Scenarios(), books, n.Store.Now(), around), nil
}

// Prepared is how well a service is prepared for: scenarios with a run book that is
// published and fresh. What is in the books is the provider's affair.
type Prepared struct {
	Fresh int               `json:"fresh"`
	Stale int               `json:"stale"`
	Trace servicecoin.Trace `json:"trace"`
}

// Lines implements exchange.Figures.
func (p Prepared) Lines() []exchange.Line {
	if p.Fresh+p.Stale == 0 {
		return nil
	}
	line := exchange.Line{Text: fmt.Sprintf("run books: %d ready", p.Fresh), Evidence: []servicecoin.Trace{p.Trace}}
	if p.Stale > 0 {
		line.Text += fmt.Sprintf(", %d to be looked at again", p.Stale)
		line.Tone = exchange.Warn
	}
	return []exchange.Line{line}
}

// gather counts the scenarios that each service is prepared for, as things stand now.
func (n Nouns) gather(ctx context.Context, s *exchange.Spinning) error {
	rows := s.Rows()
	if len(rows) == 0 {
		return nil
	}
	covers, err := n.Coverage(ctx, rows)
	if err != nil {
		return err
	}
	found := map[servicecoin.ServiceID]*Prepared{}
	for _, c := range covers {
		if len(c.Fresh)+len(c.Stale) == 0 {
			continue
		}
		p := found[c.Service]
		if p == nil {
			p = &Prepared{Trace: servicecoin.Trace{Label: "scenarios with a run book for " + string(c.Service), Plain: servicecoin.Say("scenarios with a run book for %v", c.Service), Unit: "scenarios"}}
			found[c.Service] = p
		}
		if c.Covered() {
			p.Fresh++
		} else {
			p.Stale++
		}
	}
	for id, p := range found {
		p.Trace.Value = servicecoin.Some(decimal.NewFromInt(int64(p.Fresh + p.Stale)))
		s.Put(id, exchange.Operations, *p)
	}
	return nil
}
