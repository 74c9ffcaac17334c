package rating_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

// vector is a case of testdata/vectors.
type vector struct {
	ID     string          `json:"id"`
	Model  string          `json:"model"`
	Params json.RawMessage `json:"params"`
	Input  json.RawMessage `json:"input"`
	Expect json.RawMessage `json:"expect"`
	Quirk  bool            `json:"quirk"`
	Source string          `json:"source"`
	Note   string          `json:"note"`
}

const units = "units are converted by package metering"

// elsewhere lists the kinds of the copied files that another package answers.
func elsewhere() map[string]string {
	return map[string]string{
		"unit_conversion": units, "unit_conversion_validate": units, "unit_linear": units, "metric_round": units, "quantity_mutate": units,
		"minute_of_day": "package metering runs it over calendar/hours", "window_contains": "package metering runs it over calendar/hours",
		"windows_contain": "package metering runs it over calendar/hours",
	}
}

// quirks is the policy for each kind of case that only its source behaves like, by the
// beginning of the id.
func quirks() map[string]string {
	const (
		first  = "reached: BillFirstTier, the default"
		blocks = "reached: a graduated price of packages is composed of one package price for each tier"
	)
	return map[string]string{
		"chg-au-volfree":     "refused: an allowance that moves the bounds and is charged again above it charges more for less",
		"rnd-cur-precisions": "reached; the unknown currency, which is an error, is refused; the digits of the others are those of ISO 4217",
		"rnd-order-matters":  "reached: a statement rounds each line and adds the rounded ones",
		"chg-lago-gradpct":   first, "prog-vol-": first, "chg-fx-": "reached: BillNothing, where zero usage costs nothing",
		"chg-lago-pct-":    "reached: whichever of free events and free amount is first",
		"chg-lago-progra-": "reached: graduated-prorated; refused where events take away more than is there, of which the source makes nothing",
		"chg-om-credit-":   "reached: credits beyond the amount are an error to whoever adds them up",
		"chg-kb-":          blocks, "prog-kb-": blocks,
		"pro-fx-": "reached: EndIncluded", "pro-miq-": "reached: MonthOf720",
	}
}

// policy is the longest of the quirks that an id begins with.
func policy(id string) (begin, text string) {
	for x, p := range quirks() {
		if strings.HasPrefix(id, x) && len(x) > len(begin) {
			begin, text = x, p
		}
	}
	return begin, text
}

// fields reads an object, and fails on a field that the adapter does not know.
func fields[T any](t *testing.T, raw json.RawMessage) T {
	t.Helper()
	var x T
	if len(raw) > 0 {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&x))
	}
	return x
}

