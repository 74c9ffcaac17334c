package cloudevents_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/servicecoin/servicecoin/interop/cloudevents"
)

// Batches of the CloudEvents conformance tests: 0, 1, 2, 2 and 2 events; in the third both
// have one source and id: one usage event, not two.
func TestConformanceBatches(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/corpus/cloudevents-batches.json")
	require.NoError(t, err)
	var file struct {
		Tests []struct {
			ID    string
			Batch json.RawMessage
		}
	}
	require.NoError(t, json.Unmarshal(text, &file))
	var got []string
	for _, c := range file.Tests {
		s := newSite(t, &cloudevents.Options{Untimed: func(*http.Request) time.Time { return noon }, Mappings: map[string]cloudevents.Mapping{"": {
			Value: "extinteger?", Dimensions: map[string]string{"b": "extboolean", "s": "extstring", "u": "exturi", "r": "exturiref", "t": "exttimestamp", "x": "extbinary"},
		}}})
		code, a := s.post(many, string(c.Batch))
		require.Equal(t, 200, code, a)
		list := s.stored("io.cloudevents.test")
		got = append(got, fmt.Sprint(c.ID, " ", a.Added, " ", a.Repeats, " ", len(list)))
		switch c.ID {
		case "validBatchMinimalAndAllExtensionTypes":
			e := list[0]
			require.Equal(t, "allExtensionTypes", e.ID)
			require.Equal(t, "10", e.Value.Decimal.String())
			require.Equal(t, map[string]string{
				"b": "true", "s": "text", "u": "https://cloudevents.io", "r": "//authority/path", "t": "2023-03-31T15:12:00Z", "x": "TWE=",
			}, e.Dimensions.Map())
		case "validBatchMinimalAndAllCore":
			require.Equal(t, "tests", list[0].Subject)
			require.Equal(t, time.Date(2018, 4, 5, 17, 31, 0, 0, time.UTC), list[0].Time)
		}
	}
	require.Equal(t, []string{
		"validBatchEmpty 0 0 0", "validBatchMinimal 1 0 1", "validBatchMinimal2 1 1 1", "validBatchMinimalAndAllCore 2 0 2", "validBatchMinimalAndAllExtensionTypes 2 0 2",
	}, got)
}

// One event of the conformance tests in binary and in structured mode is the same event.
func TestConformanceModes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/corpus/cloudevents-v1.yaml")
	require.NoError(t, err)
	type document struct {
		Mode                string         `yaml:"Mode"`
		ContextAttributes   map[string]any `yaml:"ContextAttributes"`
		TransportExtensions map[string]string
		Data                string `yaml:"Data"`
	}
	o := &cloudevents.Options{Mappings: map[string]cloudevents.Mapping{"": {Dimensions: map[string]string{"one": "comexampleextension1", "two": "comexampleextension2", "data": "$.world"}}}}
	s := newSite(t, o)
	modes := 0
	for part := range strings.SplitSeq(string(text), "\n---\n") {
		var d document
		require.NoError(t, yaml.Unmarshal([]byte(part), &d))
		attributes := map[string]string{"specversion": "1.0"}
		for name, value := range d.ContextAttributes {
			switch value := value.(type) {
			case map[string]any:
				for name, value := range value {
					attributes[name] = strings.TrimSuffix(fmt.Sprint(value), "\n")
				}
			case time.Time:
				attributes[name] = value.Format(time.RFC3339)
			default:
				if name != "specversion" {
					attributes[name] = fmt.Sprint(value)
				}
			}
		}
		modes++
		var code int
		var a cloudevents.Answer
		if d.Mode == "binary" {
			var header []string
			for name, value := range attributes {
				header = append(header, "Ce-"+name, escaped(value))
			}
			code, a = s.post("application/json", d.Data, header...)
			require.Equal(t, []int{200, 1}, []int{code, a.Added}, a)
		} else {
			object := map[string]any{"data": json.RawMessage(d.Data)}
			for name, value := range attributes {
				object[name] = value
			}
			body, err := json.Marshal(object)
			require.NoError(t, err)
			code, a = s.post(one, string(body))
			require.Equal(t, []int{200, 1}, []int{code, a.Repeats}, a)
		}
	}
	require.Equal(t, 2, modes)
	list := s.stored("com.example.someevent")
	require.Len(t, list, 1)
	e := list[0]
	require.Equal(t, []string{"4321-4321-4321", "/mycontext/subcontext", "2018-04-05T03:56:24Z"}, []string{e.ID, e.Source, e.Time.Format(time.RFC3339)})
	require.Equal(t, map[string]string{"one": "value", "two": `{"othervalue": 5}`, "data": "hello"}, e.Dimensions.Map())
}

