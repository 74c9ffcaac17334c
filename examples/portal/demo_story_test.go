package main

import (
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// An operator's day: report, tell, resolve, follow up, see what it cost.
func TestBrowserStory(t *testing.T) {
	t.Parallel()
	b := openBrowser(t, startDemo(t).base)
	b.look(390, 844, "light")
	css := func(s string) chromedp.CSS { return chromedp.CSS(s) }

	b.signIn("ben")
	b.visit("/incidents")
	b.follow("a", "Report an incident")
	const nasty = `<script>alert(1)</script> "Sign-in" & more`
	b.do(
		chromedp.SendKeys(css(`input[name=title]`), "Accounts are refused"), chromedp.SendKeys(css(`input[name=headline]`), nasty),
		chromedp.Click(css(`input[value=signin]`)), chromedp.SetValue(css(`select[name=level]`), "outage"),
	)
	b.follow("button", "Report")
	require.Equal(t, "Accounts are refused", b.text("h1"))
	u, err := url.Parse(read(b, chromedp.Location()))
	require.NoError(t, err)
	b.visit("/status")
	require.Contains(t, b.text(".banner"), "One service is down")
	require.Contains(t, b.text("main"), nasty, "what people write is shown as they wrote it")

	b.visit(u.Path)
	b.follow("button", "Acknowledge")
	b.fold("Write an update")
	b.do(chromedp.SendKeys(css(`form[action$=note] textarea`), "We know why and are at it."))
	b.follow("button", "Publish")
	b.fold("Add a follow-up")
	b.do(chromedp.SendKeys(css(`form[action$=addFollowUp] textarea`), "Two of them"), chromedp.SetValue(css(`select[name=owner]`), "ben"),
		chromedp.SetValue(css(`form[action$=addFollowUp] input[name=due]`), "2026-12-01T12:00"))
	b.follow("button", "Add")
	b.fold("Resolve")
	b.do(chromedp.SendKeys(css(`textarea[name=resolution]`), "Restarted"))
	b.follow("button", "Resolve")
	require.Contains(t, b.text(".tags"), "Resolved")
	b.follow("button", "Close")
	require.Contains(t, b.text(".errors"), "follow-ups are open", "an incident is not closed while something is to be done")
	b.shoot("story-refused")
	b.visit("/followups")
	require.Contains(t, b.text("main"), "Two of them")
	b.visit("/status")
	require.NotContains(t, b.text(".banner"), "down")
	b.visit("/customers/alder/availability")
	require.Contains(t, b.text("main"), "the month goes on")
	b.follow("a", "Sign-in")
	require.Contains(t, b.text("main"), nasty, "the figure leads to the incident")
	for _, said := range b.console() { // the refused closing is a 409 on purpose
		require.Contains(t, said, "409", "the console is quiet")
	}
}
