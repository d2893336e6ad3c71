package engine_test

import (
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// sentOn stores one record of a device on a local day at noon.
func (h *home) sentOn(id discovery.DeviceID, day string) {
	h.t.Helper()
	at, err := time.ParseInLocation(time.DateOnly, day, berlin(h.t))
	if err != nil {
		h.t.Fatal(err)
	}
	at = at.Add(12 * time.Hour)
	rec := flow.Record{Key: flow.Key{Device: id, Destination: flow.Destination{Domain: "x.example"}, Protocol: "tcp", Port: 443}, Up: 1, Count: 1, First: at, Last: at, Source: "s"}
	if err := h.st.AddFlows(h.t.Context(), "s", []flow.Record{rec}, nil); err != nil {
		h.t.Fatal(err)
	}
}

// traffic is how many bytes are left of each device.
func (h *home) traffic() map[discovery.DeviceID]uint64 {
	h.t.Helper()
	out := map[discovery.DeviceID]uint64{}
	fs, err := h.Flows(h.t.Context(), engine.FlowQuery{})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, f := range fs {
		out[f.Device] += f.BytesUp
	}
	return out
}

// twoThatSent is a home with a bell that has a permission and had two names, a
// second device, and somebody; all have sent.
func twoThatSent(t *testing.T) (h *home, a, b discovery.DeviceID, info engine.ConsentInfo) {
	t.Helper()
	const other = "00:11:22:33:44:66"
	h = newHome(t)
	a = h.see(bell)
	h.Sight(discovery.Sighting{Source: discovery.SourceNeighbor, At: h.now, Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: other}}})
	d, err := h.Device(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	b = d.ID
	info = h.allow(a, "Bell Maker", "203.0.113.7")
	for _, label := range []string{"Anna's bell", "Bell"} {
		if err := h.Label(t.Context(), a, label); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []discovery.DeviceID{a, b} {
		h.sentOn(id, "2026-11-20")
		h.sentOn(id, "2026-11-21")
	}
	h.sentOn(flow.Somebody, "2026-11-21")
	return h, a, b, info
}

func TestForgetting(t *testing.T) {
	for name, c := range map[string]struct {
		request    func(a, b discovery.DeviceID) engine.ForgetRequest
		a, b, some uint64 // what is left
		texts      bool   // the diary's texts about a are gone
	}{
		"one device": {func(a, _ discovery.DeviceID) engine.ForgetRequest { return engine.ForgetRequest{Device: a} }, 0, 2, 1, false},
		"one device and its texts": {func(a, _ discovery.DeviceID) engine.ForgetRequest {
			return engine.ForgetRequest{Device: a, Texts: true}
		}, 0, 2, 1, true},
		"a period": {func(_, _ discovery.DeviceID) engine.ForgetRequest {
			return engine.ForgetRequest{From: "2026-11-19", To: "2026-11-20"}
		}, 1, 1, 1, false},
		"somebody at home": {func(_, _ discovery.DeviceID) engine.ForgetRequest {
			return engine.ForgetRequest{Device: flow.Somebody}
		}, 2, 2, 0, false},
		"all": {func(_, _ discovery.DeviceID) engine.ForgetRequest { return engine.ForgetRequest{All: true} }, 0, 0, 0, false},
		"all texts": {func(_, _ discovery.DeviceID) engine.ForgetRequest {
			return engine.ForgetRequest{All: true, Texts: true}
		}, 0, 0, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			h, a, b, info := twoThatSent(t)
			r := c.request(a, b)
			r.How = "test"
			before := h.traffic()
			p, err := h.PreviewForget(t.Context(), r)
			if err != nil || len(p.Goes) == 0 || len(p.Stays) == 0 || len(h.traffic()) != len(before) {
				t.Fatalf("the preview %+v, %v", p, err)
			}
			if _, err := h.Forget(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			left := h.traffic()
			if left[a] != c.a || left[b] != c.b || left[flow.Somebody] != c.some {
				t.Errorf("left %v, want %d, %d and %d", left, c.a, c.b, c.some)
			}
			if got, err := h.Consent(t.Context(), info.ID); err != nil || !got.Decided.Live() {
				t.Errorf("the permission is %s, %v", got.Decided, err)
			}
			rep, err := h.VerifyDiary(t.Context())
			if err != nil || !rep.OK() {
				t.Errorf("the diary: %+v, %v", rep, err)
			}
			es, err := h.Diary(t.Context(), engine.DiaryQuery{})
			if err != nil || es[0].Kind != engine.NoteForgot {
				t.Fatalf("the diary does not tell of it: %+v, %v", es[0], err)
			}
			named := false
			for _, x := range es {
				named = named || strings.Contains(x.Text, "Anna") || x.Kind == consent.NoteGiven && strings.Contains(x.Text, "Bell Maker")
			}
			if named == c.texts {
				t.Errorf("texts about it are there: %v", named)
			}
			if c.texts {
				_, err := h.Undo(t.Context())
				if d, look := h.Device(t.Context(), string(a)); err == nil && (look != nil || strings.Contains(d.Name(), "Anna")) {
					t.Errorf("undo still knows what it was called: %s, %v", d.Name(), look)
				}
			}
		})
	}
}

func TestWhatCannotBeForgotten(t *testing.T) {
	h := newHome(t)
	for name, r := range map[string]engine.ForgetRequest{
		"nothing": {}, "two things": {Device: "d1", All: true}, "half a period": {From: "2026-11-20"},
		"a period backwards": {From: "2026-11-20", To: "2026-11-19"}, "no days": {From: "yesterday", To: "today"},
		"an unknown device": {Device: "nobody"}, "texts of a period": {From: "2026-11-19", To: "2026-11-20", Texts: true},
	} {
		if _, err := h.Forget(t.Context(), r); err == nil {
			t.Errorf("%s was forgotten", name)
		}
		if _, err := h.PreviewForget(t.Context(), r); err == nil {
			t.Errorf("%s: the preview is silent", name)
		}
	}
}
