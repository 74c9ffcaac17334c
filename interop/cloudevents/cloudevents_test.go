package cloudevents_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/interop/cloudevents"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

const (
	one  = "application/cloudevents+json"
	many = "application/cloudevents-batch+json"
)

var (
	noon = time.Date(2026, 1, 8, 12, 0, 0, 0, time.UTC)
	year = calendar.Between(time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
)

// site is a host with a handler.
type site struct {
	t      *testing.T
	h      http.Handler
	events metering.EventStore
}

func newSite(t *testing.T, o *cloudevents.Options) site {
	t.Helper()
	return siteOver(t, metering.NewMemoryStore(), o)
}

func siteOver(t *testing.T, events metering.EventStore, o *cloudevents.Options) site {
	t.Helper()
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return noon }, Authorize: func(_ context.Context, a servicecoin.Attempt) error {
		if a.Subject.Customer == "globex" {
			return servicecoin.ErrForbidden
		}
		return nil
	}})
	h := cloudevents.New(metering.NewIntake(s, events, metering.NewMeters(s.For(servicecoin.Provider)), nil), sender, owner, o)
	require.NoError(t, h.Err())
	return site{t, h, events}
}

// sender knows who sends by a header.
func sender(r *http.Request) (servicecoin.Actor, error) {
	switch key := r.Header.Get("Authorization"); key {
	case "":
		return servicecoin.Actor{}, cloudevents.ErrUnauthenticated
	case "Bearer stranger":
		return servicecoin.Actor{}, servicecoin.ErrForbidden
	case "Bearer down":
		return servicecoin.Actor{}, errors.New("the directory is down")
	default:
		return servicecoin.Program(key), nil
	}
}

// owner takes the customer from the host's name of the request.
func owner(r *http.Request, e metering.Event) (servicecoin.Customer, error) {
	if e.Subject == "nobody's" {
		return servicecoin.Customer{}, servicecoin.ErrNotFound
	}
	return servicecoin.Customer{ID: servicecoin.CustomerID(r.Host), Name: r.Host}, nil
}

// post sends a body, and returns the status and the answer.
func (s site) post(contentType, body string, header ...string) (int, cloudevents.Answer) {
	s.t.Helper()
	rec := s.send(contentType, body, header...)
	var a cloudevents.Answer
	if rec.Header().Get("Content-Type") == "application/json" {
		require.NoError(s.t, json.Unmarshal(rec.Body.Bytes(), &a))
	}
	return rec.Code, a
}

func (s site) send(contentType, body string, header ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://acme/usage", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Bearer collector")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	rec := httptest.NewRecorder()
	s.h.ServeHTTP(rec, r)
	return rec
}

// stored returns the events of a type.
func (s site) stored(kind string) (list []metering.Event) {
	s.t.Helper()
	for e, err := range s.events.Scan(s.t.Context(), metering.Query{Customer: "acme", Type: kind, During: year}) {
		require.NoError(s.t, err)
		list = append(list, e)
	}
	return list
}

// ce is a structured event with more attributes.
func ce(id, more string) string {
	return `{"specversion":"1.0","source":"/hv","type":"vm.ran","time":"2026-01-08T10:00:00Z","id":"` + id + `"` + more + `}`
}

// told lists the exceptions of an answer.
func told(a cloudevents.Answer) (all []string) {
	for _, x := range a.Exceptions {
		words := []string{strconv.Itoa(x.Index), string(x.Outcome)}
		for _, v := range x.Violations {
			words = append(words, v.Path+":"+v.Code)
		}
		all = append(all, strings.Join(words, " "))
	}
	return all
}

