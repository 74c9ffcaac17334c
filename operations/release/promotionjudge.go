package release

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/estimate"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// Shown is what is known of one question: whether it is so, and what says it.
type Shown struct {
	Met  bool   `json:"met"`
	Text string `json:"text,omitempty"` // what was found, or what is missing, for people
	Ref  string `json:"ref,omitempty"`  // where that can be seen
}

// Usage is who uses a feature, and what they say of it.
type Usage struct {
	Known     bool `json:"known"` // false: nobody counts it
	Customers int  `json:"customers"`
	Asked     int  `json:"asked"` // of those who answered
	Satisfied int  `json:"satisfied"`
}

// World tells what a promotion is judged by, where this package does not know it. Each
// method reads only. An error ends the judgement; what nobody knows is not so.
type World interface {
	// Proven says whether the tests of a feature passed on a version.
	Proven(ctx context.Context, f Feature, version string) (Shown, error)
	// Use says who uses a feature.
	Use(ctx context.Context, f Feature) (Usage, error)
	// Documentation says whether customers can read how it works in a version.
	Documentation(ctx context.Context, f Feature, version string) (Shown, error)
	// Runbook says whether a run book says how it is run.
	Runbook(ctx context.Context, f Feature) (Shown, error)
}

// Facts are what a promotion is judged by, at an instant. They are kept with the judgement.
type Facts struct {
	At       time.Time `json:"at"`
	Since    time.Time `json:"since,omitzero"` // when it got into the stage that it leaves; zero: nobody knows
	Proven   Shown     `json:"proven"`
	Use      Usage     `json:"use"`
	Written  Shown     `json:"written"` // documentation
	Runbook  Shown     `json:"runbook"`
	SignOffs []SignOff `json:"signOffs,omitempty"` // of the version
	Waivers  []Waiver  `json:"waivers,omitempty"`
}

// Row is one criterion, as it was judged.
type Row struct {
	Criterion string `json:"criterion"`
	Text      string `json:"text"` // what is asked for
	Met       bool   `json:"met"`
	Found     string `json:"found"`
	// Lacks is what would fulfil it; "" where it is met.
	Lacks string `json:"lacks,omitempty"`
	// Waived says that it is not met, and a waiver stands for it.
	Waived bool      `json:"waived,omitempty"`
	Until  time.Time `json:"until,omitzero"` // of the waiver
}

// Judgement is whether a feature may get into a stage: criterion by criterion, with the
// facts and the edition of the procedure that it rests on. It recomputes from these.
type Judgement struct {
	Feature FeatureID `json:"feature"`
	From    Stage     `json:"from"`
	To      Stage     `json:"to"`
	Version string    `json:"version"`
	Edition int       `json:"edition"` // of the procedure
	Facts   Facts     `json:"facts"`
	Rows    []Row     `json:"rows"`
	Passed  bool      `json:"passed"` // each criterion is met or waived
}

// Lacking returns the rows that are neither met nor waived.
func (j Judgement) Lacking() []Row {
	return slices.DeleteFunc(slices.Clone(j.Rows), func(r Row) bool { return r.Met || r.Waived })
}

// Judge judges by the facts whether a feature may get from one stage into another one, in a
// version.
func (p Procedure) Judge(id FeatureID, from, to Stage, version string, f Facts) Judgement {
	j := Judgement{Feature: id, From: from, To: to, Version: version, Edition: p.Edition, Facts: f, Rows: []Row{}, Passed: true}
	for _, c := range p.For(to) {
		r := c.judge(&j)
		if !r.Met {
			if w, ok := standing(f.Waivers, c.ID, f.At); ok {
				r.Waived, r.Until = true, w.Until
			} else {
				j.Passed = false
			}
		}
		j.Rows = append(j.Rows, r)
	}
	return j
}

// Again judges anew, by the same facts: with the same edition of the procedure it is the
// same judgement.
func (j Judgement) Again(p Procedure) Judgement {
	return p.Judge(j.Feature, j.From, j.To, j.Version, j.Facts)
}

func (c Criterion) judge(j *Judgement) Row {
	r, f := Row{Criterion: c.ID, Text: c.Text}, &j.Facts
	switch c.Kind {
	case AskProven:
		r.known(f.Proven, "passed", "nothing shows that its tests passed on "+j.Version, "have its tests pass on "+j.Version)
	case AskDocumentation:
		r.known(f.Written, "there", "there is none", "write what customers have to know of it in "+j.Version)
	case AskRunbook:
		r.known(f.Runbook, "there", "there is none", "publish a run book that says how it is run")
	case AskSoak:
		c.soaked(&r, f, j.From)
	case AskUse:
		c.used(&r, f.Use)
	case AskUnused:
		switch {
		case !f.Use.Known:
			r.Found, r.Lacks = "nobody knows who uses it", "count who uses it"
		case f.Use.Customers > 0:
			r.Found, r.Lacks = count(f.Use.Customers, "customer uses", "customers use")+" it", "lead them away from it"
		default:
			r.Met, r.Found = true, "nobody uses it"
		}
	case AskSatisfaction:
		c.satisfied(&r, f.Use)
	case AskSignOff:
		c.signed(&r, f.SignOffs, j.Version)
	default: // of a newer release: nothing shows that it is so
		r.Found, r.Lacks = "this program does not know what is asked for", "use one that does"
	}
	return r
}

