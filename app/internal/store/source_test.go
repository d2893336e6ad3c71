package store

import (
	"testing"

	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

func from(source discovery.Source, r flow.Record) flow.Record {
	r.Source = source
	return r
}

// What one source told goes, from singles, sums and files; what another saw stays.
func TestWhatASourceToldIsDeleted(t *testing.T) {
	ctx, secret := t.Context(), "clinic.example"
	cfg := testConfig(t.TempDir())
	s, err := Open(ctx, cfg)
	must(t, err)
	must(t, s.AddFlows(ctx, "capture:1", []flow.Record{
		from("capture a.pcap", to(secret, record("d1", -10, 1))), from("capture a.pcap", to(secret, record("d2", -300, 2))),
		from("connector:gw", to("a.example", record("d1", -10, 3))), from("capture b.pcap", to("b.example", record("d2", -10, 4))),
	}, []byte("one")))
	must(t, s.AddFlows(ctx, "capture:2", nil, []byte("two")))
	must(t, s.AddFlows(ctx, "gw", nil, []byte("three")))
	all := value(s.Cursors(ctx, "capture:"))(t)
	if len(all) != 2 || string(all["capture:1"]) != "one" || string(all["capture:2"]) != "two" {
		t.Fatalf("%q", all)
	}
	if n := value(s.DeleteFlowsFrom(ctx, "capture nothing"))(t); n != 0 || !inFiles(t, cfg.Dir, secret) { // the twin
		t.Fatalf("%d rows of a source that told nothing", n)
	}
	if n := value(s.DeleteFlowsFrom(ctx, "capture a.pcap"))(t); n != 4 {
		t.Errorf("%d rows: two singles and two sums are expected", n)
	}
	must(t, s.DropCursor(ctx, "capture:1"))
	if c := value(s.Cursor(ctx, "capture:1"))(t); c != nil {
		t.Errorf("its place is still kept: %q", c)
	}
	if c := value(s.Cursor(ctx, "gw"))(t); string(c) != "three" {
		t.Errorf("another's place is %q", c)
	}
	recs, sums := value(s.Flows(ctx, flow.Query{}))(t), value(s.Hourly(ctx, flow.Query{}))(t)
	if len(recs) != 2 || len(sums) != 2 {
		t.Errorf("left are %v and %v", recs, sums)
	}
	must(t, s.Close())
	if inFiles(t, cfg.Dir, secret) {
		t.Error("its bytes are still in the files")
	}
}
