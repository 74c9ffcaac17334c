package main

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/estimate"
	"github.com/servicecoin/servicecoin/operations/change"
)

// changeStateWords says where a change stands.
func changeStateWords(s change.State) string {
	switch s {
	case change.Assessed:
		return "Waits for votes"
	case change.Submitted:
		return "To be assessed"
	case change.Approved:
		return "Approved, not scheduled"
	case change.Started:
		return "Being done"
	case change.RolledBack:
		return "Put back"
	case change.Implemented:
		return "Done"
	case change.Draft, change.Rejected, change.Scheduled, change.Failed, change.Reviewed, change.Closed, change.Cancelled:
	}
	return sentence(string(s))
}

func changeStateTone(s change.State) string {
	switch s {
	case change.Started, change.Submitted, change.Assessed:
		return "warn"
	case change.Approved, change.Scheduled:
		return "info"
	case change.Implemented:
		return "good"
	case change.RolledBack, change.Failed, change.Rejected:
		return "bad"
	case change.Draft, change.Reviewed, change.Closed, change.Cancelled:
	}
	return "none"
}

// changeNext says what comes next of a change in a state, in a sentence.
func changeNext(x *change.Change, now time.Time) string {
	switch x.State {
	case change.Draft:
		switch x.Kind {
		case change.Normal:
			return "It is being written. When everything is there that those who decide have to know, it is asked for."
		case change.Standard:
			return "It is being written. If it stays inside of its model, it needs no approval of its own."
		case change.Emergency:
			return "It is being written. An emergency is assessed at once, and may begin before it is approved."
		}
	case change.Submitted:
		if len(x.Implementers) == 0 {
			return "Somebody has to do it: say who. Then somebody says how risky it is."
		}
		return "Somebody says how risky it is; that decides who has to say yes."
	case change.Assessed:
		return "Those who are asked say yes or no."
	case change.Approved:
		return "It may be done as it stands. It gets its place in the schedule if nothing is in the way."
	case change.Rejected:
		if x.Risk == nil {
			return "It was dismissed before it was assessed. It can be written anew."
		}
		return "It was voted down. Another plan can be asked for."
	case change.Scheduled:
		if now.Before(x.Plan.Start) {
			return "It has its place: it begins at " + x.Plan.Start.Format(time.RFC3339) + ", and not before."
		}
		return "Its time has come. It was to begin at " + x.Plan.Start.Format(time.RFC3339) + "."
	case change.Started:
		if !x.FellBackAt.IsZero() {
			return "It is being put back as it was."
		}
		return "It is being done."
	case change.Implemented, change.RolledBack, change.Failed:
		if _, _, undecided := x.Undecided(now); undecided {
			return "It went ahead before it was approved: those on duty still have to say yes or no."
		}
		if x.NeedsReview() {
			return "Somebody says what is to be learnt of it: emergencies, what went wrong and what nobody had asked for are always reviewed."
		}
		return cmp.Or(notYetClosed(x, now), "It can be closed.")
	case change.Reviewed:
		return cmp.Or(notYetClosed(x, now), "It can be closed.")
	case change.Closed:
		return "It is over."
	case change.Cancelled:
		return "It will not be done."
	}
	return ""
}

// notYetClosed says what is still awaited before it is closed, "" if nothing is.
func notYetClosed(x *change.Change, now time.Time) string {
	_, _, undecided := x.Undecided(now)
	switch {
	case undecided:
		return "It went ahead before it was approved: it is closed once those on duty have said yes or no."
	case now.Before(x.WatchedUntil):
		return "It is watched until " + x.WatchedUntil.Format(time.RFC3339) + ", and closed after that."
	case x.FollowUps.Open():
		return "It is closed once every follow-up is done or dropped."
	}
	return ""
}

