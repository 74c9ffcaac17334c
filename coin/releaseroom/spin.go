package releaseroom

import (
	"context"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/release"
)

// Runs is which versions of the platform of a service a customer runs, today.
type Runs struct { //nolint:recvcheck // a value, but while it is gathered
	Positions []release.Position `json:"positions"`
	Behind    int                `json:"behind"` // installations for which something newer is out
	Ended     int                `json:"ended"`  // whose line is not supported any more
	Recalled  int                `json:"recalled"`
	Exposed   int                `json:"exposed"` // with a critical flaw that a version mends
	Trace     servicecoin.Trace  `json:"trace"`
}

// The codes of what is out of balance, and how urgent it is.
const (
	Unsupported = "unsupported-version" // support of its line is over
	Withdrawn   = "recalled-version"
	Flawed      = "critical-flaw" // what runs has a critical flaw

	unsupportedUrgency, withdrawnUrgency, flawedUrgency = 55, 75, 80
)

// gather asks where a customer's installations stand now.
func (n Nouns) gather(ctx context.Context, s *exchange.Spinning) error {
	list, err := n.Positions(ctx, s.Whose().ID)
	if err != nil {
		return err
	}
	of, rows := map[servicecoin.ServiceID]*Runs{}, s.Rows()
	for _, pos := range list {
		p, err := n.Schedule().Platform(ctx, pos.Installation.Platform)
		if err := exchange.UnlessGone(err); err != nil {
			return err
		}
		if pos.Installation.Version == "" || !slices.Contains(rows, p.Service) {
			continue
		}
		r := of[p.Service]
		if r == nil {
			r = &Runs{Trace: servicecoin.Trace{Label: "versions of " + string(p.Service), Plain: servicecoin.Say("versions of %v", p.Service), Unit: "installations"}}
			of[p.Service] = r
		}
		r.add(pos, s.Whose().ID)
	}
	for id, r := range of {
		r.Trace.Value = servicecoin.Some(decimal.NewFromInt(int64(len(r.Positions))))
		s.Put(id, exchange.Operations, *r)
	}
	return nil
}

func (r *Runs) add(pos release.Position, customer servicecoin.CustomerID) {
	r.Positions = append(r.Positions, pos)
	if len(pos.Between) > 0 {
		r.Behind++
	}
	if pos.Phase == release.Ended {
		r.Ended++
	}
	if pos.Recalled != nil {
		r.Recalled++
	}
	if len(pos.Fixes) > 0 {
		r.Exposed++
	}
	i := pos.Installation
	r.Trace.Parts = append(r.Trace.Parts, servicecoin.Trace{
		Label: called(i) + " runs " + i.Version, Value: servicecoin.Some(decimal.NewFromInt(1)), Unit: "installations",
		From: []servicecoin.Key{release.RunningKey(customer, i.Platform, i.Installation)},
	})
}

// called is how people call an installation.
func called(i release.Installation) string {
	if i.Installation == "" {
		return string(i.Platform)
	}
	return string(i.Platform) + ", " + i.Installation
}

// Lines implements exchange.Figures.
func (r Runs) Lines() []exchange.Line {
	var lines []exchange.Line
	for _, pos := range r.Positions {
		text, tone := "version "+pos.Installation.Version, exchange.Plain
		if pos.Installation.Installation != "" {
			text += " (" + pos.Installation.Installation + ")"
		}
		switch {
		case pos.Recalled != nil:
			text, tone = text+", recalled", exchange.Warn
		case len(pos.Fixes) > 0:
			text, tone = text+", with a critical flaw", exchange.Warn
		case pos.Phase == release.Ended:
			text, tone = text+", not supported any more", exchange.Warn
		case len(pos.Between) > 0:
			what := "releases"
			if len(pos.Between) == 1 {
				what = "release"
			}
			text += fmt.Sprintf(", %d %s behind %s", len(pos.Between), what, pos.Between[len(pos.Between)-1].Version)
		}
		if until, ok := pos.Line.End(); ok && pos.Phase != release.Ended {
			text += ", supported until " + until.String()
		}
		lines = append(lines, exchange.Line{Text: text, Tone: tone, Evidence: []servicecoin.Trace{r.Trace}})
	}
	return lines
}

func judge(_ exchange.Spin, row exchange.Row) []exchange.Imbalance {
	r := exchange.Of[Runs](row.Parts)
	var list []exchange.Imbalance
	add := func(count int, code string, urgency int, text string) {
		if count > 0 {
			list = append(list, exchange.Imbalance{
				Code: code, Service: row.Service, Sides: []exchange.Side{exchange.Operations, exchange.Management}, Urgency: urgency,
				Text: row.Name + ": " + text,
			})
		}
	}
	add(r.Exposed, Flawed, flawedUrgency, "what runs has a critical flaw that is known.")
	add(r.Recalled, Withdrawn, withdrawnUrgency, "a version runs that was recalled.")
	add(r.Ended, Unsupported, unsupportedUrgency, "a version runs whose support is over.")
	return list
}
