package configurationroom

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

// Stood is how the configuration items of a service stand against what is recorded of
// them, as it is now.
type Stood struct { //nolint:recvcheck // a value, but while it is gathered
	Items        int                    `json:"items"` // without those that are retired
	InLine       int                    `json:"inLine"`
	Drifting     int                    `json:"drifting"`
	Unauthorised int                    `json:"unauthorised"` // that differ in a way which no approved change explains; whether or not that is still known
	Worst        configuration.Severity `json:"worst,omitempty"`
	Unknown      int                    `json:"unknown"` // of which nobody knows how they are
	Since        time.Time              `json:"unknownSince,omitzero"`
	At           time.Time              `json:"at"`
	Trace        servicecoin.Trace      `json:"trace"`
}

// The codes of what is out of balance, and how urgent it is.
const (
	Unauthorised = "unauthorised-drift"    // something was changed, and by no approved change
	Unknown      = "unknown-configuration" // nobody knows any more how something is

	unauthorisedUrgency, unknownUrgency = 65, 35
)

// mostNamed is how many items a trace names.
const mostNamed = 50

// gather reads the items of the customer: those of services that are rows, and all others
// for the month as a whole.
func (n Nouns) gather(ctx context.Context, s *exchange.Spinning) error {
	rows := s.Rows()
	found := map[servicecoin.ServiceID]*Stood{}
	for i, err := range n.Register(s.Whose().ID).Items().All(ctx) {
		if err != nil {
			return err
		}
		if !i.RetiredAt.IsZero() || !i.RecordedAt.Before(s.Period().End) {
			continue
		}
		service := i.Service
		if !slices.Contains(rows, service) {
			service = ""
		}
		f := found[service]
		if f == nil {
			f = &Stood{At: s.At(), Trace: servicecoin.Trace{Label: "configuration items", Plain: servicecoin.Say("configuration items"), Unit: "items"}}
			if service != "" {
				f.Trace.Label, f.Trace.Plain = "configuration items of "+string(service), servicecoin.Say("configuration items of %v", service)
			}
			found[service] = f
		}
		f.add(s.Whose().ID, &i)
	}
	for service, f := range found {
		f.Trace.Value = servicecoin.Some(decimal.NewFromInt(int64(f.Items)))
		if service == "" {
			s.PutWhole(exchange.Operations, *f)
		} else {
			s.Put(service, exchange.Operations, *f)
		}
	}
	return nil
}

func (f *Stood) add(customer servicecoin.CustomerID, i *configuration.Item) {
	f.Items++
	standing := i.Standing(f.At)
	switch standing {
	case configuration.InLine:
		f.InLine++
	case configuration.Drifted:
		f.Drifting++
		if slices.Index(configuration.Severities(), i.Worst) > slices.Index(configuration.Severities(), f.Worst) {
			f.Worst = i.Worst
		}
	case configuration.Unknown, configuration.NeverSeen:
		f.Unknown++
		if since := UnknownSince(i); f.Since.IsZero() || since.Before(f.Since) {
			f.Since = since
		}
	case configuration.Retired:
	}
	if i.Unauthorised > 0 {
		f.Unauthorised++
	}
	if standing != configuration.InLine && len(f.Trace.Parts) < mostNamed {
		f.Trace.Parts = append(f.Trace.Parts, servicecoin.Trace{
			Label: i.Name, Value: servicecoin.Some(decimal.NewFromInt(1)), Unit: "items", From: []servicecoin.Key{key(customer, i.ID)},
		})
	}
}

// UnknownSince returns since when nobody knows how an item is: since what was seen of it
// held no more, or since it was recorded where it was never looked at.
func UnknownSince(i *configuration.Item) time.Time {
	if i.Looked.At.IsZero() || i.WholeAt.IsZero() {
		return i.RecordedAt
	}
	return i.StaleAt
}

// Lines implements exchange.Figures.
func (f Stood) Lines() []exchange.Line {
	if f.Items == 0 {
		return nil
	}
	var parts []string
	tone := exchange.Good
	add := func(n int, words string, t exchange.Tone) {
		if n > 0 {
			parts, tone = append(parts, fmt.Sprintf("%d %s", n, words)), t
		}
	}
	add(f.InLine, "as recorded", exchange.Good)
	add(f.Unknown, "not known"+f.longest(), exchange.Unknown)
	add(f.Drifting, "otherwise than recorded", exchange.Warn)
	add(f.Unauthorised, "changed without an approved change", exchange.Bad)
	return []exchange.Line{{Text: "configuration: " + strings.Join(parts, ", "), Tone: tone, Evidence: []servicecoin.Trace{f.Trace}}}
}

// longest says for how long the longest is not known.
func (f Stood) longest() string {
	const day = 24 * time.Hour
	switch days := int(f.At.Sub(f.Since) / day); {
	case f.Unknown == 0 || days < 1:
		return ""
	case days == 1:
		return " (for a day at most)"
	default:
		return fmt.Sprintf(" (for %d days at most)", days)
	}
}

func judge(_ exchange.Spin, r exchange.Row) []exchange.Imbalance {
	f := exchange.Of[Stood](r.Parts)
	var list []exchange.Imbalance
	add := func(n int, code, one, more string, urgency int) {
		if n == 0 {
			return
		}
		words := fmt.Sprintf("%s: %d configuration items %s", r.Name, n, more)
		if n == 1 {
			words = r.Name + ": a configuration item " + one
		}
		list = append(list, exchange.Imbalance{Code: code, Service: r.Service, Sides: []exchange.Side{exchange.Operations, exchange.Management}, Urgency: urgency, Text: words})
	}
	add(f.Unauthorised, Unauthorised, "was changed, and by no approved change.", "were changed, and by no approved change.", unauthorisedUrgency)
	add(f.Unknown, Unknown, "was not looked at for too long.", "were not looked at for too long.", unknownUrgency)
	return list
}
