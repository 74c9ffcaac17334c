package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/operations/change"
)

// asked drafts a change and returns its path.
func (r *running) asked(fields url.Values) string {
	r.t.Helper()
	res := r.raw(http.MethodPost, "/changes", fields)
	defer res.Body.Close()
	require.Equal(r.t, http.StatusSeeOther, res.StatusCode)
	path, _, _ := strings.Cut(res.Header.Get("Location"), "?")
	return path
}

// does sends a form of a change that succeeds, and returns what its page then reads.
func (r *running) does(path string, fields url.Values) string {
	r.t.Helper()
	status, body := r.post(path, fields)
	require.Equal(r.t, http.StatusOK, status, "%s\n%s", path, textOf(body))
	return textOf(body)
}

// refused sends one that is refused.
func (r *running) refused(path string, fields url.Values, wants ...string) string {
	r.t.Helper()
	status, body := r.post(path, fields)
	require.Contains(r.t, []int{http.StatusUnprocessableEntity, http.StatusConflict}, status, "%s\n%s", path, textOf(body))
	for _, want := range wants {
		require.Contains(r.t, body, want, path)
	}
	return body
}

// From the first word to the place in the schedule: what is missing is said at its
// field, nothing that was typed is lost, and the votes are of the plan as it stands.
func TestAChangeIsAskedFor(t *testing.T) {
	t.Parallel()
	nobody := demoPortal(t)
	ada, ben, cleo, dana := nobody.as("ada"), nobody.as("ben"), nobody.as("cleo"), nobody.as("dana")
	fields := url.Values{
		"title": {""}, "reason": {"kept <b>"}, "kind": {"odd"}, "service": {"files", "moon"}, "known": {"files"}, "downtime:files": {"ten"}, "start": {"soon"}, "length": {"1 fortnight"},
		"implementer": {"nobody"}, "records": {"r1, r2"}, "on-0": {"network-core"}, "way-0": {"apart"}, "steps": {"one\ntwo"},
	}
	body := ben.refused("/changes", fields, "kept &lt;b&gt;", "Title: must not be empty", "“odd” must be standard", "“ten” must be a length of time", "“soon” must be a day", "“1 fortnight”", "“nobody” is nobody", `value="r1, r2"`, "one\ntwo", `id="e-f-length"`, `id="e-f-downtime_3afiles"`)
	require.Regexp(t, `value="apart" selected`, body)

	id := hidden(t, ben.page("/changes/new"), "id")
	fields = url.Values{"id": {id}, "title": {"New disks"}, "reason": {"They are full"}, "headline": {"Maintenance of the file share"}, "kind": {"normal"}, "requestedBy": {"ben"}, "service": {"files"}, "known": {"files", "mail"}}
	path := ben.asked(fields)
	require.Equal(t, path, ben.asked(fields), "sent twice, it is one")
	body = ben.refused(path+"/submit", nil, "Change the draft", "Say when it begins.", "Say how long it takes.", "Say what is done", `id="e-f-rollback"`, `value="New disks"`)
	require.Contains(t, body, `action="`+path+`/edit"`)
	for name, text := range map[string]string{
		"start": "2026-12-03T12:00", "length": "1 h 30 min", "wayBack": "45", "rollback": "Put the old ones back", "steps": "Out\n\nIn", "downtime:files": "10 min", "after:files": "5 min", "records": "disk-1",
	} {
		fields.Set(name, text)
	}
	text := ben.does(path+"/edit", fields)
	for _, want := range []string{"The draft is changed.", "Takes 1 h 30 min", "Way back 45 min", "Out In", "File share is not expected to be there from 3 Dec 2026, 12:05 to 3 Dec 2026, 12:15", "In the way", "outside of every window", "Starts that fit", "3 customers use one of them", "disk-1"} {
		require.Contains(t, text, want)
	}
	start := regexp.MustCompile(`name="start" value="([^"]+)"`).FindAllStringSubmatch(ben.page(path), -1)[2][1]
	require.Contains(t, ben.does(path+"/move", url.Values{"start": {start}}), "It fits Nothing is in the way")
	require.Contains(t, ben.does(path+"/submit", nil), "Somebody has to do it: say who")
	require.Contains(t, ben.does(path+"/assign", url.Values{"implementer": {"ben"}}), "assigned Ben Okafor")
	require.Contains(t, ada.page(path), "suggested: ")
	ada.refused(path+"/assess", url.Values{"note": {"typed"}}, "choose how likely", ">typed</textarea>")
	require.Contains(t, ada.does(path+"/assess", url.Values{"likelihood": {"2"}, "note": {"tried out"}}), "2 are needed, and one no is enough to reject it")
	require.Contains(t, textOf(ada.page("/work/votes")), "New disks")
	require.NotContains(t, textOf(ben.page("/work/votes")), "New disks", "who asked for it has no vote")
	require.Contains(t, textOf(ben.page(path)), "You asked for it or do it, and have no vote.")
	ben.refused(path+"/vote", url.Values{"choice": {"yes"}, "reason": {"mine"}}, "Ben Okafor asked for it or does it", "mine")
	cleo.refused(path+"/vote", url.Values{"reason": {"undecided"}}, "choose yes, no", "undecided")
	require.Contains(t, cleo.page(path), `<option value="ada">For Ada Brandt`)
	require.Contains(t, cleo.does(path+"/vote", url.Values{"choice": {"yes"}, "for": {"ada"}, "reason": {"Ada thinks so"}}), "Cleo Diaz for Ada Brandt: yes")
	dana.refused(path+"/vote", url.Values{"choice": {"yes"}, "for": {"ada"}, "reason": {"x"}}, "Dana Novak is no delegate of Ada Brandt")
	require.Contains(t, dana.does(path+"/vote", url.Values{"choice": {"yes"}, "reason": {"Fine"}}), "Approved at")
	require.Contains(t, ada.does(path+"/schedule", nil), "It has its place: it begins at ")
	ada.refused(path+"/start", nil, "and not before")

	seen := hidden(t, dana.page(path), "digest")
	form := url.Values{"service": {"files"}, "known": {"files"}, "start": {strings.TrimSuffix(start, ":00Z")}, "length": {"2 h"}, "wayBack": {"1 h"}, "rollback": {"x"}, "steps": {"y"}, "likelihood": {"1"}, "impact": {"1"}}
	ada.refused(path+"/edit", form, "Reason: must not be empty", `value="2 h"`)
	form.Set("reason", "It takes longer")
	text = ada.does(path+"/edit", form)
	require.Contains(t, text, "Waits for votes")
	require.Contains(t, text, "of another plan, it counts no more")
	dana.refused(path+"/vote", url.Values{"choice": {"yes"}, "reason": {"of the plan before"}, "digest": {seen}}, "it has changed since you opened the page", "of the plan before")
	require.Contains(t, dana.does(path+"/vote", url.Values{"choice": {"no"}, "digest": {hidden(t, dana.page(path), "digest")}, "reason": {"Too long"}}), "Voted down")
	require.Contains(t, textOf(ada.page(path)), "Another plan can be asked for")
	require.Contains(t, ada.does(path+"/cancel", url.Values{"reason": {"Never mind"}}), "It will not be done")
	ada.refused(path+"/reopen", url.Values{"reason": {"what I had typed"}}, "What you had written", "what I had typed")
	require.NotContains(t, ada.page("/changes"), "New disks")
	require.Contains(t, ada.page("/changes?state=cancelled&kind=normal&service=files"), "New disks")
	for _, bad := range []string{"/changes?state=odd", "/changes?kind=odd", "/changes?after=odd"} {
		status, _ := ada.get(bad)
		require.Equal(t, http.StatusUnprocessableEntity, status, bad)
	}
	for _, at := range []string{"/changes/none", "/changes/none/edit", path + "/nothing", "/changes/models/none"} {
		status, _ := ada.get(at)
		require.Equal(t, http.StatusNotFound, status, at)
	}
	status, _ := ada.post(path+"/explode", nil)
	require.Equal(t, http.StatusNotFound, status)
}

