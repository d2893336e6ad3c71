package mqtt

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

const (
	connectTimeout = 8 * time.Second
	ackTimeout     = 5 * time.Second
	keepAlive      = 20 * time.Second
)

// link is one connection to the broker, from login to loss. It never
// reconnects by itself: that would repeat a refused login.
type link struct {
	client paho.Client
	since  time.Time
	lost   chan struct{} // closed when the connection is over
	remote net.Addr
	once   sync.Once
	why    atomic.Pointer[error] // why it was lost

	mu       sync.Mutex // guards the fields below, held while subscribing
	control  bool       // answers to control commands are subscribed
	watching time.Time  // since when the topics are subscribed; zero: not
	refused  []string   // filters that the broker refused
	system   bool       // the broker's log is readable
	zigbee   bool       // what Zigbee2MQTT says of itself is subscribed
}

// dialer opens the raw connection.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// login connects and signs in once.
func login(ctx context.Context, set settings, dial dialer, id string, now func() time.Time, oversized *atomic.Uint64,
	take func(topic string, payload []byte, retained bool),
) (*link, error) {
	l := &link{lost: make(chan struct{}), since: now()}
	raw, err := open(ctx, set, dial)
	if err != nil {
		return nil, err
	}
	l.remote = raw.RemoteAddr()
	conn := &limitedConn{Conn: raw, r: newLimitReader(raw, oversized)}
	o := paho.NewClientOptions().AddBroker("tcp://" + set.address).SetClientID(id).
		SetProtocolVersion(4).SetCleanSession(true).SetOrderMatters(true).
		SetAutoReconnect(false).SetConnectRetry(false).
		SetKeepAlive(keepAlive).SetPingTimeout(10 * time.Second).SetWriteTimeout(ackTimeout).SetConnectTimeout(connectTimeout)
	if set.username != "" {
		o.SetUsername(set.username).SetPassword(set.password.Reveal())
	}
	o.SetCustomOpenConnectionFn(func(*url.URL, paho.ClientOptions) (net.Conn, error) { return conn, nil })
	o.SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) { take(m.Topic(), m.Payload(), m.Retained()) })
	o.SetConnectionLostHandler(func(_ paho.Client, err error) { l.end(err) })
	l.client = paho.NewClient(o)
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	tok := l.client.Connect()
	tok.Wait()
	if !stop() {
		l.close()
		_ = raw.Close()
		return nil, connectors.Transient(words.Text("The broker did not answer in time."), ctx.Err())
	}
	if err := tok.Error(); err != nil {
		_ = raw.Close()
		return nil, loginFault(err)
	}
	return l, nil
}

// open makes the connection and, for TLS, checks the broker's certificate.
func open(ctx context.Context, set settings, dial dialer) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	raw, err := dial(ctx, "tcp", set.address)
	if err != nil {
		return nil, connectors.Transient(words.Text("The broker cannot be reached."), err)
	}
	if set.tls == nil {
		return raw, nil
	}
	conn := tls.Client(raw, set.tls)
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		var bad *tls.CertificateVerificationError
		var unknown x509.UnknownAuthorityError
		if errors.As(err, &bad) || errors.As(err, &unknown) {
			return nil, connectors.NeedsPerson(words.Text("The broker's certificate is not trusted; the password was not sent."), err)
		}
		return nil, connectors.Transient(words.Text("No secure connection to the broker could be made; the password was not sent."), err)
	}
	return conn, nil
}

func loginFault(err error) error {
	switch {
	case errors.Is(err, packets.ErrorRefusedBadUsernameOrPassword), errors.Is(err, packets.ErrorRefusedNotAuthorised):
		return connectors.Fault(consent.KindSignIn, words.Text("The broker refused the user name or the password."), err)
	case errors.Is(err, packets.ErrorRefusedBadProtocolVersion), errors.Is(err, packets.ErrorRefusedIDRejected):
		return connectors.Permanent(words.Text("The broker does not speak MQTT 3.1.1 with us."), err)
	case errors.Is(err, errPacket):
		return connectors.Permanent(words.Text("What answers there is no proper MQTT broker."), err)
	}
	return connectors.Transient(words.Text("The broker broke the connection off while signing in."), err)
}

func (l *link) end(err error) {
	l.once.Do(func() {
		l.why.Store(&err)
		close(l.lost)
	})
}

// alive reports whether the connection still stands.
func (l *link) alive() bool {
	select {
	case <-l.lost:
		return false
	default:
		return l.client.IsConnectionOpen()
	}
}

// gone is the error of a call on a lost connection.
func (l *link) gone() error {
	if p := l.why.Load(); p != nil {
		if errors.Is(*p, errPacket) {
			return connectors.Permanent(words.Text("The broker sends what is no proper MQTT."), *p)
		}
		return connectors.Transient(words.Text("The connection to the broker was lost."), *p)
	}
	return connectors.Transient(words.Text("The connection to the broker was lost."), nil)
}

func (l *link) close() {
	l.client.Disconnect(50)
	l.end(net.ErrClosed)
}

// wait waits for the broker's acknowledgement.
func (l *link) wait(ctx context.Context, t paho.Token) error {
	ctx, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	select {
	case <-t.Done():
		if err := t.Error(); err != nil {
			return connectors.Transient(words.Text("The broker did not take what was sent."), err)
		}
		return nil
	case <-l.lost:
		return l.gone()
	case <-ctx.Done():
		return connectors.Transient(words.Text("The broker does not acknowledge."), ctx.Err())
	}
}

// subscribe asks for one filter and says whether it was granted: a refusal is
// an acknowledgement like any other, with the code 128.
func (l *link) subscribe(ctx context.Context, filter string) (bool, error) {
	t := l.client.Subscribe(filter, 0, nil)
	if err := l.wait(ctx, t); err != nil {
		return false, fmt.Errorf("subscribing to %s: %w", filter, err)
	}
	s, ok := t.(*paho.SubscribeToken)
	if !ok {
		return false, nil
	}
	code, known := s.Result()[filter]
	return known && code <= 2, nil
}

// unsubscribe gives one filter up; what another covers goes on.
func (l *link) unsubscribe(ctx context.Context, filter string) error {
	if err := l.wait(ctx, l.client.Unsubscribe(filter)); err != nil {
		return fmt.Errorf("unsubscribing from %s: %w", filter, err)
	}
	return nil
}
