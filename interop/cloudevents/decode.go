package cloudevents

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/types"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/jsonscan"
)

// maxAttributes is how many attributes an event has at most.
const maxAttributes = 100

// fromJSON reads an event in structured mode, out of valid JSON. The reader of the SDK is
// not used: as of v2.16.2 it cuts the fraction of numbers off, panics over a data_base64
// that is no text, takes the last of two names that are the same, and refuses the data of
// types such as application/x+json. Its reader of HTTP headers does not percent-decode.
func fromJSON(raw []byte) item {
	var v servicecoin.Violations
	if raw[0] != '{' {
		v.Add("", "bad-type", string(raw[:min(len(raw), servicecoin.MaxIDBytes)]), "must be an event, an object")
		return item{err: v.Err()}
	}
	list := jsonscan.Members(raw, maxAttributes)
	if !v.Limit("", len(list), maxAttributes) {
		return item{err: v.Err()}
	}
	attributes := map[string]any{}
	var seen jsonscan.Names
	var data, encoded []byte
	for _, m := range list {
		switch {
		case seen.Add(m.Name):
			v.Add(cut(m.Name), "duplicate", "", "stands there twice")
		case m.Name == "data":
			data = m.Raw
		case m.Name == "data_base64":
			encoded = m.Raw
		default:
			if value := scalar(&v, m); value != nil {
				attributes[m.Name] = value
			}
		}
	}
	if string(encoded) == "null" {
		encoded = nil
	}
	if data != nil && encoded != nil {
		v.Add("data_base64", "contradiction", "", "stands beside data")
	}
	kind, _ := attributes["datacontenttype"].(string)
	switch {
	case encoded != nil:
		data = base64Data(&v, encoded)
	case data != nil && !jsonType(mediaType(kind)):
		if data[0] != '"' && string(data) != "null" {
			v.Add("data", "bad-type", "", "must be a text, as it is no JSON")
		}
		data = []byte(jsonscan.Unquote(data))
	}
	return made(attributes, &v, data)
}

// scalar reads an attribute, nil for none.
func scalar(v *servicecoin.Violations, m jsonscan.Member) any {
	switch c := m.Raw[0]; {
	case c == 'n':
		return nil
	case c == '"':
		return jsonscan.Unquote(m.Raw)
	case slices.Contains([]string{"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema"}, m.Name):
		v.Add(m.Name, "bad-type", cut(string(m.Raw)), "must be a text")
		return nil
	case c == 't', c == 'f':
		return c == 't'
	case c == '{', c == '[':
		v.Add(cut(m.Name), "bad-type", "", "must be a text, a whole number, true or false")
		return nil
	}
	n, err := strconv.ParseInt(string(m.Raw), 10, 32)
	if err != nil {
		v.Add(cut(m.Name), "bad-type", cut(string(m.Raw)), "must be a whole number of 32 bits, or a text")
		return nil
	}
	return int32(n)
}

func base64Data(v *servicecoin.Violations, encoded []byte) []byte {
	data, err := base64.StdEncoding.DecodeString(jsonscan.Unquote(encoded))
	if err != nil || encoded[0] != '"' {
		v.Add("data_base64", "bad-text", "", "must be a text in base64")
	}
	return data
}

// made makes an event of its attributes and data, of the SDK.
func made(attributes map[string]any, v *servicecoin.Violations, data []byte) item {
	var x item
	x.source, _ = attributes["source"].(string)
	x.id, _ = attributes["id"].(string)
	list := slices.Sorted(maps.Keys(attributes))
	for _, name := range list {
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789") != "" || name == "" {
			v.Add(cut(name), "bad-name", "", "must be a name of small letters and digits")
		}
	}
	for _, name := range []string{"id", "source", "type"} {
		if attributes[name] == nil || attributes[name] == "" {
			v.Add(name, "required", "", "must not be empty")
		}
	}
	switch version, _ := attributes["specversion"].(string); version {
	case event.CloudEventsVersionV1:
	case "":
		v.Add("specversion", "required", "", "must be 1.0")
	default:
		v.Add("specversion", "unknown", version, "must be 1.0")
	}
	if x.err = v.Err(); x.err != nil {
		return x
	}
	x.Context = contextOf(v, list, attributes)
	if len(data) > 0 {
		x.DataEncoded = data
	}
	if x.err = v.Err(); x.err == nil {
		x.err = violations(x.Validate())
	}
	return x
}

// contextOf makes what the SDK has beside the data. Nothing is cut off texts: its setters do.
func contextOf(v *servicecoin.Violations, names []string, attributes map[string]any) *event.EventContextV1 {
	c := &event.EventContextV1{}
	for _, name := range names {
		value := attributes[name]
		text, _ := value.(string)
		switch name {
		case "specversion":
		case "id":
			c.ID = text
		case "type":
			c.Type = text
		case "source":
			if uri := types.ParseURIRef(text); uri != nil {
				c.Source = *uri
			} else {
				v.Add(name, "invalid", text, "must be a URI reference")
			}
		case "subject":
			c.Subject = some(text)
		case "datacontenttype":
			c.DataContentType = some(text)
		case "dataschema":
			if c.DataSchema = types.ParseURI(text); c.DataSchema == nil && text != "" {
				v.Add(name, "invalid", text, "must be a URI")
			}
		case "time":
			var err error
			if c.Time, err = types.ParseTimestamp(text); err != nil {
				c.Time = nil
				v.Add(name, "bad-time", text, "must be an instant, such as 2026-03-29T01:00:00Z")
			}
		default:
			if c.Extensions == nil {
				c.Extensions = map[string]any{}
			}
			c.Extensions[name] = value
		}
	}
	return c
}

// some returns an attribute that may be missing: an empty one is.
func some(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// violations returns what the SDK finds wrong with an event.
func violations(err error) error {
	if err == nil {
		return nil
	}
	var v servicecoin.Violations
	if all, ok := errors.AsType[event.ValidationError](err); ok {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			v.Add(name, "invalid", "", all[name].Error())
		}
	} else {
		v.Add("", "invalid", "", fmt.Sprintf("is no CloudEvent: %.500s", err))
	}
	return v.Err()
}

// mediaType returns the type alone, "" for one that is none.
func mediaType(contentType string) string {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return contentType
	}
	return kind
}

// jsonType reports whether data of a type is JSON. Without a type it is.
func jsonType(kind string) bool {
	return kind == "" || strings.HasSuffix(kind, "/json") || strings.HasSuffix(kind, "+json")
}