// An emergency begins before anybody says yes, is put back, approved late, reviewed and
// closed with its follow-ups.
func TestAnEmergencyBeginsFirst(t *testing.T) {
	t.Parallel()
	nobody := demoPortal(t)
	ben, cleo := nobody.as("ben"), nobody.as("cleo")
	path := ben.asked(url.Values{
		"title": {"Gateway 2 is turned off"}, "reason": {"It drops uploads"}, "kind": {"emergency"}, "requestedBy": {"ben"}, "implementer": {"ben"}, "service": {"files"},
		"start": {"2026-11-24T09:35"}, "length": {"30"}, "wayBack": {"5 min"}, "rollback": {"Turn it on"}, "steps": {"Turn it off"},
	})
	require.Contains(t, ben.does(path+"/assess", url.Values{"likelihood": {"1"}, "impact": {"1"}}), "Begin now")
	ben.refused(path+"/startUnapproved", nil, "Reason: must not be empty")
	require.Contains(t, ben.does(path+"/startUnapproved", url.Values{"reason": {"Uploads fail"}}), "Being done")
	require.Contains(t, textOf(cleo.page("/work/late-approvals")), "Gateway 2 is turned off")
	require.Contains(t, ben.does(path+"/fallBack", url.Values{"trigger": {"Gateway 3 is full"}}), "It is being put back as it was.")
	ben.refused(path+"/rollBack", url.Values{"reason": {"Full"}, "restored": {"2026-11-24T01:00"}}, "must not be before it began", "Full")
	require.Contains(t, ben.does(path+"/rollBack", url.Values{"reason": {"Full"}}), "Service as before")
	require.Contains(t, textOf(cleo.page("/work/reviews")), "Gateway 2 is turned off")
	require.Contains(t, ben.does(path+"/review", url.Values{"text": {"Two carry it only at night"}, "lessons": {"Look at the load first\nAsk"}}), "Look at the load first Ask")
	ben.does(path+"/addFollowUp", url.Values{"text": {"A fourth gateway"}, "owner": {"cleo"}, "due": {"2026-12-24T10:00"}})
	ben.refused(path+"/addFollowUp", url.Values{"text": {"kept"}, "due": {"2020-01-01T10:00"}}, "must not be before", ">kept</textarea>")
	ben.refused(path+"/close", nil, "the votes are still awaited")
	require.Contains(t, cleo.does(path+"/vote", url.Values{"choice": {"yes"}, "reason": {"Right"}}), "Approved at")
	ben.refused(path+"/close", nil, "there are open follow-ups")
	ben.refused(path+"/moveFollowUp", url.Values{"number": {"1"}, "text": {"why it moves"}, "due": {"never"}}, "“never”", "why it moves")
	cleo.does(path+"/completeFollowUp", url.Values{"number": {"1"}, "text": {"Ordered"}})
	require.Contains(t, ben.does(path+"/close", nil), "It is over.")
	require.Contains(t, textOf(ben.page("/changes/figures")), "Emergencies of all changes 18 % 2 of 11")
}

