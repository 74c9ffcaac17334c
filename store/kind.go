package store

import (
	"encoding/json"
	"fmt"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
)

// Kind declares how records of type T are kept. Declare it once, as a package
// variable, and hand it to [Of].
//
// Names that are, or begin with, the name of a package of the library and a
// point ("incident", "sla.report") are the library's. A host's kind of such a
// name is ErrInvalid, so that nothing but the library's own functions, with
// their guards, their Authorize and their events, writes its records. This is no
// wall against the program that holds the [Backend]: that can do anything.
//
//	var Notes = store.Kind[Note]{
//		Name: "note",
//		ID:   func(n Note) string { return n.ID },
//		Indexes: []store.Index[Note]{
//			{Name: "author", Columns: "tm", Of: func(n Note) store.Tuple {
//				return store.Tuple{store.Text(n.Author), store.Time(n.Written)}
//			}},
//		},
//	}
type Kind[T any] struct {
	Name string         // stable: it is stored
	ID   func(T) string // the record's id; the partition is the view's

	// Indexes are the ways to list, at most eight. Their order is stored:
	// append, never reorder or remove (see Retired). Old records are in an
	// appended index after [Reindex].
	Indexes []Index[T]

	// Shape numbers the form of the stored body, from 0. A record of a newer
	// shape is refused with ErrNewer, on reading (unless ReadsNewer) and on
	// writing, so that two releases can run side by side.
	Shape int
	// Upgrade decodes the body of an older shape.
	Upgrade func(shape int, body []byte) (T, error)
	// ReadsNewer allows reading newer shapes, for kinds whose shapes only add
	// fields. Writing over them is refused all the same.
	ReadsNewer bool

	// Encode and Decode are the codec of the body; default: JSON.
	Encode func(T) ([]byte, error)
	Decode func([]byte) (T, error)

	// House is set by the library's own packages alone: no other one can make a
	// value of its type that means something.
	House house.Right
}

// Index is one way to list the records of a kind.
type Index[T any] struct {
	Name string
	// Columns are the column types, a letter each: t text, i integer, m
	// instant. They are the fingerprint that the store remembers.
	Columns string
	// Of returns the record's value, nil if it is not in the index. All
	// columns together have at most [MaxIndex] bytes.
	Of func(T) Tuple
}

// Retired keeps the slot of an index that is no longer used.
func Retired[T any](name, columns string) Index[T] {
	return Index[T]{Name: name, Columns: columns, Of: func(T) Tuple { return nil }}
}

// Validate reports every violation of the declaration.
func (k Kind[T]) Validate() error {
	var v servicecoin.Violations
	v.ID("name", k.Name)
	switch owned := house.Owns(k.Name); {
	case owned && !k.House.Held():
		v.Add("name", "reserved", k.Name, "is a name of the library, whose own functions keep these records")
	case !owned && k.House.Held():
		v.Add("name", "not-reserved", k.Name, "is no name of the library: internal/house lists them")
	}
	if k.ID == nil {
		v.Add("id", "required", "", "tells the id of a record")
	}
	if !v.Limit("indexes", len(k.Indexes), Slots) {
		return v.Err()
	}
	seen := map[string]bool{}
	for i, x := range k.Indexes {
		path := fmt.Sprintf("indexes[%d]", i)
		v.ID(path+".name", x.Name)
		if seen[x.Name] {
			v.Add(path+".name", "duplicate", x.Name, "names two indexes")
		}
		seen[x.Name] = true
		if !v.Limit(path+".columns", len(x.Columns), MaxColumns) {
			continue
		}
		if x.Columns == "" {
			v.Add(path+".columns", "required", "", "names the column types, as in \"tm\"")
		}
		for _, c := range []byte(x.Columns) {
			switch Column(c) {
			case TextColumn, IntColumn, TimeColumn:
			default:
				v.Add(path+".columns", "unknown", x.Columns, "columns are t, i or m")
			}
		}
		if x.Of == nil {
			v.Add(path+".of", "required", "", "tells the value of a record")
		}
	}
	if k.Shape < 0 {
		v.Add("shape", "negative", "", "shapes are not negative")
	}
	if k.Shape > 0 && k.Upgrade == nil {
		v.Add("upgrade", "required", "", "a shape above 0 says how older ones are read")
	}
	if (k.Encode == nil) != (k.Decode == nil) {
		v.Add("encode", "incomplete", "", "Encode and Decode come together")
	}
	return v.Err()
}

// write encodes a record for its key.
func (k *Kind[T]) write(customer servicecoin.CustomerID, record T) (Document, error) {
	d := Document{Key: Key{Customer: customer, Kind: k.Name, ID: k.ID(record)}, Shape: k.Shape}
	var err error
	if k.Encode != nil {
		d.Body, err = k.Encode(record)
	} else {
		d.Body, err = json.Marshal(record)
	}
	if err != nil {
		return Document{}, &servicecoin.KeyError{Key: d.Key, Err: fmt.Errorf("%w: encoding: %w", servicecoin.ErrInvalid, err)}
	}
	for i, x := range k.Indexes {
		t := x.Of(record)
		if len(t) == 0 {
			continue
		}
		if len(t) != len(x.Columns) || !t.fits([]Column(x.Columns)) {
			var v servicecoin.Violations
			v.Add("index "+x.Name, "columns", "", "the value's columns are not \""+x.Columns+"\"")
			return Document{}, &servicecoin.KeyError{Key: d.Key, Err: v.Err()}
		}
		d.Index[i] = t.Encode()
	}
	return d, nil
}

// read decodes a stored document.
func (k *Kind[T]) read(d Document) (T, error) {
	record, err := k.decode(d)
	if err != nil {
		return record, &servicecoin.KeyError{Key: d.Key, Err: err}
	}
	return record, nil
}

func (k *Kind[T]) decode(d Document) (T, error) {
	var record T
	switch {
	case d.Shape > k.Shape && !k.ReadsNewer:
		return record, fmt.Errorf("%w: shape %d is stored, this program knows %d", servicecoin.ErrNewer, d.Shape, k.Shape)
	case d.Shape < k.Shape:
		record, err := k.Upgrade(d.Shape, d.Body)
		if err != nil {
			return record, fmt.Errorf("upgrading from shape %d: %w", d.Shape, err)
		}
		return record, nil
	case k.Decode != nil:
		return k.Decode(d.Body)
	}
	err := json.Unmarshal(d.Body, &record)
	return record, err
}

// slot returns the slot of an index by name, 0 for "".
func (k *Kind[T]) slot(name string) (int, error) {
	if name == "" {
		return 0, nil
	}
	for i, x := range k.Indexes {
		if x.Name == name {
			return i + 1, nil
		}
	}
	var v servicecoin.Violations
	v.Add("index", "unknown", name, "is no index of kind "+k.Name)
	return 0, v.Err()
}

func (k *Kind[T]) signature() []indexed {
	list := make([]indexed, len(k.Indexes))
	for i, x := range k.Indexes {
		list[i] = indexed{Name: x.Name, Columns: x.Columns}
	}
	return list
}
