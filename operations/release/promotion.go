package release

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// PromotionID names a promotion: of one feature, into one stage, from one line on. It is
// made of these: see [PromotionOf].
type PromotionID string

// PromotionState is how far a promotion is.
type PromotionState string

// The states of a promotion.
const (
	PromotionProposed PromotionState = "proposed"
	PromotionDone     PromotionState = "promoted"
	PromotionDropped  PromotionState = "dropped" // it may be proposed again
)

// Promotion is the case of one feature that gets into a stage from a line on: who proposed
// it, who signed which version off, what was waived, and how it was judged.
type Promotion struct {
	ID       PromotionID       `json:"id"`
	Feature  FeatureID         `json:"feature"`
	Platform PlatformID        `json:"platform"`
	To       Stage             `json:"to"`
	From     string            `json:"from"`    // the line
	Version  string            `json:"version"` // of the line, that is judged
	Default  bool              `json:"default,omitempty"`
	Locked   bool              `json:"locked,omitempty"`
	Why      string            `json:"why"`
	State    PromotionState    `json:"state"`
	At       time.Time         `json:"at"` // when it was proposed
	By       servicecoin.Actor `json:"by"`
	// Deprecation goes with a promotion into deprecated.
	Deprecation *Deprecation `json:"deprecation,omitempty"`

	SignOffs  []SignOff  `json:"signOffs,omitempty"` // also those of versions that were judged before
	Waivers   []Waiver   `json:"waivers,omitempty"`  // each one that was ever granted
	Judgement *Judgement `json:"judgement,omitempty"`

	EndedAt time.Time         `json:"endedAt,omitzero"`
	EndedBy servicecoin.Actor `json:"endedBy,omitzero"`
	Reason  string            `json:"reason,omitempty"` // why it was dropped
}

// SignOff is the word of a person in a role for one version.
type SignOff struct {
	Role    string            `json:"role"`
	Version string            `json:"version"`
	By      servicecoin.Actor `json:"by"`
	At      time.Time         `json:"at"`
	Text    string            `json:"text,omitempty"`
}

// Waiver lets a promotion go without a criterion for a time. It is never prolonged: what is
// wanted for longer is another one, with its own reason.
type Waiver struct {
	Criterion string            `json:"criterion"`
	Why       string            `json:"why"`
	By        servicecoin.Actor `json:"by"`
	At        time.Time         `json:"at"`
	Until     time.Time         `json:"until"`          // exclusive
	MetAt     time.Time         `json:"metAt,omitzero"` // when the criterion was found to be met after all
	Found     string            `json:"found,omitempty"`
}

// The limits of a promotion.
const (
	maxSignOffs   = 100
	maxWaivers    = 100
	maxWaiverDays = 400
)

// PromotionOf returns the id of the promotion of a feature into a stage from a line on.
func PromotionOf(f FeatureID, to Stage, from string) PromotionID {
	return PromotionID(strings.Join([]string{string(f), string(to), from}, "~"))
}

// standing returns the waiver of a criterion that holds at an instant.
func standing(list []Waiver, criterion string, at time.Time) (Waiver, bool) {
	for _, w := range slices.Backward(list) {
		if w.Criterion == criterion && !at.Before(w.At) && at.Before(w.Until) {
			return w, true
		}
	}
	return Waiver{}, false
}

// Open is a criterion that a feature went without, and still does.
type Open struct {
	Row    Row
	Waiver Waiver // the last one
	// Over says that no waiver stands for it any more: it was promoted under one that is
	// over, and nobody did what it put off.
	Over bool
}

// Open returns what the promotion was judged to lack and is not known to have since, at an
// instant: it is shown wherever the stage is. Nothing, of one that is not done.
func (p *Promotion) Open(at time.Time) (list []Open) {
	if p.State != PromotionDone || p.Judgement == nil {
		return nil
	}
	for _, r := range p.Judgement.Rows {
		if r.Met {
			continue
		}
		var last Waiver
		met := false
		for _, w := range p.Waivers {
			if w.Criterion == r.Criterion {
				last = w
				met = met || !w.MetAt.IsZero() && !at.Before(w.MetAt)
			}
		}
		if !met {
			_, stands := standing(p.Waivers, r.Criterion, at)
			list = append(list, Open{Row: r, Waiver: last, Over: !stands})
		}
	}
	return list
}

// due is when the first of the open waivers is over; zero: none is open.
func (p *Promotion) due() (first time.Time) {
	for _, o := range p.Open(p.EndedAt.AddDate(maxSoakYears*2, 0, 0)) {
		if first.IsZero() || o.Waiver.Until.Before(first) {
			first = o.Waiver.Until
		}
	}
	return first
}