func TestStructured(t *testing.T) {
	t.Parallel()
	s := newSite(t, &cloudevents.Options{Mappings: map[string]cloudevents.Mapping{"vm.ran": {
		Value: "$.usage.hours", Fields: map[string]string{"size": `$["odd. name"][1]`, "none": "$.none?"},
		Dimensions: map[string]string{"region": "region", "live": "$.live", "zone": "$.zone", "count": "count"}, End: "$.until?", Open: "$.open?",
	}}})
	body := "\ufeff " + ce("1", `,"subject":"vm1","region":"eu","count":7,"data":{"usage":{"hours":"0.4567890123456789"},"odd. name":[1,12345678901234567890.5],"live":true,"zone":null,"until":"2026-01-08T12:00:00+01:00"},"partitionkey":null,"dataschema":null`) + "\n"
	code, a := s.post(one, body)
	require.Equal(t, 200, code, a)
	require.Equal(t, 1, a.Added)
	e := s.stored("vm.ran")[0]
	require.Equal(t, "0.4567890123456789", e.Value.Decimal.String())
	require.Equal(t, "12345678901234567890.5", e.Fields.Get("size").Decimal.String())
	require.Equal(t, map[string]string{"region": "eu", "live": "true", "count": "7"}, e.Dimensions.Map())
	e.Value, e.Fields, e.Dimensions = servicecoin.Undefined(), nil, nil
	require.Equal(t, metering.Event{
		Customer: "acme", Source: "/hv", ID: "1", Type: "vm.ran", Subject: "vm1", Time: noon.Add(-2 * time.Hour), End: noon.Add(-time.Hour), RecordedAt: noon,
	}, e)
	code, a = s.post(one, body)
	require.Equal(t, []int{200, 0, 1}, []int{code, a.Added, a.Repeats}, "an event that is sent again counts once")
	code, a = s.post(one, strings.Replace(body, "vm1", "vm2", 1))
	require.Equal(t, 409, code)
	require.Equal(t, []string{"0 conflict"}, told(a))
	require.Equal(t, "/hv", a.Exceptions[0].Source)
	code, _ = s.post(one+"; charset=UTF-8", ce("2", `,"data":{"usage":{"hours":1},"odd. name":[1,2],"open":true}`))
	require.Equal(t, 200, code)
	require.True(t, s.stored("vm.ran")[1].Open)
}

func TestBatch(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	code, a := s.post(many, "["+strings.Join([]string{
		ce("1", `,"data":{"value":1}`), ce("2", `,"data":{"value":"NaN"}`), ce("1", `,"data":{"value":1.0}`), ce("3", ""), ce("4", `,"subject":"nobody's"`), "7", "null", "[]", `{}`,
		ce("1", `,"data":{"value":2}`), ce("5", `,"id":"6"`), ce("7", `,"data":{"value":1,"x":{"value":1,"value":2}}`), ce("8", `,"data":{"value":1e999999999}`), ce(strings.Repeat("9", 201), ""),
	}, ",\n")+"]")
	require.Equal(t, 200, code)
	require.Equal(t, []string{
		"1 refused $.value:not-finite", "4 refused customer:unknown", "5 refused :bad-type", "6 refused :bad-type", "7 refused :bad-type",
		"8 refused id:required source:required type:required specversion:required", "9 conflict", "10 refused id:duplicate", "11 refused data:duplicate",
		"12 refused $.value:out-of-range", "13 refused id:too-long",
	}, told(a))
	require.Equal(t, []int{2, 1, 1, 10}, []int{a.Added, a.Repeats, a.Conflicts, a.Refused})
	require.Equal(t, strings.Repeat("9", 200)+"…", a.Exceptions[10].ID)
	list := s.stored("vm.ran")
	require.Len(t, list, 2)
	require.Equal(t, "1", list[0].Value.Decimal.String())
	require.False(t, list[1].Value.Valid)
}

