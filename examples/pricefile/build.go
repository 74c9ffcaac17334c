package pricefile

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

// builder makes a price of an object.
type builder struct {
	v      *servicecoin.Violations
	path   string
	name   string
	root   *node
	fields map[string]*node // those of params, too
	used   map[string]bool
}

// wrong adds what is wrong with a node.
func (b *builder) wrong(n *node, field, code, text string) {
	path := b.path
	if field != "" {
		path += "." + field
	}
	b.v.Add(fmt.Sprintf("line %d, %s", n.line, path), code, n.text, text)
}

// naming is the name of a price of a list.
func (b *builder) naming() string {
	for _, field := range []string{"id", "name", "price"} {
		if n := b.root.members[field]; n != nil && n.is == isText && strings.TrimSpace(n.text) != "" {
			return n.text
		}
	}
	b.wrong(b.root, "name", "required", "must have a name or an id")
	return ""
}

// models are those of the file by ours; both spellings are read.
func models() map[string]rating.Model {
	return map[string]rating.Model{
		"flat": rating.Flat, "per_unit": rating.PerUnit, "graduated": rating.Graduated, "volume": rating.Volume, "package": rating.Package,
		"percentage": rating.Percentage, "graduated_percentage": rating.GraduatedPercentage, "graduated_prorated": rating.GraduatedProrated,
		"dynamic": rating.Dynamic, "dynamic_multiplier": rating.Dynamic, "capacity": rating.Capacity,
	}
}

// ofModels are the fields that some models have. One that writes them all has null for
// those of the others.
func ofModels() []string {
	return []string{
		"amount", "unit", "tiers", "package_size", "package_price", "free_units", "rate_percent", "fixed_per_event", "free_events", "free_amount",
		"min_per_event", "max_per_event", "multiplier", "inner", "allowance",
	}
}

// price makes the price; what is wrong was added.
func (b *builder) price() (Price, bool) {
	before := b.v.Len()
	b.fields, b.used = map[string]*node{}, map[string]bool{}
	maps.Copy(b.fields, b.root.members)
	if params := b.fields["params"]; params != nil {
		delete(b.fields, "params")
		if params.is != isObject {
			b.wrong(params, "params", "type", "must be an object")
		}
		for name, n := range params.members {
			if b.fields[name] != nil {
				b.wrong(n, "params."+name, "duplicate", "stands beside params, too")
			}
			b.fields[name] = n
		}
	}
	for _, field := range []string{"id", "name", "price", "note", "term", "source", "input", "expect", "quirk"} {
		b.used[field] = true
	}
	p := Price{Name: b.name, rounding: money.HalfAwayFromZero}
	r := rating.Price{Name: b.name, Currency: money.EUR}
	b.each(&r)
	b.rounding(&p, &r)
	b.model(&r)
	b.terms(&r)
	for _, name := range slices.Sorted(maps.Keys(b.fields)) {
		n := b.fields[name]
		none := n.is == isNull && slices.Contains(ofModels(), name)
		if !b.used[name] && !none {
			b.wrong(n, name, "unknown", "is no field of a price of this model")
		}
	}
	if b.v.Len() > before {
		return p, false
	}
	r.Rounding = p.rounding
	var err error
	if p.Tariff, err = rating.Compile(r); err != nil {
		b.refused(err)
		return p, false
	}
	return p, true
}

// each reads the model, and that of each bucket or group.
func (b *builder) each(r *rating.Price) {
	n := b.fields["model"]
	b.used["model"] = true
	if n == nil || n.is != isText {
		b.wrong(cmpNode(n, b.root), "model", "required", "must name a model")
		return
	}
	model := strings.ReplaceAll(n.text, "-", "_")
	switch model {
	case "per_bucket", "per_group":
		r.Each = rating.Each(strings.TrimPrefix(model, "per_"))
		b.used["inner"] = true
		if n = b.fields["inner"]; n == nil || n.is != isText {
			b.wrong(cmpNode(n, b.root), "inner", "required", "must name the model of each "+string(r.Each))
			return
		}
		model = strings.ReplaceAll(n.text, "-", "_")
	}
	found, known := models()[model]
	if r.Model = found; !known {
		b.wrong(n, "model", "unknown", "must be one of "+strings.Join(slices.Sorted(maps.Keys(models())), ", ")+", or per_bucket or per_group of an inner one")
	}
}

func cmpNode(n, other *node) *node {
	if n == nil {
		return other
	}
	return n
}

