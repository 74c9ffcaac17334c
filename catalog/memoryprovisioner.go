package catalog

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/servicecoin/servicecoin"
)

// MemoryProvisioner is a Provisioner for tests: as strict as a real one about
// keys, with answers that a test scripts. Its zero value is ready and does
// everything at once.
type MemoryProvisioner struct {
	mu     sync.Mutex
	script []Answer
	ended  map[string]ended
	calls  []Call
	there  map[servicecoin.SubscriptionID]Operation
}

// Answer is one scripted answer. With an Err the call does not get through;
// with Lost too, it does, and its answer does not.
type Answer struct {
	Progress Progress
	Err      error
	Lost     bool
}

// Call is one call that was made.
type Call struct {
	Verb      string // [VerbProvisionOrder] or [VerbDeprovisionSubscription]
	Operation Operation
}

// ended is an operation that has its answer for good.
type ended struct {
	operation string // its content
	progress  Progress
}

// Script appends answers to be given, in order, to calls whose operation has
// not ended yet. Without any, an operation is done.
func (p *MemoryProvisioner) Script(answers ...Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script = append(p.script, answers...)
}

// Calls returns every call, in order.
func (p *MemoryProvisioner) Calls() []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}

// There returns the subscriptions that are set up, sorted.
func (p *MemoryProvisioner) There() []servicecoin.SubscriptionID {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := []servicecoin.SubscriptionID{}
	for id := range p.there {
		list = append(list, id)
	}
	slices.Sort(list)
	return list
}

// Provision implements Provisioner.
func (p *MemoryProvisioner) Provision(ctx context.Context, r Operation) (Progress, error) {
	return p.call(ctx, VerbProvisionOrder, r)
}

// Deprovision implements Provisioner.
func (p *MemoryProvisioner) Deprovision(ctx context.Context, r Operation) (Progress, error) {
	return p.call(ctx, VerbDeprovisionSubscription, r)
}

func (p *MemoryProvisioner) call(ctx context.Context, verb string, r Operation) (Progress, error) {
	if err := ctx.Err(); err != nil {
		return Progress{}, context.Cause(ctx)
	}
	content, err := json.Marshal(Call{verb, r})
	if err != nil {
		return Progress{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, Call{verb, r})
	if before, ok := p.ended[r.Key]; ok {
		if before.operation != string(content) {
			var v servicecoin.Violations
			v.Add("key", "reused", r.Key, "is the key of another operation")
			return Progress{}, v.Err()
		}
		return before.progress, nil
	}
	answer := Answer{Progress: Progress{State: Done}}
	if len(p.script) > 0 {
		answer, p.script = p.script[0], p.script[1:]
	}
	if answer.Err != nil && !answer.Lost {
		return Progress{}, answer.Err
	}
	p.end(verb, r, string(content), answer.Progress)
	if answer.Err != nil {
		return Progress{}, answer.Err
	}
	return answer.Progress, nil
}

// end keeps the answer of an operation that has one for good.
func (p *MemoryProvisioner) end(verb string, r Operation, content string, progress Progress) {
	if progress.State == UnderWay {
		return
	}
	if p.ended == nil {
		p.ended, p.there = map[string]ended{}, map[servicecoin.SubscriptionID]Operation{}
	}
	p.ended[r.Key] = ended{content, progress}
	switch {
	case progress.State != Done:
	case verb == VerbProvisionOrder:
		p.there[r.Subscription] = r
	default:
		delete(p.there, r.Subscription)
	}
}
