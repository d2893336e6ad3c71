package mqtt

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
)

// maxPacket is the largest packet that is passed on; the library allocates
// what a packet claims before a byte of it has come.
const maxPacket = 256 << 10

// maxList is the same for Zigbee2MQTT's list of devices: some 3 KiB for each.
const maxList = 4 << 20

// The packet types that are looked at.
const (
	typeConnack  = 2
	typePublish  = 3
	typeSuback   = 9
	typeUnsuback = 11
	typePingresp = 13
)

var errPacket = errors.New("the broker sent what is no proper MQTT packet for us")

// limitReader passes on whole MQTT packets. A message that is too large is read
// past and counted, since only its size is wrong; anything else that is too
// large, or that a broker has no business to send, ends the connection before
// the library sees it.
type limitReader struct {
	in        *bufio.Reader
	oversized *atomic.Uint64
	head      [5]byte // header of the packet that is being passed on
	pending   []byte  // what is left of head
	left      int     // what is left of its body
	begun     bool    // a CONNACK has come
	err       error
}

func newLimitReader(r io.Reader, oversized *atomic.Uint64) *limitReader {
	return &limitReader{in: bufio.NewReaderSize(r, 64<<10), oversized: oversized}
}

// Read gives bytes of packets that passed.
func (l *limitReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for l.err == nil && len(l.pending) == 0 && l.left == 0 {
		l.err = l.next()
	}
	if l.err != nil {
		return 0, l.err
	}
	if len(l.pending) > 0 {
		n := copy(p, l.pending)
		l.pending = l.pending[n:]
		return n, nil
	}
	n, err := l.in.Read(p[:min(len(p), l.left)])
	l.left -= n
	l.err = err
	return n, nil
}

// next reads the header of the next packet.
func (l *limitReader) next() error {
	first, err := l.in.ReadByte()
	if err != nil {
		return err
	}
	l.head[0] = first
	size, n := 0, 1
	for shift := 0; ; shift += 7 {
		if n == len(l.head) {
			return fmt.Errorf("%w: its length has no end", errPacket)
		}
		b, err := l.in.ReadByte()
		if err != nil {
			return noEOF(err)
		}
		l.head[n] = b
		n++
		size |= int(b&0x7f) << shift
		if b&0x80 == 0 {
			break
		}
	}
	return l.judge(first, size, n)
}

func (l *limitReader) judge(first byte, size, header int) error {
	kind, qos := first>>4, first>>1&3
	switch {
	case !l.begun && (kind != typeConnack || size != 2):
		return fmt.Errorf("%w: its first packet is no CONNACK", errPacket)
	case !l.begun:
		body, err := l.in.Peek(2)
		if err != nil {
			return noEOF(err)
		}
		if body[1] > 5 { // a code that MQTT 3.1.1 does not know, so the library neither
			return fmt.Errorf("%w: CONNACK code %d", errPacket, body[1])
		}
		l.begun = true
	case kind == typePublish && qos == 0 && size > maxPacket && !l.isList(size):
		l.oversized.Add(1)
		return l.skip(size)
	case kind == typePublish && qos == 0 && size > maxPacket:
	case kind == typePublish && qos == 3, kind == typePublish && size < 2, size > maxPacket:
		return fmt.Errorf("%w: type %d of %d bytes", errPacket, kind, size)
	case kind == typeSuback && size != 3: // one topic filter is asked for at a time
		return fmt.Errorf("%w: its SUBACK answers %d filters at once", errPacket, size-2)
	case kind == typePublish, kind == typeSuback:
	case kind == typePingresp && size == 0:
	case (kind >= 4 && kind <= 7 || kind == typeUnsuback) && size == 2:
	default:
		return fmt.Errorf("%w: type %d of %d bytes", errPacket, kind, size)
	}
	l.pending, l.left = l.head[:header], size
	return nil
}

// isList reports whether the message that begins is the one list that may be longer.
func (l *limitReader) isList(size int) bool {
	if size > maxList {
		return false
	}
	begin, err := l.in.Peek(2 + len(zigbeeDevices))
	return err == nil && string(begin[2:]) == zigbeeDevices && int(begin[0])<<8|int(begin[1]) == len(zigbeeDevices)
}

func (l *limitReader) skip(size int) error {
	for size > 0 {
		n, err := l.in.Discard(min(size, 32<<10))
		size -= n
		if err != nil {
			return noEOF(err)
		}
	}
	return nil
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// limitedConn is a connection that reads through a limitReader.
type limitedConn struct {
	net.Conn
	r *limitReader
}

// Read gives bytes of packets that passed.
func (c *limitedConn) Read(p []byte) (int, error) { return c.r.Read(p) }
