package catalog_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/money"
)

func cloudMail() catalog.Offering {
	return catalog.Offering{ID: "mail-cloud", Service: "mail", Name: "Mail in the cloud", Kind: catalog.Cloud, Price: "mail-2026", LeadTime: hours(48), Maturity: catalog.General}
}

func TestOfferingValidates(t *testing.T) {
	t.Parallel()
	_, err := catalog.NewOffering(catalog.Offering{
		Kind: "old", Price: "\n", LeadTime: calendar.Within(-time.Hour), Maturity: catalog.Deprecated, Approval: "maybe",
		Promise: catalog.PromisedLevel{Objective: strings.Repeat("9", 201), Reference: strings.Repeat("x", 201)}, SupportHours: strings.Repeat("x", 201),
		Prerequisites: []catalog.Prerequisite{{ID: "a", Text: "x", Due: "use"}, {ID: "a"}},
		Parameters:    json.RawMessage(`[1]`), ValidFrom: nine, ValidUntil: nine, Labels: map[string]string{"a": strings.Repeat("x", 201)},
	})
	require.Equal(t, []string{
		"maturity out-of-order", "id required", "service required", "name required", "kind unknown", "price bad-text", "leadTime negative",
		"promise.objective too-long", "promise.reference too-long", "supportHours too-long", "prerequisites[1].id duplicate", "prerequisites[1].text required", "prerequisites[1].due required",
		"parameters not-an-object", "approval unknown", "deprecation.since required", "deprecation.reason required", "validUntil reversed", "labels.a too-long",
	}, violated(t, err))
	for schema, want := range map[string]string{
		`{`: "parameters bad-json", `null`: "parameters not-an-object", `"x"`: "parameters not-an-object", `{"a":"` + strings.Repeat("x", 64<<10) + `"}`: "parameters too-large",
	} {
		o := cloudMail()
		o.Parameters = json.RawMessage(schema)
		_, err := catalog.NewOffering(o)
		require.Contains(t, violated(t, err), want)
	}
	o := cloudMail()
	o.Parameters = json.RawMessage(" { \"type\" : \"object\" } ")
	o, err = catalog.NewOffering(o)
	require.NoError(t, err)
	require.Len(t, o.Parameters, len(`{"type":"object"}`), "without the blanks")
	require.Equal(t, catalog.General, o.Maturity)
	require.Equal(t, catalog.ApprovalByAnother, o.Approval)
	text, err := json.Marshal(o)
	require.NoError(t, err)
	var read catalog.Offering
	require.NoError(t, json.Unmarshal(text, &read))
	require.Equal(t, o, read)
}

func TestOfferingGoesForward(t *testing.T) {
	t.Parallel()
	allowed := map[string]bool{}
	for _, x := range catalog.OfferingTransitions() {
		allowed[string(x.From)+" "+x.Verb+" "+string(x.To)] = true
	}
	for _, from := range catalog.Maturities() {
		for _, to := range catalog.Maturities() {
			o := cloudMail()
			o.Maturity = from
			err := o.Promote(ada, nine, to)
			if ok := allowed[string(from)+" "+catalog.VerbPromoteOffering+" "+string(to)]; ok {
				require.NoError(t, err)
				require.Equal(t, to, o.Maturity)
			} else {
				require.Equal(t, string(from), refusal(t, err).From)
				require.Equal(t, from, o.Maturity)
			}
		}
		o := cloudMail()
		o.Maturity = from
		o.Deprecation.Since = after(-60)
		require.NoError(t, o.Deprecate(ada, nine, catalog.Deprecation{Reason: "x", Since: after(-999)}))
		require.Equal(t, catalog.Deprecated, o.Maturity)
		require.Equal(t, from == catalog.Deprecated, o.Deprecation.Since.Equal(after(-60)), "since when it is deprecated does not move")
	}
}

