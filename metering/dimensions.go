package metering

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

// Dimension tells something of an event: region, size, project.
type Dimension struct{ Name, Value string }

// Dimensions are what is told of an event, by name, each name once. In JSON they are
// an object. [DimensionsOf] makes them of a map.
type Dimensions []Dimension

// DimensionsOf returns the dimensions of a map, sorted by name, without those that
// are empty.
func DimensionsOf(m map[string]string) Dimensions {
	d := make(Dimensions, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if m[name] != "" {
			d = append(d, Dimension{name, m[name]})
		}
	}
	if len(d) == 0 {
		return nil
	}
	return d
}

// Get returns the value of a dimension, "" for none.
func (d Dimensions) Get(name string) string {
	for _, x := range d {
		if x.Name == name {
			return x.Value
		}
	}
	return ""
}

// Map returns the dimensions as a map.
func (d Dimensions) Map() map[string]string {
	m := make(map[string]string, len(d))
	for _, x := range d {
		m[x.Name] = x.Value
	}
	return m
}

// tidy returns the dimensions as stores keep them: sorted by name, none empty. It
// returns d itself if it is so.
func (d Dimensions) tidy() Dimensions {
	for i, x := range d {
		if x.Value == "" || i > 0 && x.Name < d[i-1].Name {
			d = slices.DeleteFunc(slices.Clone(d), func(x Dimension) bool { return x.Value == "" })
			slices.SortFunc(d, func(a, b Dimension) int { return cmp.Compare(a.Name, b.Name) })
			break
		}
	}
	if len(d) == 0 {
		return nil
	}
	return d
}

// MarshalJSON implements json.Marshaler: an object, sorted by name.
func (d Dimensions) MarshalJSON() ([]byte, error) { return json.Marshal(d.Map()) }

// UnmarshalJSON implements json.Unmarshaler.
func (d *Dimensions) UnmarshalJSON(text []byte) error {
	var m map[string]string
	if err := unmarshal(text, &m); err != nil {
		return fmt.Errorf("dimensions: %w", err)
	}
	*d = DimensionsOf(m)
	return nil
}

// validate checks names and texts, and that no name comes twice.
func (d Dimensions) validate(v *servicecoin.Violations) {
	if !v.Limit("dimensions", len(d), MaxDimensions) {
		return
	}
	size := 0
	for i, x := range d {
		size += len(x.Name) + len(x.Value)
		v.ID("dimensions", x.Name)
		if x.Name == Subject {
			v.Add("dimensions", "reserved", x.Name, "is the event's own field")
		}
		for _, other := range d[:i] {
			if other.Name == x.Name {
				v.Add("dimensions", "duplicate", x.Name, "stands there twice")
				break
			}
		}
		plainText(v, "dimensions."+x.Name[:min(len(x.Name), servicecoin.MaxIDBytes)], x.Value, MaxDimensionBytes)
	}
	if size > MaxDimensionBytes {
		v.Add("dimensions", "too-large", "", fmt.Sprintf("have %d bytes, %d are allowed", size, MaxDimensionBytes))
	}
}

// Field is a further value of an event, by name.
type Field struct {
	Name  string
	Value decimal.Decimal
}

// Fields are the values of an event beside its Value, by name, each name once. In JSON
// they are an object. [FieldsOf] makes them of a map.
type Fields []Field

// FieldsOf returns the fields of a map, sorted by name.
func FieldsOf(m map[string]decimal.Decimal) Fields {
	if len(m) == 0 {
		return nil
	}
	f := make(Fields, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		f = append(f, Field{name, m[name]})
	}
	return f
}

// Get returns the value of a field; null: the event has none of that name.
func (f Fields) Get(name string) decimal.NullDecimal {
	for _, x := range f {
		if x.Name == name {
			return servicecoin.Some(x.Value)
		}
	}
	return servicecoin.Undefined()
}

// tidy returns the fields as stores keep them: sorted by name.
func (f Fields) tidy() Fields {
	byName := func(a, b Field) int { return cmp.Compare(a.Name, b.Name) }
	if len(f) == 0 {
		return nil
	}
	if !slices.IsSortedFunc(f, byName) {
		f = slices.Clone(f)
		slices.SortFunc(f, byName)
	}
	return f
}

func (f Fields) same(other Fields) bool {
	return slices.EqualFunc(f.tidy(), other.tidy(), func(a, b Field) bool { return a.Name == b.Name && fixed.Equal(a.Value, b.Value) })
}

// MarshalJSON implements json.Marshaler: an object, sorted by name.
func (f Fields) MarshalJSON() ([]byte, error) {
	m := make(map[string]decimal.Decimal, len(f))
	for _, x := range f {
		m[x.Name] = x.Value
	}
	return json.Marshal(m)
}

// UnmarshalJSON implements json.Unmarshaler.
func (f *Fields) UnmarshalJSON(text []byte) error {
	var m map[string]decimal.Decimal
	if err := unmarshal(text, &m); err != nil {
		return fmt.Errorf("fields: %w", err)
	}
	*f = FieldsOf(m)
	return nil
}

func (f Fields) validate(v *servicecoin.Violations) {
	if !v.Limit("fields", len(f), MaxFields) {
		return
	}
	for i, x := range f {
		v.ID("fields", x.Name)
		if x.Name == Seconds {
			v.Add("fields", "reserved", x.Name, "is the length of an interval")
		}
		for _, other := range f[:i] {
			if other.Name == x.Name {
				v.Add("fields", "duplicate", x.Name, "stands there twice")
				break
			}
		}
		v.Number("fields."+x.Name[:min(len(x.Name), servicecoin.MaxIDBytes)], x.Value, MaxDigits, MaxPlaces)
	}
}

// unmarshal reads an object, or null.
func unmarshal(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	return d.Decode(into)
}
