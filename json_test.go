package servicecoin_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// In JSON null is "unknown", and a list with nothing in it is []: whatever the
// rooms answer when there is nothing to say has no list that is null.
func TestEmptyListsAreNotUnknown(t *testing.T) {
	t.Parallel()
	at, ada, bob := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), servicecoin.Person("ada"), servicecoin.Client("bob")
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return at }})
	provider := s.For(servicecoin.Provider)
	must := func(x any, err error) any { require.NoError(t, err); return x }
	graph := catalog.NewGraph(nil, nil)
	order, sub, err := catalog.Place(bob, at, catalog.Offering{
		ID: "o", Service: "mail", Name: "Mail", Kind: catalog.Cloud, Maturity: catalog.General, Approval: catalog.ApprovalNone,
	}, catalog.Request{ID: "1", Subscription: "s1"})
	require.NoError(t, err)
	begun, err := adoption.Begin(ada, at, "s1", adoption.Template{Service: "mail", Title: "Mail", Points: []adoption.Point{{Name: "use"}}})
	require.NoError(t, err)
	playbook := adoption.NewPlaybook(provider)
	survey := adoption.Survey{ID: "s", Kind: adoption.CSAT, Question: "?", OpensAt: at}
	meters := metering.NewMeters(provider)
	meter := metering.Meter{ID: "m", Name: "M", Type: "x", Aggregation: metering.Count, Unit: "x"}
	require.NoError(t, meters.Define(t.Context(), ada, meter))
	acme := servicecoin.Customer{ID: "acme", Name: "Acme", Currency: "EUR"}
	ledger := metering.New(s.For(acme.ID), metering.NewMemoryStore(), meters, acme, nil)
	statements := cost.New(s.For(acme.ID), acme, ledger, rating.New(provider), nil)
	next, ok := begun.Next(at)
	require.True(t, ok)
	fee := rating.Price{Name: "Use", Model: rating.PerUnit, Currency: money.EUR, Rounding: money.HalfAwayFromZero, UnitPrice: servicecoin.Some(decimal.NewFromInt(1))}
	for name, value := range map[string]any{
		"statement of nothing": must(statements.Draft(t.Context(), calendar.Month{Year: 2026, Month: time.January})), "charge of nothing": must(rating.Rate(fee, decimal.Zero)),
		"next step": next, "usage of nothing": must(ledger.Check(t.Context(), "m", decimal.Zero, at)),
		"impact of nothing": graph.Impact(), "impact of a stranger": graph.Impact("x"), "reach of a stranger": graph.Reach("x"), "plan of nothing": graph.RestoreOrder(),
		"comparison of nothing": must(catalog.Compare(nil, catalog.Planned{}, func(catalog.Offering, catalog.Planned) (catalog.Price, error) { return catalog.Price{}, nil })), "lead times of nothing": catalog.LeadTimesOf(nil, at),
		"no difference": must(catalog.New(provider, nil).Sync(t.Context(), ada, nil, catalog.SyncOptions{})),
		"order":         order, "subscription": sub, "service": catalog.Service{}, "offering": catalog.Offering{},
		"onboarding": begun, "checklist": begun.Checklist(at), "score of nothing": must(survey.Score()), "breakdown of nothing": must(survey.Breakdown(nil, nil)),
		"template":                must(playbook.PublishTemplate(t.Context(), ada, adoption.Template{Service: "mail", Title: "Mail", Points: []adoption.Point{{Name: "use"}}})),
		"journey":                 must(playbook.PublishJourney(t.Context(), ada, adoption.Journey{ID: "j", Name: "J"})),
		"decision without quotas": metering.Decide("m", decimal.Zero, nil), "series without windows": must(meter.Series(func(func(metering.Event, error) bool) {}, nil)),
	} {
		text, err := json.Marshal(value)
		require.NoError(t, err, name)
		require.NotContains(t, string(text), "[null", name)
		require.Empty(t, nulls(reflect.ValueOf(value), name), name)
	}
}

// nulls names the lists of a value that are null in its JSON.
func nulls(v reflect.Value, path string) (list []string) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			list = append(list, nulls(v.Index(i), fmt.Sprintf("%s[%d]", path, i))...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			tag := f.Tag.Get("json")
			if !f.IsExported() || tag == "-" {
				continue
			}
			kind := f.Type.Kind()
			if (kind == reflect.Slice || kind == reflect.Map) && f.Type != reflect.TypeFor[json.RawMessage]() && v.Field(i).IsNil() && !strings.Contains(tag, "omit") {
				list = append(list, path+"."+f.Name)
			}
			list = append(list, nulls(v.Field(i), path+"."+f.Name)...)
		}
	}
	return list
}
