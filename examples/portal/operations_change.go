package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/problem"
)

// changePage is what the provider's people see of a change.
type changePage struct {
	page
	changeRow

	Records   []choice   // the configuration items that it names, by their addresses
	Comes     string     // what comes next, in a sentence
	Forms     []verbForm // what can be done; the first matters most
	Edit      string     // the words of the way to the form; "": there is none
	Requested string
	Timed     bool // it has a time that can be looked at
	Standing  change.Standing
	Obstacles []obstacleRow
	Conflicts []conflictRow
	Settled   []conflictRow
	Starts    []startRow
	MovesTo   string // why a start is not taken by a click; "": it is
	Downtimes []downtimeRow
	Depends   []dependencyRow
	Reach     *change.Reach
	Customers []customerRow
	Uncovered []uncoveredRow
	Matrix    change.RiskMatrix
	Earlier   change.History
	ModelName string
	Votes     voteView
	Suspects  []suspectRow
	FollowUps []followUpRow
	History   []change.Event // newest first
	People    []person
	Models    []option // that a standard change can be approved by
	Unsaid    []figure // what was typed into a form that is not there any more
}

type obstacleRow struct {
	change.Obstacle

	Words  string
	Freeze string // the form name of an exception to it; "": there is none
}

type startRow struct {
	change.Start

	Value string // as the form sends it
}

type downtimeRow struct {
	Name        string
	From, Until time.Time
}

type dependencyRow struct {
	change.Dependency

	Title, Path string
}

type customerRow struct {
	Name, Path string
	Asked      bool
	Consent    change.ConsentStanding
	By         time.Time
	Reason     string
}

type uncoveredRow struct {
	coin.Uncovered

	Customer, Name, Path string
}

type suspectRow struct {
	change.Suspect

	Title, Path string
}

// Choices are what a vote may be.
func (v changePage) Choices() []change.Choice {
	return []change.Choice{change.VoteYes, change.VoteNo, change.VoteAbstain}
}

// Primary reports whether a form is what comes next, and stands open.
func (v changePage) Primary(n int, word string) bool {
	switch v.State {
	case change.Assessed: // the votes come next
		return word == "startUnapproved"
	case change.Scheduled:
		return word == "start"
	case change.Reviewed:
		return word == "close"
	case change.Implemented:
		return n == 0 && (word == "close" || word == "review" && v.NeedsReview())
	case change.Rejected:
		return word == "reopen"
	case change.Draft: // what has no plan yet is written first
		return n == 0 && v.Timed
	case change.Submitted, change.Approved, change.Started, change.RolledBack, change.Failed, change.Closed, change.Cancelled:
	}
	return n == 0
}

// VoteNext reports whether the vote of whoever looks is what comes next.
func (v changePage) VoteNext() bool {
	return v.Votes.May && v.Decision == nil
}

// Certain reports whether nothing that is certain is in the way.
func (v changePage) Certain() bool { return v.Timed && v.Standing.Fits() }

// TypedFor is what a form of one follow-up that came to nothing had in a field.
func (v changePage) TypedFor(number int, field string) string {
	for _, word := range []string{"completeFollowUp", "moveFollowUp", "dropFollowUp"} {
		if sent := v.tried(word).sent; sent != nil && slices.Equal(sent["number"], []string{strconv.Itoa(number)}) {
			return strings.Join(sent[field], "")
		}
	}
	return ""
}

// voteView is how the votes stand, and what whoever looks may say.
type voteView struct {
	Asked   bool
	Tallies []tallyRow
	Cast    []voteRow
	Due     time.Time // of an emergency that began first; zero: nothing is due
	Late    bool
	May     bool // whoever looks is asked, or stands in for somebody who is
	For     []option
	Why     string // why not
	Digest  string // of what is voted on
}

type tallyRow struct {
	change.Tally

	Still []string
	Veto  bool
}

type voteRow struct {
	change.Vote

	Whose string // the member whom somebody stands in for
	Stale bool   // it was of another plan
}

func (p *portal) showChange(w http.ResponseWriter, r *http.Request) error {
	return p.changeNow(w, r, servicecoin.ChangeID(r.PathValue("id")), "", nil, nil)
}

// changeNow shows the record as it is now: after a form came to nothing with what was
// typed, and why.
func (p *portal) changeNow(w http.ResponseWriter, r *http.Request, id servicecoin.ChangeID, word string, f *form, problems error) error {
	ctx, now := r.Context(), p.store.Now()
	x, err := p.Control().Get(ctx, id)
	if err != nil {
		return err
	}
	names, err := p.names(ctx)
	if err != nil {
		return err
	}
	v := changePage{
		page: p.page(r, x.Title, changesPath), changeRow: p.changeRow(x, names), Comes: changeNext(&x, now), Matrix: p.Control().Matrix(),
		Requested: p.pages.called(x.RequestedBy), Edit: map[string]string{toRevise: "Change the draft", toAmend: "Change what was approved", toReplan: "Plan it anew"}[modeOf(&x)],
	}
	if v.People, err = p.colleagues(ctx); err != nil {
		return err
	}
	if x.State == change.Draft && x.Kind == change.Standard {
		if v.Models, err = p.modelOptions(ctx); err != nil {
			return err
		}
	}
	for _, part := range []func(context.Context, *changePage, namesByID) error{p.changeTime, p.changeReach, p.changeRest} {
		if err := part(ctx, &v, names); err != nil {
			return err
		}
	}
	v.Votes = p.votesOf(&x, v.Viewer, now)
	v.Forms = p.changeForms(&v, now)
	if problems != nil {
		v.againIn(word, f, problems)
		for n := range v.Problems {
			v.Problems[n] = p.withNames(v.Problems[n])
		}
		for n := range v.Lines {
			v.Lines[n].Text = p.withNames(v.Lines[n].Text)
		}
		p.unsaidOf(&v, word, f)
	}
	return p.render(w, r, "change.html", problem.Status(problems), v)
}

