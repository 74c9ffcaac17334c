package main

import (
	"strconv"
	"strings"
	"time"
)

// What stands in the cells of files, and in addresses.

func itoa(n int) string { return strconv.Itoa(n) }

func yes(is bool) string {
	if is {
		return "yes"
	}
	return ""
}

// instantText is an instant for a file, "" for none.
func instantText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// joined is a list of ids, with something between them.
func joined[T ~string](list []T, between string) string {
	texts := make([]string, len(list))
	for n, x := range list {
		texts[n] = string(x)
	}
	return strings.Join(texts, between)
}
