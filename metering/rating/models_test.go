package rating_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/limittest"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

func codes(t *testing.T, err error) []string {
	t.Helper()
	e, ok := errors.AsType[*servicecoin.InvalidError](err)
	require.True(t, ok, "%v", err)
	var got []string
	for _, v := range e.Violations {
		got = append(got, v.Path+":"+v.Code)
	}
	return got
}

func TestFurtherModelsValidate(t *testing.T) {
	t.Parallel()
	row := func(unit string, where ...string) rating.Row {
		r := rating.Row{Unit: dec(unit), Where: map[string]string{}}
		for i := 0; i < len(where); i += 2 {
			r.Where[where[i]] = where[i+1]
		}
		return r
	}
	most := func(n string) map[string]decimal.Decimal { return map[string]decimal.Decimal{"x": dec(n)} }
	perUnit := rating.Price{Model: rating.PerUnit, UnitPrice: some("1")}
	terms := func(d *rating.Discount, c *rating.Commitment) rating.Price {
		p := perUnit
		p.Discount, p.Commitment = d, c
		return p
	}
	for name, c := range map[string]struct {
		price rating.Price
		want  []string
	}{
		"no share":         {rating.Price{Model: rating.Percentage}, []string{"share:required"}},
		"a stray share":    {rating.Price{Model: rating.Flat, Amount: some("1"), Share: &rating.Share{}}, []string{"share:contradiction"}},
		"a mad share":      {rating.Price{Model: rating.Percentage, Share: &rating.Share{Percent: dec("-1"), PerEvent: dec("-1"), FreeEvents: -1, FreeAmount: some("0"), Least: some("2"), Most: some("1")}}, []string{"share.percent:negative", "share.perEvent:negative", "share.freeEvents:negative", "share.freeAmount:out-of-range", "share.most:order"}},
		"no percentage":    {rating.Price{Model: rating.GraduatedPercentage, Tiers: []rating.Tier{{Unit: dec("1")}}}, []string{"tiers[0].percent:required"}},
		"both":             {rating.Price{Model: rating.GraduatedPercentage, Tiers: []rating.Tier{{Unit: dec("1"), Percent: some("1")}}}, []string{"tiers[0].unit:contradiction"}},
		"a percentage":     {rating.Price{Model: rating.Volume, Tiers: []rating.Tier{{Percent: some("1")}}}, []string{"tiers[0].percent:contradiction"}},
		"caps":             {rating.Price{Model: rating.GraduatedProrated, Tiers: []rating.Tier{{Cap: some("-1")}}, Signed: false}, []string{"tiers[0].cap:negative", "tiers[0].cap:contradiction"}},
		"signed prorated":  {rating.Price{Model: rating.GraduatedProrated, Tiers: []rating.Tier{{}}, Signed: true}, []string{"signed:contradiction"}},
		"no factor":        {rating.Price{Model: rating.Dynamic}, []string{"factor:required"}},
		"no rows":          {rating.Price{Model: rating.Matrix}, []string{"rows:required"}},
		"the same row":     {rating.Price{Model: rating.Matrix, Rows: []rating.Row{row("1", "a", "1"), row("2", "a", "1")}}, []string{"rows[1].where:ambiguous"}},
		"torn":             {rating.Price{Model: rating.Matrix, Rows: []rating.Row{row("1", "a", "1"), row("2", "b", "1")}}, []string{"rows[1].where:ambiguous"}},
		"settled":          {rating.Price{Name: "", Model: rating.Matrix, Rows: []rating.Row{row("1", "a", "1"), row("2", "b", "1"), row("3", "a", "1", "b", "1")}, Each: "hour"}, []string{"each:unknown"}},
		"each row":         {rating.Price{Model: rating.Matrix, Rows: []rating.Row{row("1")}, Each: rating.EachGroup}, []string{"each:contradiction"}},
		"a nameless row":   {rating.Price{Model: rating.Matrix, Rows: []rating.Row{row("-1", "", "")}}, []string{"rows[0].unit:negative", "rows[0].where:required", "rows[0].where.:required"}},
		"no plans":         {rating.Price{Model: rating.Capacity}, []string{"plans:required"}},
		"smaller plans":    {rating.Price{Model: rating.Capacity, Plans: []rating.Plan{{Most: most("5")}, {Most: most("4")}, {}, {Most: most("9"), Price: dec("-1")}}}, []string{"plans[1].most.x:order", "plans[3].price:negative", "plans[3].most.x:order"}},
		"below nothing":    {rating.Price{Model: rating.Capacity, Plans: []rating.Plan{{Most: most("-5")}}}, []string{"plans[0].most.x:negative"}},
		"billing units":    {rating.Price{Model: rating.Dynamic, Factor: some("1"), BillingUnit: some("1")}, []string{"billingUnit:contradiction"}},
		"due":              {rating.Price{Model: rating.PerUnit, UnitPrice: some("1"), Due: "soon"}, []string{"due:unknown", "due:contradiction"}},
		"money in credits": {rating.Price{Model: rating.Dynamic, Factor: some("1"), In: "credit"}, []string{"in:contradiction", "in:not-money"}},
		"an empty off":     {terms(&rating.Discount{}, nil), []string{"discount:required"}},
		"more than all":    {terms(&rating.Discount{Percent: some("100.1"), Free: some("0"), Amount: some("-1")}, nil), []string{"discount.free:out-of-range", "discount.amount:out-of-range", "discount.percent:out-of-range"}},
		"free of what":     {rating.Price{Model: rating.Flat, Amount: some("1"), Discount: &rating.Discount{Free: some("1")}}, []string{"discount.free:contradiction"}},
		"no promise":       {terms(nil, &rating.Commitment{Overage: some("0")}), []string{"commitment.overage:out-of-range", "commitment:one-of"}},
		"two promises":     {terms(nil, &rating.Commitment{Amount: some("1"), Quantity: some("1")}), []string{"commitment:one-of"}},
		"of what":          {rating.Price{Model: rating.Flat, Amount: some("1"), Commitment: &rating.Commitment{Quantity: some("1")}}, []string{"commitment.quantity:contradiction"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.price.Name, c.price.Currency, c.price.Rounding = "P", money.EUR, money.HalfEven
			_, err := rating.Compile(c.price)
			require.ElementsMatch(t, c.want, codes(t, err))
		})
	}
}

