package pricefile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
)

// node is a value of a JSON text, and where it stands: what is wrong with it is told
// with its line.
type node struct {
	line    int
	text    string // of a text, a number, true and false
	is      kind
	names   []string // of an object, as they are written
	members map[string]*node
	list    []*node
}

type kind string

const (
	isNull   kind = "null"
	isText   kind = "a text"
	isNumber kind = "a number"
	isBool   kind = "true or false"
	isObject kind = "an object"
	isList   kind = "a list"
)

// MaxBytes is how long a file of prices may be.
const MaxBytes = 16 << 20

const deepest = 20

// reader walks through a text.
type reader struct {
	text    []byte
	decoder *json.Decoder
	counted int // the offset up to which lines were counted
	line    int
}

// read reads a JSON text into nodes. A member that is there twice is refused.
func read(text []byte) (*node, error) {
	var v servicecoin.Violations
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	switch {
	case len(text) > MaxBytes:
		v.Add("", "too-long", "", fmt.Sprintf("has more than %d bytes", MaxBytes))
		return nil, v.Err()
	case !utf8.Valid(text):
		v.Add("line 1", "bad-text", "", "must be UTF-8")
		return nil, v.Err()
	}
	r := &reader{text: text, decoder: json.NewDecoder(bytes.NewReader(text)), line: 1}
	r.decoder.UseNumber()
	n, err := r.value(0)
	if err == nil {
		if _, err = r.decoder.Token(); errors.Is(err, io.EOF) {
			return n, nil
		}
		if err == nil {
			err = errors.New("there is something behind the end of the value")
		}
	}
	at := r.decoder.InputOffset()
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = syntax.Offset
	}
	why := err.Error()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		why, at = "it ends too early", int64(len(text))
	}
	v.Add(fmt.Sprintf("line %d", r.lineOf(at)), "syntax", "", "must be JSON: "+why)
	return nil, v.Err()
}

// lineOf returns the line of an offset, which is not before the one asked for last.
func (r *reader) lineOf(offset int64) int {
	at := min(int(offset), len(r.text))
	if at > r.counted {
		r.line += bytes.Count(r.text[r.counted:at], []byte("\n"))
		r.counted = at
	}
	return r.line
}

func (r *reader) value(depth int) (*node, error) {
	if depth > deepest {
		return nil, fmt.Errorf("it is nested deeper than %d", deepest)
	}
	token, err := r.decoder.Token()
	if err != nil {
		return nil, err
	}
	n := &node{line: r.lineOf(r.decoder.InputOffset())}
	switch x := token.(type) {
	case nil:
		n.is = isNull
	case string:
		n.is, n.text = isText, x
	case json.Number:
		n.is, n.text = isNumber, x.String()
	case bool:
		n.is, n.text = isBool, strconv.FormatBool(x)
	case json.Delim:
		if x == '[' {
			return n, r.array(n, depth)
		}
		return n, r.object(n, depth)
	}
	return n, nil
}

func (r *reader) array(n *node, depth int) error {
	n.is = isList
	for r.decoder.More() {
		x, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.list = append(n.list, x)
	}
	_, err := r.decoder.Token()
	return err
}

func (r *reader) object(n *node, depth int) error {
	n.is, n.members = isObject, map[string]*node{}
	for r.decoder.More() {
		token, err := r.decoder.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		if _, again := n.members[name]; again {
			return fmt.Errorf("%q is there twice", name)
		}
		x, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.names, n.members[name] = append(n.names, name), x
	}
	_, err := r.decoder.Token()
	return err
}
