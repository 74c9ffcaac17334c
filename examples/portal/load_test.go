package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
)

var (
	loadFile    = flag.String("loadfile", "", "keep the large portal in this `file` for the next run")
	loadOnly    = flag.String("loadonly", "", "only pages whose path has this `text`, and no crowd")
	loadMinutes = flag.Float64("loadminutes", 0.5, "how long the crowd clicks")
)

// The size of the portal under load.
const (
	loadIncidents = 100_000
	loadUsage     = 1_000_000
)

// BenchmarkUnderLoad prints how long the pages of a portal take that has a hundred
// thousand incidents and a million usage events: to one reader, then to fifty who
// think for five seconds between clicks while five write.
//
//	go test ./portal -run '^$' -bench UnderLoad -benchtime 1x -loadfile large.db -timeout 30m
func BenchmarkUnderLoad(b *testing.B) {
	path := *loadFile
	if path == "" {
		path = filepath.Join(b.TempDir(), "large.db")
	}
	if _, err := os.Stat(path); err != nil {
		begin := time.Now()
		grow(b, path)
		fmt.Printf("filled in %s\n", time.Since(begin).Round(time.Second))
	}
	begin := time.Now()
	r := start(b, "-db", path, "-now", demoNow)
	fmt.Printf("listens after %s\n", time.Since(begin).Round(10*time.Millisecond))
	ada, owner := r.as("ada"), r.as("owner@alder")
	fmt.Println("| page | kB | median | p95 |\n|---|---|---|---|")
	for _, path := range loadPages() {
		if !strings.Contains(path, *loadOnly) {
			continue
		}
		who := ada
		if strings.HasPrefix(path, "owner:") {
			who = owner
		}
		var took []time.Duration
		size := 0
		for range 21 {
			t, n := who.timed(b, strings.TrimPrefix(path, "owner:"))
			took, size = append(took, t), n
			if t > time.Second && len(took) > 4 {
				break
			}
		}
		slices.Sort(took)
		fmt.Printf("| `%s` | %d | %s | %s |\n", path, size/1024, took[len(took)/2].Round(100*time.Microsecond), took[len(took)*19/20].Round(100*time.Microsecond))
	}
	if *loadOnly == "" {
		crowd(b, ada, owner)
	}
	b.ReportMetric(0, "ns/op")
}

// loadPages are the pages that are measured, by whom.
func loadPages() []string {
	return []string{
		"/status", "/work", "/status/history", "/customers", "/incidents", "/incidents?q=Alarm+99999", "/incidents/files-upload", "/followups", "/dependencies", "/dependencies?fails=storage", "/calendar", "/exchange",
		"/customers/alder", "/customers/alder?month=2026-10", "/customers/alder/catalogue", "/customers/alder/catalogue/erp", "/customers/alder/orders", "/customers/alder/usage", "/customers/alder/usage?by=hour", "/customers/alder/usage?by=week", "/customers/alder/usage?by=month", "/customers/alder/usage?group=site", "/customers/alder/usage?by=month&group=site",
		"/customers/alder/usage/documents", "/customers/alder/usage/documents?by=site&is=north", "/customers/alder/usage/documents?month=2026-10&before=" + cursorText(metering.Cursor{Time: time.Date(2026, 10, 31, 22, 0, 0, 0, time.UTC)}), "/customers/alder/usage/documents/event?source=demonstration&id=erp.document-20261014-10124", "/customers/alder/statement?month=2026-10", "/customers/alder/statement", "/customers/alder/letters", "/customers/alder/availability",
		"/customers/alder/availability?month=2026-09", "/customers/alder/availability/erp-cloud/2026-09", "owner:/customers/alder/letters", "owner:/status",
	}
}

func (r *running) timed(b *testing.B, path string) (time.Duration, int) {
	b.Helper()
	begin := time.Now()
	res := r.raw(http.MethodGet, path, nil)
	body, err := io.ReadAll(res.Body)
	require.NoError(b, err)
	require.NoError(b, res.Body.Close())
	require.Equal(b, http.StatusOK, res.StatusCode, "%s\n%s", path, body)
	return time.Since(begin), len(body)
}

