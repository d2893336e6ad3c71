package gateway

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"bestbefore/connectors"
)

// Limits of a cursor, which comes back from a file.
const (
	maxCursorFlows = 65536
	cursorVersion  = 1
)

var errCursor = errors.New("this place in the flow source cannot be read")

// count is how far one flow, or one refused destination, has been counted.
type count struct {
	start    int64 // milliseconds; 0 when not known
	up, down uint64
}

// place is an Observer's place: what has been counted of each flow that was
// open then. Boot tells apart runs of the kernel (and its network namespaces),
// since flow ids and counters start anew with each.
type place struct {
	boot    string
	at      time.Time
	flows   map[uint32]count
	refused map[uint64]count // up is bytes, down is packets
}

func newPlace(boot string) place {
	return place{boot: boot, flows: map[uint32]count{}, refused: map[uint64]count{}}
}

// encode writes p compactly: a busy home has thousands of open flows, and the
// cursor is stored with every batch.
func (p place) encode() connectors.Cursor {
	b := []byte{cursorVersion}
	b = binary.AppendUvarint(b, uint64(len(p.boot)))
	b = append(b, p.boot...)
	b = binary.AppendVarint(b, p.at.UnixMilli())
	b = binary.AppendUvarint(b, uint64(min(len(p.flows), maxCursorFlows)))
	for _, id := range sortedKeys(p.flows) {
		c := p.flows[id]
		b = appendCounts(binary.BigEndian.AppendUint32(b, id), c)
	}
	b = binary.AppendUvarint(b, uint64(min(len(p.refused), maxCursorFlows)))
	for _, id := range sortedKeys(p.refused) {
		b = appendCounts(binary.BigEndian.AppendUint64(b, id), p.refused[id])
	}
	return b
}

func sortedKeys[K cmp.Ordered](m map[K]count) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out[:min(len(out), maxCursorFlows)]
}

func appendCounts(b []byte, c count) []byte {
	b = binary.AppendVarint(b, c.start)
	b = binary.AppendUvarint(b, c.up)
	return binary.AppendUvarint(b, c.down)
}

// decodePlace reads what encode wrote. Anything else is an error, never a panic.
func decodePlace(b connectors.Cursor) (place, error) {
	r := bytes.NewReader(b)
	v, err := r.ReadByte()
	if err != nil || v != cursorVersion {
		return place{}, errCursor
	}
	n, err := binary.ReadUvarint(r)
	if err != nil || n > 128 || n > uint64(r.Len()) {
		return place{}, errCursor
	}
	boot := make([]byte, n)
	_, _ = r.Read(boot) // as long as checked above
	at, err := binary.ReadVarint(r)
	if err != nil {
		return place{}, errCursor
	}
	p := newPlace(string(boot))
	p.at = time.UnixMilli(at).UTC()
	if err := readCounts(r, 4, func(id uint64, c count) { p.flows[uint32(id)] = c }); err != nil {
		return place{}, err
	}
	if err := readCounts(r, 8, func(id uint64, c count) { p.refused[id] = c }); err != nil {
		return place{}, err
	}
	if r.Len() > 0 {
		return place{}, errCursor
	}
	return p, nil
}

func readCounts(r *bytes.Reader, size int, put func(uint64, count)) error {
	n, err := binary.ReadUvarint(r)
	if err != nil || n > maxCursorFlows {
		return errCursor
	}
	for range n {
		if r.Len() < size {
			return errCursor
		}
		var id [8]byte
		_, _ = r.Read(id[8-size:])
		var c count
		if c.start, err = binary.ReadVarint(r); err != nil {
			return errCursor
		}
		if c.up, err = binary.ReadUvarint(r); err != nil {
			return errCursor
		}
		if c.down, err = binary.ReadUvarint(r); err != nil {
			return errCursor
		}
		put(binary.BigEndian.Uint64(id[:]), c)
	}
	return nil
}

// advance gives what c grew by to reach next. A counter that went back, or
// another start, is another flow under the same id.
func (c count) advance(next count) (up, down uint64) {
	if next.up < c.up || next.down < c.down || c.start != next.start {
		return next.up, next.down
	}
	return next.up - c.up, next.down - c.down
}
