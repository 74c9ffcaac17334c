package cloudevents_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/interop/cloudevents"
)

// everything reads a value, a field and a dimension of every event.
func everything() *cloudevents.Options {
	return &cloudevents.Options{
		Untimed:  func(*http.Request) time.Time { return noon },
		Mappings: map[string]cloudevents.Mapping{"": {Value: "$.value?", Fields: map[string]string{"f": "$.a[0].b?"}, Dimensions: map[string]string{"d": "$.d", "e": "ext"}, End: "$.end?", Open: "$.open?"}},
	}
}

// Whatever is sent as JSON, the answer is one that is documented; what is kept says what
// encoding/json reads; and sent again it is kept once.
func FuzzBatch(f *testing.F) {
	text, err := os.ReadFile("testdata/corpus/cloudevents-batches.json")
	require.NoError(f, err)
	var file struct {
		Tests []struct{ Batch json.RawMessage }
	}
	require.NoError(f, json.Unmarshal(text, &file))
	for _, c := range file.Tests {
		f.Add([]byte(c.Batch))
	}
	for _, more := range []string{
		`,"data":{"value":1.5,"a":[{"b":2}],"d":"x","end":"2026-01-08T11:00:00Z"}`, `,"data":{"value":"NaN"}`, `,"data":{"value":1e999999999}`, `,"data_base64":1`, `,"data_base64":"e30="`,
		`,"voids":"2"`, `,"corrects":"2","ofsource":"/b","data":{"open":true}`, `,"ext":2147483648`, `,"ext":0.5`, `,"data":{"v\u0061lue":1,"value":2}`, `,"datacontenttype":"text/plain","data":"\ud800"`,
	} {
		f.Add([]byte("[" + ce("1", more) + "]"))
	}
	f.Add([]byte("[[[[{\"a\":[\"\\\"]\"]}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		s := newSite(t, everything())
		code, a := s.post(many, string(body))
		require.Contains(t, []int{200, 400, 409, 413, 422}, code)
		if code != 200 {
			require.Zero(t, a.Added)
			return
		}
		var list []json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(strings.TrimPrefix(string(body), "\ufeff")), &list))
		require.Len(t, list, a.Added+a.Repeats+a.Conflicts+a.Refused)
		refused := map[int]bool{}
		for _, x := range a.Exceptions {
			refused[x.Index] = true
		}
		for i, raw := range list {
			if refused[i] {
				continue
			}
			var e struct{ ID, Type, SpecVersion string }
			require.NoError(t, json.Unmarshal(raw, &e))
			require.NotEmpty(t, e.ID)
			require.Equal(t, "1.0", e.SpecVersion)
			code, again := s.post(one, string(raw))
			require.Equal(t, []int{200, 1}, []int{code, again.Repeats}, "alone it is the same event")
		}
	})
}

// Whatever is in the headers, the answer is one that is documented.
func FuzzBinary(f *testing.F) {
	f.Add("1", "/hv", "vm.ran", "2026-01-08T10:00:00Z", "Ext", "x", "application/json", []byte(`{"value":1}`))
	f.Add("%31", `"/hv"`, "vm.ran", "", "", "\"", "text/plain; charset=x", []byte(`1`))
	f.Add("%", `"\"`, "%ff", "0001-01-01T00:00:00Z", "Odd-Name", "%zz", "a", []byte(`{"value":1,"value":1}`))
	f.Fuzz(func(t *testing.T, id, source, kind, when, name, value, contentType string, body []byte) {
		s := newSite(t, everything())
		code, a := s.post(contentType, string(body), "Ce-Specversion", "1.0", "Ce-Id", id, "Ce-Source", source, "Ce-Type", kind, "Ce-Time", when, "Ce-"+name, value)
		require.Contains(t, []int{200, 400, 409, 415, 422}, code)
		if code == 200 {
			require.Equal(t, 1, a.Added)
		}
	})
}
