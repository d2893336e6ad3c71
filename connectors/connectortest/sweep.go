package connectortest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// Sweep is the fault sweep: it puts each thing that can go wrong under way in
// front of a sound stand-in, before the connector opens and while it is open,
// and calls all that the session can do. It wants of each call
//
//   - an error of the right kind (may I try again? must a person do something?),
//   - one sentence that names the thing, says the way out where a person is
//     needed, and holds no secret; nor does the log,
//   - no more requests than the call makes at a sound peer, but for one log-in;
//     none at all after a refused password or before the end of a pause that the
//     peer asked for; nothing to where a redirect leads or before the certificate
//     is known,
//   - a session that works again when the fault is over, and a neighbour of the
//     same kind that never notices.
//
// A stand-in is all that a package has to bring:
//
//	connectortest.Sweep(t, connectortest.Setup{
//		Connector: New(), Name: "Home Assistant", Target: target,
//		Stand: func(t connectortest.T) connectortest.Stand {
//			h := newHub() // an http.Handler; a websocket may be upgraded in it
//			return connectortest.Stand{Handler: h, MayNot: h.makeGuest, Change: h.changeToken, Refused: h.refused}
//		},
//		Settings: func(at string) connectors.Settings { … },
//		Secrets:  map[consent.SecretRef]string{"token": theToken},
//	})
//
// What is special to a peer (its own fault codes, a lag, a lock-out) stays in the
// package's own tests.
func Sweep(t *testing.T, s Setup) {
	t.Helper()
	if s.Connector == nil || s.Stand == nil || s.Settings == nil || s.Name == "" {
		t.Fatal("connectortest: Connector, Name, Stand and Settings are needed")
	}
	for _, c := range s.cases() {
		t.Run(c.name, func(t *testing.T) {
			if why := s.Leave[c.fault]; why != "" {
				t.Skip(why)
			}
			c.run(t)
		})
	}
}

// CheckSweep runs the sweep without a test and returns the complaints by fault
// and stage. It is how the sweep itself is tested, and how a package shows that
// its stand-in would be found out.
func CheckSweep(s Setup) map[string][]string {
	out := map[string][]string{}
	for _, c := range s.cases() {
		if s.Leave[c.fault] != "" {
			continue
		}
		if faults := record(c.run); len(faults) > 0 {
			out[c.name] = faults
		}
	}
	return out
}

type sweepCase struct {
	fault, name string
	run         func(T)
}

// fault is one thing that can go wrong under way.
type fault struct {
	name  string
	kinds []consent.ErrorKind // that are right
	// strike breaks at; nil where the fault is none of the way.
	strike func(at *site, trap string)
	stays  bool // it cannot be taken back, so nothing works again
	pause  bool // nothing may be asked before the pause is over
	asking bool // only what a person asks for must fail; what streams may find nothing in it
}

// sweep is a setup with what its calls cost at a sound peer, measured once.
type sweep struct {
	Setup
	cost map[string]int
}

func (s *sweep) usual(t T) map[string]int {
	t.Helper()
	if s.cost == nil {
		s.cost = s.measure(t)
	}
	return s.cost
}

func (in Setup) cases() []sweepCase {
	s := &sweep{Setup: in}
	var out []sweepCase
	add := func(fault, stage string, run func(T)) {
		out = append(out, sweepCase{fault, fault + "/" + stage, run})
	}
	for _, f := range faults() {
		add(f.name, "at opening", func(t T) { s.opening(t, f) })
		add(f.name, "while open", func(t T) { s.whileOpen(t, f) })
	}
	add("expired certificate", "at opening", s.expiredAtOpening)
	add("wrong password", "at opening", s.wrongAtOpening)
	add("wrong password", "while open", s.wrongWhileOpen)
	add("session ended", "while open", s.sessionEnded)
	add("session given back", "at closing", s.givenBack)
	add("session not taken", "while open", s.sessionNotTaken)
	add("rights missing", "while open", s.rightsMissing)
	add("clock off", "behind", func(t T) { s.clockOff(t, -400*24*time.Hour) })
	add("clock off", "ahead", func(t T) { s.clockOff(t, 26*time.Hour) })
	return out
}

