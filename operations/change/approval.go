package change

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Policy says who approves what. It is a value of the host; what it says of a change
// is kept with the change when that is assessed, so that another policy changes
// nothing that is under way.
type Policy struct {
	Name      string         `json:"name"`
	Rules     []ApprovalRule `json:"rules"` // the first that fits a change decides
	Delegates []Delegate     `json:"delegates,omitempty"`
}

// ApprovalRule says who approves changes of some kinds from a level of risk on.
type ApprovalRule struct {
	Kinds   []Kind   `json:"kinds,omitempty"`   // none: all
	AtLeast int      `json:"atLeast,omitempty"` // the level of risk from which it fits; 0: any
	Quorums []Quorum `json:"quorums"`           // each of them must say yes
	// StartFirst lets an emergency begin before it is approved. It is approved, or
	// not, within Within of its start; who is late is listed.
	StartFirst bool              `json:"startFirst,omitempty"`
	Within     calendar.Duration `json:"within"`
	// AuthorsAbstain takes the vote from whoever wrote or amended the plan for somebody
	// else, too: those who asked for it or do it never have one.
	AuthorsAbstain bool `json:"authorsAbstain,omitempty"`
}

// Quorum is how many of a group say yes.
type Quorum struct {
	Group   string                 `json:"group"`
	Members []servicecoin.PersonID `json:"members"`
	Need    int                    `json:"need,omitempty"` // so many of them; 0: all
	Veto    bool                   `json:"veto,omitempty"` // one no is enough to reject
}

// Delegate may vote for a member, for a while.
type Delegate struct {
	Of     servicecoin.PersonID `json:"of"`
	To     servicecoin.PersonID `json:"to"`
	During calendar.Interval    `json:"during"`
}

const (
	maxRules   = 50
	maxQuorums = 20
	maxMembers = 200
)

// Validate reports every violation of the policy: rules without a quorum, quorums of
// nobody or that need more than there are, delegates of themselves.
func (p Policy) Validate() error {
	var v servicecoin.Violations
	v.ID("name", p.Name)
	if len(p.Rules) == 0 {
		v.Add("rules", "required", "", "nothing could ever be approved")
	}
	if !v.Limit("rules", len(p.Rules), maxRules) || !v.Limit("delegates", len(p.Delegates), maxMembers) {
		return v.Err()
	}
	for n, r := range p.Rules {
		path := fmt.Sprintf("rules[%d]", n)
		if v.Limit(path+".kinds", len(r.Kinds), len(Kinds())) {
			for k, kind := range r.Kinds {
				kind.validate(&v, fmt.Sprintf("%s.kinds[%d]", path, k))
			}
		}
		if r.AtLeast < 0 || r.AtLeast > maxGrades {
			v.Add(path+".atLeast", "out-of-range", strconv.Itoa(r.AtLeast), "must be a level of risk, or 0 for any")
		}
		r.approval(p).validate(&v, path)
	}
	for n, d := range p.Delegates {
		path := fmt.Sprintf("delegates[%d]", n)
		v.ID(path+".of", string(d.Of))
		v.ID(path+".to", string(d.To))
		if d.Of == d.To {
			v.Add(path+".to", "itself", string(d.To), "must be somebody else")
		}
		if d.During.Empty() {
			v.Add(path+".during", "out-of-order", d.During.String(), "must have a length")
		}
	}
	return v.Err()
}

// Approval is what has to be said of one change, by whom.
type Approval struct {
	Policy     string            `json:"policy"`
	Quorums    []Quorum          `json:"quorums"`
	Delegates  []Delegate        `json:"delegates,omitempty"`
	StartFirst bool              `json:"startFirst,omitempty"`
	Within     calendar.Duration `json:"within"`
	// AuthorsAbstain is that of the [ApprovalRule].
	AuthorsAbstain bool `json:"authorsAbstain,omitempty"`
}

func (r ApprovalRule) approval(p Policy) Approval {
	return Approval{Policy: p.Name, Quorums: slices.Clone(r.Quorums), Delegates: slices.Clone(p.Delegates), StartFirst: r.StartFirst, Within: r.Within, AuthorsAbstain: r.AuthorsAbstain}
}

