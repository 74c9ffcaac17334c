package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/metering/grant"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/problem"
)

// setLimitPage is the form of what a customer is entitled to.
type setLimitPage struct {
	page

	Customer servicecoin.Customer
	Base     string
	Here     string
	Called   string // of what is changed; "": it is new
	Typed    map[string]string

	Kinds, Services, Meters, Every, Prices []tariffChoice
	Windows                                []string
}

func (p *portal) showSetLimit(w http.ResponseWriter, r *http.Request) error {
	if !viewer(r).is(manager) {
		return fmt.Errorf("%w: our service manager says what is limited", servicecoin.ErrForbidden)
	}
	return p.setLimitAgain(w, r, nil, nil)
}

func (p *portal) setLimitAgain(w http.ResponseWriter, r *http.Request, f *form, problems error) error {
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	base := customerPath(c.ID)
	v := setLimitPage{
		page: p.page(r, "Set a limit", base+"/usage"), Customer: c.Customer, Base: base, Here: base + "/limits-set",
		Typed: map[string]string{"kind": string(entitle.Metered), "every": string(metering.Monthly)}, Windows: calendars{&p.desk}.names(),
		Kinds: []tariffChoice{{string(entitle.Metered), "an amount that is counted"}, {string(entitle.Boolean), "something that is included"}, {string(entitle.Static), "a value"}},
	}
	for _, x := range []metering.Stretch{metering.Daily, metering.Weekly, metering.Monthly, metering.Quarterly, metering.Yearly} {
		v.Every = append(v.Every, tariffChoice{string(x), string(x)})
	}
	id := entitle.FeatureID(r.URL.Query().Get("feature"))
	if f != nil {
		id = ""
		v.Typed = map[string]string{}
		for name, all := range f.r.Form {
			v.Typed[name] = all[0]
		}
		v.again(f, problems)
	}
	if id != "" {
		k, err := p.Entitlements(c.Customer).Get(r.Context(), id, p.store.Now())
		if err != nil {
			return err
		}
		if k.Feature == "" {
			return noPage(r)
		}
		v.Called = limitName(id)
		v.fill(k)
	}
	if err := p.limitChoices(r, &v, c); err != nil {
		return err
	}
	return p.render(w, r, "limit_set.html", problem.Status(problems), v)
}

// limitChoices are the lists of the form.
func (p *portal) limitChoices(r *http.Request, v *setLimitPage, c client) error {
	services, err := p.services(r.Context())
	if err != nil {
		return err
	}
	for _, s := range public(services) {
		v.Services = append(v.Services, tariffChoice{string(s.ID), s.Name})
	}
	meters, err := collect(p.Meters().List().All(r.Context()))
	if err != nil {
		return err
	}
	for _, m := range meters {
		v.Meters = append(v.Meters, tariffChoice{string(m.ID), m.Name + ", in " + m.Unit})
	}
	all, err := collect(p.Prices().Versions("").All(r.Context()))
	if err != nil {
		return err
	}
	now := p.store.Now()
	for _, x := range all { // the one that holds of each
		holds := !x.ValidFrom.After(now) && x.WithdrawnAt.IsZero() && (x.ValidUntil.IsZero() || x.ValidUntil.After(now))
		if !holds || string(x.Price.Currency) != c.Currency || x.Price.Model == rating.Flat || !mayChoose(c.ID, x.ID, all) {
			continue
		}
		choice := tariffChoice{string(x.ID), x.Price.Name + ": " + x.Price.Says()}
		if i := slices.IndexFunc(v.Prices, func(y tariffChoice) bool { return y.Value == choice.Value }); i >= 0 {
			v.Prices[i] = choice
		} else {
			v.Prices = append(v.Prices, choice)
		}
	}
	return nil
}

// fill writes what holds into the form.
func (v *setLimitPage) fill(k entitle.Kept) {
	v.Typed = map[string]string{"feature": string(k.Feature), "kind": string(k.Kind), "value": k.Value, "meter": string(k.Meter), "every": string(k.Every), "service": string(k.Service)}
	if k.Limit.Valid {
		v.Typed["limit"] = metering.Plain(k.Limit.Decimal)
	}
	v.fillFollows("", k.Exceeding)
	if len(k.Critical) > 0 {
		v.Typed["critical"], v.Typed["criticalLimit"] = k.Critical[0].Name, metering.Plain(k.Critical[0].Limit)
		v.fillFollows("critical-", k.Critical[0].Exceeding)
	}
	var percents []string
	for _, t := range k.Thresholds {
		switch {
		case t.Critical != "" || t.Measure == entitle.Amount:
		case t.Measure == entitle.Expected:
			v.Typed["expected"] = metering.Plain(t.At)
		default:
			percents = append(percents, metering.Plain(t.At))
		}
	}
	v.Typed["percents"] = strings.Join(percents, ", ")
}

func (v *setLimitPage) fillFollows(of string, list []entitle.Consequence) {
	for _, x := range list {
		switch x.Act {
		case entitle.Refuse, entitle.Notify, entitle.Capacity:
			v.Typed[of+string(x.Act)] = "yes"
		case entitle.Throttle:
			v.Typed[of+"rate"] = metering.Plain(x.Rate.Decimal)
		case entitle.Charge:
			v.Typed[of+"price"] = string(x.Price)
		}
	}
}

