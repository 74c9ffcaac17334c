package main

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
)

// form reads the fields of a request and gathers what is wrong with them.
type form struct {
	r   *http.Request
	bad servicecoin.Violations
}

func readForm(r *http.Request) (*form, error) {
	if err := r.ParseForm(); err != nil {
		var v servicecoin.Violations
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			v.Add("", "too-large", "", "the form is larger than 1 MiB")
		} else {
			v.Add("", "bad-form", "", "the form cannot be read: "+err.Error())
		}
		return nil, v.Err()
	}
	return &form{r: r}, nil
}

func (f *form) text(name string) string {
	return strings.TrimSpace(strings.ReplaceAll(f.r.PostForm.Get(name), "\r\n", "\n"))
}

func (f *form) all(name string) []string { return f.r.PostForm[name] }

// wholeTime is what an input of type datetime-local sends; the portal's times
// are UTC.
const wholeTime = "2006-01-02T15:04"

// time reads an instant, the zero Time for an empty field.
func (f *form) time(name string) time.Time {
	text := f.text(name)
	if text == "" {
		return time.Time{}
	}
	for _, layout := range []string{wholeTime, "2006-01-02T15:04:05", "2006-01-02 15:04", time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	f.bad.Add(name, "bad-time", text, "must be a day and a time, as 2026-11-24 09:30")
	return time.Time{}
}

// int reads a whole number, 0 for an empty field.
func (f *form) int(name string) int {
	text := f.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		f.bad.Add(name, "bad-number", text, "must be a whole number")
	}
	return n
}

// err returns all that is wrong: what the fields hold, and what the rules say
// of the rest.
func (f *form) err(rule error) error {
	if rule == nil || !errors.Is(rule, servicecoin.ErrInvalid) {
		return errors.Join(f.bad.Err(), rule)
	}
	f.bad.Merge("", rule)
	return f.bad.Err()
}
