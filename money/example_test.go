package money_test

import (
	"encoding/json"
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/money"
)

func ExampleParse() {
	price, err := money.Parse("0.0125 EUR")
	if err != nil {
		fmt.Println(err)
		return
	}
	total, err := price.Mul(decimal.NewFromInt(1030))
	if err != nil {
		fmt.Println(err)
		return
	}
	due, err := total.Round(money.HalfAwayFromZero)
	fmt.Println(total, due, err)
	// Output: 12.875 EUR 12.88 EUR <nil>
}

func ExampleAmount_Add() {
	euro, err := money.New(decimal.NewFromInt(1), money.EUR)
	if err != nil {
		fmt.Println(err)
		return
	}
	yen, err := money.New(decimal.NewFromInt(1), money.JPY)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = euro.Add(yen)
	fmt.Println(err)
	// Output: invalid: currency "JPY": must be EUR as the other amount is (mixed)
}

func ExampleAmount_SplitBy() {
	bill, err := money.Parse("100.00 EUR")
	if err != nil {
		fmt.Println(err)
		return
	}
	third := decimal.NewFromInt(1)
	parts, err := bill.SplitBy(
		money.Share{ID: "sales", Weight: third},
		money.Share{ID: "development", Weight: third},
		money.Share{ID: "office", Weight: third},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range parts {
		fmt.Println(p.ID, p.Amount)
	}
	// Output:
	// sales 33.33 EUR
	// development 33.34 EUR
	// office 33.33 EUR
}

func ExampleAmount_MarshalJSON() {
	a, err := money.Parse("12.3 EUR")
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := json.Marshal(a)
	fmt.Println(string(data), err)
	// Output: {"amount":"12.30","currency":"EUR"} <nil>
}

func ExampleRounding_Round() {
	availability := decimal.RequireFromString("0.999949995")
	rounded, err := money.HalfAwayFromZero.Round(availability, 8)
	fmt.Println(rounded, err)
	// Output: 0.99995 <nil>
}

func ExampleSum() {
	sum, err := money.Sum(money.CHF)
	fmt.Println(sum, err)
	// Output: 0.00 CHF <nil>
}

func ExampleParseCurrency() {
	_, err := money.ParseCurrency("DEM")
	fmt.Println(err)
	// Output: invalid: "DEM": unknown currency: must be a code of ISO 4217, three capital letters (unknown)
}
