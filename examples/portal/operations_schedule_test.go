package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/coin/changeroom"
	"github.com/servicecoin/servicecoin/operations/change"
)

// planned is a portal with changes in it, and a clock that the test moves.
type planned struct {
	*running

	p     *portal
	clock atomic.Int64
}

// mia and tom are managers of the provider who vote.
const (
	mia = servicecoin.PersonID("mia")
	tom = servicecoin.PersonID("tom")
)

func planning(t *testing.T) *planned {
	t.Helper()
	now, err := time.Parse(time.RFC3339, demoNow)
	require.NoError(t, err)
	p := openDemo(t)
	require.NoError(t, p.exchange.Release(t.Context()))
	h := &planned{p: p}
	h.clock.Store(now.UnixNano())
	require.NoError(t, p.assemble(func() time.Time { return time.Unix(0, h.clock.Load()).UTC() }, 0))
	p.Coin, err = coin.New(p.store, nil, &coin.Options{
		Customer: p.host.customer, Covered: p.covered, Provisioner: machines{p.store, 0}, CheckParameters: checkParameters, Holder: providerName,
		Usage: p.usage, Comes: p.comes, Active: active, Configuration: configurationRules(),
		Changes: changeroom.Options{Policy: &change.Policy{Name: "test", Rules: []change.ApprovalRule{
			{Kinds: []change.Kind{change.Emergency}, StartFirst: true, Within: calendar.Within(24 * time.Hour), Quorums: []change.Quorum{{Group: "Emergency board", Members: []servicecoin.PersonID{mia, tom}, Need: 1}}},
			{Quorums: []change.Quorum{{Group: "Advisory board", Members: []servicecoin.PersonID{mia, tom}}}},
		}}},
	})
	require.NoError(t, err)
	p.exchange, err = p.Exchange(nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.close(context.WithoutCancel(t.Context()))) })
	for _, x := range []person{{ID: mia, Name: "Mia Vogt", Role: manager}, {ID: tom, Name: "Tom Arendt", Role: manager}} {
		require.NoError(t, p.host.persons().Insert(t.Context(), x))
	}
	p.pages.names, err = p.host.names(t.Context())
	require.NoError(t, err)
	for w, err := range p.Control().Windows().All(t.Context()) { // of the demonstration
		require.NoError(t, err)
		require.NoError(t, p.Control().DropWindow(t.Context(), servicecoin.Person(ada), w.ID))
	}
	for f, err := range p.Control().Freezes(now).All(t.Context()) {
		require.NoError(t, err)
		_, err = p.Control().LiftFreeze(t.Context(), servicecoin.Person(ada), f.ID, "for the test")
		require.NoError(t, err)
	}
	server := httptest.NewServer(p.handler())
	t.Cleanup(server.Close)
	h.running = &running{t: t, base: server.URL}
	return h
}

func (h *planned) now() time.Time { return time.Unix(0, h.clock.Load()).UTC() }

func (h *planned) turn(to time.Time) { h.clock.Store(to.UnixNano()) }

// request asks for an hour of work, so long after now.
func (h *planned) request(id servicecoin.ChangeID, title string, in time.Duration, services ...servicecoin.ServiceID) change.Request {
	r := change.Request{
		ID: id, Title: title, Reason: "It has to be done.", Headline: "Work on " + title, Kind: change.Normal, Implementers: []servicecoin.PersonID{ben},
		Work: change.Work{Scope: change.Scope{Services: services}, Steps: []string{"Do it"}, Plan: change.Plan{
			Start: h.now().Add(in).Truncate(time.Hour), Length: calendar.Within(time.Hour), WayBack: calendar.Within(30 * time.Minute), Rollback: "Put it back", Trigger: "It does not answer",
			Downtime: []change.Downtime{{Service: services[0], After: calendar.Within(0), Length: calendar.Within(20 * time.Minute)}},
		}},
	}
	return r
}

