package cloudevents_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/interop/cloudevents"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// A batch of 1,000 events from its bytes to a store that does nothing, and an event of it.
func BenchmarkBatch(b *testing.B) {
	const n = 1000
	list := make([]string, n)
	for i := range list {
		list[i] = ce(strconv.Itoa(i), `,"subject":"vm1","data":{"usage":{"hours":0.4567},"region":"eu","size":"xl"}`)
	}
	body := "[" + strings.Join(list, ",") + "]"
	s := store.New(memory.New(), nil)
	h := cloudevents.New(metering.NewIntake(s, void{metering.NewMemoryStore()}, metering.NewMeters(s.For(servicecoin.Provider)), &metering.Options{QuotasByReview: true}), sender, owner, &cloudevents.Options{Mappings: map[string]cloudevents.Mapping{
		"": {Value: "$.usage.hours", Dimensions: map[string]string{"region": "$.region", "size": "$.size"}},
	}})
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "http://acme/usage", strings.NewReader(body))
		r.Header.Set("Content-Type", many)
		r.Header.Set("Authorization", "x")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/event")
}
