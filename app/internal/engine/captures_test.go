package engine_test

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

const stranger = "00:11:22:33:44:99"

// aFile is a capture of two devices with n records each, in batches of two.
func aFile(h *home, n int, interrupt *int) engine.ReadCapture {
	return func(ctx context.Context, _ string, emit func([]flow.Record) error, progress func(done, size int64)) (flow.Capture, string, error) {
		at := h.now.Add(-time.Hour)
		var sum flow.Capture
		for i := range n {
			progress(int64(i), int64(n))
			var batch []flow.Record
			for _, mac := range []string{bell, stranger} {
				batch = append(batch, flow.Record{
					Key:   flow.Key{Destination: flow.Destination{Address: netip.MustParseAddr("198.51.100.10"), Domain: "a.example"}, Protocol: "tls", Port: 443},
					Local: flow.Local{MAC: mac, Address: netip.MustParseAddr("192.168.1.66")}, Up: 10, Down: 1, Count: 1,
					First: at.Add(time.Duration(i) * time.Minute), Last: at.Add(time.Duration(i) * time.Minute), Source: "capture a.pcap",
				})
			}
			if err := emit(batch); err != nil {
				return sum, "", err
			}
			if *interrupt--; *interrupt == 0 {
				return sum, "", errors.New("interrupted")
			}
		}
		sum.Last = at
		sum.Devices = []flow.CaptureDevice{{MAC: bell, Up: uint64(10 * n)}, {MAC: stranger, Up: uint64(10 * n)}, {MAC: "", Up: 7}}
		return sum, "hash", ctx.Err()
	}
}

func (h *home) bytesOf(id discovery.DeviceID) (up uint64) {
	h.t.Helper()
	ts, err := h.st.Totals(h.t.Context(), flow.Query{Device: id})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, x := range ts {
		up += x.Up
	}
	return up
}

func (h *home) take(fresh bool) engine.CaptureInfo {
	h.t.Helper()
	i, err := h.ImportCapture(h.t.Context(), engine.CaptureRequest{Path: "/a.pcap", New: fresh, How: "test"})
	if err != nil {
		h.t.Fatal(err)
	}
	return i
}

// The same file twice counts once; what is not known here is offered, and comes
// only when it is wanted, also later.
func TestACaptureCountsOnce(t *testing.T) {
	h := newHome(t)
	never := -1
	h.ReadCapture = aFile(h, 5, &never)
	id := h.see(bell)
	info, err := h.InspectCapture(t.Context(), "/a.pcap")
	if err != nil || len(info.Known) != 1 || info.Known[0].ID != id || len(info.Unknown) != 1 || info.Unknown[0].MAC != stranger || info.Before || h.bytesOf(id) != 0 {
		t.Fatalf("%+v, %v", info, err)
	}
	if i := h.take(false); i.Taken != 5 || h.bytesOf(id) != 50 {
		t.Fatalf("%d records, %d bytes", i.Taken, h.bytesOf(id))
	}
	if i := h.take(false); i.Taken != 0 || !i.Known[0].Before || !i.Before || h.bytesOf(id) != 50 {
		t.Fatalf("counted twice: %d records, %d bytes", i.Taken, h.bytesOf(id))
	}
	if _, err := h.Device(t.Context(), stranger); err == nil {
		t.Fatal("a stranger was added unasked")
	}
	if i := h.take(true); i.Taken != 5 || h.bytesOf(id) != 50 {
		t.Fatalf("%d records, %d bytes", i.Taken, h.bytesOf(id))
	}
	d, err := h.Device(t.Context(), stranger)
	if err != nil || h.bytesOf(d.ID) != 50 {
		t.Fatalf("%v, %d bytes", err, h.bytesOf(d.ID))
	}
	// The twin: without what is kept of it, it would be counted again.
	if err := h.st.AddFlows(t.Context(), "capture:hash", nil, connectors.Cursor("{}")); err != nil {
		t.Fatal(err)
	}
	if h.take(false); h.bytesOf(id) != 100 {
		t.Fatalf("the test sees no difference: %d bytes", h.bytesOf(id))
	}
}

// An import that is interrupted anywhere goes on where it was.
func TestAnInterruptedCaptureGoesOn(t *testing.T) {
	for stop := 6; stop <= 10; stop++ { // the first five batches only look
		h := newHome(t)
		n := stop
		h.ReadCapture = aFile(h, 5, &n)
		id := h.see(bell)
		if _, err := h.ImportCapture(t.Context(), engine.CaptureRequest{Path: "/a.pcap"}); err == nil {
			t.Fatal("it was not interrupted")
		}
		if up := h.bytesOf(id); up != uint64(10*(stop-5)) {
			t.Fatalf("stopped at %d: %d bytes", stop, up)
		}
		if h.take(false); h.bytesOf(id) != 50 {
			t.Errorf("stopped at %d: %d bytes in the end, 50 are in the file", stop, h.bytesOf(id))
		}
	}
}

