package runbookmd_test

import (
	"fmt"

	"github.com/servicecoin/servicecoin/interop/runbookmd"
)

func ExampleParse() {
	source := "---\ntitle: Restart\nlast_reviewed_on: 2026-01-31\nreview_in: 6 months\n---\n" +
		"1. Stop it:\n\n   ```sh\n   stop --now\n   ```\n\n2. [ ] Look at the *queue*\n"
	doc, err := runbookmd.Parse([]byte(source))
	if err != nil {
		fmt.Println(err)
		return
	}
	due, _ := doc.Review().Due()
	fmt.Println(doc.Title()+", to be reviewed on", due)
	for _, step := range doc.Steps() {
		fmt.Println(step.Number, step.Text)
		for _, code := range step.Code {
			fmt.Printf("   %s: %q\n", doc.Code()[code].Language, doc.Code()[code].Text)
		}
	}
	fmt.Println("unchanged:", string(doc.Bytes()) == source)
	// Output:
	// Restart, to be reviewed on 2026-07-31
	// 1. Stop it:
	//    sh: "stop --now\n"
	// 2. Look at the *queue*
	// unchanged: true
}

func ExampleDocument_Tick() {
	doc, err := runbookmd.Parse([]byte("# Cut a release\n\n* [ ]  Ask   \n* [ ]  Tag <!-- with care -->\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := doc.Tick(1, true); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%q\n", doc.String())
	fmt.Println(doc.SetStepText(0, "Ask first"))
	// Output:
	// "# Cut a release\n\n* [ ]  Ask   \n* [x]  Tag <!-- with care -->\n"
	// invalid: step "0": there are 0 (unknown)
}

func ExampleDocument_Books() {
	source := "# Database\n\n" +
		"## Lost\n\n### Impact\n\nNo data.\n\n### Restore\n\nFind the backup:\n\n```\nbackup list\n```\n\n" +
		"## Slow\n\n### Impact\n\nAnger.\n\n### Restore\n\n1. Wait\n"
	doc, err := runbookmd.Parse([]byte(source))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, im := range doc.Books(&runbookmd.BookOptions{ID: "db"}) {
		fmt.Println(im.Book.ID, len(im.Book.Steps), im.Book.Steps[0].Title["en"])
	}
	// Output:
	// db-lost 1 Find the backup
	// db-slow 1 Wait
}
