package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Provisioner sets up what was ordered and takes down what is left: the host's
// automation, a ticket for people, a broker. Both methods begin an operation, or
// ask after it: they are called again, as often as it takes, until it is done or
// has failed. They are safe for concurrent use.
//
// An operation has a key, and the same key is the same operation: while it runs
// the answer is under way, once it has ended the answer stays what it was. A
// crash of the caller between the answer and its record is nothing to fear by
// that: it asks again with the same key. After a failure, which is final, the
// next attempt has another key.
//
// An error says that nothing is known: the call did not get through, or the
// answer did not. It is not recorded; the same call is made again later. What the
// provisioner itself decided, a refusal too, is no error but [Failed], and it
// leaves nothing behind.
type Provisioner interface {
	// Provision sets up what the order asks for.
	Provision(ctx context.Context, r Operation) (Progress, error)
	// Deprovision takes it down, with Outputs as Provision returned them. What is
	// not there, or not any more, is done.
	Deprovision(ctx context.Context, r Operation) (Progress, error)
}

// Operation is what a provisioner is asked for.
type Operation struct {
	Key          string                     `json:"key"` // the same key is the same operation
	Customer     servicecoin.CustomerID     `json:"customer"`
	Order        servicecoin.OrderID        `json:"order"`
	Subscription servicecoin.SubscriptionID `json:"subscription"`
	Service      servicecoin.ServiceID      `json:"service"`
	Offering     servicecoin.OfferingID     `json:"offering"`
	Parameters   json.RawMessage            `json:"parameters,omitempty"`
	Outputs      json.RawMessage            `json:"outputs,omitempty"` // of what is taken down
}

// ProgressState is how far an operation has come.
type ProgressState string

// The states of an operation.
const (
	UnderWay ProgressState = "under way"
	Done     ProgressState = "done"
	Failed   ProgressState = "failed" // for good, and it left nothing behind
)

// Progress is what a provisioner answers.
type Progress struct {
	State   ProgressState   `json:"state"`
	Text    string          `json:"text,omitempty"`    // for people; of a failure, the reason
	Outputs json.RawMessage `json:"outputs,omitempty"` // of what is set up, once it is done: a JSON object of at most 64 kB, no secrets
}

const maxProgress = 1000

// Validate reports an unknown state, a failure without a reason, and outputs
// that are no JSON object.
func (p Progress) Validate() error {
	var v servicecoin.Violations
	switch p.State {
	case UnderWay, Done:
	case Failed:
		v.Text("text", p.Text, 1, maxReason)
	default:
		v.Add("state", "unknown", string(p.State), "must be under way, done or failed")
	}
	object(&v, "outputs", p.Outputs)
	return v.Err()
}

// brief cuts what a provisioner says to what is kept of it.
func (p Progress) brief() string {
	if r := []rune(p.Text); len(r) > maxProgress {
		return string(r[:maxProgress])
	}
	return p.Text
}

// ProvisionerError is an error that came from a [Provisioner], or an answer of
// it that makes no sense.
type ProvisionerError struct {
	Key string // of the operation
	Err error
}

// Error returns "provisioner, operation key: err".
func (e *ProvisionerError) Error() string {
	return fmt.Sprintf("provisioner, operation %s: %v", e.Key, e.Err)
}

// Unwrap returns Err, unless it is a conflict: what changed meanwhile is
// nothing of the store's, and no reason for a unit of work to run again at once.
func (e *ProvisionerError) Unwrap() error {
	if errors.Is(e.Err, servicecoin.ErrConflict) || errors.Is(e.Err, servicecoin.ErrExists) {
		return nil
	}
	return e.Err
}

// OperationKey returns the key of the operation that provisions the order: made of
// customer, order and attempt.
func (o *Order) OperationKey(customer servicecoin.CustomerID) string {
	return store.JoinID("provision", string(customer), string(o.ID), strconv.Itoa(o.Attempt))
}

// OperationKey returns the key of the operation that takes the subscription down: made
// of customer, subscription and attempt.
func (s *Subscription) OperationKey(customer servicecoin.CustomerID) string {
	return store.JoinID("deprovision", string(customer), string(s.ID), strconv.Itoa(s.Attempt))
}

func (o *Order) operation(customer servicecoin.CustomerID) Operation {
	return Operation{
		Key: o.OperationKey(customer), Customer: customer, Order: o.ID, Subscription: o.Subscription,
		Service: o.Service, Offering: o.Offering, Parameters: o.Parameters,
	}
}

func (s *Subscription) operation(customer servicecoin.CustomerID) Operation {
	return Operation{
		Key: s.OperationKey(customer), Customer: customer, Order: s.Order, Subscription: s.ID,
		Service: s.Service, Offering: s.Offering, Parameters: s.Parameters, Outputs: s.Outputs,
	}
}