func faults() []fault {
	later := []consent.ErrorKind{consent.KindTransient}
	person := []consent.ErrorKind{consent.KindNeedsPerson}
	// What answers nonsense may be the wrong box, or the right one in trouble.
	either := []consent.ErrorKind{consent.KindTransient, consent.KindNeedsPerson}
	strange := append(slices.Clone(either), consent.KindUnsupported)
	return []fault{
		{name: "refused", kinds: later, stays: true, strike: func(at *site, _ string) { _ = at.server.Listener.Close(); at.strike(HangUp) }},
		{name: "reset", kinds: later, strike: striking(HangUp)},
		{name: "slow", kinds: later, strike: func(at *site, _ string) {
			at.patient.Store(int64(200 * time.Millisecond))
			at.strike(sayNothing)
		}},
		{name: "half answer", kinds: later, strike: striking(answering(http.StatusOK, "Content-Length", "4000", `{"half": [`))},
		{name: "garbage", kinds: either, strike: striking(answering(http.StatusOK, "Content-Type", "text/html", "<html>\x00\xff&&& the hotel bids you welcome</html>"))},
		{name: "another's answers", kinds: strange, asking: true, strike: striking(answering(http.StatusOK, "Content-Type", "application/json", `{"hello":[1,2,{}]}`))},
		{name: "huge", kinds: later, strike: striking(endless)},
		{name: "redirect", kinds: person, strike: func(at *site, trap string) {
			at.strike(answering(http.StatusFound, "Location", "http://"+trap+"/steal", ""))
		}},
		{name: "its own fault", kinds: later, strike: striking(answering(http.StatusInternalServerError, "", "", "out of memory"))},
		{name: "asked too often", kinds: later, pause: true, strike: striking(answering(http.StatusTooManyRequests, "Retry-After", "899", "slow down"))},
	}
}

func striking(before http.HandlerFunc) func(*site, string) {
	return func(at *site, _ string) { at.strike(before) }
}

// opening wants no session, but an error that says why.
func (s Setup) opening(t T, f fault) {
	at, trap := newSite(t, s, s.Stand(t).Handler, nil), newTrap(t)
	h := at.host(t, trap.addr(), false, time.Now)
	f.strike(at, trap.addr())
	ses, err := s.open(t, at, h)
	if err == nil {
		_ = ses.Close()
		t.Errorf("it opens")
		return
	}
	s.judge(t, "Open", err, f.kinds)
	if n := at.Asked(); n > 2 {
		t.Errorf("Open makes %d requests of a peer in trouble", n)
	}
	s.after(t, at, trap)
}

// whileOpen wants an error of every call, and a session that works again.
func (s *sweep) whileOpen(t T, f fault) {
	usual := s.usual(t)
	at, trap := newSite(t, s.Setup, s.Stand(t).Handler, nil), newTrap(t)
	ses := s.mustOpen(t, at, at.host(t, trap.addr(), false, time.Now))
	beside := newSite(t, s.Setup, s.Stand(t).Handler, nil)
	neighbour := s.mustOpen(t, beside, beside.host(t, "", false, time.Now))
	f.strike(at, trap.addr())
	before := at.Asked()
	for _, c := range s.steps(connectors.CapabilitiesOf(ses), consent.Grant{ID: "one"}) {
		n, known := usual[c.name]
		if !known || n == 0 && !c.stream {
			continue // it asks nobody
		}
		if f.asking && c.name != "Block" && c.name != "Held" {
			continue
		}
		asked := at.Asked()
		err := s.do(t, c, patience)
		asked = at.Asked() - asked
		if err == nil {
			t.Errorf("%s says that all is well", c.name)
			continue
		}
		s.judge(t, c.name, err, f.kinds)
		if most := n + 1; asked > most {
			t.Errorf("%s makes %d requests of a peer in trouble, and %d of a sound one: a storm", c.name, asked, n)
		}
		if e := (*connectors.Error)(nil); f.pause && (!errors.As(err, &e) || e.RetryAt.Before(time.Now().Add(890*time.Second))) {
			t.Errorf("%s: the peer wants to be left alone for 899 s; the error does not say so: %v", c.name, err)
		}
	}
	if n := at.Asked() - before; f.pause && n > 1 {
		t.Errorf("%d requests, though it asked to be left alone", n)
	}
	s.after(t, at, trap)
	s.works(t, neighbour, "the neighbour")
	if !f.stays && !f.pause {
		at.patient.Store(0)
		at.strike(nil)
		s.works(t, ses, "after the fault is over, the session")
	}
}

