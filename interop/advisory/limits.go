package advisory

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/patch"
)

// fit cuts what a bulletin need not hold in full, and says so; what else is wrong with the
// bulletin is an error at the line where it begins.
func (r *reader) fit(b *patch.Bulletin, line int) {
	const title, text, links = 500, 8000, 200
	shorten := func(name string, s *string, most int) {
		if utf8.RuneCountInString(*s) > most {
			*s = strings.TrimSpace(string([]rune(*s)[:most-1])) + "…"
			r.f.add(line, FoundCut, fmt.Sprintf("%s of %s is cut to %d characters", name, short(b.ID), most))
		}
	}
	shorten("the title", &b.Title, title)
	shorten("the text", &b.Text, text)
	for n := range b.Products {
		shorten("a remedy", &b.Products[n].Remedy, text)
	}
	b.References = unique(b.References)
	if len(b.References) > links {
		b.References = b.References[:links]
		r.f.add(line, FoundCut, fmt.Sprintf("of the references of %s %d are kept", short(b.ID), links))
	}
	if r.v.Len() > 0 {
		return
	}
	invalid, ok := errors.AsType[*servicecoin.InvalidError](b.Validate())
	if !ok {
		return
	}
	for _, v := range invalid.Violations {
		r.v.Add(strings.TrimSuffix(fmt.Sprintf("line %d, %s", line, v.Path), ", "), v.Code, v.Value, v.Text)
	}
}

// unique leaves out what stood before.
func unique(list []string) []string {
	seen := make(map[string]bool, len(list))
	return slices.DeleteFunc(list, func(s string) bool {
		again := seen[s]
		seen[s] = true
		return again
	})
}
