package usage

import (
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// Texts returns the statements that a customer's questions and changes are made of, and
// those about everybody, for a look at their plans: each with parameters.
func (s *Store) Texts() (one, all map[string]Statement) {
	q := &s.sql
	names, keys, days, kinds := []string{"c007"}, [][]byte{make([]byte, 16)}, []int32{20541}, []string{"t1"}
	seqs, bytes, yes, reach := []int64{1}, [][]byte{{1}}, []bool{true}, []*int64{nil}
	one = map[string]Statement{
		"put keys":      {q.putKeys, []any{names, keys, days, kinds}},
		"get keys":      {q.getKeys, []any{names, keys}},
		"put aside":     {q.putAside, []any{names, keys}},
		"await keys":    {q.awaitKeys, []any{names, keys}},
		"put facts":     {q.putFacts, []any{names, keys, keys, bytes}},
		"facts about":   {q.factsAbout, []any{names, keys}},
		"facts of":      {q.factsOf, []any{names, keys}},
		"put log":       {q.putLog, []any{names, days, days, bytes}},
		"get log":       {q.getLog, []any{names, days[0], days[0]}},
		"get days":      {q.getDays, []any{names, kinds, days}},
		"get cells":     {q.getCells, []any{names, days, yes, kinds[0], days}},
		"get months":    {q.getMonths, []any{names, kinds[0], days[0], days[0], false, int64(5)}},
		"next days":     {q.nextDays, []any{names[0], kinds[0], days[0], days[0] + 3, 2}},
		"next log":      {q.nextLog, []any{names[0], kinds[0], days[0], days[0] + 3, 2}},
		"early":         {q.early, []any{names, days}},
		"early log":     {q.earlyLog, []any{names, seqs}},
		"cut log":       {q.cutLog, []any{names, seqs}},
		"replace log":   {q.replaceLog, []any{names, seqs, days, bytes}},
		"put days":      {q.putDays, []any{names, kinds, days, yes, bytes, bytes, bytes}},
		"put months":    {q.putMonths, []any{names, kinds, days, reach, bytes, bytes}},
		"these months":  {q.theseMonths, []any{names, kinds, days}},
		"verify months": {q.verifyMonths, []any{names[0]}},
		"verify days":   {q.verifyDays, []any{names[0], kinds[0], days[0], 64}},
		"missing keys":  {q.missingKeys, []any{names[0], keys}},
		"get summaries": {q.getSummaries, []any{names[0], kinds[0], days[0], days[0] + 3}},
		"carry some":    {q.carrySome, []any{names[0], 100}},
		"carry cut":     {q.carryCut, []any{names[0], "t1", time.Unix(0, 0), "s", "7"}},
	}
	for i, text := range q.forget {
		one["forget "+string(rune('a'+i))] = Statement{text, []any{names[0]}}
	}
	all = map[string]Statement{
		"months of": {q.monthsOf, []any{kinds[0], days[0], days[0], false, int64(5)}},
		"log of":    {q.logOf, []any{days[0]}},
		"owners":    {q.owners, []any{days[0]}},
		"late":      {q.late, nil},
	}
	return one, all
}

// Statement is a text and its parameters.
type Statement struct {
	Text string
	Args []any
}

// Settings are the planner's, in a transaction.
func Settings() string { return "SELECT 1" + byKeys }

// Limit has fewer customers sealed in one transaction, and fewer entries of a day wait.
func (s *Store) Limit(customers, entries int) { s.limits = limits{customers, entries} }

// LogRow writes entries of one customer as a row of the log.
func LogRow(entries []metering.Entry) []byte {
	var l logRows
	l.add(entries)
	return l.entries[0]
}

// ReadLog reads a row of the log, of one type or all.
func ReadLog(customer servicecoin.CustomerID, data []byte, kind string) (list []metering.Entry, err error) {
	err = readLog(customer, data, kind, func(e *metering.Entry) { list = append(list, *e) })
	return list, err
}

// ReadMonth reads the totals of a month, and writes them again.
func ReadMonth(from int32, total, days []byte) (again, againDays []byte, err error) {
	m, err := metering.ReadMonthTotals(from, total, days)
	if err != nil {
		return nil, nil, err
	}
	return m.Encode()
}
