package meteringroom

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/metering/entitle"
)

// Limited is how an entitlement to something of a service stands, as the customer sees it:
// without what follows beyond the limits, in which there are words for others.
type Limited struct {
	Feature  entitle.FeatureID `json:"feature"`
	Unit     string            `json:"unit"`
	Period   calendar.Interval `json:"period"`
	Counters []entitle.Counter `json:"counters"`
	Reached  []string          `json:"reached"` // the names of the thresholds that are
	Trace    servicecoin.Trace `json:"trace"`
}

// LimitExceeded is the code of more that was used than a limit of an entitlement.
const LimitExceeded = "limit-exceeded"

const limitUrgency = 75

// rows names the services that metered entitlements are of.
func (n Nouns) rows(ctx context.Context, s *exchange.Spinning) error {
	held, err := n.held(ctx, s)
	for _, k := range held {
		if k.Service != "" {
			s.Row(k.Service)
		}
	}
	return err
}

// held are the metered entitlements that hold at the end of the month, or now.
func (n Nouns) held(ctx context.Context, s *exchange.Spinning) ([]entitle.Kept, error) {
	return exchange.Once(s, Name+" entitlements", func() ([]entitle.Kept, error) {
		list := []entitle.Kept{}
		for k, err := range n.Entitlements(s.Whose()).Holding(s.Until().Add(-time.Microsecond)).All(ctx) {
			if err != nil {
				return nil, err
			}
			if k.Kind == entitle.Metered {
				list = append(list, k)
			}
		}
		return list, nil
	})
}

// limits are how the entitlements of each service stand: of those that it is named in, and
// of those of a meter by which it is counted.
func (n Nouns) limits(ctx context.Context, s *exchange.Spinning, meters []Metered) (map[servicecoin.ServiceID][]Limited, error) {
	held, err := n.held(ctx, s)
	if err != nil {
		return nil, err
	}
	list := map[servicecoin.ServiceID][]Limited{}
	for _, k := range held {
		of := []servicecoin.ServiceID{}
		if k.Service != "" {
			of = append(of, k.Service)
		}
		for _, m := range meters {
			if k.Service == "" && m.Meter == k.Meter && !slices.Contains(of, m.Service) {
				of = append(of, m.Service)
			}
		}
		if len(of) == 0 {
			continue
		}
		standing, err := n.Entitlements(s.Whose()).Standing(ctx, k.Feature, decimal.Decimal{}, s.Until().Add(-time.Microsecond))
		if err != nil {
			return nil, err
		}
		for _, id := range of {
			list[id] = append(list[id], limited(standing))
		}
	}
	return list, nil
}

func limited(s entitle.Standing) Limited {
	l := Limited{
		Feature: s.Kept.Feature, Unit: s.Unit, Period: s.Facts.Period, Counters: slices.Clone(s.Judgement.Counters),
		Reached: []string{}, Trace: s.Trace(),
	}
	for i := range l.Counters {
		l.Counters[i].Follows = nil
	}
	for _, t := range s.Reached() {
		l.Reached = append(l.Reached, t.Name)
	}
	return l
}

// line says how an entitlement stands: with a word of warning where a threshold is
// reached, or a limit passed.
func (l Limited) line() exchange.Line {
	line := exchange.Line{Evidence: []servicecoin.Trace{l.Trace}}
	for i, c := range l.Counters {
		used := "unknown"
		if c.Used.Valid {
			used = c.Used.Decimal.String()
		}
		if i == 0 {
			line.Text = fmt.Sprintf("%s: %s of %s %s", l.Feature, used, c.Limit, l.Unit)
		} else {
			line.Text += fmt.Sprintf(", in %s %s of %s", c.Name, used, c.Limit)
		}
		if c.Exceeds {
			line.Tone = exchange.Bad
		}
	}
	if len(l.Reached) > 0 && line.Tone == exchange.Plain {
		line.Tone = exchange.Warn
		line.Text += ", near the limit"
	}
	return line
}

// beyond says which limits of a service were passed.
func (l Limited) beyond(r exchange.Row) []exchange.Imbalance {
	var list []exchange.Imbalance
	for _, c := range l.Counters {
		if !c.Exceeds {
			continue
		}
		where := ""
		if c.Name != "" {
			where = " in " + c.Name
		}
		list = append(list, exchange.Imbalance{
			Code: LimitExceeded, Service: r.Service, Sides: []exchange.Side{exchange.Operations, exchange.Adoption}, Urgency: limitUrgency,
			Text: fmt.Sprintf("%s: %s %s of %s were used%s, the limit is %s.", r.Name, c.Used.Decimal, l.Unit, l.Feature, where, c.Limit),
		})
	}
	return list
}
