// Package connectortest is the conformance suite of connectors: what every
// session must keep, whoever wrote it. A connector's own tests call Run with a
// real peer; what the session cannot do is skipped, what it says it can do is tried.
package connectortest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// T is what the suite needs of a *testing.T.
type T interface {
	Helper()
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
	Cleanup(func())
}

// Options tell the suite how to reach a connector and its peer.
type Options struct {
	// Open gives a session against a peer that holds nothing of ours. It is
	// called once per case and closes what it opened through t.Cleanup.
	Open func(t T) connectors.Session
	// Target and Other are two things that the peer can block apart from each
	// other: two recipients of one device, or two devices.
	Target, Other connectors.Target
	// Try makes target's device send to its recipient and says whether that got
	// through. Nil: effects cannot be tested, which is logged.
	Try func(t T, target connectors.Target) (passed bool)
	// Send makes one new flow to this destination port with at least SendBytes
	// upwards, and returns when it is over. Nil: observing is not tested.
	Send func(t T, port uint16)
	// SeesWhileOff says that flows sent while nobody observes are reported later.
	SeesWhileOff bool
	// Settle is how long the peer may take until an observation arrives; zero is 5 s.
	Settle time.Duration
	// Grant makes a grant at the peer that may be revoked. Nil: not tested.
	Grant func(t T) consent.Grant
	// Works says whether a grant still works at the peer. May be nil.
	Works func(t T, g consent.Grant) bool
	// Dies ends a grant at its issuer, behind the session's back (T27). May be nil.
	Dies func(t T, g consent.Grant)
	// Busy makes the peer refuse every call until a moment, of which it tells (a
	// 429 or 503 with Retry-After, T25), to the end of the case. May be nil.
	Busy func(t T, until time.Time)
	// Break makes the peer unreachable until the end of the case. May be nil.
	Break func(t T)
	// Forget makes the peer lose everything, as a restart may. May be nil.
	Forget func(t T)
	// Secrets must never occur in an error, a receipt or a finding.
	Secrets []string
	// Now is the clock that the peer goes by; nil is the real one.
	Now func() time.Time
	// CallTimeout is how long one call may take; zero is 10 s.
	CallTimeout time.Duration
	// ShortPause is how far in the future the end of a short block may lie so
	// that the suite can wait for it; zero is 2 s.
	ShortPause time.Duration
}

// SendBytes is what Send must send at least; twice as much counts as doubled.
const SendBytes = 20_000

// Case is one rule of the suite.
type Case struct {
	Name string
	Run  func(t T, o Options)
}

// Cases are the rules in the order in which they are tried.
func Cases() []Case {
	return slices.Concat(blockCases(), timeCases(), revokeCases(), streamCases(), faultCases())
}

// Run tries every rule as a subtest.
func Run(t *testing.T, o Options) {
	t.Helper()
	if o.Open == nil {
		t.Fatal("connectortest: Open is needed")
	}
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) { c.Run(t, o.withDefaults()) })
	}
}

// Check runs the suite without a test and returns the complaints by case. It is
// how the suite itself is tested.
func Check(o Options) map[string][]string {
	out := map[string][]string{}
	for _, c := range Cases() {
		if faults := record(func(t T) { c.Run(t, o.withDefaults()) }); len(faults) > 0 {
			out[c.Name] = faults
		}
	}
	return out
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.CallTimeout == 0 {
		o.CallTimeout = 10 * time.Second
	}
	if o.ShortPause == 0 {
		o.ShortPause = 2 * time.Second
	}
	if o.Settle == 0 {
		o.Settle = 5 * time.Second
	}
	return o
}

// notebook is a T that writes complaints down.
type notebook struct {
	mu     sync.Mutex // guards both below
	faults []string
	clean  []func()
}

func record(f func(T)) []string {
	n := &notebook{}
	done := make(chan struct{})
	go func() { // Fatalf leaves by the goroutine's end, as in package testing
		defer close(done)
		defer n.tidy()
		defer func() {
			if p := recover(); p != nil {
				n.Errorf("panic: %v", p)
			}
		}()
		f(n)
	}()
	<-done
	return n.faults
}

func (n *notebook) tidy() {
	for _, f := range slices.Backward(n.clean) {
		f()
	}
}

func (*notebook) Helper()             {}
func (*notebook) Logf(string, ...any) {}
func (n *notebook) Errorf(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults = append(n.faults, fmt.Sprintf(format, args...))
}

func (n *notebook) Fatalf(format string, args ...any) { n.Errorf(format, args...); runtime.Goexit() }
func (*notebook) Skipf(string, ...any)                { runtime.Goexit() }
func (n *notebook) Cleanup(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.clean = append(n.clean, f)
}

// call runs one call of a connector with a deadline; one that does not return
// soon after it fails the case.
func call[V any](t T, o Options, what string, f func(context.Context) (V, error)) (V, error) {
	t.Helper()
	type answer struct {
		v     V
		err   error
		panic any
	}
	ctx, cancel := context.WithTimeout(context.Background(), o.CallTimeout)
	defer cancel()
	got := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			a.panic = recover()
			got <- a
		}()
		a.v, a.err = f(ctx)
	}()
	limit := time.NewTimer(o.CallTimeout + time.Second)
	defer limit.Stop()
	select {
	case a := <-got:
		if a.panic != nil {
			t.Fatalf("%s panicked: %v", what, a.panic)
		}
		if a.err != nil {
			checkError(t, o, what, a.err)
		}
		checkSecrets(t, o, what, fmt.Sprintf("%+v", a.v))
		return a.v, a.err
	case <-limit.C:
		t.Fatalf("%s hangs: it did not return within a second of its deadline", what)
		panic("not reached")
	}
}

// must is call for what has to work.
func must[V any](t T, o Options, what string, f func(context.Context) (V, error)) V {
	t.Helper()
	v, err := call(t, o, what, f)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return v
}

// checkError wants the one error type, sorted, with a sentence and no secret.
func checkError(t T, o Options, what string, err error) {
	t.Helper()
	checkSecrets(t, o, what, err.Error())
	var e *connectors.Error
	if !errors.As(err, &e) {
		if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: the error is no *connectors.Error: %v", what, err)
		}
		return
	}
	kinds := []consent.ErrorKind{consent.KindTransient, consent.KindSignIn, consent.KindUnsupported, consent.KindPermanent, consent.KindNeedsPerson}
	if !slices.Contains(kinds, e.Kind) {
		t.Errorf("%s: error kind %q is not known", what, e.Kind)
	}
	if e.Text == "" || len([]rune(e.Text)) > 300 {
		t.Errorf("%s: the error's text must be one sentence, is %q", what, e.Text)
	}
}

func checkSecrets(t T, o Options, what, text string) {
	t.Helper()
	for _, s := range o.Secrets {
		if s != "" && strings.Contains(text, s) {
			t.Errorf("%s shows a secret", what)
		}
	}
}

// need skips a case that the session cannot do.
func need(t T, has bool, what string) {
	t.Helper()
	if !has {
		t.Skipf("this session cannot %s", what)
	}
}