func (r *Row) known(k Shown, found, missing, lacks string) {
	r.Met, r.Found = k.Met, k.Text
	if r.Found == "" {
		r.Found = missing
		if k.Met {
			r.Found = found
		}
	}
	if !k.Met {
		r.Lacks = lacks
	}
}

func (c Criterion) soaked(r *Row, f *Facts, from Stage) {
	want, _ := c.Soak.Get()
	if f.Since.IsZero() {
		r.Found, r.Lacks = "nobody knows since when it is "+from.Words(), "say since when"
		return
	}
	ready := f.Since.Add(want)
	r.Met = !f.At.Before(ready)
	r.Found = from.Words() + " since " + lifecycle.Stamp(f.Since)
	if !r.Met {
		r.Lacks = "wait until " + lifecycle.Stamp(ready)
	}
}

func (c Criterion) used(r *Row, u Usage) {
	if !u.Known {
		r.Found, r.Lacks = "nobody knows who uses it", "count who uses it"
		return
	}
	r.Met = u.Customers >= c.Customers
	r.Found = count(u.Customers, "customer uses", "customers use") + " it"
	if !r.Met {
		r.Lacks = count(c.Customers-u.Customers, "more customer uses", "more customers use") + " it"
	}
}

// count is a number of something in words.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (c Criterion) satisfied(r *Row, u Usage) {
	if !u.Known || u.Asked <= 0 {
		r.Found, r.Lacks = "nobody was asked", "ask those who use it"
		return
	}
	const level, places = 0.95, 2
	sure := level
	if c.Level.Valid {
		sure, _ = c.Level.Decimal.Float64()
	}
	i, err := estimate.Wilson.Interval(u.Satisfied, u.Asked, sure)
	if err != nil {
		r.Found, r.Lacks = "the answers are not in order: "+err.Error(), "count them again"
		return
	}
	hundred := decimal.NewFromInt(100)
	share := decimal.NewFromInt(int64(u.Satisfied)).Mul(hundred).DivRound(decimal.NewFromInt(int64(u.Asked)), places+2)
	low, err := decimal.NewFromString(strconv.FormatFloat(i.Low*100, 'f', places+2, 64))
	if err != nil {
		low = decimal.Zero
	}
	counts := low
	if c.Counts == AsItIs {
		counts = share
	}
	r.Met = counts.GreaterThanOrEqual(c.Share.Decimal)
	r.Found = fmt.Sprintf("%d of %d are satisfied: %s %%, and %s %% by the lower bound", u.Satisfied, u.Asked, share.Round(places), low.Round(places))
	if !r.Met {
		r.Lacks = fmt.Sprintf("%s %% by the lower bound: more answers, or better ones", c.Share.Decimal)
		if c.Counts == AsItIs {
			r.Lacks = fmt.Sprintf("%s %% of those who answer", c.Share.Decimal)
		}
	}
}

func (c Criterion) signed(r *Row, list []SignOff, version string) {
	var who []string
	for _, s := range list {
		if s.Role == c.Role && s.Version == version {
			who = append(who, string(s.By.ID))
		}
	}
	r.Met = len(who) > 0
	if r.Met {
		r.Found = strings.Join(who, ", ") + " signed " + version + " off"
		return
	}
	r.Found = "nobody in the role " + c.Role + " signed " + version + " off"
	r.Lacks = "a person in the role " + c.Role + ", other than who proposed it, signs " + version + " off"
}

// LackingError is the refusal of a promotion, with everything that it lacks.
type LackingError struct {
	servicecoin.RefusedError

	Judgement Judgement
}

// Unwrap returns the refusal.
func (e *LackingError) Unwrap() error { return &e.RefusedError }

func lacking(key servicecoin.Key, verb string, j Judgement) error {
	var b strings.Builder
	for n, r := range j.Lacking() {
		if n > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s: %s (%s)", r.Text, r.Found, r.Lacks)
	}
	return &LackingError{servicecoin.RefusedError{Subject: key, Verb: verb, From: string(j.From), To: string(j.To), Why: b.String()}, j}
}
