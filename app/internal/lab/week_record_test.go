//go:build lab && week && linux

package lab

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// recording is what the router's side to the home saw of a household, and the
// folder of an agent that looked around in that home.
type recording struct {
	file string // as tcpdump wrote it
	data string // the agent's folder

	Began time.Time            // when the first hour began
	Hour  time.Duration        // how long one lasted
	Zero  time.Time            // the Monday that this stands for
	Begun map[string]time.Time // when each misdeed began, in the household's time
	Sent  map[string]uint64    // bytes that really passed for it

	Packets, Lines int
	Late           time.Duration // the longest that a line waited
}

// as is the household's time of a moment of the recording.
func (r *recording) as(at time.Time) time.Time {
	return r.Zero.Add(time.Duration(float64(at.Sub(r.Began)) * float64(time.Hour) / float64(r.Hour)))
}

// first is when a misdeed's first packet passed, in the household's time.
func (r *recording) first(m misdeed) time.Time { return r.Begun[m.name] }

func (r *recording) String() string {
	return fmt.Sprintf("%d lines in the devices' shells, the latest %s late; %d packets; an hour lasted %s, which is %.0f times as fast as life",
		r.Lines, r.Late.Round(time.Millisecond), r.Packets, r.Hour, float64(time.Hour)/float64(r.Hour))
}