func TestVectors(t *testing.T) {
	checks := map[string]map[string]func(*testing.T, vector){
		"charge_models.json": {
			"flat": checkAmount, "per_unit": checkAmount, "graduated": checkAmount, "volume": checkAmount, "package": checkAmount,
			"package_count": checkPackages, "graduated_single_tier": checkSingleTier, "volume_find_tier": checkFindTier,
			"graduated_percentage": checkAmount, "graduated_percentage_single_tier": checkSingleTier, "percentage": checkPercentage,
			"dynamic_event_amount": checkEventAmount, "dynamic_multiplier": checkAmount, "graduated_prorated": checkProrated,
			"graduated_with_credits": checkCredits, "usage_discount": checkUsageDiscount, "per_bucket": checkParts, "per_group": checkParts, "capacity": checkCapacity,
			"blocks_all_tiers": checkBlocks, "blocks_top_tier": checkBlocks, "blocks_all_tiers_multi_unit": checkBlocks, "blocks_top_tier_multi_unit": checkBlocks,
		},
		"rounding_units.json": {"currency_round": checkRound, "currency_precision": checkPrecision, "round_order": checkOrder},
		"progressive_rating.json": {
			"graduated": checkPhases, "volume": checkPhases, "per_unit": checkPhases, "package": checkPhases, "dynamic_multiplier": checkPhases,
			"graduated_split_line": checkSplit, "volume_split_line": checkSplit, "per_unit_split_line": checkSplit, "package_split_line": checkSplit,
			"flat_split_line": checkSplit, "dynamic_split_line": checkSplit, "dynamic_multiplier_split_line": checkSplit, "capacity_delta": checkCapacityDelta, "minimum_commitment": checkTrueUp,
		},
		"proration.json":   {"prorate_days": checkProration, "credit_cap": checkCreditCap, "hourly_rate": checkHourly},
		"time_of_day.json": {"windowed_commitment": checkWindowed, "weekly_multiplier": checkMultiplier},
	}
	ran := map[string]bool{}
	for file, checks := range checks {
		text, err := os.ReadFile("testdata/vectors/" + file)
		require.NoError(t, err)
		cases := fields[[]vector](t, text)
		require.NotEmpty(t, cases)
		passed, refused, quirk, other, seen := 0, 0, 0, 0, 0
		for _, c := range cases {
			if _, ok := elsewhere()[c.Model]; ok {
				other++
				continue
			}
			if c.Quirk {
				begin, text := policy(c.ID)
				require.NotEmpty(t, text, "quirk %s needs a named policy", c.ID)
				quirk++
				ran[begin] = true
				if strings.HasPrefix(text, "refused: ") || takesMore(c) {
					refused++
					t.Run(c.ID, func(t *testing.T) { checkRefused(t, c) })
					continue
				}
			}
			check, ok := checks[c.Model]
			require.True(t, ok, "no check for model %s of case %s", c.Model, c.ID)
			seen++
			if t.Run(c.ID, func(t *testing.T) { check(t, c) }) {
				passed++
			}
		}
		t.Logf("%s: %d cases, %d of %d passed, %d quirks (%d refused by policy), %d of other packages", file, len(cases), passed, seen, quirk, refused, other)
	}
	require.Subset(t, slices.Collect(maps.Keys(quirks())), slices.Collect(maps.Keys(ran)))
}

// takesMore reports a case whose events take away more than is there.
func takesMore(c vector) bool {
	return c.Model == "graduated_prorated" && strings.Contains(string(c.Input), `"full_units": "-`)
}

func checkRefused(t *testing.T, c vector) {
	if c.Model == "graduated_prorated" {
		_, err := rating.Compile(price(t, c.Model, c.Params))
		require.NoError(t, err)
		_, err = prorated(t, c)
		require.ErrorContains(t, err, "takes away more than is there")
		return
	}
	checkAllowance(t, c)
}

// tier has its numbers as the vectors do: what is missing is zero.
type tier struct {
	UpTo decimal.NullDecimal `json:"up_to"`
	Unit decimal.Decimal     `json:"unit"`
	Flat decimal.Decimal     `json:"flat"`
	Rate decimal.NullDecimal `json:"rate_percent"`
	Cap  decimal.NullDecimal `json:"cap"`
}

func (x tier) tier() rating.Tier {
	return rating.Tier{UpTo: x.UpTo, Unit: x.Unit, Flat: x.Flat, Percent: x.Rate, Cap: x.Cap}
}

type priceParams struct {
	Amount      decimal.Decimal     `json:"amount"`
	Term        string              `json:"term"` // when it is charged, which is no matter of the price
	Unit        decimal.Decimal     `json:"unit"`
	Tiers       []tier              `json:"tiers"`
	Size        decimal.Decimal     `json:"package_size"`
	Price       decimal.Decimal     `json:"package_price"`
	Free        decimal.Decimal     `json:"free_units"`
	Rounding    string              `json:"rounding"`
	BillingUnit decimal.NullDecimal `json:"billing_unit_size"`
	Minimum     decimal.NullDecimal `json:"min_spend"`
	Maximum     decimal.NullDecimal `json:"max_spend"`
	Negative    bool                `json:"allow_negative"`
	Allowance   decimal.NullDecimal `json:"allowance"`
	Multiplier  decimal.NullDecimal `json:"multiplier"`
	Currency    string              `json:"currency"`
	Inner       string              `json:"inner"`
	FreeUnits   decimal.NullDecimal `json:"free_quantity"`
	Percent     decimal.NullDecimal `json:"percent_discount"`
}

