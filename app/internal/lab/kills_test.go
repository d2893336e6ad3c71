//go:build lab && linux

package lab

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/rpc"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// life is one run of the agent, from its start to its kill.
type life struct{ from, to time.Time }

// slaughter is what TestG24KilledWhileItEnds keeps count of.
type slaughter struct {
	*home
	b        *broker
	bell     discovery.DeviceID
	accounts map[string]discovery.DeviceID
	unused   []string // accounts without a permission
	next     int      // of the recipients' addresses
	lives    []life
	kept     map[consent.ID]string // acknowledged permissions and the account that ends, "" for the router
	refused  map[string]int        // answers that were no, and how often
}

// kills is how often the agent is killed: BESTBEFORE_KILLS, else 20, or 1,000 for the long figures.
func kills() int {
	if n, err := strconv.Atoi(os.Getenv("BESTBEFORE_KILLS")); err == nil && n > 0 {
		return n
	}
	if os.Getenv("LAB_LONG") != "" {
		return 1000
	}
	return 20
}

// TestG24KilledWhileItEnds kills the real agent at random moments while it ends
// permissions at the lab's router and at a real broker, and new ones are given
// all the time. Nothing that was acknowledged is lost, nothing is told twice,
// the diary is whole and sealed, and after the next start nothing is left open.
func TestG24KilledWhileItEnds(t *testing.T) {
	n := kills()
	s := prepareSlaughter(t, max(n/6, 4))
	for i := range n {
		s.live(i)
		if i%100 == 99 {
			t.Logf("%d kills, %d permissions", i+1, len(s.kept))
		}
	}
	before := time.Now()
	last := s.start()
	e := s.dial()
	eventually(t, 10*time.Second, "every date that has passed is decided", func() bool { return s.undecided(e, before) == "" })
	decided := time.Since(before)
	s.finish(e, 20*time.Minute) // what failed while a peer was not back yet is tried again after its own waiting time
	t.Logf("%d kills; %d permissions acknowledged; decided %s after the last start, done %s after it; refused: %v",
		n, len(s.kept), decided.Round(time.Millisecond), time.Since(before).Round(time.Millisecond), s.refused)
	s.told(e)
	if r, err := e.VerifyDiary(t.Context()); err != nil || !r.OK() || !r.Sealed {
		t.Errorf("the diary: %+v, %v", r, err)
	}
	if set, err := e.Quarantined(t.Context()); err != nil || len(set) != 0 {
		t.Errorf("records were set aside: %+v, %v", set, err)
	}
	if missing := s.outside(); len(missing) != 0 {
		t.Errorf("said to be done, but not there: %v", missing)
	}
	kill(last) // it would put back what the twin takes away
	s.twin()
}

// twin: what is taken away at the router and switched on at the broker is found by the same look.
func (s *slaughter) twin() {
	s.t.Helper()
	s.box("exec", "gw", "nft", "delete", "table", "inet", "bestbefore")
	on := 0
	for _, account := range s.kept {
		if account != "" && on == 0 {
			s.b.control(fmt.Sprintf(`{"command":"enableClient","username":%q}`, account))
			on++
		}
	}
	atRouter := 0
	for _, account := range s.kept {
		if account == "" {
			atRouter++
		}
	}
	if got := len(s.outside()); got < atRouter || got > atRouter+on {
		s.t.Errorf("%d of %d were taken away, %d found", atRouter+on, len(s.kept), got)
	}
}

