//go:build lab && linux

package gateway

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
)

// TestLabConformance runs the suite that every connector must pass against the
// real kernel.
func TestLabConformance(t *testing.T) {
	serve(t, acme4+":4000")
	serve(t, other4+":4000")
	for port := 4100; port < 4110; port++ {
		serve(t, fmt.Sprintf("%s:%d", acme4, port))
	}
	connectortest.Run(t, connectortest.Options{
		Open: func(ct connectortest.T) connectors.Session {
			ses, err := New().Open(context.Background(), connectors.Settings{Values: map[string]string{"interval": "0.2"}},
				&connectors.Host{Connection: "gw", Now: time.Now})
			if err != nil {
				ct.Fatalf("%v", err)
			}
			ct.Cleanup(func() {
				if err := ses.(*Session).Leave(context.Background()); err != nil {
					ct.Errorf("%v", err)
				}
			})
			return ses
		},
		Target: target(devMAC, acme4),
		Other:  target(devMAC, other4),
		Try: func(_ connectortest.T, tg connectors.Target) bool {
			return reaches(t, "dev", tg.Recipient.Destinations[0]+":4000")
		},
		Send: func(_ connectortest.T, port uint16) {
			send(t, "dev", fmt.Sprintf("%s:%d", acme4, port), connectortest.SendBytes)
		},
		SeesWhileOff: true,
		Forget:       func(connectortest.T) { nft(t, "delete", "table", "inet", "bestbefore") },
	})
}

// serve takes whatever comes and counts nothing.
func serve(t testing.TB, addr string) string {
	t.Helper()
	ln := in(t, "net", func() (net.Listener, error) { return net.Listen("tcp", addr) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("hello"))
			_, _ = io.Copy(io.Discard, io.LimitReader(c, 1<<20))
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = ln.Close(); <-done })
	return ln.Addr().String()
}

func serveAny(t testing.TB, host string) string { return serve(t, net.JoinHostPort(host, "0")) }

// reaches opens a connection and waits for the first word.
func reaches(t testing.TB, device, addr string) bool {
	t.Helper()
	return in(t, device, func() (bool, error) {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			return false, nil
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(time.Second))
		n, _ := c.Read(make([]byte, 8))
		return n > 0, nil
	})
}

// send sends n bytes on a connection of its own.
func send(t testing.TB, device, addr string, n int) {
	t.Helper()
	in(t, device, func() (bool, error) {
		c, err := net.DialTimeout("tcp", addr, 2*time.Second)
		if err != nil {
			return false, err
		}
		defer c.Close()
		if _, err = c.Write(make([]byte, n)); err != nil {
			return false, err
		}
		if err := c.(*net.TCPConn).CloseWrite(); err != nil {
			return false, err
		}
		_, err = io.Copy(io.Discard, c) // closing with something unread would throw away what is still to be sent
		return true, err
	})
}