func (a Approval) validate(v *servicecoin.Violations, path string) {
	if len(a.Quorums) == 0 {
		v.Add(path+".quorums", "required", "", "nobody would be asked")
	}
	if a.StartFirst && length(a.Within) <= 0 {
		v.Add(path+".within", "required", a.Within.String(), "say how long after its start it is approved")
	}
	if !v.Limit(path+".quorums", len(a.Quorums), maxQuorums) {
		return
	}
	for n, q := range a.Quorums {
		at := fmt.Sprintf("%s.quorums[%d]", path, n)
		v.Text(at+".group", q.Group, 1, maxTitle)
		if len(q.Members) == 0 {
			v.Add(at+".members", "required", "", "nobody is in it")
		}
		if !v.Limit(at+".members", len(q.Members), maxMembers) {
			continue
		}
		for m, p := range q.Members {
			v.ID(fmt.Sprintf("%s.members[%d]", at, m), string(p))
			if slices.Contains(q.Members[:m], p) {
				v.Add(fmt.Sprintf("%s.members[%d]", at, m), "duplicate", string(p), "is in the group already")
			}
		}
		if q.Need < 0 || q.Need > len(q.Members) {
			v.Add(at+".need", "out-of-range", strconv.Itoa(q.Need), fmt.Sprintf("must be from 0, which is all, to %d", len(q.Members)))
		}
	}
}

// For returns what the policy asks for of a kind of change at a level of risk, and
// false if no rule fits.
func (p Policy) For(kind Kind, level int) (Approval, bool) {
	for _, r := range p.Rules {
		if level >= r.AtLeast && (len(r.Kinds) == 0 || slices.Contains(r.Kinds, kind)) {
			return r.approval(p), true
		}
	}
	return Approval{}, false
}

// Choice is what a vote says.
type Choice string

// The choices.
const (
	VoteYes     Choice = "yes"
	VoteNo      Choice = "no"
	VoteAbstain Choice = "abstain"
)

// Vote is what one person says of a change as it stood.
type Vote struct {
	By     servicecoin.PersonID `json:"by"`
	For    servicecoin.PersonID `json:"for,omitempty"` // the member whom By stands for; "": By votes as a member
	Choice Choice               `json:"choice"`
	Reason string               `json:"reason"`
	At     time.Time            `json:"at"`
	Digest string               `json:"digest"`         // of what was voted on: of another change it counts no more
	Late   bool                 `json:"late,omitempty"` // it came after the decision, and changes nothing
}

// Decision is what came of the votes.
type Decision struct {
	Approved bool      `json:"approved"`
	At       time.Time `json:"at"`
	Digest   string    `json:"digest"` // of what was decided on
	Policy   string    `json:"policy"`
	// By said the word that decided: the last voter, or who approved the model.
	By servicecoin.PersonID `json:"by,omitempty"`
	// Preapproved: nobody was asked, for the model of a standard change was.
	Preapproved bool `json:"preapproved,omitempty"`
}

// Tally is how the votes of a quorum stand.
type Tally struct {
	Group string `json:"group"`
	Yes   int    `json:"yes"`
	No    int    `json:"no"`
	Need  int    `json:"need"`
	// Open are those who may still be heard: members who have not voted, or for whom
	// only somebody spoke whose voice does not count for them, without those who asked
	// for the change or do it.
	Open    []servicecoin.PersonID `json:"open,omitempty"`
	Reached bool                   `json:"reached"`
	Lost    bool                   `json:"lost"` // by a veto, or because too few are left who could say yes
}

// interested are those who never vote: who asked, who does it, and where the policy says
// so who wrote the plan.
func (c *Change) interested(p servicecoin.PersonID) bool {
	return p == c.RequestedBy || slices.Contains(c.Implementers, p) || c.Approval != nil && c.Approval.AuthorsAbstain && c.wrote(p)
}

// wrote reports whether somebody drafted, revised or amended the change.
func (c *Change) wrote(p servicecoin.PersonID) bool {
	return slices.ContainsFunc(c.History, func(e Event) bool {
		return e.By.ID == p && slices.Contains([]string{VerbDraft, VerbRevise, VerbReplan, VerbAmend}, e.Verb)
	})
}

