package main

import (
	"errors"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

// evidence reads what shows that something was done: a text, a number with its unit, a
// link, and a file that is kept elsewhere, by its digest. What is wrong stands at its
// field.
func (f *form) evidence() []runbook.Evidence {
	var list []runbook.Evidence
	add := func(e runbook.Evidence, fields map[string]string, name string) {
		if invalid, ok := errors.AsType[*servicecoin.InvalidError](e.Validate()); ok {
			for _, x := range invalid.Violations {
				at := name
				if other := fields[x.Path]; other != "" {
					at = other
				}
				f.bad.Add(at, x.Code, x.Value, x.Text)
			}
		}
		list = append(list, e)
	}
	if text := f.text("seen"); text != "" {
		add(runbook.Evidence{Text: text}, nil, "seen")
	}
	number, unit := strings.Replace(f.text("number"), ",", ".", 1), f.text("unit")
	if d, err := decimal.NewFromString(number); number != "" && (err != nil || len(number) > 60) {
		f.bad.Add("number", "bad-number", f.text("number"), "must be a number, as 41.6")
	} else if number != "" {
		add(runbook.Evidence{Value: servicecoin.Some(d), Unit: unit}, map[string]string{"unit": "unit"}, "number")
	} else if unit != "" {
		f.bad.Add("number", "required", "", "is what the unit is of")
	}
	if link := f.text("link"); link != "" {
		if !strings.HasPrefix(link, "https://") && !strings.HasPrefix(link, "http://") {
			f.bad.Add("link", "bad-format", link, "must begin with https://")
		}
		add(runbook.Evidence{Link: link}, nil, "link")
	}
	name, digest := f.text("file"), strings.ToLower(strings.Join(strings.Fields(f.text("digest")), ""))
	switch {
	case digest != "":
		add(runbook.Evidence{File: &runbook.File{Name: name, SHA256: digest}}, map[string]string{"file.name": "file", "file.sha256": "digest"}, "digest")
	case name != "":
		f.bad.Add("digest", "required", "", "is what proves that it is this very file: 64 signs, as sha256sum prints them")
	}
	return list
}
