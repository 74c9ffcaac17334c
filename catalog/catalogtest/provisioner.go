package catalogtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/suitetest"
)

// ProvisionerHarness is how the suite gets at a provisioner.
type ProvisionerHarness struct {
	// Open returns a provisioner that can set Operation up. It registers its own
	// clean-up.
	Open func(tb testing.TB) catalog.Provisioner
	// Operation is what is set up, with parameters that suit it; the suite gives it
	// keys and subscriptions.
	Operation catalog.Operation
	// Wait is called while an operation is under way, from several goroutines; nil
	// asks again at once.
	Wait func()
	// Patience is how often the suite asks; 0 is 100 times.
	Patience int
}

// Lacks implements suitetest.Harness: every provisioner has what the cases need.
func (h ProvisionerHarness) Lacks(string) bool { return false }

// ProvisionerCase holds a provisioner to one sentence.
type ProvisionerCase = suitetest.Case[ProvisionerHarness]

func provisionerCase(name, sentence string, check func(ctx context.Context, p catalog.Provisioner, h ProvisionerHarness) error) ProvisionerCase {
	return ProvisionerCase{Name: name, Sentence: sentence, Run: func(t testing.TB, h ProvisionerHarness) {
		if err := check(t.Context(), h.Open(t), h); err != nil {
			t.Error(err)
		}
	}}
}

type call = func(ctx context.Context, r catalog.Operation) (catalog.Progress, error)

// settled asks until an operation has ended.
func (h ProvisionerHarness) settled(ctx context.Context, do call, r catalog.Operation) (catalog.Progress, error) {
	patience := h.Patience
	if patience == 0 {
		patience = 100
	}
	for range patience {
		progress, err := do(ctx, r)
		if err == nil {
			err = progress.Validate()
		}
		if err != nil || progress.State != catalog.UnderWay {
			return progress, err
		}
		if h.Wait != nil {
			h.Wait()
		}
	}
	return catalog.Progress{}, fmt.Errorf("operation %s is under way after %d calls", r.Key, patience)
}

// done is settled, and nothing but done.
func (h ProvisionerHarness) done(ctx context.Context, do call, r catalog.Operation) (catalog.Progress, error) {
	progress, err := h.settled(ctx, do, r)
	if err == nil && progress.State != catalog.Done {
		err = fmt.Errorf("operation %s %s: %s", r.Key, progress.State, progress.Text)
	}
	return progress, err
}

func (h ProvisionerHarness) operation(key string, s servicecoin.SubscriptionID, outputs json.RawMessage) catalog.Operation {
	r := h.Operation
	r.Key, r.Subscription, r.Outputs = key, s, outputs
	return r
}

// ProvisionerCases returns the suite for provisioners.
func ProvisionerCases() []ProvisionerCase {
	return []ProvisionerCase{
		provisionerCase("sets up and takes down", "What is ordered is set up, and taken down with the outputs of that.", setsUp),
		provisionerCase("once it has ended", "Once an operation has ended, the answer stays what it was.", staysEnded),
		provisionerCase("the same key at once", "The same key is the same operation, also for callers at the same time.", sameOperation),
		provisionerCase("not there", "Taking down what is not there is done.", notThere),
		provisionerCase("cancelled", "A cancelled context is an error, and the operation can be asked after later.", cancelled),
	}
}

func setsUp(ctx context.Context, p catalog.Provisioner, h ProvisionerHarness) error {
	up, err := h.done(ctx, p.Provision, h.operation("up-1", "s1", nil))
	if err != nil {
		return err
	}
	_, err = h.done(ctx, p.Deprovision, h.operation("down-1", "s1", up.Outputs))
	return err
}

func staysEnded(ctx context.Context, p catalog.Provisioner, h ProvisionerHarness) error {
	for key, do := range map[string]call{"up-1": p.Provision, "down-1": p.Deprovision} {
		r := h.operation(key, "s1", nil)
		first, err := h.settled(ctx, do, r)
		if err != nil {
			return err
		}
		if again, err := do(ctx, r); err != nil || !reflect.DeepEqual(first, again) {
			return fmt.Errorf("operation %s: first %v, then %v (%w)", key, first, again, err)
		}
	}
	return nil
}

func sameOperation(ctx context.Context, p catalog.Provisioner, h ProvisionerHarness) error {
	const callers = 8
	r := h.operation("up-1", "s1", nil)
	answers, errs := make([]catalog.Progress, callers), make([]error, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() { answers[i], errs[i] = h.settled(ctx, p.Provision, r) })
	}
	wg.Wait()
	for i := range callers {
		if errs[i] != nil || !reflect.DeepEqual(answers[0], answers[i]) {
			return fmt.Errorf("one caller got %v, another %v (%w)", answers[0], answers[i], errs[i])
		}
	}
	return nil
}

func notThere(ctx context.Context, p catalog.Provisioner, h ProvisionerHarness) error {
	_, err := h.done(ctx, p.Deprovision, h.operation("down-1", "never", nil))
	return err
}

func cancelled(ctx context.Context, p catalog.Provisioner, h ProvisionerHarness) error {
	r := h.operation("up-1", "s1", nil)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if progress, err := p.Provision(gone, r); err == nil {
		return errors.New("got " + string(progress.State))
	}
	_, err := h.done(ctx, p.Provision, r)
	return err
}

// RunProvisioner runs every case as a parallel subtest on a provisioner of its
// own.
func RunProvisioner(t *testing.T, h ProvisionerHarness) {
	t.Helper()
	suitetest.Run(t, "catalogtest", ProvisionerCases(), h)
}
