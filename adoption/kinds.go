package adoption

import (
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/store"
)

// The kinds of records, as they stand in a [servicecoin.Key].
const (
	OnboardingRecord = "adoption.onboarding" // customer's partition: [Onboarding]
	DepartureRecord  = "adoption.departure"  // customer's partition: [Departure]
	AnswerRecord     = "adoption.answer"     // customer's partition: [Answer]
	TemplateRecord   = "adoption.template"   // provider's partition: [Template]
	JourneyRecord    = "adoption.journey"    // provider's partition: [Journey]
	SurveyRecord     = "adoption.survey"     // provider's partition: [Survey]
)

// Onboardings reads the onboardings of all customers, for the provider's own
// work: by "state" and when they began, by "service", by when the next point is
// "due", and by when the next evidence "expires".
func Onboardings(s *store.Store) store.Reader[Onboarding] { return store.Across(s, onboardings) }

// Answers reads the answers of all customers, by "survey" and when they were
// given; see [Results].
func Answers(s *store.Store) store.Reader[Answer] { return store.Across(s, answers) }

var onboardings = store.Kind[Onboarding]{
	Name:  OnboardingRecord,
	House: house.Own(),
	ID:    func(o Onboarding) string { return string(o.Subscription) },
	Indexes: []store.Index[Onboarding]{
		{Name: "state", Columns: "tm", Of: func(o Onboarding) store.Tuple {
			return store.Tuple{store.Text(o.State), store.Time(o.BegunAt)}
		}},
		{Name: "service", Columns: "tm", Of: func(o Onboarding) store.Tuple {
			return store.Tuple{store.Text(o.Service), store.Time(o.BegunAt)}
		}},
		{Name: "due", Columns: "m", Of: func(o Onboarding) store.Tuple {
			if by := o.dueBy(); !by.IsZero() {
				return store.Tuple{store.Time(by)}
			}
			return nil
		}},
		{Name: "expires", Columns: "m", Of: func(o Onboarding) store.Tuple {
			if first := o.expires(); !first.IsZero() {
				return store.Tuple{store.Time(first)}
			}
			return nil
		}},
	},
}

var departures = store.Kind[Departure]{
	Name:  DepartureRecord,
	House: house.Own(),
	ID:    func(d Departure) string { return string(d.Subscription) },
	Indexes: []store.Index[Departure]{
		{Name: "state", Columns: "tm", Of: func(d Departure) store.Tuple {
			return store.Tuple{store.Text(d.State), store.Time(d.LeavesAt)}
		}},
	},
}

var answers = store.Kind[Answer]{
	Name:  AnswerRecord,
	House: house.Own(),
	ID:    func(a Answer) string { return answerID(a.Survey, a.Respondent) },
	Indexes: []store.Index[Answer]{
		{Name: "survey", Columns: "tm", Of: func(a Answer) store.Tuple {
			return store.Tuple{store.Text(a.Survey), store.Time(a.At)}
		}},
	},
}

var templates = store.Kind[Template]{
	Name:  TemplateRecord,
	House: house.Own(),
	ID:    func(t Template) string { return templateID(t.Service, t.Offering) },
	Indexes: []store.Index[Template]{
		{Name: "service", Columns: "tt", Of: func(t Template) store.Tuple {
			return store.Tuple{store.Text(t.Service), store.Text(t.Offering)}
		}},
	},
}

var journeys = store.Kind[Journey]{
	Name:  JourneyRecord,
	House: house.Own(),
	ID:    func(j Journey) string { return string(j.ID) },
}

var surveys = store.Kind[Survey]{
	Name:  SurveyRecord,
	House: house.Own(),
	ID:    func(s Survey) string { return string(s.ID) },
	Indexes: []store.Index[Survey]{
		{Name: "opens", Columns: "m", Of: func(s Survey) store.Tuple { return store.Tuple{store.Time(s.OpensAt)} }},
		{Name: "series", Columns: "tm", Of: func(s Survey) store.Tuple {
			if s.Series == "" {
				return nil
			}
			return store.Tuple{store.Text(s.Series), store.Time(s.OpensAt)}
		}},
	},
}
