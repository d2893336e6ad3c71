package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
	"golang.org/x/sys/unix"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/rpc"
)

// plantedSecrets is how many there are.
func plantedSecrets() int {
	if os.Getenv("LAB_LONG") != "" {
		return 50
	}
	return 20
}

// TestNoSecretIsWritten gives secrets in every way that a household can, to
// peers that take them, refuse them and throw them back, and then looks for them
// in everything that the real program wrote.
func TestNoSecretIsWritten(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("########## SKIPPED: needs root for a network of its own with a loopback interface ##########")
	}
	agent := buildAgent(t)
	ownNetwork(t)
	w := newWorkplace(t, agent)
	secrets, marker := make([]string, plantedSecrets()), "marker-"+rand.Text()
	for i := range secrets {
		secrets[i] = "planted-" + rand.Text()
	}
	takes, refuses, echoes := startBroker(t), startPeer(t, refuseLogin), startPeer(t, echo)
	for i, s := range secrets {
		switch i % 5 {
		case 0: // one in ten is kept: each stays connected
			to := takes
			if i%10 != 0 {
				to = refuses
			}
			w.connectByHand(to, marker, "password="+s+"\n")
		case 1:
			w.connectByHand(refuses, marker, "password="+s+"\n")
		case 2:
			w.connectByHand(echoes, marker, "password="+s+"\n")
		case 3:
			w.connectByForm(map[string]string{"address": echoes, "username": marker}, s)
		case 4:
			w.connectByForm(map[string]string{"address": "tcp://" + marker + ":" + url.QueryEscape(s) + "@" + takes + "/?token=" + s}, s)
		}
	}
	w.finish()
	for i, s := range secrets {
		if places := w.find(s); len(places) > 0 {
			t.Errorf("secret %d (way %d) stands in %s", i, i%5, strings.Join(places, ", "))
		}
	}
	// The twin: what is no secret and came the same way is found.
	if places := w.find(marker); len(places) < 2 {
		t.Errorf("the user name, which is no secret, was found only in %v: this search shows nothing", places)
	}
}

// ownNetwork puts this goroutine, and the programs and sockets that it opens,
// into a network that holds a loopback interface only. Its thread ends with it.
func ownNetwork(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skip("########## SKIPPED: no network of its own: " + err.Error() + " ##########")
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	r, err := unix.NewIfreq("lo")
	if err != nil {
		t.Fatal(err)
	}
	r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING | unix.IFF_LOOPBACK)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r); err != nil {
		t.Fatal(err)
	}
}

// workplace is a running agent with everything that it may write to.
type workplace struct {
	t                 *testing.T
	agent, dir, place string
	env               []string
	run               *exec.Cmd
	crash             bytes.Buffer // what it writes when it dies
	said              bytes.Buffer // of the commands
}

