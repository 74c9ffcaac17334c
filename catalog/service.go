package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// ServiceKind tells whom a service is for.
type ServiceKind string

// The kinds of services.
const (
	Business   ServiceKind = "business"   // customers use it
	Supporting ServiceKind = "supporting" // other services rest on it: storage, database, network, communications
)

// Service is one service of the provider: what it is called, how much depends
// on it, and how soon it must be back. Make it with [NewService] and change its
// state by its methods. All instants are UTC, cut to the microsecond.
type Service struct {
	ID           servicecoin.ServiceID `json:"id"`
	Name         string                `json:"name"`
	Kind         ServiceKind           `json:"kind"`
	Descriptions Texts                 `json:"descriptions,omitempty"` // for users
	SupportTeam  string                `json:"supportTeam,omitempty"`

	// Level is the impact of its loss: 1 is the most critical, 0 is not
	// assessed, which is not the same as unimportant.
	Level    int      `json:"level,omitempty"`
	Recovery Recovery `json:"recovery"`
	Imprint  Imprint  `json:"imprint,omitzero"`

	Labels map[string]string `json:"labels,omitempty"` // the host's own

	State       ServiceState `json:"state"`
	LiveSince   time.Time    `json:"liveSince,omitzero"`
	Deprecation Deprecation  `json:"deprecation,omitzero"`
	RetiredAt   time.Time    `json:"retiredAt,omitzero"`
}

// Recovery is how soon a service must be back after the loss of everything, and
// how much of the latest data may be lost.
type Recovery struct {
	RTO calendar.Duration `json:"rto"` // recovery time objective: back after so long at most
	RPO calendar.Duration `json:"rpo"` // recovery point objective: data of so long may be lost
	// Takes is how long restoring the service itself takes once all that it
	// needs is back.
	Takes calendar.Duration `json:"takes"`
}

// Imprint says whose a service is: the customer owns it, the provider holds it
// for a term, and hands it back.
type Imprint struct {
	Owner      servicecoin.CustomerID `json:"owner,omitempty"`  // "" for what is the provider's own
	Holder     string                 `json:"holder,omitempty"` // who runs it on the owner's behalf
	From       time.Time              `json:"from,omitzero"`
	Until      time.Time              `json:"until,omitzero"`      // end of the term, exclusive; zero: open
	HandedBack time.Time              `json:"handedBack,omitzero"` // when the owner got it back; zero: it is held
}

// Deprecation says that something is on its way out: no new orders, what is
// there goes on.
type Deprecation struct {
	Since     time.Time `json:"since"`
	Until     time.Time `json:"until,omitzero"`      // when it is retired, at the earliest; zero: not said yet
	Successor string    `json:"successor,omitempty"` // the id of what to take instead; "" if there is nothing
	Reason    string    `json:"reason"`              // for those who use it, 1 to 4000 characters
}

// The most labels of a service or an offering, and the highest level.
const (
	maxLabels = 50
	maxLevel  = 99
)

// NewService returns a service in state [ServicePlanned], out of everything else that
// s says; its state is ignored. It reports every violation at once.
func NewService(s Service) (Service, error) {
	s.State, s.LiveSince, s.Deprecation, s.RetiredAt = ServicePlanned, time.Time{}, Deprecation{}, time.Time{}
	s.tidy()
	if err := s.Validate(); err != nil {
		return Service{}, err
	}
	return s, nil
}

func (s *Service) tidy() {
	if s.Kind == "" {
		s.Kind = Business
	}
	s.Imprint = s.Imprint.tidy()
	s.LiveSince, s.RetiredAt = lifecycle.Instant(s.LiveSince), lifecycle.Instant(s.RetiredAt)
	s.Descriptions, s.Labels = maps.Clone(s.Descriptions), maps.Clone(s.Labels)
}

func (i Imprint) tidy() Imprint {
	i.From, i.Until, i.HandedBack = lifecycle.Instant(i.From), lifecycle.Instant(i.Until), lifecycle.Instant(i.HandedBack)
	return i
}

