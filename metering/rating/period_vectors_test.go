package rating_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

// checkPhases bills the steps of a period.
func checkPhases(t *testing.T, c vector) {
	in := fields[struct {
		Units []decimal.Decimal `json:"phases_cumulative_units"`
	}](t, c.Input)
	type line struct {
		Quantity decimal.Decimal `json:"quantity"`
		Unit     decimal.Decimal `json:"unit"`
	}
	want := fields[struct {
		Phases []struct {
			Units      decimal.Decimal     `json:"cumulative_units"`
			Delta      decimal.Decimal     `json:"delta_amount"`
			Gross      decimal.NullDecimal `json:"gross"`
			Discount   decimal.NullDecimal `json:"discount"`
			Commitment decimal.NullDecimal `json:"commitment_amount"`
			Final      bool                `json:"final"`
			Lines      []line              `json:"lines"`
		} `json:"phases"`
	}](t, c.Expect)
	require.Len(t, want.Phases, len(in.Units))
	p := price(t, c.Model, c.Params)
	tariff, err := rating.Compile(p)
	require.NoError(t, err)
	billed, err := money.Zero(p.Currency)
	require.NoError(t, err)
	before := rating.Charge{}
	for i, x := range want.Phases {
		d, err := tariff.Delta(rating.Usage{Quantity: in.Units[i]}, billed, x.Final)
		require.NoError(t, err)
		sameDecimal(t, "what is due", x.Delta, d.Amount.Decimal())
		lines := d.Charge.Since(before)
		sums := byKind(lines)
		if x.Gross.Valid {
			sameDecimal(t, "gross", x.Gross.Decimal, sums[rating.UsageLine].Add(sums[rating.FeeLine]))
		}
		if x.Discount.Valid {
			sameDecimal(t, "what is taken off", x.Discount.Decimal, sums[rating.MaximumLine].Neg())
		}
		if x.Commitment.Valid {
			sameDecimal(t, "to the minimum", x.Commitment.Decimal, sums[rating.MinimumLine])
		}
		if x.Lines != nil {
			got := []line{}
			for _, l := range lines {
				switch {
				case l.Amount.IsZero():
				case l.Kind == rating.FeeLine: // the source has a fee once for its amount
					got = append(got, line{decimal.NewFromInt(int64(l.Amount.Sign())), l.Amount.Abs()})
				default:
					got = append(got, line{l.Quantity.Decimal, l.Unit.Decimal})
				}
			}
			require.Len(t, got, len(x.Lines))
			for _, w := range x.Lines {
				require.Condition(t, func() bool {
					for _, g := range got {
						if g.Quantity.Equal(w.Quantity) && g.Unit.Equal(w.Unit) {
							return true
						}
					}
					return false
				}, "%v in %v", w, got)
			}
		}
		billed, err = billed.Add(d.Amount)
		require.NoError(t, err)
		before = d.Charge
	}
}

func byKind(lines []rating.Line) map[rating.LineKind]decimal.Decimal {
	sums := map[rating.LineKind]decimal.Decimal{}
	for _, l := range lines {
		sums[l.Kind] = sums[l.Kind].Add(l.Amount)
	}
	return sums
}

