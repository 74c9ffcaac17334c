package main

import (
	"encoding/csv"
	"net/http"
	"net/url"

	"github.com/servicecoin/servicecoin/examples/csvfile"
	"github.com/servicecoin/servicecoin/store"
)

// pager is the ways from a page of a list to the others; "" where there is none.
type pager struct {
	First, Previous, Next string
	CSV                   string // the whole list as a file
}

// listed reads the page of a list that a request asks for, and keeps what else the
// address says in the ways to the others.
func listed[T any](r *http.Request, l store.Listing[T], limit int) (store.Page[T], pager, error) {
	q := r.URL.Query()
	page, err := pageOf(r, l, limit)
	if err != nil {
		return page, pager{}, err
	}
	to := func(name, value string) string {
		u := url.Values{}
		for k, list := range q {
			switch k {
			case "after", "before", "as", "done", "said": // of this page alone
			default:
				u[k] = list
			}
		}
		if name != "" {
			u.Set(name, value)
		}
		if len(u) == 0 {
			return r.URL.EscapedPath()
		}
		return r.URL.EscapedPath() + "?" + u.Encode()
	}
	var ways pager
	if page.Previous != "" {
		ways.First, ways.Previous = to("", ""), to("before", page.Previous)
	}
	if page.Next != "" {
		ways.Next = to("after", page.Next)
	}
	ways.CSV = to("as", "csv")
	return page, ways, nil
}

// wantsCSV reports whether the list is asked for as a file.
func wantsCSV(r *http.Request) bool { return r.URL.Query().Get("as") == "csv" }

// asCSV answers with a list as a file, a row or more for each record: what fails on
// the way ends it short, and stands in the log.
func asCSV[T any](w http.ResponseWriter, r *http.Request, name string, l store.Listing[T], head []string, rows func(T) [][]string) error {
	attach(w, "text/csv; charset=utf-8", name)
	out := csv.NewWriter(w)
	_ = out.Write(head) // Flush tells
	for x, err := range l.All(r.Context()) {
		if err != nil {
			return err
		}
		for _, row := range rows(x) {
			_ = out.Write(csvfile.Cells(row...))
		}
	}
	out.Flush()
	return out.Error()
}
