package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

func TestOwnDataOnly(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 8, 9, 0, 0, 0, time.UTC)
	var services catalog.MemoryDirectory
	services.Set("mail", "Mail", "acme")
	services.Set("other", "Other", "globex")
	provider, err := coin.New(store.New(memory.New(), &store.Options{Now: func() time.Time { return now }}), &services, nil)
	require.NoError(t, err)
	ada := servicecoin.Person("ada")
	_, err = provider.Keeper("acme").Make(t.Context(), ada, sla.Promise{
		ID: "mail", Service: "mail", Objective: decimal.RequireFromString("99.9"), ValidFrom: now.AddDate(-1, 0, 0),
		Terms: sla.Terms{Weights: sla.Weights{"outage": decimal.NewFromInt(1)}},
	})
	require.NoError(t, err)
	_, err = provider.Desk().Open(t.Context(), ada, incident.Report{
		ID: "i1", Title: "Secret of the provider", Headline: "No mail",
		Effects: []incident.Effect{{Service: "mail", Level: incident.Outage, From: now}, {Service: "other", Level: incident.Outage, From: now}},
	})
	require.NoError(t, err)
	now = now.Add(24 * time.Hour)
	a := api{provider, func(r *http.Request) (servicecoin.CustomerID, error) {
		if c := r.Header.Get("X-Customer"); c != "" {
			return servicecoin.CustomerID(c), nil
		}
		return "", servicecoin.ErrForbidden
	}}
	ask := func(customer, path string) (int, string) {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
		req.Header.Set("X-Customer", customer)
		w := httptest.NewRecorder()
		a.handler().ServeHTTP(w, req)
		require.True(t, json.Valid(w.Body.Bytes()), w.Body.String())
		return w.Code, w.Body.String()
	}
	status, body := ask("acme", "/promises/mail/2026-01")
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, `"downSeconds":"86400"`)
	status, body = ask("acme", "/incidents/i1")
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, "No mail")
	require.NotContains(t, body, "Secret")
	require.NotContains(t, body, "other", "which services exist is not everybody's to know")
	for path, want := range map[string]int{"/promises/mail/2026-01": 404, "/incidents/i1": 404} {
		status, _ := ask("globex", path)
		require.Equal(t, want, status, path)
	}
	_, yours := ask("globex", "/incidents/i1")
	_, nobodys := ask("globex", "/incidents/i2")
	require.Equal(t, strings.ReplaceAll(yours, "i1", "i2"), nobodys, "what is another's is not told from what is not there")
	_, yours = ask("globex", "/promises/mail/2026-01")
	_, nobodys = ask("globex", "/promises/none/2026-01")
	require.Equal(t, strings.ReplaceAll(yours, "mail", "none"), nobodys)
	status, body = ask("acme", "/promises/mail/yesterday")
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, `"violations":[{"path":"","code":"bad-format","value":"yesterday"`)
	status, _ = ask("", "/promises/mail/2026-01")
	require.Equal(t, http.StatusForbidden, status)
}