// assessed brings a change to where it waits for votes.
func (h *planned) assessed(r change.Request) {
	h.t.Helper()
	ctx, by := h.t.Context(), servicecoin.Person(ada)
	_, err := h.p.Control().Draft(ctx, by, r)
	require.NoError(h.t, err)
	if r.Kind != change.Emergency {
		_, err = h.p.Control().Submit(ctx, by, r.ID)
		require.NoError(h.t, err)
	}
	_, err = h.p.Control().Assess(ctx, by, r.ID, change.Judged{Likelihood: 2, Note: "Done before"})
	require.NoError(h.t, err)
}

// vote lets both say yes.
func (h *planned) vote(id servicecoin.ChangeID) {
	h.t.Helper()
	for _, who := range []servicecoin.PersonID{mia, tom} {
		_, err := h.p.Control().Vote(h.t.Context(), servicecoin.Person(who), id, change.Cast{Choice: change.VoteYes, Reason: "fine"})
		require.NoError(h.t, err)
	}
}

// scheduled brings a change to its place.
func (h *planned) scheduled(r change.Request) {
	h.t.Helper()
	h.assessed(r)
	h.vote(r.ID)
	_, err := h.p.Control().Schedule(h.t.Context(), servicecoin.Person(ada), r.ID)
	require.NoError(h.t, err)
	h.drained()
}

func (h *planned) drained() {
	h.t.Helper()
	require.NoError(h.t, h.p.drain(h.t.Context()))
}

// fill makes a little of everything.
func (h *planned) fill() {
	h.t.Helper()
	ctx, by := h.t.Context(), servicecoin.Person(ada)
	control := h.p.Control()
	h.scheduled(h.request("mail-move", "Move mailboxes", 33*time.Hour, "mail"))
	h.scheduled(h.request("net-line", "Second line to the internet", 9*day, "network"))
	h.assessed(h.request("mail-index", "Rebuild the mail index", 33*time.Hour, "mail"))
	h.assessed(h.request("db-patch", "Patch the databases", 20*day, "database", "erp"))
	r := h.request("sign-in", "Renew the keys of sign-in", 12*day, "signin")
	_, err := control.Draft(ctx, by, r)
	require.NoError(h.t, err)
	_, err = control.Submit(ctx, by, r.ID)
	require.NoError(h.t, err)
	r = h.request("hotfix", "Block a bad sender", 0, "mail")
	r.Kind = change.Emergency
	h.assessed(r)
	_, err = control.StartUnapproved(ctx, servicecoin.Person(ada), r.ID, "It floods everybody")
	require.NoError(h.t, err)
	h.turn(h.now().Add(20 * time.Minute))
	_, err = control.Fail(ctx, servicecoin.Person(ada), r.ID, "The sender changed its name")
	require.NoError(h.t, err)
	h.drained()
}

func TestChangeCalendar(t *testing.T) {
	t.Parallel()
	h := planning(t)
	h.fill()
	ada := h.as("ada")
	body := ada.page("/changes/calendar?month=2026-11")
	for _, want := range []string{
		"November 2026", `href="/changes/mail-move">Move mailboxes</a>`, "Rebuild the mail index", "not certain yet", "Backup is tried out", "Advent orders", "Block a bad sender",
		"5 changes with something in the way", "2 things in the way",
	} {
		require.Contains(t, body, want)
	}
	require.NotContains(t, body, "Patch the databases", "it is in December")
	week := ada.page("/changes/calendar?week=2026-11-25")
	require.Contains(t, week, "Wed, 25 November")
	require.Contains(t, week, "19:00 to 20:00")
	require.Contains(t, week, "20:30 with the way back")
	require.Contains(t, week, "done by Ben Okafor")
	require.Contains(t, week, `href="/changes/calendar?week=2026-11-30"`)
	for _, path := range []string{"?month=May", "?month=0012-01", "?week=yesterday", "?week=2026-02-30"} {
		status, _ := ada.get("/changes/calendar" + path)
		require.Equal(t, http.StatusUnprocessableEntity, status, path)
	}
	for _, who := range []string{"owner@alder", "member@alder"} {
		for _, path := range []string{"/changes/calendar", "/changes/schedule", "/changes/schedule?as=csv", "/changes/agenda", "/changes/freezes", "/changes/windows"} {
			status, body := h.as(who).get(path)
			require.Equal(t, http.StatusForbidden, status, path)
			require.NotContains(t, body, "Move mailboxes")
		}
	}
}