// unsaidOf keeps what was typed into a form that the page has no more.
func (p *portal) unsaidOf(v *changePage, word string, f *form) {
	if f == nil || word == "vote" && v.Votes.May || slices.ContainsFunc(v.Forms, func(x verbForm) bool { return x.Word == word }) || strings.Contains(word, "-") {
		return
	}
	for _, name := range []string{"reason", "text", "outcome", "trigger", "note"} {
		if text := f.text(name); text != "" {
			v.Unsaid = append(v.Unsaid, figure{sentence(name), text})
		}
	}
}

// changeRest adds incidents, follow-ups and the history.
func (p *portal) changeRest(ctx context.Context, v *changePage, _ namesByID) error {
	x := &v.Change
	var err error
	if v.Records, err = p.recordsOfChange(ctx, x); err != nil {
		return err
	}
	for _, s := range x.Incidents {
		row := suspectRow{Suspect: s, Title: string(s.Incident), Path: incidentPath(person{Role: operator}, string(s.Incident))}
		i, err := p.Desk().Get(ctx, s.Incident)
		if err == nil {
			row.Title = i.Title
		} else if !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		v.Suspects = append(v.Suspects, row)
	}
	for _, f := range x.FollowUps {
		v.FollowUps = append(v.FollowUps, followUpRow{FollowUp: f, Overdue: f.Overdue(v.Now)})
	}
	v.History = slices.Clone(x.History)
	slices.Reverse(v.History)
	customers := p.customerNames(ctx)
	for n, e := range v.History {
		switch e.Verb {
		case change.VerbSuspectIncident, change.VerbConfirmIncident, change.VerbDismissIncident:
			for _, s := range v.Suspects {
				v.History[n].Text = strings.Replace(e.Text, string(s.Incident), s.Title, 1)
			}
		case change.VerbAskConsent, change.VerbConsent:
			id, rest, _ := strings.Cut(strings.Replace(e.Text, ",", " ,", 1), " ")
			v.History[n].Text = strings.Replace(customers(servicecoin.CustomerID(id))+" "+rest, " ,", ",", 1)
		case change.VerbAcceptConflict:
			_, v.History[n].Text, _ = strings.Cut(e.Text, "): ")
		case change.VerbAssign, change.VerbReassign, change.VerbVote, change.VerbAddFollowUp:
			v.History[n].Text = p.withNames(e.Text)
		}
	}
	return nil
}

// votesOf says how the votes stand, and whether somebody may add one.
func (p *portal) votesOf(x *change.Change, who person, now time.Time) voteView {
	v := voteView{Asked: x.Approval != nil}
	if due, late, undecided := x.Undecided(now); undecided {
		v.Due, v.Late = due, late
	}
	digest := x.Digest()
	v.Digest = digest
	for _, c := range x.Votes {
		v.Cast = append(v.Cast, voteRow{Vote: c, Whose: p.pages.called(c.For), Stale: c.Digest != digest})
	}
	if x.Approval == nil {
		return v
	}
	for n, t := range x.Tallies() {
		row := tallyRow{Tally: t, Veto: x.Approval.Quorums[n].Veto}
		for _, id := range t.Open {
			row.Still = append(row.Still, p.pages.called(id))
		}
		v.Tallies = append(v.Tallies, row)
	}
	if x.State.Terminal() {
		return v
	}
	interested := func(id servicecoin.PersonID) bool { return id == x.RequestedBy || slices.Contains(x.Implementers, id) }
	asked := func(id servicecoin.PersonID) bool {
		return slices.ContainsFunc(x.Approval.Quorums, func(q change.Quorum) bool { return slices.Contains(q.Members, id) })
	}
	if interested(who.ID) {
		v.Why = "You asked for it or do it, and have no vote."
		return v
	}
	if asked(who.ID) {
		v.For = append(v.For, option{"", "as myself"})
	}
	for _, d := range x.Approval.Delegates {
		if d.To == who.ID && d.During.Contains(now) && asked(d.Of) && !interested(d.Of) {
			v.For = append(v.For, option{string(d.Of), "for " + p.pages.called(d.Of)})
		}
	}
	if v.May = len(v.For) > 0; !v.May {
		v.Why = "You are not among those who are asked."
	}
	return v
}

// changesOf are the changes that an incident is suspected to come of.
func (p *portal) changesOf(ctx context.Context, i *incident.Incident) ([]suspectRow, error) {
	var list []suspectRow
	for _, e := range i.Effects {
		found, err := p.Control().Suspects(ctx, []servicecoin.ServiceID{e.Service}, e.From)
		if err != nil {
			return nil, err
		}
		for _, x := range found {
			for _, s := range x.Incidents {
				row := suspectRow{Suspect: s, Title: x.Title, Path: changePath(x.ID)}
				if s.Incident == i.ID && !slices.ContainsFunc(list, func(r suspectRow) bool { return r.Path == row.Path }) {
					list = append(list, row)
				}
			}
		}
	}
	return list, nil
}
