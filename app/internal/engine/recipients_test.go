package engine_test

import (
	"net/netip"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/discovery/flow"
	"bestbefore/discovery/recipient"
)

// TestFlowsNameWhoIsBehind: a row says who receives, on what basis, and that
// another device of the home is one, whatever its address looks like.
func TestFlowsNameWhoIsBehind(t *testing.T) {
	h := newHome(t)
	bell := h.see("02:00:00:00:00:01") // it has 192.168.77.30
	to := func(domain, address string, port uint16) flow.Record {
		r := flow.Record{Up: 10, Count: 1, First: h.now.Add(-time.Minute), Last: h.now, Source: "test"}
		r.Device, r.Protocol, r.Port = bell, "udp", port
		r.Destination = flow.Destination{Domain: domain, Address: netip.MustParseAddr(address)}
		return r
	}
	h.kind = "doorbell"
	if err := h.AddFlows(t.Context(), "k1", []flow.Record{to("", "198.51.100.1", 443), to("", "198.51.100.2", 123), to("", "192.168.77.30", 80)}, nil); err != nil {
		t.Fatal(err)
	}
	who := func() map[string]engine.Receiver {
		t.Helper()
		rows, err := h.Flows(t.Context(), engine.FlowQuery{})
		if err != nil || len(rows) != 3 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		out := map[string]engine.Receiver{}
		for _, r := range rows {
			out[r.Destination] = r.Receiver
		}
		return out
	}
	if got := who()["198.51.100.1"]; got != (engine.Receiver{}) {
		t.Errorf("without a table somebody is known: %+v", got)
	}
	h.Recipients = func(d flow.Destination) recipient.Result {
		if d.Address == netip.MustParseAddr("198.51.100.1") {
			return recipient.Result{
				Company: "Bell Maker", CompanyCountry: "DE", Purpose: recipient.Maker, AddressCountry: "IE", Network: "Some Cloud",
				Basis: recipient.BasisList, Source: "https://bell-maker.example/", List: "Strict",
			}
		}
		return recipient.Result{Basis: recipient.BasisUnknown}
	}
	for destination, want := range map[string]engine.Receiver{
		"198.51.100.1":  {Company: "Bell Maker", Country: "DE", Purpose: "maker", AddressCountry: "IE", Network: "Some Cloud", Basis: "list", BasisSource: "Strict"},
		"198.51.100.2":  {Basis: "unknown", Hint: "time"},
		"192.168.77.30": {Basis: "home", Purpose: "home"},
	} {
		if got := who()[destination]; got != want {
			t.Errorf("%s: %+v, want %+v", destination, got, want)
		}
	}
}

// TestTotalsAreByCompany: what a table names is one, however many addresses it
// has; what the household named keeps its name.
func TestTotalsAreByCompany(t *testing.T) {
	h := newHome(t)
	h.kind = "doorbell"
	bell := h.see("02:00:00:00:00:01")
	h.allow(bell, "My bell", "198.51.100.3")
	var recs []flow.Record
	for _, a := range []string{"198.51.100.1", "198.51.100.2", "198.51.100.3", "203.0.113.9"} {
		r := flow.Record{Up: 10, Count: 1, First: h.now.Add(-time.Minute), Last: h.now, Source: "test"}
		r.Device, r.Protocol, r.Port, r.Destination.Address = bell, "tcp", 443, netip.MustParseAddr(a)
		recs = append(recs, r)
	}
	if err := h.AddFlows(t.Context(), "k1", recs, nil); err != nil {
		t.Fatal(err)
	}
	h.lookup = netip.MustParseAddr("192.0.2.1")
	h.Recipients = func(d flow.Destination) recipient.Result {
		if netip.MustParsePrefix("198.51.100.0/24").Contains(d.Address) {
			return recipient.Result{Company: "Bell Maker", CompanyCountry: "DE", Basis: recipient.BasisCurated}
		}
		return recipient.Result{Basis: recipient.BasisUnknown}
	}
	totals, err := h.Totals(t.Context(), engine.FlowQuery{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]engine.Total{}
	for _, x := range totals {
		got[x.Name] = x
	}
	if len(got) != 3 || got["Bell Maker"].Up != 20 || got["Bell Maker"].Receiver.Country != "DE" || got["Bell Maker"].Known ||
		got["My bell"].Up != 10 || !got["My bell"].Known || got["My bell"].Receiver.Company != "Bell Maker" || got["203.0.113.9"].Up != 10 {
		t.Errorf("%+v", totals)
	}
}
