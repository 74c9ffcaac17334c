package main

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

// otherTimes is the window of a price that is written on the page.
const otherTimes = "at those times"

// figureText is a number as people write it in a form: its length is bounded before
// anything is reckoned with it.
var figureText = regexp.MustCompile(`^-?\d{1,18}(\.\d{1,12})?$`)

// decimal reads a number, null for an empty field.
func (f *form) decimal(name string) decimal.NullDecimal {
	text := strings.TrimSpace(f.r.Form.Get(name))
	if text == "" {
		return decimal.NullDecimal{}
	}
	if !figureText.MatchString(text) {
		const most = 40
		f.bad.Add(name, "bad-number", text[:min(len(text), most)], "must be a number, with a point before its decimals: 0.085")
		return decimal.NullDecimal{}
	}
	return servicecoin.Some(number(text))
}

// readPrice reads the price that is written on the page. All that is wrong with it stands
// at its fields.
func readPrice(f *form, v *tariffsPage, c client, critical []hours.CriticalWindow) rating.Price {
	p := rating.Price{Name: "The price below", Model: rating.Model(f.r.Form.Get("model")), Currency: money.Currency(c.Currency), Rounding: money.HalfAwayFromZero, Unit: v.Meter.Unit}
	if p.Model == "" {
		p.Model = rating.PerUnit
	}
	for _, name := range []string{"model", "unitPrice", "minimum", "maximum", "percent", "times", "timesFactor", "criticalFactor"} {
		f.at(name, name) // also where an address leaves it out
	}
	switch p.Model { //nolint:exhaustive // the others are not on the page
	case rating.Graduated, rating.Volume:
		readTiers(f, &p)
	case rating.PerUnit:
		p.UnitPrice = f.decimal("unitPrice")
	default:
		f.bad.Add("model", "unknown", string(p.Model), "must be one of the list")
		return p
	}
	p.Minimum, p.Maximum = f.decimal("minimum"), f.decimal("maximum")
	if percent := f.decimal("percent"); percent.Valid {
		p.Discount = &rating.Discount{Percent: percent}
		f.at("discount", "percent")
	}
	readWindows(f, &p, c, critical)
	f.addOnce(p.Validate())
	return p
}

// addOnce adds what a rule says of inputs of which nothing is said yet: what could not be
// read is not there, and the rule would miss it.
func (f *form) addOnce(rule error) {
	said := map[string]bool{}
	if before, ok := errors.AsType[*servicecoin.InvalidError](f.bad.Err()); ok {
		for _, x := range before.Violations {
			said[x.Path] = true
		}
	}
	invalid, ok := errors.AsType[*servicecoin.InvalidError](rule)
	if !ok {
		return
	}
	for _, x := range invalid.Violations {
		if name := f.nameOf(x.Path); name == "" || !said[name] {
			f.bad.Add(cmp.Or(name, x.Path), x.Code, x.Value, x.Text)
			said[name] = true
		}
	}
}

// readTiers reads the rows that say something. The last of them has no end.
func readTiers(f *form, p *rating.Price) {
	f.at("tiers", "unit-1")
	for n := range mostTariffTiers {
		upTo, unit, flat := fmt.Sprintf("upTo-%d", n+1), fmt.Sprintf("unit-%d", n+1), fmt.Sprintf("flat-%d", n+1)
		for _, name := range []string{upTo, unit, flat} {
			f.at(name, name)
		}
		bound, each, fee := f.decimal(upTo), f.decimal(unit), f.decimal(flat)
		typed := f.r.Form.Get(upTo) + f.r.Form.Get(unit) + f.r.Form.Get(flat)
		if strings.TrimSpace(typed) == "" {
			continue
		}
		path := fmt.Sprintf("tiers[%d]", len(p.Tiers))
		f.at(path+".upTo", upTo)
		f.at(path+".unit", unit)
		f.at(path+".flat", flat)
		if !each.Valid && !fee.Valid && f.r.Form.Get(unit)+f.r.Form.Get(flat) == "" {
			f.bad.Add(unit, "required", "", "must say what a unit costs")
		}
		p.Tiers = append(p.Tiers, rating.Tier{UpTo: bound, Unit: each.Decimal, Flat: fee.Decimal})
	}
}

// readWindows reads when another price holds: at times that are written, and in the
// critical windows of the calendar.
func readWindows(f *form, p *rating.Price, c client, critical []hours.CriticalWindow) {
	factor := f.decimal("criticalFactor")
	if factor.Valid {
		for _, w := range critical {
			f.at(fmt.Sprintf("windows[%d]", len(p.Windows)), "criticalFactor")
			p.Windows = append(p.Windows, rating.Critical(w, factor.Decimal))
		}
	}
	text, times := strings.TrimSpace(f.r.Form.Get("times")), f.decimal("timesFactor")
	if text == "" && !times.Valid {
		return
	}
	if f.r.Form.Get("timesFactor") == "" {
		f.bad.Add("timesFactor", "required", "", "must say how many times as much a unit costs at those times")
	}
	const most = 200
	if text == "" || len(text) > most {
		f.bad.Add("times", "bad-hours", "", "must say which times those are: Mo-Fr 18:00-06:00; Sa-Su 00:00-24:00")
		return
	}
	open, err := hours.Parse(text)
	if err != nil {
		f.bad.Add("times", "bad-hours", text, "cannot be read: "+wrongIn(err))
		return
	}
	open.Zone = c.zone().String()
	path := fmt.Sprintf("windows[%d]", len(p.Windows))
	f.at(path, "times")
	f.at(path+".factor", "timesFactor")
	p.Windows = append(p.Windows, rating.PriceWindow{Name: otherTimes, Hours: &open, Factor: times})
}

// wrongIn is what is wrong with a text, and where in it.
func wrongIn(err error) string {
	_, all := inWords(err)
	return strings.Join(all, "; ")
}

// criticalIn says which critical windows the month has, on the page, and returns those.
func (p *portal) criticalIn(v *tariffsPage, c client) ([]hours.CriticalWindow, error) {
	during := v.Month.In(c.zone())
	if v.Month.Compare(p.desk.first) < 0 || v.Month.Compare(p.desk.last) > 0 {
		v.Critical = "The critical windows of " + monthWords(v.Month) + " are not known."
		return nil, nil
	}
	list, err := p.desk.critical.Overlapping(during)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		v.Critical = monthWords(v.Month) + " has no critical window."
		return p.desk.matters, nil
	}
	var names []string
	for _, w := range list {
		names = append(names, w.Name)
	}
	v.Critical = monthWords(v.Month) + " has: " + listWords(names) + "."
	return p.desk.matters, nil
}
