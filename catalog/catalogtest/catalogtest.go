// Package catalogtest certifies what a host fills in for package catalog: its
// directory of services, and its provisioner. It has a case for each sentence
// that the interfaces say.
//
//	func TestDirectory(t *testing.T) {
//		catalogtest.RunDirectory(t, catalogtest.DirectoryHarness{
//			Fill:     mine.Fill,
//			Timeless: true, // it knows who uses a service, and not since when
//		})
//	}
package catalogtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/suitetest"
)

// Use says that a customer used the service [Mail] in a span; a zero Until is
// open.
type Use struct {
	Customer    servicecoin.CustomerID
	From, Until time.Time
}

// Mail is the service that every case is about.
const Mail = servicecoin.ServiceID("mail")

// DirectoryHarness is how the suite gets at a directory.
type DirectoryHarness struct {
	// Fill returns a new directory that knows one service, Mail, by that name, and
	// who used it when. It registers its own clean-up. Cases run at the same time.
	Fill func(tb testing.TB, name string, uses []Use) catalog.Directory
	// Timeless leaves the cases out in which it matters when a customer used it
	// ([Times]), for a directory that does not know; RunDirectory prints so.
	Timeless bool
}

// Times is what a Timeless directory lacks.
const Times = "knowledge of when"

// Lacks implements suitetest.Harness.
func (h DirectoryHarness) Lacks(need string) bool { return need == Times && h.Timeless }

// DirectoryCase holds a directory to one sentence.
type DirectoryCase = suitetest.Case[DirectoryHarness]

// directoryCase is a case that asks a directory which [Uses] fills.
func directoryCase(name, needs, sentence string, check func(ctx context.Context, d catalog.Directory) error) DirectoryCase {
	return DirectoryCase{Name: name, Needs: needs, Sentence: sentence, Run: func(t testing.TB, h DirectoryHarness) {
		if err := check(t.Context(), h.Fill(t, "Mail", Uses())); err != nil {
			t.Error(err)
		}
	}}
}

// nine is the hour at which everything begins.
func nine() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

func minutes(from, to int) calendar.Interval {
	return calendar.Between(nine().Add(time.Duration(from)*time.Minute), nine().Add(time.Duration(to)*time.Minute))
}

// Uses is what the directory of every case is filled with: customers in no
// order, one of them twice, one that left and came back.
func Uses() []Use {
	use := func(c servicecoin.CustomerID, from, to int) Use {
		span := minutes(from, to)
		if to == 0 {
			span.End = time.Time{}
		}
		return Use{c, span.Start, span.End}
	}
	return []Use{
		use("b", 10, 20), use("ab", 0, 0), use("a", 0, 10), use("ö", 0, 40), use("a", 20, 30), use("B", 5, 0), use("a", 20, 30),
	}
}

// DirectoryCases returns the suite for directories.
func DirectoryCases() []DirectoryCase {
	ever := minutes(0, 100)
	page := func(during calendar.Interval, after servicecoin.CustomerID, limit int, want ...servicecoin.CustomerID) func(context.Context, catalog.Directory) error {
		return func(ctx context.Context, d catalog.Directory) error {
			got, err := d.Concerned(ctx, Mail, during, after, limit)
			if err != nil {
				return err
			}
			if !slices.Equal(got, want) {
				return fmt.Errorf("concerned in %v after %q, at most %d: got %q, want %q", during, after, limit, got, want)
			}
			return nil
		}
	}
	open := minutes(40, 40)
	open.End = time.Time{}
	return []DirectoryCase{
		directoryCase("name", "", "Service returns the name of a service.", func(ctx context.Context, d catalog.Directory) error {
			if name, err := d.Service(ctx, Mail); err != nil || name != "Mail" {
				return fmt.Errorf("got %q (%w)", name, err)
			}
			return nil
		}),
		directoryCase("unknown", "", "Service returns ErrNotFound for what it does not know.", func(ctx context.Context, d catalog.Directory) error {
			if _, err := d.Service(ctx, "fax"); !errors.Is(err, servicecoin.ErrNotFound) {
				return fmt.Errorf("got %w", err)
			}
			return nil
		}),
		directoryCase("byte order, once each", "", "Customers come in byte order, each once.", page(ever, "", 10, "B", "a", "ab", "b", "ö")),
		directoryCase("after", "", "Those after the given one, itself not.", page(ever, "a", 10, "ab", "b", "ö")),
		directoryCase("after one that is not there", "", "Those after the given one, whether it is there or not.", page(ever, "aa", 10, "ab", "b", "ö")),
		directoryCase("limit", "", "At most so many.", page(ever, "B", 2, "a", "ab")),
		directoryCase("end", "", "After the last there is nobody.", page(ever, "ö", 10)),
		directoryCase("unknown service", "", "A service that is not known concerns nobody.", func(ctx context.Context, d catalog.Directory) error {
			if list, err := d.Concerned(ctx, "fax", ever, "", 10); err != nil || len(list) > 0 {
				return fmt.Errorf("got %v (%w)", list, err)
			}
			return nil
		}),
		directoryCase("half-open", Times, "Who stopped when the interval begins, or begins when it ends, is not concerned.", page(minutes(10, 20), "", 10, "B", "ab", "b", "ö")),
		directoryCase("going on", Times, "An interval without end is going on.", page(open, "", 10, "B", "ab")),
		directoryCase("before", Times, "Before anybody used it, it concerns nobody.", page(minutes(-20, -10), "", 10)),
		directoryCase("cancelled", "", "A cancelled context is an error.", func(ctx context.Context, d catalog.Directory) error {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			if _, err := d.Concerned(ctx, Mail, ever, "", 10); err == nil {
				return errors.New("got an answer")
			}
			return nil
		}),
	}
}

// RunDirectory runs every case as a parallel subtest on a directory of its own.
func RunDirectory(t *testing.T, h DirectoryHarness) {
	t.Helper()
	suitetest.Run(t, "catalogtest", DirectoryCases(), h)
}
