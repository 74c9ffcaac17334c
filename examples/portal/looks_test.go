package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// contrast finds texts whose colour is too close to what lies behind them
// (WCAG 2.2, 1.4.3: 4.5, or 3 for large text).
const contrast = `(() => {
  const rgba = s => { const m = s.match(/[\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m };
  const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
  const lum = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 }); return .2126 * r + .7152 * g + .0722 * b };
  const bad = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; n = walk.nextNode();) {
    const e = n.parentElement;
    if (!n.textContent.trim() || !e.checkVisibility() || e.closest('.visually-hidden, option, svg')) continue;
    const style = getComputedStyle(e);
    let ground = [255, 255, 255, 0];
    for (let p = e; p; p = p.parentElement) {
      const c = rgba(getComputedStyle(p).backgroundColor);
      ground = ground[3] === 0 ? c : over(ground, c);
      if (ground[3] === 1) break;
    }
    if (ground[3] < 1) ground = over(ground, matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18, 1] : [255, 255, 255, 1]);
    const ink = over(rgba(style.color), ground);
    const [a, b] = [lum(ink), lum(ground)].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    const size = parseFloat(style.fontSize), large = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
    if (ratio < (large ? 3 : 4.5)) bad.push(ratio.toFixed(2) + ' ' + n.textContent.trim().slice(0, 40));
  }
  return bad;
})()`

// wide names what sticks out of the page to the right.
const wide = `(() => {
  const most = document.documentElement.clientWidth;
  const bad = [];
  if (document.documentElement.scrollWidth > most) bad.push('the page: ' + document.documentElement.scrollWidth);
  for (const e of document.querySelectorAll('body *')) {
    if (e.closest('.visually-hidden, thead, .skip') || !e.checkVisibility()) continue;
    const r = e.getBoundingClientRect();
    if (r.width && r.right > most + 1) bad.push(e.tagName + ' ' + (e.textContent || '').trim().slice(0, 30) + ': ' + Math.round(r.right));
  }
  return bad;
})()`

// unreachable goes through the page by the Tab key and names every link,
// button and field that never had the focus, or that had it without a sign.
func (b *browser) unreachable() []string {
	b.t.Helper()
	b.unfold()
	n := read(b, chromedp.Evaluate[int](`window.wanted = [...document.querySelectorAll('a[href], button, summary, select, textarea, input:not([type=hidden])')].filter(e => e.checkVisibility());
window.seen = new Set(); window.plain = [];
document.activeElement.blur(); window.scrollTo(0, 0);
wanted.length`))
	const note = `(() => { const e = document.activeElement; if (!e || e === document.body) return -1;
  if (!seen.has(e)) { seen.add(e); const s = getComputedStyle(e); if (s.outlineStyle === 'none' && s.boxShadow === 'none') plain.push('no sign of focus: ' + e.outerHTML.slice(0, 80)) }
  return wanted.filter(e => !seen.has(e) && e.type !== 'radio').length })()`
	for range 2*n + 60 { // a date has several stops
		b.do(chromedp.KeyEvent(kb.Tab))
		if read(b, chromedp.Evaluate[int](note)) == 0 {
			break
		}
	}
	return read(b, chromedp.Evaluate[[]string](`wanted.filter(e => !seen.has(e) && !(e.type === 'radio' && [...seen].some(s => s.name === e.name))).map(e => 'not reached: ' + e.outerHTML.slice(0, 80)).concat(plain)`))
}

