package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery/flow"
)

// crashChild decides in a loop until it is killed, and says what was
// acknowledged. It is this test binary, started anew.
func crashChild(dir string) {
	ctx := context.Background()
	c := testConfig(dir)
	c.Seal = testSealer{key: 7}
	ids.Store(int64(os.Getpid()) << 20) // each child numbers its own
	s, err := Open(ctx, c)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	have, err := s.Consents(ctx)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	for i := len(have); ; i++ {
		id := consent.ID(fmt.Sprintf("c%06d", i))
		a := consent.Action{Kind: consent.ActBlock, Device: "d1", Mark: consent.MarkFor(id), DueAt: noon}
		err := s.Decide(ctx, consent.Decision{
			Consent: given(id, noon), Actions: []consent.Action{a},
			Notes: []ledger.Note{{Time: noon, Kind: consent.NoteGiven, Consent: string(id), Text: "Given."}},
		})
		if err == nil {
			err = s.AddFlows(ctx, "x", []flow.Record{record("d1", i, 1)}, []byte(fmt.Sprint(i)))
		}
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println("ok", id)
	}
}

// Two hundred kills (ten without LAB_LONG) at any moment: what was acknowledged is kept, with its actions
// and its diary, and the chain is whole and never shorter than its seal.
func TestKilledAtAnyMoment(t *testing.T) {
	kills := 10
	if long() {
		kills = 200
	}
	dir := t.TempDir()
	acknowledged := 0
	for i := range kills {
		acknowledged = max(acknowledged, killOnce(t, dir, time.Duration(1+i%13)*3*time.Millisecond))
	}
	c := testConfig(dir)
	c.Seal = testSealer{key: 7}
	s := open(t, c)
	cs := value(s.Consents(t.Context()))(t)
	if len(cs) < acknowledged || acknowledged == 0 {
		t.Fatalf("%d acknowledged, %d kept", acknowledged, len(cs))
	}
	r := value(s.VerifyDiary(t.Context()))(t)
	as := value(s.OpenActions(t.Context()))(t)
	if !r.OK() || !r.Sealed || int(r.Entries) != len(cs) || len(as) != len(cs) {
		t.Fatalf("%d permissions, %d actions, diary %+v", len(cs), len(as), r)
	}
	if n := value(s.CheckRows(t.Context()))(t); n != 0 {
		t.Fatalf("%d bad rows", n)
	}
	t.Logf("%d kills, %d acknowledged, %d kept", kills, acknowledged, len(cs))
}

// killOnce lets the child run until it has acknowledged one decision and a
// little longer, kills it, and gives how many it knew to be written.
func killOnce(t *testing.T, dir string, after time.Duration) int {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), "STORE_CRASH_DIR="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	last := 0
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		id, ok := strings.CutPrefix(lines.Text(), "ok c")
		if !ok {
			t.Fatalf("child: %s", lines.Text())
		}
		if last == 0 {
			timer := time.AfterFunc(after, func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
			defer timer.Stop()
		}
		var n int
		if _, err := fmt.Sscanf(id, "%d", &n); err != nil {
			t.Fatal(err)
		}
		last = n + 1
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) {
		t.Fatalf("the child was not killed: %v", err)
	}
	return last
}