// A conflict and a freeze are somebody's to answer for, by name; a customer is asked.
func TestWhatIsInTheWayOfAChange(t *testing.T) {
	t.Parallel()
	nobody := demoPortal(t)
	ada, ben := nobody.as("ada"), nobody.as("ben")
	const path = "/changes/database-index"
	body := ada.page(path)
	require.Contains(t, body, "Second core switch takes over the routes")
	conflict := url.Values{"form": {"acceptConflict-0"}, "kind": {"change"}, "with": {"network-core"}, "why": {"rests-on"}}
	ada.refused(path+"/acceptConflict", conflict, "Reason: must not be empty", `id="e-f-acceptConflict-0-reason"`)
	conflict.Set("reason", "The routes move after nine")
	require.Contains(t, ada.does(path+"/acceptConflict", conflict), "Ada Brandt stands for it: The routes move after nine")
	require.NotContains(t, textOf(ada.page(path)), "Collides with")

	frozen := ben.asked(url.Values{
		"title": {"Mailboxes grow"}, "reason": {"Asked for"}, "kind": {"normal"}, "requestedBy": {"ben"}, "service": {"mail"}, "start": {"2026-11-29T18:30"}, "length": {"30 min"}, "wayBack": {"0"}, "rollback": {"x"}, "steps": {"y"},
	})
	text := textOf(ada.page(frozen))
	require.Contains(t, text, "error budget of Mail is spent")
	freeze := regexp.MustCompile(`name="freeze" value="([^"]+)"`).FindStringSubmatch(ada.page(frozen))[1]
	ben.refused(frozen+"/except", url.Values{"form": {"except-" + freeze}, "freeze": {freeze}, "reason": {"typed"}}, "Ben Okafor asked for it or does it", "typed")
	require.Contains(t, ada.does(frozen+"/except", url.Values{"form": {"except-" + freeze}, "freeze": {freeze}, "reason": {"Nothing is cut off"}}), "Ada Brandt lets it happen in a freeze: Nothing is cut off")

	require.Contains(t, textOf(ada.page("/changes/erp-move")), "Alder Hospital has not answered")
	ada.refused("/changes/erp-move/schedule", nil, "has to consent")
	require.Contains(t, ada.does(path+"/askConsent", url.Values{"customer": {"alder"}, "mode": {"objection"}, "until": {"2026-11-30T12:00"}}), "Alder Hospital may still object , asked to answer by 30 Nov 2026, 12:00")
}