// pagePaths are the pages that the checks of looks go through.
func pagePaths() []string {
	return append(slices.Concat(pagesOfRunbooks(), pagesOfConfiguration(), pagesOfPatches(), pagesOfAPIs(), pagesOfCertification(), pagesOfFeatures()), []string{
		"/status", "/status/history", "/status/erp-disk", "/signin", "/work", "/work/letters", "/sessions", "/customers", "/incidents", "/incidents/new", "/incidents/files-upload", "/incidents/erp-disk", "/followups", "/dependencies", "/dependencies?fails=line-a", "/calendar?month=2026-12",
		"/changes", "/changes/new", "/changes/found", "/changes/figures", "/changes/models", "/changes/models/signin-certificate", "/changes/models/new", "/changes/mail-relay", "/changes/signin-upgrade", "/changes/files-gateways", "/changes/database-index", "/changes/network-core", "/changes/network-core/edit", "/changes/line-b-router",
		"/changes/calendar", "/changes/calendar?week=2026-12-02", "/changes/schedule", "/changes/agenda", "/changes/freezes", "/changes/windows?edit=evening", "/feeds",
		"/customers/alder", "/customers/cedar?month=2026-10", "/customers/alder/catalogue", "/customers/alder/catalogue/erp", "/customers/cedar/orders", "/customers/cedar/orders/erp-cloud",
		"/customers/birch/subscriptions/mail-std", "/customers/alder/subscriptions/network-std/leave", "/customers/alder/problems", "/customers/alder/usage", "/customers/alder/usage?by=hour&group=site", "/customers/alder/usage?by=week", "/customers/alder/usage?by=month&group=site", "/customers/alder/usage/documents", "/customers/alder/usage/documents/event?source=demonstration&id=erp.document-20261014-10124", "/customers/alder/usage-upload", "/customers/alder/tariffs", ownTariff, "/customers/alder/limits", "/customers/birch/limits", "/customers/birch/limits/order%20interface", "/customers/alder/limits-set?feature=order+interface", "/customers/alder/grants", "/capacity", "/customers/alder/statement?month=2026-10", "/customers/alder/statement", "/customers/alder/letters", "/customers/alder/notices", "/customers/alder/patches", "/customers/alder/news", "/news",
		"/customers/alder/availability", "/customers/birch/availability?month=2026-09", "/customers/alder/availability/erp-cloud/2026-09", "/nowhere",
	}...)
}

func TestBrowserLooks(t *testing.T) {
	t.Parallel()
	base := startDemo(t).base
	b := openBrowser(t, base)
	b.signIn("ada")
	for _, path := range pagePaths() {
		b.inEachLook(path, func(where string) {
			b.shoot(strings.Trim(strings.NewReplacer("/", "-", "?", "-", "&", "-", "=", "-", "%", "-", " px, ", "_", " at ", "_").Replace(where), "-"))
			b.unfold()
			require.Empty(t, read(b, chromedp.Evaluate[[]string](wide)), "sticks out: %s", where)
			require.Empty(t, read(b, chromedp.Evaluate[[]string](contrast)), "hard to read: %s", where)
			b.foldAll()
		})
	}
	var errors []string
	for _, p := range b.console() { // the page that is not there is one on purpose
		if !strings.Contains(p, "/nowhere") {
			errors = append(errors, p)
		}
	}
	require.Empty(t, errors, "the console is quiet")
}

func TestBrowserKeyboard(t *testing.T) {
	t.Parallel()
	base := startDemo(t).base
	b := openBrowser(t, base)
	b.signIn("ada")
	b.look(1280, 900, "light")
	for _, path := range []string{"/status", "/signin", "/incidents", "/incidents/new", "/incidents/files-upload", "/work", "/sessions", "/feeds", "/changes/calendar", "/changes/freezes", "/changes/windows", "/followups", "/dependencies?fails=line-a", "/customers/alder/problems", ownTariff, "/customers/birch/limits/order%20interface", "/customers/alder/limits-set", "/customers/alder/grants", "/capacity", "/customers/alder/availability", "/customers/alder", "/customers/alder/letters", "/customers/birch/subscriptions/mail-std", "/changes", "/changes/new", "/changes/database-index", "/runs/restore-birch", "/runbooks/database-restore/start", "/checklists/morning-round%2F2026-11-24", "/configuration", "/customers/alder/configuration/items/alder-db-1", "/customers/alder/configuration/observe", "/patches/advisories/CVE-2026-39270", "/patches/cycles/new", "/patches/cycles/openssl-critical", "/patches/jobs/nginx-november.1.2", "/patches/import", "/features/barcode-intake", "/features/procedure", "/newsdesk/split-orders-tips"} {
		b.visit(path)
		require.Empty(t, b.unreachable(), path)
	}
	b.visit("/")
	b.do(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
	require.Equal(t, "#content", read(b, chromedp.Evaluate[string](`location.hash`)), "the first stop skips the navigation")
}

// The header is one row on ordinary screens, whoever looks, and what stands at its
// right is inside.
func TestBrowserHeader(t *testing.T) {
	t.Parallel()
	base := startDemo(t).base
	b := openBrowser(t, base)
	for _, who := range []string{"ada", "owner@alder"} {
		b.signIn(who)
		for _, width := range []int64{1280, 1440} {
			b.look(width, 800, "light")
			b.visit("/calendar")
			require.Less(t, read(b, chromedp.Evaluate[float64](`document.querySelector('header.top').getBoundingClientRect().height`)), 72.0, "%s at %d px", who, width)
			b.do(chromedp.Click(chromedp.CSS(".account summary")))
			require.Contains(t, b.text(".account .panel"), "Sign out")
			require.Empty(t, read(b, chromedp.Evaluate[[]string](wide)))
		}
	}
}
