package lifecycle

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery"
)

func TestMain(m *testing.M) {
	if os.Getenv(keyStoreChild) != "" {
		os.Exit(m.Run()) // the key store's library keeps its line to the bus
	}
	// The log's file rotation never ends its own goroutine.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("gopkg.in/natefinch/lumberjack%2ev2.(*Logger).millRun"))
}

const bellMAC = "00:11:22:33:44:55"

// start opens a home on dir with one fake peer and serves it until stop.
func start(t *testing.T, dir string, peer *connectortest.Peer) (*Home, func()) {
	t.Helper()
	return served(t, Config{Dir: dir}, peer.Connector())
}

func sight(h *Home) discovery.DeviceID { return seenAt(h, bellMAC, "192.168.77.30") }

func connect(t *testing.T, h *Home) {
	t.Helper()
	kind := h.Registry.Specs()[0].Kind
	if _, err := h.Engine().Connect(t.Context(), engine.ConnectRequest{Kind: kind, Name: "Router"}); err != nil {
		t.Fatal(err)
	}
}

func allow(t *testing.T, e engine.Engine, id discovery.DeviceID, name, addr, term string) consent.ID {
	t.Helper()
	info, err := e.Allow(t.Context(), engine.AllowRequest{
		Device: id, Recipient: consent.Recipient{Name: name, Destinations: []string{addr}}, Until: term, Then: consent.Block, How: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	return info.ID
}

// TestOneFlowEndsOnItsDate is the whole house on a fake router: a permission
// runs out, the router blocks, the block is seen to work, the diary tells it.
// The other permission of the same device goes on (T61).
func TestOneFlowEndsOnItsDate(t *testing.T) {
	peer := connectortest.NewPeer(clock.Wall)
	h, stop := start(t, t.TempDir(), peer)
	id := sight(h)
	connect(t, h)
	e := h.Engine()
	bell := allow(t, e, id, "Bell Maker", "203.0.113.7", "2s")
	allow(t, e, id, "Time", "203.0.113.9", "1h")
	if !peer.Send(bellMAC, "203.0.113.7", 443, 10) {
		t.Fatal("it was blocked before its date")
	}
	until(t, "the flow is refused, and seen to have stopped", func() bool {
		peer.Send(bellMAC, "203.0.113.7", 443, 10) // it goes on trying
		c, err := e.Consent(t.Context(), bell)
		return err == nil && c.Decided == consent.Expired && c.Seen == consent.Stopped && c.Headline == consent.EndedStopped
	})
	if peer.Send(bellMAC, "203.0.113.7", 443, 10) {
		t.Error("seen as stopped, but it passes")
	}
	if !peer.Send(bellMAC, "203.0.113.9", 123, 10) {
		t.Error("the other permission of the device was cut too")
	}
	texts := diaryKinds(t, e)
	for _, want := range []string{"given", "expired", "action", "verified"} {
		if !strings.Contains(texts, want) {
			t.Errorf("the diary does not tell %q: %s", want, texts)
		}
	}
	if r, err := e.VerifyDiary(t.Context()); err != nil || !r.OK() || !r.Sealed {
		t.Errorf("the diary: %+v, %v", r, err)
	}
	stop()
}

// TestTheTwinWithoutARouterDoesNotClaimAStop removes the mechanism: the peer is
// down, so nothing may be called done or stopped.
func TestTheTwinWithoutARouterDoesNotClaimAStop(t *testing.T) {
	peer := connectortest.NewPeer(clock.Wall)
	h, _ := start(t, t.TempDir(), peer)
	id := sight(h)
	connect(t, h)
	e := h.Engine()
	bell := allow(t, e, id, "Bell Maker", "203.0.113.7", "2s")
	peer.Restart() // it forgets what was handed over
	peer.SetDown(true)
	until(t, "the end is decided, and the block waits", func() bool {
		c, err := e.Consent(t.Context(), bell)
		if err == nil && (c.Seen == consent.Stopped || c.Headline == consent.EndedStopped) {
			t.Fatalf("it claims that it stopped: %+v", c.Actions)
		}
		return err == nil && c.Decided == consent.Expired && c.Headline == consent.EndedPending && c.Actions[0].State == consent.Waiting
	})
}

// TestAfterARestartWhatFellDueMeanwhileIsDone: nothing runs on the day.
func TestAfterARestartWhatFellDueMeanwhileIsDone(t *testing.T) {
	peer := connectortest.NewPeer(clock.Wall)
	peer.SetTraits(connectors.Traits{Grain: connectors.GrainRecipient, IPv4: true, IPv6: true}) // it cannot hold a date
	dir := t.TempDir()
	h, stop := start(t, dir, peer)
	id := sight(h)
	connect(t, h)
	due := time.Now().Add(time.Second)
	bell := allow(t, h.Engine(), id, "Bell Maker", "203.0.113.7", "1s")
	stop()
	until(t, "the date passes with nothing running", func() bool { return time.Now().After(due.Add(100 * time.Millisecond)) })
	if !peer.Send(bellMAC, "203.0.113.7", 443, 10) {
		t.Fatal("somebody blocked it although nothing runs")
	}
	h, _ = start(t, dir, peer)
	until(t, "the next start blocks it", func() bool {
		c, err := h.Engine().Consent(t.Context(), bell)
		return err == nil && c.Decided == consent.Expired && c.Actions[0].State == consent.Done
	})
	if peer.Send(bellMAC, "203.0.113.7", 443, 10) {
		t.Error("done, but it passes")
	}
	if d, err := h.Engine().Device(t.Context(), string(id)); err != nil || len(d.Consents) != 1 {
		t.Errorf("the device after a restart: %+v, %v", d, err)
	}
}

// TestDisconnectAndReconnect also shows that removing a connection lifts what it holds.
func TestDisconnectAndReconnect(t *testing.T) {
	peer := connectortest.NewPeer(clock.Wall)
	h, _ := start(t, t.TempDir(), peer)
	id := sight(h)
	connect(t, h)
	e := h.Engine()
	for range 2 {
		a, err := e.Disconnect(t.Context(), id, false, "test")
		if err != nil {
			t.Fatal(err)
		}
		until(t, "the router refuses it", func() bool {
			x, err := e.Action(t.Context(), a.ID)
			return err == nil && x.State == consent.Done && !peer.Send(bellMAC, "198.51.100.1", 443, 10)
		})
		if _, err := e.Undo(t.Context()); err != nil {
			t.Fatal(err)
		}
		until(t, "undo lets it through again", func() bool { return peer.Send(bellMAC, "198.51.100.1", 443, 10) })
	}
	allow(t, e, id, "Bell Maker", "203.0.113.7", "1h")
	until(t, "the date is handed over", func() bool { return len(peer.Marks()) == 1 })
	conns, err := e.Connectors(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := e.RemoveConnection(t.Context(), conns.Connections[0].ID); err != nil || len(peer.Marks()) != 0 {
		t.Errorf("after removing: %v, still held: %v", err, peer.Marks())
	}
}

func diaryKinds(t *testing.T, e engine.Engine) string {
	t.Helper()
	es, err := e.Diary(t.Context(), engine.DiaryQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, x := range es {
		out = append(out, fmt.Sprintf("%s: %s", x.Kind, x.Text))
	}
	return strings.Join(out, "\n")
}

// credential hands over a key as systemd does, and keeps the key store of
// whoever runs the tests out of it.
func credential(t testing.TB) string {
	t.Helper()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "bestbefore-key"), bytes.Repeat([]byte{7}, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
