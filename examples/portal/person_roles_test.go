package main

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/operations/runbook"
)

// A role is the same however it is written; nobody outside has one.
func TestWhoHasARole(t *testing.T) {
	t.Parallel()
	emil := person{ID: emil, Name: "Emil Sand", Role: operator, Also: []string{databaseAdmin}}
	for name, want := range map[string]bool{
		"": true, "operator": true, "database administrator": true, " The Database Administrator ": true, "the operator": true, "administrator": false, "service manager": false, "guard": false, "owner": false,
	} {
		require.Equal(t, want, emil.holds(name), name)
	}
	olga := person{ID: "owner@alder", Role: owner, Customer: "alder", Also: []string{databaseAdmin}}
	for _, name := range []string{"", "owner", databaseAdmin} {
		require.False(t, olga.holds(name), name)
	}
	require.Equal(t, "Operator, database administrator", emil.Roles())
	require.Equal(t, "It is for the database administrator: Emil Sand.", whoseRole([]person{emil, olga}, databaseAdmin))
	require.Equal(t, "It is for the guard, and nobody here has that role yet: somebody has to be given it.", whoseRole([]person{emil}, "the guard"))
	b := runbook.Book{Steps: []runbook.Step{{Title: english("Go?"), Approval: &runbook.Approval{Role: "guard"}}, {Approval: &runbook.Approval{}}, {Approval: &runbook.Approval{Role: databaseAdmin}}}}
	require.Equal(t, []findingRow{{Where: "Step 1, Go?: approval", Text: "nobody here is guard, so nobody could say go"}}, unheld(b, []person{emil}))
}

// What names a role is offered to those who have it, and others are told whose it is.
func TestRolesAreHeldTo(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	ada, ben, cleo, dana, emil := nobody.as("ada"), nobody.as("ben"), nobody.as("cleo"), nobody.as("dana"), nobody.as("emil")
	const list = "/checklists/morning-round%2F2026-11-24"
	require.Contains(t, ben.page(list), "The notes of the night shift are read</span></button>", "he is a shift lead")
	for _, who := range []*running{cleo, ada} {
		body := who.page(list)
		require.NotContains(t, body, "It is so<span class=\"visually-hidden\">: The notes of the night shift are read")
		require.Contains(t, body, "It is for the shift lead: Ben Okafor and Dana Novak.")
		for _, verb := range []string{"pass", "fail", "skip", "again"} {
			status, body := who.post(list+"/"+verb, url.Values{"item": {"handover"}, "note": {"x"}})
			require.Equal(t, http.StatusForbidden, status, verb)
			require.Contains(t, body, "It is for the shift lead: Ben Okafor and Dana Novak.", verb)
		}
	}
	status, body := ben.post(list+"/pass", url.Values{"item": {"handover"}})
	require.Equal(t, http.StatusOK, status, body)
	status, _ = cleo.post(list+"/again", url.Values{"item": {"handover"}})
	require.Equal(t, http.StatusForbidden, status, "nor is it taken back")
	status, body = dana.post(list+"/again", url.Values{"item": {"handover"}})
	require.Equal(t, http.StatusOK, status, body)

	require.Contains(t, ada.page("/work/approvals-of-runs"), "Go, or not")
	require.NotContains(t, emil.page("/work/approvals-of-runs"), "Go, or not", "he is no service manager")
	for _, verb := range []string{"approve", "refuse"} {
		status, body := emil.post("/runs/restore-birch/"+verb, url.Values{"step": {"go"}, "attempt": {"0"}, "reason": {"x"}})
		require.Equal(t, http.StatusForbidden, status)
		require.Contains(t, body, "It is for the service manager: Ada Brandt.")
	}

	// The same of a role that the portal itself knows nothing of.
	res := cleo.raw(http.MethodPost, "/runbooks/database-patch/start", url.Values{"id": {"0199a0c2-0000-7000-8000-000000000001"}})
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	run := "/runs/0199a0c2-0000-7000-8000-000000000001"
	status, body = cleo.post(run+"/skip", url.Values{"step": {"standby"}, "attempt": {"0"}, "reason": {"It is patched"}, "allowedBy": {"ada"}})
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, ada.page(run), "It is for the database administrator: Dana Novak and Emil Sand.")
	require.Contains(t, emil.page(run), `action="`+run+`/approve"`)
	require.Contains(t, emil.page("/work/approvals-of-runs"), "for the database administrator")
	status, body = ada.post(run+"/approve", url.Values{"step": {"go"}, "attempt": {"0"}})
	require.Equal(t, http.StatusForbidden, status)
	require.Contains(t, body, "Dana Novak and Emil Sand")
	status, body = emil.post(run+"/approve", url.Values{"step": {"go"}, "attempt": {"0"}})
	require.Equal(t, http.StatusOK, status, body)

	require.Contains(t, ben.page("/signin"), "Emil Sand, operator, database administrator")
	require.Contains(t, ben.page("/checklists/templates/morning-round"), "for the shift lead")
}
