//go:build lab && linux

package lab

import (
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// download is an open download in a device, read by the test as it arrives.
type download struct {
	cmd *exec.Cmd

	mu    sync.Mutex // guards last and bytes
	last  time.Time
	bytes int
}

func (h *home) download(device, host, family string) *download {
	h.t.Helper()
	d := &download{cmd: h.command("send", device, host, "download", family, "120")}
	out, err := d.cmd.StdoutPipe()
	if err == nil {
		err = d.cmd.Start()
	}
	if err != nil {
		h.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.read(out)
	}()
	h.t.Cleanup(func() { kill(d.cmd); <-done })
	eventually(h.t, 10*time.Second, "the download runs", func() bool { _, n := d.so(); return n > 100_000 })
	return d
}

func (d *download) read(out io.Reader) {
	buf := make([]byte, 64<<10)
	for {
		n, err := out.Read(buf)
		if n > 0 {
			d.mu.Lock()
			d.last, d.bytes = time.Now(), d.bytes+n
			d.mu.Unlock()
		}
		if err != nil {
			return
		}
	}
}

// so is when the last bytes came and how many they are in all.
func (d *download) so() (time.Time, int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.last, d.bytes
}

// TestDisconnectCutsOpenFlows: the last packet of an open download comes no
// later than a second after the click, and within ten the router has refused
// something, over both families; another device's download goes on.
func TestDisconnectCutsOpenFlows(t *testing.T) {
	h := up(t, "smoke")
	h.serve()
	h.must("connect", "gateway")
	bell := h.device(bellMAC)
	cut := map[string]*download{"IPv4": h.download("doorbell", "video.bell-maker.example", "4"), "IPv6": h.download("doorbell", "video.bell-maker.example", "6")}
	other := h.download("tv", "tv-maker.example", "4")

	click := time.Now()
	out := h.must("disconnect", bell.ID)
	answered := time.Since(click)
	until(click.Add(5 * time.Second))
	for family, d := range cut {
		last, n := d.so()
		t.Logf("%s: %d bytes, the last ones %s after the click", family, n, last.Sub(click).Round(time.Millisecond))
		if last.After(click.Add(time.Second)) {
			t.Errorf("%s: the download went on for %s after the click", family, last.Sub(click))
		}
	}
	if last, _ := other.so(); last.Before(click.Add(4 * time.Second)) {
		t.Error("another device's download stopped too")
	}
	for _, company := range []string{"bell-maker", "time"} {
		if got := h.arrived(company, bell4, bell6); got.Last.After(click.Add(time.Second)) {
			t.Errorf("%s got a packet %s after the click", company, got.Last.Sub(click))
		}
	}
	t.Logf("the command answered after %s:\n%s", answered.Round(time.Millisecond), out)
	if !strings.Contains(out, "effective") || answered > 10*time.Second {
		t.Errorf("want the level effective within 10 s of the click, from a device that goes on trying; after %s: %s", answered, out)
	}

	back := time.Now()
	h.must("reconnect", bell.ID)
	eventually(t, 15*time.Second, "the doorbell is back", func() bool { return h.arrived("bell-maker", bell4, bell6).Last.After(back) })
	if _, errs, code := h.agent("disconnect", "no-such-device"); code != 1 || errs == "" {
		t.Errorf("an unknown device: exit %d, %q; want 1 and a sentence", code, errs)
	}
}

// TestRestartOfTheBox: what was set comes back from the boot file before
// anything is forwarded, with no program of ours running; and without the file
// it would not.
func TestRestartOfTheBox(t *testing.T) {
	h := up(t, "smoke")
	agent := h.serve()
	boot := filepath.Join(h.data, "boot")
	h.must("connect", "gateway", "--set", "boot="+boot)
	bell, tv := h.device(bellMAC), h.device(tvMAC)
	h.flowTo(tv.ID, "203.0.113.30")
	h.must("disconnect", bell.ID)
	c := h.allow(tv.ID, ads, "usage", "20s")
	eventually(t, 10*time.Second, "the router holds the date", func() bool { return h.consent(c.ID).HeldBy != "" })
	files, err := filepath.Glob(filepath.Join(boot, "*.nft"))
	if err != nil || len(files) != 1 {
		t.Fatalf("boot files: %v, %v; want one", files, err)
	}
	kill(agent)

	h.box("exec", "gw", "nft", "flush", "ruleset") // all that a restart leaves
	empty := time.Now()
	eventually(t, 15*time.Second, "without the file the doorbell is through", func() bool {
		return h.arrived("bell-maker", bell4, bell6).Last.After(empty)
	})
	h.box("exec", "gw", "nft", "-f", files[0]) // what the boot unit does
	loaded := time.Now()
	if !loaded.Before(c.Expires) {
		t.Fatal("the date came before the box was back")
	}
	until(c.Expires.Add(4 * time.Second))
	if got := h.arrived("bell-maker", bell4, bell6); got.Last.After(loaded.Add(time.Second)) {
		t.Errorf("after the restart the doorbell sent for %s", got.Last.Sub(loaded))
	}
	got := h.arrived("ads", tv4, tv6)
	t.Logf("after the restart, the last packet of the dated permission came %s after its end", got.Last.Sub(c.Expires))
	if got.Last.After(c.Expires.Add(time.Second)) || got.Last.Before(c.Expires.Add(-3*time.Second)) {
		t.Errorf("after the restart the last packet came %s after the end; want it within a second, and sending until then", got.Last.Sub(c.Expires))
	}
}

// TestLeavingLeavesNothing: removing the connection lifts what it holds.
func TestLeavingLeavesNothing(t *testing.T) {
	h := up(t, "smoke")
	h.serve()
	h.must("connect", "gateway")
	bell := h.device(bellMAC)
	h.must("disconnect", bell.ID)
	if out := h.must("held"); !strings.Contains(out, "gateway") && len(strings.Fields(out)) < 3 {
		t.Errorf("held lists nothing after a disconnect: %s", out)
	}
	h.must("held", "--lift")
	lifted := time.Now()
	eventually(t, 15*time.Second, "the doorbell is through", func() bool {
		return h.arrived("bell-maker", bell4, bell6).Last.After(lifted)
	})
}
