package main

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// The morning round is ticked, and looked at by a second person.
func TestChecklists(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	ben, cleo := nobody.as("ben"), nobody.as("cleo")
	body := ben.page("/checklists")
	for _, word := range []string{"Overdue", "nobody began it", "it was finished later", "To be signed off", "Every working day, 08:00 to 12:00"} {
		require.Contains(t, body, word)
	}
	for _, word := range []string{"Checklists due today", "Checklists overdue", "Checklists to sign off"} {
		require.Contains(t, cleo.page("/work"), word)
	}
	const today = "/checklists/morning-round%2F2026-11-24"
	status, body := cleo.post("/checklists", url.Values{"template": {"morning-round"}, "day": {"2026-11-24"}})
	require.Equal(t, http.StatusOK, status, "begun already: it is that one")
	require.Contains(t, body, "begun by Ben Okafor")
	for _, day := range []string{"2026-11-22", "x", "2026-11-25"} {
		status, _ = cleo.post("/checklists", url.Values{"template": {"morning-round"}, "day": {day}})
		require.Contains(t, []int{409, 422}, status, day)
	}
	status, body = ben.post(today+"/pass", url.Values{"item": {"queue"}, "wanted": {"value"}, "number": {"many"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "“many” must be a number")
	status, _ = ben.post(today+"/again", url.Values{"item": {"queue"}})
	require.Equal(t, http.StatusOK, status)
	status, body = ben.post(today+"/pass", url.Values{"item": {"queue"}, "wanted": {"value"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "must have what the item asks for")
	status, _ = ben.post(today+"/pass", url.Values{"item": {"queue"}, "number": {"12,5"}, "unit": {"messages"}})
	require.Equal(t, http.StatusOK, status)
	status, _ = ben.post(today+"/fail", url.Values{"item": {"disks"}})
	require.Equal(t, http.StatusUnprocessableEntity, status, "it says why")
	status, _ = ben.post(today+"/fail", url.Values{"item": {"disks"}, "note": {"files-3 is full"}})
	require.Equal(t, http.StatusOK, status)
	status, body = ben.post(today+"/skip", url.Values{"item": {"handover"}, "note": {"kept"}})
	require.Equal(t, http.StatusConflict, status, "it must be done")
	require.Contains(t, body, "kept</textarea>")
	status, _ = ben.post(today+"/skip", url.Values{"item": {"certificates"}, "note": {"The list is away"}})
	require.Equal(t, http.StatusOK, status)
	status, _ = ben.post(today+"/complete", nil)
	require.Equal(t, http.StatusConflict, status)
	for range 2 {
		status, _ = ben.post(today+"/pass", url.Values{"item": {"handover"}})
		require.Equal(t, http.StatusOK, status)
	}
	status, body = ben.post(today+"/complete", nil)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "You had a hand in it")
	status, _ = ben.post(today+"/signoff", nil)
	require.Equal(t, http.StatusConflict, status)
	status, _ = cleo.post(today+"/sendback", nil)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	status, _ = cleo.post(today+"/sendback", url.Values{"reason": {"Which disk?"}})
	require.Equal(t, http.StatusOK, status)
	status, _ = ben.post(today+"/complete", nil)
	require.Equal(t, http.StatusOK, status)
	status, body = cleo.post(today+"/signoff", url.Values{"note": {"An order is written"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "Signed off")
	status, _ = cleo.post("/checklists/morning-round%2F2026-11-19/abandon", url.Values{"reason": {"Too old"}})
	require.Equal(t, http.StatusOK, status)
	status, _ = cleo.post(today+"/nothing", nil)
	require.Equal(t, http.StatusNotFound, status)
	require.Contains(t, ben.page("/checklists/all?as=csv"), "disks,failed,files-3 is full,ben")
	require.Contains(t, ben.page("/checklists/templates/morning-round"), "95 % interval")
}

// A checklist is written as lines, and comes on the days that are said.
func TestChecklistTemplates(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	ben, cleo := nobody.as("ben"), nobody.as("cleo")
	id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(ben.page("/checklists/templates/new"))[1]
	form := url.Values{"id": {id}, "title": {"Evening"}, "items": {"Lights are off [often]\nDoors [may be left out; number; within 30 min; for the guard]"}, "rule": {"every evening"}, "from": {"18:00"}, "until": {"x"}, "services": {"files"}}
	status, body := ben.post("/checklists/templates", form)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	for _, word := range []string{"“often” must be “may be left out”", "must be two times of the day", "every evening", "Doors [may be left out"} {
		require.Contains(t, body, word)
	}
	form.Set("items", "Lights are off\nDoors [may be left out; number; within 30 min; for the guard]")
	form.Set("rule", "FREQ=WEEKLY;BYDAY=FR on or before a working day")
	form.Set("until", "20:00")
	status, body = ben.post("/checklists/templates", form)
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, "Every Friday, or the working day before it, 18:00 to 20:00, Europe/Berlin")
	path := "/checklists/templates/" + id
	require.Contains(t, ben.page(path+"/edit?edition=1"), "{doors} Doors [may be left out; number; within 30 min; for the guard]")
	status, _ = ben.post(path+"/publish", url.Values{"edition": {"1"}})
	require.Equal(t, http.StatusConflict, status)
	status, body = cleo.post(path+"/publish", url.Values{"edition": {"1"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "Next: 2026-11-27, due by 27 Nov 2026, 20:00")
	status, _ = cleo.post(path+"/revise", nil)
	require.Equal(t, http.StatusOK, status)
	form.Set("edition", "2")
	form.Set("rule", "")
	status, body = cleo.post(path+"/edit", form)
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, "whenever somebody begins one")
	status, _ = cleo.post(path+"/discard", url.Values{"edition": {"2"}})
	require.Equal(t, http.StatusOK, status)
	status, _ = cleo.post(path+"/withdraw", url.Values{"edition": {"1"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	status, _ = cleo.post(path+"/withdraw", url.Values{"edition": {"1"}, "reason": {"The guard does it"}})
	require.Equal(t, http.StatusOK, status)
	status, _ = cleo.post(path+"/nothing", nil)
	require.Equal(t, http.StatusNotFound, status)
}
