package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// browser is a tab of a real browser on a portal of its own.
type browser struct {
	t    *testing.T
	ctx  context.Context //nolint:containedctx // that is how chromedp names a tab
	base string

	mu   sync.Mutex
	said []string // what the console said
}

// openBrowser starts Debian's Chromium, or says that it is not there.
func openBrowser(t *testing.T, base string) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("left out: Debian's chromium is not installed")
	}
	alloc, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()), chromedp.CombinedOutput(io.Discard),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
	)...)
	t.Cleanup(cancel)
	ctx, cancelTab := chromedp.NewContext(alloc)
	t.Cleanup(cancelTab)
	b := &browser{t: t, ctx: ctx, base: base}
	require.NoError(t, chromedp.Listen(ctx, b.hear))
	var cancelTime context.CancelFunc
	b.ctx, cancelTime = context.WithTimeout(ctx, 10*time.Minute)
	t.Cleanup(cancelTime)
	_, err = chromedp.Call(b.ctx, log.Enable, cdp.Empty{})
	require.NoError(t, err)
	_, err = chromedp.Call(b.ctx, runtime.Enable, cdp.Empty{})
	require.NoError(t, err)
	return b
}

// hear gathers errors and warnings of the console.
func (b *browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.said = append(b.said, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			b.said = append(b.said, fmt.Sprintf("console.%s", e.Type))
		}
	case *log.EventEntryAdded:
		b.said = append(b.said, fmt.Sprintf("%s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL))
	}
}

// console returns what was heard.
func (b *browser) console() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.said...)
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, steps...))
}

// read runs an action or a script that answers something.
func read[T any](b *browser, action chromedp.Action[T]) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, action)
	require.NoError(b.t, err)
	return value
}

func (b *browser) visit(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.base+path), chromedp.WaitReady(chromedp.CSS("footer")))
}

// signIn makes the browser somebody's.
func (b *browser) signIn(person string) {
	b.t.Helper()
	b.visit("/signin")
	_, err := chromedp.RunResponse(b.ctx, chromedp.Click(chromedp.Search(`//form[input[@value="`+person+`"]]/button`)))
	require.NoError(b.t, err)
}

// unfold opens every part of the page that can be folded.
func (b *browser) unfold() {
	b.t.Helper()
	read(b, chromedp.Evaluate[int](`document.querySelectorAll('details').forEach(d => { d.toggleAttribute('data-was-open', d.open); d.open = true }); 0`))
}

// foldAll closes them again.
func (b *browser) foldAll() {
	b.t.Helper()
	read(b, chromedp.Evaluate[int](`document.querySelectorAll('details').forEach(d => d.open = d.hasAttribute('data-was-open')); 0`))
}

// darkly is how a place ends that is seen in the dark scheme.
const darkly = ", dark"

// inEachLook opens a page once and shows it at both widths and in both schemes. No page
// has a script, so how one looks follows from these alone.
func (b *browser) inEachLook(path string, see func(where string)) {
	b.t.Helper()
	b.visit(path)
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{390, 1280} {
			b.look(width, 844, scheme)
			see(fmt.Sprintf("%s at %d px, %s", path, width, scheme))
		}
	}
}

// look sets how the browser looks at pages.
func (b *browser) look(width, height int64, scheme string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height))
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	require.NoError(b.t, err)
}

// text returns what an element shows.
func (b *browser) text(css string) string {
	b.t.Helper()
	return read(b, chromedp.Text(chromedp.CSS(css)))
}

// named finds the element of that name whose text is label.
func named(element, label string) chromedp.Search {
	return chromedp.Search(`//` + element + `[normalize-space()="` + label + `"]`)
}

// fold opens a part of the page by its heading.
func (b *browser) fold(label string) {
	b.t.Helper()
	b.do(chromedp.Click(named("summary", label)))
}

// follow clicks a link or a button and waits for the page that follows.
func (b *browser) follow(element, label string) {
	b.t.Helper()
	_, err := chromedp.RunResponse(b.ctx, chromedp.Click(named(element, label)))
	require.NoError(b.t, err)
}

// shoot keeps a picture of the whole page where PORTAL_SCREENSHOTS says.
func (b *browser) shoot(name string) {
	b.t.Helper()
	dir := os.Getenv("PORTAL_SCREENSHOTS")
	if dir == "" {
		return
	}
	png := read(b, chromedp.FullScreenshot(100))
	require.NoError(b.t, os.MkdirAll(dir, 0o750))
	require.NoError(b.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600))
}
