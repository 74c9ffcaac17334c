package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/incident"
)

// Long lists go in pages, forwards and back, and come whole as a file.
func TestListsGoInPages(t *testing.T) {
	t.Parallel()
	path := demoFile(t)
	nobody := start(t, "-db", path, "-now", demoNow)
	ada, owner := nobody.as("ada"), nobody.as("owner@alder")
	s, now := besides(t, path)
	box, desk := incident.NewLetters(s.For("alder")), incident.New(s.For(servicecoin.Provider), nil)
	for n := range 60 {
		l, err := box.Draft(t.Context(), servicecoin.Program("test"), incident.Addressee{Incident: "mail-queue"}, incident.Letter{Subject: fmt.Sprintf("=Letter %02d", n), Body: "x"})
		require.NoError(t, err)
		_, err = box.Send(t.Context(), servicecoin.Person("ada"), l.ID, "")
		require.NoError(t, err)
		i, err := desk.Open(t.Context(), servicecoin.Person(ben), incident.Report{Title: "Something", Effects: []incident.Effect{{Service: "mail", Level: incident.Information, From: now}}})
		require.NoError(t, err)
		_, err = desk.AddFollowUp(t.Context(), servicecoin.Person(ben), i.ID, []servicecoin.PersonID{ben, cleo}[n%2], now.Add(time.Duration(n+1)*time.Hour), fmt.Sprintf("Thing %02d", n))
		require.NoError(t, err)
	}
	walk := func(r *running, path, what string) (seen map[string]bool, pages int) {
		seen = map[string]bool{}
		next := regexp.MustCompile(`href="([^"]+)" rel="next"`)
		for path != "" {
			body := r.page(path)
			for _, x := range regexp.MustCompile(what).FindAllString(body, -1) {
				seen[x] = true
			}
			pages++
			path = ""
			if m := next.FindStringSubmatch(body); m != nil {
				path = strings.ReplaceAll(m[1], "&amp;", "&")
			}
		}
		return seen, pages
	}
	seen, pages := walk(owner, "/customers/alder/letters", `=Letter \d\d`)
	require.Len(t, seen, 60)
	require.Greater(t, pages, 2)
	seen, pages = walk(ada, "/followups", `Thing \d\d`)
	require.Len(t, seen, 60)
	require.Greater(t, pages, 2)
	seen, _ = walk(ada, "/followups?owner=cleo", `Thing \d\d`)
	require.Len(t, seen, 30, "those of one person")
	body := ada.page("/followups")
	next := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(body)[1]
	back := regexp.MustCompile(`href="([^"]+)" rel="prev"`).FindStringSubmatch(ada.page(strings.ReplaceAll(next, "&amp;", "&")))[1]
	things := regexp.MustCompile(`Thing \d\d`)
	require.Equal(t, things.FindAllString(body, -1), things.FindAllString(ada.page(strings.ReplaceAll(back, "&amp;", "&")), -1))

	file := ada.page("/followups?as=csv&owner=cleo")
	require.GreaterOrEqual(t, strings.Count(file, "Thing "), 30)
	require.NotContains(t, file, "Thing 00")
	file = owner.page("/customers/alder/letters?as=csv")
	require.Equal(t, 60, strings.Count(file, "'=Letter"), "no formula")
	require.Contains(t, owner.page("/customers/alder/orders?as=csv"), "mail-std,mail,Mail,fulfilled,")
	status, _ := owner.get("/customers/birch/letters?as=csv")
	require.Equal(t, http.StatusNotFound, status)
	status, _ = owner.get("/followups?as=csv")
	require.Equal(t, http.StatusForbidden, status)
	status, _ = ada.get("/followups?after=nonsense")
	require.Equal(t, http.StatusUnprocessableEntity, status)
}