func TestOrderable(t *testing.T) {
	t.Parallel()
	o := cloudMail()
	o.ValidFrom, o.ValidUntil = nine, after(60)
	require.Contains(t, refusal(t, o.Orderable(after(-1))).Why, "from 2026-03-02T09:00:00Z on")
	require.NoError(t, o.Orderable(nine))
	require.NoError(t, o.Orderable(after(59)))
	require.Contains(t, refusal(t, o.Orderable(after(60))).Why, "until 2026-03-02T10:00:00Z")
	require.Equal(t, []string{"reason required", "successor cycle"}, violated(t, o.Deprecate(ada, nine, catalog.Deprecation{Successor: "mail-cloud"})))
	require.NoError(t, o.Deprecate(ada, nine, catalog.Deprecation{Reason: "nobody wants it"}))
	require.Contains(t, refusal(t, o.Orderable(nine)).Why, "nobody wants it")
	require.NoError(t, o.Deprecate(ada, nine, catalog.Deprecation{Reason: "nobody wants it", Successor: "mail-2"}))
	require.Contains(t, refusal(t, o.Orderable(nine)).Why, "take mail-2")
}

func amount(t require.TestingT, text string) money.Amount {
	a, err := money.Parse(text)
	require.NoError(t, err)
	return a
}

func TestCompare(t *testing.T) {
	t.Parallel()
	legacy := catalog.Offering{ID: "rack", Service: "mail", Name: "A server of your own", Kind: catalog.Legacy, Price: "rack", LeadTime: hours(24 * 30), SupportHours: "office"}
	abroad := catalog.Offering{ID: "abroad", Service: "mail", Name: "Overseas", Kind: catalog.Cloud, Price: "usd"}
	open := catalog.Offering{ID: "open", Service: "mail", Name: "On request", Kind: catalog.Legacy, Maturity: catalog.Deprecated, Deprecation: catalog.Deprecation{Since: nine, Reason: "old", Successor: "mail-cloud"}}
	prices := map[servicecoin.PriceID]money.Amount{"mail-2026": amount(t, "120.00 EUR"), "rack": amount(t, "450.00 EUR"), "usd": amount(t, "1.00 USD")}
	planned := catalog.Planned{"mailboxes": decimal.NewFromInt(40)}
	c, err := catalog.Compare([]catalog.Offering{legacy, cloudMail(), abroad, open}, planned, func(o catalog.Offering, p catalog.Planned) (catalog.Price, error) {
		require.Equal(t, "40", p["mailboxes"].String())
		p["mailboxes"] = decimal.Zero // the function's own copy
		if a, ok := prices[o.Price]; ok {
			return catalog.Price{Amount: a, Trace: servicecoin.Trace{Label: string(o.Price)}}, nil
		}
		return catalog.Price{Note: "ask us"}, nil
	})
	require.NoError(t, err)
	text, err := json.MarshalIndent(c, "", " ")
	require.NoError(t, err)
	golden(t, "comparison.golden", string(text))
	require.Equal(t, []bool{false, true, false, false}, []bool{c.Rows[0].Cheapest, c.Rows[1].Cheapest, c.Rows[2].Cheapest, c.Rows[3].Cheapest})
	require.Equal(t, "330.00 EUR", c.Rows[0].More.String())
	require.Equal(t, 0, c.Rows[1].More.Sign())
	require.False(t, c.Rows[2].More.Defined(), "another currency is not compared")
	require.False(t, c.Rows[3].Price.Defined(), "unpriced is not free")
	require.Contains(t, refusal(t, c.Rows[3].Offering.Orderable(after(1))).Why, "take mail-cloud")
	require.True(t, c.Rows[1].Soonest)
	require.False(t, c.Rows[2].Soonest)
	c, err = catalog.Compare([]catalog.Offering{cloudMail(), abroad}, nil, func(catalog.Offering, catalog.Planned) (catalog.Price, error) { return catalog.Price{}, nil })
	require.NoError(t, err)
	require.False(t, c.Rows[0].Soonest, "the only promise is not compared")
}

