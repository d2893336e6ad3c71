package connectortest

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
)

// HangUp resets the connection in place of an answer.
func HangUp(w http.ResponseWriter, _ *http.Request) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// sayNothing holds the request until nobody waits any more.
func sayNothing(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // else the server does not notice that nobody waits
	<-r.Context().Done()
}

func endless(w http.ResponseWriter, r *http.Request) {
	for chunk := []byte(strings.Repeat("<a>1</a>", 1<<15)); r.Context().Err() == nil; {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

func answering(status int, key, value, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if key != "" {
			w.Header().Set(key, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // where it is cut off, that was meant
	}
}

// trapped is where a redirect leads.
type trapped struct {
	*httptest.Server
	came atomic.Int64
}

func newTrap(t T) *trapped {
	out := &trapped{}
	out.Server = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { out.came.Add(1) }))
	t.Cleanup(out.Close)
	return out
}

func (p *trapped) addr() string { return p.Listener.Addr().String() }