func (p *Promotion) key() servicecoin.Key {
	return servicecoin.Key{Kind: PromotionRecord, ID: string(p.ID)}
}

func (p *Promotion) refuse(verb, why string) error {
	return &servicecoin.RefusedError{Subject: p.key(), Verb: verb, From: string(p.State), Why: why}
}

// hands are who acts, and for whom.
func hands(a servicecoin.Actor) []servicecoin.PersonID {
	if a.OnBehalfOf == "" {
		return []servicecoin.PersonID{a.ID}
	}
	return []servicecoin.PersonID{a.ID, a.OnBehalfOf}
}

func sameHand(a, b servicecoin.Actor) bool {
	return slices.ContainsFunc(hands(a), func(p servicecoin.PersonID) bool { return slices.Contains(hands(b), p) })
}

// byPerson reports who is not a person of the provider.
func byPerson(v *servicecoin.Violations, by servicecoin.Actor) {
	if by.Kind != servicecoin.Human && by.Validate() == nil {
		v.Add("by", "not-a-person", by.String(), "a person of the provider stands for it, not a program or a customer")
	}
}

// Sign records that a person in a role stands for the version that is judged now. Who
// proposed the promotion cannot, nor can somebody for them. What was promoted without such
// a word can be given it later.
func (p *Promotion) Sign(by servicecoin.Actor, at time.Time, role, text string) error {
	if p.State != PromotionProposed && len(p.Open(at)) == 0 {
		return p.refuse(VerbSignOff, "only what is proposed, or was promoted without something, is signed off")
	}
	at, err := lifecycle.Check(by, at, func(v *servicecoin.Violations) {
		byPerson(v, by)
		v.Text("role", role, 1, maxCriterion)
		v.Text("text", text, 0, maxReason)
		v.Limit("signOffs", len(p.SignOffs)+1, maxSignOffs)
	})
	if err != nil {
		return err
	}
	if sameHand(by, p.By) {
		return p.refuse(VerbSignOff, "who proposed it cannot sign it off")
	}
	if slices.ContainsFunc(p.SignOffs, func(s SignOff) bool { return s.Role == role && s.Version == p.Version && sameHand(s.By, by) }) {
		return p.refuse(VerbSignOff, "has signed this version off in this role")
	}
	p.SignOffs = append(slices.Clip(p.SignOffs), SignOff{Role: role, Version: p.Version, By: by, At: at, Text: text})
	return nil
}

// Waive lets the promotion go without a criterion until an instant, because of a reason: by
// a person who did not propose it. What is promoted may be given another waiver for what
// it went without.
func (p *Promotion) Waive(by servicecoin.Actor, at time.Time, criterion, why string, until time.Time) error {
	if p.State == PromotionDropped {
		return p.refuse(VerbWaive, "it is dropped")
	}
	until = lifecycle.Instant(until)
	at, err := lifecycle.Check(by, at, func(v *servicecoin.Violations) {
		byPerson(v, by)
		v.ID("criterion", criterion)
		v.Text("why", why, 1, maxReason)
		v.Time("until", until)
		if !until.IsZero() && (!until.After(at) || until.After(at.AddDate(0, 0, maxWaiverDays))) {
			v.Add("until", "out-of-range", lifecycle.Stamp(until), fmt.Sprintf("must be later than now, and within %d days", maxWaiverDays))
		}
		v.Limit("waivers", len(p.Waivers)+1, maxWaivers)
	})
	if err != nil {
		return err
	}
	if sameHand(by, p.By) {
		return p.refuse(VerbWaive, "who proposed it cannot waive what it lacks")
	}
	if p.State == PromotionDone && !slices.ContainsFunc(p.Open(at), func(o Open) bool { return o.Row.Criterion == criterion }) {
		return p.refuse(VerbWaive, "it was not promoted without "+criterion)
	}
	p.Waivers = append(slices.Clip(p.Waivers), Waiver{Criterion: criterion, Why: why, By: by, At: at, Until: until})
	return nil
}

// Settle marks what is open and is met after all, by a later judgement. It reports whether
// there was any.
func (p *Promotion) Settle(j Judgement) bool {
	done := false
	for _, o := range p.Open(j.Facts.At) {
		n := slices.IndexFunc(j.Rows, func(r Row) bool { return r.Criterion == o.Row.Criterion && r.Met })
		if n < 0 {
			continue
		}
		p.Waivers = slices.Clone(p.Waivers)
		for k := len(p.Waivers) - 1; k >= 0; k-- {
			if p.Waivers[k].Criterion == o.Row.Criterion {
				p.Waivers[k].MetAt, p.Waivers[k].Found = j.Facts.At, j.Rows[n].Found
				done = true
				break
			}
		}
	}
	return done
}