// Validate reports every violation of the service's fields, its state
// included.
func (s *Service) Validate() error {
	var v servicecoin.Violations
	v.ID("id", string(s.ID))
	v.Text("name", s.Name, 1, maxTitle)
	switch s.Kind {
	case Business, Supporting:
	default:
		v.Add("kind", "unknown", string(s.Kind), "must be business or supporting")
	}
	v.Merge("descriptions", s.Descriptions.Validate())
	v.Text("supportTeam", s.SupportTeam, 0, maxTitle)
	if s.Level < 0 || s.Level > maxLevel {
		v.Add("level", "out-of-range", strconv.Itoa(s.Level), fmt.Sprintf("must be 1, the most critical, to %d, or 0 for not assessed", maxLevel))
	}
	v.Merge("recovery", s.Recovery.Validate())
	v.Merge("imprint", s.Imprint.Validate())
	labels(&v, s.Labels)
	s.standing(&v)
	if v.Len() == 0 { // what is too long in part is not measured whole
		v.Merge("", room(s))
	}
	return v.Err()
}

func labels(v *servicecoin.Violations, of map[string]string) {
	if !v.Limit("labels", len(of), maxLabels) {
		return
	}
	for _, k := range slices.Sorted(maps.Keys(of)) {
		v.ID("labels", k)
		v.Text("labels."+k, of[k], 0, maxTitle)
	}
}

// Validate reports durations out of range.
func (r Recovery) Validate() error {
	var v servicecoin.Violations
	v.Merge("rto", r.RTO.Validate())
	v.Merge("rpo", r.RPO.Validate())
	v.Merge("takes", r.Takes.Validate())
	return v.Err()
}

// Validate reports a reversed term, and a hand-over before it began.
func (i Imprint) Validate() error {
	var v servicecoin.Violations
	if i.Owner != "" {
		v.ID("owner", string(i.Owner))
	}
	v.Text("holder", i.Holder, 0, maxTitle)
	term(&v, "from", "until", i.From, i.Until)
	if !i.HandedBack.IsZero() && i.HandedBack.Before(i.From) {
		v.Add("handedBack", "out-of-order", lifecycle.Stamp(i.HandedBack), "must not be before it was taken over, "+lifecycle.Stamp(i.From))
	}
	return v.Err()
}

// Held reports whether the holder has it at t.
func (i Imprint) Held(t time.Time) bool {
	return !t.Before(i.From) && (i.HandedBack.IsZero() || t.Before(i.HandedBack))
}

// Key addresses the service, in refusals and traces.
func (s *Service) Key() servicecoin.Key {
	return servicecoin.Key{Customer: servicecoin.Provider, Kind: ServiceRecord, ID: string(s.ID)}
}

// PublicService is what a customer may see of a service. It holds no level, no
// recovery figures, no label and nothing about who else owns what.
type PublicService struct {
	ID          servicecoin.ServiceID `json:"id"`
	Name        string                `json:"name"`
	Kind        ServiceKind           `json:"kind"`
	Description string                `json:"description,omitempty"`
	Language    string                `json:"language,omitempty"` // of the description
	SupportTeam string                `json:"supportTeam,omitempty"`
	State       ServiceState          `json:"state"`
	EndsAt      time.Time             `json:"endsAt,omitzero"`     // of a deprecated one, if it is known
	Successor   string                `json:"successor,omitempty"` // of a deprecated one
	Reason      string                `json:"reason,omitempty"`    // why it is deprecated
}

// Public returns what a customer may see, described in the first of the wanted
// languages that is there ([Texts.In]).
func (s *Service) Public(languages ...string) PublicService {
	p := PublicService{
		ID: s.ID, Name: s.Name, Kind: s.Kind, SupportTeam: s.SupportTeam, State: s.State,
		EndsAt: s.Deprecation.Until, Successor: s.Deprecation.Successor, Reason: s.Deprecation.Reason,
	}
	p.Description, p.Language = s.Descriptions.In(languages...)
	return p
}