// rounding reads how amounts are rounded.
func (b *builder) rounding(p *Price, r *rating.Price) {
	if n := b.take("currency"); n != nil {
		r.Currency, p.named = money.Currency(n.text), true
		if err := r.Currency.Validate(); err != nil || n.is != isText {
			b.wrong(n, "currency", "unknown", "must be a currency of ISO 4217")
			r.Currency = money.EUR
		}
	}
	for _, field := range []string{"rounding", "mode"} {
		n := b.take(field)
		if n == nil || field == "rounding" && r.Model == rating.Package && (n.text == "up" || n.text == "down") { // of packages
			continue
		}
		p.rounding = money.Rounding(strings.ReplaceAll(n.text, "_", "-"))
		if p.rounding == "half-up" { // as Java, Stripe and OpenMeter mean it: half away from zero
			p.rounding = money.HalfAwayFromZero
		}
		if err := p.rounding.Validate(); err != nil {
			b.wrong(n, field, "unknown", "must be half-away-from-zero, half-even, half-toward-zero, up, down, ceiling or floor")
			p.rounding = money.HalfAwayFromZero
		}
	}
	if n := b.take("precision"); n != nil {
		const most = 30
		places, err := strconv.Atoi(n.text)
		if err != nil || places < 0 || places > most {
			b.wrong(n, "precision", "out-of-range", fmt.Sprintf("must be a number of decimals between 0 and %d", most))
			return
		}
		p.places = &places
	}
}

// take returns a field, nil for null and for one that is not there.
func (b *builder) take(field string) *node {
	b.used[field] = true
	if n := b.fields[field]; n != nil && n.is != isNull {
		return n
	}
	return nil
}

// number reads a number, which may be missing.
func (b *builder) number(n *node, path string) decimal.NullDecimal {
	const longest = 200
	if n == nil || n.is == isNull {
		return servicecoin.Undefined()
	}
	if n.is != isNumber && n.is != isText || len(n.text) > longest {
		b.wrong(n, path, "number", "must be a number")
		return servicecoin.Undefined()
	}
	d, err := decimal.NewFromString(strings.TrimSpace(n.text))
	if err != nil {
		b.wrong(n, path, "number", `must be a number, with a point before its decimals: "12.30"`)
		return servicecoin.Undefined()
	}
	return servicecoin.Some(d)
}

func (b *builder) field(name string) decimal.NullDecimal { return b.number(b.take(name), name) }

func (b *builder) flag(name string) bool {
	n := b.take(name)
	if n != nil && n.is != isBool {
		b.wrong(n, name, "type", "must be true or false")
	}
	return n != nil && n.text == "true"
}

// refused adds what the library says of a price, by the names of the file.
func (b *builder) refused(err error) {
	invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
	if !ok {
		b.wrong(b.root, "", "invalid", err.Error())
		return
	}
	for _, x := range invalid.Violations {
		path := b.named(x.Path)
		n := b.find(path)
		b.v.Add(fmt.Sprintf("line %d, %s.%s", n.line, b.path, path), x.Code, x.Value, x.Text)
	}
}

// named is a path of the library by the names of the file.
func (b *builder) named(path string) string {
	for _, r := range [][2]string{
		{"unitPrice", "unit"},
		{"package.size", "package_size"},
		{"package.price", "package_price"},
		{"package.free", "free_units"},
		{"package.partial", "rounding"},
		{"package", "package_size"},
		{"share.percent", "rate_percent"},
		{"share.perEvent", "fixed_per_event"},
		{"share.freeEvents", "free_events"},
		{"share.freeAmount", "free_amount"},
		{"share.least", "min_per_event"},
		{"share.most", "max_per_event"},
		{"factor", "multiplier"},
		{"plans", "tiers"},
		{".most", ".max"},
		{".upTo", ".up_to"},
		{".percent", ".rate_percent"},
		{"billingUnit", "billing_unit_size"},
		{"minimum", "min_spend"},
		{"maximum", "max_spend"},
		{"discount.free", "free_quantity"},
		{"discount.rate_percent", "percent_discount"},
		{"commitment.amount", "commit_amount"},
		{"commitment.quantity", "commit_quantity"},
		{"commitment.overage", "overage_factor"},
		{"commitment", "commit_amount"},
	} {
		if strings.Contains(path, r[0]) && !strings.Contains(path, r[1]) { // not what was named before
			path = strings.Replace(path, r[0], r[1], 1)
		}
	}
	return path
}

// find returns what stands at a path, as far as there is something.
func (b *builder) find(path string) *node {
	n := b.root
	for i, part := range regexp.MustCompile(`[^.\[\]]+`).FindAllString(path, -1) {
		next := n.members[part]
		if i == 0 {
			next = b.fields[part]
		}
		if k, err := strconv.Atoi(part); err == nil && n.is == isList && k < len(n.list) {
			next = n.list[k]
		}
		if next == nil {
			return n
		}
		n = next
	}
	return n
}
