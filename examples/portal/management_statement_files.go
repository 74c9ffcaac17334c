package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/examples/csvfile"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/money"
)

// askedPaper makes the document that a request for a file asks for.
func (p *portal) askedPaper(r *http.Request) (*paper, error) {
	m, c, err := p.monthly(r, "statement")
	if err != nil {
		return nil, err
	}
	if c.Currency == "" && m.Account == "" {
		return nil, servicecoin.NotFound(servicecoin.Key{Customer: c.ID, Kind: cost.StatementRecord, ID: m.Month.String()})
	}
	st, err := p.standing(r, c, m)
	if err != nil {
		return nil, err
	}
	return p.paper(r.Context(), c, &st)
}

// statementCSV is a statement for a spreadsheet or an accounting program. The rows
// named line and tax add up to the row named total. Amounts are exact, with a point.
func (p *portal) statementCSV(w http.ResponseWriter, r *http.Request) error {
	v, err := p.askedPaper(r)
	if err != nil {
		return err
	}
	rows := [][]string{{
		"Row", "Number", "State", "Month", "Service", "ServiceName", "CostCentre", "Kind", "Label", "Quantity", "Unit", "ExactAmount", "Amount", "Currency", "CorrectsMonth", "LineId",
	}}
	row := func(kind string, s paperService, l paperLine) {
		corrects := ""
		if l.Of != nil {
			corrects = l.Of.Month.String()
		}
		rows = append(rows, []string{
			kind, csvfile.Cell(v.Number), string(v.State), v.Month.String(), csvfile.Cell(string(s.ID)), csvfile.Cell(s.Name), csvfile.Cell(s.CostCentre), string(l.Kind), csvfile.Cell(l.Label),
			plainNumber(l.Quantity), csvfile.Cell(l.Unit), plainAmount(l.Exact), plainAmount(l.Amount), string(v.Currency), corrects, csvfile.Cell(l.ID),
		})
	}
	for _, s := range v.Services {
		for _, l := range s.Lines {
			row("line", s, l)
		}
	}
	row("tax", paperService{}, paperLine{Label: v.Tax.Words, Exact: v.Tax.Amount, Amount: v.Tax.Amount})
	label := "Total"
	if len(v.Unknown) > 0 {
		label = "Total, without what is not known"
	}
	row("total", paperService{}, paperLine{Label: label, Exact: v.Total, Amount: v.Total})
	return sendCSV(w, v.fileName("csv"), rows)
}

// statementJSON is a statement for a program.
func (p *portal) statementJSON(w http.ResponseWriter, r *http.Request) error {
	v, err := p.askedPaper(r)
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	sendFile(w, "application/json", v.fileName("json"), append(b, '\n'))
	return nil
}

// fileName names a file by the statement's number, in letters that every system
// takes.
func (v *paper) fileName(ending string) string {
	name := "statement-" + v.Number
	if v.Draft() {
		name += "-draft"
	}
	return plainName(name) + "." + ending
}

func plainName(text string) string {
	return strings.Map(func(x rune) rune {
		if x >= 'a' && x <= 'z' || x >= 'A' && x <= 'Z' || x >= '0' && x <= '9' || x == '-' || x == '.' {
			return x
		}
		return '_'
	}, text)
}

// plainNumber is a number for programs, empty where it is not known.
func plainNumber(d decimal.NullDecimal) string {
	if !d.Valid {
		return ""
	}
	return d.Decimal.String()
}

// plainAmount is an amount for programs, without its currency, with the digits of it
// at least.
func plainAmount(a money.Amount) string {
	if !a.Defined() {
		return ""
	}
	number, _, _ := strings.Cut(a.String(), " ")
	return number
}

// sendCSV sends rows as a file. Texts in them went through [csvfile.Cell].
func sendCSV(w http.ResponseWriter, name string, rows [][]string) error {
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		return err
	}
	sendFile(w, "text/csv; charset=utf-8; header=present", name, b.Bytes())
	return nil
}

func sendFile(w http.ResponseWriter, kind, name string, body []byte) {
	attach(w, kind, name)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // nothing is left to be said to a browser that has gone
}