func TestUsageValidates(t *testing.T) {
	t.Parallel()
	one := rating.Usage{Quantity: dec("1")}
	huge := decimal.New(1, 1<<30)
	perUnit := rating.Price{Model: rating.PerUnit, UnitPrice: some("1")}
	bucket := perUnit
	bucket.Each = rating.EachBucket
	prorated := rating.Price{Model: rating.GraduatedProrated, Tiers: []rating.Tier{{}}}
	capacity := rating.Price{Model: rating.Capacity, Plans: []rating.Plan{{Most: map[string]decimal.Decimal{"x": dec("1"), "y": dec("1")}}}}
	matrix := rating.Price{Model: rating.Matrix, Rows: []rating.Row{{Where: map[string]string{"a": "1"}}}}
	event := func(value, part string) rating.Event { return rating.Event{Value: dec(value), Prorated: some(part)} }
	for name, c := range map[string]struct {
		price rating.Price
		usage rating.Usage
		want  []string
	}{
		"below zero":      {perUnit, rating.Usage{Quantity: dec("-1")}, []string{"quantity:negative"}},
		"huge":            {bucket, rating.Usage{Quantity: huge, Parts: []rating.Part{{Usage: rating.Usage{Quantity: huge}}}, Events: []rating.Event{{Value: huge}}, Peaks: map[string]decimal.Decimal{"x": huge}}, []string{"quantity:out-of-range", "events[0].value:out-of-range", "peaks.x:out-of-range", "parts[0].usage.quantity:out-of-range"}},
		"stray parts":     {perUnit, rating.Usage{Parts: []rating.Part{{Usage: one}}}, []string{"parts:contradiction"}},
		"parts of parts":  {bucket, rating.Usage{Parts: []rating.Part{{Usage: rating.Usage{Parts: []rating.Part{{Usage: one}}}}}}, []string{"parts[0].usage.parts:too-deep"}},
		"not the sum":     {bucket, rating.Usage{Quantity: dec("3"), Parts: []rating.Part{{Usage: one}, {Usage: one}}}, []string{"quantity:contradiction"}},
		"too many":        {bucket, rating.Usage{Parts: make([]rating.Part, 20_001)}, []string{"parts:too-many"}},
		"a stray amount":  {perUnit, rating.Usage{Amount: some("1")}, []string{"amount:contradiction"}},
		"more than is":    {prorated, rating.Usage{Events: []rating.Event{event("5", "1"), event("-6", "-1")}}, []string{"events[1].value:below-zero"}},
		"another sign":    {prorated, rating.Usage{Events: []rating.Event{event("5", "-1"), event("0", "1")}}, []string{"events[0].prorated:sign", "events[1].prorated:sign"}},
		"prorated what":   {capacity, rating.Usage{Events: []rating.Event{event("5", "1")}}, []string{"events[0].prorated:contradiction"}},
		"no peaks":        {capacity, one, []string{"peaks:required"}},
		"unknown peaks":   {capacity, rating.Usage{Peaks: map[string]decimal.Decimal{"z": dec("0")}}, []string{"peaks.z:unknown"}},
		"above all plans": {capacity, rating.Usage{Peaks: map[string]decimal.Decimal{"x": dec("2")}}, []string{"peaks:out-of-range"}},
		"no row":          {matrix, rating.Usage{Parts: []rating.Part{{Usage: one, Dimensions: map[string]string{"a": "2"}}}}, []string{"parts[0].dimensions:no-row"}},
		"no events":       {rating.Price{Model: rating.Percentage, Share: &rating.Share{PerEvent: dec("1")}}, one, []string{"events:required"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.price.Name, c.price.Currency, c.price.Rounding = "P", money.EUR, money.HalfEven
			tariff, err := rating.Compile(c.price)
			require.NoError(t, err)
			_, err = tariff.Charge(c.usage)
			require.ElementsMatch(t, c.want, codes(t, err))
		})
	}
}

