package main

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/ical"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/store"
)

var feedAddress = regexp.MustCompile(`http://[^<"]+(/feeds/[0-9a-f]{64}\.ics)`)

// feed makes an address and returns its path.
func (r *running) feed(name string) string {
	r.t.Helper()
	status, body := r.post("/feeds", url.Values{"name": {name}})
	require.Equal(r.t, http.StatusOK, status, body)
	m := feedAddress.FindStringSubmatch(body)
	require.NotNil(r.t, m, body)
	return m[1]
}

// events reads a feed back; cancelled events are not among them.
func (h *planned) events(path string) (text string, byName map[string]ical.Event) {
	h.t.Helper()
	text = h.page(path)
	list, err := ical.ReadWithin(strings.NewReader(text), time.UTC, calendar.Between(h.now().Add(-40*day), h.now().Add(400*day)))
	require.NoError(h.t, err)
	byName = map[string]ical.Event{}
	for _, e := range list {
		if _, there := byName[e.Summary]; !there {
			byName[e.Summary] = e
		}
	}
	return text, byName
}

// raw returns the lines of one event of a feed, unfolded.
func rawEvent(t *testing.T, text, uid string) string {
	t.Helper()
	text = strings.ReplaceAll(text, "\r\n ", "")
	for part := range strings.SplitSeq(text, "BEGIN:VEVENT") {
		if strings.Contains(part, "UID:"+uid+"\r\n") {
			return part
		}
	}
	t.Fatalf("no event %s", uid)
	return ""
}

func sequenceOf(t *testing.T, e string) int {
	t.Helper()
	n, err := strconv.Atoi(regexp.MustCompile(`SEQUENCE:(\d+)`).FindStringSubmatch(e)[1])
	require.NoError(t, err)
	return n
}

