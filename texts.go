package servicecoin

import (
	"maps"
	"slices"
	"strings"
)

// Texts is one text in several languages: BCP 47 tag → text. Tags are compared
// without regard to case.
type Texts map[string]string

const (
	maxLanguages = 50
	maxText      = 4000
)

// In returns the text for a reader of these languages, the most wanted first,
// and the tag that it has; both are "" where there is no text at all.
//
// Each wanted language is looked up as RFC 4647, section 3.4, says: "de-CH-1996",
// then "de-CH", then "de". If none of them is there, a relative of the most
// wanted one is next best ("de-AT" for a reader of "de-CH"), then English, then
// the first tag in byte order: a text that somebody may be able to read is
// better than none.
func (t Texts) In(wanted ...string) (text, tag string) {
	tags := slices.Sorted(maps.Keys(t))
	find := func(match func(string) bool) bool {
		place := slices.IndexFunc(tags, match)
		if place >= 0 {
			tag = tags[place]
			text = t[tag]
		}
		return place >= 0
	}
	for _, want := range wanted {
		for ; want != ""; want = shorter(want) {
			if find(func(tag string) bool { return strings.EqualFold(tag, want) }) {
				return text, tag
			}
		}
	}
	for _, want := range append(slices.Clone(wanted), "en") {
		if find(func(tag string) bool { return want != "" && strings.EqualFold(primary(tag), primary(want)) }) {
			return text, tag
		}
	}
	find(func(string) bool { return true })
	return text, tag
}

// shorter cuts the last subtag off.
func shorter(tag string) string { return tag[:max(0, strings.LastIndexByte(tag, '-'))] }

func primary(tag string) string {
	first, _, _ := strings.Cut(tag, "-")
	return first
}

// Validate reports tags that are not formed as BCP 47 wants them, tags that
// are the same but for case, empty texts and those of more than 4000
// characters.
func (t Texts) Validate() error {
	var v Violations
	if !v.Limit("", len(t), maxLanguages) {
		return v.Err()
	}
	seen := map[string]bool{}
	for _, tag := range slices.Sorted(maps.Keys(t)) {
		if !formed(tag) {
			v.Add(tag, "bad-language", tag, `must be a language tag as "de" or "pt-BR"`)
		}
		folded := strings.ToLower(tag)
		if seen[folded] {
			v.Add(tag, "duplicate", tag, "is there in other letters already")
		}
		seen[folded] = true
		v.Text(tag, t[tag], 1, maxText)
	}
	return v.Err()
}

// formed reports whether the tag is well formed, roughly: a language of 2 to 8
// letters, or a private "x", and subtags of 1 to 8 letters and digits.
func formed(tag string) bool {
	const longestSubtag, most = 8, 100
	if len(tag) > most {
		return false
	}
	for n, sub := range strings.Split(tag, "-") {
		if sub == "" || len(sub) > longestSubtag {
			return false
		}
		for _, c := range []byte(sub) {
			letter := c|0x20 >= 'a' && c|0x20 <= 'z'
			if !letter && (n == 0 || c < '0' || c > '9') {
				return false
			}
		}
		if n == 0 && len(sub) == 1 && (!strings.EqualFold(sub, "x") || len(tag) == 1) {
			return false
		}
	}
	return true
}
