package release

import (
	"time"

	"github.com/servicecoin/servicecoin"
)

// ProofWaiver lets a feature go without proof, in one version or in all, until an instant.
type ProofWaiver struct {
	Feature FeatureID            `json:"feature"`
	Version string               `json:"version,omitempty"` // "": all
	By      servicecoin.PersonID `json:"by"`
	Why     string               `json:"why"`
	From    time.Time            `json:"from,omitzero"`
	Until   time.Time            `json:"until"` // exclusive
}

// Validate reports every violation of the waiver.
func (w *ProofWaiver) Validate() error {
	var v servicecoin.Violations
	const most = 500
	v.Text("feature", string(w.Feature), 1, mostFeature)
	if w.Version != "" {
		readVersion(&v, "version", w.Version)
	}
	v.Text("by", string(w.By), 1, mostFeature)
	v.Text("why", w.Why, 1, most)
	v.Time("until", w.Until)
	if !w.From.IsZero() && !w.From.Before(w.Until) {
		v.Add("until", "out-of-order", "", "must come after it begins")
	}
	return v.Err()
}

// holds reports whether the waiver holds at an instant; at the zero time those hold that
// ever did.
func (w *ProofWaiver) holds(at time.Time) bool {
	return at.IsZero() || !at.Before(w.From) && at.Before(w.Until)
}
