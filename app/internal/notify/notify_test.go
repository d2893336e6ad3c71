package notify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bus starts a private bus and gives its address.
func bus(t *testing.T) string {
	t.Helper()
	daemon, err := exec.LookPath("dbus-daemon")
	if err != nil {
		t.Skip("##### SKIPPED: no dbus-daemon here; install dbus to test notifications #####")
	}
	dir := t.TempDir()
	socket, conf := filepath.Join(dir, "bus"), filepath.Join(dir, "bus.conf")
	if err := os.WriteFile(conf, []byte(fmt.Sprintf(busConfig, socket)), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(daemon, "--config-file="+conf, "--nofork", "--nopidfile")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(socket); err == nil {
			return "unix:path=" + socket
		}
		if time.Now().After(end) {
			t.Fatal("the bus did not come up")
		}
	}
}

// busConfig is a session bus that starts no services by itself: an installed
// notification server would be started without the test's display.
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=%s</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`

// note is what a server was asked to show.
type note struct {
	Title, Body string
	Actions     []string
}

// server is a small notification service.
type server struct {
	conn  *dbus.Conn
	can   []string
	shown chan note
	n     uint32
}

func (s *server) GetCapabilities() ([]string, *dbus.Error) { return s.can, nil }

func (s *server) Notify(_ string, _ uint32, _, title, body string, actions []string, _ map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	s.n++
	s.shown <- note{title, body, actions}
	return s.n, nil
}

func (s *server) choose(t *testing.T, id uint32, key string) {
	t.Helper()
	if err := s.conn.Emit(path, service+".ActionInvoked", id, key); err != nil {
		t.Fatal(err)
	}
}

func serve(t *testing.T, address string, can ...string) *server {
	t.Helper()
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	s := &server{conn: conn, can: can, shown: make(chan note, 64)}
	if err := conn.Export(s, path, service); err != nil {
		t.Fatal(err)
	}
	if r, err := conn.RequestName(service, dbus.NameFlagDoNotQueue); err != nil || r != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(r, err)
	}
	return s
}

func desktop(t *testing.T, address string) *Desktop {
	t.Helper()
	d, err := New(Config{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestANotificationIsShownAndAnswered(t *testing.T) {
	address := bus(t)
	s, d := serve(t, address, "actions", "body", "body-markup"), desktop(t, address)
	got := make(chan string, 4)
	n := Note{Title: "Bell → Bell Maker", Body: "ends <tomorrow> & more", Actions: []Action{{"renew", "Renew"}, {"lapse", "Let it lapse"}}, Chosen: func(a string) { got <- a }}
	if err := d.Show(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	want := note{"Bell → Bell Maker", "ends &lt;tomorrow&gt; &amp; more", []string{"default", "", "renew", "Renew", "lapse", "Let it lapse"}}
	if diff := cmp.Diff(want, <-s.shown); diff != "" {
		t.Error(diff)
	}
	s.choose(t, 1, "format-disk") // was not offered
	s.choose(t, 7, "renew")       // was not shown
	s.choose(t, 1, "renew")
	s.choose(t, 1, "lapse") // is answered already
	if a := <-got; a != "renew" {
		t.Errorf("answered %q", a)
	}
	if err := d.Show(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	s.choose(t, 2, "default")
	if a := <-got; a != "" { // the second answer to the first one would come before
		t.Errorf("the click on the notification came as %q", a)
	}
}

func TestAServiceThatCanDoLittleIsAskedForLittle(t *testing.T) {
	address := bus(t)
	s, d := serve(t, address, "body"), desktop(t, address)
	if err := d.Show(t.Context(), Note{Title: "a", Body: "1 < 2", Actions: []Action{{"x", "X"}}, Chosen: func(string) {}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(note{"a", "1 < 2", []string{}}, <-s.shown); diff != "" {
		t.Error(diff)
	}
}

func TestNothingHostileReachesTheService(t *testing.T) {
	address := bus(t)
	s, d := serve(t, address, "actions", "body-markup"), desktop(t, address)
	for _, bad := range []string{
		"$(reboot)", "\u201c; rm -rf ~ \u201d", "<img src='http://x.example/'>", "<a href=\"file:///etc/passwd\">x</a>", "a\x00b\x1b[31m",
		"\u202egpj.exe", "x\u200by", strings.Repeat("\n<b>", 4000), "\xff\xfe", strings.Repeat("é", 100_000),
	} {
		if err := d.Show(t.Context(), Note{Title: bad, Body: bad, Actions: []Action{{"x", bad}}, Chosen: func(string) {}}); err != nil {
			t.Fatalf("%.20q: %v", bad, err)
		}
		n := <-s.shown
		for _, text := range append(n.Actions, n.Title, n.Body) {
			if strings.ContainsAny(text, "\x00\x1b\u202e\u200b") || len(text) > 20_000 {
				t.Errorf("%.20q arrived as %.40q", bad, text)
			}
		}
		if strings.ContainsAny(n.Body, "<>") {
			t.Errorf("markup arrived: %.40q", n.Body)
		}
	}
}

func TestNobodyThereIsNotATrouble(t *testing.T) {
	d := desktop(t, bus(t)) // a bus without a service
	if err := d.Show(t.Context(), Note{Title: "a"}); !errors.Is(err, ErrNone) {
		t.Errorf("without a service: %v", err)
	}
	d = desktop(t, "unix:path="+filepath.Join(t.TempDir(), "none"))
	if err := d.Show(t.Context(), Note{Title: "a"}); !errors.Is(err, ErrNone) {
		t.Errorf("without a bus: %v", err)
	}
}

func TestAServiceThatComesLaterIsFound(t *testing.T) {
	address := bus(t)
	d := desktop(t, address)
	if err := d.Show(t.Context(), Note{Title: "a"}); !errors.Is(err, ErrNone) {
		t.Fatal(err)
	}
	s := serve(t, address, "body")
	if err := d.Show(t.Context(), Note{Title: "a"}); err != nil {
		t.Fatal(err)
	}
	<-s.shown
}

func TestManyUnansweredNotificationsAreForgotten(t *testing.T) {
	address := bus(t)
	s, d := serve(t, address, "actions"), desktop(t, address)
	for range 3 * mostOpen {
		if err := d.Show(t.Context(), Note{Title: "a", Chosen: func(string) {}}); err != nil {
			t.Fatal(err)
		}
		<-s.shown
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.open) != mostOpen || len(d.order) != mostOpen {
		t.Errorf("%d and %d are remembered, want %d", len(d.open), len(d.order), mostOpen)
	}
}

// watcher is a tray host with or without a place to show symbols.
type watcher struct{ host bool }

func (w watcher) Get(string, string) (dbus.Variant, *dbus.Error) {
	return dbus.MakeVariant(w.host), nil
}

func TestTray(t *testing.T) {
	address := bus(t)
	if Tray(t.Context(), Config{Address: address}) {
		t.Error("a tray was found where there is none")
	}
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	for _, host := range []bool{false, true} {
		if err := conn.Export(watcher{host}, "/StatusNotifierWatcher", "org.freedesktop.DBus.Properties"); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.RequestName(trayHost, dbus.NameFlagDoNotQueue); err != nil {
			t.Fatal(err)
		}
		if got := Tray(t.Context(), Config{Address: address}); got != host {
			t.Errorf("a watcher with host %v: %v", host, got)
		}
	}
}