func TestForwardSchedule(t *testing.T) {
	t.Parallel()
	h := planning(t)
	h.fill()
	ada := h.as("ada")
	body := ada.page("/changes/schedule")
	require.Contains(t, body, "24 Nov 2026 to 21 Dec 2026")
	require.Less(t, strings.Index(body, "Move mailboxes"), strings.Index(body, "Second line to the internet"))
	require.Contains(t, body, "Patch the databases")
	file := ada.page("/changes/schedule?as=csv")
	require.True(t, strings.HasPrefix(file, "kind,id,name,from,until,untilAtWorst,services,customer,people,state,inTheWay\n"), file)
	require.Contains(t, file, "change,mail-move,Move mailboxes,2026-11-25T18:00:00Z,2026-11-25T19:00:00Z,2026-11-25T19:30:00Z,Mail,,Ben Okafor,Scheduled,")
}

func TestAgenda(t *testing.T) {
	t.Parallel()
	h := planning(t)
	h.fill()
	ada := h.as("ada")
	body := ada.page("/changes/agenda")
	vote, rest, _ := strings.Cut(body, "2. To be assessed first")
	assess, rest, _ := strings.Cut(rest, "3. To be looked back at")
	review, emergencies, _ := strings.Cut(rest, "4. Emergencies since")
	require.Contains(t, vote, "Rebuild the mail index")
	require.Contains(t, vote, "Patch the databases")
	require.Contains(t, vote, "0 of 2 yes, 0 no")
	require.Contains(t, vote, "still to be heard: Mia Vogt, Tom Arendt")
	require.Contains(t, vote, `<strong class="late">No</strong>`)
	require.Contains(t, vote, "<strong>Yes</strong>")
	require.Contains(t, vote, "It began before it was approved")
	require.Contains(t, assess, "Renew the keys of sign-in")
	require.Contains(t, review, "Block a bad sender")
	require.Contains(t, emergencies, "Block a bad sender")
	require.Contains(t, emergencies, "The sender changed its name")
	require.NotContains(t, body, "Second line to the internet", "it is decided")

	h.turn(h.now().Add(10 * day))
	_, emergencies, _ = strings.Cut(ada.as("ada").page("/changes/agenda"), "4. Emergencies since")
	require.NotContains(t, emergencies, "Block a bad sender")
	_, emergencies, _ = strings.Cut(ada.as("ada").page("/changes/agenda?since=2026-11-20"), "4. Emergencies since")
	require.Contains(t, emergencies, "Block a bad sender")
	require.Contains(t, emergencies, "they are late")
	for _, since := range []string{"soon", "2030-01-01"} {
		status, _ := ada.as("ada").get("/changes/agenda?since=" + since)
		require.Equal(t, http.StatusUnprocessableEntity, status, since)
	}
}

