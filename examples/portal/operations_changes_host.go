package main

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/coin/changeroom"
	"github.com/servicecoin/servicecoin/operations/change"
)

// The groups that approve changes.
const (
	advisoryBoard = "Change advisory board"
	onDuty        = "On duty"
)

// changeRules are the provider's rules of changes: who approves them, how long before
// they are asked for, and when they are not wanted.
func (p *portal) changeRules() changeroom.Options {
	return changeroom.Options{
		Policy: changePolicy(p.desk.open.Span()),
		Notice: map[change.Kind]hours.Allowance{ //nolint:exhaustive // an emergency needs none
			change.Normal: hours.WorkingDays(2), change.Standard: hours.WorkingTime(4 * time.Hour),
		},
		Hours: &p.desk.hours, Critical: p.criticalTimes,
	}
}

// changePolicy says who approves what. Who asks for a change or does it has no vote.
func changePolicy(during calendar.Interval) *change.Policy {
	board := []servicecoin.PersonID{ada, ben, cleo, dana, emil}
	return &change.Policy{
		Name: "nordlicht-changes",
		Rules: []change.ApprovalRule{
			{
				Kinds: []change.Kind{change.Emergency}, StartFirst: true, Within: calendar.Within(24 * time.Hour),
				Quorums: []change.Quorum{{Group: onDuty, Members: board, Need: 1}},
			},
			{AtLeast: 2, Quorums: []change.Quorum{{Group: advisoryBoard, Members: board, Need: 2, Veto: true}}},
			{Quorums: []change.Quorum{{Group: advisoryBoard, Members: board, Need: 1, Veto: true}}},
		},
		Delegates: []change.Delegate{{Of: ada, To: cleo, During: during}}, // Cleo stands in for Ada
	}
}

// criticalTimes are the windows of the desk's calendar in which order entry, and what it
// cannot do without, is not changed: whosever it is.
func (p *portal) criticalTimes(context.Context, []servicecoin.CustomerID, calendar.Interval) ([]change.CriticalTimes, error) {
	return []change.CriticalTimes{{Services: []servicecoin.ServiceID{"database", "erp"}, Windows: p.desk.matters}}, nil
}
