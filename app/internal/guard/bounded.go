package guard

import (
	"fmt"
	"io"
	"net/http"

	"golang.org/x/time/rate"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// bounded lets no answer be larger than bodyMax and no connection ask more
// often than its share.
type bounded struct {
	next http.RoundTripper
	rate *rate.Limiter
}

// RoundTrip waits for its turn, asks, and bounds the answer after it was unpacked.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "http" && r.URL.Scheme != "https" {
		return nil, refuse(r.URL.Scheme+":", words.Text("only http and https are spoken"))
	}
	if err := b.rate.Wait(r.Context()); err != nil {
		return nil, fmt.Errorf("waiting for a turn: %w", err)
	}
	resp, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = &limited{ReadCloser: resp.Body, left: bodyMax, host: r.URL.Hostname()}
	return resp, nil
}

// limited fails where the answer goes on; cutting it would look like its end.
type limited struct {
	io.ReadCloser
	left int64
	host string
}

// Read gives an error in place of the first byte too many.
func (l *limited) Read(p []byte) (int, error) {
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.ReadCloser.Read(p)
	l.left -= int64(n)
	if l.left < 0 {
		return 0, &connectors.Error{
			Kind: consent.KindTransient,
			Text: words.Sprintf("%s gives an answer of more than %d MiB, which cannot be right; it was not read further", l.host, bodyMax>>20),
		}
	}
	return n, err
}