func TestBinary(t *testing.T) {
	t.Parallel()
	o := &cloudevents.Options{Mappings: map[string]cloudevents.Mapping{"": {Value: "$.value", Dimensions: map[string]string{"region": "region"}}}}
	s := newSite(t, o)
	header := []string{"Ce-Specversion", "1.0", "Ce-Id", "1", "Ce-Source", "/hv", "Ce-Type", "vm.ran", "Ce-Time", "2026-01-08T10:00:00Z", "Ce-Region", `"a \"b\" %C3%A4%25"`, "Ce-Subject", "100%"}
	code, a := s.post("application/json", `{"value":1.50}`, header...)
	require.Equal(t, 200, code, a)
	e := s.stored("vm.ran")[0]
	require.Equal(t, "1.5", e.Value.Decimal.String())
	require.Equal(t, `a "b" ä%`, e.Dimension("region"))
	require.Equal(t, "100%", e.Subject)

	code, a = s.post(one, ce("1", `,"subject":"100%","region":"a \"b\" ä%","data":{"value":1.5}`))
	require.Equal(t, 200, code, a)
	require.Equal(t, 1, a.Repeats, "the same event in structured mode")

	for name, c := range map[string]struct {
		contentType, body string
		header            []string
		want              string
	}{
		"no JSON":            {"application/json", `{"value":`, nil, "0 refused data:syntax"},
		"garbage behind it":  {"application/json", `{"value":1} 2`, nil, "0 refused data:syntax"},
		"another type":       {"text/csv", `1`, nil, "0 refused data:bad-type"},
		"a type that is bad": {"a b", `1`, nil, "0 refused datacontenttype:invalid"},
		"nothing":            {"application/json", ``, nil, "0 refused data:required"},
		"no id":              {"application/json", `{"value":1}`, []string{"Ce-Id", ""}, "0 refused id:required"},
		"blank id":           {"application/json", `{"value":1}`, []string{"Ce-Id", "%20"}, "0 refused id:invalid"},
		"no UTF-8":           {"application/json", `{"value":1}`, []string{"Ce-Id", "%ff"}, "0 refused id:bad-text id:required"},
		"an odd name":        {"application/json", `{"value":1}`, []string{"Ce-Odd-Name", "1"}, "0 refused odd-name:bad-name"},
		"no name":            {"application/json", `{"value":1}`, []string{"Ce-", "1"}, "0 refused :bad-name"},
		"another version":    {"application/json", `{"value":1}`, []string{"Ce-Specversion", "0.3"}, "0 refused specversion:unknown"},
		"a type twice":       {"application/json", `{"value":1}`, []string{"Ce-Datacontenttype", "text/xml"}, "0 refused datacontenttype:contradiction"},
		"a bad time":         {"application/json", `{"value":1}`, []string{"Ce-Time", "yesterday"}, "0 refused time:bad-time"},
		"a bad source":       {"application/json", `{"value":1}`, []string{"Ce-Source", "%zz:/"}, "0 refused source:invalid"},
	} {
		code, a := s.post(c.contentType, c.body, append(append([]string{}, header...), c.header...)...)
		require.Equal(t, 422, code, name)
		require.Equal(t, []string{c.want}, told(a), name)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://acme/usage", strings.NewReader(`{"value":1}`))
	r.Header = http.Header{"Authorization": {"x"}, "Ce-Specversion": {"1.0"}, "Ce-Id": {"a", "b"}, "Ce-Source": {"/hv"}, "Ce-Type": {"vm.ran"}}
	rec := httptest.NewRecorder()
	s.h.ServeHTTP(rec, r)
	require.Equal(t, 422, rec.Code)
	require.Contains(t, rec.Body.String(), `"path":"id","code":"duplicate"`)
}

// Data says the same in whatever form it comes.
func TestForms(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]string{
		"an object":          `,"data":{"value":1.25}`,
		"before its type":    `,"data":{"value":1.25},"datacontenttype":"application/json"`,
		"behind its type":    `,"datacontenttype":"application/json; charset=utf-8","data":{"value":1.25}`,
		"a type of its own":  `,"data":{"value":1.25},"datacontenttype":"application/vnd.usage+json"`,
		"base64":             `,"data_base64":"` + base64.StdEncoding.EncodeToString([]byte(`{"value":1.25}`)) + `"`,
		"escaped base64":     `,"data_base64":"` + strings.Replace(base64.StdEncoding.EncodeToString([]byte(`{"value":1.25}`)), "e", `\u0065`, 1) + `"`,
		"a text":             `,"data":{"value":"1.25"}`,
		"an exponent":        `,"data":{"value":125e-2}`,
		"an escaped name":    `,"data":{"v\u0061lue":1.25}`,
		"null for no base64": `,"data":{"value":1.25},"data_base64":null`,
		"no type at all":     `,"data":{"value":1.25},"datacontenttype":null`,
	} {
		s := newSite(t, &cloudevents.Options{Mappings: map[string]cloudevents.Mapping{"": {Value: "$.value"}}})
		code, a := s.post(one, ce("1", more))
		require.Equal(t, 200, code, "%s: %v", name, a)
		require.Equal(t, "1.25", s.stored("vm.ran")[0].Value.Decimal.String(), name)
	}
}

func TestSingleEventsAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, &cloudevents.Options{Depth: 3, Mappings: map[string]cloudevents.Mapping{"vm.ran": {
		Value: "$.value", End: "$.end?", Open: "$.open?", Dimensions: map[string]string{"region": "$.region"},
	}, "counted": {}}})
	for name, c := range map[string]struct{ body, want string }{
		"no value":             {ce("1", `,"data":{}`), "$.value:required"},
		"no data":              {ce("1", ``), "data:required"},
		"null data":            {ce("1", `,"data":null`), "data:required"},
		"data of another kind": {ce("1", `,"data":[1]`), "$.value:required"},
		"true":                 {ce("1", `,"data":{"value":true}`), "$.value:not-a-number"},
		"an object":            {ce("1", `,"data":{"value":{}}`), "$.value:bad-type"},
		"a decimal comma":      {ce("1", `,"data":{"value":"1,5"}`), "$.value:decimal-comma"},
		"infinite":             {ce("1", `,"data":{"value":"+Inf"}`), "$.value:not-finite"},
		"a huge exponent":      {ce("1", `,"data":{"value":"1e-999999999"}`), "$.value:out-of-range"},
		"too precise":          {ce("1", `,"data":{"value":1e-31}`), "$.value:too-precise"},
		"too deep":             {ce("1", `,"data":{"value":1,"x":[[[]]]}`), "data:too-deep"},
		"twice":                {ce("1", `,"data":{"value":1,"value":1}`), "data:duplicate"},
		"twice, escaped":       {ce("1", `,"data":{"value":1,"v\u0061lue":1}`), "data:duplicate"},
		"twice, many":          {ce("1", `,"data":{`+numbered(40)+`,"n7":1}`), "data:duplicate"},
		"a region of many":     {ce("1", `,"data":{"value":1,"region":["eu"]}`), "$.region:bad-type"},
		"a bad end":            {ce("1", `,"data":{"value":1,"end":"tomorrow"}`), "$.end:bad-time"},
		"an end before":        {ce("1", `,"data":{"value":1,"end":"2026-01-08T09:00:00Z"}`), "end:order"},
		"open and ended":       {ce("1", `,"data":{"value":1,"end":"2026-01-08T11:00:00Z","open":true}`), "end:contradiction"},
		"a bad open":           {ce("1", `,"data":{"value":1,"open":1}`), "$.open:bad-type"},
		"another type":         {strings.Replace(ce("1", ""), "vm.ran", "vm.walked", 1), "type:unknown"},
		"data twice":           {ce("1", `,"data":{"value":1},"data_base64":"e30="`), "data_base64:contradiction"},
		"base64 of no text":    {ce("1", `,"data_base64":1`), "data_base64:bad-text"},
		"base64 of nothing":    {ce("1", `,"data_base64":""`), "data:required"},
		"bad base64":           {ce("1", `,"data_base64":"%"`), "data_base64:bad-text"},
		"data of no type":      {ce("1", `,"datacontenttype":"text/plain","data":{"value":1}`), "data:bad-type"},
		"text":                 {ce("1", `,"datacontenttype":"text/plain","data":"{}"`), "data:bad-type"},
		"an id that is none":   {strings.Replace(ce("1", ""), `"1"`, `1`, 1), "id:bad-type id:required"},
		"a name in capitals":   {ce("1", `,"Region":"eu"`), "Region:bad-name"},
		"the id in capitals":   {ce("1", `,"ID":"2"`), "ID:bad-name"},
		"an object attribute":  {ce("1", `,"region":{}`), "region:bad-type"},
		"a fraction":           {ce("1", `,"rate":0.9`), "rate:bad-type"},
		"a large attribute":    {ce("1", `,"rate":2147483648`), "rate:bad-type"},
		"many attributes":      {ce("1", `,`+numbered(120)), ":too-many"},
		"a bad schema":         {ce("1", `,"dataschema":"relative"`), "dataschema:invalid"},
		"an older version":     {strings.Replace(ce("1", `,"datacontentencoding":""`), "1.0", "0.3", 1), "specversion:unknown"},
		"a version of no text": {strings.Replace(ce("1", ""), `"1.0"`, "1.0", 1), "specversion:bad-type specversion:required"},
		"a control character":  {ce(`\u0000`, `,"data":{"value":1}`), "id:bad-text"},
		"no time":              {`{"specversion":"1.0","source":"/hv","type":"counted","id":"1"}`, "time:required"},
		"time as a number":     {`{"specversion":"1.0","source":"/hv","type":"counted","id":"1","time":1767866400}`, "time:bad-type"},
		"voids and corrects":   {ce("1", `,"voids":"2","corrects":"3"`), "corrects:contradiction"},
		"voids nothing":        {ce("1", `,"voids":""`), "voids:required of.source:required of.id:required"},
		"of a source":          {ce("1", `,"ofsource":"/hv","data":{"value":1}`), "ofsource:contradiction"},
		"voids itself":         {ce("1", `,"voids":"1"`), "of:itself"},
		"a source of no URI":   {ce("1", `,"voids":"2","ofsource":"%zz"`), "ofsource:invalid"},
	} {
		code, a := s.post(one, c.body)
		require.Equal(t, 422, code, "%s: %v", name, a)
		require.Equal(t, []string{"0 refused " + strings.TrimSuffix(c.want, " of.source:required of.id:required")}, told(a), name)
	}
	code, _ := s.post(one, ce("1", `,"data":{"value":1,"x":[[]]}`))
	require.Equal(t, 200, code)
}

