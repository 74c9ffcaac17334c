package adoption

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// Playbook is what a provider has designed for all its customers: what signing
// up needs, the journeys, and the surveys. It stands over a view of the
// provider's partition. Every changing verb asks Authorize and records an event
// in the same commit.
type Playbook struct{ view store.View }

// NewPlaybook returns the playbook of the provider's view; of a customer's, the
// first call says so.
func NewPlaybook(view store.View) *Playbook {
	return &Playbook{view: view.OfProvider("a playbook")}
}

// On returns the same playbook over another view: of the host's transaction, or
// of a unit of work.
func (b *Playbook) On(view store.View) *Playbook { return NewPlaybook(view) }

// PublishTemplate makes a template the one of its service, or of its offering. It
// has points only: what is due at them has one owner, the offering.
// Its edition names the one that it was made from, 0 for the first, and is
// counted up; if another one was published meanwhile, it is refused. Onboardings
// that run keep the edition that they began with.
func (b *Playbook) PublishTemplate(ctx context.Context, by servicecoin.Actor, t Template) (Template, error) {
	id := templateID(t.Service, t.Offering)
	if err := b.view.Ask(ctx, by, VerbPublishTemplate, TemplateRecord, id); err != nil {
		return Template{}, err
	}
	var v servicecoin.Violations
	if n := len(t.Prerequisites); n > 0 {
		v.Add("prerequisites", "elsewhere", "", "are those of the offering: an onboarding takes them over when it begins")
	}
	v.Merge("", t.Validate())
	if err := v.Err(); err != nil {
		return Template{}, err
	}
	return edition[Template]{
		verb: VerbPublishTemplate, kind: templates, id: id, from: t.Edition, of: func(t Template) int { return t.Edition },
		next: func(before Template) (Template, store.Event, error) {
			t.Edition, t.Prerequisites = before.Edition+1, []Prerequisite{}
			e, err := store.Happened(by, EventTemplatePublished, TemplateChanged{t.Service, t.Offering, t.Edition})
			return t, e, err
		},
	}.publish(ctx, b.view)
}

// PublishJourney makes a journey the one of its id, by edition as
// [Playbook.PublishTemplate] does. How its tests went is not published but
// recorded ([Playbook.Tested]): results stay where a touchpoint is what it was
// when it was tested, and are forgotten where it is not.
func (b *Playbook) PublishJourney(ctx context.Context, by servicecoin.Actor, j Journey) (Journey, error) {
	if err := b.view.Ask(ctx, by, VerbPublishJourney, JourneyRecord, string(j.ID)); err != nil {
		return Journey{}, err
	}
	if err := j.Validate(); err != nil {
		return Journey{}, err
	}
	return edition[Journey]{
		verb: VerbPublishJourney, kind: journeys, id: string(j.ID), from: j.Edition, of: func(j Journey) int { return j.Edition },
		next: func(before Journey) (Journey, store.Event, error) {
			j.succeed(before)
			e, err := store.Happened(by, EventJourneyPublished, JourneyChanged{j.ID, j.Edition})
			return j, e, err
		},
	}.publish(ctx, b.view)
}

// edition is a record about to be published.
type edition[T any] struct {
	verb string
	kind store.Kind[T]
	id   string
	from int                                    // the edition that it was made from
	of   func(T) int                            // the edition of a record
	next func(before T) (T, store.Event, error) // before is zero for the first
}

// publish stores the next edition, if it was made from the last one.
func (e edition[T]) publish(ctx context.Context, view store.View) (T, error) {
	var next T
	err := view.Do(ctx, func(tx store.View) error {
		c := store.Of(tx, e.kind)
		before, err := c.Item(ctx, e.id)
		if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		if last := e.of(before.Value); last != e.from {
			return &servicecoin.RefusedError{
				Subject: tx.Key(e.kind.Name, e.id), Verb: e.verb,
				Why: fmt.Sprintf("it was made from edition %d, and edition %d is published: read that one first", e.from, last),
			}
		}
		var published store.Event
		if next, published, err = e.next(before.Value); err != nil {
			return err
		}
		return c.Put(ctx, next, before.Version, published)
	})
	if err != nil {
		var none T
		return none, err
	}
	return next, nil
}

