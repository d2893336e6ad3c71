package lifecycle

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/consent/enforce"
	"bestbefore/consent/expiry"
	"bestbefore/consent/ledger"
)

// The points at which a process kills itself, in the order in which they come.
const (
	pointDue      = "before the decision"
	pointDecision = "after the decision"
	pointIntent   = "after the intent"
	pointAnswer   = "after the peer did it, before its answer"
	pointSave     = "after the answer, before the save"
	pointSaved    = "after the save"
)

// What a twin lacks.
const (
	lackMissed   = "what fell due while it was off is passed over"
	lackOutbox   = "the actions of a decision are written after it"
	lackRecovery = "what ran is not put back"
	lackDurable  = "what was done is written later"
)

// die is a kill -9 of this process by itself, which it tells beforehand.
func (k killable) die() {
	_ = appendTo(k.Log, k.Point)
	if p, err := os.FindProcess(os.Getpid()); err == nil {
		_ = p.Kill()
	}
	select {} // nothing more happens here
}

// wire puts the stores of k's point and of what it lacks into h, before it serves.
func (k killable) wire(h *Home) (err error) {
	if k.Point == "" && k.Lack == "" {
		return nil
	}
	e := h.enforcing()
	e.Store = pointedActions{e.Store, k}
	if h.runner, err = enforce.New(e); err != nil {
		return err
	}
	x := h.ending()
	x.Store, x.DecideAll = pointedEnds{x.Store, h, k, h.now()}, nil
	h.scheduler, err = expiry.New(x)
	return err
}

// pointedEnds is the scheduler's store.
type pointedEnds struct {
	expiry.Store
	h     *Home
	k     killable
	began time.Time
}

func (s pointedEnds) Due(ctx context.Context, now time.Time, n int) (out []consent.Consent, err error) {
	due, err := s.Store.Due(ctx, now, n)
	for _, c := range due {
		if s.k.Lack != lackMissed || s.k.Point != "" || !c.DueAt().Before(s.began) { // the next start lacks it
			out = append(out, c)
		}
	}
	return out, err
}

func (s pointedEnds) Decide(ctx context.Context, d consent.Decision) error {
	if s.k.Point == pointDue {
		s.k.die()
	}
	later := d.Actions
	if s.k.Lack == lackOutbox {
		d.Actions = nil
	}
	err := s.Store.Decide(ctx, d)
	if err == nil && s.k.Point == pointDecision {
		s.k.die()
	}
	if s.k.Lack == lackOutbox && err == nil {
		_, err = s.h.store.AddActions(ctx, later)
	}
	return err
}

// pointedActions is the runner's store.
type pointedActions struct {
	enforce.Store
	k killable
}

func (s pointedActions) Recover(ctx context.Context) (int, error) {
	if s.k.Lack == lackRecovery {
		return 0, nil
	}
	return s.Store.Recover(ctx)
}

func (s pointedActions) SaveAction(ctx context.Context, a consent.Action, notes ...ledger.Note) error {
	done := a.State == consent.Done
	if done && s.k.Point == pointSave {
		s.k.die()
	}
	var err error
	if !done || s.k.Lack != lackDurable {
		err = s.Store.SaveAction(ctx, a, notes...)
	}
	if err == nil && (done && s.k.Point == pointSaved || a.State == consent.Running && s.k.Point == pointIntent) {
		s.k.die()
	}
	return err
}

