package adoption

import "github.com/servicecoin/servicecoin/store"

const (
	onboardingKind = "adoption.onboarding"
	departureKind  = "adoption.departure"
	answerKind     = "adoption.answer"
	templateKind   = "adoption.template"
	journeyKind    = "adoption.journey"
	surveyKind     = "adoption.survey"
)

// Onboardings is how onboardings are kept, in the customer's partition. With
// [store.Across] the provider reads those of everybody: by "state" and when
// they began, by "service", by when the next point is "due", and by when the
// next evidence "expires".
var Onboardings = store.Kind[Onboarding]{
	Name: onboardingKind,
	ID:   func(o Onboarding) string { return string(o.Subscription) },
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

// Departures is how departures are kept, in the customer's partition.
var Departures = store.Kind[Departure]{
	Name: departureKind,
	ID:   func(d Departure) string { return string(d.Subscription) },
	Indexes: []store.Index[Departure]{
		{Name: "state", Columns: "tm", Of: func(d Departure) store.Tuple {
			return store.Tuple{store.Text(d.State), store.Time(d.LeavesAt)}
		}},
	},
}

// Answers is how answers are kept, in the customer's partition. With
// [store.Across] and [Results] the provider reads those of everybody.
var Answers = store.Kind[Answer]{
	Name: answerKind,
	ID:   func(a Answer) string { return answerID(a.Survey, a.Respondent) },
	Indexes: []store.Index[Answer]{
		{Name: "survey", Columns: "tm", Of: func(a Answer) store.Tuple {
			return store.Tuple{store.Text(a.Survey), store.Time(a.At)}
		}},
	},
}

// Templates is how templates are kept, in the provider's partition.
var Templates = store.Kind[Template]{
	Name: templateKind,
	ID:   func(t Template) string { return templateID(t.Service, t.Offering) },
	Indexes: []store.Index[Template]{
		{Name: "service", Columns: "tt", Of: func(t Template) store.Tuple {
			return store.Tuple{store.Text(t.Service), store.Text(t.Offering)}
		}},
	},
}

// Journeys is how journeys are kept, in the provider's partition.
var Journeys = store.Kind[Journey]{
	Name: journeyKind,
	ID:   func(j Journey) string { return string(j.ID) },
}

// Surveys is how surveys are kept, in the provider's partition.
var Surveys = store.Kind[Survey]{
	Name: surveyKind,
	ID:   func(s Survey) string { return string(s.ID) },
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
