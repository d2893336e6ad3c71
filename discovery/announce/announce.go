// Package announce makes the agent findable on the home network by DNS-SD, as
// "Best Before on <host>" of type _bestbefore._tcp. It is the only user of
// grandcat/zeroconf.
//
// Being announced is a courtesy: when it fails, it is reported and tried again,
// and nothing else suffers.
package announce

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/grandcat/zeroconf"
)

// Service is the type that is announced.
const Service = "_bestbefore._tcp"

const (
	watchEvery = 5 * time.Second
	// discardPort says that there is nothing to connect to, as avahi does for
	// workstations: the program listens on no TCP port.
	discardPort = 9
	maxLabel    = 63
	hostPrefix  = "best-before-on-"
)

// Config is what an Announcer needs.
type Config struct {
	// Version of the program, for the TXT key "ver". Required.
	Version string
	// ID of this installation, random, for the TXT key "id". Required.
	ID string
	// Host is the name of this computer; "" means the system's.
	Host string
	// Port to announce; 0 means that there is nothing to connect to.
	Port int
	// Interfaces lists the interfaces to announce on, asked every five seconds;
	// nil means all that are up and can multicast, without loopback and
	// point-to-point links.
	Interfaces func() ([]net.Interface, error)
	// Logger may be nil.
	Logger *slog.Logger
	// Report is told of trouble and, with nil, of its end; may be nil.
	Report func(error)
}

// Announcer announces the agent while Serve runs.
type Announcer struct {
	cfg   Config
	label string // of the host, fit for a DNS label
}

// New checks c and returns an Announcer. It opens nothing and starts nothing.
func New(c Config) (*Announcer, error) {
	var faults []error
	if c.Version == "" {
		faults = append(faults, errors.New("announce: Version is required"))
	}
	if c.ID == "" {
		faults = append(faults, errors.New("announce: ID is required"))
	}
	if c.Port < 0 || c.Port > 65535 {
		faults = append(faults, fmt.Errorf("announce: no such port: %d", c.Port))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	if c.Port == 0 {
		c.Port = discardPort
	}
	if c.Host == "" {
		c.Host, _ = os.Hostname() // without a name it is "this computer"
	}
	if c.Interfaces == nil {
		c.Interfaces = usableInterfaces
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Logger = c.Logger.With("component", "announce")
	if c.Report == nil {
		c.Report = func(error) {}
	}
	return &Announcer{cfg: c, label: hostLabel(c.Host)}, nil
}

// Instance is the name under which the agent is found.
func (a *Announcer) Instance() string { return cut("Best Before on "+a.label, maxLabel) }

// Serve announces until ctx ends, then says goodbye and returns nil. Trouble is
// reported, never returned.
func (a *Announcer) Serve(ctx context.Context) error {
	var now state
	defer func() { now.end() }()
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		now = a.follow(now)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// state is what is announced at the moment.
type state struct {
	server  *zeroconf.Server // nil when nothing is
	addrs   []netip.Prefix   // on which it is
	trouble bool             // reported and not over
}

// end says goodbye and closes the sockets.
func (s state) end() {
	if s.server != nil {
		s.server.Shutdown()
	}
}

// follow announces anew when the interfaces or their addresses have changed.
// The old sockets are closed before new ones are opened: one server for each
// change would leak them.
func (a *Announcer) follow(old state) state {
	ifaces, addrs, err := a.interfaces()
	if err == nil && old.server != nil && slices.Equal(addrs, old.addrs) {
		return old
	}
	if err != nil && old.server != nil {
		return old // the list could not be had just now
	}
	old.end()
	now := state{addrs: addrs, trouble: old.trouble}
	if err == nil && len(ifaces) > 0 {
		now.server, err = a.register(ifaces, addrs)
	}
	if (err != nil) != old.trouble {
		now.trouble = err != nil
		a.cfg.Report(err)
	}
	if err != nil {
		a.cfg.Logger.Warn("announcing", "error", err)
	}
	return now
}

// register starts a server. The host name is one of our own, because the
// library's goodbye also takes back the addresses of the host: under the
// computer's name it would make its other services vanish.
func (a *Announcer) register(ifaces []net.Interface, addrs []netip.Prefix) (*zeroconf.Server, error) {
	var ips []string
	for _, p := range addrs {
		ips = append(ips, p.Addr().WithZone("").String())
	}
	text := []string{"txtvers=1", "ver=" + a.cfg.Version, "id=" + a.cfg.ID}
	host := cut(hostPrefix+a.label, maxLabel)
	s, err := zeroconf.RegisterProxy(escape(a.Instance()), Service, "local.", a.cfg.Port, host, ips, text, ifaces)
	if err != nil {
		return nil, fmt.Errorf("announcing %s: %w", Service, err)
	}
	return s, nil
}

// interfaces returns the interfaces that have an address, and the addresses.
func (a *Announcer) interfaces() ([]net.Interface, []netip.Prefix, error) {
	all, err := a.cfg.Interfaces()
	if err != nil {
		return nil, nil, fmt.Errorf("listing interfaces: %w", err)
	}
	var ifaces []net.Interface
	var addrs []netip.Prefix
	for _, ifi := range all {
		list, err := ifi.Addrs()
		if err != nil || len(list) == 0 {
			continue
		}
		ifaces = append(ifaces, ifi)
		for _, l := range list {
			if p, err := netip.ParsePrefix(l.String()); err == nil {
				addrs = append(addrs, p)
			}
		}
	}
	slices.SortFunc(addrs, func(x, y netip.Prefix) int { return x.Addr().Compare(y.Addr()) })
	return ifaces, addrs, nil
}

// usableInterfaces lists the interfaces that neighbours can be behind.
func usableInterfaces() ([]net.Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(i net.Interface) bool {
		return i.Flags&net.FlagUp == 0 || i.Flags&net.FlagMulticast == 0 || i.Flags&(net.FlagLoopback|net.FlagPointToPoint) != 0
	}), nil
}

// hostLabel makes a host name fit for one label: the first part of it, letters,
// digits and hyphens.
func hostLabel(host string) string {
	host, _, _ = strings.Cut(host, ".")
	keep := func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return r
		default:
			return '-'
		}
	}
	if host = strings.Trim(strings.Map(keep, host), "-"); host == "" {
		return "this-computer"
	}
	return host
}

// cut shortens s, which is ASCII, to n bytes.
func cut(s string, n int) string { return s[:min(len(s), n)] }

// escape writes a label as the library wants it: it passes names on as they are
// to the DNS message, where a space needs no escape but a dot would end the label.
func escape(label string) string { return strings.ReplaceAll(label, ".", `\.`) }
