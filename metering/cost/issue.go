package cost

import (
	"context"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

// Issue gives the statement of a month to the customer, once the month is over.
// Issuing again answers the statement that holds and changes nothing: what has
// become known since is corrected in the next one. A statement that is too long for
// one record is written a part at a time ([Statement.Parts]); within a host's own
// transaction all of it is in that, and one of more than a commit holds is refused.
func (s *Statements) Issue(ctx context.Context, by servicecoin.Actor, m calendar.Month) (Statement, error) {
	if err := s.authorize(ctx, by, VerbIssueStatement, MonthRecord, m.String()); err != nil {
		return Statement{}, err
	}
	var done Statement
	err := s.inParts(ctx, m, func(on *Statements) error {
		standing, err := on.own(ctx, m)
		if err != nil {
			return err
		}
		if standing.Edition > 0 {
			done, err = on.edition(ctx, standing, standing.Edition)
			return err
		}
		d, err := on.draft(ctx, m)
		if err != nil {
			return err
		}
		if standing.Beside && len(d.statement.Lines) == 0 { // it is issued, in another account
			done, err = on.Get(ctx, m)
			return err
		}
		done, err = on.issue(ctx, by, d, standing, "")
		return err
	})
	if err != nil {
		return Statement{}, err
	}
	return done, nil
}

// Replace issues a further edition of a month, with all that is known now, and
// supersedes the one that holds: for a statement that should not have gone out
// as it was. What came late needs no replacement, the next statement corrects it.
// Where nothing would change, it is refused.
func (s *Statements) Replace(ctx context.Context, by servicecoin.Actor, m calendar.Month, reason string) (Statement, error) {
	if err := s.authorize(ctx, by, VerbReplaceStatement, MonthRecord, m.String()); err != nil {
		return Statement{}, err
	}
	var v servicecoin.Violations
	v.Text("reason", reason, 1, 1000)
	if err := v.Err(); err != nil {
		return Statement{}, err
	}
	var done Statement
	err := s.inParts(ctx, m, func(on *Statements) error {
		standing, err := on.Month(ctx, m)
		if err != nil {
			return err
		}
		if standing.Edition > 0 {
			on = on.Account(standing.Currency)
		}
		before, err := on.Get(ctx, m)
		if err != nil {
			return err
		}
		d, err := on.draft(ctx, m)
		if err != nil {
			return err
		}
		same, err := sameLines(before.Lines, before.Total, d.statement.Lines, d.statement.Total)
		if err != nil {
			return err
		}
		if same {
			return before.refuse(VerbReplaceStatement, "", "nothing would change")
		}
		if err := on.ready(&d.statement); err != nil {
			return err // before anything is changed, since a host's unit goes on
		}
		if err := on.supersede(ctx, by, before, reason); err != nil {
			return err
		}
		done, err = on.issue(ctx, by, d, standing, reason)
		return err
	})
	if err != nil {
		return Statement{}, err
	}
	return done, nil
}

// ready divides a long statement, and reports what of it has to be written before it is
// issued.
func (s *Statements) ready(st *Statement) error {
	unwritten, err := st.divide(s.view.Now())
	if err == nil && len(unwritten) > 0 && st.Digest != s.written {
		return &unwrittenError{unwritten}
	}
	return err
}

func (s *Statements) supersede(ctx context.Context, by servicecoin.Actor, before Statement, reason string) error {
	_, err := store.Of(s.view, statements).Update(ctx, before.ID, func(st *Statement) ([]store.Event, error) {
		if err := st.Supersede(s.view.Now(), reason); err != nil {
			return nil, err
		}
		e, err := store.Happened(by, EventStatementSuperseded, StatementChanged{Month: st.Month, Edition: st.Edition, Total: st.Total, Reason: reason})
		return []store.Event{e}, err
	})
	return err
}

// issue stores a draft as the edition that holds, in a unit of work.
func (s *Statements) issue(ctx context.Context, by servicecoin.Actor, d drafted, standing Month, reason string) (Statement, error) {
	st := d.statement
	if err := s.whole(ctx, st.Month); err != nil {
		return Statement{}, err
	}
	st.Edition = standing.Edition + 1
	holds := Month{Month: st.Month, Edition: st.Edition, Period: st.Period, Currency: st.Currency, Beside: standing.Beside}
	st.ID = holds.statement(st.Edition)
	if err := st.Issue(by, s.view.Now()); err != nil {
		return Statement{}, err
	}
	if err := s.ready(&st); err != nil {
		return Statement{}, err
	}
	e, err := store.Happened(by, EventStatementIssued, StatementChanged{Month: st.Month, Edition: st.Edition, Total: st.Total, Reason: reason})
	if err != nil {
		return Statement{}, err
	}
	if err := store.Of(s.view, statements).Insert(ctx, st.head(), e); err != nil {
		return Statement{}, err
	}
	c := store.Of(s.view, months)
	if standing.Edition == 0 {
		err = c.Insert(ctx, holds)
	} else {
		_, err = c.Update(ctx, holds.id(), func(x *Month) ([]store.Event, error) {
			*x = holds
			return nil, nil
		})
	}
	if err != nil {
		return Statement{}, err
	}
	for _, settled := range d.settles {
		if _, err := c.Update(ctx, settled.id(), func(x *Month) ([]store.Event, error) {
			x.Due = false
			return nil, nil
		}); err != nil {
			return Statement{}, err
		}
	}
	for _, stays := range d.stays {
		if err := s.dueIn(ctx, by, stays, st.Key()); err != nil {
			return Statement{}, err
		}
	}
	return st, nil
}