// works tries what shows that a session is alive.
func (s Setup) works(t T, ses connectors.Session, who string) {
	t.Helper()
	c := connectors.CapabilitiesOf(ses)
	for _, c := range s.steps(connectors.Capabilities{Prober: c.Prober, Holder: c.Holder, GrantLister: c.GrantLister}, consent.Grant{}) {
		if err := s.do(t, c, patience); err != nil {
			t.Errorf("%s does not work: %s: %v", who, c.name, err)
		}
	}
}

// after looks for what must not have left: a secret in the log, a request to
// where somebody wants to lead us.
func (s Setup) after(t T, at *site, trap *trapped) {
	t.Helper()
	checkSecrets(t, s.options(), "the log", at.logged())
	if n := trap.came.Load(); n > 0 {
		t.Errorf("%d requests went where a redirect leads", n)
	}
}

func (s Setup) options() Options {
	o := Options{Target: s.Target, Secrets: append(slices.Clone(s.Never), wrongSecret)}
	for _, v := range s.Secrets {
		o.Secrets = append(o.Secrets, v)
	}
	return o.withDefaults()
}

// wayOut are words by which a sentence tells a person what to do.
var wayOut = []string{
	"check", "give", "write", "allow", "enter", "type", "renew", "make", "paste", "install", "sign in", "say yes", "switch", "choose", "link", "look", "use ", "press", "until you",
}

// judge looks at one error.
func (s Setup) judge(t T, what string, err error, kinds []consent.ErrorKind) {
	t.Helper()
	checkError(t, s.options(), what, err)
	var e *connectors.Error
	if !errors.As(err, &e) {
		t.Errorf("%s: the error is no *connectors.Error: %v", what, err)
		return
	}
	t.Logf("%-9s %-12s %s", what, e.Kind, e.Text)
	if !slices.Contains(kinds, e.Kind) {
		t.Errorf("%s: the kind is %s, want %s: %v", what, e.Kind, kinds, err)
	}
	text := strings.ToLower(e.Text)
	has := func(word string) bool { return strings.Contains(text, strings.ToLower(word)) }
	if !has(s.Name) && !has("127.0.0.1") && !slices.ContainsFunc(slices.Concat(s.Hosts, s.Also), has) {
		t.Errorf("%s: the sentence does not name %s: %q", what, s.Name, e.Text)
	}
	if (e.Kind == consent.KindNeedsPerson || e.Kind == consent.KindSignIn) && !slices.ContainsFunc(wayOut, has) {
		t.Errorf("%s: the sentence does not say what to do: %q", what, e.Text)
	}
}

// patience is how long a call of the sweep may take.
const patience = 20 * time.Second

func (s Setup) open(t T, at *site, h *connectors.Host) (connectors.Session, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return s.Connector.Open(ctx, s.Settings(at.server.URL), h)
}

func (s Setup) mustOpen(t T, at *site, h *connectors.Host) connectors.Session {
	t.Helper()
	ses, err := s.open(t, at, h)
	if err != nil {
		t.Fatalf("a sound stand-in cannot be opened: %v", err)
	}
	t.Cleanup(func() { _ = ses.Close() })
	return ses
}
