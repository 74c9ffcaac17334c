package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/metering/grant"
)

// granted are the amounts of a meter that were given, with what is left of each.
func (g *gauging) granted(meter metering.MeterID, stands *grant.Snapshot) ([]grantLine, error) {
	var list []grantLine
	kept, err := collect(g.Grants(g.c.Customer).List(meter).All(g.ctx))
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(kept, func(a, b grant.Kept) int { return a.Compare(b.Grant) })
	for _, k := range kept {
		x := grantLine{ID: string(k.ID), Amount: grouped(k.Amount), From: k.From, Until: k.Until, Priority: k.Priority, Reason: k.Reason, Left: "0"}
		left := decimal.Zero
		if stands != nil {
			left = stands.Balances[k.ID]
		}
		x.Left = grouped(left)
		if k.Amount.IsPositive() {
			x.Share = int(decimal.Min(left.Shift(2).DivRound(k.Amount, 0), decimal.NewFromInt(100)).IntPart()) //nolint:mnd // percent
		}
		if k.Renewal != nil {
			x.Again = "comes again " + everyWords(k.Renewal.Every)
		}
		x.state(k, g.now, left.IsPositive())
		if g.who.is(manager) && k.Voided.IsZero() && (k.Until.IsZero() || k.Until.After(g.now)) {
			x.Void = customerPath(g.c.ID, "grants", string(k.ID), "void")
		}
		list = append(list, x)
	}
	return list, nil
}

// state says how a grant stands.
func (x *grantLine) state(k grant.Kept, now time.Time, left bool) {
	switch {
	case !k.Voided.IsZero() && !k.Voided.After(now):
		x.State, x.Tone = "taken back", "none"
	case k.From.After(now):
		x.State, x.Tone = "to come", "info"
	case !k.Until.IsZero() && !k.Until.After(now):
		x.State, x.Tone = "lapsed", "none"
	case !left:
		x.State, x.Tone = "used up", "none"
	case !k.Until.IsZero() && k.Until.Before(now.Add(soonLapse)):
		x.State, x.Tone, x.Soon = "lapses soon", "warn", true
	default:
		x.State, x.Tone = "counts", "good"
	}
}

// everyWords is how often something comes.
func everyWords(p calendar.Period) string {
	switch text := p.String(); text {
	case "P1D":
		return "every day"
	case "P1W", "P7D":
		return "every week"
	case "P1M":
		return "every month"
	case "P1Y":
		return "every year"
	default:
		return "every " + text
	}
}

// consequences say what happens at a limit, in words.
func (g *gauging) consequences(list []entitle.Consequence, unit string, c servicecoin.Customer) ([]string, error) {
	var words []string
	hard := false
	for _, x := range list {
		text := ""
		switch x.Act {
		case entitle.Refuse:
			hard, text = true, "more is refused"
		case entitle.Throttle:
			text = fmt.Sprintf("it is slowed to %s %s a second", grouped(x.Rate.Decimal), unit)
		case entitle.Charge:
			text = "more is charged at a price of its own"
			if g.who.MayPay() {
				held, err := g.Prices().AtFor(g.ctx, c.ID, x.Price, g.now)
				if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
					return nil, err
				}
				if text = "more is charged at " + string(x.Price); err == nil {
					text = fmt.Sprintf("more is charged as “%s”: %s", held.Price.Name, held.Price.Says())
				}
			}
		case entitle.Capacity:
			text = "we plan capacity for it"
		case entitle.Notify:
			text = "your contacts are told"
			if g.who.Provider() {
				text = "the contacts of " + g.c.Name + " are told"
			}
			if x.Whom != "" {
				text = g.pages.called(x.Whom) + " is told"
			}
		}
		if x.Note != "" {
			text += " (" + x.Note + ")"
		}
		words = append(words, text)
	}
	if !hard {
		words = append(words, "nothing is refused")
	}
	return words, nil
}
