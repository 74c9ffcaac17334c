package catalog

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// maxBody leaves room in a record of 256 kB for what must always be possible:
// to end, with a reason of maxReason characters for each step on the way there.
const (
	maxBody   = 192 << 10
	maxReason = 2000
)

// room refuses what would leave none for the end of a record.
func room(record any) error {
	var v servicecoin.Violations
	lifecycle.Room(&v, "", record, maxBody)
	return v.Err()
}

func because(reason string) func(*servicecoin.Violations) {
	return lifecycle.Because(reason, maxReason)
}

// maxObject is the most bytes of a JSON object that is kept: a schema,
// parameters, outputs.
const maxObject = 64 << 10

// compact brings JSON to the form in which it is stored; what is none stays as
// it is.
func compact(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || len(raw) > maxObject {
		return raw
	}
	body, err := json.Marshal(raw)
	if err != nil {
		return raw
	}
	return body
}

// object checks that raw is a JSON object that can be stored, or nothing.
func object(v *servicecoin.Violations, path string, raw json.RawMessage) {
	switch {
	case len(raw) == 0:
	case len(raw) > maxObject:
		v.Add(path, "too-large", "", fmt.Sprintf("has %d bytes, %d are allowed", len(raw), maxObject))
	case !json.Valid(raw):
		v.Add(path, "bad-json", string(raw), "must be JSON")
	case compact(raw)[0] != '{':
		v.Add(path, "not-an-object", string(raw), "must be a JSON object")
	case len(compact(raw)) > maxObject:
		v.Add(path, "too-large", "", fmt.Sprintf("has %d bytes as it is stored, %d are allowed", len(compact(raw)), maxObject))
	}
}

// term checks a half-open span of which either end may be open.
func term(v *servicecoin.Violations, fromPath, untilPath string, from, until time.Time) {
	if !from.IsZero() {
		v.Time(fromPath, from)
	}
	if until.IsZero() {
		return
	}
	v.Time(untilPath, until)
	if !from.IsZero() && !from.Before(until) {
		v.Add(untilPath, "reversed", lifecycle.Stamp(until), "must be after "+lifecycle.Stamp(from))
	}
}
