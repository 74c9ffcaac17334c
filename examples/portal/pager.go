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
			case "after", "before", "as", doneParameter: // of this page alone
			default:
				if list[0] != "" {
					u[k] = list
				}
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

// attach says that what follows is a file to keep.
func attach(w http.ResponseWriter, kind, name string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
}

// asCSV answers with a list as a file, a row or more for each record, page by page as
// it is read: what fails before the first is an error page, what fails on the way ends
// the file short, and stands in the log.
func (p *portal) asCSV(w http.ResponseWriter, r *http.Request, name string, head []string, pages func(after string) (rows [][]string, next string, err error)) error {
	rows, next, err := pages("")
	if err != nil {
		return err
	}
	attach(w, "text/csv; charset=utf-8", name)
	out := csv.NewWriter(w)
	_ = out.Write(head) // Flush tells
	for {
		_ = out.WriteAll(rows) // and flushes
		if out.Error() != nil || next == "" {
			return nil //nolint:nilerr // nobody reads any more
		}
		if rows, next, err = pages(next); err != nil {
			p.log.WarnContext(r.Context(), "a file is not whole", "file", name, "cause", err.Error())
			panic(http.ErrAbortHandler) // so that the reader hears of it, too
		}
	}
}

// rowsOfPages makes rows of the pages of a listing. Texts in them are no formulas.
func rowsOfPages[T any](r *http.Request, l store.Listing[T], rows func(T) [][]string) func(after string) ([][]string, string, error) {
	return func(after string) (list [][]string, next string, err error) {
		page, err := l.Page(r.Context(), after, store.MaxPage)
		for _, item := range page.Items {
			for _, row := range rows(item.Value) {
				list = append(list, csvfile.Cells(row...))
			}
		}
		return list, page.Next, err
	}
}
