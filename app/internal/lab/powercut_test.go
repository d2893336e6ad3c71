//go:build lab && linux

package lab

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the control beside ours

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// cuts is how often the power is cut: BESTBEFORE_CUTS, else 4, or 40 for the long figures.
func cuts() int {
	if n, err := strconv.Atoi(os.Getenv("BESTBEFORE_CUTS")); err == nil && n > 0 {
		return n
	}
	if os.Getenv("LAB_LONG") != "" {
		return 40
	}
	return 4
}

// disk is a file system in a file. What it has not yet sent to that file is
// what a power cut takes away.
type disk struct {
	t        testing.TB
	dir      string
	last     string // what the last cut left, a folder
	heads    int    // ends of the diary that were acknowledged
	lost     int    // of ours
	control  int    // cuts that took acknowledged rows from the control
	controls int    // rows that they took
}

// TestG24PowerCut cuts the power at random moments while permissions are given
// and end at the router and the broker. The control is a file beside ours that
// is written as SQLite does when it shall not wait for the disk: that it loses
// what was acknowledged shows that the cuts are real.
func TestG24PowerCut(t *testing.T) {
	if _, err := exec.LookPath("mkfs.ext4"); err != nil || exec.Command("losetup", "-f").Run() != nil {
		t.Skip("##### SKIPPED: no mkfs.ext4, or no loop devices #####")
	}
	n := cuts()
	s := prepareSlaughter(t, max(n/2, 4))
	d := &disk{t: t, dir: t.TempDir(), last: s.data}
	t.Cleanup(func() { // of a cut that failed half-way
		for _, mount := range []string{"a", "b"} {
			_ = exec.Command("umount", "-l", filepath.Join(d.dir, mount)).Run()
		}
	})
	for range n {
		d.cut(s)
	}
	t.Logf("%d cuts: of %d permissions and %d ends of the diary that were acknowledged, %d lost; the control lost rows in %d cuts, %d in all",
		n, len(s.kept), d.heads, d.lost, d.control, d.controls)
	if d.lost > 0 {
		t.Errorf("%d were acknowledged and lost", d.lost)
	}
	if d.control == 0 {
		t.Error("the control lost nothing, so these cuts prove nothing")
	}
	s.data = d.last
	s.start()
	e := s.dial()
	s.finish(e, 5*time.Minute)
	s.told(e)
	if r, err := e.VerifyDiary(t.Context()); err != nil || !r.OK() || !r.Sealed {
		t.Errorf("the diary: %+v, %v", r, err)
	}
	if missing := s.outside(); len(missing) != 0 {
		t.Errorf("said to be done, but not there: %v", missing)
	}
}

// run runs a tool of the system.
func (d *disk) run(name string, args ...string) {
	d.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		d.t.Fatalf("%s %s: %v %s", name, strings.Join(args, " "), err, out)
	}
}

// cut runs the agent on a new disk with what the last cut left, until the power goes.
func (d *disk) cut(s *slaughter) {
	d.t.Helper()
	image, mount := filepath.Join(d.dir, "disk"), filepath.Join(d.dir, "a")
	_ = os.Remove(image)
	d.run("truncate", "-s", "1G", image)
	d.run("mkfs.ext4", "-q", "-F", image)
	if err := os.MkdirAll(mount, 0o700); err != nil {
		d.t.Fatal(err)
	}
	d.run("mount", "-o", "loop", image, mount)
	s.data = filepath.Join(mount, "d")
	d.run("cp", "-a", d.last, s.data)
	d.run("sync", "-f", mount)
	d.run("rm", "-rf", filepath.Join(d.dir, "left"))

	l := life{from: time.Now()}
	c := s.startIn(s.onHost)
	e := s.dial()
	ctx, cancel := context.WithCancel(d.t.Context())
	db, control := d.controlled(ctx, mount)
	head := make(chan ledger.Head, 1)
	go func() { head <- s.giveAll(ctx, e, len(s.lives)) }()
	time.Sleep(time.Duration(300+rand.IntN(1500)) * time.Millisecond) // the moment is the point
	if err := syscall.Kill(-c.Process.Pid, syscall.SIGSTOP); err != nil {
		d.t.Fatal(err)
	}
	cancel()
	rows, acknowledged := <-control, <-head
	d.run("cp", "--sparse=always", image, filepath.Join(d.dir, "copy"))
	kill(c)
	_ = db.Close() // after the cut
	l.to = time.Now()
	s.lives = append(s.lives, l)
	d.unmount(mount)
	d.look(s, rows, acknowledged)
}

