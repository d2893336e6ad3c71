package guard

import (
	"context"
	"errors"
	"testing"
)

// Only an address at home is listened on; the twin shows that loopback is.
func TestListensAtHomeOnly(t *testing.T) {
	g := New(Config{})
	for _, a := range []string{"0.0.0.0:0", "[::]:0", ":0", "198.51.100.10:0", "[2001:db8::1]:0", "[::ffff:8.8.8.8]:0", "localhost:0", "169.254.169.254:0"} {
		c, err := g.ListenPacket(context.Background(), "udp", a)
		if !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", a, err)
		}
		if c != nil {
			_ = c.Close()
		}
	}
	if _, err := g.ListenPacket(context.Background(), "unixgram", "127.0.0.1:0"); !errors.Is(err, ErrRefused) {
		t.Error(err)
	}
	c, err := g.ListenPacket(context.Background(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// Only loopback is waited on; the twin shows that it is.
func TestWaitsOnLoopbackOnly(t *testing.T) {
	g := New(Config{})
	for _, a := range []string{"0.0.0.0:0", "[::]:0", ":0", "192.168.1.5:0", "198.51.100.10:0", "[::ffff:8.8.8.8]:0", "localhost:0"} {
		c, err := g.Listen(context.Background(), "tcp4", a)
		if !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", a, err)
		}
		if c != nil {
			_ = c.Close()
		}
	}
	if _, err := g.Listen(context.Background(), "unix", "127.0.0.1:0"); !errors.Is(err, ErrRefused) {
		t.Error(err)
	}
	c, err := g.Listen(context.Background(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