// Whatever somebody hands in, checking it takes little.
func TestLongListsOfModelsAreRefused(t *testing.T) { //nolint:paralleltest // counts what is allocated
	many := map[string]decimal.Decimal{}
	where := map[string]string{}
	rows := make([]rating.Row, 2000) // of as many shapes, so that all pairs would have to be looked at
	for i := range rows {
		rows[i].Where = map[string]string{fmt.Sprint("a", i): "1"}
	}
	for i := range 100_000 {
		many[strconv.Itoa(i)], where[strconv.Itoa(i)] = decimal.Zero, "x"
	}
	for name, p := range map[string]rating.Price{
		"rows": {Model: rating.Matrix, Rows: make([]rating.Row, 100_000)}, "rows[0].where": {Model: rating.Matrix, Rows: []rating.Row{{Where: where}}},
		"pairs": {Model: rating.Matrix, Rows: rows}, "ambiguous": {Model: rating.Matrix, Rows: rows[:400]},
		"plans": {Model: rating.Capacity, Plans: make([]rating.Plan, 100_000)}, "plans[0].most": {Model: rating.Capacity, Plans: []rating.Plan{{Most: many}}},
	} {
		p.Name, p.Currency, p.Rounding = "P", money.EUR, money.HalfEven
		var err error
		took := limittest.Allocated(func() { err = p.Validate() })
		require.ErrorIs(t, err, servicecoin.ErrInvalid, name)
		require.Less(t, took, uint64(8<<20), name)
	}
}