func TestCompareRefuses(t *testing.T) {
	t.Parallel()
	_, err := catalog.Compare([]catalog.Offering{{ID: "a"}, {ID: "a"}, {}}, catalog.Planned{"": decimal.Zero, "x": decimal.NewFromInt(-1)}, nil)
	require.Equal(t, []string{"planned required", "planned.x negative", "price required", "offerings[1].id duplicate", "offerings[2].id required"}, violated(t, err))
	oops := errors.New("the price list is gone")
	_, err = catalog.Compare([]catalog.Offering{cloudMail()}, nil, func(catalog.Offering, catalog.Planned) (catalog.Price, error) { return catalog.Price{}, oops })
	require.ErrorIs(t, err, oops)
	require.ErrorContains(t, err, "mail-cloud")
	_, err = catalog.Compare(make([]catalog.Offering, 101), nil, nil)
	require.Contains(t, violated(t, err), "offerings too-many")
	c, err := catalog.Compare(nil, nil, func(catalog.Offering, catalog.Planned) (catalog.Price, error) { return catalog.Price{}, nil })
	require.NoError(t, err)
	require.Empty(t, c.Rows)
}

// Whatever the prices: the cheapest are the least of their currency, an unpriced
// one never is, and the order of the rows changes nothing.
func TestCompareMarksTheCheapest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var list []catalog.Offering
		prices := map[servicecoin.OfferingID]money.Amount{}
		for i := range rapid.IntRange(0, 6).Draw(t, "n") {
			o := catalog.Offering{ID: servicecoin.OfferingID(rune('a' + i)), Service: "s", Name: "x", Kind: catalog.Cloud}
			if c := rapid.SampledFrom([]string{"", "EUR", "USD"}).Draw(t, "currency"); c != "" {
				prices[o.ID] = amount(t, decimal.NewFromInt(int64(rapid.IntRange(-1, 3).Draw(t, "price"))).String()+" "+c)
			}
			list = append(list, o)
		}
		price := func(o catalog.Offering, _ catalog.Planned) (catalog.Price, error) {
			return catalog.Price{Amount: prices[o.ID]}, nil
		}
		c, err := catalog.Compare(list, nil, price)
		require.NoError(t, err)
		for _, r := range c.Rows {
			others, least := 0, r.Price.Defined()
			for id, p := range prices {
				if id != r.Offering.ID && p.Currency() == r.Price.Currency() {
					others++
					least = least && !p.Decimal().LessThan(r.Price.Decimal())
				}
			}
			require.Equal(t, least && others > 0, r.Cheapest, "%s at %s", r.Offering.ID, r.Price)
			require.Equal(t, r.Price.Defined() && others > 0, r.More.Defined())
		}
		slices.Reverse(list)
		reversed, err := catalog.Compare(list, nil, price)
		require.NoError(t, err)
		slices.Reverse(reversed.Rows)
		require.Equal(t, c.Rows, reversed.Rows)
	})
}

// What an onboarding could not take over is refused in the offering.
func TestPrerequisitesAreChecked(t *testing.T) {
	t.Parallel()
	fine := func(n int) (list []catalog.Prerequisite) {
		for i := range n {
			list = append(list, catalog.Prerequisite{ID: fmt.Sprint("p", i), Text: "x", Due: catalog.DueBeforeUse})
		}
		return list
	}
	long := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct {
		list []catalog.Prerequisite
		want []string
	}{
		"fifty":      {fine(50), nil},
		"fifty-one":  {fine(51), []string{"prerequisites too-many"}},
		"a long id":  {[]catalog.Prerequisite{{ID: long(65), Text: "x", Due: "x"}}, []string{"prerequisites[0].id too-long"}},
		"long texts": {[]catalog.Prerequisite{{ID: "a", Text: long(501), Due: long(101), Wanted: long(501)}}, []string{"prerequisites[0].text too-long", "prerequisites[0].due too-long", "prerequisites[0].wanted too-long"}},
		"many points": {func() []catalog.Prerequisite {
			l := fine(11)
			for i := range l {
				l[i].Due = strconv.Itoa(i)
			}
			return l
		}(), []string{"prerequisites too-many"}},
		"much": {func() []catalog.Prerequisite {
			l := fine(50)
			for i := range l {
				l[i].Text, l[i].Wanted = long(500), long(500)
			}
			return l
		}(), []string{"prerequisites too-large"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := cloudMail()
			o.Maturity, o.Approval, o.Prerequisites = catalog.General, catalog.ApprovalNone, c.list
			if c.want == nil {
				require.NoError(t, o.Validate())
				return
			}
			require.Equal(t, c.want, violated(t, o.Validate()))
		})
	}
}