func (p *portal) setLimit(w http.ResponseWriter, r *http.Request) error {
	f, c, err := p.formOf(r)
	if err != nil {
		return err
	}
	again := func(err error) error { return p.setLimitAgain(w, r, f, err) }
	k := p.readLimit(r, f, c)
	if err := f.bad.Err(); err != nil { // with what the rule says of the rest
		f.addOnce(k.Entitlement.Validate())
		return again(f.bad.Err())
	}
	_, err = p.Entitlements(c.Customer).Set(r.Context(), viewer(r).actor(), k)
	return p.finish(w, r, f.err(err), confirmed(customerPath(c.ID, "limits", string(k.Feature)), "limit-set"), again)
}

// readLimit reads what is to be set.
func (p *portal) readLimit(r *http.Request, f *form, c client) entitle.Kept {
	for _, name := range []string{"feature", "kind", "value", "meter", "limit", "every", "from", "until", "service", "rate", "price", "criticalLimit", "critical-rate", "critical-price", "percents", "expected"} {
		f.at(name, name)
	}
	k := entitle.Kept{
		Entitlement: entitle.Entitlement{
			Feature: entitle.FeatureID(f.text("feature")), Kind: entitle.Kind(f.text("kind")), Value: f.text("value"),
			Meter: metering.MeterID(f.text("meter")), Limit: f.decimal("limit"), From: f.time("from", c.zone()), Until: f.time("until", c.zone()),
		},
		Every: metering.Stretch(f.text("every")), Service: servicecoin.ServiceID(f.text("service")),
	}
	if k.From.IsZero() {
		k.From = p.store.Now()
	}
	if k.Kind != entitle.Metered { // the fields of the others are not looked at
		k.Meter, k.Limit, k.Every = "", decimal.NullDecimal{}, ""
		if k.Kind == entitle.Boolean {
			k.Value = ""
		}
		return k
	}
	k.Value = ""
	m, err := p.Meters().Get(r.Context(), k.Meter)
	if err != nil {
		f.bad.Add("meter", "unknown", string(k.Meter), "is nothing that is counted")
	} else if b := (bench{meter: m}); !b.adds() && m.Aggregation != metering.Unique {
		k.Counts = grant.Level
	}
	k.Exceeding = readFollows(f, "", "exceeding")
	if name := f.text("critical"); name != "" {
		limit := f.decimal("criticalLimit")
		if !limit.Valid && f.text("criticalLimit") == "" {
			f.bad.Add("criticalLimit", "required", "", "must be set: how much is there in these windows")
		}
		f.at("critical[0].limit", "criticalLimit")
		f.at("critical[0]", "critical")
		k.Critical = []entitle.Critical{{Name: name, Limit: limit.Decimal, Exceeding: readFollows(f, "critical-", "critical[0].exceeding")}}
	}
	readThresholds(f, &k)
	return k
}

// readFollows reads what follows beyond a limit.
func readFollows(f *form, of, path string) []entitle.Consequence {
	var list []entitle.Consequence
	for _, act := range []entitle.Act{entitle.Notify, entitle.Refuse, entitle.Capacity} {
		if f.text(of+string(act)) != "" {
			list = append(list, entitle.Consequence{Act: act})
		}
	}
	at := func(name string) { f.at(fmt.Sprintf("%s[%d]", path, len(list)), name) }
	if rate := f.decimal(of + "rate"); rate.Valid {
		at(of + "rate")
		list = append(list, entitle.Consequence{Act: entitle.Throttle, Rate: rate})
	}
	if price := f.text(of + "price"); price != "" {
		at(of + "price")
		list = append(list, entitle.Consequence{Act: entitle.Charge, Price: servicecoin.PriceID(price)})
	}
	return list
}

// readThresholds reads at which figures somebody is told.
func readThresholds(f *form, k *entitle.Kept) {
	const most = 10
	add := func(name, text, word string, measure entitle.Measure) {
		if !figureText.MatchString(text) {
			const shown = 40
			f.bad.Add(name, "bad-number", text[:min(len(text), shown)], "must be percentages: 80, 95")
			return
		}
		f.at(fmt.Sprintf("thresholds[%d]", len(k.Thresholds)), name)
		k.Thresholds = append(k.Thresholds, entitle.Threshold{Name: text + " %" + word, Measure: measure, At: number(text)})
	}
	if texts := strings.FieldsFunc(f.text("percents"), func(c rune) bool { return c == ',' || c == ';' || c == ' ' }); len(texts) > most {
		f.bad.Add("percents", "too-many", "", fmt.Sprintf("must be %d at most", most))
	} else {
		for _, text := range texts {
			add("percents", text, "", entitle.Percent)
		}
	}
	if text := f.text("expected"); text != "" {
		add("expected", text, " expected", entitle.Expected)
	}
}

// endLimit ends an entitlement.
func (p *portal) endLimit(w http.ResponseWriter, r *http.Request) error {
	f, c, err := p.formOf(r)
	if err != nil {
		return err
	}
	id := entitle.FeatureID(r.PathValue("feature"))
	until := f.time("until", c.zone())
	again := func(err error) error { return p.limit(w, r, f, err) }
	if err := f.bad.Err(); err != nil {
		return again(err)
	}
	if until.IsZero() {
		until = p.store.Now()
	}
	_, err = p.Entitlements(c.Customer).End(r.Context(), viewer(r).actor(), id, until)
	return p.finish(w, r, err, confirmed(customerPath(c.ID, "limits", string(id)), "limit-ended"), again)
}