// A feed says what the calendar says, follows moves and cancellations, and ends when
// its owner says so.
func TestFeedsFollow(t *testing.T) {
	t.Parallel()
	h := planning(t)
	ctx := t.Context()
	h.scheduled(h.request("uplink", "Second uplink, with a comma; and more", 5*day, "network"))
	_, err := h.p.Control().DeclareFreeze(ctx, servicecoin.Person(ada), change.Declare{Name: "Year end", During: calendar.Between(h.now().Add(30*day), h.now().Add(44*day)), Why: "The books"})
	require.NoError(t, err)
	a, owner := h.as("ada"), h.as("owner@alder")
	paths := map[string]string{"Second uplink, with a comma; and more": a.feed("my telephone"), "Work on Second uplink, with a comma; and more": owner.feed("")}
	begins := map[string]int{}
	for name, path := range paths {
		text, events := h.events(path)
		e, there := events[name]
		require.True(t, there, text)
		x, err := h.p.Control().Get(ctx, "uplink")
		require.NoError(t, err)
		require.True(t, e.During.Equal(x.Plan.Work()), "%v", e.During)
		require.Equal(t, "CONFIRMED", e.Status)
		begins[name] = sequenceOf(t, rawEvent(t, text, e.UID))
		require.Contains(t, events, "Backup is tried out")
		_, frozen := events["Freeze: Year end"]
		_, called := events["On call: Ada Brandt"]
		_, critical := events["Critical: Advent orders"]
		provider := name == "Second uplink, with a comma; and more"
		require.Equal(t, []bool{provider, provider, provider}, []bool{frozen, called, critical}, "what is the provider's own affair")
		require.NotContains(t, events, "On call: Ben Okafor", "only one's own turns")
	}
	h.move("uplink", day)
	uids := map[string]string{}
	for name, path := range paths {
		text, events := h.events(path)
		x, err := h.p.Control().Get(ctx, "uplink")
		require.NoError(t, err)
		require.True(t, events[name].During.Equal(x.Plan.Work()), "it moved there, too")
		uids[name] = events[name].UID
		moved := sequenceOf(t, rawEvent(t, text, events[name].UID))
		require.Greater(t, moved, begins[name])
		begins[name] = moved
	}
	_, err = h.p.Control().Cancel(ctx, servicecoin.Person(ada), "uplink", "No need")
	require.NoError(t, err)
	h.drained()
	for name, path := range paths {
		text, events := h.events(path)
		require.NotContains(t, events, name)
		e := rawEvent(t, text, uids[name])
		require.Contains(t, e, "STATUS:CANCELLED\r\n", "the same event is called off")
		require.Greater(t, sequenceOf(t, e), begins[name])
	}
	// A calendar that has all versions, one after the other, ends with the last.
	res := h.raw(http.MethodGet, paths["Second uplink, with a comma; and more"], nil)
	require.Equal(t, "text/calendar; charset=utf-8", res.Header.Get("Content-Type"))
	require.Equal(t, "private, no-store", res.Header.Get("Cache-Control"))
	require.Empty(t, res.Header.Get("Set-Cookie"))
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	began := time.Now()
	h.page(paths["Second uplink, with a comma; and more"])
	require.Less(t, time.Since(began), time.Second)

	// The owner of an address revokes it, nobody else.
	body := a.page("/feeds")
	require.Contains(t, body, "my telephone")
	token := strings.TrimSuffix(strings.TrimPrefix(paths["Second uplink, with a comma; and more"], "/feeds/"), ".ics")
	require.NotContains(t, body, token, "an address is shown once")
	revoke := regexp.MustCompile(`/feeds/[0-9a-f]{64}/revoke`).FindString(body)
	require.NotEmpty(t, revoke)
	for who, want := range map[*running]int{h.as("ben"): 404, owner: 404, h.running: 403} {
		status, _ := who.post(revoke, nil)
		require.Equal(t, want, status)
	}
	h.page(paths["Second uplink, with a comma; and more"])
	status, body := a.post(revoke, nil)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "The address is revoked")
	require.Contains(t, body, "You have none")
	for _, path := range []string{
		paths["Second uplink, with a comma; and more"], "/feeds/" + strings.Repeat("0", 64) + ".ics", "/feeds/x.ics", "/feeds/" + token, strings.TrimSuffix(revoke, "/revoke") + ".ics",
	} {
		for _, r := range []*running{h.running, a} {
			res := r.raw(http.MethodGet, path, nil)
			require.NoError(t, res.Body.Close())
			require.Equal(t, http.StatusNotFound, res.StatusCode, path)
		}
	}
	h.page(paths["Work on Second uplink, with a comma; and more"])
	list, err := collect(h.p.host.feeds().Find(store.All()).All(ctx))
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.NotContains(t, paths["Work on Second uplink, with a comma; and more"], list[0].ID, "the file knows no address")
	require.False(t, list[0].Seen.IsZero())
}

// Another customer's maintenance is in nobody's feed, and there is an end to how many
// addresses somebody has.
func TestFeedsOfOthers(t *testing.T) {
	t.Parallel()
	h := planning(t)
	h.scheduled(h.request("files", "Files of Birch", 5*day, "network"))
	res := h.raw(http.MethodPost, "/feeds", url.Values{})
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusForbidden, res.StatusCode)
	owner := h.as("member@alder")
	status, body := owner.post("/feeds", url.Values{"name": {strings.Repeat("x", 101)}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, `id="e-f-name"`)
	for n := range mostFeeds {
		owner.feed(strconv.Itoa(n))
	}
	status, body = owner.post("/feeds", url.Values{"name": {""}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "revoke one that nothing reads any more")
}

// A feed of four hundred changes is there at once.
func TestFeedOfMany(t *testing.T) {
	t.Parallel()
	h := planning(t)
	ctx, by := t.Context(), servicecoin.Person(ada)
	for n := range 400 {
		r := h.request(servicecoin.ChangeID("many-"+strconv.Itoa(n)), "Change "+strconv.Itoa(n), time.Duration(n*7+1)*time.Hour, []servicecoin.ServiceID{"mail", "network", "erp", "files"}[n%4])
		_, err := h.p.Control().Draft(ctx, by, r)
		require.NoError(t, err)
		_, err = h.p.Control().Submit(ctx, by, r.ID)
		require.NoError(t, err)
	}
	path := h.as("ada").feed("")
	began := time.Now()
	text := h.page(path)
	require.Less(t, time.Since(began), time.Second)
	require.GreaterOrEqual(t, strings.Count(text, "STATUS:TENTATIVE"), 400)
}
