package capture

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/gopacket/gopacket/layers"

	"bestbefore/discovery/flow"
)

// The bounds of what is kept at a time.
const (
	maxConns   = 1 << 16
	maxNames   = 1 << 16
	maxDevices = 4096
	maxOpening = 1024 // connections whose beginning is being read
	maxOfNames = 20   // names shown for a device
	bin        = time.Minute
	idle       = 10 * time.Minute
)

// connKey is one connection, seen from the device.
type connKey struct {
	local, remote         netip.Addr
	localPort, remotePort uint16
	proto                 uint8
	mac                   mac
}

// conn is what was seen of a connection since the last records.
type conn struct {
	key         connKey
	name        string
	how         flow.Protocol // "tls" or "quic" once that is known
	up, down    uint64
	first, last time.Time
	fresh       bool // not told yet
	opening     *opening
}

// device adds up one hardware address.
type device struct {
	flow.CaptureDevice
	names map[string]bool
}

// table is one reading.
type table struct {
	c       Config
	sides   sides
	conns   map[connKey]*conn
	order   []*conn // with something to tell, as they came
	opening int
	names   map[netip.Addr]string
	devices map[mac]*device
	minute  time.Time
	sweepAt uint64 // packet
	sum     flow.Capture
}

func newTable(c Config) *table {
	return &table{
		c: c, sides: sides{home: slices.Clone(c.Home), routers: map[mac]bool{}},
		conns: map[connKey]*conn{}, names: map[netip.Addr]string{}, devices: map[mac]*device{},
	}
}

// packet counts one packet; an error is Emit's.
func (t *table) packet(at time.Time, link layers.LinkType, data []byte, length int) error {
	t.sum.Packets++
	t.sum.Bytes += uint64(length)
	if neighbourly(link, data, t.say) {
		t.sum.AtHome++
		return nil
	}
	p, ok := parse(link, data)
	if !ok || at.Year() < 1980 || at.Year() > 2200 {
		t.sum.Broken++
		return nil
	}
	if t.sum.First.IsZero() || at.Before(t.sum.First) {
		t.sum.First = at.UTC()
	}
	if at.After(t.sum.Last) {
		t.sum.Last = at.UTC()
	}
	if p.proto == protoICMP6 {
		t.sides.advertised(&p)
	}
	if p.proto == protoUDP && p.srcPort == 53 {
		answers(p.payload, t.learn)
	}
	asks(&p, t.say)
	if m := at.Truncate(bin); !m.Equal(t.minute) {
		if err := t.flush(false); err != nil {
			return err
		}
		t.minute = m
	}
	s := t.sides.of(&p)
	switch s {
	case nobody:
		t.sum.NotSeen++
		return nil
	case within:
		t.sum.AtHome++
		return nil
	}
	if len(t.conns) >= maxConns {
		if err := t.flush(true); err != nil {
			return err
		}
	}
	t.count(at, &p, s == upward)
	return nil
}

// learn keeps the name of an address.
func (t *table) learn(a netip.Addr, name string) {
	if _, known := t.names[a]; !known && len(t.names) >= maxNames {
		t.sum.Dropped++
		return
	}
	t.names[a] = name
}

func (t *table) count(at time.Time, p *seen, up bool) {
	k := connKey{p.src, p.dst, p.srcPort, p.dstPort, p.proto, p.from}
	if !up {
		k = connKey{p.dst, p.src, p.dstPort, p.srcPort, p.proto, p.to}
	}
	c := t.conns[k]
	if c == nil {
		c = &conn{key: k, name: t.names[k.remote], fresh: true}
		t.conns[k] = c
	}
	if c.up == 0 && c.down == 0 {
		c.first = at
		t.order = append(t.order, c)
	}
	if c.first.After(at) {
		c.first = at
	}
	if c.last.Before(at) {
		c.last = at
	}
	d := t.device(k.mac)
	if up {
		c.up += p.bytes
		d.Up += p.bytes
	} else {
		c.down += p.bytes
		d.Down += p.bytes
	}
	if up && c.how == "" {
		t.look(c, p)
	}
	if c.how != "" {
		d.Encrypted += p.bytes
	}
	if c.name != "" && len(d.names) < maxOfNames {
		d.names[c.name] = true
	}
}

