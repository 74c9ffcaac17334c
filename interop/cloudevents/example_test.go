package cloudevents_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/interop/cloudevents"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// A customer's gateway sends what it served. The host knows customer and gateway by a key.
func ExampleNew() {
	s := store.New(memory.New(), nil)
	intake := metering.NewIntake(s, metering.NewMemoryStore(), metering.NewMeters(s.For(servicecoin.Provider)), nil)
	keys := map[string]servicecoin.Customer{"Bearer k1": {ID: "acme", Name: "Acme"}}

	sender := func(r *http.Request) (servicecoin.Actor, error) {
		if _, known := keys[r.Header.Get("Authorization")]; !known {
			return servicecoin.Actor{}, cloudevents.ErrUnauthenticated
		}
		return servicecoin.Program("gateway"), nil
	}
	owner := func(r *http.Request, _ metering.Event) (servicecoin.Customer, error) {
		return keys[r.Header.Get("Authorization")], nil
	}
	handler := cloudevents.New(intake, sender, owner, &cloudevents.Options{Mappings: map[string]cloudevents.Mapping{
		"tokens": {Value: "$.total", Fields: map[string]string{"in": "$.usage.in", "out": "$.usage.out"}, Dimensions: map[string]string{"model": "$.model"}},
	}})

	r := httptest.NewRequest(http.MethodPost, "/usage", strings.NewReader(`[
		{"specversion": "1.0", "type": "tokens", "source": "/gateway", "id": "1", "time": "2026-01-08T12:00:00Z",
		 "data": {"total": 1200, "usage": {"in": 1000, "out": 200}, "model": "small"}},
		{"specversion": "1.0", "type": "tokens", "source": "/gateway", "id": "2", "time": "2026-01-08T12:00:01Z",
		 "data": {"total": "1,5", "usage": {"in": 1, "out": 0.5}}}
	]`))
	r.Header.Set("Content-Type", "application/cloudevents-batch+json")
	r.Header.Set("Authorization", "Bearer k1")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output:
	// 200 {"added":1,"repeats":0,"conflicts":0,"refused":1,"exceptions":[{"index":1,"outcome":"refused","source":"/gateway","id":"2","violations":[{"path":"$.total","code":"decimal-comma","value":"1,5","text":"must have a point before its decimals, not a comma: a comma may also group thousands"}]}]}
}