// price maps the parameters of a case to a price.
func price(t *testing.T, model string, params json.RawMessage) rating.Price {
	t.Helper()
	in := fields[priceParams](t, params)
	require.Contains(t, []string{"", "in_arrears", "in_advance"}, in.Term)
	require.Contains(t, []string{"", "up", "down"}, in.Rounding)
	p := rating.Price{
		Name: "Price", Model: rating.Model(strings.ReplaceAll(model, "_", "-")), Currency: money.EUR, Rounding: money.HalfAwayFromZero,
		BillingUnit: in.BillingUnit, Minimum: in.Minimum, Maximum: in.Maximum, Signed: in.Negative,
	}
	if len(in.Currency) == 3 {
		p.Currency = money.Currency(in.Currency)
	}
	if in.FreeUnits.Valid || in.Percent.Valid {
		p.Discount = &rating.Discount{Free: in.FreeUnits, Percent: in.Percent}
	}
	if in.Term == "in_arrears" {
		p.Due = rating.InArrears
	}
	switch p.Model {
	case rating.Flat:
		p.Amount = servicecoin.Some(in.Amount)
	case rating.PerUnit:
		p.UnitPrice = servicecoin.Some(in.Unit)
	case "dynamic-multiplier", "dynamic":
		p.Model, p.Factor = rating.Dynamic, in.Multiplier
	case rating.Graduated, rating.Volume, rating.GraduatedPercentage, rating.GraduatedProrated:
		for _, x := range in.Tiers {
			p.Tiers = append(p.Tiers, x.tier())
		}
	case rating.Package:
		p.Package = &rating.Bundle{Size: in.Size, Price: in.Price, Free: in.Free}
		if in.Rounding == "down" {
			p.Package.Partial = rating.PartialFree
		}
	}
	return p
}

func rate(t *testing.T, p rating.Price, units decimal.Decimal) rating.Charge {
	t.Helper()
	c, err := rating.Rate(p, units)
	require.NoError(t, err)
	tariff, err := rating.Compile(p)
	require.NoError(t, err)
	exact, err := tariff.Exact(units)
	require.NoError(t, err)
	require.True(t, c.Exact.Equal(exact), "the quick way: want %s, got %s", c.Exact, exact)
	return c
}

func sameDecimal(t *testing.T, what string, want, got decimal.Decimal) {
	t.Helper()
	require.True(t, want.Equal(got), "%s: want %s, got %s", what, want, got)
}

// rounded compares after rounding to as many decimals as the text has.
func rounded(t *testing.T, what string, want *string, got decimal.NullDecimal) {
	t.Helper()
	if want == nil {
		return
	}
	w := decimal.RequireFromString(*want)
	if !got.Valid { // the sources have 0 for the average price of no units, we have none
		require.True(t, w.IsZero(), what)
		return
	}
	r, err := money.HalfAwayFromZero.Round(got.Decimal, int(max(0, -w.Exponent())))
	require.NoError(t, err)
	sameDecimal(t, what, w, r)
}

// checkAllowance executes the refusal: the case's amount is not what the price of
// its tiers says, and no price of ours can be told of the allowance.
func checkAllowance(t *testing.T, c vector) {
	in := fields[struct {
		Units decimal.Decimal `json:"units"`
	}](t, c.Input)
	want := fields[struct {
		Amount decimal.Decimal `json:"amount"`
	}](t, c.Expect)
	allowance := fields[priceParams](t, c.Params).Allowance
	require.True(t, allowance.Valid)
	got := rate(t, price(t, c.Model, c.Params), in.Units)
	require.True(t, got.Lines[0].Quantity.Decimal.IsPositive(), "every unit is charged: nothing is free")
	if in.Units.LessThanOrEqual(allowance.Decimal) {
		require.True(t, want.Amount.IsZero())
		require.True(t, got.Amount.Decimal().IsPositive())
	}
}