func TestFreezes(t *testing.T) {
	t.Parallel()
	h := planning(t)
	ada := h.as("ada")
	status, body := ada.post("/changes/freezes", url.Values{"name": {""}, "why": {""}, "from": {"2026-12-20T00:00"}, "until": {"yesterday"}, "services": {"moon"}, "through": {"odd"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	for _, field := range []string{"name", "until", "services", "through", "why"} {
		require.Contains(t, body, `id="e-f-`+field+`"`, "everything that is wrong stands at its field")
	}
	require.Contains(t, body, `value="2026-12-20T00:00"`, "what was typed is kept")
	status, body = ada.post("/changes/freezes", url.Values{"name": {"x"}, "why": {"x"}, "from": {"2026-12-20T00:00"}, "until": {"2026-12-19T00:00"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "must be later than it begins")

	sent := url.Values{"id": {h.p.store.NewID()}, "name": {"Year end"}, "why": {"The books are closed."}, "from": {"2026-12-20T00:00"}, "until": {"2027-01-04T00:00"}, "services": {"erp"}, "through": {"emergency"}}
	for range 2 { // sent twice, it is one
		status, body = ada.post("/changes/freezes", sent)
		require.Equal(t, http.StatusOK, status, body)
	}
	require.Equal(t, 1, strings.Count(body, `Lift it<span class="visually-hidden">: Year end<`))
	require.Contains(t, body, "The freeze is declared")
	require.Contains(t, body, "lets emergencies through")
	require.Contains(t, ada.page("/changes/calendar?month=2026-12"), "day 1 of 15")
	require.Contains(t, ada.page("/changes/freezes?as=csv"), "Year end,2026-12-19T23:00:00Z,2027-01-03T23:00:00Z,Order entry,emergencies,The books are closed.,ada")

	lift := "/changes/freezes/" + sent.Get("id") + "/lift"
	status, body = ada.post(lift, url.Values{"reason": {""}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, `id="e-f-lift-`)
	status, _ = h.as("owner@alder").post(lift, url.Values{"reason": {"x"}})
	require.Equal(t, http.StatusForbidden, status)
	status, body = ada.post(lift, url.Values{"reason": {"The books were closed early"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "The freeze is lifted")
	require.NotContains(t, body, `Lift it<span class="visually-hidden">: Year end<`)
	require.Contains(t, body, "Lifted before it began by Ada Brandt", "it stays on record")
	require.Contains(t, body, "The books were closed early")
	require.NotContains(t, ada.page("/changes/calendar?month=2026-12"), "Year end")
	event := rawEvent(t, ada.page(ada.feed("mine")), uid("freeze", sent.Get("id")))
	require.Contains(t, event, "SUMMARY:Freeze: Year end")
	require.Contains(t, event, "STATUS:CANCELLED")
}

func TestChangeWindows(t *testing.T) {
	t.Parallel()
	h := planning(t)
	ada := h.as("ada")
	status, body := ada.post("/changes/windows", url.Values{"times": {"Sx 22:00-04:00 Europe/Berlin"}, "services": {"moon"}, "name": {strings.Repeat("x", 300)}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	for _, field := range []string{"times", "services", "name"} {
		require.Contains(t, body, `id="e-f-`+field+`"`)
	}
	require.Contains(t, body, "(column 1)", "where it is wrong is said")
	require.Contains(t, body, "Sx 22:00-04:00 Europe/Berlin</textarea>")
	status, body = ada.post("/changes/windows", url.Values{"id": {h.p.store.NewID()}, "times": {"Sa 22:00-04:00 Europe/Berlin"}, "name": {"Saturday night"}, "services": {"mail"}})
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, "Saturday night")
	require.Contains(t, body, "next <time")
	require.Contains(t, ada.page("/changes/calendar?month=2026-12"), "Saturday night")
	list, err := collect(h.p.Control().Windows().All(t.Context()))
	require.NoError(t, err)
	require.Len(t, list, 1)
	id := string(list[0].ID)
	edit := ada.page("/changes/windows?edit=" + id)
	require.Contains(t, edit, "Change Saturday night")
	require.Contains(t, edit, `value="mail" checked`)
	status, _ = ada.post("/changes/windows", url.Values{"id": {id}, "times": {"Su 01:00-05:00 Europe/Berlin"}, "name": {"Sunday morning"}})
	require.Equal(t, http.StatusOK, status)
	body = ada.page("/changes/windows")
	require.Contains(t, body, "Sunday morning")
	require.NotContains(t, body, "Saturday night")
	h.assessed(h.request("mail-move", "Move mailboxes", 33*time.Hour, "mail"))
	require.Contains(t, ada.page("/changes/calendar"), "outside of every window")
	status, body = ada.post("/changes/windows/"+id+"/drop", nil)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "any time is as good as any other")
}
