//go:build lab && linux

package lab

import (
	"strings"
	"testing"
	"time"
)

// TestStory is the product in one go: found, seen sending, allowed until a date,
// ended by the kernel on that date, checked, written down; and renewed.
func TestStory(t *testing.T) {
	h := up(t, "smoke")
	tell(t, "A home with a doorbell, a television, a lamp bridge and a router. Best Before runs on the router.")
	h.serve()
	h.must("connect", "gateway")
	bell := h.device(bellMAC)
	tell(t, "Found by its own announcements: %s (%s).", bell.Name, strings.Join(bell.Addresses, ", "))
	for _, to := range []string{"198.51.100.10", "2001:db8:100::10"} {
		f := h.flowTo(bell.ID, to)
		tell(t, "Seen by the router: it sends to %s, %d bytes so far.", to, f.BytesUp)
	}

	c := h.allow(bell.ID, bellMaker, "video", "12s")
	tell(t, "Allowed: video to the Bell Maker, best before %s (in %.0f s).", c.Expires.Local().Format("15:04:05"), time.Until(c.Expires).Seconds())
	until(c.Expires.Add(5 * time.Second))

	got, others := h.arrived("bell-maker", bell4, bell6), h.arrived("time", bell4)
	tell(t, "The Bell Maker's last packet came %s after that moment; the doorbell still asks for the time.", got.Last.Sub(c.Expires).Round(time.Millisecond))
	if got.Last.Before(c.Expires.Add(-3 * time.Second)) {
		t.Errorf("it had stopped %s before its date already, so its end proves nothing", c.Expires.Sub(got.Last))
	}
	if got.Last.After(c.Expires.Add(time.Second)) {
		t.Errorf("a packet arrived %s after the end", got.Last.Sub(c.Expires))
	}
	if others.Last.Before(c.Expires.Add(time.Second)) {
		t.Error("the doorbell's other recipient stopped with it")
	}
	eventually(t, 15*time.Second, "the end is decided, done and seen", func() bool {
		c = h.consent(c.ID)
		return c.Decided == "expired" && c.Done == "done" && c.Level == "effective" && c.Seen == "stopped"
	})
	tell(t, "decided: %s · done: %s (%s) · seen: %s", c.Decided, c.Done, c.Level, c.Seen)
	for _, e := range ask[[]diaryRow](h, "diary") {
		tell(t, "  %d  %s  %s", e.Seq, e.Time.Local().Format("15:04:05"), e.Text)
	}
	h.mentions(c.ID)
	tell(t, "%s", strings.TrimSpace(h.must("diary", "--verify")))

	renewed := time.Now()
	h.must("renew", c.ID, "--until", "6mo")
	took := eventually(t, 15*time.Second, "a renewed permission lets it through", func() bool {
		return h.arrived("bell-maker", bell4, bell6).Last.After(renewed)
	})
	tell(t, "Renewed for 6 months: the doorbell is through again after %s.", took.Round(100*time.Millisecond))
}

// TestTwoRecipientsOneEnds is T61: one of two permissions of a device ends, and
// the other's bytes go on, on the very flow that was open.
func TestTwoRecipientsOneEnds(t *testing.T) {
	h := up(t, "smoke")
	h.serve()
	h.must("connect", "gateway")
	tv := h.device(tvMAC)
	kept := h.command("send", "tv", "tv-maker.example", "upload", "4", "60")
	cut := h.command("send", "tv", "ads.example", "upload", "6", "60")
	for _, c := range []interface{ Start() error }{kept, cut} {
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { kill(kept); kill(cut) })
	h.flowTo(tv.ID, "2001:db8:200::30")
	h.flowTo(tv.ID, "198.51.100.20")
	h.allow(tv.ID, tvMaker, "usage", "2h")
	ends := h.allow(tv.ID, ads, "usage", "8s")
	until(ends.Expires.Add(time.Second))
	before := h.arrived("tv-maker", tv4)
	until(ends.Expires.Add(4 * time.Second))
	after, gone := h.arrived("tv-maker", tv4), h.arrived("ads", tv4, tv6)
	t.Logf("the advertiser's last packet: %s after the end; the maker got %d bytes in the 3 s after it", gone.Last.Sub(ends.Expires), after.Bytes-before.Bytes)
	if gone.Last.After(ends.Expires.Add(time.Second)) {
		t.Errorf("the ended recipient got a packet %s after the end", gone.Last.Sub(ends.Expires))
	}
	if gone.Last.Before(ends.Expires.Add(-2 * time.Second)) {
		t.Error("the ended recipient got nothing before the end either")
	}
	if after.Bytes-before.Bytes < 200_000 { // a flow of 200 kB/s
		t.Errorf("the other recipient got only %d bytes in 3 s", after.Bytes-before.Bytes)
	}
}

// TestKernelKeepsTheDate kills the agent before the date: the router itself ends
// the flow, and the agent says so when it is back.
func TestKernelKeepsTheDate(t *testing.T) {
	h := up(t, "smoke")
	agent := h.serve()
	h.must("connect", "gateway")
	bell := h.device(bellMAC)
	h.flowTo(bell.ID, "198.51.100.10")
	c := h.allow(bell.ID, bellMaker, "video", "12s")
	eventually(t, 8*time.Second, "the router holds the date", func() bool { return h.consent(c.ID).HeldBy != "" })
	kill(agent)
	if out, err := h.command("exec", "gw", "pgrep", "-f", "bestbefore-agent").CombinedOutput(); err == nil {
		t.Fatalf("the agent still runs: %s", out)
	}
	if !time.Now().Before(c.Expires) {
		t.Fatal("the date came before the agent was gone")
	}
	until(c.Expires.Add(5 * time.Second))
	got := h.arrived("bell-maker", bell4, bell6)
	t.Logf("with the agent killed, the last packet came %s after the end", got.Last.Sub(c.Expires))
	if got.Last.After(c.Expires.Add(time.Second)) || got.Last.Before(c.Expires.Add(-3*time.Second)) {
		t.Errorf("the last packet came %s after the end; want it within a second, and sending until then", got.Last.Sub(c.Expires))
	}
	h.serve()
	t.Cleanup(func() { t.Logf("it stands at: %+v", c) })
	eventually(t, 20*time.Second, "the agent catches up", func() bool {
		c = h.consent(c.ID)
		return c.Decided == "expired" && c.Done == "done" && c.Seen == "stopped"
	})
	h.mentions(c.ID)
}

// mentions makes sure that the diary has at least a giving, an ending and what
// was done about it, and that it verifies.
func (h *home) mentions(consent string) {
	h.t.Helper()
	n := 0
	for _, e := range ask[[]diaryRow](h, "diary") {
		if e.Consent == consent && e.Text != "" && len(e.Hash) == 64 {
			n++
		}
	}
	if n < 3 {
		h.t.Errorf("the diary has %d entries about permission %s; want what was decided, done and seen", n, consent)
	}
	if out, errs, code := h.agent("diary", "--verify"); code != 0 {
		h.t.Errorf("the diary does not verify: %s%s", out, errs)
	}
}
