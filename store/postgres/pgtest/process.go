package pgtest

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// find returns the folder with initdb, pg_ctl and postgres of the newest
// version.
func find() (string, error) {
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // fails for a bad pattern only
	version := func(folder string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(folder))) // 0: no version, the oldest
		return n
	}
	slices.SortFunc(folders, func(a, b string) int { return cmp.Compare(version(b), version(a)) })
	if p, err := exec.LookPath("pg_ctl"); err == nil {
		folders = append(folders, filepath.Dir(p))
	}
	for _, f := range folders {
		if _, err := os.Stat(filepath.Join(f, "initdb")); err == nil {
			return f, nil
		}
	}
	return "", errors.New("no PostgreSQL server programs in /usr/lib/postgresql/*/bin nor in PATH")
}

// process is a server and its watchdog.
type process struct {
	programs, folder, fsync string
	prefix                  []string // runs a command as the server's user
	watchdog                *exec.Cmd
	alive                   io.Closer // closing it ends the watchdog
}

// launch creates a cluster in a new folder and starts it.
func launch(programs, fsync string) (*process, error) {
	// A unix socket's path has about a hundred bytes at most.
	const longest = 40
	root := os.TempDir()
	if len(root) > longest {
		root = "/tmp"
	}
	folder, err := os.MkdirTemp(root, "pgtest")
	if err != nil {
		return nil, err
	}
	p := &process{programs: programs, folder: folder, fsync: fsync}
	if err := p.create(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	if err := p.watch(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	if err := p.up(); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

func (p *process) create() error {
	if os.Geteuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			return fmt.Errorf("PostgreSQL does not run as root: %w", err)
		}
		uid, _ := strconv.Atoi(u.Uid) // numbers on unix, where alone root is 0
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(p.folder, uid, gid); err != nil {
			return err
		}
		p.prefix = []string{"setpriv", "--reuid=" + u.Uid, "--regid=" + u.Gid, "--clear-groups", "--"}
	}
	common := []string{"-D", p.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"}
	// Linguistic order by default, so that a text column that forgot its
	// COLLATE "C" shows.
	err := p.run("initdb", append(common, "--locale=C", "--locale-provider=icu", "--icu-locale=en")...)
	if err != nil { // a server without ICU, or older than 15
		_ = os.RemoveAll(p.data())
		err = p.run("initdb", append(common, "--locale=C")...)
	}
	return err
}

func (p *process) data() string { return filepath.Join(p.folder, "data") }

func (p *process) command(name string, args ...string) *exec.Cmd {
	line := append(slices.Clone(p.prefix), name)
	line = append(line, args...)
	cmd := exec.Command(line[0], line[1:]...) //nolint:gosec,noctx // G204: the server's own programs
	cmd.Dir = p.folder
	return cmd
}

func (p *process) run(program string, args ...string) error {
	out, err := p.command(filepath.Join(p.programs, program), args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", program, err, out)
	}
	return nil
}

// watch starts a shell that waits for the end of its input, which comes with
// the end of this process at the latest, then stops the server and removes the
// folder.
func (p *process) watch() error {
	const script = `cat >/dev/null; "$1/pg_ctl" -D "$2/data" -m immediate -w stop >/dev/null 2>&1; cd /; rm -rf "$2"/*; rmdir "$2" 2>/dev/null`
	p.watchdog = p.command("/bin/sh", "-c", script, "watchdog", p.programs, p.folder)
	in, err := p.watchdog.StdinPipe()
	if err != nil {
		return err
	}
	p.alive = in
	return p.watchdog.Start()
}

// up starts the server and waits until it answers.
func (p *process) up() error {
	settings := []string{
		"-c listen_addresses=''", "-k " + p.folder, "-c fsync=" + p.fsync, "-c synchronous_commit=on",
		"-c full_page_writes=" + p.fsync, "-c max_connections=200", "-c shared_buffers=128MB", "-c log_min_messages=fatal",
	}
	return p.run("pg_ctl", "-D", p.data(), "-l", filepath.Join(p.folder, "log"), "-w", "-o", strings.Join(settings, " "), "start")
}

func (p *process) restart() error {
	if err := p.run("pg_ctl", "-D", p.data(), "-m", "immediate", "-w", "stop"); err != nil {
		return err
	}
	return p.up()
}

// stop ends the watchdog, and it the server.
func (p *process) stop() {
	_ = p.alive.Close()
	_ = p.watchdog.Wait()
	_ = os.RemoveAll(p.folder)
}