// checkSplit bills one line of a period: what all units so far cost, less what the
// ones before it did.
func checkSplit(t *testing.T, c vector) {
	in := fields[struct {
		Position string              `json:"position"`
		Previous decimal.Decimal     `json:"previous_units"`
		Line     decimal.Decimal     `json:"line_units"`
		Billed   decimal.NullDecimal `json:"previously_billed"`
	}](t, c.Input)
	want := fields[struct {
		Amount     decimal.Decimal     `json:"amount"`
		Commitment decimal.NullDecimal `json:"commitment_amount"`
		Gross      decimal.NullDecimal `json:"gross"`
		Discount   decimal.NullDecimal `json:"discount"`
		Discounts  []decimal.Decimal   `json:"discounts"`
	}](t, c.Expect)
	p := price(t, strings.TrimSuffix(c.Model, "_split_line"), c.Params)
	tariff, err := rating.Compile(p)
	require.NoError(t, err)
	before, err := tariff.SoFar(rating.Usage{Quantity: in.Previous})
	require.NoError(t, err)
	billed := before.Amount
	if p.Model == rating.Flat && strings.HasPrefix(in.Position, "single") { // no line of the period was before it
		billed, err = money.Zero(p.Currency)
		require.NoError(t, err)
	}
	if in.Billed.Valid {
		billed, err = money.New(in.Billed.Decimal, p.Currency)
		require.NoError(t, err)
	}
	d, err := tariff.Delta(rating.Usage{Quantity: in.Previous.Add(in.Line)}, billed, in.Position != "middle")
	require.NoError(t, err)
	sameDecimal(t, "amount", want.Amount, d.Amount.Decimal())
	sums := byKind(d.Charge.Since(before))
	gross := sums[rating.UsageLine].Add(sums[rating.FeeLine]).Add(sums[rating.PackageLine])
	if want.Gross.Valid {
		sameDecimal(t, "gross", want.Gross.Decimal, gross)
	}
	if want.Discount.Valid {
		sameDecimal(t, "what is taken off", want.Discount.Decimal, sums[rating.MaximumLine].Neg())
	}
	if want.Discounts != nil {
		require.Len(t, want.Discounts, 2)
		sameDecimal(t, "the discount", want.Discounts[0], sums[rating.DiscountLine].Neg())
		sameDecimal(t, "what is above the maximum", want.Discounts[1], sums[rating.MaximumLine].Neg())
	}
	if want.Commitment.Valid {
		sameDecimal(t, "to the minimum", want.Commitment.Decimal, sums[rating.MinimumLine])
	}
}

func checkCapacityDelta(t *testing.T, c vector) {
	in := fields[struct {
		Periods []struct {
			Billed decimal.Decimal `json:"already_billed"`
		} `json:"periods"`
	}](t, c.Input)
	want := fields[struct {
		Periods []struct {
			Delta decimal.Decimal `json:"delta_amount"`
		} `json:"periods"`
	}](t, c.Expect)
	tariff, err := rating.Compile(fields[capacityParams](t, c.Params).price())
	require.NoError(t, err)
	for i, x := range in.Periods {
		billed, err := money.New(x.Billed, money.USD)
		require.NoError(t, err)
		d, err := tariff.Delta(rating.Usage{}, billed, true)
		require.NoError(t, err)
		sameDecimal(t, "due", want.Periods[i].Delta, d.Amount.Decimal())
	}
}

func checkTrueUp(t *testing.T, c vector) {
	cents := func(d decimal.Decimal) money.Amount {
		a, err := money.New(d.Shift(-2), money.EUR)
		require.NoError(t, err)
		return a
	}
	promised := fields[struct {
		Minor decimal.Decimal `json:"commitment_minor"`
	}](t, c.Params).Minor
	billed := fields[struct {
		Minor decimal.Decimal `json:"billed_minor"`
	}](t, c.Input).Minor
	want := fields[struct {
		Minor decimal.Decimal `json:"true_up_minor"`
	}](t, c.Expect).Minor
	got, err := rating.TrueUp(cents(promised), cents(billed))
	require.NoError(t, err)
	sameDecimal(t, "missing", want, got.Decimal().Shift(2))
}

func checkProration(t *testing.T, c vector) {
	params := fields[struct {
		From calendar.Date `json:"period_from"`
		To   calendar.Date `json:"period_to"`
		Rule string        `json:"days_rule"`
	}](t, c.Params)
	in := fields[struct {
		Old    json.RawMessage     `json:"old"`
		New    json.RawMessage     `json:"new"`
		Paid   decimal.NullDecimal `json:"paid"`
		Change calendar.Date       `json:"change"`
	}](t, c.Input)
	want := fields[struct {
		Credit decimal.NullDecimal `json:"credit"`
		Charge decimal.NullDecimal `json:"charge"`
		Net    decimal.NullDecimal `json:"net"`
	}](t, c.Expect)
	change := rating.Change{Period: rating.Days{From: params.From, To: params.To}, On: in.Change, Rounding: money.HalfAwayFromZero}
	if strings.HasPrefix(params.Rule, "end day counted") {
		change.Period.Count = rating.EndIncluded
	}
	side := func(raw json.RawMessage) (money.Amount, *rating.Days) {
		if len(raw) == 0 || raw[0] == '"' { // a price of usage is not prorated: there is no fixed amount
			return money.Amount{}, nil
		}
		x := fields[struct {
			Qty, Unit decimal.Decimal
			Own       string `json:"own_period"`
		}](t, raw)
		a, err := money.New(x.Qty.Mul(x.Unit), money.EUR)
		require.NoError(t, err)
		if x.Own == "year" {
			return a, &rating.Days{From: params.From, To: params.From.AddMonths(12)}
		}
		return a, nil
	}
	change.Old, change.OldFor = side(in.Old)
	change.New, change.NewFor = side(in.New)
	if in.Paid.Valid {
		var err error
		change.Paid, err = money.New(in.Paid.Decimal, money.EUR)
		require.NoError(t, err)
	}
	got, err := change.Reckon()
	require.NoError(t, err)
	for what, x := range map[string]struct {
		want decimal.NullDecimal
		got  money.Amount
	}{"credit": {want.Credit, got.Credit}, "charge": {want.Charge, got.Charge}, "net": {want.Net, got.Net}} {
		if x.want.Valid {
			sameDecimal(t, what, x.want.Decimal, x.got.Decimal())
		}
	}
}

