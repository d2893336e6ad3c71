package netflow

import (
	"encoding/binary"
	"net/netip"
	"time"

	decode "github.com/netsampler/goflow2/v2/decoders/netflow"
)

// The fields that are read. IPFIX took over the numbers of version 9.
const (
	fieldBytes         = 1
	fieldProto         = 4
	fieldSrcPort       = 7
	fieldSrc4          = 8
	fieldDstPort       = 11
	fieldDst4          = 12
	fieldLastUptime    = 21
	fieldFirstUptime   = 22
	fieldSrc6          = 27
	fieldDst6          = 28
	fieldSampling      = 34
	fieldSamplerRandom = 50
	fieldFirstSeconds  = 150
	fieldLastSeconds   = 151
	fieldFirstMillis   = 152
	fieldLastMillis    = 153
	fieldFirstMicros   = 154
	fieldLastMicros    = 155
	fieldFirstNanos    = 156
	fieldLastNanos     = 157
	fieldInit          = 160
	fieldInitiator     = 231
	fieldResponder     = 232
	reversePEN         = 29305 // RFC 5103: the same field, the other way
)

// sets reads the data of one message.
type sets struct {
	c         *collector
	at        *place
	received  time.Time
	export    time.Time
	uptime    uint32
	hasUptime bool
	out       []oneWay
	records   uint32
	raw       uint64 // sets whose template is not known
}

func (x *sets) read(all []any) {
	for _, s := range all {
		switch s := s.(type) {
		case decode.DataFlowSet:
			for _, r := range s.Records {
				x.records++
				x.record(r.Values)
			}
		case decode.OptionsDataFlowSet:
			for _, r := range s.Records {
				x.records++
				x.options(r.OptionsValues)
			}
		case decode.RawFlowSet:
			x.raw++
		}
	}
}

// options looks for how the exporter samples.
func (x *sets) options(fields []decode.DataField) {
	for _, f := range fields {
		if f.PenProvided || f.Type != fieldSampling && f.Type != fieldSamplerRandom {
			continue
		}
		if n, ok := number(f.Value); ok && n > 0 && n <= 1<<20 {
			x.at.sampling = uint32(n)
			x.c.sampled(uint32(n))
		}
	}
}

// times are how long ago a record says that it began and ended.
type times struct {
	began, ended       time.Duration
	hasBegan, hasEnded bool
	first, last        uint32 // by uptime
	hasFirst, hasLast  bool
	init               time.Time
}

func (x *sets) record(fields []decode.DataField) {
	var f oneWay
	var t times
	flow := false
	for _, d := range fields {
		switch {
		case d.PenProvided && d.Pen == reversePEN && d.Type == fieldBytes:
			f.back, _ = number(d.Value)
		case d.PenProvided:
		default:
			flow = x.field(&f, &t, d) || flow
		}
	}
	if !flow || !f.src.IsValid() || !f.dst.IsValid() {
		return // something else than traffic: an event, a counter of the box itself
	}
	if f.bytes >= maxRecord || f.back >= maxRecord {
		x.c.watch.note(func(w *watch) { w.odd++ })
		return
	}
	f.bytes, f.back = scale(f.bytes, x.at.sampling), scale(f.back, x.at.sampling)
	f.first, f.last = x.span(t)
	x.out = append(x.out, f)
}

// field takes one field and reports whether it counts bytes.
func (x *sets) field(f *oneWay, t *times, d decode.DataField) bool {
	switch d.Type {
	case fieldSrc4, fieldSrc6:
		address(&f.src, d.Value)
		return false
	case fieldDst4, fieldDst6:
		address(&f.dst, d.Value)
		return false
	}
	n, ok := number(d.Value)
	if !ok {
		return false
	}
	switch d.Type {
	case fieldBytes, fieldInitiator:
		f.bytes += n
		return true
	case fieldResponder:
		f.back += n
		return true
	case fieldProto:
		f.proto = uint8(n)
	case fieldSrcPort:
		f.srcPort = uint16(n)
	case fieldDstPort:
		f.dstPort = uint16(n)
	default:
		x.when(t, d.Type, n)
	}
	return false
}

// when takes a field about time.
func (x *sets) when(t *times, kind uint16, n uint64) {
	var at time.Time
	switch kind {
	case fieldFirstUptime:
		t.first, t.hasFirst = uint32(n), true
		return
	case fieldLastUptime:
		t.last, t.hasLast = uint32(n), true
		return
	case fieldInit:
		t.init = time.UnixMilli(int64(min(n, 1<<48)))
		return
	case fieldFirstSeconds, fieldLastSeconds:
		at = time.Unix(int64(min(n, 1<<40)), 0)
	case fieldFirstMillis, fieldLastMillis:
		at = time.UnixMilli(int64(min(n, 1<<48)))
	case fieldFirstMicros, fieldLastMicros, fieldFirstNanos, fieldLastNanos:
		at = ntp(n)
	default:
		return
	}
	ago := x.export.Sub(at)
	if kind%2 == 0 {
		t.began, t.hasBegan = ago, true
	} else {
		t.ended, t.hasEnded = ago, true
	}
}

// span turns what a record says about time into our clock.
func (x *sets) span(t times) (first, last time.Time) {
	up := x.uptime
	if !x.hasUptime && !t.init.IsZero() {
		up = uint32(x.export.Sub(t.init).Milliseconds())
	}
	if x.hasUptime || !t.init.IsZero() {
		if t.hasFirst && !t.hasBegan {
			t.began = uptime(up, t.first)
		}
		if t.hasLast && !t.hasEnded {
			t.ended = uptime(up, t.last)
		}
	}
	return span(x.received, t.began, t.ended)
}

// ntp reads a time of RFC 7011's micro- and nanoseconds: seconds since 1900 and
// their fraction.
func ntp(n uint64) time.Time {
	const to1970 = 2208988800
	return time.Unix(int64(n>>32)-to1970, int64((n&0xffffffff)*1e9>>32))
}

// number reads an unsigned number of any length, as exporters shorten them.
func number(v any) (uint64, bool) {
	b, ok := v.([]byte)
	if !ok || len(b) == 0 || len(b) > 8 {
		return 0, false
	}
	var full [8]byte
	copy(full[8-len(b):], b)
	return binary.BigEndian.Uint64(full[:]), true
}

// address reads an address; a field of zeros beside one of the other family says nothing.
func address(to *netip.Addr, v any) {
	b, ok := v.([]byte)
	if !ok {
		return
	}
	a, ok := netip.AddrFromSlice(b)
	if !ok || a.IsUnspecified() && to.IsValid() {
		return
	}
	*to = a.Unmap()
}
