package advisory_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/interop/advisory"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

func register(t testing.TB) *patch.Advisories {
	t.Helper()
	at := time.Date(2025, 8, 26, 9, 0, 0, 0, time.UTC)
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return at }})
	return patch.NewAdvisories(s.For(servicecoin.Provider))
}

// take imports bulletins, and counts outcomes and the fields that changed.
func take(t testing.TB, r *patch.Advisories, list []patch.Bulletin) (map[patch.Outcome]int, map[string]int) {
	t.Helper()
	outcomes, fields := map[patch.Outcome]int{}, map[string]int{}
	for _, b := range list {
		i, err := r.Import(t.Context(), servicecoin.Program("importer"), b)
		require.NoError(t, err)
		outcomes[i.Outcome]++
		for _, f := range i.Fields {
			fields[f]++
		}
	}
	return outcomes, fields
}

// The newer list brings what the corpus says of it, and again nothing.
func TestSecondImport(t *testing.T) {
	t.Parallel()
	older, newer := kev(t, "kev-older.json"), kev(t, "kev-newer.json")
	r := register(t)
	outcomes, _ := take(t, r, older.Bulletins())
	require.Equal(t, map[patch.Outcome]int{patch.New: 193}, outcomes)
	a, err := r.Named(t.Context(), "CVE-2025-0108")
	require.NoError(t, err)
	require.Equal(t, calendar.Date{Year: 2025, Month: 4, Day: 8}, a.Due())

	outcomes, fields := take(t, r, newer.Bulletins())
	require.Equal(t, map[patch.Outcome]int{patch.New: 62, patch.Changed: 23, patch.Same: 170}, outcomes)
	// Notes are addresses, and words that stand in the text.
	require.Equal(t, map[string]int{"ransomware": 14, "due": 1, "title": 2, "text": 8, "references": 3, "products": 6}, fields)
	a, err = r.Named(t.Context(), "CVE-2025-0108")
	require.NoError(t, err)
	require.Equal(t, calendar.Date{Year: 2025, Month: 3, Day: 11}, a.Due(), "brought forward by 28 days")

	outcomes, _ = take(t, r, newer.Bulletins())
	require.Equal(t, map[patch.Outcome]int{patch.Same: 255}, outcomes)
	ids := func(k *advisory.KEV) (out []string) {
		for _, b := range k.Bulletins() {
			out = append(out, b.ID)
		}
		return out
	}
	gone, err := r.Absent(t.Context(), advisory.SourceKEV, ids(newer))
	require.NoError(t, err)
	require.Empty(t, gone, "0 gone")
	gone, err = r.Absent(t.Context(), advisory.SourceKEV, ids(older))
	require.NoError(t, err)
	require.Len(t, gone, 62)
}

// The fields that differ between the lists, as the lists name them.
func TestWhatChangedInTheList(t *testing.T) {
	t.Parallel()
	before := map[string]advisory.KEVEntry{}
	for _, e := range kev(t, "kev-older.json").Entries {
		before[e.CVE] = e
	}
	changed, fields := 0, map[string]int{}
	for _, e := range kev(t, "kev-newer.json").Entries {
		old, ok := before[e.CVE]
		if !ok {
			continue
		}
		old.Line, e.Line = 0, 0
		if !reflect.DeepEqual(old, e) {
			changed++
		}
		x, y := reflect.ValueOf(old), reflect.ValueOf(e)
		for n := range x.NumField() {
			if !reflect.DeepEqual(x.Field(n).Interface(), y.Field(n).Interface()) {
				fields[x.Type().Field(n).Name]++
			}
		}
	}
	require.Equal(t, 23, changed)
	require.Equal(t, map[string]int{"Ransomware": 14, "Notes": 6, "Product": 4, "Text": 3, "Name": 2, "Vendor": 1, "Due": 1, "Action": 1}, fields)
}

// Sources meet on the names of a flaw.
func TestSourcesMeet(t *testing.T) {
	t.Parallel()
	r := register(t)
	jenkins := osv(t, "osv-GHSA-6f9g-cxwr-q5jr.json")
	take(t, r, jenkins.Bulletins())
	take(t, r, kev(t, "kev-newer.json").Bulletins())
	take(t, r, osv(t, "osv-GO-2024-2730.json").Bulletins())
	vex := csaf(t, "csaf-vex-mixed.json")
	take(t, r, vex.Bulletins())

	one, err := r.Named(t.Context(), "GHSA-6f9g-cxwr-q5jr")
	require.NoError(t, err)
	other, err := r.Named(t.Context(), "CVE-2024-23897")
	require.NoError(t, err)
	require.Equal(t, one.ID, other.ID)
	require.Len(t, one.Bulletins, 2)
	require.Equal(t, patch.Critical, one.Severity())
	require.Equal(t, calendar.Date{Year: 2024, Month: 8, Day: 19}, one.Exploited())
	core := patch.Component{PURL: "pkg:maven/org.jenkins-ci.main/jenkins-core@2.441"}
	got, why := one.Match(core)
	require.Equal(t, patch.Vulnerable, got)
	require.Equal(t, "osv GHSA-6f9g-cxwr-q5jr: affected: 2.441 is from 2.427 before 2.442", why)

	gone, err := r.Named(t.Context(), "GO-2024-2730")
	require.NoError(t, err)
	require.True(t, gone.Withdrawn())
	got, _ = gone.Match(patch.Component{PURL: "pkg:golang/github.com/gorilla/sessions@v1.2.2"})
	require.Equal(t, patch.NotApplicable, got)
	_, err = r.Named(t.Context(), "CVE-2024-3400")
	require.NoError(t, err, "the list has it")
	related, err := r.Named(t.Context(), "CVE-2024-3400")
	require.NoError(t, err)
	require.NotEqual(t, gone.ID, related.ID, "what is related is another flaw")

	// VEX: what is known not to be affected is not, whatever else is said of it.
	safe, err := r.Named(t.Context(), "CVE-2020-11897")
	require.NoError(t, err)
	ghi := patch.Component{Vendor: "Example Company", Name: "GHI", Version: "17.4"}
	got, _ = safe.Match(ghi)
	require.Equal(t, patch.NotApplicable, got)
	open, err := r.Named(t.Context(), "CVE-2020-11896")
	require.NoError(t, err)
	got, _ = open.Match(ghi)
	require.Equal(t, patch.Undecided, got)
	take(t, r, []patch.Bulletin{{Source: "host", ID: "CVE-2020-11897", Products: []patch.Product{{Component: patch.Component{Name: "GHI"}}}}})
	safe, err = r.Named(t.Context(), "CVE-2020-11897")
	require.NoError(t, err)
	got, _ = safe.Match(ghi)
	require.Equal(t, patch.NotApplicable, got)
}