// changeDeeds says what an entry of a history is.
func changeDeeds(verb string) string {
	words, known := map[string]string{
		change.VerbDraft: "drafted", change.VerbRevise: "draft changed", change.VerbAssign: "assigned", change.VerbReassign: "given to others", change.VerbSubmit: "asked for", change.VerbPreapprove: "approved by its model",
		change.VerbAssess: "assessed", change.VerbVote: "vote", change.VerbApprove: "approved", change.VerbReject: "rejected", change.VerbReopen: "made a draft again", change.VerbReplan: "planned anew", change.VerbWithdraw: "withdrawn",
		change.VerbAmend: "amended", change.VerbSchedule: "scheduled", change.VerbStart: "begun", change.VerbStartUnapproved: "begun before it was approved", change.VerbFallBack: "putting back begun", change.VerbImplement: "done",
		change.VerbRollBack: "put back", change.VerbFail: "failed", change.VerbWatch: "watched", change.VerbReview: "reviewed", change.VerbClose: "closed", change.VerbCancel: "cancelled", change.VerbDiscover: "found",
		change.VerbAcceptConflict: "conflict accepted", change.VerbExcept: "exception to a freeze", change.VerbAskConsent: "customer asked", change.VerbConsent: "customer answered",
		change.VerbSuspectIncident: "incident suspected", change.VerbConfirmIncident: "incident confirmed", change.VerbDismissIncident: "incident dismissed",
		change.VerbDraftModel: "written", change.VerbReviseModel: "revised", change.VerbApproveModel: "approved", change.VerbSuspendModel: "suspended", change.VerbWithdrawModel: "withdrawn",
		change.VerbAddFollowUp: "follow-up added", change.VerbCompleteFollowUp: "follow-up done", change.VerbMoveFollowUp: "follow-up moved", change.VerbDropFollowUp: "follow-up dropped",
	}[verb]
	if !known {
		return verb
	}
	return words
}

// consentWords says where the consent of a customer stands.
func consentWords(s change.ConsentStanding) string {
	switch s {
	case change.ConsentGiven:
		return "agrees"
	case change.ConsentSilent:
		return "did not object"
	case change.ConsentOpen:
		return "may still object"
	case change.ConsentMissing:
		return "has not answered"
	case change.ConsentRefused:
		return "does not agree"
	case change.ConsentObjected:
		return "objects"
	}
	return string(s)
}

// voteWords is a choice as a sentence has it.
func voteWords(c change.Choice) string {
	return map[change.Choice]string{change.VoteYes: "yes", change.VoteNo: "no", change.VoteAbstain: "abstain"}[c]
}

// withNames puts the names of people in the place of their ids.
func (p *portal) withNames(text string) string {
	isWord := func(c byte) bool {
		return c == '-' || c == '_' || c == '@' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	}
	var b strings.Builder
	for at := 0; at < len(text); {
		end := at
		for end < len(text) && isWord(text[end]) {
			end++
		}
		if end == at {
			b.WriteByte(text[at])
			at++
			continue
		}
		b.WriteString(p.pages.called(servicecoin.PersonID(text[at:end])))
		at = end
	}
	return b.String()
}

// shareWords is a share as people read it: of nothing it is not known.
func shareWords(s change.Share) string {
	rate, ok := s.Rate()
	if !ok {
		return "undefined: there were none"
	}
	return fmt.Sprintf("%.0f %%", rate*100)
}

// shareOf is what it was counted of, and how sure it is.
func shareOf(s change.Share) string {
	text := fmt.Sprintf("%d of %d", s.Count, s.N)
	if s.Interval != nil {
		text += howSure(s.Interval)
	}
	return text
}

// howSure says how sure a share of 1 is, in percent.
func howSure(i *estimate.Interval) string {
	return ", " + intervalWords(estimate.Interval{Low: 100 * i.Low, High: 100 * i.High}) + " %"
}

// whileWords is how long something lasts that may last for days.
func whileWords(d time.Duration) string {
	if d >= 2*day {
		return plural(int(d/day), "day")
	}
	return minutes(d)
}

// gradeWords is a grade of a scale, "" of one that it does not have.
func gradeWords(scale []string, grade int) string {
	if grade < 1 || grade > len(scale) {
		return ""
	}
	return scale[grade-1]
}

// numberText is a number in a field that may be empty.
func numberText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