// recordHousehold plays the weeks and records them, or takes a recording that
// was kept.
func recordHousehold(t *testing.T, hour time.Duration, days int, runs []misdeed) *recording {
	dir := os.Getenv("LAB_WEEK_KEEP")
	if dir == "" {
		dir = t.TempDir()
	}
	r := &recording{file: filepath.Join(dir, "home.pcap"), data: filepath.Join(dir, "agent"), Hour: hour, Begun: map[string]time.Time{}, Sent: map[string]uint64{}}
	kept := filepath.Join(dir, "recording.json")
	if b, err := os.ReadFile(kept); err == nil {
		if err := json.Unmarshal(b, r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	r.make(t, dir, plan(seedOf(t), days, runs), runs)
	b, err := json.Marshal(r)
	if err == nil {
		err = os.WriteFile(kept, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// make plays events in a home of its own.
func (r *recording) make(t *testing.T, dir string, events []event, runs []misdeed) {
	t.Setenv("HB_COMPANIES", outside())
	t.Setenv("HB_DEVICES", inside)
	h := up(t, things...)
	h.readyOutside(dir)
	h.box("pause", "doorbell")
	h.box("pause", "tv")
	h.lookAround(r.data)

	stop := h.record(r.file)
	r.Zero = nextMonday(time.Now())
	r.play(h, events)
	until(time.Now().Add(2 * r.Hour)) // what is under way comes to its end
	t.Logf("tcpdump: %s", stop())
	r.draw(t, os.DevNull, func(at time.Time, from, to netip.Addr, size uint32) bool {
		r.Packets++
		for _, m := range runs {
			if !strings.HasPrefix(to.String(), m.to) {
				continue
			}
			if r.Begun[m.name].IsZero() {
				r.Begun[m.name] = at
			}
			r.Sent[m.name] += uint64(size)
		}
		return false
	})
}

// nextMonday is when the first of the household's days begins.
func nextMonday(now time.Time) time.Time {
	y, m, d := now.Date()
	return time.Date(y, m, d+(7-int(now.Weekday()))%7+1, 0, 0, 0, 0, time.Local)
}

// readyOutside has a broker on every company's address, and somebody behind
// every address to which nobody has a reason to send.
func (h *home) readyOutside(dir string) {
	h.t.Helper()
	conf := filepath.Join(dir, "broker.conf")
	if err := os.WriteFile(conf, []byte("user root\nlistener 1883 0.0.0.0\nallow_anonymous true\n"), 0o600); err != nil {
		h.t.Fatal(err)
	}
	h.box("exec", "net", "mosquitto", "-d", "-c", conf)
	h.box("exec", "net", "ip", "route", "add", "local", "198.18.0.0/15", "dev", "lo")
}

// lookAround has a real agent find out what the devices are.
func (h *home) lookAround(dir string) {
	h.t.Helper()
	if err := programs.agent(); err != nil {
		h.t.Fatal(err)
	}
	until(time.Now().Add(5 * time.Second)) // the daemons announce themselves
	if out, err := h.command("probe", agentPath(), "--data", dir, "scan", "--for", "25s").CombinedOutput(); err != nil {
		h.t.Fatalf("scan: %v\n%s", err, out)
	}
}

// record writes what passes the router's side to the home to a file, until the
// function that it gives is called.
func (h *home) record(file string) (stop func() string) {
	h.t.Helper()
	c := h.command("exec", "gw", "tcpdump", "-i", "eth0", "-s", "512", "-B", "65536", "-U", "-Z", "root", "-w", file)
	var said bytes.Buffer
	c.Stderr = &said
	if err := c.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { kill(c) })
	eventually(h.t, 10*time.Second, "tcpdump listens", func() bool { st, err := os.Stat(file); return err == nil && st.Size() > 0 })
	return func() string {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGINT)
		_ = c.Wait()
		return strings.ReplaceAll(strings.TrimSpace(said.String()), "\n", "; ")
	}
}

// play gives each device its lines when their time has come.
func (r *recording) play(h *home, events []event) {
	h.t.Helper()
	shells := map[string]io.Writer{}
	for _, device := range things {
		c := h.command("exec", device, "bash")
		in, err := c.StdinPipe()
		if err == nil {
			err = c.Start()
		}
		if err != nil {
			h.t.Fatal(err)
		}
		h.t.Cleanup(func() { kill(c) })
		shells[device] = in
		r.tell(h.t, in, ". "+filepath.Join(filepath.Dir(programs.script), "household.sh"))
	}
	r.Began = time.Now().Add(r.Hour) // half an hour before, the reporters connect
	for _, e := range events {
		at := r.Began.Add(time.Duration(float64(e.at) * float64(r.Hour) / float64(time.Hour)))
		until(at)
		r.Late = max(r.Late, time.Since(at))
		r.tell(h.t, shells[e.device], e.line)
		r.Lines++
	}
}

func (r *recording) tell(t testing.TB, shell io.Writer, line string) {
	if _, err := io.WriteString(shell, line+"\n"); err != nil {
		t.Fatal(err)
	}
}

// keeping says of a packet, in the household's time, whether it stays.
type keeping func(at time.Time, from, to netip.Addr, size uint32) bool

// draw writes the recording anew with its time stamps drawn out to the
// household's time, without what keep refuses and what lies before the first hour.
func (r *recording) draw(t *testing.T, file string, keep keeping) {
	t.Helper()
	in, err := os.Open(r.file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(out, 1<<20)
	if err := r.copyDrawn(w, bufio.NewReaderSize(in, 1<<20), keep); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Flush(), out.Close()); err != nil {
		t.Fatal(err)
	}
}

// copyDrawn reads the classic format in this machine's order, as tcpdump writes it.
func (r *recording) copyDrawn(w io.Writer, in io.Reader, keep keeping) error {
	var file [24]byte
	var head [16]byte
	if _, err := io.ReadFull(in, file[:]); err != nil {
		return err
	}
	order := binary.NativeEndian
	if order.Uint32(file[:]) != 0xa1b2c3d4 {
		return errors.New("tcpdump wrote another format")
	}
	if _, err := w.Write(file[:]); err != nil {
		return err
	}
	data := make([]byte, 1<<16)
	for {
		if _, err := io.ReadFull(in, head[:]); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		data = data[:order.Uint32(head[8:])]
		if _, err := io.ReadFull(in, data); err != nil {
			return err
		}
		at := r.as(time.Unix(int64(order.Uint32(head[:])), int64(order.Uint32(head[4:]))*1000))
		from, to := ends(data)
		if at.Before(r.Zero) || !keep(at, from, to, order.Uint32(head[12:])) {
			continue
		}
		order.PutUint32(head[:], uint32(at.Unix()))
		order.PutUint32(head[4:], uint32(at.Nanosecond()/1000))
		if _, err := w.Write(append(head[:], data...)); err != nil {
			return err
		}
	}
}

// ends are the addresses of an IPv4 packet; none of anything else.
func ends(frame []byte) (from, to netip.Addr) {
	if len(frame) < 34 || frame[12] != 8 || frame[13] != 0 {
		return from, to
	}
	return netip.AddrFrom4([4]byte(frame[26:30])), netip.AddrFrom4([4]byte(frame[30:34]))
}

// everything and ordinary are what of a recording is kept: ordinary is without
// what was done to places that nobody has a reason to send to.
func everything(time.Time, netip.Addr, netip.Addr, uint32) bool { return true }

func ordinary(_ time.Time, from, to netip.Addr, _ uint32) bool {
	nobody := netip.MustParsePrefix("198.18.0.0/15")
	return !nobody.Contains(from) && !nobody.Contains(to)
}
