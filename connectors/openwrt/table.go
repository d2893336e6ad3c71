package openwrt

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"net/netip"
	"strconv"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// maxRows bounds one reading of the table of connections.
const maxRows = 50_000

// conn is one line of the table.
type conn struct {
	proto        uint8
	src, dst     netip.Addr // as the opener wrote them
	back         netip.Addr // who answers: the device behind a forwarded port
	sport, dport uint16
	up, down     uint64 // bytes from and to the opener
	counted      bool   // the kernel counts bytes
	answered     bool
}

// id stands for the tuple; the table has no ids of its own.
func (c conn) id() uint64 {
	h := fnv.New64a()
	_, _ = h.Write(c.src.AsSlice()) // a hash takes everything
	_, _ = h.Write(c.dst.AsSlice())
	var b [5]byte
	b[0] = c.proto
	binary.BigEndian.PutUint16(b[1:], c.sport)
	binary.BigEndian.PutUint16(b[3:], c.dport)
	_, _ = h.Write(b[:])
	return h.Sum64()
}

// parseTable reads /proc/net/nf_conntrack. Lines that are none are counted, a
// last line without its end is not used.
func parseTable(text string) (rows []conn, bad int, whole bool) {
	whole = strings.HasSuffix(text, "\n") || text == ""
	if !whole {
		text = text[:strings.LastIndexByte(text, '\n')+1]
	}
	for row := range strings.Lines(text) {
		if len(rows) == maxRows {
			return rows, bad, false
		}
		if c, ok := parseConn(row); ok {
			rows = append(rows, c)
		} else {
			bad++
		}
	}
	return rows, bad, whole
}

func parseConn(row string) (conn, bool) {
	f := strings.Fields(row)
	if len(f) < 8 || len(f) > 64 || f[0] != "ipv4" && f[0] != "ipv6" {
		return conn{}, false
	}
	n, err := strconv.ParseUint(f[3], 10, 8)
	if err != nil {
		return conn{}, false
	}
	c := conn{proto: uint8(n), answered: true}
	tuples := 0
	for _, x := range f[4:] {
		if x == "[UNREPLIED]" {
			c.answered = false
		}
		k, v, ok := strings.Cut(x, "=")
		if !ok {
			continue
		}
		if k == "src" {
			tuples++
		}
		if tuples == 0 || tuples > 2 || !c.take(tuples == 1, k, v) {
			return conn{}, false
		}
	}
	six := f[0] == "ipv6"
	return c, tuples == 2 && c.src.IsValid() && c.dst.IsValid() && c.back.IsValid() && c.src.Is6() == six && c.dst.Is6() == six && c.back.Is6() == six
}

// take keeps one field of the opener's or the answerer's tuple.
func (c *conn) take(first bool, key, value string) bool {
	var err error
	var a netip.Addr
	var n uint64
	switch key {
	case "src", "dst":
		a, err = netip.ParseAddr(value)
	case "sport", "dport":
		n, err = strconv.ParseUint(value, 10, 16)
	case "bytes":
		n, err = strconv.ParseUint(value, 10, 63)
		c.counted = true
	default:
		return true
	}
	switch {
	case err != nil:
		return false
	case first && key == "src":
		c.src = a
	case first && key == "dst":
		c.dst = a
	case first && key == "sport":
		c.sport = uint16(n)
	case first && key == "dport":
		c.dport = uint16(n)
	case first && key == "bytes":
		c.up = n
	case key == "src":
		c.back = a
	case key == "bytes":
		c.down = n
	}
	return true
}

// table reads the router's connections. Reading the file itself gives its first
// 4 KiB only, since the kernel says that its size is nothing, so a command that
// prints it is preferred where it is granted; that gives up to 256 KiB, and a
// table that is larger is read in parts.
func (s *Session) table(ctx context.Context) ([]conn, error) {
	text, parts, err := s.tableText(ctx)
	if err != nil {
		return nil, err
	}
	rows, bad, whole := parseTable(text)
	uncounted := false
	for _, c := range rows {
		uncounted = uncounted || !c.counted
	}
	s.note(func(v *seen) {
		v.cut, v.bad, v.uncounted, v.tooLarge, v.parts = !whole, v.bad+uint64(bad), uncounted, false, parts
	})
	return rows, nil
}

func (s *Session) tableText(ctx context.Context) (text string, parts bool, err error) {
	if s.line.granted().mayRun(catCommand + " " + tableFile) {
		code, text, err := s.line.run(ctx, catCommand, tableFile)
		if codeOf(err) == codeTooLarge {
			if text, err = s.parts(ctx); err == nil {
				return text, true, nil
			}
		}
		if codeOf(err) == codeTooLarge {
			s.note(func(v *seen) { v.tooLarge = true })
			return "", false, connectors.Transient(words.Text("The router has more open connections than it gives out at once, which is 256 KiB."), err)
		}
		if err == nil && code != 0 {
			err = connectors.NeedsPerson(words.Text("The router has no table of connections; the firewall's connection tracking is off."), nil)
		}
		return text, false, err
	}
	var out struct {
		Data string `json:"data"`
	}
	err = s.line.call(ctx, "file", "read", map[string]any{"path": tableFile}, &out)
	if codeOf(err) == codeNoData || errors.Is(err, errNoData) { // an empty table
		return "", false, nil
	}
	return out.Data, false, err
}

// tableParts are the parts in which a table is read that is too large to be given
// out at once; what is neither TCP nor UDP is left out.
var tableParts = [][]string{{"-f", "ipv4", "-p", "tcp"}, {"-f", "ipv4", "-p", "udp"}, {"-f", "ipv6", "-p", "tcp"}, {"-f", "ipv6", "-p", "udp"}}

func (s *Session) parts(ctx context.Context) (string, error) {
	var all strings.Builder
	for _, part := range tableParts {
		args := append([]string{"-L", "-o", "extended"}, part...)
		if !s.line.granted().mayRun(cutCommand + " " + strings.Join(args, " ")) {
			return "", &refusal{codeTooLarge, "file", "exec"}
		}
		_, text, err := s.line.run(ctx, cutCommand, args...)
		if err != nil {
			return "", err
		}
		all.WriteString(text)
	}
	return all.String(), nil
}

// note changes what Coverage tells.
func (s *Session) note(f func(*seen)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.seen)
}