func newWorkplace(t *testing.T, agent string) *workplace {
	t.Helper()
	w := &workplace{t: t, agent: agent, place: t.TempDir()}
	w.dir = filepath.Join(w.place, "data")
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	for _, dir := range []string{"tmp", "home", "key", "work"} {
		if err := os.Mkdir(filepath.Join(w.place, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(w.place, "key", "bestbefore-key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	w.env = []string{
		"HOME=" + filepath.Join(w.place, "home"), "TMPDIR=" + filepath.Join(w.place, "tmp"), "CREDENTIALS_DIRECTORY=" + filepath.Join(w.place, "key"),
		"DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent", "GOTRACEBACK=all",
	}
	w.run = w.command("run")
	w.run.Stdout, w.run.Stderr = nil, &w.crash
	if err := w.run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if w.run.ProcessState == nil {
			_ = w.run.Process.Kill()
			_ = w.run.Wait()
		}
	})
	if !answers(t, w.dir, 30*time.Second) {
		t.Fatalf("no engine answers: %s", w.crash.String())
	}
	return w
}

func (w *workplace) command(args ...string) *exec.Cmd {
	c := exec.Command(w.agent, append([]string{"--data", w.dir}, args...)...)
	c.Env, c.Dir = w.env, filepath.Join(w.place, "work")
	c.Stdout, c.Stderr = &w.said, &w.said
	return c
}

// connectByHand gives a secret on standard input.
func (w *workplace) connectByHand(address, user, stdin string) {
	w.t.Helper()
	c := w.command("connect", "mqtt", "--set", "address="+address, "--set", "username="+user)
	c.Stdin = strings.NewReader(stdin)
	_ = c.Run() // whether the peer takes it is not the point; finish looks that one did
}

// connectByForm gives a secret as a window does. What is answered is shown to
// the person who has just typed it, and written nowhere.
func (w *workplace) connectByForm(values map[string]string, secret string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	c, err := rpc.Dial(ctx, w.dir)
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	_, _ = c.Connect(ctx, engine.ConnectRequest{Kind: "mqtt", Values: values, Secrets: map[string]string{"password": secret}})
}

// finish looks at everything once, keeps the command line of the living program
// and lets it crash.
func (w *workplace) finish() {
	w.t.Helper()
	for _, args := range [][]string{{"connectors", "--json"}, {"diary", "--json"}, {"devices", "--json"}, {"export", filepath.Join(w.place, "export")}} {
		if err := w.command(args...).Run(); err != nil {
			w.t.Errorf("%v: %v", args, err)
		}
	}
	if !strings.Contains(w.said.String(), `"mqtt"`) {
		w.t.Error("no connection was kept, so that no secret can have been")
	}
	for _, name := range []string{"cmdline", "environ"} {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", w.run.Process.Pid, name))
		if err != nil {
			w.t.Fatal(err)
		}
		w.keep("proc-"+name, b)
	}
	w.copyLive()
	if err := w.run.Process.Signal(syscall.SIGQUIT); err != nil {
		w.t.Fatal(err)
	}
	_ = w.run.Wait() // it dies of it
	if !strings.Contains(w.crash.String(), "goroutine ") {
		w.t.Error("it wrote no crash report, so that none can be looked at")
	}
	w.keep("crash", w.crash.Bytes())
	w.keep("said", w.said.Bytes())
}

// copyLive keeps the files as they are while the program has them open, the
// write-ahead logs above all. Only the owner's own locks would suffer from that,
// and it is about to die.
func (w *workplace) copyLive() {
	w.t.Helper()
	wal := 0
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.HasSuffix(path, "-wal") && len(b) > 0 {
			wal++
		}
		w.keep("live-"+filepath.Base(path), b)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if wal == 0 {
		w.t.Error("there is no write-ahead log to look at")
	}
}

func (w *workplace) keep(name string, b []byte) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.place, name), b, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// find names the files that hold s, as it is or in a usual disguise.
func (w *workplace) find(s string) []string {
	w.t.Helper()
	forms := [][]byte{[]byte(s), []byte(url.QueryEscape(s)), []byte(hex.EncodeToString([]byte(s)))}
	for skip := range 3 { // base64 depends on where it begins
		b := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", skip) + s))
		forms = append(forms, []byte(b[4:len(b)-4]))
	}
	var out []string
	err := filepath.WalkDir(w.place, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, f := range forms {
			if bytes.Contains(b, f) {
				rel, _ := filepath.Rel(w.place, path)
				out = append(out, rel)
				break
			}
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// startBroker is a broker that lets everybody in.
func startBroker(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := mochi.New(&mochi.Options{Logger: slog.New(slog.DiscardHandler)})
	if err := b.AddHook(new(auth.AllowHook), nil); err != nil {
		t.Fatal(err)
	}
	if err := b.AddListener(listeners.NewNet("test", l)); err != nil {
		t.Fatal(err)
	}
	if err := b.Serve(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return l.Addr().String()
}

// startPeer answers each connection with what answer makes of its first packet.
func startPeer(t *testing.T, answer func([]byte) []byte) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b := make([]byte, 4096)
			n, _ := c.Read(b) // what came is thrown back, be it nothing
			_, _ = c.Write(answer(b[:n]))
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

// refuseLogin says "not authorised".
func refuseLogin([]byte) []byte { return []byte{0x20, 2, 0, 5} }

// echo throws everything back, in a packet that is none.
func echo(b []byte) []byte { return append([]byte("HTTP/1.1 401 bad login: "), b...) }
