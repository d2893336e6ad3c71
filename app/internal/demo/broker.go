package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/mqtt"
)

// broker is the demo's MQTT broker: a real one, on the loopback interface, with
// an account for each device that may publish its own topics only, and one for
// the household that may only read. It has no dynamic security, so that the
// connector finds by itself that it may watch and not cut.
type broker struct {
	server   *mochi.Server
	listener net.Listener
	accounts map[string]string // name -> password, made anew for each demo

	mu   sync.Mutex // guards all below
	open map[net.Conn]bool
	off  bool
}

// Where the broker stands as far as the household sees it, and its account there.
const (
	brokerHost = "mqtt.home.arpa"
	brokerPort = "1883"
	account    = "household"
)

// Below these topics the devices announce themselves and say what they measure.
const (
	announced = "homeassistant"
	states    = "home"
)

func newBroker(things []thing) (*broker, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening the demo's broker: %w", err)
	}
	b := &broker{listener: l, accounts: map[string]string{account: rand.Text()}, open: map[net.Conn]bool{}}
	users := auth.Users{account: {
		Username: account, Password: auth.RString(b.accounts[account]),
		ACL: auth.Filters{announced + "/#": auth.ReadOnly, states + "/#": auth.ReadOnly, "$SYS/#": auth.ReadOnly},
	}}
	for _, t := range things {
		b.accounts[t.key] = rand.Text()
		users[t.key] = auth.UserRule{
			Username: auth.RString(t.key), Password: auth.RString(b.accounts[t.key]),
			ACL: auth.Filters{auth.RString(announced + "/+/" + t.key + "/#"): auth.WriteOnly, auth.RString(states + "/" + t.key + "/#"): auth.WriteOnly},
		}
	}
	b.server = mochi.New(&mochi.Options{Logger: slog.New(slog.DiscardHandler)})
	if err := b.server.AddHook(new(auth.Hook), &auth.Options{Ledger: &auth.Ledger{
		Users: users, ACL: auth.ACLRules{{Filters: auth.Filters{"#": auth.Deny}}}, // what no account's own rule allows
	}}); err != nil {
		return nil, errors.Join(fmt.Errorf("setting up the accounts of the demo's broker: %w", err), l.Close())
	}
	return b, nil
}

func (b *broker) addr() string { return b.listener.Addr().String() }

// Serve takes devices and the household in until ctx ends. Connections are
// accepted here, because mochi's own listeners share a variable between them.
func (b *broker) Serve(ctx context.Context) error {
	if err := b.server.Serve(); err != nil {
		return fmt.Errorf("starting the demo's broker: %w", err)
	}
	defer b.server.Close()
	var all sync.WaitGroup
	defer all.Wait()
	stop := context.AfterFunc(ctx, b.close)
	defer stop()
	for {
		c, err := b.listener.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return fmt.Errorf("the demo's broker: %w", err)
		}
		all.Go(func() { b.take(c) })
	}
}

// take talks with one client until it leaves.
func (b *broker) take(c net.Conn) {
	defer c.Close()
	b.mu.Lock()
	off := b.off
	b.open[c] = true
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.open, c)
	}()
	if !off {
		_ = b.server.EstablishConnection("demo", c) // how a client leaves is its own affair
	}
}

// close turns the broker off for good.
func (b *broker) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.off = true
	_ = b.listener.Close()
	for c := range b.open {
		_ = c.Close()
	}
}

// brokerConnector is the program's own MQTT connector, which in the demo reaches
// the demo's broker and nothing else.
type brokerConnector struct {
	*mqtt.Connector
	to *broker
}

// Spec is the connector's, but there is only one broker to connect, and it
// cannot be told to stop anybody.
func (c brokerConnector) Spec() connectors.Spec {
	s := c.Connector.Spec()
	s.Once = true
	s.Stops = words.Text("Nothing: this broker has no dynamic security, so that it can only be watched.")
	return s
}

// errElsewhere says that the demo was asked to reach something real.
var errElsewhere = errors.New("the demo reaches its own broker only")

// Open dials the demo's broker where the household's name for it is given.
func (c brokerConnector) Open(ctx context.Context, s connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	own := *h
	own.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address != net.JoinHostPort(brokerHost, brokerPort) {
			return nil, errElsewhere
		}
		var d net.Dialer
		return d.DialContext(ctx, network, c.to.addr())
	}
	return c.Connector.Open(ctx, s, &own)
}
