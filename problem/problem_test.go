package problem_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/problem"
)

// secret stands for what an engine puts into the text of its errors.
const secret = "dial tcp 10.1.2.3:5432: user=coin"

func answer(t *testing.T, err error) (*httptest.ResponseRecorder, map[string]any) {
	t.Helper()
	rec := httptest.NewRecorder()
	rec.Header().Set("ETag", `"7"`)
	rec.Header().Set("Content-Length", "12")
	rec.Header().Set("Content-Encoding", "gzip")
	problem.Write(rec, err)
	require.NotContains(t, rec.Body.String(), secret)
	var body map[string]any
	require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &body))
	return rec, body
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	key := servicecoin.Key{Customer: secret, Kind: "order", ID: "7"}
	below := errors.New(secret)
	refused := &servicecoin.RefusedError{Subject: servicecoin.Key{Customer: secret, ID: "7"}, Verb: "close", From: "reported", To: "closed", Why: "it is not resolved"}
	for name, c := range map[string]struct {
		err    error
		status int
		title  string
		code   string
		detail string
	}{
		"not found": {servicecoin.NotFound(key), 404, "Not Found", "not-found", "There is no such record."},
		"exists":    {&servicecoin.KeyError{Key: key, Err: servicecoin.ErrExists}, 409, "Conflict", "exists", "There is such a record already."},
		"conflict":  {fmt.Errorf("%w: %w", servicecoin.ErrConflict, below), 409, "Conflict", "conflict", "The record has changed meanwhile: read it again."},
		"invalid":   {fmt.Errorf("%w: %w", servicecoin.ErrInvalid, below), 422, "Unprocessable Entity", "invalid", "The input is not valid."},
		"newer":     {fmt.Errorf("%w: %w", servicecoin.ErrNewer, below), 409, "Conflict", "newer", "A newer release has written this record."},
		"refused":   {fmt.Errorf("%w: %w", below, refused), 409, "Conflict", "refused", "refused: close 7, reported → closed: it is not resolved"},
		"a refusal": {fmt.Errorf("%w: %w", servicecoin.ErrRefused, below), 409, "Conflict", "refused", "This cannot be done now."},
		"forbidden": {fmt.Errorf("%w: %w", servicecoin.ErrForbidden, below), 403, "Forbidden", "forbidden", "You may not do or see this."},
		"busy":      {fmt.Errorf("%w: %w", servicecoin.ErrBusy, below), 503, "Service Unavailable", "busy", "Try again in a moment."},
		"deadline":  {fmt.Errorf("%w: %w", below, context.DeadlineExceeded), 504, "Gateway Timeout", "deadline", "This took too long. It may have been done: look before you try again."},
		"too late":  {servicecoin.Unchanged(context.DeadlineExceeded), 504, "Gateway Timeout", "deadline", "This took too long. Nothing was changed."},
		"cancelled": {context.Canceled, 499, "Client Closed Request", "cancelled", "The request was cancelled."},
		"a driver":  {below, 500, "Internal Server Error", "internal", "This could not be done. It may have been done in part: look before you try again."},
		"a read":    {fmt.Errorf("get: %w", servicecoin.Unchanged(below)), 500, "Internal Server Error", "internal", "This could not be done. Nothing was changed."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res, body := answer(t, c.err)
			require.Equal(t, c.status, problem.Status(c.err))
			require.Equal(t, c.status, res.Code)
			require.Equal(t, http.Header{
				"Content-Type": {"application/problem+json"}, "Cache-Control": {"no-store"}, "X-Content-Type-Options": {"nosniff"},
			}, res.Header())
			require.Equal(t, map[string]any{"status": float64(c.status), "title": c.title, "code": c.code, "detail": c.detail}, body)
		})
	}
}

func TestViolations(t *testing.T) {
	t.Parallel()
	var one, two servicecoin.Violations
	one.Add("began", "required", "", "must be set")
	for range 120 {
		two.Add("effects[0].service", "unknown", "<b>", "is no service")
	}
	_, body := answer(t, errors.Join(fmt.Errorf("%s: %w", secret, one.Err()), &servicecoin.KeyError{Err: two.Err()}, errors.New(secret)))
	require.Equal(t, "invalid", body["code"])
	require.InDelta(t, 121, body["count"], 0)
	list, _ := body["violations"].([]any)
	require.Len(t, list, servicecoin.MaxViolations)
	require.Equal(t, map[string]any{"path": "began", "code": "required", "text": "must be set"}, list[0])
	require.Equal(t, map[string]any{"path": "effects[0].service", "code": "unknown", "value": "<b>", "text": "is no service"}, list[1])
}

func TestNoProblem(t *testing.T) {
	t.Parallel()
	rec := httptest.NewRecorder()
	problem.Write(rec, nil)
	require.Empty(t, rec.Body.String())
	require.Empty(t, rec.Header())
	require.Equal(t, http.StatusOK, problem.Status(nil))
	require.Equal(t, problem.Problem{}, problem.Of(nil))

	problem.Problem{}.Write(rec)
	require.Equal(t, http.StatusInternalServerError, rec.Code)
}

// A host gives a problem an address of its own.
func ExampleOf() {
	p := problem.Of(&servicecoin.RefusedError{Verb: "close", From: "reported", To: "closed", Why: "it is not resolved"})
	p.Type = "https://status.example.net/problems/refused"
	text, err := json.MarshalIndent(p, "", "  ")
	fmt.Println(string(text), err)
	// Output:
	// {
	//   "type": "https://status.example.net/problems/refused",
	//   "title": "Conflict",
	//   "status": 409,
	//   "detail": "refused: close, reported → closed: it is not resolved",
	//   "code": "refused"
	// } <nil>
}
