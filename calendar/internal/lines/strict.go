package lines

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"

	"github.com/servicecoin/servicecoin"
)

// Strictly reads an object, and refuses a field that it does not know: a rule
// read without the exceptions of a misspelt field would be wrong in silence.
func Strictly(v *servicecoin.Violations, data []byte, what string, into any) bool {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		v.Add("", "bad-format", "", "must be an object of "+what+": "+err.Error())
		return false
	}
	return true
}

// ReadText reads a text, the empty one as nothing.
func ReadText[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](v *servicecoin.Violations, path, text string) T {
	var x T
	if text != "" {
		v.Merge(path, P(&x).UnmarshalText([]byte(text)))
	}
	return x
}

// ReadTexts reads texts of which none may be empty.
func ReadTexts[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](v *servicecoin.Violations, path string, texts []string, most int) []T {
	if texts == nil || !v.Limit(path, len(texts), most) {
		return nil
	}
	out := make([]T, len(texts))
	for i, text := range texts {
		if Enough(v) {
			return nil
		}
		if err := P(&out[i]).UnmarshalText([]byte(text)); err != nil { // a path is costly to write for nothing
			v.Merge(fmt.Sprintf("%s[%d]", path, i), err)
		}
	}
	return out
}