// TemplateFor returns through which points signing up for a service in an offering goes: the
// template of the offering, or that of the service where it has none of its own.
func (b *Playbook) TemplateFor(ctx context.Context, service servicecoin.ServiceID, offering servicecoin.OfferingID) (Template, error) {
	c := store.Of(b.view, templates)
	if offering != "" {
		t, err := c.Get(ctx, templateID(service, offering))
		if !errors.Is(err, servicecoin.ErrNotFound) {
			return t, err
		}
	}
	return c.Get(ctx, templateID(service, ""))
}

// Templates lists the templates by service and offering.
func (b *Playbook) Templates() store.Listing[Template] {
	return store.Of(b.view, templates).Find(store.By("service"))
}

// Journey returns a journey.
func (b *Playbook) Journey(ctx context.Context, id JourneyID) (Journey, error) {
	return store.Of(b.view, journeys).Get(ctx, string(id))
}

// Journeys lists the journeys by id.
func (b *Playbook) Journeys() store.Listing[Journey] {
	return store.Of(b.view, journeys).Find(store.All())
}

// Tested records a run of a touchpoint's acceptance test; a run without a time
// ended now. The program that runs the tests calls it.
func (b *Playbook) Tested(ctx context.Context, by servicecoin.Actor, id JourneyID, touchpoint TouchpointID, r Run) (Journey, error) {
	if err := b.view.Ask(ctx, by, VerbTestJourney, JourneyRecord, string(id)); err != nil {
		return Journey{}, err
	}
	return store.Of(b.view, journeys).Update(ctx, string(id), func(j *Journey) ([]store.Event, error) {
		if err := j.Tested(by, b.view.Now(), touchpoint, r); err != nil {
			return nil, err
		}
		t, _ := j.Touchpoint(touchpoint)
		return happened(by, JourneyTested{j.ID, t.ID, t.Kind, t.Service, t.Test.Last}, EventTouchpointTested)
	})
}

// Check names what the journeys lack now, all of them together as one design,
// for the services given: see [CheckAll].
func (b *Playbook) Check(ctx context.Context, services ...servicecoin.ServiceID) (Findings, error) {
	var journeys []Journey
	for j, err := range b.Journeys().All(ctx) {
		if err != nil {
			return nil, err
		}
		journeys = append(journeys, j)
	}
	return CheckAll(b.view.Now(), services, journeys...), nil
}

// Ask records a survey: one round. An empty id is filled in; a survey that says
// nothing of when it opens opens now.
func (b *Playbook) Ask(ctx context.Context, by servicecoin.Actor, s Survey) (Survey, error) {
	if s.ID == "" {
		s.ID = SurveyID(b.view.NewID())
	}
	if err := b.view.Ask(ctx, by, VerbAskSurvey, SurveyRecord, string(s.ID)); err != nil {
		return Survey{}, err
	}
	if s.OpensAt, s.ClosesAt = lifecycle.Instant(s.OpensAt), lifecycle.Instant(s.ClosesAt); s.OpensAt.IsZero() {
		s.OpensAt = b.view.Now()
	}
	if err := s.Validate(); err != nil {
		return Survey{}, err
	}
	events, err := happened(by, s.told(), EventSurveyAsked)
	if err != nil {
		return Survey{}, err
	}
	return s, store.Of(b.view, surveys).Insert(ctx, s, events...)
}

// EndSurvey sets another end of a survey that is not over; a zero until is now.
func (b *Playbook) EndSurvey(ctx context.Context, by servicecoin.Actor, id SurveyID, until time.Time) (Survey, error) {
	if err := b.view.Ask(ctx, by, VerbEndSurvey, SurveyRecord, string(id)); err != nil {
		return Survey{}, err
	}
	return store.Of(b.view, surveys).Update(ctx, string(id), func(s *Survey) ([]store.Event, error) {
		if err := s.End(by, b.view.Now(), until); err != nil {
			return nil, err
		}
		return happened(by, s.told(), EventSurveyEnded)
	})
}

func (s *Survey) told() SurveyChanged {
	return SurveyChanged{s.ID, s.Kind, s.Service, s.OpensAt, s.ClosesAt}
}

// Survey returns a survey.
func (b *Playbook) Survey(ctx context.Context, id SurveyID) (Survey, error) {
	return store.Of(b.view, surveys).Get(ctx, string(id))
}

// Surveys lists all surveys, the one that opens last first.
func (b *Playbook) Surveys() store.Listing[Survey] {
	return store.Of(b.view, surveys).Find(store.By("opens").Descending())
}

// Rounds lists the surveys of a series, the first round first.
func (b *Playbook) Rounds(series string) store.Listing[Survey] {
	return store.Of(b.view, surveys).Find(store.By("series", store.Text(series)))
}
