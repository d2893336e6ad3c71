//go:build lab

package mdns

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grandcat/zeroconf"
)

// heard are the instances that engines of a test were told of.
type heard struct {
	mu    sync.Mutex // guards names
	names []string
}

func (h *heard) handle(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if name := e.Service.Instance; !slices.Contains(h.names, name) {
		h.names = append(h.names, name)
	}
}

func (h *heard) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.names)
}

// loopbackOnly is an Interfaces function for lo alone.
func loopbackOnly() ([]net.Interface, error) {
	i, err := net.InterfaceByName("lo")
	if err != nil {
		return nil, err
	}
	return []net.Interface{*i}, nil
}

// TestLabDemoBesideAvahi runs the demo home on a computer with a real Avahi: the
// demo finds only its own devices, whoever looks into local. on that computer
// does not see them, and not one of them is told to the real network, although
// Avahi has joined there and that network keeps asking.
func TestLabDemoBesideAvahi(t *testing.T) {
	needRoot(t, "avahi-daemon", "go")
	const zone = "bestbefore-demo"
	demoTypes := []string{"_hap._tcp", "_googlecast._tcp", "_ipp._tcp"}
	l := newLAN(t)
	probe, beside := l.host("probe"), l.avahi("beside", 3, 1)
	demo := filepath.Join(t.TempDir(), "demo")
	build := exec.Command("go", "build", "-tags", "migrated_fynedo", "-o", demo, "bestbefore/app/internal/picture/demo")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the demo: %v\n%s", err, out)
	}
	var real, leaked, own, seenLocally heard
	browse(t, probe, Config{Types: []string{"_t0._tcp"}, OnlyTypes: true}, real.handle)
	eventually(t, time.Minute, "Avahi is up", func() bool { return len(real.all()) == 3 })
	browse(t, probe, Config{Types: demoTypes, OnlyTypes: true, Zone: zone, Interfaces: onlyEth0}, leaked.handle)
	browse(t, probe, Config{Types: demoTypes, OnlyTypes: true, Interfaces: onlyEth0}, leaked.handle)
	browse(t, beside, Config{Types: demoTypes, OnlyTypes: true, Zone: zone, Interfaces: loopbackOnly}, own.handle)
	browse(t, beside, Config{Types: demoTypes, OnlyTypes: true, Interfaces: loopbackOnly}, seenLocally.handle)

	var leakedTwin heard
	twin(t, beside)
	browse(t, probe, Config{Types: []string{"_twin._tcp"}, OnlyTypes: true, Interfaces: onlyEth0}, leakedTwin.handle)

	var told bytes.Buffer
	run := exec.Command("ip", "netns", "exec", filepath.Base(beside), demo, "--fast")
	run.Stdout, run.Stderr = &told, &told
	if err := run.Run(); err != nil {
		t.Fatalf("the demo beside Avahi: %v\n%s", err, told.String())
	}
	if strings.Contains(told.String(), "beside no") {
		t.Errorf("the demo took in what Avahi announces:\n%s", told.String())
	}
	if n := len(own.all()); n != 5 {
		t.Errorf("%d services were announced on loopback, want 5: %q", n, own.all())
	}
	if got := leaked.all(); len(got) > 0 {
		t.Errorf("the real network was told of the demo: %q", got)
	}
	if got := seenLocally.all(); len(got) > 0 {
		t.Errorf("a look into local. on this computer shows the demo: %q", got)
	}
	eventually(t, 20*time.Second, "the twin leaks, so that the look above proves something", func() bool { return len(leakedTwin.all()) == 1 })
}

// twin announces on loopback by the library alone, without what keeps its
// sockets there: the same look must find it on the real network.
func twin(t *testing.T, beside string) {
	t.Helper()
	inside(t, beside, func() {
		lo, err := loopbackOnly()
		if err != nil {
			t.Error(err)
			return
		}
		s, err := zeroconf.RegisterProxy("Twin", "_twin._tcp", "local.", 9, "twin", []string{"127.0.1.9"}, []string{"a=b"}, lo)
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(s.Shutdown)
	})
}
