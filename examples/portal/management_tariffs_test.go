package main

import (
	"context"
	"encoding/csv"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

// ownTariff is a page with a price that is written on it.
const ownTariff = "/customers/alder/tariffs?meter=documents&month=2026-10&second=own&model=graduated&upTo-1=1000&unit-1=0.08&unit-2=0.05&minimum=10&percent=5&times=Mo-Fr+18:00-06:00&timesFactor=2&criticalFactor=3"

// The price that held comes to what the statement says; another one to what anybody adds up
// from the file of events.
func TestTwoTariffs(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	olga := nobody.as("owner@alder")
	body := olga.page("/customers/alder/tariffs?meter=documents&second=erp-documents-late@1")
	for _, want := range []string{
		"October 2026 comes to at one price", "<strong class=\"num\">204.30 EUR</strong>", "Tier 2: 1\u202f905 documents at 0.06 EUR each", "Nights and weekends: ",
		"Thu 1 Oct", "the events behind it",
	} {
		require.Contains(t, body, want)
	}
	require.Contains(t, olga.page("/customers/alder/statement?month=2026-10"), "204.30")

	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	rows, err := csv.NewReader(strings.NewReader(olga.page("/customers/alder/usage/documents/events.csv?month=2026-10"))).ReadAll()
	require.NoError(t, err)
	cents := int64(0) // times ten
	for _, row := range rows[1:] {
		at, err := time.Parse(time.RFC3339, row[0])
		require.NoError(t, err)
		at = at.In(berlin)
		if w := at.Weekday(); w == time.Saturday || w == time.Sunday || at.Hour() < 7 || at.Hour() >= 18 {
			cents += 4
		} else {
			cents += 8
		}
	}
	require.Contains(t, body, decimal.New(cents, -2).StringFixed(2)+" EUR</strong>")

	for path, wants := range map[string][]string{
		"":                               {"Documents"},
		"?meter=storage&month=2026-10":   {"69.92 EUR", "67.68 EUR", "The second comes to 2.24 EUR less, 3.2 %."},
		"?meter=db.hours":                {"There is only one price for hours"},
		"?meter=documents&month=2026-11": {"November 2026 so far", "what is due at the end of the month is not in it yet"},
		"?meter=erp.people":              {"People who enter orders"},
	} {
		body := olga.page("/customers/alder/tariffs" + path)
		for _, want := range wants {
			require.Contains(t, body, want, path)
		}
		require.NotContains(t, body, "ZgotmplZ")
		for _, way := range regexp.MustCompile(`href="(/customers/alder/[^"]+)"`).FindAllStringSubmatch(body, -1) {
			olga.page(html.UnescapeString(way[1]))
		}
	}
}

// A price is written on the page by the provider's people; what is wrong with it stands at
// its fields, all at once.
func TestATariffOfOnesOwn(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	ada := nobody.as("ada")
	body := ada.page(ownTariff)
	for _, want := range []string{"The price below", "At those times, tier 1: ", "Discount of 5 %", "October 2026 has no critical window.", `name="upTo-1" value="1000"`} {
		require.Contains(t, body, want)
	}
	status, body := ada.get("/customers/alder/tariffs?meter=documents&second=own&model=graduated&upTo-1=x&unit-1=-1&unit-2=0.05&upTo-3=7&times=Xx+18&timesFactor=z&criticalFactor=-3&minimum=1e9&percent=105&maximum=" + strings.Repeat("9", 50))
	require.Equal(t, http.StatusUnprocessableEntity, status)
	for _, name := range []string{"upTo-1", "unit-1", "upTo-2", "unit-3", "times", "timesFactor", "criticalFactor", "minimum", "maximum", "percent"} {
		require.Contains(t, body, `name="`+name+`" aria-invalid="true"`, name)
	}
	for path, name := range map[string]string{
		"second=own":                                       "unitPrice",
		"second=own&model=nonsense":                        "model",
		"second=own&model=graduated":                       "unit-1",
		"second=own&unitPrice=1&times=24/7":                "timesFactor",
		"second=own&unitPrice=1&timesFactor=2":             "times",
		"second=own&unitPrice=1&minimum=5&maximum=4":       "maximum",
		"first=storage@1":                                  "first",
		"second=erp-documents@99":                          "second",
		"first=%00&second=%ff":                             "first",
		"second=own&model=volume&upTo-1=5&unit-1=1&unit-2": "upTo-1",
	} {
		status, body := ada.get("/customers/alder/tariffs?meter=documents&" + path)
		require.Equal(t, http.StatusUnprocessableEntity, status, path)
		require.Contains(t, body, `name="`+name+`" aria-invalid="true"`, path)
	}
	// What does not add up has no prices by time; the reason is on the page.
	body = ada.page("/customers/alder/tariffs?meter=storage&second=own&unitPrice=1&times=Mo-Fr+18:00-06:00&timesFactor=2")
	require.Contains(t, body, "does not add up over times")
	// Advent begins within the month.
	body = ada.page("/customers/alder/tariffs?meter=documents&month=2026-11&second=own&unitPrice=0.05&criticalFactor=2")
	require.Contains(t, body, "November 2026 has: Advent orders.")

	olga := nobody.as("owner@alder")
	require.NotContains(t, olga.page("/customers/alder/tariffs?meter=documents"), "unitPrice")
	status, _ = olga.get("/customers/alder/tariffs?meter=documents&second=own&unitPrice=1")
	require.Equal(t, http.StatusUnprocessableEntity, status)
	for who, want := range map[string]int{"member@alder": http.StatusForbidden, "owner@birch": http.StatusNotFound, "ben": http.StatusOK} {
		status, _ := nobody.as(who).get("/customers/alder/tariffs")
		require.Equal(t, want, status, who)
	}
}

// A customer sees the list and its own price, and nobody else's; and looking keeps nothing.
func TestTariffsOfOthersAreNotSeen(t *testing.T) {
	t.Parallel()
	p := openDemo(t)
	t.Cleanup(func() { require.NoError(t, p.close(context.WithoutCancel(t.Context()))) })
	own := prices()["erp-documents"]
	own.Name, own.Tiers[0].Unit = "Documents, as agreed with Birch", number("0.0777")
	_, err := p.Prices().Override(t.Context(), servicecoin.Person(ada), "birch", "erp-documents", own, calendar.Between(p.store.Now().AddDate(0, -1, 0), time.Time{}))
	require.NoError(t, err)
	server := httptest.NewServer(p.handler())
	t.Cleanup(server.Close)
	nobody := &running{t: t, base: server.URL}
	alder, birch := nobody.as("owner@alder"), nobody.as("owner@birch")
	count := func() (n int) {
		for after := store.Position(0); ; {
			page, err := p.store.Events(t.Context(), after, store.MaxPage)
			require.NoError(t, err)
			if len(page) == 0 {
				return n
			}
			n, after = n+len(page), page[len(page)-1].Position
		}
	}
	before := count()
	require.NotContains(t, alder.page("/customers/alder/tariffs?meter=documents"), "0.0777")
	require.Contains(t, birch.page("/customers/birch/tariffs?meter=documents"), "0.0777")
	status, _ := alder.get("/customers/alder/tariffs?" + url.Values{"meter": {"documents"}, "second": {"for/birch/erp-documents@1"}}.Encode())
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Equal(t, before, count())
}
