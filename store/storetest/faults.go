package storetest

import (
	"context"
	"errors"
	"sync"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// ErrFault is what a scripted failure answers: none of the root's sentinels,
// so that the caller must assume that the commit may have happened.
var ErrFault = errors.New("storetest: scripted fault")

// Fault is what happens to one commit.
type Fault int

// The faults.
const (
	Pass     Fault = iota // the commit goes through
	Before                // it fails and nothing is stored: the connection broke on the way
	After                 // it is stored, and fails all the same: the acknowledgement is lost
	Conflict              // it answers ErrConflict and nothing is stored: the caller must rerun
	Busy                  // it answers ErrBusy and nothing is stored
)

// Faults is a backend that fails on command, for the tests of a host:
//
//	b := storetest.NewFaults(memory.New())
//	b.Script(storetest.Pass, storetest.After) // the second commit from now loses its answer
type Faults struct {
	store.Backend

	mu      sync.Mutex
	script  []Fault
	commits int
	hook    func(store.Commit)
}

// NewFaults returns a backend that behaves as b until it is told otherwise.
func NewFaults(b store.Backend) *Faults { return &Faults{Backend: b} }

// Script says what happens to the next commits, one after the other; what
// follows passes.
func (f *Faults) Script(faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.script = faults
}

// Commits returns how many commits were asked for since the last call.
func (f *Faults) Commits() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.commits
	f.commits = 0
	return n
}

// Meanwhile has hook run before each commit goes through: what another program
// does in between. The hook's own commits do not call it. nil ends it.
func (f *Faults) Meanwhile(hook func(store.Commit)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = hook
}

// Commit implements store.Backend.
func (f *Faults) Commit(ctx context.Context, c store.Commit) error {
	fault, hook := f.next()
	if hook != nil {
		hook(c)
		f.Meanwhile(hook)
	}
	switch fault {
	case Before:
		return ErrFault
	case Conflict:
		return servicecoin.ErrConflict
	case Busy:
		return servicecoin.ErrBusy
	case After:
		if err := f.Backend.Commit(ctx, c); err != nil {
			return err
		}
		return ErrFault
	case Pass:
	}
	return f.Backend.Commit(ctx, c)
}

func (f *Faults) next() (Fault, func(store.Commit)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commits++
	hook := f.hook
	f.hook = nil
	if len(f.script) == 0 {
		return Pass, hook
	}
	fault := f.script[0]
	f.script = f.script[1:]
	return fault, hook
}