// unmount waits for those who have just ended.
func (d *disk) unmount(mount string) {
	d.t.Helper()
	eventually(d.t, 10*time.Second, "nobody uses the disk any more", func() bool { return exec.Command("umount", mount).Run() == nil })
}

// look mounts what the cut left, as a start after it does, and counts what is gone.
func (d *disk) look(s *slaughter, rows int, acknowledged ledger.Head) {
	d.t.Helper()
	mount, left := filepath.Join(d.dir, "b"), filepath.Join(d.dir, "left")
	if err := os.MkdirAll(mount, 0o700); err != nil {
		d.t.Fatal(err)
	}
	d.run("mount", "-o", "loop", filepath.Join(d.dir, "copy"), mount)
	d.run("cp", "-a", filepath.Join(mount, "d"), left)
	if got := d.controlRows(mount); got < rows {
		d.control++
		d.controls += rows - got
	}
	d.unmount(mount)
	_ = os.Remove(filepath.Join(left, "engine.sock"))
	d.last, s.data = left, left
	out, errs, code := s.agent("diary", "--verify")
	if code != 0 || !strings.Contains(out, "sealed") || strings.Contains(out, "not sealed") {
		d.t.Errorf("after the cut the diary does not verify: %s%s", out, errs)
	}
	have := map[consent.ID]bool{}
	for _, c := range ask[[]consentRow](s.home, "consents") {
		have[consent.ID(c.ID)] = true
	}
	for id := range s.kept {
		if !have[id] {
			d.t.Errorf("permission %s was acknowledged before the cut and is lost", id)
			d.lost++
			delete(s.kept, id)
		}
	}
	if acknowledged.Seq == 0 {
		return
	}
	d.heads++
	for _, x := range ask[[]diaryRow](s.home, "diary") {
		if x.Seq == acknowledged.Seq && x.Hash == acknowledged.Hash {
			return
		}
	}
	d.t.Errorf("entry %d of the diary was shown before the cut and is lost", acknowledged.Seq)
	d.lost++
}

// giveAll gives permissions and reads the diary until ctx ends; it gives the
// newest entry that it was shown.
func (s *slaughter) giveAll(ctx context.Context, e engine.Engine, i int) (head ledger.Head) {
	for n := 0; ctx.Err() == nil; n++ {
		if n%8 == 0 && n < 64 {
			s.give(ctx, e, i)
		}
		if es, err := e.Diary(ctx, engine.DiaryQuery{Limit: 1}); err == nil && len(es) == 1 {
			head = ledger.Head{Seq: es[0].Seq, Hash: es[0].Hash}
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond): // between two looks
		}
	}
	return head
}

// onHost is a command in the router's network and this machine's files, where the disk is.
func (s *slaughter) onHost(args ...string) *exec.Cmd {
	prefix := ""
	for _, v := range s.env {
		if p, ok := strings.CutPrefix(v, "HB_PREFIX="); ok {
			prefix = p
		}
	}
	c := exec.Command("ip", append([]string{"netns", "exec", prefix + "gw"}, args...)...)
	c.Env = s.env
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return c
}

// controlled writes rows into a file of its own on the disk until ctx ends, and
// gives how many were acknowledged.
func (d *disk) controlled(ctx context.Context, mount string) (*sql.DB, <-chan int) {
	d.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(mount, "control.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)")
	if err == nil {
		db.SetMaxOpenConns(1)
		_, err = db.Exec("CREATE TABLE log(n INTEGER PRIMARY KEY)")
	}
	if err != nil {
		d.t.Fatal(err)
	}
	rows := make(chan int, 1)
	go func() {
		n := 0
		for ctx.Err() == nil {
			if _, err := db.Exec("INSERT INTO log(n) VALUES(?)", n+1); err == nil {
				n++
			}
			time.Sleep(2 * time.Millisecond) // a load, not a flood
		}
		rows <- n
	}()
	return db, rows
}

func (d *disk) controlRows(mount string) (n int) {
	d.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(mount, "control.db"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // a copy that is thrown away
	if err := db.QueryRow("SELECT count(*) FROM log").Scan(&n); err != nil {
		return 0 // not even the table was there
	}
	return n
}
