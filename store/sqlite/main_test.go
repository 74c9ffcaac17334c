package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

// The test binary runs itself as another process, which has one task.
const (
	taskVariable = "SERVICECOIN_TEST_TASK"
	fileVariable = "SERVICECOIN_TEST_FILE"
)

func TestMain(m *testing.M) {
	task, path := os.Getenv(taskVariable), os.Getenv(fileVariable)
	if task == "" {
		os.Exit(m.Run())
	}
	work, known := map[string]func(context.Context, string) error{
		"commit": commitForever, "hold": holdLock, "count": count,
		"sync full": syncs(sqlite.Full), "sync normal": syncs(sqlite.Normal), "sync off": syncs(sqlite.Off), "sync hosted": syncsHosted,
	}[task]
	if !known {
		fmt.Println("unknown task", task)
		os.Exit(2)
	}
	if err := work(context.Background(), path); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

// process returns the command that runs a task on a file.
func process(t *testing.T, task, path string, before ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	line := slices.Concat(before, []string{self})
	cmd := exec.CommandContext(t.Context(), line[0], line[1:]...)
	cmd.Env = append(os.Environ(), taskVariable+"="+task, fileVariable+"="+path)
	cmd.Stderr = os.Stderr
	return cmd
}

// commitForever commits from several goroutines, two records, the change of a
// pair, and an event at a time, and says so after each.
func commitForever(ctx context.Context, path string) error {
	b, err := sqlite.Open(ctx, path, nil)
	if err != nil {
		return err
	}
	failed := make(chan error)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%d-%d-%d", os.Getpid(), g, i)
				if err := commitPair(ctx, b, g, name); err != nil {
					failed <- err
					return
				}
				fmt.Println(name)
			}
		})
	}
	return <-failed
}

func commitPair(ctx context.Context, b store.Backend, g int, name string) error {
	doc := func(kind, id string) store.Document {
		d := store.Document{Key: store.Key{Customer: "acme", Kind: kind, ID: id}, Body: []byte(name)}
		d.Index[0] = []byte(name)
		return d
	}
	c := store.Commit{Events: []store.Event{{
		ID: name, Name: "pair.made", Subject: store.Key{Customer: "acme", Kind: "left", ID: name},
		Actor: servicecoin.Program("child"), At: day,
	}}}
	for _, kind := range []string{"left", "right"} {
		last := doc(kind+" last", strconv.Itoa(g))
		old, err := b.Get(ctx, last.Key)
		if err != nil && !servicecoinNotFound(err) {
			return err
		}
		c.Writes = append(c.Writes, store.Write{Document: doc(kind, name)}, store.Write{Document: last, Expect: old.Version})
	}
	return b.Commit(ctx, c)
}

// holdLock holds the file's write lock until its input ends.
func holdLock(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", path+"?_txlock=immediate")
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	fmt.Println("held")
	bufio.NewScanner(os.Stdin).Scan()
	return tx.Commit()
}

const increments = 60

// count increments one record again and again.
func count(ctx context.Context, path string) error {
	b, err := sqlite.Open(ctx, path, &sqlite.Options{Synchronous: sqlite.Normal})
	if err != nil {
		return err
	}
	c := store.Of(store.New(b, nil).For("acme"), counters())
	for range increments {
		if err := increment(ctx, c); err != nil {
			return err
		}
	}
	return b.Close()
}
