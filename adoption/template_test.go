package adoption_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/adoption"
)

func TestTemplatesAreChecked(t *testing.T) {
	t.Parallel()
	require.NoError(t, template().Validate())
	bad := template()
	bad.Service, bad.Title, bad.Edition = "", "", -1
	bad.Points = []adoption.Point{{Name: "a"}, {Name: "a", WithinDays: -1}, {}}
	bad.Prerequisites = []adoption.Prerequisite{
		{ID: "x", Text: "x", Due: "a", Force: adoption.Blocking, Owner: adoption.CustomerSide},
		{ID: "x", Due: "b", Force: "maybe", Owner: "nobody"},
		{ID: adoption.PrerequisiteID(strings.Repeat("x", 65)), Text: "x", Due: "a", Force: adoption.Warning, Owner: adoption.ProviderSide},
	}
	require.Equal(t, []string{
		"service required", "title required", "edition negative",
		"points[1].withinDays out-of-range", "points[1].name duplicate", "points[2].name required",
		"prerequisites[1].text required", "prerequisites[1].force unknown", "prerequisites[1].owner unknown",
		"prerequisites[1].id duplicate", "prerequisites[1].due unknown",
		"prerequisites[2].id too-long",
	}, codes(bad.Validate()))
	_, err := adoption.Begin(ada, nine, "", bad)
	require.Subset(t, codes(err), []string{"subscription required", "template.service required", "template.prerequisites[1].due unknown"})

	empty := adoption.Template{Service: "mail", Title: "x"}
	require.Equal(t, []string{"points count"}, codes(empty.Validate()))
	empty.Points = make([]adoption.Point, 13)
	require.Contains(t, codes(empty.Validate()), "points count")
	huge := largest()
	require.NoError(t, huge.Validate())
	huge.Prerequisites[0].Text = strings.Repeat("x", 500)
	for n := range huge.Prerequisites {
		huge.Prerequisites[n].Wanted = strings.Repeat("<", 500)
	}
	require.Equal(t, []string{" too-large"}, codes(huge.Validate()))
}

// largest is as large as a template may be.
func largest() adoption.Template {
	t := adoption.Template{Service: "mail", Title: "x"}
	for n := range 12 {
		t.Points = append(t.Points, adoption.Point{Name: fmt.Sprintf("%0100d", n)})
	}
	for n := range 100 {
		t.Prerequisites = append(t.Prerequisites, adoption.Prerequisite{
			ID: adoption.PrerequisiteID(fmt.Sprintf("%064d", n)), Text: strings.Repeat("x", 300), Due: t.Points[0].Name, Force: adoption.Warning, Owner: adoption.CustomerSide,
		})
	}
	return t
}

// The largest onboarding can always be gone through, or given up: whatever was
// said in it fits a record of 256 kB.
func TestTheLargestFitsItsRecord(t *testing.T) {
	t.Parallel()
	o, err := adoption.Begin(ada, nine, "sub-1", largest())
	require.NoError(t, err)
	long := adoption.Evidence{Text: strings.Repeat("<", 1000), Link: "https://example.org/" + strings.Repeat("x", 1980), Expires: after(2)}
	full := 0
	for _, i := range o.Items {
		if err := o.Meet(ada, after(1), i.ID, long); err != nil {
			require.Equal(t, []string{" too-large"}, codes(err))
			full++
		}
	}
	require.Positive(t, full, "the room is used up")
	for _, p := range o.Points[:11] { // all has expired: each keeps a hundred warnings
		require.NoError(t, o.Reach(ada, after(3), p.Name))
	}
	given := o
	require.NoError(t, given.Cancel(ada, after(4), strings.Repeat("<", 1000)))
	require.NoError(t, o.Reach(ada, after(4), o.Points[11].Name))
	for _, x := range []adoption.Onboarding{o, given} {
		body, err := json.Marshal(x)
		require.NoError(t, err)
		require.Less(t, len(body), 256<<10)
	}
}

// Points at which something is due are there, the early ones first.
func TestTemplateWithPrerequisites(t *testing.T) {
	t.Parallel()
	due := func(points ...string) (list []adoption.Prerequisite) {
		for n, point := range points {
			list = append(list, adoption.Prerequisite{ID: adoption.PrerequisiteID(fmt.Sprint("p", n)), Text: "x", Due: point, Force: adoption.Blocking, Owner: adoption.CustomerSide})
		}
		return list
	}
	early := []string{"order", "approval", "use"}
	for name, c := range map[string]struct {
		own, due, want []string
	}{
		"nothing at all":         {nil, nil, nil},
		"points only":            {[]string{"a", "b"}, nil, []string{"a", "b"}},
		"early ones only":        {nil, []string{"use", "order", "order"}, []string{"order", "use"}},
		"early ones come first":  {[]string{"a", "b"}, []string{"use", "b"}, []string{"use", "a", "b"}},
		"one that is there":      {[]string{"a", "use"}, []string{"use", "approval"}, []string{"approval", "a", "use"}},
		"one that nobody placed": {[]string{"a"}, []string{"z", "y", "order", "z"}, []string{"order", "a", "z", "y"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			way := adoption.Template{Service: "mail", Title: "x"}
			for _, point := range c.own {
				way.Points = append(way.Points, adoption.Point{Name: point, WithinDays: 3})
			}
			got := way.With(early, due(c.due...)...)
			var names []string
			for _, p := range got.Points {
				names = append(names, p.Name)
			}
			require.Equal(t, c.want, names)
			require.Len(t, got.Prerequisites, len(c.due))
			require.Len(t, way.Points, len(c.own), "the template itself stays")
			if len(names) > 0 {
				require.NoError(t, got.Validate())
			}
		})
	}
}
