package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/change"
)

// move plans a scheduled change anew, and brings it to its place again.
func (h *planned) move(id servicecoin.ChangeID, by time.Duration) {
	h.t.Helper()
	ctx := h.t.Context()
	x, err := h.p.Control().Get(ctx, id)
	require.NoError(h.t, err)
	w := x.Work
	w.Plan = w.Plan.At(w.Plan.Start.Add(by))
	_, err = h.p.Control().Amend(ctx, servicecoin.Person(ada), id, w, change.Judged{Likelihood: 2}, "Not all are there")
	require.NoError(h.t, err)
	h.vote(id)
	for _, c := range x.Consents { // who agreed to the other time is asked about this one
		_, err = h.p.Control().AskConsent(ctx, servicecoin.Person(ada), id, c.Customer, c.Mode, c.By)
		require.NoError(h.t, err)
		h.drained()
		status, body := h.as("owner@"+string(c.Customer)).post(customerPath(c.Customer, "notices", string(id), "answer"), url.Values{"answer": {"agreed"}})
		require.Equal(h.t, http.StatusOK, status, body)
	}
	h.drained()
	_, err = h.p.Control().Schedule(ctx, servicecoin.Person(ada), id)
	require.NoError(h.t, err)
	h.drained()
}

// partOf cuts the part of a page out that begins with a text.
func partOf(body, from, until string) string {
	_, rest, _ := strings.Cut(body, from)
	part, _, _ := strings.Cut(rest, until)
	return part
}