// Tallies returns how the votes stand, quorum by quorum: of each member the last vote
// on the change as it is now. One person's voice counts once in a group, however many
// members it stands for.
func (c *Change) Tallies() []Tally {
	if c.Approval == nil {
		return nil
	}
	last := map[servicecoin.PersonID]Vote{}
	for _, v := range c.counted() {
		last[v.member()] = v
	}
	tallies := make([]Tally, 0, len(c.Approval.Quorums))
	for _, q := range c.Approval.Quorums {
		tallies = append(tallies, q.tally(last, c.interested))
	}
	return tallies
}

// counted are the votes on the change as it is now, since it was assessed last: what
// was said before it was withdrawn or planned anew counts no more, even if it is the same
// again.
func (c *Change) counted() []Vote {
	since := 0
	for _, e := range slices.Backward(c.History) {
		if e.To == Assessed {
			break
		}
		since += one(e.Verb == VerbVote)
	}
	var list []Vote
	digest := c.Digest()
	for _, v := range c.Votes[max(0, len(c.Votes)-since):] {
		if v.Digest == digest && !v.Late {
			list = append(list, v)
		}
	}
	return list
}

func (v Vote) member() servicecoin.PersonID {
	if v.For != "" {
		return v.For
	}
	return v.By
}

func (q Quorum) tally(last map[servicecoin.PersonID]Vote, interested func(servicecoin.PersonID) bool) Tally {
	t := Tally{Group: q.Group, Need: q.Need}
	heard := map[servicecoin.PersonID]bool{} // whose voice has counted
	able := 0                                // who is not interested
	members := slices.Clone(q.Members)
	// Who votes as a member counts before who stands for one.
	slices.SortStableFunc(members, func(a, b servicecoin.PersonID) int {
		return cmp.Compare(one(last[a].For != ""), one(last[b].For != ""))
	})
	for _, m := range members {
		if interested(m) {
			continue
		}
		able++
		vote, voted := last[m]
		switch {
		case !voted || vote.Choice == VoteAbstain:
			if !voted {
				t.Open = append(t.Open, m)
			}
		case heard[vote.By] || interested(vote.By): // whose voice counts for another, or no more: m itself may be heard
			t.Open = append(t.Open, m)
		case vote.Choice == VoteYes:
			heard[vote.By] = true
			t.Yes++
		default:
			heard[vote.By] = true
			t.No++
		}
	}
	if t.Need == 0 {
		t.Need = able
	}
	slices.Sort(t.Open)
	t.Reached = t.Need > 0 && t.Yes >= t.Need && (!q.Veto || t.No == 0)
	t.Lost = (q.Veto && t.No > 0) || t.Yes+len(t.Open) < t.Need
	return t
}

// decidable reports the quorums that can never be reached, for too many of their
// members ask for the change or do it.
func (a Approval) decidable(v *servicecoin.Violations, interested func(servicecoin.PersonID) bool) {
	for n, q := range a.Quorums {
		able := 0
		for _, m := range q.Members {
			if !interested(m) {
				able++
			}
		}
		if need := max(q.Need, 1); able < need {
			v.Add(fmt.Sprintf("approval.quorums[%d]", n), "too-few", q.Group,
				fmt.Sprintf("needs %d to say yes, and %d of its members neither ask for the change nor do it", need, able))
		}
	}
}

// Cast is a vote that somebody casts.
type Cast struct {
	For    servicecoin.PersonID // the member whom they stand for; "": themselves
	Choice Choice
	Reason string // 1 to 4000 characters
}

