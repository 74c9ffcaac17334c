// Package servicecoin holds the few words that cross package borders: ids,
// [Key], [Customer], [Actor], the errors and [Trace].
//
// Service Coin models what a managed-service provider does as a coin with
// three sides, which belongs to the customer: management (how a service is
// promised and kept), operations (how it is run) and adoption (how people
// come to use it), and the exchange between them. Every package below can be
// used on its own, over storage that the host chooses:
//
//	noun                                          package          side
//	service, offering, order, subscription        catalog          management
//	incident, timeline, follow-up, communication  incident         management
//	promise, availability, budget, credit, report sla              management
//	usage event, meter, quota                     metering         operations
//	price, version, charge                        metering/rating  management
//	credit, burn-down, rollover                   metering/grant   management
//	entitlement, limit, threshold, consequence    metering/entitle management
//	gate, lease                                   metering/gate    operations
//	statement, correction, allocation             metering/cost    management
//	demand beyond what was planned                operations/capacity operations
//	change, approval, freeze, conflict            operations/change operations
//	advisory, deadline, package URL               operations/patch operations
//	run book, run, evidence, checklist            operations/runbook operations
//	release, feature, certificate, binding        operations/release operations
//	item, baseline, observation, drift            operations/configuration operations
//	onboarding, journey, survey, departure        adoption         adoption
//	the exchange between the sides, a month       coin             all three
//	interval, set, date, month, period            calendar         -
//	hours, holiday, timetable, deadline           calendar/hours   -
//	rule, recurrence, window                      calendar/recur   -
//	rotation, turn, shift                         calendar/rota    -
//	event of an iCalendar file, entry of a feed   calendar/ical    -
//	days that are counted in working days         calendar/workday -
//	amount, currency, rounding                    money            -
//	interval of a figure, quantile, share         estimate         -
//	follow-up                                     followup         -
//	transition, entry, refusal                    lifecycle        -
//	version, range, order of an ecosystem         version          -
//	record, unit of work, event, feed             store            -
//	status and body of an HTTP answer to an error problem          -
//
// Some words of ours, in plain ones: a promise is a service level agreement on
// one objective; the exchange is the program that turns one side's events into
// the other sides' work; closing a month is issuing its service level report;
// a spin is one customer's month on all three sides, side by side; the imprint
// of a subscription says whose it is and who holds it.
//
// # Errors
//
// Every error of the library wraps one of the sentinels ([ErrInvalid],
// [ErrNotFound], [ErrExists], [ErrConflict], [ErrRefused], [ErrForbidden],
// [ErrNewer], [ErrBusy]) or comes from below: a driver, a context that ended. Ask
// with errors.Is. What more there is to know is in types: [InvalidError] has the
// violations of an input, [RefusedError] the change that a rule said no to,
// [KeyError] the record; ask with errors.AsType.
//
// Two questions matter more than the kind. [MayHaveHappened]: is the change perhaps
// stored, though the call failed? It is never so with a sentinel. [Retryable]: can
// the same call succeed later? Texts of errors are for people and may change, but
// for the codes of violations. Package problem answers HTTP requests with all that.
//
// Facts are plain structs, rules are pure functions and methods on them, and a
// noun ([incident.Desk], [sla.Keeper]) keeps them in a [store.View]. Time
// comes in as an argument or from [store.Options]; nothing starts by itself.
//
// [incident.Desk]: https://pkg.go.dev/github.com/servicecoin/servicecoin/incident#Desk
// [sla.Keeper]: https://pkg.go.dev/github.com/servicecoin/servicecoin/sla#Keeper
// [store.View]: https://pkg.go.dev/github.com/servicecoin/servicecoin/store#View
// [store.Options]: https://pkg.go.dev/github.com/servicecoin/servicecoin/store#Options
package servicecoin