// A price is read from JSON as it was written, and one that was written before
// there were further models is written as it was.
func TestPricesAsJSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(storage())
	require.NoError(t, err)
	// The same bytes, and not the same JSON: a digest of a statement has them in it.
	want := `{"name":"Storage","model":"graduated","currency":"EUR","rounding":"half-away-from-zero","unit":"GB","amount":null,"unitPrice":null,` +
		`"tiers":[{"upTo":"100","unit":"0.1","flat":"2"},{"upTo":"500","unit":"0.05","flat":"0"},{"upTo":null,"unit":"0.0125","flat":"0"}],` +
		`"billingUnit":null,"minimum":null,"maximum":null}`
	require.Zero(t, bytes.Compare([]byte(want), text), "%s", text)
	rapid.Check(t, func(t *rapid.T) {
		p := drawnPrice(t)
		text, err := json.Marshal(p)
		require.NoError(t, err)
		var back rating.Price
		require.NoError(t, json.Unmarshal(text, &back))
		require.True(t, p.Equal(back), "%s", text)
		require.True(t, back.Equal(p))
		again, err := json.Marshal(back)
		require.NoError(t, err)
		require.JSONEq(t, string(text), string(again))
		u := drawnUsage(t, p)
		text, err = json.Marshal(u)
		require.NoError(t, err)
		var used rating.Usage
		require.NoError(t, json.Unmarshal(text, &used))
		tariff, err := rating.Compile(back)
		require.NoError(t, err)
		one, err := tariff.Charge(u)
		require.NoError(t, err)
		two, err := tariff.Charge(used)
		require.NoError(t, err)
		require.True(t, one.Exact.Equal(two.Exact))
	})
}

// Two prices that differ in one field are not equal.
func TestPricesDiffer(t *testing.T) {
	t.Parallel()
	full := rating.Price{
		Tiers: []rating.Tier{{Percent: some("1"), Cap: some("1")}}, Share: &rating.Share{FreeAmount: some("1"), Least: some("1"), Most: some("1")}, Factor: some("1"),
		Rows: []rating.Row{{Where: map[string]string{"a": "1"}}}, Plans: []rating.Plan{{Most: map[string]decimal.Decimal{"x": dec("1")}}}, Each: rating.EachGroup,
		Commitment: &rating.Commitment{Amount: some("1"), Quantity: some("1"), Overage: some("1")}, Discount: &rating.Discount{Free: some("1"), Percent: some("1"), Amount: some("1")},
		Due: rating.InArrears, In: "credit",
	}
	same := full
	require.True(t, full.Equal(same))
	for name, change := range map[string]func(p *rating.Price){
		"percent": func(p *rating.Price) { p.Tiers = []rating.Tier{{Percent: some("2"), Cap: some("1")}} }, "cap": func(p *rating.Price) { p.Tiers = []rating.Tier{{Percent: some("1")}} },
		"share": func(p *rating.Price) { p.Share = nil }, "shares": func(p *rating.Price) { p.Share = &rating.Share{} }, "factor": func(p *rating.Price) { p.Factor = some("2") },
		"rows": func(p *rating.Price) { p.Rows = nil }, "where": func(p *rating.Price) { p.Rows = []rating.Row{{}} }, "plans": func(p *rating.Price) { p.Plans = []rating.Plan{{}} },
		"each": func(p *rating.Price) { p.Each = "" }, "commitment": func(p *rating.Price) { p.Commitment = &rating.Commitment{TrueUp: true} }, "discount": func(p *rating.Price) { p.Discount = &rating.Discount{} },
		"due": func(p *rating.Price) { p.Due = "" }, "in": func(p *rating.Price) { p.In = "" },
	} {
		other := full
		change(&other)
		require.False(t, full.Equal(other), name)
		require.False(t, other.Equal(full), name)
	}
}

