package openapi_test

import (
	"fmt"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/interop/openapi"
)

func ExampleCompare() {
	const before = `{openapi: 3.0.3, info: {title: Orders, version: 1.0.0}, paths: {/orders: {get: {responses: {"200": {description: OK}}}}}}`
	const after = `{openapi: 3.0.3, info: {title: Orders, version: 1.1.0}, paths: {/goods: {get: {responses: {"200": {description: OK}}}}}}`
	d, err := openapi.Compare([]byte(before), []byte(after), calendar.Date{Year: 2026, Month: 3, Day: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range d.Changes {
		fmt.Printf("%s: %s %s\n", c.Level, c.Operation, c.Text)
	}
	for _, f := range d.Findings {
		fmt.Println(f.Text)
	}
	// Output:
	// breaking: GET /orders is gone, and was not deprecated before
	// harmless: GET /goods endpoint added
	// one change breaks, and the version goes from 1.0.0 to 1.1.0: no new major one
}
