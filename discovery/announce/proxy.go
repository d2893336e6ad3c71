package announce

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/grandcat/zeroconf"
)

// Proxy is a service that is announced for somebody else: for a device that
// exists only inside this program.
type Proxy struct {
	Instance string // as a person reads it
	Type     string // "_hap._tcp"
	Host     string // one label
	Zone     string // a label below local. in which the names stand; "" is local. itself
	Address  netip.Addr
	Port     int
	Text     []string // "key=value"
}

// ServeProxies announces ps on the loopback interface, and nowhere else, until
// ctx ends, then says goodbye for each.
func ServeProxies(ctx context.Context, ps []Proxy) error {
	lo, err := Loopback()
	if err != nil {
		return err
	}
	var servers []*zeroconf.Server
	defer func() {
		for _, s := range servers {
			s.Shutdown()
		}
	}()
	for _, p := range ps {
		if !p.Address.IsLoopback() {
			return fmt.Errorf("announcing %s: %s is not an address of the loopback interface", p.Instance, p.Address)
		}
		zone := "local."
		if p.Zone != "" {
			zone = p.Zone + ".local."
		}
		s, err := zeroconf.RegisterProxy(escape(p.Instance), p.Type, zone, p.Port, p.Host, []string{p.Address.String()}, p.Text, lo)
		if err != nil {
			return fmt.Errorf("announcing %s: %w", p.Instance, err)
		}
		servers = append(servers, s)
		if err := stayOnJoined(lo[0]); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return nil
}

// Loopback is this computer's loopback interface.
func Loopback() ([]net.Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("listing interfaces: %w", err)
	}
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 && i.Flags&net.FlagUp != 0 {
			return []net.Interface{i}, nil
		}
	}
	return nil, errors.New("this computer has no loopback interface that is up")
}
