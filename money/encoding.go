package money

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"fmt"

	"github.com/servicecoin/servicecoin"
)

// wire is the shape of an amount in JSON. The number is text, so that no
// reader on the way makes a float of it.
type wire struct {
	Amount   string   `json:"amount"`
	Currency Currency `json:"currency"`
}

// MarshalJSON writes {"amount":"12.30","currency":"EUR"}, the number as
// [Amount.String] has it, and null for no amount.
func (a Amount) MarshalJSON() ([]byte, error) {
	if !a.Defined() {
		return []byte("null"), nil
	}
	return json.Marshal(wire{Amount: a.number(), Currency: a.currency})
}

// UnmarshalJSON reads what MarshalJSON writes, null as no amount. A number
// that is not text is refused, even where it would be exact.
func (a *Amount) UnmarshalJSON(data []byte) error {
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		*a = Amount{}
		return nil
	}
	var in struct {
		Amount   string `json:"amount"`
		Currency string `json:"currency"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		var v servicecoin.Violations
		v.Add("", "bad-format", string(data), `must be as {"amount":"12.30","currency":"EUR"}: `+err.Error())
		return v.Err()
	}
	parsed, err := parse(in.Amount, in.Currency)
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}

// MarshalText writes "12.30 EUR", and refuses no amount.
func (a Amount) MarshalText() ([]byte, error) {
	var v servicecoin.Violations
	defined(&v, "", a)
	if err := v.Err(); err != nil {
		return nil, err
	}
	return []byte(a.String()), nil
}

// UnmarshalText reads what [Parse] reads.
func (a *Amount) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}

// Value stores "12.30 EUR" as text, and refuses no amount. A column that may be
// null takes an sql.Null[money.Amount].
func (a Amount) Value() (driver.Value, error) {
	text, err := a.MarshalText()
	if err != nil {
		return nil, err
	}
	return string(text), nil
}

// Scan reads text that Value stored. It refuses null, which is no amount of
// any currency: scan into an sql.Null[money.Amount] where null may come.
func (a *Amount) Scan(src any) error {
	switch src := src.(type) {
	case string:
		return a.UnmarshalText([]byte(src))
	case []byte:
		return a.UnmarshalText(src)
	}
	var v servicecoin.Violations
	if src == nil {
		v.Add("", "required", "", "null is no amount: scan into an sql.Null[money.Amount]")
	} else {
		v.Add("", "bad-format", fmt.Sprintf("%T", src), `must be stored as text, "12.30 EUR"`)
	}
	return v.Err()
}