func checkCreditCap(t *testing.T, c vector) {
	in := fields[struct {
		Potential decimal.Decimal `json:"potential"`
		Paid      decimal.Decimal `json:"paid"`
		Previous  decimal.Decimal `json:"previous_credits"`
	}](t, c.Input)
	want := fields[struct {
		Credit decimal.Decimal `json:"credit"`
	}](t, c.Expect)
	amount := func(d decimal.Decimal) money.Amount {
		a, err := money.New(d, money.EUR)
		require.NoError(t, err)
		return a
	}
	got, err := rating.CreditCap(amount(in.Potential), amount(in.Paid), amount(in.Previous))
	require.NoError(t, err)
	sameDecimal(t, "credit", want.Credit, got.Decimal())
}

func checkHourly(t *testing.T, c vector) {
	params := fields[struct {
		Rate  decimal.Decimal `json:"rate"`
		Per   string          `json:"per"`
		Hours int             `json:"hours_in_month"`
	}](t, c.Params)
	in := fields[struct {
		Interval string `json:"report_interval"`
	}](t, c.Input)
	want := fields[struct {
		Hourly string `json:"hourly"`
		Error  string `json:"error"`
	}](t, c.Expect)
	names := map[string]rating.RatePeriod{"hourly": rating.PerHour, "daily": rating.PerDay, "weekly": rating.PerWeek, "monthly": rating.PerMonth, "yearly": rating.PerYear}
	per, known := names[params.Per]
	if !known {
		per = rating.RatePeriod(params.Per)
	}
	if params.Hours == 0 {
		require.Contains(t, []string{"", "week", "day"}, in.Interval)
		params.Hours = rating.MonthOf720
	}
	f, err := per.Hourly(params.Hours)
	if want.Error != "" {
		require.Error(t, err)
		return
	}
	require.NoError(t, err)
	// The case is an expression: a rate over numbers.
	terms := strings.Split(want.Hourly, "/")
	whole := int64(1)
	for _, x := range terms[1:] {
		whole *= decimal.RequireFromString(x).IntPart()
	}
	require.Equal(t, rating.Fraction{Part: 1, Whole: whole}, f)
	got, err := f.Of(params.Rate, 20, money.HalfEven)
	require.NoError(t, err)
	sameDecimal(t, "an hour", decimal.RequireFromString(terms[0]).DivRound(decimal.NewFromInt(whole), 20), got)
}

type commitmentParams struct {
	Start    calendar.Clock      `json:"start"`
	End      calendar.Clock      `json:"end"`
	Unit     decimal.Decimal     `json:"unit"`
	Amount   decimal.NullDecimal `json:"commit_amount"`
	Quantity decimal.NullDecimal `json:"commit_quantity"`
	Overage  decimal.NullDecimal `json:"overage_factor"`
	TrueUp   bool                `json:"true_up"`
}

func (c commitmentParams) price() rating.Price {
	p := rating.Price{Name: "P", Model: rating.PerUnit, Currency: money.EUR, Rounding: money.HalfAwayFromZero, UnitPrice: servicecoin.Some(c.Unit), Each: rating.EachBucket}
	if c.Amount.Valid || c.Quantity.Valid {
		p.Commitment = &rating.Commitment{Amount: c.Amount, Quantity: c.Quantity, Overage: c.Overage, TrueUp: c.TrueUp}
	}
	return p
}

