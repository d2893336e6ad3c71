package capture

import (
	"slices"

	"bestbefore/discovery/flow"
)

// opening is the beginning of what a device says on a connection, put together
// from parts in any order until a name is found or there is none.
type opening struct {
	base  uint64 // where the stream begins
	data  []byte
	have  []bool // which bytes of data have come
	keys  initialKeys
	tries int
}

// maxTries is in how many packets a beginning is looked for.
const maxTries = 32

// look finds out what a device's packet begins: TLS or QUIC, and for whom.
func (t *table) look(c *conn, p *seen) {
	if len(p.payload) == 0 && !p.syn {
		return
	}
	switch c.key.proto {
	case protoTCP:
		t.lookTCP(c, p)
	case protoUDP:
		t.lookUDP(c, p)
	}
}

func (t *table) begin(c *conn) *opening {
	if t.opening >= maxOpening {
		t.sum.Dropped++
		return nil
	}
	t.opening++
	c.opening = &opening{}
	return c.opening
}

// close ends the search for a name.
func (t *table) close(c *conn) {
	if c.opening != nil {
		c.opening = nil
		t.opening--
	}
}

func (t *table) lookTCP(c *conn, p *seen) {
	if p.syn {
		if c.opening == nil && c.fresh {
			if o := t.begin(c); o != nil {
				o.base = uint64(p.seq + 1)
			}
		}
		return
	}
	o := c.opening
	if o == nil { // the capture began in the middle, or the search is over
		if !c.fresh || len(p.payload) < 6 || p.payload[0] != 22 || p.payload[1] != 3 || p.payload[5] != 1 {
			return
		}
		if o = t.begin(c); o == nil {
			return
		}
		o.base = uint64(p.seq)
	}
	o.put(uint64(p.seq-uint32(o.base)), p.payload)
	whole := o.front()
	if len(whole) == 0 || len(whole) < 6 && whole[0] == 22 {
		t.again(c)
		return
	}
	hello, tls, more := record(whole)
	_, done := helloBody(hello)
	switch {
	case !tls || len(hello) > 0 && hello[0] != 1:
		t.close(c)
	case done:
		t.named(c, "tls", serverName(hello))
	case more:
		t.again(c)
	default:
		t.close(c)
	}
}

// again waits for more, up to a bound.
func (t *table) again(c *conn) {
	if c.opening.tries++; c.opening.tries > maxTries {
		t.close(c)
	}
}

func (t *table) named(c *conn, how flow.Protocol, name string) {
	c.how = how
	if name != "" {
		c.name = name
	}
	t.close(c)
}

func (t *table) lookUDP(c *conn, p *seen) {
	b := p.payload
	for len(b) > 0 {
		first, rest, quic := initial(b)
		if !quic {
			return
		}
		if first.whole == nil { // QUIC, but past its beginning
			return
		}
		o := c.opening
		if o == nil {
			if !c.fresh {
				return
			}
			k, err := keysFor(first.v, first.id)
			if err != nil {
				return
			}
			if o = t.begin(c); o == nil {
				return
			}
			o.keys = k
		}
		plain := first.open(o.keys)
		if plain == nil { // after a retry the client takes another id, and so other keys
			if k, err := keysFor(first.v, first.id); err == nil {
				if plain = first.open(k); plain != nil {
					o.keys = k
				}
			}
		}
		cryptos(plain, o.put)
		if _, done := helloBody(o.front()); done {
			t.named(c, "quic", serverName(o.front()))
			return
		}
		if t.again(c); c.opening == nil {
			return
		}
		b = rest
	}
}

// put keeps a part of the beginning. What lies beyond the bound is not kept.
func (o *opening) put(at uint64, b []byte) {
	if at >= maxHello || len(b) == 0 {
		return
	}
	b = b[:min(len(b), maxHello-int(at))]
	if n := int(at) + len(b); n > len(o.data) {
		o.data = append(o.data, make([]byte, n-len(o.data))...)
		o.have = append(o.have, make([]bool, n-len(o.have))...)
	}
	for i := range b {
		if !o.have[int(at)+i] {
			o.data[int(at)+i], o.have[int(at)+i] = b[i], true
		}
	}
}

// front is what has come from the start without a gap.
func (o *opening) front() []byte {
	if n := slices.Index(o.have, false); n >= 0 {
		return o.data[:n]
	}
	return o.data
}
