package lifecycle

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/store"
	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/consent/enforce"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// The matrix of faults once more, as consent/enforce has it, with nothing in
// memory but the router: the real clock watch, scheduler and runner work on the
// real files, on a fake clock. Every pair of fifteen faults meets a permission
// whose date comes in the middle of them; then the program ends and is started
// again. Without LAB_LONG each fault is met twice.

// faultTime is how long the faults last, and endsAfter when the date comes.
const (
	faultTime = 30 * time.Minute
	endsAfter = 5*time.Minute + 7*time.Second
)

// What the home of a trial lacks; the twins.
type lack int

const (
	nothing    lack = iota
	recovery        // nobody goes on after the faults
	deciding        // no scheduler
	memoryOf        // what is told is told twice
	wholeChain      // a line of the diary was altered
)

// world is one home under two faults.
type world struct {
	t      *testing.T
	lacks  lack
	dir    string
	began  time.Time
	router connectors.Capabilities
	peer   *connectortest.Peer

	store  *store.Store // as long as the program runs
	runner *enforce.Runner

	mu          sync.Mutex // guards what follows
	skew, slept time.Duration
	closed      error
	left        bool // the faults are over

	blocks, looks []func(context.Context) error
	writes, reads []func() error
	minutely      []func() // while the faults last, and once after
}

// clocks are this computer's, long after the program was made.
func (x *world) clocks() clock.Reading {
	x.mu.Lock()
	defer x.mu.Unlock()
	boot := time.Since(x.began) + x.slept
	return clock.Reading{Wall: time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC).Add(boot + x.skew), Boot: time.Hour + boot, BootID: "one"}
}

func (x *world) wall() time.Time { return x.clocks().Wall }

