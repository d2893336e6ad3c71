package engine_test

import (
	"net/netip"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// A router sees an address, a name server the question: together they are a flow
// with a name, and it says whence. The twins: without the answer, of another
// device, and from a capture file there is no name; of what stands for a person
// the company is all that is kept.
func TestARoutersFlowGetsTheNameThatTheDeviceAskedFor(t *testing.T) {
	for name, c := range map[string]struct {
		kind   discovery.Kind
		asker  string
		source discovery.Source
		tell   bool
		want   string
	}{
		"named":          {"camera", bell, "connector:k1", true, "video.maker.example"},
		"twin, unheard":  {"camera", bell, "connector:k1", false, "203.0.113.7"},
		"another's":      {"camera", "02:00:00:00:00:99", "connector:k1", true, "203.0.113.7"},
		"a capture":      {"camera", bell, "capture x.pcap", true, "203.0.113.7"},
		"a person's own": {discovery.KindPhone, bell, "connector:k1", true, "203.0.113.7"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			h.kind = c.kind
			id := h.see(bell)
			to := netip.MustParseAddr("203.0.113.7")
			ask := flow.Record{
				Key:   flow.Key{Destination: flow.Destination{Domain: "video.maker.example"}, Protocol: "dns"},
				Local: flow.Local{MAC: c.asker}, Count: 1, First: h.now, Last: h.now, Source: "connector:dns",
			}
			if c.tell {
				ask.Answers = []flow.Answer{{Address: to, TTL: time.Minute}}
			}
			sent := flow.Record{
				Key:   flow.Key{Destination: flow.Destination{Address: to}, Protocol: "tcp", Port: 443},
				Local: flow.Local{MAC: bell}, Up: 10, Count: 1, First: h.now, Last: h.now, Source: c.source,
			}
			h.arrives(t, sent, ask)
			fs, err := h.Flows(t.Context(), engine.FlowQuery{Device: id})
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, f := range fs {
				if f.Protocol != "tcp" {
					continue
				}
				found = true
				if by := f.NameBy == engine.NameFromQuestion; f.Destination != c.want || by != (name == "named") {
					t.Errorf("it went to %q, named by %q", f.Destination, f.NameBy)
				}
			}
			if !found {
				t.Error("it is not kept")
			}
		})
	}
}
