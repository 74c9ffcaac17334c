package cloudevents

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/cloudevents/sdk-go/v2/event"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/jsonscan"
	"github.com/servicecoin/servicecoin/problem"
)

// item is one event of a request.
type item struct {
	event.Event

	err error // why it is no CloudEvent
	// source and id are what it said, where it is none.
	source, id string
}

// read reads the events of a request. The problem is one of the request as a whole.
func (h *Handler) read(w http.ResponseWriter, r *http.Request) ([]item, *problem.Problem) {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, refuse(http.StatusUnsupportedMediaType, "encoding", "The body must not be compressed.")
	}
	written := r.Header.Get("Content-Type")
	kind, parameters, err := mime.ParseMediaType(written)
	_, binary := r.Header["Ce-Specversion"]
	switch {
	case strings.HasPrefix(kind, "application/cloudevents"):
	case binary: // the type is that of the data
	default:
		return nil, refuse(http.StatusBadRequest, "no-cloudevent",
			"This is no CloudEvent: the content type is neither application/cloudevents+json nor application/cloudevents-batch+json, and there is no header ce-specversion.")
	}
	if set := parameters["charset"]; err == nil && set != "" && !strings.EqualFold(set, "utf-8") && (!binary || jsonType(kind)) {
		return nil, refuse(http.StatusUnsupportedMediaType, "charset", "The text must be UTF-8.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.o.Bytes))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, refuse(http.StatusRequestEntityTooLarge, "too-large", fmt.Sprintf("The body has more than %d bytes.", h.o.Bytes))
		}
		return nil, refuse(http.StatusBadRequest, "cut-off", "The body ends early.")
	}
	switch {
	case kind == event.ApplicationCloudEventsJSON:
		return h.structured(body)
	case kind == event.ApplicationCloudEventsBatchJSON:
		return h.batch(body)
	case strings.HasPrefix(kind, "application/cloudevents"):
		return nil, refuse(http.StatusUnsupportedMediaType, "format", "CloudEvents are read as JSON: application/cloudevents+json or application/cloudevents-batch+json.")
	default:
		return []item{fromHeader(r.Header, written, body)}, nil
	}
}

// document checks that a body is JSON.
func document(body []byte) ([]byte, *problem.Problem) {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if !utf8.Valid(body) {
		return nil, refuse(http.StatusBadRequest, "bad-text", "The body is not UTF-8.")
	}
	if json.Valid(body) {
		return bytes.TrimLeft(body, " \t\r\n"), nil
	}
	p := refuse(http.StatusBadRequest, "syntax", "The body is not JSON.")
	var none json.RawMessage
	if bad, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(body, &none)); ok {
		p.Detail = fmt.Sprintf("The body is not JSON: %s, at byte %d.", bad.Error(), bad.Offset)
	}
	return nil, p
}

func (h *Handler) structured(body []byte) ([]item, *problem.Problem) {
	body, p := document(body)
	if p != nil {
		return nil, p
	}
	if body[0] != '{' {
		return nil, refuse(http.StatusBadRequest, "no-cloudevent", "The body must be one event, an object. Several are sent as application/cloudevents-batch+json.")
	}
	return []item{fromJSON(body)}, nil
}

func (h *Handler) batch(body []byte) ([]item, *problem.Problem) {
	body, p := document(body)
	if p != nil {
		return nil, p
	}
	if body[0] != '[' {
		return nil, refuse(http.StatusBadRequest, "no-cloudevent", "The body must be a list of events.")
	}
	list := jsonscan.Elements(body, h.o.Events)
	if len(list) > h.o.Events {
		return nil, refuse(http.StatusRequestEntityTooLarge, "too-many", fmt.Sprintf("The batch has more than %d events.", h.o.Events))
	}
	items := make([]item, len(list))
	for i, raw := range list {
		items[i] = fromJSON(raw)
	}
	return items, nil
}

// fromHeader reads an event in binary mode. Its attributes are made as those of a
// structured one, so that the same event is the same in both. A value is taken out of its
// quotes and percent-decoded once, as the binding to HTTP has it (3.1.3.2).
func fromHeader(header http.Header, contentType string, body []byte) item {
	var v servicecoin.Violations
	attributes := map[string]any{}
	for key, values := range header {
		name, ok := strings.CutPrefix(key, "Ce-")
		if !ok {
			continue
		}
		name = strings.ToLower(name)
		if len(values) > 1 {
			v.Add(cut(name), "duplicate", "", "stands there twice")
		}
		text := decoded(values[0])
		if name == "datacontenttype" {
			v.Add(name, "contradiction", text, "is the Content-Type of a binary event")
			continue
		}
		if !utf8.ValidString(text) {
			v.Add(cut(name), "bad-text", text, "must be UTF-8")
			continue
		}
		attributes[name] = text
	}
	if contentType != "" {
		attributes["datacontenttype"] = contentType
	}
	return made(attributes, &v, body)
}

// decoded returns the value of a header as the attribute has it. What looks like an
// escape and is none stays: many senders do not encode.
func decoded(value string) string {
	if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
		var b strings.Builder
		for i := 1; i < n-1; i++ {
			if value[i] == '\\' && i+1 < n-1 {
				i++
			}
			b.WriteByte(value[i])
		}
		value = b.String()
	}
	if text, err := url.PathUnescape(value); err == nil {
		return text
	}
	return value
}