// prepareSlaughter is a home with a router and a broker of n accounts, each
// known as a device, both connected; the agent runs and is to be killed.
func prepareSlaughter(t *testing.T, n int) *slaughter {
	t.Helper()
	key := t.TempDir()
	if err := os.WriteFile(filepath.Join(key, "bestbefore-key"), bytes.Repeat([]byte{7}, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &slaughter{home: up(t, "gw", "doorbell"), accounts: map[string]discovery.DeviceID{}, kept: map[consent.ID]string{}, refused: map[string]int{}}
	s.env = append(s.env, "CREDENTIALS_DIRECTORY="+key)
	if err := programs.agent(); err != nil {
		t.Fatal(err)
	}
	s.b = s.broker()
	s.unused = s.b.accounts(n)
	c := s.start()
	e := s.dial()
	for _, r := range []engine.ConnectRequest{
		{Kind: "gateway", Name: "Router", Values: map[string]string{}},
		{Kind: "mqtt", Name: "Broker", Values: map[string]string{"address": brokerAddress, "username": "admin", "topics": "home/#", "control": "auto"}, Secrets: map[string]string{"password": brokerPassword}},
	} {
		if _, err := e.Connect(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	s.bell = discovery.DeviceID(s.device(bellMAC).ID)
	for _, name := range s.unused {
		s.meet(e, name)
	}
	kill(c)
	return s
}

// meet has an account send until the agent knows it as a device.
func (s *slaughter) meet(e engine.Engine, name string) {
	s.t.Helper()
	eventually(s.t, 30*time.Second, name+" is known as a device", func() bool {
		s.b.publish(name)
		ds, err := e.Devices(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		for _, d := range ds {
			for _, id := range d.Identifiers {
				if strings.HasSuffix(id.Value, "/account/"+name) {
					s.accounts[name] = d.ID
					return true
				}
			}
		}
		return false
	})
}

// start starts the agent and waits for nothing.
func (s *slaughter) start() *exec.Cmd { return s.startIn(s.inside) }

func (s *slaughter) startIn(in func(args ...string) *exec.Cmd) *exec.Cmd {
	s.t.Helper()
	_ = os.Remove(filepath.Join(s.data, rpc.SocketName)) // of one that was killed
	c := in(agentPath(), "--data", s.data, "run")
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { kill(c) })
	return c
}

// inside is a command on the router.
func (s *slaughter) inside(args ...string) *exec.Cmd {
	return s.command(append([]string{"exec", "gw"}, args...)...)
}

// dial waits until the agent answers.
func (s *slaughter) dial() engine.Engine {
	s.t.Helper()
	var e *rpc.Client
	eventually(s.t, 30*time.Second, "the agent answers", func() (ok bool) {
		var err error
		e, err = rpc.Dial(s.t.Context(), s.data)
		return err == nil
	})
	s.t.Cleanup(func() { _ = e.Close() })
	return e
}

// live runs the agent until a random moment. One in four is killed while it
// starts, the others while permissions are given and end.
func (s *slaughter) live(i int) {
	s.t.Helper()
	l := life{from: time.Now()}
	c := s.start()
	if i%4 == 3 {
		time.Sleep(time.Duration(rand.IntN(700)) * time.Millisecond) // the moment is the point
	} else {
		e := s.dial()
		end := time.Now().Add(time.Duration(50+rand.IntN(1500)) * time.Millisecond)
		gave := make(chan struct{})
		ctx, cancel := context.WithCancel(s.t.Context())
		go func() { defer close(gave); s.give(ctx, e, i) }()
		until(end)
		kill(c)
		cancel()
		<-gave
	}
	kill(c)
	l.to = time.Now()
	s.lives = append(s.lives, l)
}

// give gives one or two permissions that end in one to seven seconds, in this
// life of the agent or in a later one. What is acknowledged is remembered.
func (s *slaughter) give(ctx context.Context, e engine.Engine, i int) {
	at := s.next
	s.next++
	s.allow(ctx, e, "", engine.AllowRequest{
		Device: s.bell, Recipient: consent.Recipient{Name: fmt.Sprintf("Maker %04d", at), Destinations: []string{address(at)}},
	})
	if i%5 == 0 && len(s.unused) > 0 {
		name := s.unused[0]
		s.unused = s.unused[1:]
		s.allow(ctx, e, name, engine.AllowRequest{
			Device: s.accounts[name], Recipient: consent.Recipient{Name: "The broker", Destinations: []string{"127.0.0.1"}},
		})
	}
}

func address(n int) string { return fmt.Sprintf("198.18.%d.%d", n/250, 1+n%250) }

func (s *slaughter) allow(ctx context.Context, e engine.Engine, account string, r engine.AllowRequest) {
	r.Data, r.Then, r.How = []consent.Category{"temperature"}, consent.Block, "test"
	r.Until = fmt.Sprintf("%ds", 1+rand.IntN(7))
	c, err := e.Allow(ctx, r)
	if err == nil {
		s.kept[c.ID] = account
		return
	}
	s.refused[strings.SplitN(err.Error(), ":", 2)[0]]++
	if account != "" {
		s.unused = append(s.unused, account)
	}
}