// crowd is fifty readers with five seconds between clicks and five writers with
// ten, for a while.
func crowd(b *testing.B, ada, owner *running) {
	b.Helper()
	const readers, writers, think = 50, 5, 5 * time.Second
	var mu sync.Mutex
	took := map[string][]time.Duration{}
	note := func(what string, d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		took[what] = append(took[what], d)
	}
	ctx, cancel := context.WithTimeout(b.Context(), time.Duration(*loadMinutes*float64(time.Minute)))
	defer cancel()
	pause := func(d time.Duration) bool {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(d):
			return true
		}
	}
	var wg sync.WaitGroup
	pages := slices.DeleteFunc(loadPages(), needsTotals)
	for n := range readers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(n), 1))
			for pause(time.Duration(random.Float64() * 2 * float64(think))) {
				path := pages[random.IntN(len(pages))]
				who := ada
				if strings.HasPrefix(path, "owner:") {
					who = owner
				}
				t, _ := who.timed(b, strings.TrimPrefix(path, "owner:"))
				note(path, t)
				note("all reads", t)
			}
		})
	}
	for n := range writers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(n), 2))
			for pause(time.Duration(random.Float64() * 4 * float64(think))) {
				begin := time.Now()
				status, body := ada.post("/incidents/files-upload/note", map[string][]string{"text": {"another look"}, "audience": {"internal"}})
				require.Equal(b, http.StatusOK, status, body)
				note("a note on an incident", time.Since(begin))
			}
		})
	}
	wg.Wait()
	fmt.Println("| fifty readers, five writers | clicks | median | p95 | longest |\n|---|---|---|---|---|")
	for _, what := range sortedKeys(took) {
		list := took[what]
		slices.Sort(list)
		fmt.Printf("| `%s` | %d | %s | %s | %s |\n", what, len(list), list[len(list)/2].Round(100*time.Microsecond), list[len(list)*19/20].Round(100*time.Microsecond), list[len(list)-1].Round(100*time.Microsecond))
	}
}

// needsTotals names the pages that add up usage event by event, or read who was
// active: they wait for running totals.
func needsTotals(path string) bool {
	return path == "/customers/alder" || path == "/customers/alder?month=2026-10" || path == "/customers/alder/statement" || strings.HasPrefix(path, "/customers/alder/usage")
}

// grow makes a portal large.
func grow(b *testing.B, path string) {
	b.Helper()
	ctx := b.Context()
	now, err := time.Parse(time.RFC3339, demoNow)
	require.NoError(b, err)
	p, err := open(ctx, config{db: path, now: now}, slog.New(slog.DiscardHandler))
	require.NoError(b, err)
	defer func() { require.NoError(b, p.close(context.WithoutCancel(ctx))) }()
	random := rand.New(rand.NewPCG(1, 2))
	services := []servicecoin.ServiceID{"erp", "mail", "files", "signin", "database", "network", "storage"}
	levels := []incident.Level{incident.Information, incident.Degradation, incident.Degradation, incident.Disruption, incident.Outage}
	const years, at = 3, 12
	for n := 0; n < loadIncidents; n += at {
		require.NoError(b, p.store.Do(ctx, func(tx *store.Store) error {
			desk := p.Desk().On(tx.For(servicecoin.Provider))
			for k := range at {
				began := now.Add(-time.Duration(random.Int64N(int64(years*365*day))) - time.Hour)
				i, err := incident.Open(servicecoin.Program("monitoring"), began, incident.Report{
					ID: servicecoin.IncidentID(fmt.Sprintf("load-%06d", n+k)), Title: fmt.Sprintf("Alarm %d of the monitoring", n+k), Began: began,
					Effects: []incident.Effect{{Service: services[random.IntN(len(services))], Level: levels[random.IntN(len(levels))], From: began}},
				})
				if err == nil {
					err = i.Resolve(servicecoin.Person(ben), began.Add(time.Duration(1+random.IntN(20))*time.Minute), incident.Resolution{Text: "It went away"})
				}
				if err == nil {
					err = i.Close(servicecoin.Person(ben), began.Add(time.Hour))
				}
				if err == nil {
					err = desk.Record(ctx, servicecoin.Program("monitoring"), i)
				}
				if err != nil {
					return err
				}
			}
			return nil
		}))
	}
	kinds := []string{"erp.document", "erp.document", "mail.read", "signin.done", "files.opened"}
	for n := 0; n < loadUsage; n += 1000 {
		list := make([]metering.Event, 1000)
		for k := range list {
			at := now.Add(-time.Duration(random.Int64N(int64(back))) - time.Minute)
			list[k] = metering.Event{
				Customer: "alder", Source: "load", ID: strconv.Itoa(n + k), Type: kinds[random.IntN(len(kinds))], Subject: fmt.Sprintf("person %d", random.IntN(500)), Time: at, RecordedAt: at.Add(time.Second),
			}
			if random.IntN(4) == 0 {
				list[k].Customer = "birch"
			}
			if list[k].Type == "erp.document" {
				list[k].Dimensions = metering.DimensionsOf(map[string]string{"site": []string{"north", "south", "west"}[random.IntN(3)]})
			}
		}
		_, err := p.usage.Append(ctx, list)
		require.NoError(b, err)
	}
	begin := time.Now()
	require.NoError(b, p.usage.Seal(ctx, now)) // as the portal does once a day
	fmt.Printf("usage is packed in %s\n", time.Since(begin).Round(10*time.Millisecond))
	begin = time.Now()
	require.NoError(b, p.drain(ctx))
	fmt.Printf("the exchange worked through it in %s\n", time.Since(begin).Round(time.Second))
}