// vector is a case of testdata/vectors.
type vector struct {
	ID, Model string
	Params    struct {
		Aggregation   string
		ValueProperty string            `json:"value_property"`
		GroupBy       map[string]string `json:"group_by"`
	}
	Input struct {
		Data json.RawMessage
		Raw  string
	}
	Expect struct {
		Value, Error string
		ValueString  string `json:"value_string"`
		Group        map[string]string
	}
}

// The cases event_value_parse; those of the other models are in package metering.
func TestVectors(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/vectors/aggregation.json")
	require.NoError(t, err)
	var list []vector
	require.NoError(t, json.Unmarshal(text, &list))
	ran := 0
	for _, c := range list {
		if c.Model != "event_value_parse" {
			continue
		}
		ran++
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			m := cloudevents.Mapping{Dimensions: map[string]string{}}
			maps.Copy(m.Dimensions, c.Params.GroupBy)
			switch {
			case c.Params.Aggregation == "count": // counts events
			case c.Params.Aggregation == "unique_count": // what is counted is a dimension
				m.Dimensions["value"] = c.Params.ValueProperty
			case c.Params.ValueProperty == "":
				m.Value = "$"
			default:
				m.Value = c.Params.ValueProperty
			}
			e := event.New()
			e.SetID("1")
			e.SetSource("/x")
			e.SetType("x")
			e.DataEncoded = c.Input.Data
			if c.Input.Raw != "" {
				e.DataEncoded = []byte(c.Input.Raw)
			}
			got, err := m.Event(e)
			want := map[string]string{"nan": "$.duration_ms \"NaN\": must be a number: this one has no value (not-finite)", "infinite": "(not-finite)", "invalid_json": "data: must be JSON (syntax)", "missing_data": "data: must be there, with $.duration_ms (required)"}[c.Expect.Error]
			if c.Expect.Error != "" {
				require.NotEmpty(t, want)
				require.ErrorContains(t, err, want)
				return
			}
			require.NoError(t, err)
			switch {
			case c.Expect.ValueString != "":
				require.Equal(t, c.Expect.ValueString, got.Dimension("value"))
			case c.Params.Aggregation == "count":
				require.False(t, got.Value.Valid)
			default:
				require.Equal(t, c.Expect.Value, got.Value.Decimal.String())
			}
			for name, want := range c.Expect.Group {
				if diff := cmp.Diff(want, got.Dimension(name)); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
			}
		})
	}
	require.Equal(t, 7, ran)
}

// The values of the sums that are counted elsewhere are read exactly.
func TestVectorValues(t *testing.T) {
	t.Parallel()
	s := newSite(t, &cloudevents.Options{Mappings: map[string]cloudevents.Mapping{"": {Value: "$.value"}}})
	code, a := s.post(many, "["+ce("1", `,"data":{"value":123,"name":1}`)+","+ce("2", `,"data":{"value":"0.4567890123456789","name":"a"}`)+","+ce("3", `,"data":{"value":null,"name":null}`)+"]")
	require.Equal(t, []int{200, 3}, []int{code, a.Added}, a)
	list := s.stored("vm.ran")
	require.Equal(t, "123.4567890123456789", list[0].Value.Decimal.Add(list[1].Value.Decimal).String())
	require.False(t, list[2].Value.Valid, "null is no value, and no zero")
}
