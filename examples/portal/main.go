// Command portal is a working portal of a service provider, on the library's
// public API alone: a status page with 90 days of history, incidents from
// report to follow-up, and the availability that was promised and kept, every
// figure with the records behind it.
//
//	go run ./examples/portal
//	go run ./examples/portal -incidents FILE -now 2023-09-20T12:00:00Z
//
// It keeps everything in one SQLite file. On its first start it fills an empty
// file with a small provider, or with the incidents of a public list.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/servicecoin/servicecoin"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "portal:", err)
		os.Exit(1)
	}
}

// config is what the flags say.
type config struct {
	addr, db, incidents, focus string
	now                        time.Time // zero: the machine's clock
}

func parse(args []string, diagnostics io.Writer) (config, error) {
	var c config
	var now string
	flags := flag.NewFlagSet("portal", flag.ContinueOnError)
	flags.SetOutput(diagnostics)
	flags.StringVar(&c.addr, "addr", "127.0.0.1:8080", "the `address` to listen on")
	flags.StringVar(&c.db, "db", "servicecoin.db", "the SQLite `file` that keeps everything")
	flags.StringVar(&c.incidents, "incidents", "", "a public list of incidents to take in, a CSV `file`")
	flags.StringVar(&c.focus, "focus", "", "cost and usage to take in, a FOCUS 1.0 CSV `file`")
	flags.StringVar(&now, "now", "", "start the clock at this `time` (RFC 3339), for demonstrations and tests")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	var v servicecoin.Violations
	if flags.NArg() > 0 {
		v.Add("", "unexpected", flags.Arg(0), "is no flag")
	}
	v.Text("-db", c.db, 1, 4096)
	if now != "" {
		var err error
		if c.now, err = time.Parse(time.RFC3339Nano, now); err != nil {
			v.Add("-now", "bad-time", now, "must be an RFC 3339 instant, as 2023-09-20T12:00:00Z")
		} else {
			v.Time("-now", c.now)
		}
	}
	return c, v.Err()
}

// run serves until ctx ends, then lets the requests under way come to an end.
func run(ctx context.Context, args []string, out, diagnostics io.Writer) (err error) {
	c, err := parse(args, diagnostics)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(diagnostics, nil))
	// The address first: where it is taken, nothing is filled for nothing.
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", c.addr)
	if err != nil {
		return err
	}
	p, err := open(ctx, c, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, p.close(ctx)) }()

	server := &http.Server{
		Handler:           p.handler(),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	fmt.Fprintf(out, "The portal is at http://%s/ and keeps its data in %s\n", listener.Addr(), c.db)

	exchanging := make(chan struct{})
	pumping, stopPump := context.WithCancel(ctx)
	go func() { defer close(exchanging); p.pump(pumping, 2*time.Second) }()
	defer func() { stopPump(); <-exchanging }()

	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	fmt.Fprintln(out, "Stopping")
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		return fmt.Errorf("requests did not end in time: %w", err)
	}
	return nil
}
