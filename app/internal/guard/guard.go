// Package guard is the one guarded way out: every connector reaches its peer
// through a client or a dialer that is built here, and nothing else. It goes to
// the addresses that the household typed and to the connector's own list of
// hosts; it checks the address that a name resolved to at every dial, so that a
// name that changes its mind leads nowhere; it follows no redirect; it bounds
// what an answer may be; and it sends nothing before the certificate is known.
package guard

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// The bounds of one answer and of one connection's hunger.
const (
	totalTime  = 10 * time.Second // dial, request and the whole answer
	headerTime = 8 * time.Second  // until the answer's headers are there
	dialTime   = 5 * time.Second
	idleTime   = 90 * time.Second
	headerMax  = 64 << 10
	bodyMax    = 8 << 20 // after decompression
	perHost    = 4       // open connections to one host
	perSecond  = 20      // requests to all hosts together
	burst      = 40
)

// Config says where a guard may lead.
type Config struct {
	// Peers are addresses as the household typed them: a name or an address, a
	// host with its port, or a URL. They may be at home.
	Peers []string
	// Public are names on the internet; they must not lead into the home.
	Public []string
	// Pin is the fingerprint of a certificate that the household said yes to.
	Pin string
	// Lookup resolves a name; nil asks the system.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
}

// Guard leads to one connection's peers. It is safe for concurrent use.
type Guard struct {
	peers  map[string]bool // in lower case
	public map[string]bool
	bad    error // an address that cannot be understood; nothing is reached then
	pin    string
	lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	rate   *rate.Limiter
}

// New builds a guard. An address that cannot be understood is no reason to
// fail here: every attempt to use the guard says it.
func New(c Config) *Guard {
	g := &Guard{
		peers: map[string]bool{}, public: map[string]bool{}, pin: strings.ToLower(strings.TrimSpace(c.Pin)), lookup: c.Lookup,
		rate: rate.NewLimiter(perSecond, burst),
	}
	if g.lookup == nil {
		g.lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	for _, p := range c.Peers {
		host, err := connectors.HostOf(p)
		if err != nil {
			g.bad = &connectors.Error{Kind: consent.KindNeedsPerson, Text: words.Text("the address is not right"), Err: err}
			continue
		}
		g.peers[host] = true
	}
	for _, p := range c.Public {
		g.public[strings.ToLower(p)] = true
	}
	return g
}

// Client is for HTTP. Its Timeout covers the whole answer. It has no cookies,
// uses no proxy, and gives a redirect back as the answer that it is.
func (g *Guard) Client() *http.Client {
	t := &http.Transport{
		DialContext: g.Dial, DialTLSContext: g.dialTLS,
		ResponseHeaderTimeout: headerTime, MaxResponseHeaderBytes: headerMax,
		MaxConnsPerHost: perHost, MaxIdleConnsPerHost: perHost, IdleConnTimeout: idleTime,
	}
	return &http.Client{
		Transport: bounded{next: t, rate: g.rate}, Timeout: totalTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Dial connects to one of the peers, at an address that it may be at.
func (g *Guard) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, refuse(address, words.Text("it has no port"))
	}
	addrs, err := g.allowed(ctx, strings.ToLower(strings.TrimSuffix(host, ".")))
	if err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: dialTime}
	var last error
	for _, a := range addrs {
		conn, err := d.DialContext(ctx, network, net.JoinHostPort(a.String(), port))
		if err == nil {
			return conn, nil
		}
		last = err
	}
	return nil, &connectors.Error{Kind: consent.KindTransient, Text: words.Sprintf("%s cannot be reached", host), Err: last}
}

// dialTLS connects and checks the certificate against the host that was asked for.
func (g *Guard) dialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	raw, err := g.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, refuse(address, words.Text("it has no port"))
	}
	conn := tls.Client(raw, g.TLS(host))
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close() // the handshake's error says more
		return nil, err
	}
	return conn, nil
}

// allowed are the addresses that host may be dialled at, at most four.
func (g *Guard) allowed(ctx context.Context, host string) ([]netip.Addr, error) {
	if g.bad != nil {
		return nil, g.bad
	}
	typed, public := g.peers[host], g.public[host]
	if !typed && !public {
		return nil, refuse(host, words.Text("nobody allowed this connection to go there"))
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil // typed by the household as it stands
	}
	found, err := g.lookup(ctx, host)
	if err != nil {
		return nil, &connectors.Error{Kind: consent.KindTransient, Text: words.Sprintf("the address of %s cannot be found; check the name", host), Err: err}
	}
	var out []netip.Addr
	for _, a := range found {
		if mayBe(a.Unmap(), host, typed) {
			out = append(out, a.Unmap())
		}
	}
	if len(out) == 0 {
		return nil, refuse(host, words.Text("its name leads to an address where it cannot be"))
	}
	return out[:min(len(out), 4)], nil
}

// mayBe says whether a name may lead to a. A typed name may be at home; a name
// from a list may not. This computer is reached only by a name that says so,
// and the link-local range, where cloud machines keep their keys, by no name.
func mayBe(a netip.Addr, host string, typed bool) bool {
	switch {
	case a.IsLoopback():
		return typed && (host == "localhost" || strings.HasSuffix(host, ".localhost"))
	case !a.IsGlobalUnicast():
		return false
	case a.IsPrivate():
		return typed
	}
	return true
}

// ErrRefused is behind every refusal to go somewhere.
var ErrRefused = words.New("not allowed")

func refuse(where, why string) error {
	return &connectors.Error{
		Kind: consent.KindPermanent, Text: words.Sprintf("Best Before does not go to %s: %s", where, why), Err: ErrRefused,
	}
}
