// Package problem answers an HTTP request that failed: the status of an error,
// and the body that RFC 9457 describes for it.
//
//	value, err := keeper.Month(r.Context(), promise, month)
//	if err != nil {
//		problem.Write(w, err)
//		return
//	}
//
// It tells a client what the library says in so many words (the violations of
// its input, the reason of a refusal) and nothing that an engine, a driver or the
// host's own functions put into the text of an error: that belongs in the log.
package problem

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/servicecoin/servicecoin"
)

// ContentType is the media type of a [Problem] as JSON.
const ContentType = "application/problem+json"

// statusClientClosed is what a request is logged with whose client has gone away.
const statusClientClosed = 499

// Problem is an error as RFC 9457 has it. A host may change what [Of] returned
// before it is written: give it a Type of its own, say, or an Instance.
type Problem struct {
	Type     string `json:"type,omitempty"`     // a URI that names the kind of problem; "" is about:blank: the status says all
	Title    string `json:"title"`              // the text of the status
	Status   int    `json:"status"`             // of the HTTP answer
	Detail   string `json:"detail,omitempty"`   // for people: what was wrong this time
	Instance string `json:"instance,omitempty"` // a URI of this occurrence, which the host's log knows

	// Code is the kind of error for programs, stable: "invalid", "forbidden",
	// "not-found", "exists", "conflict", "refused", "newer", "busy", "deadline",
	// "cancelled", "internal".
	Code string `json:"code"`
	// Violations are the broken rules of an invalid input, the first
	// [servicecoin.MaxViolations] of them; Count is how many there are in all.
	Violations []servicecoin.Violation `json:"violations,omitempty"`
	Count      int                     `json:"count,omitempty"`
}

// kind is a kind of error, and what is answered to it.
type kind struct {
	is     error
	status int
	code   string
	detail string
}

// kindOf returns the first kind that err is: it may wrap several.
func kindOf(err error) kind {
	for _, k := range kinds() {
		if errors.Is(err, k.is) {
			return k
		}
	}
	k := kind{nil, http.StatusInternalServerError, "internal", "This could not be done. It may have been done in part: look before you try again."}
	if !servicecoin.MayHaveHappened(err) {
		k.detail = "This could not be done. Nothing was changed."
	}
	return k
}

func kinds() [10]kind {
	return [...]kind{
		{servicecoin.ErrInvalid, http.StatusUnprocessableEntity, "invalid", "The input is not valid."},
		{servicecoin.ErrForbidden, http.StatusForbidden, "forbidden", "You may not do or see this."},
		{servicecoin.ErrNotFound, http.StatusNotFound, "not-found", "There is no such record."},
		{servicecoin.ErrExists, http.StatusConflict, "exists", "There is such a record already."},
		{servicecoin.ErrConflict, http.StatusConflict, "conflict", "The record has changed meanwhile: read it again."},
		{servicecoin.ErrRefused, http.StatusConflict, "refused", "This cannot be done now."},
		{servicecoin.ErrNewer, http.StatusConflict, "newer", "A newer release has written this record."},
		{servicecoin.ErrBusy, http.StatusServiceUnavailable, "busy", "Try again in a moment."},
		{context.DeadlineExceeded, http.StatusGatewayTimeout, "deadline", "This took too long. It may have been done: look before you try again."},
		{context.Canceled, statusClientClosed, "cancelled", "The request was cancelled."},
	}
}

// Status returns the status code that an endpoint answers err with: 200 for
// nil, 422, 403, 404, 409 and 503 for the sentinels (409 for a refused change of
// state and for a newer shape too), 504 for a passed deadline, 499 for a
// cancelled request, 500 for everything else.
func Status(err error) int {
	if err == nil {
		return http.StatusOK
	}
	return kindOf(err).status
}

// Of returns what a client may know of err. The zero Problem stands for nil.
func Of(err error) Problem {
	if err == nil {
		return Problem{}
	}
	k := kindOf(err)
	p := Problem{Status: k.status, Code: k.code, Detail: k.detail}
	switch p.Code {
	case "invalid":
		var all servicecoin.Violations
		gather(&all, err)
		if invalid, ok := errors.AsType[*servicecoin.InvalidError](all.Err()); ok {
			p.Violations, p.Count = invalid.Violations, all.Len()
		}
	case "refused":
		if refused, ok := errors.AsType[*servicecoin.RefusedError](err); ok {
			p.Detail = refused.Error()
		}
	case "deadline":
		if !servicecoin.MayHaveHappened(err) {
			p.Detail = "This took too long. Nothing was changed."
		}
	}
	p.Title = http.StatusText(p.Status)
	if p.Status == statusClientClosed {
		p.Title = "Client Closed Request"
	}
	return p
}

// gather adds the violations of every [servicecoin.InvalidError] in the tree of
// an error: several may have been joined.
func gather(all *servicecoin.Violations, err error) {
	switch e := err.(type) { //nolint:errorlint // it walks the tree itself
	case *servicecoin.InvalidError:
		all.Merge("", e)
	case interface{ Unwrap() error }:
		gather(all, e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			gather(all, one)
		}
	}
}

// Write answers the request with the problem of err. It writes nothing for nil.
func Write(w http.ResponseWriter, err error) {
	if err != nil {
		Of(err).Write(w)
	}
}

// Write answers the request with the problem. What the handler has said of the
// answer that it meant to give (its length, encoding, tag and age) is taken back.
// The status is 500 where the problem has none.
func (p Problem) Write(w http.ResponseWriter) {
	if p.Status == 0 {
		p.Status = http.StatusInternalServerError
	}
	body, err := json.Marshal(p)
	if err != nil { // no field of it can fail
		body = nil
	}
	h := w.Header()
	for _, name := range []string{"Content-Length", "Content-Encoding", "Etag", "Last-Modified"} {
		h.Del(name)
	}
	h.Set("Content-Type", ContentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // a client that has gone away is not the handler's concern
}
