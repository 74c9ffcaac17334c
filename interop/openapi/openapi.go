// Package openapi tells what changed between two revisions of an OpenAPI document, and
// whether it may.
//
// It answers: which changes break those who call, which are a risk and which are harmless;
// was something taken away before the day that was given for it; and does the version say
// that something breaks? [Compare] does, [Read] tells of one document.
//
// The comparison is that of oasdiff, whose errors, warnings and infos are the three levels,
// with three rules of this package: the sunset of what is removed is judged at a day that
// the caller names, a schema that newly forbids values by "not" breaks, and the version is
// judged as Semantic Versioning has it, in which 0.2 may break 0.1. A calendar version, such
// as 2024-06-01, says nothing of what breaks: only that it changes is asked of it.
//
// Documents are OpenAPI 3.0 and 3.1, in YAML or JSON. References to other files are
// refused, and nothing is ever fetched.
//
// # Errors
//
// A document that cannot be read is an [*servicecoin.InvalidError].
package openapi

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// The limits of a document.
const (
	MaxBytes      = 1 << 20
	MaxOperations = 2000
	MaxChanges    = 500 // how many are listed; the rest is counted
	maxNesting    = 60
	maxNodes      = 200_000
)

// Document is what is told of one revision.
type Document struct {
	Title      string      `json:"title"`
	Version    string      `json:"version"` // as it is written
	OpenAPI    string      `json:"openapi"` // the version of the form: 3.0.3
	Digest     string      `json:"digest"`  // sha256:… of its bytes
	Operations int         `json:"operations"`
	Deprecated []Operation `json:"deprecated,omitempty"` // by path and method
}

// Operation is one that is deprecated.
type Operation struct {
	Name   string        `json:"name"` // GET /api/test
	Sunset calendar.Date `json:"sunset,omitzero"`
}

// Read tells of a document.
func Read(document []byte) (*Document, error) {
	r, err := read(document)
	if err != nil {
		return nil, err
	}
	return &r.Document, nil
}

// revision is a document that was read.
type revision struct {
	Document

	api *openapi3.T
}

// errOutside is why a reference is not followed.
var errOutside = errors.New("references to other files are not followed")

func read(document []byte) (r revision, err error) {
	var v servicecoin.Violations
	wrong := func(code, format string, args ...any) error {
		v.Add("", code, "", fmt.Sprintf(format, args...))
		return v.Err()
	}
	defer func() {
		if broken := recover(); broken != nil {
			r, err = revision{}, wrong("syntax", "is no OpenAPI document: %v", broken)
		}
	}()
	switch {
	case len(document) > MaxBytes:
		return revision{}, wrong("too-long", "has %d bytes, %d are allowed", len(document), MaxBytes)
	case strings.TrimSpace(string(document)) == "":
		return revision{}, wrong("empty", "there is nothing in the document")
	case !utf8.Valid(document):
		return revision{}, wrong("bad-text", "must be UTF-8")
	case tooDeep(document):
		return revision{}, wrong("too-deep", "has too many lists and objects inside of each other")
	}
	if err := expands(document); err != nil {
		return revision{}, wrong("syntax", "is no YAML that can be read: %v", err)
	}
	loader := openapi3.NewLoader()
	loader.IsExternalRefsAllowed = false
	loader.ReadFromURIFunc = func(*openapi3.Loader, *url.URL) ([]byte, error) { return nil, errOutside }
	api, err := loader.LoadFromData(document)
	if err != nil {
		return revision{}, wrong("syntax", "is no OpenAPI document: %s", short(err.Error()))
	}
	switch {
	case !strings.HasPrefix(api.OpenAPI, "3."):
		return revision{}, wrong("unknown", "must be OpenAPI 3, it says %q", short(api.OpenAPI))
	case api.Info == nil:
		return revision{}, wrong("required", "must have an info with a title and a version")
	}
	r = revision{api: api, Document: Document{Title: api.Info.Title, Version: api.Info.Version, OpenAPI: api.OpenAPI, Digest: Digest(document)}}
	for _, op := range operations(api) {
		r.Operations++
		if op.value.Deprecated {
			sunset, _ := sunsetOf(op.value)
			r.Deprecated = append(r.Deprecated, Operation{op.name, sunset})
		}
	}
	if r.Operations > MaxOperations {
		return revision{}, wrong("too-many", "has %d operations, %d are allowed", r.Operations, MaxOperations)
	}
	if reach(api) > MaxReached {
		return revision{}, wrong("too-many", "its operations reach more than %d schemas, one by one", MaxReached)
	}
	return r, nil
}

// Digest is how a document is named by its bytes.
func Digest(document []byte) string {
	sum := sha256.Sum256(document)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// named is an operation of a document.
type named struct {
	name  string
	path  string
	value *openapi3.Operation
}

// operations returns the operations by path and method.
func operations(api *openapi3.T) []named {
	var out []named
	if api.Paths == nil {
		return nil
	}
	for path, item := range api.Paths.Map() {
		if item == nil {
			continue
		}
		for method, op := range item.Operations() {
			out = append(out, named{method + " " + path, path, op})
		}
	}
	slices.SortFunc(out, func(a, b named) int { return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.name, b.name)) })
	return out
}

// sunsetOf returns the day from which an operation may be gone; the second is what is
// written, where it is no day.
func sunsetOf(op *openapi3.Operation) (day calendar.Date, bad string) {
	value, ok := op.Extensions["x-sunset"]
	if !ok {
		return calendar.Date{}, ""
	}
	text, _ := value.(string)
	day, err := calendar.ParseDate(text)
	if err != nil && len(text) > len("2006-01-02") { // RFC 3339, whose day counts
		day, err = calendar.ParseDate(text[:len("2006-01-02")])
	}
	if err != nil {
		return calendar.Date{}, cmp.Or(short(fmt.Sprint(value)), "nothing")
	}
	return day, ""
}

// short cuts a text of a document to what is told of it.
func short(s string) string {
	const most = 200
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
