package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
)

func sentForm(t *testing.T, fields url.Values) *form {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	f, err := readForm(r)
	require.NoError(t, err)
	return f
}

func TestWhatIsWrongStandsAtItsField(t *testing.T) {
	t.Parallel()
	f := sentForm(t, url.Values{"began": {"soon"}, "effects": {"mail"}, "to": {"x"}, "note": {"kept"}})
	f.at("target.customer", "to")
	f.bad.Add("began", "bad-time", "soon", "must be a day and a time")
	f.bad.Add("effects[0].level", "required", "", "must not be empty")
	f.bad.Add("target.customer", "unknown", "x", "is no customer")
	f.bad.Add("elsewhere", "required", "", "must not be empty")
	v := page{}
	v.again(f, f.bad.Err())
	require.Equal(t, `id="f-began" name="began" aria-invalid="true" aria-describedby="e-f-began"`, string(fieldWords(v, "began")))
	require.Equal(t, &fieldError{"e-f-began", "“soon” must be a day and a time."}, wrongAt(v, "began", nil))
	require.Equal(t, &fieldError{"e-f-effects", "Must not be empty."}, wrongAt(v, "effects", nil), "what is inside of a field stands at it")
	require.Equal(t, `id="f-effects" tabindex="-1" aria-describedby="e-f-effects"`, string(groupWords(v, "effects")))
	require.Equal(t, "“x” is no customer.", wrongAt(v, "to", nil).Text, "led there by at")
	require.Nil(t, wrongAt(v, "note", nil))
	require.Equal(t, "kept", sentWords(v, "note", "before"))
	require.Equal(t, "before", sentWords(v, "absent", "before"))
	require.True(t, chosen(v, "effects", "mail", false))
	require.False(t, chosen(v, "effects", "network", true), "it was taken away")
	var to []string
	for _, l := range v.Lines {
		to = append(to, l.To)
	}
	require.Equal(t, []string{"f-began", "f-effects", "f-to", ""}, to)
	require.Nil(t, wrongAt(v, "began", "other"), "another form of the page")
	require.Equal(t, "before", sentWords(v, "note", "before", "other"))

	untouched := page{}
	require.Equal(t, `id="f-a_20b" name="a b"`, string(fieldWords(untouched, "a b")))
	require.True(t, chosen(untouched, "effects", "network", true))
	require.False(t, wasTried(untouched, ""))
	untouched.againIn("one", sentForm(t, nil), servicecoin.ErrConflict)
	require.True(t, wasTried(untouched, "one"))
	require.Empty(t, untouched.Lines)
	require.NotEmpty(t, untouched.Problems)
}

// What a form is refused for stands at its field, is led to from above, and what was
// typed is there. What it does is said once.
func TestFormsSayWhatIsWrongAndWhatIsDone(t *testing.T) {
	t.Parallel()
	r := startDemo(t).as("ada")
	action := regexp.MustCompile(`action="(/customers/alder/letters/[^"]+)/discard"`).FindStringSubmatch(r.page("/customers/alder/letters"))
	require.NotNil(t, action, "a draft")
	status, body := r.post(action[1]+"/discard", url.Values{"reason": {strings.Repeat("x", 4001)}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	id := regexp.MustCompile(`<textarea id="(f-discard-[^"]+)" name="reason" aria-invalid="true" aria-describedby="e-f-`).FindStringSubmatch(body)
	require.NotNil(t, id, body)
	require.Contains(t, body, `<a href="#`+id[1]+`">`)
	require.Contains(t, body, `class="field-error" id="e-`+id[1]+`"`)
	require.Contains(t, body, "<details open>")
	require.Contains(t, body, strings.Repeat("x", 4001), "nothing typed is lost")
	status, body = r.post(action[1]+"/send", url.Values{"subject": {""}, "body": {"My own words"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "My own words")
	require.Equal(t, 1, strings.Count(body, `aria-invalid="true"`))
	status, body = r.post(action[1]+"/discard", url.Values{"reason": {"Sent by telephone"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "The draft is discarded. It is not sent.")
	require.NotContains(t, r.page("/customers/alder/letters"), "It is not sent.", "said once")
	require.NotContains(t, r.page("/customers/alder/letters?done=<b>hello"), "hello", "words of its own alone")

	status, body = r.get("/calendar?at=noon")
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, `aria-describedby="e-f-at" value="noon"`)
	status, body = r.get("/calendar?at=9990-01-01T10:00")
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "outside of the years")

	status, body = r.post("/signin", url.Values{"person": {"nobody"}, "back": {"/followups"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, `<a href="#f-person">`)
	require.Contains(t, body, `name="back" value="/followups"`)
}

// The words after a form are those of one area each.
func TestConfirmationsAreUnique(t *testing.T) {
	t.Parallel()
	seen, p := map[string]bool{}, &portal{}
	for _, a := range p.areas() {
		for word := range a.done {
			require.False(t, seen[word], word)
			require.Equal(t, url.QueryEscape(word), word)
			seen[word] = true
		}
	}
	require.NotEmpty(t, seen)
	w := httptest.NewRecorder()
	seeOther(w, confirmed("/x?month=2026-11", "send"))
	require.Equal(t, "/x?month=2026-11&done=send", w.Header().Get("Location"))
}

// The provider's people read and type times by the clock of their desk, a customer's by
// its own; what names its offset itself is what it says.
func TestTimesAreThoseOfTheReader(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	ben := nobody.as("ben")
	for path, zone := range map[string]string{
		"/changes/network-core": "Europe/Berlin", "/runs/restore-birch": "Europe/Berlin", "/changes/new": "Europe/Berlin", "/incidents": "Europe/Berlin", "/calendar": "Europe/Berlin",
		"/customers/birch/availability": "Europe/London", "/customers/cedar/letters": "Europe/Lisbon",
	} {
		require.Contains(t, ben.page(path), "All times are those of "+zone+".", path)
	}
	require.Contains(t, nobody.as("owner@cedar").page("/calendar"), "All times are those of Europe/Lisbon.")
	require.Contains(t, nobody.page("/status"), "All times are those of UTC.")
	for began, shown := range map[string]string{"2026-11-24T09:00": "24 Nov 2026, 09:00", "2026-07-30T09:00": "30 Jul 2026, 09:00", "2026-11-24T05:00:00Z": "24 Nov 2026, 06:00"} {
		path := ben.open(url.Values{"title": {"Clocks"}, "service": {"mail"}, "level": {"information"}, "began": {began}})
		require.Contains(t, ben.page(path), shown, began)
	}
	require.Contains(t, ben.page("/changes/database-index"), `<time datetime="`)
	require.NotContains(t, ben.page("/work")+ben.page("/changes")+ben.page("/changes/agenda")+ben.page("/checklists"), " UTC")
}
