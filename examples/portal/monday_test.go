package main

import (
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// The Monday of docs/portal.md: the first day of a month, with a Sunday evening's
// problem that is not solved yet.
const (
	sundayEvening = "2027-01-31T18:00:00Z"
	mondayMorning = "2027-02-01T08:00:00Z"
)

// TestBrowserMonday is docs/portal.md, click by click, and makes its pictures:
//
//	PORTAL_SCREENSHOTS=$PWD/../docs/portal go test ./portal -run TestBrowserMonday
func TestBrowserMonday(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "portal.db")
	require.NoError(t, start(t, "-db", path, "-now", sundayEvening).stop())
	b := openBrowser(t, start(t, "-db", path, "-now", mondayMorning).base)
	b.look(1280, 800, "light")
	for _, who := range []struct {
		person string
		day    func(b *browser)
	}{{"member@alder", membersMonday}, {"ben", operatorsMonday}, {"ada", managersMonday}, {"owner@cedar", ownersMonday}} {
		b.signIn(who.person)
		b.visit("/")
		who.day(b)
	}
	require.Empty(t, b.console(), "the console is quiet")
}

// sees requires that the page shows texts, whatever breaks their lines.
func (b *browser) sees(texts ...string) {
	b.t.Helper()
	shown := strings.Join(strings.Fields(read(b, chromedp.Evaluate[string](`document.querySelector('main').innerText`))), " ")
	for _, text := range texts {
		require.Contains(b.t, shown, text)
	}
}

// fill types into a field of the form that sends to an address.
func (b *browser) fill(form, field, text string) {
	b.t.Helper()
	b.do(chromedp.SetValue(chromedp.CSS(`form[action$="`+form+`"] [name="`+field+`"]`), text))
}

// membersMonday: Mika cannot work, looks whether it is known, and says so.
func membersMonday(b *browser) {
	b.follow("a", "Status")
	b.sees("Large files cannot be uploaded")
	b.shoot("member-1-status")
	b.visit("/")
	b.follow("a", "Report a problem")
	b.fill("/problems", "service", "mail")
	b.fill("/problems", "level", "disruption")
	b.fill("/problems", "title", "The calendar of ward 3 shows last week")
	b.fill("/problems", "text", "On all four machines of the ward, since seven.")
	b.follow("button", "Send the report")
	b.sees("We have your report", "The calendar of ward 3 shows last week", "No answer yet")
	b.shoot("member-2-reported")
}

// operatorsMonday: Ben sees what waits, solves what is going on, answers Mika, and
// asks what else rests on the disks.
func operatorsMonday(b *browser) {
	b.sees("My work", "The calendar of ward 3 shows last week", "Uploads of large files break off", "The promised update is")
	b.shoot("operator-1-work")
	b.follow("a", "Uploads of large files break off")
	b.sees("Whom it concerns", "Alder Hospital", "Birch & Sons", "Cedar City Library")
	b.shoot("operator-2-incident")
	b.fold("Resolve")
	b.fill("/resolve", "resolution", "Gateway 2 and 3 replaced; uploads of 10 GB tried out")
	b.follow("button", "Resolve")
	b.sees("Resolved", "Gateway 2 and 3 replaced")
	b.fold("Add a follow-up")
	b.fill("/addFollowUp", "text", "The gateways are tried out with large files each night")
	b.fill("/addFollowUp", "owner", "ben")
	b.fill("/addFollowUp", "due", "2027-02-12T12:00")
	b.follow("button", "Add")
	b.sees("The gateways are tried out with large files each night")
	b.visit("/work")
	b.follow("a", "The calendar of ward 3 shows last week")
	b.sees("Reported by Alder Hospital", "Nobody but Alder Hospital and we know of it")
	b.fold("Write an update")
	b.fill("/note", "text", "The calendar server was an hour behind. Please open the calendar again.")
	b.follow("button", "Publish")
	b.sees("The calendar server was an hour behind")
	b.shoot("operator-3-answer")
	b.follow("a", "Dependencies")
	b.shoot("operator-4-dependencies")
	b.visit("/dependencies?fails=line-a")
	b.sees("Line of carrier A", "Network")
	b.shoot("operator-5-redundancy")
}

// managersMonday: Ada reads the letters and sends them, closes January for everybody
// and looks at what a customer gets.
func managersMonday(b *browser) {
	b.sees("My work", "Letters to send", "Months to close", "January 2027")
	b.shoot("manager-1-work")
	b.do(chromedp.Click(chromedp.Search(`(//section[@aria-labelledby="h-letters"]//summary)[1]`)))
	b.sees("Over: Large files cannot be uploaded")
	b.follow("button", "Send those ticked, in my name")
	b.sees("What came of it", "Done")
	b.shoot("manager-2-sent")
	b.visit("/work")
	b.follow("button", "Close all that can be closed")
	b.sees("January 2027:", "and 3 statements issued, for 3 customers", "Nothing waits here any more")
	b.shoot("manager-3-closed")
	b.follow("a", "Customers")
	b.follow("a", "Alder Hospital")
	b.shoot("manager-4-coin")
	b.visit("/customers/alder/statement?month=2027-01")
	b.sees("Statement ALDER-2027-01-1", "TOTAL", "Issued")
	b.shoot("manager-5-statement")
}

// ownersMonday: Ines decides on an order, sees it set up, and signs the paper.
func ownersMonday(b *browser) {
	b.sees("Cedar City Library")
	b.shoot("owner-1-services")
	b.follow("a", "Orders")
	b.follow("a", "Order entry, shared")
	b.sees("What it costs a month", "EUR at the usage that was planned")
	b.shoot("owner-2-order")
	b.follow("button", "Approve")
	where := read(b, chromedp.Evaluate[string](`location.pathname`))
	require.Contains(b.t, where, "/customers/cedar/orders/"+url.PathEscape("erp-cloud"))
	b.do(chromedp.WaitVisible(named("a", "To the subscription"))) // the page looks again by itself
	b.follow("a", "To the subscription")
	b.sees("It belongs to Cedar City Library", "Accounts for all who enter orders")
	b.shoot("owner-3-subscription")
	b.visit("/customers/cedar/statement?month=2027-01")
	b.sees("Statement CEDAR-2027-01-1", "TOTAL")
	b.shoot("owner-4-statement")
	b.follow("a", "Letters")
	b.sees("Over: Large files cannot be uploaded", "Sent")
}
