package main

import (
	_ "embed" // the checker
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// axe-core 4.14.1, from npm, under the Mozilla Public License 2.0: its licence lies
// beside it.
//
//go:embed testdata/axe/axe.min.js
var axe string

// What axe-core is asked for: everything, and what a colour can break.
const (
	axeAll     = `{type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}`
	axeColours = `{type: 'rule', values: ['color-contrast', 'link-in-text-block']}`
)

// violations returns what axe-core finds on the page that is open, all folds open.
func (b *browser) violations(asked string) []string {
	b.t.Helper()
	b.unfold()
	if !read(b, chromedp.Evaluate[bool](`!!window.axe`)) {
		read(b, chromedp.Evaluate[bool](axe+`; true`))
	}
	return read(b, chromedp.Evaluate[[]string](
		`axe.run(document, {resultTypes: ['violations'], runOnly: `+asked+`}).then(r => r.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | ')))`,
		chromedp.EvalAwaitPromise))
}

// The dark scheme differs in colours alone, so what is not about colours is found in
// the light one.
func TestDarkIsColoursAlone(t *testing.T) {
	t.Parallel()
	body, err := web.ReadFile("web/style.css")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(body), "prefers-color-scheme: dark) {")
	require.True(t, found)
	block, after, closed := strings.Cut(rest, "\n}")
	require.True(t, closed)
	require.NotContains(t, after, "prefers-color-scheme")
	block = strings.TrimSpace(block)
	require.Regexp(t, `^:root \{(\s*--[a-z-]+: #[0-9a-f]{6};)+\s*\}$`, block)
}

// Nothing is found on any page, for whoever looks, at both widths and in both
// schemes.
func TestBrowserAxe(t *testing.T) {
	t.Parallel()
	base := startDemo(t).base
	b := openBrowser(t, base)
	for _, who := range []struct {
		person string
		pages  []string
	}{
		{"", []string{"/status", "/status/erp-disk", "/signin", "/nowhere"}},
		{"ada", pagePaths()},
		{"owner@alder", append(pagesOf("alder"), "/calendar", "/sessions", "/feeds")},
		{"member@cedar", []string{"/customers/cedar", "/customers/cedar/orders/erp-cloud", "/customers/cedar/catalogue/erp", "/customers/birch"}},
	} {
		if who.person != "" {
			b.signIn(who.person)
		}
		for _, path := range who.pages {
			if strings.HasSuffix(path, ".csv") || strings.HasSuffix(path, ".json") { // files
				continue
			}
			b.inEachLook(path, func(where string) {
				asked := axeAll
				if strings.HasSuffix(where, darkly) {
					asked = axeColours
				}
				require.Empty(t, b.violations(asked), "%s as %s", where, who.person)
			})
		}
	}
}