func TestModelsSay(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]rating.Price{
		"2.9 % of each event and 0.30 EUR, of each at least 0.50 EUR, of each at most 12.00 EUR, the first 3 events or 100.00 EUR free, whichever is first": {
			Model: rating.Percentage, Share: &rating.Share{Percent: dec("2.9"), PerEvent: dec("0.3"), Least: some("0.5"), Most: some("12"), FreeEvents: 3, FreeAmount: some("100")},
		},
		"1 % and 5.00 EUR up to 100, then 0.5 %, at most 50.00 EUR,": {
			Model: rating.GraduatedPercentage, Tiers: []rating.Tier{{UpTo: some("100"), Percent: some("1"), Flat: dec("5")}, {Percent: some("0.5"), Cap: some("50")}},
		},
		"the amounts of the events, times 1.2, less 10 %": {Model: rating.Dynamic, Factor: some("1.2"), Discount: &rating.Discount{Percent: some("10")}},
		"0.10 EUR per GB for region eu, size l, 0.20 EUR for anything else, the first 5 free": {
			Model: rating.Matrix, Unit: "GB", Rows: []rating.Row{{Where: map[string]string{"size": "l", "region": "eu"}, Unit: dec("0.1")}, {Unit: dec("0.2")}}, Discount: &rating.Discount{Free: some("5")},
		},
		"10.00 EUR up to 100 CPUs and 50 GB, 30.00 EUR without a bound": {
			Model: rating.Capacity, Plans: []rating.Plan{{Price: dec("10"), Most: map[string]decimal.Decimal{"GB": dec("50"), "CPUs": dec("100")}}, {Price: dec("30")}},
		},
		"2 credits per hour, for each bucket, 10 credits promised, above it 2 times as much, what is missing is charged": {
			Model: rating.PerUnit, Unit: "hours", In: "credits", UnitPrice: some("2"), Each: rating.EachBucket, Commitment: &rating.Commitment{Amount: some("10"), Overage: some("2"), TrueUp: true},
		},
	} {
		p.Currency = money.EUR
		require.Equal(t, want, p.Says())
	}
}

// A customer recomputes the bill from what it is told.
func TestTraceOfModels(t *testing.T) {
	t.Parallel()
	p := rating.Price{
		Name: "Payments", Model: rating.Percentage, Currency: money.EUR, Rounding: money.HalfAwayFromZero, Signed: true,
		Share: &rating.Share{Percent: dec("2.9"), PerEvent: dec("0.3"), FreeEvents: 1, Least: some("0.5"), Most: some("12")}, Commitment: &rating.Commitment{Amount: some("20"), TrueUp: true},
		Discount: &rating.Discount{Percent: some("10"), Amount: some("1")},
	}
	c := charged(t, p, rating.Usage{Events: eventsOf([]decimal.Decimal{dec("50"), dec("2"), dec("1000"), dec("-20")})})
	require.Equal(t, `Charge for 1 032 EUR: 17.00 EUR
  2.9 % of 982.00 EUR = 28.478 EUR
  1 event at 0.30 EUR each = 0.30 EUR
  What the least and the most of an event change: −17.158 EUR
  What is missing to what was promised: 8.38 EUR
  Discount of 10 % on 20.00 EUR: −2.00 EUR
  Discount: −1.00 EUR
`, toldPlain(c.TraceOf("EUR ")))
	require.Contains(t, c.Trace().String(), "percent: 982 at 2.9 %: 28.478 EUR")
}

// toldPlain has spaces that are as wide as others.
func toldPlain(t servicecoin.Trace) string {
	out := []rune{}
	for _, r := range t.Tell(servicecoin.Reader{}).String() {
		if r == '\u202f' {
			r = ' '
		}
		out = append(out, r)
	}
	return string(out)
}

// What is wrong with several peaks is told in their order, every time.
func TestPeaksAreToldInOrder(t *testing.T) {
	t.Parallel()
	p := rating.Price{Name: "P", Model: rating.Capacity, Currency: money.EUR, Rounding: money.HalfEven, Plans: []rating.Plan{{Most: map[string]decimal.Decimal{"x": dec("1")}}, {}}}
	tariff, err := rating.Compile(p)
	require.NoError(t, err)
	peaks := map[string]decimal.Decimal{}
	want := []string{}
	for i := range 9 {
		peaks[fmt.Sprint("z", i)] = dec("1")
		want = append(want, fmt.Sprintf("peaks.z%d:unknown", i))
	}
	_, err = tariff.Charge(rating.Usage{Peaks: peaks})
	require.Equal(t, want, codes(t, err))
}
