package netflow

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// Session is a socket that exports come to.
type Session struct {
	log      *slog.Logger
	now      func() time.Time
	conn     net.PacketConn
	exporter netip.Addr
	homes    homes
	interval time.Duration
	watch    watch
	heard    *collector // only Observe touches it
}

var (
	_ connectors.Prober   = (*Session)(nil)
	_ connectors.Observer = (*Session)(nil)
	_ connectors.Coverer  = (*Session)(nil)
)

// Open listens on this computer's address in the exporter's network, and there only.
func (c *Connector) Open(ctx context.Context, s connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	if err := c.Spec().Check(s); err != nil {
		return nil, connectors.NeedsPerson(err.Error(), nil)
	}
	if h == nil || h.Now == nil || h.Dial == nil || h.ListenPacket == nil {
		return nil, connectors.Permanent(words.Text("the flow collector was given no clock or no network"), nil)
	}
	ses := &Session{log: h.Log, now: h.Now}
	if ses.log == nil {
		ses.log = slog.New(slog.DiscardHandler)
	}
	port, err := ses.settings(s)
	if err != nil {
		return nil, err
	}
	here, exporter, err := route(ctx, h, s.Values[optExporter], port)
	if err != nil {
		return nil, err
	}
	ses.exporter = exporter
	if ses.conn, err = h.ListenPacket(ctx, "udp", net.JoinHostPort(here.String(), port)); err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, connectors.NeedsPerson(words.Sprintf("port %s is already used by another program on this computer; choose another one, and tell the router too", port), err)
		}
		var known *connectors.Error
		if errors.As(err, &known) {
			return nil, err
		}
		return nil, connectors.Transient(words.Text("listening for the router's messages did not work"), err)
	}
	if u, ok := ses.conn.(interface{ SetReadBuffer(int) error }); ok {
		_ = u.SetReadBuffer(socketBuffer) // a smaller one still works, and what it loses is counted
	}
	ses.heard = newCollector(&ses.watch)
	ses.watch.opened = ses.now().UTC()
	return ses, nil
}

// settings reads the answers and gives the port.
func (s *Session) settings(set connectors.Settings) (string, error) {
	port := set.Values[optPort]
	if port == "" {
		port = defaultPort
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n < 1024 {
		return "", connectors.NeedsPerson(words.Sprintf("%q is not a port between 1024 and 65535", port), nil)
	}
	var err error
	if s.homes, err = parseHomes(set.Values[optHome]); err != nil {
		return "", err
	}
	s.interval = 5 * time.Second
	if v := set.Values[optInterval]; v != "" {
		n, err := strconv.ParseFloat(v, 64)
		if err != nil || !(n >= 0.05 && n <= 300) {
			return "", connectors.NeedsPerson(words.Sprintf("%q is not a number of seconds between 0.05 and 300", v), nil)
		}
		s.interval = time.Duration(n * float64(time.Second))
	}
	return port, nil
}

// route finds the exporter's address and ours towards it. A UDP socket that is
// only connected sends nothing.
func route(ctx context.Context, h *connectors.Host, exporter, port string) (here, there netip.Addr, err error) {
	exporter = strings.Trim(strings.TrimSpace(exporter), "[]")
	c, err := h.Dial(ctx, "udp", net.JoinHostPort(exporter, port))
	if err != nil {
		return here, there, err
	}
	defer c.Close()
	l, ok1 := addrOf(c.LocalAddr())
	r, ok2 := addrOf(c.RemoteAddr())
	if !ok1 || !ok2 {
		return here, there, connectors.Permanent(words.Text("the way to the router has no address"), nil)
	}
	return l.Addr(), r.Addr(), nil
}

func addrOf(a net.Addr) (netip.AddrPort, bool) {
	u, ok := a.(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}, false
	}
	ap := u.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port()), true
}

// Close stops listening.
func (s *Session) Close() error {
	if err := s.conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return connectors.Transient(words.Text("closing the port did not work"), err)
	}
	return nil
}

// Probe checks that the socket is open. Whether the router sends cannot be
// asked; Coverage says whether it has.
func (s *Session) Probe(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return connectors.Transient(words.Text("the check took too long"), err)
	}
	if err := s.conn.SetWriteDeadline(time.Time{}); err != nil {
		return connectors.Transient(words.Text("the port on this computer is no longer open"), err)
	}
	return nil
}

// Coverage says what the exporter has told so far, and that it is only told.
func (s *Session) Coverage(context.Context) (connectors.Coverage, error) {
	return s.watch.coverage(s.exporter), nil
}
