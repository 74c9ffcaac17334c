package patchroom

import (
	"context"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/operations/patch"
)

// Patched is how the targets of a service stand to the flaws that are known.
type Patched struct { //nolint:recvcheck // a value, but while it is gathered
	Flaws     int               `json:"flaws"`     // advisories that concern any of its targets
	Targets   int               `json:"targets"`   // pairs of a target and an advisory that concerns it
	Compliant int               `json:"compliant"` // of them
	Overdue   int               `json:"overdue"`   // known not to be, and the time to mend it is over
	Unknown   int               `json:"unknown"`   // of which nobody knows
	Trace     servicecoin.Trace `json:"trace"`
}

// The code of what is out of balance, and how urgent it is.
const (
	Overdue = "overdue-patch" // a flaw is not mended, and the time to mend it is over

	overdueUrgency = 70
)

// mostNamed is how many flaws a trace names.
const mostNamed = 50

// gather asks how the customer's targets stand now.
func (n Nouns) gather(ctx context.Context, s *exchange.Spinning) error {
	if n.Register == nil {
		return nil
	}
	all, err := n.Overview(ctx, s.At(), s.Whose().ID)
	if err != nil {
		return err
	}
	rows, figures := s.Rows(), map[servicecoin.ServiceID]*Patched{}
	for _, standing := range all {
		counted := map[servicecoin.ServiceID]int{}
		for _, r := range standing.Now.Rows {
			if !slices.Contains(rows, r.Service) {
				continue
			}
			f := figures[r.Service]
			if f == nil {
				f = &Patched{Trace: servicecoin.Trace{
					Label: "patches of " + string(r.Service), Plain: servicecoin.Say("patches of %v", r.Service), Unit: "targets",
				}}
				figures[r.Service] = f
			}
			f.Targets++
			counted[r.Service]++
			switch r.Condition {
			case patch.Compliant:
				f.Compliant++
			case patch.NotKnown:
				f.Unknown++
			case patch.NonCompliant:
				if standing.Overdue() > 0 {
					f.Overdue++
				}
			case patch.Exempt:
			}
		}
		for id, targets := range counted {
			figures[id].add(&standing, id, targets, s.Whose().ID)
		}
	}
	for id, f := range figures {
		f.Trace.Value = servicecoin.Some(decimal.NewFromInt(int64(f.Compliant)))
		s.Put(id, exchange.Operations, *f)
	}
	return nil
}

func (p *Patched) add(s *Standing, service servicecoin.ServiceID, targets int, customer servicecoin.CustomerID) {
	p.Flaws++
	if len(p.Trace.Parts) >= mostNamed {
		return
	}
	part := servicecoin.Trace{Label: s.Advisory.Title(), Value: servicecoin.Some(decimal.NewFromInt(int64(targets))), Unit: "targets"}
	for _, r := range s.Now.Rows {
		if r.Service == service && len(part.From) < mostNamed {
			part.From = append(part.From, servicecoin.Key{Customer: customer, Kind: configuration.ItemRecord, ID: string(r.Target)})
		}
	}
	p.Trace.Parts = append(p.Trace.Parts, part)
}

// Lines implements exchange.Figures.
func (p Patched) Lines() []exchange.Line {
	if p.Targets == 0 {
		return nil
	}
	tone := exchange.Plain
	text := fmt.Sprintf("patches: %d of %d in place", p.Compliant, p.Targets)
	if p.Unknown > 0 {
		text += fmt.Sprintf(", %d unknown", p.Unknown)
	}
	if p.Overdue > 0 {
		text += fmt.Sprintf(", %d overdue", p.Overdue)
		tone = exchange.Warn
	}
	return []exchange.Line{{Text: text, Tone: tone, Evidence: []servicecoin.Trace{p.Trace}}}
}

func judge(_ exchange.Spin, r exchange.Row) []exchange.Imbalance {
	p := exchange.Of[Patched](r.Parts)
	if p.Overdue == 0 {
		return nil
	}
	return []exchange.Imbalance{{
		Code: Overdue, Service: r.Service, Sides: []exchange.Side{exchange.Operations, exchange.Management}, Urgency: overdueUrgency,
		Text: fmt.Sprintf("%s: %d known flaws are not mended in time.", r.Name, p.Overdue),
	}}
}
