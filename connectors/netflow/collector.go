package netflow

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	decode "github.com/netsampler/goflow2/v2/decoders/netflow"
	legacy "github.com/netsampler/goflow2/v2/decoders/netflowlegacy"
)

// The bounds of what one session keeps of its exporter.
const (
	maxSources   = 64   // sockets that the exporter sends from, the newest ones
	maxTemplates = 1000 // per source
	maxFields    = 256  // of one template
	maxDomains   = 64   // of one source
	maxRecord    = 1 << 40
	maxGap       = 1 << 20 // a larger step is an exporter that began anew
	maxAge       = 24 * time.Hour
)

// collector turns messages into flows. Each source has its own templates, so
// that none is read by the description of another. It is used by one goroutine.
type collector struct {
	watch   *watch
	sources map[netip.AddrPort]*source
	clock   uint64 // counts messages, to find the source that was silent longest
}

// source is one socket of the exporter.
type source struct {
	templates *templates
	streams   map[stream]*place
	used      uint64
}

// stream is what the exporter numbers by itself.
type stream struct {
	version uint16
	domain  uint32
}

// place is how far a stream has been counted.
type place struct {
	next     uint32
	known    bool
	sampling uint32
}

func newCollector(w *watch) *collector {
	return &collector{watch: w, sources: map[netip.AddrPort]*source{}}
}

func (c *collector) source(from netip.AddrPort) *source {
	c.clock++
	s := c.sources[from]
	if s == nil {
		if len(c.sources) >= maxSources {
			oldest := from
			for a, x := range c.sources {
				if o := c.sources[oldest]; o == nil || x.used < o.used {
					oldest = a
				}
			}
			delete(c.sources, oldest)
		}
		s = &source{templates: &templates{of: map[templateKey]any{}, watch: c.watch}, streams: map[stream]*place{}}
		c.sources[from] = s
	}
	s.used = c.clock
	return s
}

func (s *source) place(k stream) *place {
	p := s.streams[k]
	if p == nil {
		if len(s.streams) >= maxDomains {
			clear(s.streams)
		}
		p = &place{}
		s.streams[k] = p
	}
	return p
}

// read gives the flows of one message. What cannot be read is counted.
func (c *collector) read(m message) []oneWay {
	if len(m.data) < 2 {
		c.watch.note(func(w *watch) { w.bad++ })
		return nil
	}
	var out []oneWay
	var err error
	switch binary.BigEndian.Uint16(m.data) {
	case 5:
		out, err = c.five(m)
	case 9:
		out, err = c.nine(m)
	case 10:
		out, err = c.ipfix(m)
	default:
		err = errors.New("another version")
	}
	if err != nil {
		c.watch.note(func(w *watch) { w.bad++ })
	}
	return out
}

// header5 and record5 are the sizes of version 5.
const (
	header5 = 24
	record5 = 48
)

func (c *collector) five(m message) ([]oneWay, error) {
	if len(m.data) < header5 || len(m.data) < header5+record5*int(binary.BigEndian.Uint16(m.data[2:])) {
		return nil, errors.New("shorter than it says") // the library would fill it up with zeros
	}
	var p legacy.PacketNetFlowV5
	if err := legacy.DecodeMessageVersion(bytes.NewBuffer(m.data), &p); err != nil {
		return nil, err
	}
	at := c.source(m.from).place(stream{5, uint32(p.EngineType)<<8 | uint32(p.EngineId)})
	c.step(at, p.FlowSequence, uint32(p.Count))
	sampling := uint32(p.SamplingInterval & 0x3fff)
	c.sampled(sampling)
	out := make([]oneWay, 0, len(p.Records))
	for _, r := range p.Records {
		f := oneWay{
			src: v4(uint32(r.SrcAddr)), dst: v4(uint32(r.DstAddr)), srcPort: r.SrcPort, dstPort: r.DstPort, proto: r.Proto,
			bytes: scale(uint64(r.DOctets), sampling),
		}
		f.first, f.last = span(m.at, uptime(p.SysUptime, r.First), uptime(p.SysUptime, r.Last))
		out = append(out, f)
	}
	return out, nil
}

func (c *collector) nine(m message) ([]oneWay, error) {
	var p decode.NFv9Packet
	s := c.source(m.from)
	err := decode.DecodeMessageNetFlow(bytes.NewBuffer(m.data[2:]), s.templates, &p)
	at := s.place(stream{9, p.SourceId})
	x := sets{c: c, at: at, received: m.at, export: time.Unix(int64(p.UnixSeconds), 0), uptime: p.SystemUptime, hasUptime: true}
	x.read(p.FlowSets)
	if err = x.unknown(err); err != nil && len(p.FlowSets) == 0 {
		return nil, err
	}
	c.step(at, p.SequenceNumber, 1) // messages, not flows
	return x.out, err
}

func (c *collector) ipfix(m message) ([]oneWay, error) {
	if len(m.data) < 16 || int(binary.BigEndian.Uint16(m.data[2:])) != len(m.data) {
		return nil, errors.New("not as long as it says")
	}
	var p decode.IPFIXPacket
	s := c.source(m.from)
	err := decode.DecodeMessageIPFIX(bytes.NewBuffer(m.data[2:]), s.templates, &p)
	at := s.place(stream{10, p.ObservationDomainId})
	x := sets{c: c, at: at, received: m.at, export: time.Unix(int64(p.ExportTime), 0)}
	x.read(p.FlowSets)
	missing := err != nil
	err = x.unknown(err)
	c.step(at, p.SequenceNumber, x.records)
	if missing { // how many records there were is not known
		at.known = false
	}
	return x.out, err
}

// unknown takes sets without a template out of err: they are counted by themselves.
func (x *sets) unknown(err error) error {
	if err == nil || !errors.Is(err, decode.ErrorTemplateNotFound) {
		return err
	}
	x.c.watch.note(func(w *watch) { w.unknown += max(x.raw, 1) })
	return nil
}

// step compares a stream's number with what is due. What is missing counts as
// lost; what comes late or begins anew only moves the place.
func (c *collector) step(p *place, number, n uint32) {
	gap := int32(number - p.next)
	if p.known && gap > 0 && gap < maxGap {
		c.watch.note(func(w *watch) { w.lost += uint64(gap) })
	}
	if p.known && gap < 0 && gap > -64 { // late: it was counted as lost
		c.watch.note(func(w *watch) { w.lost -= min(w.lost, uint64(n)) })
		return
	}
	p.next, p.known = number+n, true
}

func (c *collector) sampled(n uint32) {
	if n > 1 {
		c.watch.note(func(w *watch) { w.sampled = n })
	}
}

func scale(n uint64, sampling uint32) uint64 {
	if sampling > 1 {
		n = min(n, maxRecord) * uint64(sampling) // at most 2^60
	}
	return min(n, maxRecord)
}

func v4(a uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a)})
}

// uptime is how long ago something was by the exporter's uptime, which turns
// over every 49 days.
func uptime(now, then uint32) time.Duration { return time.Duration(int32(now-then)) * time.Millisecond }

// span places a flow by our own clock: the exporter's may be wrong, but how long
// ago it saw the flow begin and end it knows.
func span(received time.Time, began, ended time.Duration) (first, last time.Time) {
	ended = min(max(ended, 0), maxAge)
	began = min(max(began, ended), maxAge)
	return received.Add(-began), received.Add(-ended)
}
