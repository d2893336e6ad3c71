package lifecycle

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

// diskPeer is a router whose rules are files, so that they outlive a killed
// process as those of a real one do. Where log names a file it writes down what it
// is asked, and then is called once it has done it.
type diskPeer struct {
	dir, log string
	then     func()
}

func (p diskPeer) Spec() connectors.Spec {
	return connectortest.NewPeer(clock.Wall).Connector().Spec()
}

func (p diskPeer) Open(context.Context, connectors.Settings, *connectors.Host) (connectors.Session, error) {
	return p, nil
}
func (diskPeer) Close() error { return nil }
func (diskPeer) Traits() connectors.Traits {
	return connectors.Traits{Grain: connectors.GrainRecipient, IPv4: true, IPv6: true}
}
func (p diskPeer) file(mark string) string { return filepath.Join(p.dir, mark) }

func (p diskPeer) Block(_ context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
	out := connectors.Receipt{Mark: r.Mark, Level: consent.Configured, Target: r.Target, Grain: connectors.GrainRecipient}
	if err := os.WriteFile(p.file(r.Mark), nil, 0o600); err != nil || p.log == "" {
		return out, err
	}
	err := appendTo(p.log, r.Mark)
	if err == nil && p.then != nil {
		p.then()
	}
	return out, err
}

func (p diskPeer) Unblock(_ context.Context, r connectors.Receipt) (connectors.Receipt, error) {
	_ = os.Remove(p.file(r.Mark)) // gone is what was asked for
	return connectors.Receipt{Mark: r.Mark, Level: consent.Configured}, nil
}

func (p diskPeer) Held(context.Context) (out []connectors.Held, err error) {
	files, err := os.ReadDir(p.dir)
	for _, f := range files {
		out = append(out, connectors.Held{Mark: f.Name(), Active: true, Receipt: connectors.Receipt{Mark: f.Name()}})
	}
	return out, err
}

func (p diskPeer) Verify(_ context.Context, r connectors.Receipt) (connectors.Finding, error) {
	if _, err := os.Stat(p.file(r.Mark)); err != nil {
		return connectors.Finding{Missing: true}, nil //nolint:nilerr // that it is missing is the finding
	}
	return connectors.Finding{Level: consent.Effective, Seen: consent.Stopped, Refused: 1}, nil
}

// killable is what a process that is to be killed works on.
type killable struct {
	Dir, Peer, Credentials string
	Log                    string // where the peer writes down what it is asked
	Point, Lack            string // see points_test.go
}

const killableKey = "BESTBEFORE_KILLABLE"

func (k killable) open(ctx context.Context) (*Home, error) {
	p := diskPeer{dir: k.Peer, log: k.Log}
	if k.Point == pointAnswer {
		p.then = k.die
	}
	reg, err := connectors.NewRegistry(p)
	if err != nil {
		return nil, err
	}
	h, err := Open(ctx, Config{Dir: k.Dir, Enforce: true, Registry: reg, Credentials: k.Credentials})
	if err != nil {
		return nil, err
	}
	return h, k.wire(h)
}

// TestKillable is no test of its own: it is the process that TestT15 kills, or that
// kills itself at a point.
func TestKillable(t *testing.T) {
	var k killable
	if err := json.Unmarshal([]byte(os.Getenv(killableKey)), &k); err != nil {
		t.Skip("only started by TestT15KilledAtRandomNothingIsLost")
	}
	h, err := k.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = h.Serve(t.Context()) // until it is killed
}

// TestT15KilledAtRandomNothingIsLost kills the engine at random moments while it
// ends permissions (G24): two hundred times with LAB_LONG.
func TestT15KilledAtRandomNothingIsLost(t *testing.T) {
	kills := 5
	if os.Getenv("LAB_LONG") != "" {
		kills = 200
	}
	k := killable{Dir: t.TempDir(), Peer: t.TempDir(), Credentials: credential(t)}
	permissions := max(kills*8, 80)
	ids := k.furnish(t, permissions)
	state, err := json.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	for range kills {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKillable$")
		cmd.Env = append(os.Environ(), killableKey+"="+string(state))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(100+rand.IntN(1300)) * time.Millisecond) // the moment is the point
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed
	}
	before := len(k.marks(t))
	h, err := k.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	serving(t, h)
	until(t, "all have ended and are blocked", func() bool { return k.unfinished(t, h, ids) == "" })
	t.Logf("%d kills; %d of %d were blocked before the last start", kills, before, permissions)
	if got := len(k.marks(t)); got != permissions {
		t.Errorf("%d rules for %d permissions", got, permissions)
	}
	if r, err := h.core.VerifyDiary(t.Context()); err != nil || !r.OK() || !r.Sealed {
		t.Errorf("the diary: %+v, %v", r, err)
	}
	k.toldOnce(t, h, ids)
	// The twin: a rule that is lost is found by the same look.
	if err := os.Remove(diskPeer{dir: k.Peer}.file(consent.MarkFor(ids[0]))); err != nil || k.unfinished(t, h, ids) == "" {
		t.Errorf("a lost rule is not found: %v", err)
	}
}

// furnish makes n permissions that end in a moment, stops, and waits until they are due.
func (k killable) furnish(t *testing.T, n int) []consent.ID {
	t.Helper()
	ids, end := k.prepare(t, n)
	until(t, "the last of them is due", func() bool { return clock.Wall().After(end) })
	return ids
}

// prepare makes n permissions that end in a moment, at end, and stops.
func (k killable) prepare(t *testing.T, n int) (ids []consent.ID, end time.Time) {
	t.Helper()
	h, err := k.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id := sight(h)
	stop := serving(t, h)
	connect(t, h)
	ids = make([]consent.ID, n)
	for i := range ids {
		ids[i] = allow(t, h.Engine(), id, fmt.Sprintf("Maker %d", i), fmt.Sprintf("203.0.%d.%d", 113+i/250, 1+i%250), "4s")
	}
	last, err := h.core.Consent(t.Context(), ids[n-1])
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if len(k.marks(t)) > n/2 {
		t.Fatal("most have ended before anything could be killed")
	}
	return ids, last.Expires
}

func (k killable) marks(t *testing.T) []os.DirEntry {
	t.Helper()
	files, err := os.ReadDir(k.Peer)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// unfinished names what is not ended, not blocked, or said to be what it is not.
func (k killable) unfinished(t *testing.T, h *Home, ids []consent.ID) string {
	t.Helper()
	for _, id := range ids {
		c, err := h.core.Consent(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		_, missing := os.Stat(diskPeer{dir: k.Peer}.file(consent.MarkFor(id)))
		if c.Decided != consent.Expired || c.Version != 2 || len(c.Actions) == 0 || c.Actions[0].State != consent.Done || missing != nil {
			return string(id)
		}
	}
	return ""
}

// toldOnce: the diary says of each permission once that it ended, and once that
// it was blocked.
func (k killable) toldOnce(t *testing.T, h *Home, ids []consent.ID) {
	t.Helper()
	for _, id := range ids {
		es, err := h.core.Diary(t.Context(), engine.DiaryQuery{Consent: id, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		var ended, blocked int
		for _, e := range es {
			if e.Kind == consent.NoteExpired {
				ended++
			}
			if strings.Contains(e.Text, "was blocked from") {
				blocked++
			}
		}
		if ended != 1 || blocked != 1 {
			t.Errorf("%s: told %d times that it ended, %d times that it was blocked", id, ended, blocked)
		}
	}
}