func TestCapturesOneAtATimeAndStopped(t *testing.T) {
	h := newHome(t)
	h.see(bell)
	inside := make(chan struct{})
	h.ReadCapture = func(ctx context.Context, _ string, _ func([]flow.Record) error, progress func(done, size int64)) (flow.Capture, string, error) {
		progress(3, 9)
		close(inside)
		<-ctx.Done()
		return flow.Capture{}, "", ctx.Err()
	}
	done := make(chan error, 1)
	go func() { _, err := h.InspectCapture(t.Context(), "/b.pcap"); done <- err }()
	<-inside
	if p, err := h.CaptureProgress(t.Context()); err != nil || p != (engine.CaptureProgress{File: "b.pcap", Done: 3, Size: 9}) {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := h.InspectCapture(t.Context(), "/c.pcap"); err == nil || !strings.Contains(err.Error(), "another") {
		t.Error(err)
	}
	if err := h.StopCapture(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if p, _ := h.CaptureProgress(t.Context()); p != (engine.CaptureProgress{}) {
		t.Errorf("%+v", p)
	}
	if _, err := h.InspectCapture(t.Context(), "relative.pcap"); err == nil {
		t.Error("a path from nowhere was read")
	}
}

// What stands for a person is made coarse on arrival here too.
func TestACaptureIsDiscreet(t *testing.T) {
	for _, k := range []discovery.Kind{discovery.KindPhone, discovery.KindCamera} {
		h := newHome(t)
		h.kind = k
		never := -1
		h.ReadCapture = aFile(h, 2, &never)
		id := h.see(bell)
		h.take(false)
		recs, err := h.st.Flows(t.Context(), flow.Query{Device: id, Limit: 10})
		if err != nil || len(recs) == 0 {
			t.Fatal(recs, err)
		}
		for _, r := range recs {
			if named := r.Destination.Domain != ""; named == k.Personal() {
				t.Errorf("%s: %+v", k, r)
			}
			if r.Source != "capture a.pcap" {
				t.Errorf("its source is %q", r.Source)
			}
		}
	}
}

// What a capture told is deleted by the file's name, and the file can be taken over again.
func TestACaptureIsForgotten(t *testing.T) {
	h := newHome(t)
	never := -1
	h.ReadCapture = aFile(h, 5, &never)
	id := h.see(bell)
	if all, err := h.Captures(t.Context()); err != nil || len(all) != 0 {
		t.Fatalf("%+v, %v", all, err)
	}
	h.take(false)
	h.take(true)
	all, err := h.Captures(t.Context())
	if err != nil || len(all) != 1 || all[0].File != "a.pcap" || all[0].Records != 10 || all[0].Devices != 2 || all[0].Unfinished || all[0].Time.IsZero() {
		t.Fatalf("%+v, %v", all, err)
	}
	if _, err := h.ForgetCapture(t.Context(), "b.pcap", "test"); err == nil || h.bytesOf(id) != 50 { // the twin
		t.Fatalf("another file was forgotten: %v", err)
	}
	got, err := h.ForgetCapture(t.Context(), "a.pcap", "test")
	if err != nil || got.Rows == 0 || h.bytesOf(id) != 0 {
		t.Fatalf("%+v, %v, %d bytes are left", got, err, h.bytesOf(id))
	}
	if all, err := h.Captures(t.Context()); err != nil || len(all) != 0 {
		t.Fatalf("%+v, %v", all, err)
	}
	if i := h.take(false); i.Before || i.Taken != 10 || h.bytesOf(id) != 50 { // both are known now
		t.Errorf("again: %+v, %d bytes", i, h.bytesOf(id))
	}
}

// What was interrupted is said to be unfinished, and can be forgotten too.
func TestAnInterruptedCaptureIsForgotten(t *testing.T) {
	h := newHome(t)
	n := 8
	h.ReadCapture = aFile(h, 5, &n)
	id := h.see(bell)
	if _, err := h.ImportCapture(t.Context(), engine.CaptureRequest{Path: "/a.pcap"}); err == nil {
		t.Fatal("it was not interrupted")
	}
	if all, err := h.Captures(t.Context()); err != nil || len(all) != 1 || !all[0].Unfinished || all[0].Records != 3 {
		t.Fatalf("%+v, %v", all, err)
	}
	if _, err := h.ForgetCapture(t.Context(), "a.pcap", "test"); err != nil || h.bytesOf(id) != 0 {
		t.Fatalf("%v, %d bytes", err, h.bytesOf(id))
	}
}

// What a device said of itself in the file is kept with it: the address of its
// maker's description is offered and not fetched.
func TestACaptureTellsWhatADeviceSaysOfItself(t *testing.T) {
	h := newHome(t)
	h.kind = discovery.KindLight
	never := -1
	read := aFile(h, 1, &never)
	const at = "https://lamp.maker.example/lamp2000"
	said := []discovery.Fact{{Key: "mud_url", Value: at, Source: "capture a.pcap"}, {Key: "hostname", Value: "lamp", Source: "capture a.pcap"}}
	h.ReadCapture = func(ctx context.Context, path string, emit func([]flow.Record) error, progress func(done, size int64)) (flow.Capture, string, error) {
		sum, hash, err := read(ctx, path, emit, progress)
		for i := range sum.Devices {
			if sum.Devices[i].MAC != "" {
				sum.Devices[i].Said = said
			}
		}
		sum.Last = h.now.AddDate(100, 0, 0) // a file says any time it likes
		return sum, hash, err
	}
	h.FetchDescription = func(context.Context, *url.URL) ([]byte, error) {
		t.Error("it was fetched unasked")
		return nil, errors.New("no")
	}
	id := h.see(bell)
	announced := func(id discovery.DeviceID) (string, discovery.Source) {
		t.Helper()
		d, err := h.Declared(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return d.Announced, d.By
	}
	if _, err := h.InspectCapture(t.Context(), "/a.pcap"); err != nil {
		t.Fatal(err)
	}
	if got, _ := announced(id); got != "" { // the twin: a look changes nothing
		t.Errorf("a look told %q", got)
	}
	h.take(false)
	if got, by := announced(id); got != at || by != "capture a.pcap" {
		t.Errorf("%q by %q", got, by)
	}
	if _, known := h.Inventory.Resolve(stranger, netip.Addr{}, ""); known {
		t.Error("a stranger was added unasked")
	}
	h.take(true)
	other, err := h.Device(t.Context(), stranger)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := announced(other.ID); got != at || other.LastSeen.After(h.now) {
		t.Errorf("%q, last seen %s", got, other.LastSeen)
	}
}
