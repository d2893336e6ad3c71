package engine_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// BenchmarkReview is the review of a permission that is half a year old, of a device that
// sent to twenty companies in every hour of it.
func BenchmarkReview(b *testing.B) {
	const days, companies = 170, 20
	h := newHome(b)
	h.kind = discovery.KindTelevision
	today := h.now
	h.now = today.AddDate(0, 0, -days)
	id := h.see(bell)
	info := h.allow(id, "Bell Maker", "203.0.113.1")
	h.now = today
	for hour := range days * 24 {
		at := today.Add(-time.Duration(hour) * time.Hour)
		recs := make([]flow.Record, companies)
		for i := range recs {
			recs[i] = flow.Record{
				Key: flow.Key{Device: id, Destination: flow.Destination{Address: netip.MustParseAddr(fmt.Sprintf("203.0.113.%d", i))}, Protocol: "tcp", Port: 443},
				Up:  1000, Count: 1, First: at, Last: at, Source: "gateway",
			}
		}
		h.add(recs...)
	}
	if err := h.st.Purge(b.Context(), h.now); err != nil { // as every hour
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if r, err := h.Review(b.Context(), info.ID); err != nil || r.BytesNow == 0 {
			b.Fatal(r.BytesNow, err)
		}
	}
}
