// Package capture reads capture files (pcap and pcapng), such as a friend's or a
// research data set's: which device sent how much to whom and when, with the
// names that DNS answers, TLS and QUIC tell, and whether it was encrypted. It
// reads files only; it never listens, and it keeps nothing of what was said.
//
// A file is hostile: every table is bounded, what is cut off or makes no sense
// is counted and passed over, and memory does not grow with the file. The same
// file gives the same records in the same order, so that a reader that was
// interrupted can go on by their number.
package capture

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

const (
	maxBatch   = 500
	readBuffer = 1 << 20
	step       = 1 << 12 // packets between two looks at the context
	maxPacket  = 1 << 18
)

// Config is what a reading is given.
type Config struct {
	Source discovery.Source // of the records
	Home   []netip.Prefix   // networks of the home beside the private ones; may be nil
	// Emit takes records in batches of at most 500, in the order of the file. Needed.
	Emit func([]flow.Record) error
	// Progress is told now and then how many bytes were read; may be nil.
	Progress func(read int64)
}

// ErrNoCapture says that a file is neither pcap nor pcapng.
var ErrNoCapture = errors.New("this is no capture file: neither pcap nor pcapng")

// packets is what both formats give.
type packets interface {
	ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error)
}

// Read reads a whole file. It gives what it has found also with an error, which
// is the context's, Emit's or ErrNoCapture.
func Read(ctx context.Context, r io.Reader, c Config) (flow.Capture, error) {
	if c.Emit == nil {
		return flow.Capture{}, errors.New("capture: Config.Emit is needed")
	}
	counted := &counter{r: r}
	in := bufio.NewReaderSize(counted, readBuffer)
	src, link, err := open(in)
	if err != nil {
		return flow.Capture{}, err
	}
	t := newTable(c)
	err = t.run(ctx, src, link, counted)
	if err == nil {
		err = t.flush(true)
	}
	return t.summary(), err
}

// open tells the two formats apart. Neither is read through a decompressor, so
// that no bomb hides in one.
func open(in *bufio.Reader) (packets, func(gopacket.CaptureInfo) layers.LinkType, error) {
	magic, err := in.Peek(4)
	if err != nil {
		return nil, nil, ErrNoCapture
	}
	if bytes.HasPrefix(magic, []byte{0x1f, 0x8b}) {
		return nil, nil, fmt.Errorf("%w; it is compressed, unpack it first", ErrNoCapture)
	}
	if bytes.Equal(magic, []byte{0x0a, 0x0d, 0x0d, 0x0a}) {
		r, err := pcapgo.NewNgReader(in, pcapgo.NgReaderOptions{WantMixedLinkType: true, SkipUnknownVersion: true})
		if err != nil {
			return nil, nil, fmt.Errorf("%w (%w)", ErrNoCapture, err)
		}
		return r, func(ci gopacket.CaptureInfo) layers.LinkType {
			if len(ci.AncillaryData) > 0 {
				if l, ok := ci.AncillaryData[0].(layers.LinkType); ok {
					return l
				}
			}
			return r.LinkType()
		}, nil
	}
	r, err := pcapgo.NewReader(in)
	if err != nil {
		return nil, nil, fmt.Errorf("%w (%w)", ErrNoCapture, err)
	}
	l := r.LinkType()
	return r, func(gopacket.CaptureInfo) layers.LinkType { return l }, nil
}

func (t *table) run(ctx context.Context, src packets, link func(gopacket.CaptureInfo) layers.LinkType, read *counter) error {
	for n := 0; ; n++ {
		if n%step == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if t.c.Progress != nil {
				t.c.Progress(read.n)
			}
		}
		data, ci, err := src.ZeroCopyReadPacketData()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil { // the rest of the file cannot be found any more
			t.sum.Cut = true
			return nil
		}
		if len(data) > maxPacket || ci.Length < len(data) {
			t.sum.Broken++
			continue
		}
		if err := t.packet(ci.Timestamp, link(ci), data, ci.Length); err != nil {
			return err
		}
	}
}

// counter counts what was read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