// An incident that began while a change was done is judged by a person, and both pages
// lead to each other.
func TestIncidentsOfAChange(t *testing.T) {
	t.Parallel()
	ada := demoPortal(t).as("ada")
	require.Contains(t, ada.page("/incidents/files-upload"), "/changes/files-gateways#h-incidents")
	require.Contains(t, textOf(ada.page("/work/suspects")), "Gateways of the file share")
	fields := url.Values{"form": {"judge-files-upload"}, "incident": {"files-upload"}}
	ada.refused("/changes/files-gateways/confirmIncident", fields, `id="e-f-judge-files-upload-reason"`)
	fields.Set("reason", "The firmware drops what takes longer than a minute")
	require.Contains(t, ada.does("/changes/files-gateways/confirmIncident", fields), "Confirmed")
	require.Contains(t, textOf(ada.page("/incidents/files-upload")), "The firmware drops")
	require.Contains(t, textOf(ada.page("/changes/files-gateways")), "Somebody says what is to be learnt", "what went wrong is reviewed")
	require.NotContains(t, ada.page("/work/suspects"), "Gateways of the file share")

	body := ada.refused("/changes/found", url.Values{"title": {"A cable"}, "seen": {"2027-01-01T10:00"}}, "Reason: must not be empty", `value="A cable"`, "Say which services")
	require.Contains(t, body, "must not be after it is recorded")
	found := ada.does("/changes/found", url.Values{"title": {"A cable was moved"}, "reason": {"Seen in the cellar"}, "service": {"network"}, "seen": {"2026-11-23T10:00"}, "doneBy": {"emil"}})
	require.Contains(t, found, "Nobody asked for it")
	require.Contains(t, found, "Emil Sand")
}

// A standard change is approved once, by somebody who did not write it.
func TestModelsOfChanges(t *testing.T) {
	t.Parallel()
	nobody := demoPortal(t)
	ada, cleo := nobody.as("ada"), nobody.as("cleo")
	body := cleo.refused("/changes/models", url.Values{"name": {""}, "steps": {"kept"}, "windows": {"Mo-Fr 25:00"}, "longest": {"x"}, "expires": {"2020-01-01T00:00"}, "most": {"0"}}, "Name: must not be empty", "kept", "“25:00”", "“x” must be a length", "choose how likely")
	require.Contains(t, body, "must be from 1 to 1000")
	text := cleo.does("/changes/models", url.Values{"name": {"Restart a gateway"}, "service": {"files"}, "steps": {"Stop\nStart"}, "windows": {"Mo-Su 19:00-23:00 Europe/Berlin"}, "longest": {"20 min"}, "expires": {"2027-06-01T00:00"}, "most": {"2"}, "likelihood": {"1"}, "impact": {"1"}})
	require.Contains(t, text, "Restart a gateway Draft")
	path := "/changes/models/" + regexp.MustCompile(`/changes/models/([0-9a-f-]{36})"[^>]*>Restart`).FindStringSubmatch(cleo.page("/changes/models"))[1]
	cleo.refused(path+"/approve", url.Values{"reason": {"mine"}}, "Cleo Diaz wrote it", "mine")
	require.Contains(t, ada.does(path+"/approve", url.Values{"reason": {"Often done"}}), "Approved")
	require.Contains(t, ada.page("/changes/new"), "Restart a gateway")
	model := strings.TrimPrefix(path, "/changes/models/")
	fields := url.Values{
		"model": {model}, "kind": {"standard"}, "title": {"Restart gateway 2"}, "reason": {"Slow"}, "requestedBy": {"cleo"}, "implementer": {"cleo"}, "service": {"files"}, "start": {"2026-11-25T19:00"}, "length": {"10"}, "wayBack": {"5"},
		"rollback": {"Start the old one"}, "steps": {"Stop\nStart"},
	}
	require.Contains(t, cleo.does("/changes", fields), "Nobody is asked: its model is approved.")
	fields.Set("length", "3 h")
	fields.Set("title", "Restart all gateways")
	require.Contains(t, textOf(cleo.refused("/changes", fields)), "the model allows 20m")
	require.Contains(t, textOf(ada.page(path)), "Restart gateway 2")
	require.Contains(t, cleo.page(path+"/edit"), "Stop\nStart")
	require.Contains(t, cleo.does(path+"/edit", url.Values{"name": {"Restart a gateway"}, "service": {"files", "mail"}, "steps": {"Stop"}, "expires": {"2027-06-01T00:00"}, "most": {"2"}, "likelihood": {"1"}, "impact": {"1"}}), "edition 2")
	require.Contains(t, ada.does(path+"/withdraw", url.Values{"reason": {"No gateways any more"}}), "It is not used any more.")
	require.Contains(t, textOf(ada.page("/changes/models/signin-certificate")), "Went wrong ever 1 of 2")
	require.Contains(t, ada.page("/changes/models?as=csv"), "files-room,Give a folder more room,1,draft")
}

