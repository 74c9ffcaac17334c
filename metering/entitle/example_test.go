package entitle_test

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering/entitle"
)

func ExampleEntitlement_Judge() {
	month := calendar.Month{Year: 2026, Month: time.March}.In(time.UTC)
	entitlement := entitle.Entitlement{
		Feature: "api.calls", Kind: entitle.Metered, From: month.Start, Meter: "calls", Limit: servicecoin.Some(decimal.NewFromInt(1000)),
		Exceeding: []entitle.Consequence{{Act: entitle.Refuse}},
	}
	judgement, err := entitlement.Judge(entitle.Facts{
		At: month.Start.AddDate(0, 0, 9), Period: month, Used: servicecoin.Some(decimal.NewFromInt(995)), Amount: decimal.NewFromInt(10),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(judgement.Allowed, judgement.Left().Decimal, "left")
	fmt.Println(judgement.Err())
	// Output:
	// false 5 left
	// refused: entitlement.use api.calls: 10 more would make 1005 in the period, over the limit of 1000
}