func checkAmount(t *testing.T, c vector) {
	in := fields[struct {
		Units decimal.Decimal     `json:"units"`
		Full  decimal.NullDecimal `json:"full_units"` // picks the tier, where units are prorated
		Line  string              `json:"line"`       // a flat price is for the whole period
	}](t, c.Input)
	require.Contains(t, []string{"", "whole_period"}, in.Line)
	want := fields[struct {
		Amount      decimal.Decimal     `json:"amount"`
		Unit        *string             `json:"unit_amount"`
		UnitRounded *string             `json:"unit_amount_rounded"`
		Paid        decimal.NullDecimal `json:"paid_units"`
		Usage       decimal.NullDecimal `json:"usage_amount"`
		Adjustment  decimal.NullDecimal `json:"commitment_adjustment"`
		Breakdown   []struct {
			Units    decimal.Decimal `json:"units"`
			Usage    decimal.Decimal `json:"usage_amount"`
			WithFlat decimal.Decimal `json:"with_flat"`
		} `json:"breakdown"`
	}](t, c.Expect)
	p := price(t, c.Model, c.Params)
	if c.Quirk && in.Units.IsZero() && want.Amount.IsZero() && len(p.Tiers) > 0 {
		p.ZeroUsage = rating.BillNothing
	}
	var got rating.Charge
	if in.Full.Valid {
		got = charged(t, p, rating.Usage{Events: []rating.Event{{Value: in.Full.Decimal, Prorated: servicecoin.Some(in.Units)}}})
	} else {
		got = rate(t, p, in.Units)
	}
	amount := got.Exact
	if fields[priceParams](t, c.Params).Currency != "" {
		amount = got.Amount // where a currency is named, the case is rounded to it
	}
	sameDecimal(t, "amount", want.Amount, amount.Decimal())
	rounded(t, "unit amount", want.Unit, got.UnitAmount(20))
	rounded(t, "unit amount", want.UnitRounded, got.UnitAmount(20))
	if want.Paid.Valid {
		sameDecimal(t, "paid units", want.Paid.Decimal, got.Billed)
	}
	byKind := map[rating.LineKind]decimal.Decimal{}
	for _, l := range got.Lines {
		byKind[l.Kind] = byKind[l.Kind].Add(l.Amount)
	}
	if want.Usage.Valid {
		sameDecimal(t, "usage", want.Usage.Decimal, byKind[rating.UsageLine].Add(byKind[rating.FeeLine]))
	}
	if want.Adjustment.Valid {
		sameDecimal(t, "adjustment", want.Adjustment.Decimal, byKind[rating.MinimumLine].Add(byKind[rating.MaximumLine]))
	}
	for i, b := range want.Breakdown {
		usage, fee := tierOf(got, i+1)
		sameDecimal(t, "units of a tier", b.Units, usage.Quantity.Decimal)
		sameDecimal(t, "usage of a tier", b.Usage, usage.Amount)
		if !b.WithFlat.IsZero() {
			sameDecimal(t, "amount of a tier", b.WithFlat, usage.Amount.Add(fee.Amount))
		}
	}
	if want.Breakdown != nil {
		require.Equal(t, len(want.Breakdown), got.Lines[len(got.Lines)-1].Tier, "no further tier")
	}
}

// tierOf returns the lines of a tier.
func tierOf(c rating.Charge, tier int) (usage, fee rating.Line) {
	for _, l := range c.Lines {
		switch {
		case l.Tier == tier && (l.Kind == rating.UsageLine || l.Kind == rating.PercentLine):
			usage = l
		case l.Tier == tier && l.Kind == rating.FeeLine:
			fee = l
		}
	}
	return usage, fee
}

func checkPackages(t *testing.T, c vector) {
	in := fields[struct {
		Units decimal.Decimal `json:"units"`
	}](t, c.Input)
	want := fields[struct {
		Packages decimal.Decimal `json:"packages"`
	}](t, c.Expect)
	got := rate(t, price(t, "package", c.Params), in.Units)
	sameDecimal(t, "packages", want.Packages, got.Lines[0].Quantity.Decimal)
}

