package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bestbefore/app/internal/changes"
	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// dialAs is the environment variable by which the test runs itself as another user.
const dialAs = "BB_TEST_DIAL"

func TestMain(m *testing.M) {
	if dir := os.Getenv(dialAs); dir != "" {
		os.Exit(dialOnly(dir))
	}
	goleak.VerifyTestMain(m)
}

// fake answers three methods; the others would panic, which the server must survive.
type fake struct {
	engine.Engine
	hub     changes.Hub
	allowed engine.AllowRequest
	secrets map[string]string
}

func (f *fake) Devices(context.Context) ([]engine.DeviceInfo, error) {
	d := engine.DeviceInfo{BytesWeek: 7, Coverage: "seen by the gateway"}
	d.ID, d.Label, d.FirstSeen = "d1", "Müller's TV", time.UnixMilli(1_800_000_000_123).UTC()
	d.Services = []discovery.Service{{Type: "_x._tcp", Instance: "a\xffb", TXT: discovery.TXT{"k=\x00\xfe"}}}
	return []engine.DeviceInfo{d}, nil
}

func (f *fake) Allow(_ context.Context, r engine.AllowRequest) (engine.ConsentInfo, error) {
	f.allowed = r
	return engine.ConsentInfo{}, consent.ErrProtected
}

func (f *fake) Connect(_ context.Context, r engine.ConnectRequest) (engine.ConnectionInfo, error) {
	f.secrets = r.Secrets
	return engine.ConnectionInfo{Traits: connectors.Traits{IPv6: true}}, nil
}

func (f *fake) ChangeConnection(_ context.Context, r engine.ChangeRequest) (engine.ConnectionInfo, error) {
	f.secrets = r.Secrets
	return engine.ConnectionInfo{}, fmt.Errorf("not kept: %w", &connectors.CertificateError{Host: r.ID, Fingerprint: "sha256:0a1b"})
}

func (f *fake) Watch(ctx context.Context) <-chan changes.Change { return f.hub.Listen(ctx) }

// serve starts a server for e and gives its folder.
func serve(t *testing.T, e engine.Engine) string {
	t.Helper()
	return serveWith(t, e, nil)
}

func dial(t *testing.T, dir string) *Client {
	t.Helper()
	c, err := Dial(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func TestEveryMethodOfTheEngineIsServed(t *testing.T) {
	have := methods()
	want := reflect.TypeFor[engine.Engine]()
	for i := range want.NumMethod() {
		if name := want.Method(i).Name; name != "Watch" && have[name] == nil {
			t.Errorf("%s cannot be asked over the socket", name)
		}
	}
}

func TestAnswersSurviveTheWire(t *testing.T) {
	f := &fake{}
	c := dial(t, serve(t, f))
	got, err := c.Devices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want, _ := f.Devices(t.Context())
	if len(got) != 1 || got[0].ID != want[0].ID || !got[0].FirstSeen.Equal(want[0].FirstSeen) || got[0].BytesWeek != 7 {
		t.Errorf("Devices() = %+v", got)
	}
	if s := got[0].Services[0]; s.TXT[0] != "k=\x00\xfe" {
		t.Errorf("TXT came as %q", s.TXT[0])
	}
}

func TestErrorsStayWhatTheyAre(t *testing.T) {
	f := &fake{}
	c := dial(t, serve(t, f))
	_, err := c.Allow(t.Context(), engine.AllowRequest{Device: "d1", Until: "6mo", Data: []consent.Category{"video"}})
	if !errors.Is(err, consent.ErrProtected) || err.Error() != consent.ErrProtected.Error() {
		t.Errorf("Allow() = %v, want the sentence of ErrProtected", err)
	}
	if f.allowed.Until != "6mo" || f.allowed.Data[0] != "video" {
		t.Errorf("the request arrived as %+v", f.allowed)
	}
}

func TestSecretsCrossOnlyThisSocket(t *testing.T) {
	f := &fake{}
	c := dial(t, serve(t, f))
	i, err := c.Connect(t.Context(), engine.ConnectRequest{Kind: "x", Secrets: map[string]string{"password": "s3cret"}})
	if err != nil || !i.Traits.IPv6 || f.secrets["password"] != "s3cret" {
		t.Errorf("Connect() = %+v, %v; secrets %v", i, err, f.secrets)
	}
}

// A change carries its secrets, and an unknown certificate comes back as one, so
// that the window can ask about it.
func TestAChangeAndItsCertificateCross(t *testing.T) {
	f := &fake{}
	c := dial(t, serve(t, f))
	_, err := c.ChangeConnection(t.Context(), engine.ChangeRequest{ID: "k1", Secrets: map[string]string{"password": "s3cret"}})
	var unknown *connectors.CertificateError
	if !errors.As(err, &unknown) || unknown.Fingerprint != "sha256:0a1b" || f.secrets["password"] != "s3cret" {
		t.Errorf("ChangeConnection() = %v; secrets %v", err, f.secrets)
	}
	if _, err := c.Allow(t.Context(), engine.AllowRequest{}); errors.As(err, &unknown) && unknown == nil {
		t.Error("another error asks about a certificate")
	}
}

func TestAFaultInOneCallEndsNothing(t *testing.T) {
	c := dial(t, serve(t, &fake{}))
	if _, err := c.Overview(t.Context()); err == nil {
		t.Fatal("a method that panics answered without an error")
	}
	if _, err := c.Devices(t.Context()); err != nil {
		t.Errorf("the next call: %v", err)
	}
}

func TestWatchStreamsChanges(t *testing.T) {
	f := &fake{}
	c := dial(t, serve(t, f))
	ctx, cancel := context.WithCancel(t.Context())
	ch := c.Watch(ctx)
	deadline := time.After(time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for got := false; !got; {
		select {
		case <-tick.C: // the stream may not have begun yet: publish until it answers
			f.hub.Publish(changes.Flows)
		case x := <-ch:
			got = len(x.Topics) == 1 && x.Topics[0] == changes.Flows
		case <-deadline:
			t.Fatal("no change arrived in 10 s")
		}
	}
	cancel()
	for range ch { // closed when ctx ends
	}
}

func TestNobodyAnswers(t *testing.T) {
	if _, err := Dial(t.Context(), t.TempDir()); !errors.Is(err, ErrNobody) {
		t.Errorf("Dial() = %v, want ErrNobody", err)
	}
}

func TestAnOldSocketIsReplaced(t *testing.T) {
	dir := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(dir, SocketName))
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := NewServer(ServerConfig{Dir: dir, Engine: &fake{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.listen.Close(); err != nil {
		t.Error(err)
	}
}

// dialOnly is what the other user does: connect and ask, in the raw, since our
// own client would refuse a socket of another user by itself.
func dialOnly(dir string) int {
	n, err := net.Dial("unix", filepath.Join(dir, SocketName))
	if err != nil {
		os.Stdout.WriteString("connect: " + err.Error())
		return 1
	}
	if _, err := n.Write([]byte("{\"method\":\"Devices\"}\n")); err != nil {
		os.Stdout.WriteString("call: " + err.Error())
		return 1
	}
	b := make([]byte, 1)
	if _, err := n.Read(b); err != nil {
		os.Stdout.WriteString("call: " + err.Error())
		return 1
	}
	return 0
}