// numbered are many members of an object.
func numbered(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"n%d":"x"`, i)
	}
	return strings.Join(list, ",")
}

func TestRequestsAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, &cloudevents.Options{Bytes: 2000, Events: 3})
	for name, c := range map[string]struct {
		contentType, body string
		header            []string
		status            int
		code              string
	}{
		"plain JSON":         {"application/json", ce("1", ""), nil, 400, "no-cloudevent"},
		"no type":            {"", ce("1", ""), nil, 400, "no-cloudevent"},
		"nothing":            {one, "", nil, 400, "syntax"},
		"half of it":         {one, "{", nil, 400, "syntax"},
		"garbage behind it":  {one, ce("1", "") + "x", nil, 400, "syntax"},
		"two of them":        {one, ce("1", "") + ce("2", ""), nil, 400, "syntax"},
		"a list as one":      {one, "[" + ce("1", "") + "]", nil, 400, "no-cloudevent"},
		"one as a list":      {many, ce("1", ""), nil, 400, "no-cloudevent"},
		"null":               {many, "null", nil, 400, "no-cloudevent"},
		"half a batch":       {many, "[" + ce("1", "") + ",", nil, 400, "syntax"},
		"no UTF-8":           {one, ce("\xff", ""), nil, 400, "bad-text"},
		"UTF-16":             {one, "\xff\xfe{\x00}\x00", nil, 400, "bad-text"},
		"bottomless":         {many, strings.Repeat("[", 1900), nil, 400, "syntax"},
		"another format":     {"application/cloudevents+avro", "x", nil, 415, "format"},
		"another batch":      {"application/cloudevents-batch+protobuf", "x", nil, 415, "format"},
		"another charset":    {one + "; charset=latin1", ce("1", ""), nil, 415, "charset"},
		"compressed":         {one, ce("1", ""), []string{"Content-Encoding", "gzip"}, 415, "encoding"},
		"too large":          {one, ce("1", `,"data":"`+strings.Repeat("x", 2000)+`"`), nil, 413, "too-large"},
		"too many":           {many, "[1,2,3,4]", nil, 413, "too-many"},
		"nobody":             {one, ce("1", ""), []string{"Authorization", ""}, 401, "unauthenticated"},
		"a stranger":         {one, ce("1", ""), []string{"Authorization", "Bearer stranger"}, 403, "forbidden"},
		"the directory down": {one, ce("1", ""), []string{"Authorization", "Bearer down"}, 500, "internal"},
	} {
		rec := s.send(c.contentType, c.body, c.header...)
		require.Equal(t, c.status, rec.Code, name)
		require.Equal(t, "application/problem+json", rec.Header().Get("Content-Type"), name)
		var p struct{ Code, Title, Detail string }
		require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &p), name)
		require.Equal(t, []string{c.code, http.StatusText(c.status)}, []string{p.Code, p.Title}, name)
		require.NotEmpty(t, p.Detail, name)
		require.NotContains(t, p.Detail, "directory", name)
	}
	require.Empty(t, s.stored("vm.ran"))
	require.Equal(t, "Bearer", s.send(one, "", "Authorization", "").Header().Get("Www-Authenticate"))

	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://acme/usage", nil)
	rec := httptest.NewRecorder()
	s.h.ServeHTTP(rec, r)
	require.Equal(t, 405, rec.Code)
	require.Equal(t, "POST", rec.Header().Get("Allow"))

	require.Contains(t, s.send(one, "", "Authorization", "Bearer down").Body.String(), "Nothing was changed.")

	code, a := s.post(many, "["+ce("1", "")+"]", "Host", "globex")
	require.Equal(t, 403, code)
	require.Equal(t, []string{"0 refused customer:forbidden"}, told(a))
	code, a = s.post(many, " [ ] ")
	require.Equal(t, []int{200, 0}, []int{code, a.Added + a.Refused})
}

func TestFacts(t *testing.T) {
	t.Parallel()
	s := newSite(t, &cloudevents.Options{Mappings: map[string]cloudevents.Mapping{"vm.ran": {Value: "$.value", Open: "$.open?"}}})
	for _, body := range []string{
		ce("1", `,"data":{"value":1}`), ce("2", `,"data":{"value":2}`), ce("3", `,"data":{"value":3,"open":true}`),
		ce("4", `,"voids":"1","subject":"x","data":"not looked at"`),
		ce("5", `,"corrects":"2","data":{"value":20}`),
		strings.Replace(ce("6", `,"closes":"3","ofsource":"/hv"`), "/hv", "/other", 1),
	} {
		body = strings.Replace(body, `"time":"2026-01-08T10:00:00Z","id":"6"`, `"time":"2026-01-08T11:00:00Z","id":"6"`, 1)
		code, a := s.post(one, body)
		require.Equal(t, 200, code, a)
	}
	var got []string
	for _, e := range s.stored("vm.ran") {
		got = append(got, fmt.Sprint(e.ID, " ", e.Value.Decimal, " ", e.Open, " ", e.End.Format(time.TimeOnly)))
	}
	require.Equal(t, []string{"2 20 false 00:00:00", "3 3 false 11:00:00"}, got)
}

func TestUntimed(t *testing.T) {
	t.Parallel()
	asked := 0
	s := newSite(t, &cloudevents.Options{Untimed: func(*http.Request) time.Time { asked++; return noon }})
	body := `{"specversion":"1.0","source":"/hv","type":"vm.ran","id":"1"}`
	code, a := s.post(many, "["+body+","+strings.Replace(body, `"1"}`, `"2"}`, 1)+","+ce("3", "")+","+strings.Replace(body, `"1"}`, `"4","voids":"2"}`, 1)+"]")
	require.Equal(t, []int{200, 4, 1}, []int{code, a.Added, asked}, a)
	list := s.stored("vm.ran")
	require.Len(t, list, 2)
	require.Equal(t, noon, list[1].Time)
}

// The source of another event is read as sources are.
func TestOfSource(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	body := strings.Replace(ce("1", ""), "/hv", "HTTP://hv/a b", 1)
	code, _ := s.post(one, body)
	require.Equal(t, 200, code)
	require.Equal(t, "http://hv/a%20b", s.stored("vm.ran")[0].Source)
	code, _ = s.post(one, ce("2", `,"voids":"1","ofsource":"HTTP://hv/a b"`))
	require.Equal(t, 200, code)
	require.Empty(t, s.stored("vm.ran"))
}

// An event that came by another way is checked all the same.
func TestMapping(t *testing.T) {
	t.Parallel()
	var e event.Event
	_, err := cloudevents.Mapping{}.Event(e)
	require.ErrorContains(t, err, "specversion")
	e = event.New()
	e.SetType("x")
	_, err = cloudevents.Mapping{}.Event(e)
	require.ErrorContains(t, err, "id: ")
	require.ErrorContains(t, err, "source: ")
	_, err = cloudevents.Mapping{Value: "$$"}.Event(e)
	require.ErrorContains(t, err, `value "$$"`)
}

func TestStatus(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	code, _ := s.post(one, ce("1", ""))
	require.Equal(t, 200, code)
	conflict, bad, nobodys := ce("1", `,"subject":"x"`), "{}", ce("2", `,"subject":"nobody's"`)
	for body, want := range map[string]int{
		conflict: 409, conflict + "," + conflict: 409, conflict + "," + bad: 422, bad: 422, nobodys: 422, conflict + "," + ce("1", ""): 200, bad + "," + ce("3", ""): 200,
	} {
		code, _ := s.post(many, "["+body+"]")
		require.Equal(t, want, code, body)
	}
}

// failing is a store that is down.
type failing struct{ metering.EventStore }

func (failing) Append(context.Context, []metering.Event) (metering.Receipt, error) {
	return metering.Receipt{}, servicecoin.ErrBusy
}

func TestAStoreThatFailsIsSaid(t *testing.T) {
	t.Parallel()
	s := siteOver(t, failing{metering.NewMemoryStore()}, nil)
	require.Equal(t, 503, s.send(one, ce("1", "")).Code)
}

func TestArguments(t *testing.T) {
	t.Parallel()
	h := cloudevents.New(nil, nil, nil, &cloudevents.Options{Mappings: map[string]cloudevents.Mapping{
		"a": {Value: "$value", End: "Not-a-name", Fields: map[string]string{"x": "$.", "y": "$[1", "z": "$[-1]", "q": `$["a]`, "l": "$." + strings.Repeat("x", 500), "none": "?"}},
	}})
	for _, want := range []string{
		"intake", "sender", "owner", `options.mappings["a"].value`, `options.mappings["a"].end`, `fields["x"]`, `fields["y"]`, `fields["z"]`, `fields["q"]`, `fields["l"]`, `fields["none"]`,
	} {
		require.ErrorContains(t, h.Err(), want)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil))
	require.Equal(t, 500, rec.Code)
	require.NotContains(t, rec.Body.String(), "mappings")
}

// Whatever is sent, the answer is bounded.
func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	bad := `{"` + strings.Repeat("A", 3000) + `":1,"Bb":1,"Cc":1,"Dd":1,"Ee":1,"Ff":1,"Gg":1,"Hh":1,"Ii":1,"id":"` + strings.Repeat("x", 300) + `"}`
	rec := s.send(many, "["+strings.Repeat(bad+",", 1999)+bad+"]")
	require.Equal(t, 422, rec.Code)
	require.Less(t, rec.Body.Len(), 3<<20)
	var a cloudevents.Answer
	require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &a))
	require.Equal(t, []int{2000, 1000, 1000}, []int{a.Refused, len(a.Exceptions), a.More})
	require.Len(t, a.Exceptions[0].Violations, cloudevents.MaxReasons)
	require.Equal(t, 2, a.Exceptions[0].More)
}

// escaped is a value as a header has it.
func escaped(text string) string { return url.PathEscape(text) }

// void is a store that keeps nothing.
type void struct{ metering.EventStore }

func (void) Append(_ context.Context, events []metering.Event) (metering.Receipt, error) {
	return metering.Receipt{Added: len(events)}, nil
}