// device adds up m; those beyond the bound are added up together.
func (t *table) device(m mac) *device {
	d := t.devices[m]
	if d == nil {
		if len(t.devices) >= maxDevices {
			t.sum.Dropped++
			m = mac{}
			if d = t.devices[m]; d != nil {
				return d
			}
		}
		d = &device{CaptureDevice: flow.CaptureDevice{MAC: m.text()}, names: map[string]bool{}}
		t.devices[m] = d
	}
	return d
}

func (m mac) text() string {
	if m == (mac{}) {
		return ""
	}
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}

// rowKey is what makes two connections of a minute one record.
type rowKey struct {
	flow.Key
	mac mac
}

// flush gives what was counted in this minute, and forgets connections that are
// over; with all, every one of them.
func (t *table) flush(all bool) error {
	rows := map[rowKey]*flow.Record{}
	var order []*flow.Record
	for _, c := range t.order {
		k := rowKey{flow.Key{
			Destination: flow.Destination{Address: c.key.remote, Domain: c.name}, Protocol: c.protocol(), Port: servicePort(c.key),
		}, c.key.mac}
		r := rows[k]
		if r == nil {
			r = &flow.Record{Key: k.Key, Local: flow.Local{MAC: c.key.mac.text(), Address: c.key.local}, First: c.first.UTC(), Last: c.last.UTC(), Source: t.c.Source}
			rows[k] = r
			order = append(order, r)
		}
		r.Up, r.Down = r.Up+c.up, r.Down+c.down
		if c.fresh {
			r.Count++
		}
		if c.first.Before(r.First) {
			r.First = c.first.UTC()
		}
		if c.last.After(r.Last) {
			r.Last = c.last.UTC()
		}
		c.up, c.down, c.fresh = 0, 0, false
	}
	t.order = t.order[:0]
	t.forget(all)
	return t.emit(order)
}

// forget looks at every connection only after as many packets, so that a file
// whose clock jumps about cannot make it do so for each.
func (t *table) forget(all bool) {
	if !all && t.sum.Packets < t.sweepAt {
		return
	}
	t.sweepAt = t.sum.Packets + uint64(len(t.conns))
	for k, c := range t.conns {
		if all || t.minute.Sub(c.last) > idle || c.last.Sub(t.minute) > idle {
			t.close(c)
			delete(t.conns, k)
		}
	}
}

func (t *table) emit(rows []*flow.Record) error {
	for part := range slices.Chunk(rows, maxBatch) {
		out := make([]flow.Record, len(part))
		for i, r := range part {
			r.Count = max(r.Count, 1)
			out[i] = *r
		}
		if err := t.c.Emit(out); err != nil {
			return err
		}
		t.sum.Records += uint64(len(out))
	}
	return nil
}

// protocol is how it was sent: "tls" and "quic" are encrypted.
func (c *conn) protocol() flow.Protocol {
	switch {
	case c.how != "":
		return c.how
	case c.key.proto == protoTCP:
		return "tcp"
	case c.key.proto == protoUDP:
		return "udp"
	case c.key.proto == protoICMP, c.key.proto == protoICMP6:
		return "icmp"
	}
	return flow.Protocol("ip-" + strconv.Itoa(int(c.key.proto)))
}

// ephemeral is where systems begin to take the ports of those who ask.
const ephemeral = 32768

func servicePort(k connKey) uint16 {
	if k.remotePort >= ephemeral && k.localPort < ephemeral && k.localPort != 0 {
		return k.localPort
	}
	return k.remotePort
}

func (t *table) summary() flow.Capture {
	s := t.sum
	for _, d := range t.devices {
		for n := range d.names {
			d.Names = append(d.Names, n)
		}
		slices.Sort(d.Names)
		s.Devices = append(s.Devices, d.CaptureDevice)
	}
	slices.SortFunc(s.Devices, func(a, b flow.CaptureDevice) int {
		return cmp.Or(cmp.Compare(b.Up+b.Down, a.Up+a.Down), cmp.Compare(a.MAC, b.MAC))
	})
	s.Names = len(t.names)
	return s
}