// Vote records a vote. Only members vote, or their delegates, and none who asked for
// the change or does it, nor anybody for them. When the votes decide, the change is
// approved or rejected at once. A vote that comes after the decision is recorded, and
// changes nothing; so does a second vote, which replaces the first before.
func (c *Change) Vote(by servicecoin.Actor, at time.Time, cast Cast) error {
	if err := c.open(VerbVote); err != nil {
		return err
	}
	if c.Approval == nil {
		return c.refuse(VerbVote, "", "nobody is asked: it was not assessed, or its model is approved")
	}
	at = servicecoin.Instant(at)
	vote := Vote{By: by.ID, For: cast.For, Choice: cast.Choice, Reason: cast.Reason, At: at, Digest: c.Digest(), Late: c.Decision != nil}
	if vote.For == vote.By {
		vote.For = ""
	}
	var v servicecoin.Violations
	v.Merge("by", by.Validate())
	v.Time("at", at)
	if by.Kind != servicecoin.Human {
		v.Add("by.kind", "not-a-person", string(by.Kind), "only people vote")
	}
	if !slices.Contains([]Choice{VoteYes, VoteNo, VoteAbstain}, cast.Choice) {
		v.Add("choice", "unknown", string(cast.Choice), "must be yes, no or abstain")
	}
	v.Text("reason", cast.Reason, 1, maxText)
	most := maxVotes
	if !vote.Late && !slices.ContainsFunc(c.counted(), func(old Vote) bool { return old.member() == vote.member() }) {
		most = lastVotes // somebody is heard for the first time
	}
	v.Limit("votes", len(c.Votes)+1, most)
	if err := v.Err(); err != nil {
		return err
	}
	if at.Before(c.changed()) {
		return c.life().Order(at, VerbVote, "")
	}
	if why := c.mayVote(vote, at); why != "" {
		return c.refuse(VerbVote, "", why)
	}
	next := *c
	next.Votes = append(slices.Clone(c.Votes), vote)
	text := string(vote.Choice) + ": " + vote.Reason
	if vote.For != "" {
		text = "for " + string(vote.For) + ", " + text
	}
	next.add(Event{At: at, By: by, Verb: VerbVote, Text: text})
	if !vote.Late {
		next.decide(by, at)
	}
	return c.become(next, VerbVote)
}

// part says what somebody who is interested has to do with the change.
func (c *Change) part(p servicecoin.PersonID) string {
	if p == c.RequestedBy || slices.Contains(c.Implementers, p) {
		return "asked for it or does it"
	}
	return "wrote its plan"
}

// mayVote says why somebody may not vote, "" if they may.
func (c *Change) mayVote(vote Vote, at time.Time) string {
	member := vote.member()
	asked := slices.ContainsFunc(c.Approval.Quorums, func(q Quorum) bool { return slices.Contains(q.Members, member) })
	switch {
	case c.interested(vote.By):
		return string(vote.By) + " " + c.part(vote.By) + ", and has no vote"
	case c.interested(member):
		return string(member) + " " + c.part(member) + ": nobody votes for them"
	case !asked:
		return string(member) + " is not among those who are asked"
	case vote.For != "" && !slices.ContainsFunc(c.Approval.Delegates, func(d Delegate) bool {
		return d.Of == vote.For && d.To == vote.By && d.During.Contains(at)
	}):
		return string(vote.By) + " is no delegate of " + string(vote.For) + " at that time"
	}
	return ""
}

// decide draws the conclusion of the votes, if there is one.
func (c *Change) decide(by servicecoin.Actor, at time.Time) {
	reached, lost := true, false
	for _, t := range c.Tallies() {
		reached = reached && t.Reached
		lost = lost || t.Lost
	}
	if !reached && !lost {
		return
	}
	approved := reached && !lost
	c.Decision = &Decision{Approved: approved, At: at, Digest: c.Digest(), Policy: c.Approval.Policy, By: by.ID}
	e := Event{At: at, By: by, Verb: VerbReject, To: Rejected, Text: "the votes are against it"}
	if approved {
		e = Event{At: at, By: by, Verb: VerbApprove, To: Approved}
	}
	if c.State == Assessed {
		e.From, c.State = c.State, e.To
	} else { // an emergency that has begun before: the state is that of the work
		e.To = ""
	}
	c.add(e)
}

// Undecided reports whether the votes of a change that went ahead are still awaited,
// and by when they are due; late is whether that has passed at t.
func (c *Change) Undecided(t time.Time) (due time.Time, late, undecided bool) {
	if c.Decision != nil || c.StartedAt.IsZero() || c.Approval == nil || c.State == Cancelled {
		return time.Time{}, false, false
	}
	due = c.StartedAt.Add(length(c.Approval.Within))
	return due, t.After(due), true
}

// ApprovedLate reports whether an emergency that began first was decided after it was
// due, or is not by t.
func (c *Change) ApprovedLate(t time.Time) bool {
	if due, late, undecided := c.Undecided(t); undecided {
		return !due.IsZero() && late
	}
	return c.beganFirst() && c.Decision != nil && c.Decision.At.After(c.StartedAt.Add(length(c.Approval.Within)))
}

// beganFirst reports whether the change began before it was approved.
func (c *Change) beganFirst() bool {
	return slices.ContainsFunc(c.History, func(e Event) bool { return e.Verb == VerbStartUnapproved })
}