// checkWindowed has a commitment for each hour, by the window that it begins in.
func checkWindowed(t *testing.T, c vector) {
	params := fields[struct {
		Base    commitmentParams   `json:"base"`
		Buckets []commitmentParams `json:"buckets"`
	}](t, c.Params)
	in := fields[struct {
		Windows []struct {
			Start time.Time       `json:"start"`
			Units decimal.Decimal `json:"units"`
		} `json:"windows"`
	}](t, c.Input)
	want := fields[struct {
		Amount   decimal.Decimal     `json:"amount"`
		Utilized decimal.NullDecimal `json:"utilized"`
		Overage  decimal.NullDecimal `json:"overage"`
		TrueUp   decimal.NullDecimal `json:"true_up"`
	}](t, c.Expect)
	s := params.Base.price()
	for i, b := range params.Buckets {
		p := b.price()
		s.Windows = append(s.Windows, rating.PriceWindow{
			Name: string(rune('a' + i)), Price: &p, Hours: &hours.Hours{Weekly: hours.EveryDay(calendar.ClockSpan{Open: b.Start, Close: b.End})},
		})
	}
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tariff, err := rating.CompileDuring(s, calendar.Between(day.AddDate(-1, 0, 0), day.AddDate(1, 0, 0)))
	require.NoError(t, err)
	var list []rating.Timed
	for _, w := range in.Windows {
		if w.Start.IsZero() {
			w.Start = day
		}
		list = append(list, rating.Timed{At: w.Start, Usage: rating.Usage{Quantity: w.Units}})
	}
	got, err := tariff.Charge(list)
	require.NoError(t, err)
	sameDecimal(t, "amount", want.Amount, got.Exact.Decimal())
	sums := byKind(got.Lines)
	if want.TrueUp.Valid {
		sameDecimal(t, "true-up", want.TrueUp.Decimal, sums[rating.TrueUpLine])
	}
	over := decimal.Zero
	for _, l := range got.Lines {
		if l.Kind == rating.OverageLine { // what is above, and what it costs more
			over = over.Add(l.Quantity.Decimal).Add(l.Amount)
		}
	}
	if want.Overage.Valid {
		sameDecimal(t, "overage", want.Overage.Decimal, over)
	}
	if want.Utilized.Valid {
		sameDecimal(t, "utilized", want.Utilized.Decimal, got.Exact.Decimal().Sub(over).Sub(sums[rating.TrueUpLine]))
	}
}

func checkMultiplier(t *testing.T, c vector) {
	params := fields[struct {
		TZ       string          `json:"tz"`
		Days     json.RawMessage `json:"days"`
		Windows  [][2]string     `json:"windows"`
		Inside   decimal.Decimal `json:"inside_multiplier"`
		Outside  decimal.Decimal `json:"outside_multiplier"`
		Peak     decimal.Decimal `json:"peak_unit"`
		Currency string          `json:"currency"`
	}](t, c.Params)
	in := fields[struct {
		T     time.Time       `json:"t"`
		Units decimal.Decimal `json:"units"`
	}](t, c.Input)
	want := fields[struct {
		Amount decimal.Decimal `json:"amount"`
	}](t, c.Expect)
	days := calendar.AllWeekdays
	if params.Days[0] == '[' {
		var err error
		days, err = calendar.ParseWeekdays(strings.Join(fields[[]string](t, params.Days), ","))
		require.NoError(t, err)
	}
	h := hours.Hours{Zone: params.TZ}
	for _, w := range params.Windows {
		span, err := calendar.ParseClockSpan(w[0] + "-" + w[1])
		require.NoError(t, err)
		for day := time.Sunday; day <= time.Saturday; day++ {
			if days&calendar.WeekdaysOf(day) != 0 {
				h.Weekly[day] = append(h.Weekly[day], span)
			}
		}
	}
	base := rating.Price{Name: "P", Model: rating.PerUnit, Currency: money.USD, Rounding: money.HalfAwayFromZero, UnitPrice: servicecoin.Some(params.Peak.Mul(params.Outside))}
	if params.Currency != "" {
		base.Currency = money.Currency(params.Currency)
	}
	inside := base
	inside.UnitPrice = servicecoin.Some(params.Peak.Mul(params.Inside))
	base.Windows = []rating.PriceWindow{{Name: "inside", Hours: &h, Price: &inside}}
	tariff, err := rating.CompileDuring(base, calendar.Between(in.T.AddDate(0, 0, -3), in.T.AddDate(0, 0, 3)))
	require.NoError(t, err)
	got, err := tariff.Charge([]rating.Timed{{At: in.T, Usage: rating.Usage{Quantity: in.Units}}})
	require.NoError(t, err)
	sameDecimal(t, "amount", want.Amount, got.Exact.Decimal())
}