// TestT15KilledAtEveryPoint: a process of its own kills itself between decision,
// intent, answer and save. After the next start the permission has ended once, its
// block is there once under its mark, both are told once, and the diary is whole.
// What the peer had done already it is asked again only while nothing had written
// that down. Each point has a twin that lacks what carries it over.
func TestT15KilledAtEveryPoint(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	type scene struct {
		killable
		id    consent.ID
		calls int // of the peer, in both runs
	}
	var scenes []scene
	for _, x := range []struct {
		point string
		calls int
		lack  string
	}{
		{pointDue, 1, lackMissed},
		{pointDecision, 1, lackOutbox},
		{pointIntent, 1, lackRecovery},
		{pointAnswer, 2, lackRecovery},
		{pointSave, 2, lackRecovery},
		{pointSaved, 1, lackDurable},
	} {
		for _, lack := range []string{"", x.lack} {
			k := killable{Dir: t.TempDir(), Peer: t.TempDir(), Credentials: credential(t), Log: filepath.Join(t.TempDir(), "calls")}
			ids, _ := k.prepare(t, 1)
			k.Point, k.Lack = x.point, lack
			scenes = append(scenes, scene{k, ids[0], x.calls})
		}
	}
	for _, s := range scenes {
		t.Run(strings.TrimSuffix(s.Point+"/"+s.Lack, "/"), func(t *testing.T) {
			f := s.killed(t, s.id, s.calls)
			if s.Lack == "" && f != "" {
				t.Error(f)
			}
			if s.Lack != "" && f == "" {
				t.Error("the twin: nothing is found, so this test shows nothing")
			}
			t.Log(f)
		})
	}
}

// killed is what is wrong after a kill at k's point and the start that follows.
func (k killable) killed(t *testing.T, id consent.ID, calls int) string {
	t.Helper()
	k.untilItDies(t)
	k.Point = ""
	if k.Lack == lackOutbox || k.Lack == lackDurable { // that was of the run that died
		k.Lack = ""
	}
	h, err := k.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	serving(t, h)
	// One that ends after it, of the same device, is done after it: when that is
	// there, nothing more will be done for the first.
	after := allow(t, h.Engine(), sight(h), "After", "203.0.113.99", "1s")
	until(t, "what ends after it is done", func() bool {
		c, err := h.core.Consent(t.Context(), after)
		return err == nil && len(c.Actions) > 0 && c.Actions[0].State == consent.Done
	})
	return k.wrong(t, h, id, calls)
}

// untilItDies runs k in a process of its own until that has killed itself.
func (k killable) untilItDies(t *testing.T) {
	t.Helper()
	state, err := json.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestKillable$")
	cmd.Env = append(os.Environ(), killableKey+"="+string(state))
	out, died := cmd.CombinedOutput()
	log, err := os.ReadFile(k.Log)
	if err != nil || died == nil || strings.Count(string(log), k.Point+"\n") != 1 {
		t.Fatalf("it did not come to %q: %v, %v, %s", k.Point, died, err, out)
	}
}

// wrong is what is not as it should be of id.
func (k killable) wrong(t *testing.T, h *Home, id consent.ID, calls int) string {
	t.Helper()
	if k.unfinished(t, h, []consent.ID{id}) != "" {
		c, err := h.core.Consent(t.Context(), id)
		return fmt.Sprintf("it is %s in version %d with %+v, %v", c.Decided, c.Version, c.Actions, err)
	}
	if n := len(k.marks(t)); n != 2 {
		return fmt.Sprintf("%d rules for two permissions", n)
	}
	log, err := os.ReadFile(k.Log)
	if n := strings.Count(string(log), consent.MarkFor(id)+"\n"); err != nil || n != calls {
		return fmt.Sprintf("the peer was asked %d times, want %d, %v", n, calls, err)
	}
	es, err := h.core.Diary(t.Context(), engine.DiaryQuery{Consent: id, Limit: 100})
	told := map[bool]int{}
	for _, e := range es {
		if e.Kind == consent.NoteExpired || strings.Contains(e.Text, "was blocked from") {
			told[e.Kind == consent.NoteExpired]++
		}
	}
	if err != nil || told[true] != 1 || told[false] != 1 {
		return fmt.Sprintf("told %d times that it ended, %d times that it was blocked, %v", told[true], told[false], err)
	}
	if r, err := h.core.VerifyDiary(t.Context()); err != nil || !r.OK() || !r.Sealed {
		return fmt.Sprintf("the diary: %+v, %v", r, err)
	}
	return ""
}

// appendTo adds a line to a file.
func appendTo(path, line string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line + "\n")
	if shut := f.Close(); err == nil {
		err = shut
	}
	return err
}
