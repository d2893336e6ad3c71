package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"bestbefore/app/internal/rpc"
)

// The figures of a second instance.
const (
	starts    = 200
	strangers = 100
	backAfter = 2 * time.Second // after the owner was killed
)

// TestProcesses is about several processes on one data folder. Each works in a
// network of its own, so that nobody's real one is looked at.
func TestProcesses(t *testing.T) {
	if why := noNetworkOfOurOwn(); why != "" {
		t.Skip("########## SKIPPED: no process can get a network of its own: " + why + " ##########")
	}
	agent := buildAgent(t)
	t.Run("of 200 simultaneous starts one owns the files", func(t *testing.T) { oneOwner(t, agent) })
	t.Run("after the owner was killed the next start succeeds", func(t *testing.T) { killedOwner(t, agent) })
	t.Run("other users of the computer get nothing", func(t *testing.T) { otherUsers(t, agent) })
}

// alone is how a process gets a network of its own, which holds nothing.
func alone() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if os.Getuid() != 0 {
		a.Cloneflags |= syscall.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
	}
	return a
}

func noNetworkOfOurOwn() string {
	c := exec.Command("true")
	c.SysProcAttr = alone()
	if err := c.Run(); err != nil {
		return err.Error()
	}
	return ""
}

// buildAgent makes the program as it is shipped.
func buildAgent(t *testing.T) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "bestbefore-agent")
	c := exec.Command("go", "build", "-tags", "migrated_fynedo", "-o", out, ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return out
}

// process is a running agent.
type process struct {
	cmd   *exec.Cmd
	errs  bytes.Buffer
	ended chan struct{}
}

// launch starts an agent; it is killed when the test ends.
func launch(t *testing.T, agent, dir string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(agent, append([]string{"--data", dir}, args...)...), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent", "CREDENTIALS_DIRECTORY=")
	p.cmd.SysProcAttr, p.cmd.Stderr = alone(), &p.errs
	if err := p.cmd.Start(); err != nil {
		t.Error(err)
		close(p.ended)
		return p
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in its state
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
	})
	return p
}

func (p *process) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// answers waits until an engine answers for dir.
func answers(t *testing.T, dir string, within time.Duration) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	for ctx.Err() == nil {
		if c, err := rpc.Dial(ctx, dir); err == nil {
			_, err = c.Overview(ctx)
			_ = c.Close()
			if err == nil {
				return true
			}
		}
		time.Sleep(10 * time.Millisecond) // between two looks
	}
	return false
}

func oneOwner(t *testing.T, agent string) {
	dir := filepath.Join(t.TempDir(), "data")
	all := make([]*process, starts)
	var started sync.WaitGroup
	for i := range all {
		started.Go(func() { all[i] = launch(t, agent, dir, "run") })
	}
	started.Wait()
	alive := func() []*process {
		return slices.DeleteFunc(slices.Clone(all), (*process).over)
	}
	for deadline := time.Now().Add(2 * time.Minute); len(alive()) > 1 && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond) // between two looks
	}
	if !answers(t, dir, 30*time.Second) {
		t.Fatalf("no engine answers; %d processes live", len(alive()))
	}
	owners := alive()
	if len(owners) != 1 {
		t.Fatalf("%d processes go on, want 1", len(owners))
	}
	for _, p := range all {
		if p != owners[0] && (p.cmd.ProcessState.ExitCode() != exitFailed || !strings.Contains(p.errs.String(), "already running")) {
			t.Errorf("one that lost ended with %v and said %q", p.cmd.ProcessState, p.errs.String())
		}
	}
	if n := listening(t, owners[0].cmd.Process.Pid); n != 0 {
		t.Errorf("the owner listens on %d TCP ports", n)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if listening(t, os.Getpid()) == 0 {
		t.Error("a listening port would not be found")
	}
}

// listening counts the listening TCP ports of a process's network, from where ss has them too.
func listening(t *testing.T, pid int) int {
	t.Helper()
	n := 0
	for _, name := range []string{"tcp", "tcp6"} {
		f, err := os.Open(fmt.Sprintf("/proc/%d/net/%s", pid, name))
		if err != nil {
			t.Fatal(err)
		}
		for s := bufio.NewScanner(f); s.Scan(); {
			if w := strings.Fields(s.Text()); len(w) > 3 && w[3] == "0A" {
				n++
			}
		}
		_ = f.Close()
	}
	return n
}

// killedOwner prints how soon the next one answers: a busy machine is no fault.
func killedOwner(t *testing.T, agent string) {
	dir := filepath.Join(t.TempDir(), "data")
	p := launch(t, agent, dir, "run")
	if !answers(t, dir, 30*time.Second) {
		t.Fatalf("no engine answers: %s", p.errs.String())
	}
	var took []time.Duration
	for range 3 {
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-p.ended
		begun := time.Now()
		p = launch(t, agent, dir, "run")
		if !answers(t, dir, 30*time.Second) {
			t.Fatalf("after kill -9 the next start does not succeed: %s", p.errs.String())
		}
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	t.Logf("after kill -9 of the owner the next one answered in %v; the goal is %v", took, backAfter)
}

// otherUsers calls the real program as somebody else: half of the times as the
// folder is, half with the folder opened to everybody. The twin is the same call
// by its owner.
func otherUsers(t *testing.T, agent string) {
	if os.Getuid() != 0 {
		t.Skip("########## SKIPPED: needs root to become another user ##########")
	}
	dir := filepath.Join(t.TempDir(), "data")
	p := launch(t, agent, dir, "run")
	if !answers(t, dir, 30*time.Second) {
		t.Fatalf("no engine answers: %s", p.errs.String())
	}
	for _, path := range []string{agent, dir} {
		for d := filepath.Dir(path); strings.HasPrefix(d, os.TempDir()+"/"); d = filepath.Dir(d) {
			mode(t, d, 0o755)
		}
	}
	call := func(uid uint32) error {
		c := exec.Command(agent, "--data", dir, "devices")
		c.Env = []string{"HOME=/nonexistent", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent"}
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}, Cloneflags: syscall.CLONE_NEWNET}
		return c.Run()
	}
	const nobody = 65534
	succeeded := 0
	for i := range strangers {
		if i == strangers/2 {
			mode(t, dir, 0o755)
			mode(t, filepath.Join(dir, rpc.SocketName), 0o666)
		}
		if call(nobody) == nil {
			succeeded++
		}
	}
	if succeeded != 0 {
		t.Errorf("%d of %d calls of another user succeeded", succeeded, strangers)
	}
	if err := call(0); err != nil {
		t.Errorf("the owner's own call failed, so this test shows nothing: %v", err)
	}
}

func mode(t *testing.T, path string, m fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, m); err != nil {
		t.Fatal(err)
	}
}
