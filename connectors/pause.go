package connectors

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/consent"
)

const (
	usualPause = time.Minute // where a peer says "too often" and not until when
	mostPause  = 24 * time.Hour
)

// Pause is how long a peer wants to be left alone. Its zero value is ready; it
// is safe for concurrent use. Who asks a peer looks at Left before each request
// and shows each answer to Note.
type Pause struct {
	mu    sync.Mutex // guards until
	until time.Time
}

// Left is an error as long as the peer, which the screen calls name, wants to be
// left alone.
func (p *Pause) Left(now time.Time, name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !now.Before(p.until) {
		return nil
	}
	return &Error{
		Kind: consent.KindTransient, RetryAt: p.until,
		Text: words.Sprintf("%s asks to be left alone for %s; it is not asked before.", capital(name), p.until.Sub(now).Round(time.Second)),
	}
}

// Note reads the state and the headers of an answer, and gives the error of one
// that says "too often" (429), or "not now" with a time (503 with Retry-After).
func (p *Pause) Note(status int, header http.Header, now time.Time, name string) error {
	after := header.Get("Retry-After")
	if status != http.StatusTooManyRequests && (status != http.StatusServiceUnavailable || after == "") {
		return nil
	}
	p.Until(now.Add(retryAfter(after, now)))
	return p.Left(now, name)
}

// Until sends nothing before at.
func (p *Pause) Until(at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at.After(p.until) {
		p.until = at
	}
}

// RetryAfter is when the headers of an answer allow another try; false where
// they say nothing.
func RetryAfter(header http.Header, now time.Time) (time.Time, bool) {
	s := header.Get("Retry-After")
	if s == "" {
		return time.Time{}, false
	}
	return now.Add(retryAfter(s, now)), true
}

// retryAfter reads the header: seconds or a date (RFC 9110 section 10.2.3).
func retryAfter(s string, now time.Time) time.Duration {
	d := usualPause
	if n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 31); err == nil {
		d = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(s); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, time.Second), mostPause)
}
