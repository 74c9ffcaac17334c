package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// parking is a part of the portal that nothing else knows of.
func parking(p *portal) area {
	return area{
		pages: map[string]route{
			"GET /parking": {providers, func(w http.ResponseWriter, r *http.Request) error {
				return p.render(w, r, "error.html", 0, errorPage{page: p.page(r, "Where to park", "/parking")})
			}},
			"GET /customers/{customer}/parking": {ofCustomer, func(w http.ResponseWriter, r *http.Request) error {
				return p.render(w, r, "error.html", 0, errorPage{page: p.page(r, "Parking for "+r.PathValue("customer"), customerPath("alder", "parking"))})
			}},
		},
		nav: toProviders(navItem{Path: "/parking", Name: "Parking"}),
		of:  toCustomer("Their parking", "parking"),
		work: []chore{{
			name: "cars", title: "Cars to move", about: "They stand in the way.",
			list: func(context.Context, string, int) ([]task, string, error) {
				return []task{{ID: "red", What: "The red one", Path: "/parking"}}, "", nil
			},
		}},
	}
}

// A part that is added to the list, and to no other file, has its pages, its ways
// in the navigation and its work.
func TestOneListOfAreas(t *testing.T) {
	t.Parallel()
	p := openDemo(t)
	t.Cleanup(func() { require.NoError(t, p.close(context.WithoutCancel(t.Context()))) })
	p.made = append(p.made, parking(p))
	server := httptest.NewServer(p.handler())
	t.Cleanup(server.Close)
	nobody := &running{t: t, base: server.URL}
	ada, olga := nobody.as("ada"), nobody.as("owner@alder")
	require.Contains(t, ada.page("/customers"), `<a href="/parking">Parking</a>`)
	require.Contains(t, ada.page("/parking"), "Where to park")
	require.Contains(t, ada.page("/work"), "Cars to move")
	require.Contains(t, ada.page("/work/cars"), "The red one")
	require.Contains(t, ada.page("/customers/alder"), `<a href="/customers/alder/parking">Their parking</a>`)
	require.Contains(t, olga.page("/customers/alder/parking"), `aria-current="page">Their parking</a>`)
	require.NotContains(t, olga.page("/customers/alder"), `"/parking"`)
	status, _ := olga.get("/parking")
	require.Equal(t, http.StatusForbidden, status)
	status, _ = olga.get("/customers/birch/parking")
	require.Equal(t, http.StatusNotFound, status)
}