func TestNotices(t *testing.T) {
	t.Parallel()
	h := planning(t)
	ctx := t.Context()
	r := h.request("uplink", "Second uplink", 5*day, "network")
	r.Reason = "The carrier is a mess"
	h.assessed(r)
	_, err := h.p.Control().AskConsent(ctx, servicecoin.Person(ada), r.ID, "alder", change.MustConsent, h.now().Add(2*day))
	require.NoError(t, err)
	h.drained()
	owner, member, a := h.as("owner@alder"), h.as("member@alder"), h.as("ada")

	// It is asked about before it is decided: on the first page, and on a page of its own.
	open, err := h.p.noticeHint(ctx, "alder")
	require.NoError(t, err)
	require.Positive(t, open.Asked)
	require.Contains(t, owner.page("/customers/alder"), plural(open.Asked, "question")+" about maintenance")
	body := partOf(owner.page("/customers/alder/notices"), "Work on Second uplink", "</article>")
	for _, want := range []string{"Asked about, not decided", "It is not done without a yes.", "Please answer by", `<button>Send the answer</button>`, "is expected not to be there"} {
		require.Contains(t, body, want)
	}
	for _, r := range []*running{member, a} {
		body = partOf(r.page("/customers/alder/notices"), "Work on Second uplink", "</article>")
		require.Contains(t, body, "It is not done without a yes.")
		require.NotContains(t, body, "Send the answer")
	}
	require.Contains(t, body, `href="/changes/uplink"`, "the provider's people find the change")
	require.Contains(t, member.page("/customers/alder/notices"), "Whoever owns the account answers")
	for _, r := range []*running{owner, member} {
		body = r.page("/customers/alder/notices")
		for _, internal := range []string{"carrier is a mess", "/changes/", "Do it", "Put it back"} {
			require.NotContains(t, body, internal)
		}
	}
	path := "/customers/alder/notices/uplink/answer"
	for who, want := range map[string]int{"member@alder": 403, "ada": 403, "owner@birch": 404} {
		status, _ := h.as(who).post(path, url.Values{"answer": {"agreed"}})
		require.Equal(t, want, status, who)
	}
	status, _ := h.post(path, url.Values{"answer": {"agreed"}})
	require.Equal(t, http.StatusForbidden, status, "nobody in particular")
	status, body = owner.post(path, url.Values{"answer": {"refused"}, "reason": {""}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, `id="e-f-answer-uplink-reason"`, "a no has a reason")
	require.Contains(t, body, `value="refused" required checked`, "what was chosen is kept")
	status, body = owner.post(path, url.Values{"answer": {"perhaps"}, "reason": {"x"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, `id="e-f-answer-uplink-answer"`)
	status, body = owner.post(path, url.Values{"answer": {"agreed"}, "reason": {"At last"}})
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, "You have agreed.")
	require.Contains(t, body, "“At last”")
	x, err := h.p.Control().Get(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, change.Agreed, x.Consents[0].Answer, "the change knows")
	left, err := h.p.noticeHint(ctx, "alder")
	require.NoError(t, err)
	require.Equal(t, open.Asked-1, left.Asked, "it is not asked any more")

	// Decided, moved, done too late: all are told.
	h.vote(r.ID)
	_, err = h.p.Control().Schedule(ctx, servicecoin.Person(ada), r.ID)
	require.NoError(t, err)
	h.drained()
	require.Contains(t, owner.page("/customers/alder"), "Maintenance in the next week")
	require.Contains(t, partOf(member.page("/customers/alder/notices"), "Work on Second uplink", "</article>"), "Announced")
	before := x.Plan.Start
	h.move(r.ID, day)
	body = partOf(member.page("/customers/alder/notices"), "Work on Second uplink", "</article>")
	require.Contains(t, body, "from <s>")
	require.Contains(t, body, before.Format("2006-01-02T15:04:05Z"), "from where it was moved")
	h.turn(before.Add(day))
	_, err = h.p.Control().Start(ctx, servicecoin.Person(ben), r.ID)
	require.NoError(t, err)
	h.drained()
	member = h.as("member@alder")
	require.Contains(t, member.page("/customers/alder/notices"), "Under way")
	h.turn(before.Add(day + 2*time.Hour))
	owner, member = h.as("owner@alder"), h.as("member@alder")
	body = partOf(member.page("/customers/alder/notices"), "Ahead, and under way", "<h2>Before")
	require.Contains(t, body, "Takes longer than announced")
	require.Contains(t, body, "and goes on")
	_, err = h.p.Control().RollBack(ctx, servicecoin.Person(ben), r.ID, "It did not work", h.now())
	require.NoError(t, err)
	h.drained()
	body = owner.page("/customers/alder/notices")
	require.NotContains(t, partOf(body, "Ahead, and under way", "<h2>Before"), "Second uplink")
	require.Contains(t, partOf(body, "<h2>Before", "</main>"), "Not done: everything is as before")
	require.Contains(t, owner.page("/customers/alder/notices?as=csv"), "uplink,Work on Second uplink,Network,putBack,")
}

func TestStatusShowsMaintenance(t *testing.T) {
	t.Parallel()
	h := planning(t)
	ctx := t.Context()
	r := h.request("uplink", "Second uplink", 5*day, "network")
	h.scheduled(r)
	inside := h.request("disks", "New disks", 5*day, "storage")
	inside.Implementers = []servicecoin.PersonID{cleo}
	h.scheduled(inside)
	h.assessed(h.request("perhaps", "Something else", 7*day, "files"))
	body := h.page("/status")
	announced := func() string { return partOf(h.page("/status"), "Announced maintenance", "</section>") }
	require.Contains(t, announced(), "Work on Second uplink")
	require.Contains(t, announced(), "29 Nov 2026, 09:00</time> to <time")
	require.Contains(t, partOf(body, ">Network</h4>", "</section>"), "Maintenance announced")
	for _, internal := range []string{"New disks", "Something else", "It has to be done"} {
		require.NotContains(t, body, internal, "what is internal, or not decided")
	}
	h.move(r.ID, day)
	require.Contains(t, announced(), "30 Nov 2026, 09:00</time> to <time")
	x, err := h.p.Control().Get(ctx, r.ID)
	require.NoError(t, err)
	h.turn(x.Plan.Start)
	_, err = h.p.Control().Start(ctx, servicecoin.Person(ben), r.ID)
	require.NoError(t, err)
	h.drained()
	require.Contains(t, announced(), "Under way")
	h.turn(x.Plan.Work().End.Add(10 * time.Minute))
	require.Contains(t, announced(), "Takes longer than announced")
	require.Contains(t, partOf(h.page("/status"), ">Network</h4>", "</section>"), "Maintenance takes longer than announced")
	_, err = h.p.Control().Implement(ctx, servicecoin.Person(ben), r.ID, "")
	require.NoError(t, err)
	h.drained()
	require.NotContains(t, h.page("/status"), "Second uplink")

	off := h.request("keys", "New keys", 2*day, "signin")
	h.scheduled(off)
	require.Contains(t, announced(), "Work on New keys")
	_, err = h.p.Control().Cancel(ctx, servicecoin.Person(ada), off.ID, "Not needed any more")
	require.NoError(t, err)
	h.drained()
	require.Contains(t, partOf(announced(), "Work on New keys", "</li>"), "Cancelled")
	require.NotContains(t, announced(), "Not needed", "why is our own affair")
	require.NotContains(t, partOf(h.page("/status"), ">Sign-in</h4>", "</section>"), "New keys")
}
