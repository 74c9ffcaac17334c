package changeroom

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

// configurations is the room of configuration, whose events are answered.
const configurations = "configuration"

// discovers is the link that records what is found otherwise than it is to be, and by no
// approved change, as a change that nobody had asked for: it counts among those, and is
// not closed before a person has reviewed it. Of an item there is one for as long as its
// first such finding is open; what comes beside it belongs to that.
func (n Nouns) discovers() exchange.Link {
	return exchange.When(n.Base, "change.discover", configurations, Name, []string{configuration.EventDrifted},
		func(ctx context.Context, w exchange.Work, news configuration.ItemChanged) error {
			if news.Unauthorised == 0 {
				return nil
			}
			register := configuration.New(w.Of(w.Customer), nil) // it reads, and needs no types for that
			item, err := register.Item(ctx, news.Item)
			if errors.Is(err, servicecoin.ErrNotFound) {
				return nil // the customer is forgotten
			}
			if err != nil {
				return err
			}
			drift, err := register.Drift(ctx, news.Item)
			if err != nil {
				return err
			}
			found := slices.DeleteFunc(drift.Open, func(f configuration.Finding) bool {
				return f.Origin != configuration.Unauthorised || n.Discover != nil && !n.Discover(item, f)
			})
			if !slices.ContainsFunc(found, func(f configuration.Finding) bool { return slices.Contains(news.Findings, f.Number) }) {
				return nil
			}
			slices.SortFunc(found, func(a, b configuration.Finding) int { return a.Number - b.Number })
			control, x := n.On(w.Base).Control(), discovery(w.Customer, item, found, w.Store.Now())
			_, err = control.Get(ctx, x.ID)
			if errors.Is(err, servicecoin.ErrNotFound) {
				_, err = control.Discover(ctx, exchange.By(), x)
			}
			return err
		})
}

// Discovered returns the id of the change under which a finding is recorded that no
// approved change explains, if it is the first one of its item that is open. Nothing is
// read out of it.
func Discovered(customer servicecoin.CustomerID, item servicecoin.ConfigurationID, finding int) servicecoin.ChangeID {
	const shown = 8
	sum := sha256.Sum256(fmt.Appendf(nil, "drift\x00%s\x00%s\x00%d", customer, item, finding))
	return servicecoin.ChangeID("drift-" + hex.EncodeToString(sum[:shown]))
}

// discovery is what is recorded of findings, of which there is one: in which places, and
// not what stands there.
func discovery(customer servicecoin.CustomerID, i configuration.Item, found []configuration.Finding, now time.Time) change.Found {
	const most, longest = 10, 120
	x := change.Found{
		ID: Discovered(customer, i.ID, found[0].Number), Scope: change.Scope{Records: []servicecoin.ConfigurationID{i.ID}}, Seen: now,
		Title: fmt.Sprintf("Changed by no approved change: %s %s", cut(string(i.Type), longest/4), cut(string(i.ID), longest)),
	}
	if customer != servicecoin.Provider {
		x.Scope.Customers = []servicecoin.CustomerID{customer}
	}
	if i.Service != "" {
		x.Scope.Services = []servicecoin.ServiceID{i.Service}
	}
	places := make([]string, 0, len(found))
	for _, f := range found {
		if f.LastSeen.Before(x.Seen) {
			x.Seen = f.LastSeen
		}
		if len(places) < most {
			places = append(places, fmt.Sprintf("finding %d", f.Number))
		}
	}
	x.Reason = "It was found otherwise than it is recorded: " + strings.Join(places, ", ")
	if more := len(found) - len(places); more > 0 {
		x.Reason += fmt.Sprintf(" and %d more", more)
	}
	x.Reason += "; seen by " + cut(found[0].SeenBy, longest) + "."
	return x
}

// cut keeps a text at so many characters.
func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