func TestFiguresOfChanges(t *testing.T) {
	t.Parallel()
	ada := demoPortal(t).as("ada")
	text := textOf(ada.page("/changes/figures?month=2026-11"))
	for _, want := range []string{"10 changes whose work ended", "50 % 5 of 10, 95 % interval 24 to 76 %", "Late approvals", "100 % 1 of 1", "10.5 days", "By service", "Renew the certificate of sign-in"} {
		require.Contains(t, text, want)
	}
	text = textOf(ada.page("/changes/figures?month=2026-08"))
	require.Contains(t, text, "undefined: there were none")
	require.NotContains(t, text, "0 %")
	file := ada.page("/changes/figures?month=2026-11&as=csv")
	require.Contains(t, file, "all,,Success,5,10,0.")
	require.Contains(t, file, "service,Sign-in,Put back,1,2,")
	require.Contains(t, ada.page("/changes/figures?month=2026-08&as=csv"), "all,,Success,0,0,,\n")
	for _, bad := range []string{"2027-01", "1999-01", "x"} {
		status, _ := ada.get("/changes/figures?month=" + bad)
		require.Equal(t, http.StatusUnprocessableEntity, status, bad)
	}
	require.Equal(t, 22, strings.Count(ada.page("/changes?state=all&as=csv"), "\n"))
}

// Changes are the provider's own affair.
func TestChangesAreInternal(t *testing.T) {
	t.Parallel()
	nobody := demoPortal(t)
	pages := []string{"/changes", "/changes?as=csv", "/changes/new", "/changes/found", "/changes/figures", "/changes/models", "/changes/models/new", "/changes/models/files-room", "/changes/models/files-room/edit", "/changes/network-core", "/changes/mail-archive/edit"}
	forms := []string{"/changes", "/changes/found", "/changes/models", "/changes/models/files-room/approve", "/changes/network-core/cancel", "/changes/mail-archive/edit", "/changes/database-index/vote"}
	for _, path := range pages {
		res := nobody.raw(http.MethodGet, path, nil)
		res.Body.Close()
		require.Contains(t, res.Header.Get("Location"), "/signin", path)
	}
	for _, who := range []string{"owner@alder", "member@alder"} {
		r := nobody.as(who)
		require.NotContains(t, r.page("/calendar"), `href="/changes"`)
		for _, path := range pages {
			status, body := r.get(path)
			require.Equal(t, http.StatusForbidden, status, path)
			require.NotContains(t, body, "core switch", path)
		}
		for _, path := range forms {
			status, _ := r.post(path, url.Values{"reason": {"x"}, "title": {"x"}, "choice": {"yes"}})
			require.Equal(t, http.StatusForbidden, status, path)
		}
	}
	for _, path := range forms {
		status, _ := nobody.post(path, nil)
		require.Equal(t, http.StatusForbidden, status, path)
	}
	status, _ := nobody.as("ada").post("/changes/network-core/cancel", url.Values{"reason": {"x"}}, "Origin", "https://elsewhere.example")
	require.Equal(t, http.StatusForbidden, status)
	require.Contains(t, nobody.as("ada").page("/changes/network-core"), "Scheduled")
}

// Every state, kind and verb has words of its own.
func TestWordsOfChanges(t *testing.T) {
	t.Parallel()
	for _, s := range change.States() {
		require.NotEmpty(t, changeStateWords(s))
		for _, k := range change.Kinds() {
			require.NotEmpty(t, changeNext(&change.Change{State: s, Kind: k}, time.Now()), "%s %s", s, k)
		}
	}
	for _, x := range change.Transitions() {
		require.NotContains(t, changeDeeds(x.Verb), ".", x.Verb)
	}
}