// fails asks the faults, while they last.
func (x *world) fails(faults []func() error) error {
	if !x.on() {
		return nil
	}
	for _, f := range faults {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// put stores a permission that ends after d.
func (x *world) put(id consent.ID, to string, d time.Duration) {
	x.t.Helper()
	now := x.wall().UTC()
	end := now.Add(d)
	if err := x.store.Decide(x.t.Context(), consent.Decision{Consent: consent.Consent{
		SchemaVersion: consent.SchemaVersion, ID: id, Version: 1, Device: "d1", Recipient: consent.Recipient{Name: "Bell Maker", Destinations: []string{to}},
		Data: []consent.Category{"video"}, Decided: consent.Given, DecidedBy: "you", DecidedHow: "test", Given: now,
		Term: consent.Term{Kind: consent.ForPeriod, Rule: "PT1H"}, Expires: end, ExpiresCivil: end.Format("2006-01-02T15:04:05"),
		Zone: "UTC", Remedy: consent.Block, Seen: consent.NotChecked,
	}}); err != nil {
		x.t.Fatal(err)
	}
}

// The two receivers: the permission for the first ends.
const (
	ending = "203.0.113.7"
	going  = "203.0.113.9"
)

// send is the device, which never stops trying.
func (x *world) send() (first, second bool) {
	return x.peer.Send(bellMAC, ending, 443, 10), x.peer.Send(bellMAC, going, 443, 10)
}

func (x *world) minute() {
	time.Sleep(time.Minute)
	synctest.Wait()
	x.send()
}

// suffer lets the faults last for their time, and ends them.
func (x *world) suffer() {
	for range int(faultTime / time.Minute) {
		x.minute()
		for _, f := range x.minutely {
			f()
		}
	}
	x.mu.Lock()
	x.left = true
	x.mu.Unlock()
	for _, f := range x.minutely {
		f()
	}
	x.door(false)
}

// goOn waits until all is well, a day and the longest retry at most, and then
// for the next look, in which nothing may change.
func (x *world) goOn() {
	tries, more := 27*60, 20
	if long() {
		more = 120
	}
	if x.lacks != nothing {
		tries = 20
	}
	for i := 0; i < tries && (i%5 != 4 || x.verdict() != ""); i++ {
		x.minute()
	}
	for range more {
		x.minute()
	}
}

func long() bool { return os.Getenv("LAB_LONG") != "" }

// verdict says what is wrong: what was lost, told twice, left open or broken.
func (x *world) verdict() string {
	ctx := x.t.Context()
	c, err := x.store.Consent(ctx, "c1")
	other, errOther := x.store.Consent(ctx, "c2")
	as, errActions := x.store.ByMark(ctx, consent.MarkFor("c1"))
	lines, errDiary := x.store.Diary(ctx, ledger.Query{Limit: 10_000})
	chain, errChain := x.store.VerifyDiary(ctx)
	due, errDue := x.store.Due(ctx, x.wall(), 10)
	if err := errors.Join(err, errOther, errActions, errDiary, errChain, errDue); err != nil {
		return err.Error()
	}
	first, second := x.send()
	switch {
	case chain.Fault != nil:
		return fmt.Sprintf("the diary: %v", chain.Fault)
	case c.Decided != consent.Expired || c.Version != 2 || len(due) != 0:
		return fmt.Sprintf("it is %s, version %d; %d are due", c.Decided, c.Version, len(due))
	case first:
		return "it still sends"
	case !second || other.Decided != consent.Given || other.Version != 1:
		return fmt.Sprintf("what had not ended: sends %v, %s", second, other.Decided)
	case c.Seen != consent.Stopped:
		return fmt.Sprintf("seen %s", c.Seen)
	}
	return cmp.Or(open(as), told(lines, as))
}

// open says what is left to be done, or done twice.
func open(as []consent.Action) string {
	left, stand := 0, 0
	for _, a := range as {
		if a.State.Open() {
			left++
		}
		if a.State == consent.Done && !a.VerifyAt.IsZero() {
			stand++
		}
	}
	if left != 0 || stand != 1 {
		return fmt.Sprintf("%d open, %d stand for the block", left, stand)
	}
	return ""
}

// told says what the diary tells twice: that it ended, and of each action, that
// it is done.
func told(lines []ledger.Line, as []consent.Action) string {
	ended, done := 0, map[string]int{}
	for _, l := range lines {
		if l.Consent == "c1" && l.Kind == consent.NoteExpired {
			ended++
		}
		if strings.Contains(l.Text, "was blocked from") {
			done[l.Action]++
		}
	}
	if ended != 1 {
		return fmt.Sprintf("that it ended is told %d times", ended)
	}
	for _, a := range as {
		if n := done[string(a.ID)]; n > 1 {
			return fmt.Sprintf("that %s is done is told %d times, in %d tries", a.ID, n, a.Attempt)
		}
	}
	return ""
}

// trial runs one pair of faults and says what is wrong at the end.
func trial(t *testing.T, one, two int, lacks lack) (wrong string) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		x := &world{t: t, lacks: lacks, dir: dir, began: time.Now()}
		x.peer = connectortest.NewPeer(x.wall)
		s, err := x.peer.Connector().Open(t.Context(), connectors.Settings{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		x.router = connectors.CapabilitiesOf(s)
		for _, i := range []int{one, two} {
			pathFaults[i].begin(x)
		}
		stop := x.run()
		if err := x.store.SaveInventory(t.Context(), discovery.Saved{Devices: []discovery.Device{{
			ID: "d1", Label: "Doorbell", Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: bellMAC}},
		}}}); err != nil {
			t.Fatal(err)
		}
		x.put("c1", ending, endsAfter)
		x.put("c2", going, 300*24*time.Hour)
		x.suffer()
		stop()
		if lacks == wholeChain {
			alterDiary(t, dir)
		}
		stop = x.run()
		defer func() { stop() }()
		x.door(false) // the sessions say so when they open
		x.goOn()
		wrong = x.verdict()
	})
	return wrong
}

// alterDiary changes one word of a closed diary.
func alterDiary(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, "evidence.db")
	b, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(b, []byte("may no longer send to")) {
		t.Fatalf("the diary does not hold what it should, %v", err)
	}
	if err := os.WriteFile(path, bytes.Replace(b, []byte("may no longer send to"), []byte("may no longer send t0"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTheMatrixOfFaultsOnRealFiles(t *testing.T) {
	if len(pathFaults) != 15 {
		t.Fatalf("%d faults", len(pathFaults))
	}
	began, tried := time.Now(), 0
	for i := range pathFaults {
		for j := range pathFaults {
			if (i+j)%len(pathFaults) != 0 && !long() {
				continue
			}
			tried++
			if wrong := trial(t, i, j, nothing); wrong != "" {
				t.Errorf("%s, and %s: %s", pathFaults[i].name, pathFaults[j].name, wrong)
			}
		}
	}
	t.Logf("%d pairs of faults in %v", tried, time.Since(began).Round(time.Millisecond))
	const full, sleeps = 9, 13
	for lacks, x := range map[lack]struct { // the twins
		fault int
		want  string
	}{recovery: {full, "it is given"}, deciding: {sleeps, "it is given"}, memoryOf: {sleeps, "told 2 times"}, wholeChain: {sleeps, "the diary"}} {
		if got := trial(t, sleeps, x.fault, lacks); !strings.Contains(got, x.want) {
			t.Errorf("the twin %d: %q; this test shows nothing", lacks, got)
		}
	}
}
