package grant_test

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering/grant"
)

func ExampleAccount_Burn() {
	january := calendar.Month{Year: 2026, Month: time.January}.In(time.UTC)
	account := grant.Account{During: january, Grants: []grant.Grant{
		{ID: "plan", Amount: decimal.NewFromInt(1000), Priority: 2, From: january.Start},
		{ID: "gift", Amount: decimal.NewFromInt(50), Priority: 1, From: january.Start, Until: january.End},
	}}
	day := calendar.Date{Year: 2026, Month: time.January, Day: 12}.In(time.UTC)
	result, err := account.Burn([]grant.Usage{{During: day, Quantity: decimal.NewFromInt(120)}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, draw := range result.Segments[0].Burnt {
		fmt.Println(draw.Quantity, "from", draw.Grant)
	}
	fmt.Println(result.Closing.Balance(), "left")
	// Output:
	// 50 from gift
	// 70 from plan
	// 930 left
}