// checkSingleTier looks at one tier of a price that has others around it.
func checkSingleTier(t *testing.T, c vector) {
	params := fields[struct {
		tier
		From decimal.Decimal `json:"from_exclusive"`
	}](t, c.Params)
	in := fields[struct {
		Total decimal.Decimal `json:"total_units"`
	}](t, c.Input)
	want := fields[struct {
		Units    decimal.Decimal `json:"tier_units"`
		Usage    decimal.Decimal `json:"usage_amount"`
		WithFlat decimal.Decimal `json:"with_flat"`
	}](t, c.Expect)
	p := rating.Price{Name: "Price", Model: rating.Graduated, Currency: money.EUR, Rounding: money.HalfAwayFromZero}
	if !params.From.IsZero() {
		p.Tiers = append(p.Tiers, rating.Tier{UpTo: servicecoin.Some(params.From)})
	}
	none := rating.Tier{}
	if params.Rate.Valid {
		p.Model, none.Percent = rating.GraduatedPercentage, servicecoin.Some(decimal.Zero)
		for i := range p.Tiers {
			p.Tiers[i].Percent = none.Percent
		}
	}
	p.Tiers = append(p.Tiers, params.tier.tier(), none)
	usage, fee := tierOf(rate(t, p, in.Total), len(p.Tiers)-1)
	sameDecimal(t, "units", want.Units, usage.Quantity.Decimal)
	sameDecimal(t, "usage", want.Usage, usage.Amount)
	sameDecimal(t, "with the flat fee", want.WithFlat, usage.Amount.Add(fee.Amount))
}

func checkFindTier(t *testing.T, c vector) {
	in := fields[struct {
		Units decimal.Decimal `json:"units"`
	}](t, c.Input)
	want := fields[struct {
		Index int `json:"tier_index"`
	}](t, c.Expect)
	require.Equal(t, want.Index, rate(t, price(t, "volume", c.Params), in.Units).Lines[0].Tier-1)
}

// checkRound rates one unit at the amount.
func checkRound(t *testing.T, c vector) {
	params := fields[struct {
		Currency  money.Currency `json:"currency"`
		Mode      string         `json:"mode"`
		Precision *int           `json:"precision"`
	}](t, c.Params)
	in := fields[struct {
		Amount decimal.Decimal `json:"amount"`
	}](t, c.Input)
	want := fields[struct {
		Amount decimal.Decimal `json:"amount"`
	}](t, c.Expect)
	rounding := money.Rounding(strings.ReplaceAll(params.Mode, "_", "-"))
	if params.Precision != nil {
		a, err := money.New(in.Amount, params.Currency)
		require.NoError(t, err)
		got, err := a.RoundTo(*params.Precision, rounding)
		require.NoError(t, err)
		sameDecimal(t, "amount", want.Amount, got.Decimal())
		return
	}
	p := rating.Price{
		Name: "Price", Model: rating.PerUnit, Currency: params.Currency, Rounding: rounding, UnitPrice: servicecoin.Some(in.Amount), Signed: true,
	}
	got := rate(t, p, decimal.NewFromInt(1))
	sameDecimal(t, "amount", want.Amount, got.Amount.Decimal())
}

func checkPrecision(t *testing.T, c vector) {
	for code, digits := range fields[map[string]int](t, c.Expect) {
		currency, err := money.ParseCurrency(code)
		if code == "unknown" {
			require.Error(t, err, "an unknown currency has no digits")
			continue
		}
		require.NoError(t, err)
		require.Equal(t, digits, currency.Digits(), code)
	}
}

func checkOrder(t *testing.T, c vector) {
	params := fields[struct {
		Currency money.Currency `json:"currency"`
	}](t, c.Params)
	in := fields[struct {
		Amounts []decimal.Decimal `json:"amounts"`
	}](t, c.Input)
	want := fields[struct {
		Lines decimal.Decimal `json:"round_then_sum"`
		Sum   decimal.Decimal `json:"sum_then_round"`
		Uses  string          `json:"anchor_uses"`
	}](t, c.Expect)
	require.Equal(t, "round_then_sum", want.Uses)
	sum, err := money.Zero(params.Currency)
	require.NoError(t, err)
	whole := sum
	for _, d := range in.Amounts {
		a, err := money.New(d, params.Currency)
		require.NoError(t, err)
		whole, err = whole.Add(a)
		require.NoError(t, err)
		a, err = a.Round(money.HalfAwayFromZero)
		require.NoError(t, err)
		sum, err = sum.Add(a)
		require.NoError(t, err)
	}
	sameDecimal(t, "sum of rounded lines", want.Lines, sum.Decimal())
	whole, err = whole.Round(money.HalfAwayFromZero)
	require.NoError(t, err)
	sameDecimal(t, "the rounded sum", want.Sum, whole.Decimal())
}
