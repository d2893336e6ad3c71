package rpc

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
)

// importer takes a capture over until it is told to stop, and says how far it is.
type importer struct {
	engine.Engine
	stop chan struct{}
	once sync.Once

	mu   sync.Mutex // guards what follows
	asks []engine.CaptureRequest
	p    engine.CaptureProgress
}

func (i *importer) InspectCapture(_ context.Context, path string) (engine.CaptureInfo, error) {
	if path == "" {
		return engine.CaptureInfo{}, errors.New("this is no capture file")
	}
	return engine.CaptureInfo{Taken: 7, Before: true}, nil
}

func (i *importer) ImportCapture(_ context.Context, r engine.CaptureRequest) (engine.CaptureInfo, error) {
	i.mu.Lock()
	i.asks, i.p = append(i.asks, r), engine.CaptureProgress{File: r.Path, Done: 5, Size: 10}
	i.mu.Unlock()
	<-i.stop // as the real one: it goes on when whoever asked is gone
	i.mu.Lock()
	i.p = engine.CaptureProgress{}
	i.mu.Unlock()
	return engine.CaptureInfo{Taken: 3}, nil
}

func (i *importer) CaptureProgress(context.Context) (engine.CaptureProgress, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.p, nil
}

func (i *importer) StopCapture(context.Context) error {
	i.once.Do(func() { close(i.stop) })
	return nil
}

// running waits until the import says how far it is, or that nothing is read.
func running(t *testing.T, c *Client, want bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; {
		p, err := c.CaptureProgress(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if p == (engine.CaptureProgress{}) != want && (!want || p.Done == 5 && p.Size == 10) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%+v", p)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestACaptureIsTakenOverFromOutside: what was asked for arrives, a second
// client sees how far it is while it runs, and it ends when whoever began it
// goes away or anybody says stop.
func TestACaptureIsTakenOverFromOutside(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, cancel func(), other *Client){
		"whoever began it goes": func(_ *testing.T, cancel func(), _ *Client) { cancel() },
		"another one stops it": func(t *testing.T, _ func(), other *Client) {
			if err := other.StopCapture(t.Context()); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := &importer{stop: make(chan struct{})}
			dir := serve(t, i)
			began, other := dial(t, dir), dial(t, dir)
			info, err := other.InspectCapture(t.Context(), "/a.pcap")
			if err != nil || info.Taken != 7 || !info.Before {
				t.Fatalf("%+v, %v", info, err)
			}
			if _, err := other.InspectCapture(t.Context(), ""); err == nil {
				t.Error("its fault did not arrive")
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan error, 1)
			go func() {
				_, err := began.ImportCapture(ctx, engine.CaptureRequest{Path: "/a.pcap", New: true, How: "command line"})
				done <- err
			}()
			running(t, other, true) // the twin: without an end it would go on
			end(t, cancel, other)
			if err := <-done; (err != nil) != (ctx.Err() != nil) {
				t.Errorf("it ended with %v", err)
			}
			running(t, other, false)
			i.mu.Lock()
			defer i.mu.Unlock()
			if want := (engine.CaptureRequest{Path: "/a.pcap", New: true, How: "command line"}); len(i.asks) != 1 || i.asks[0] != want {
				t.Errorf("asked for %+v", i.asks)
			}
		})
	}
}
