package guard

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// The bounds of a knock.
const (
	knockTime = 2 * time.Second
	knockMax  = 64 << 10 // of an answer; its signs stand at its beginning
)

// Knock asks a box at home for one page that it shows to everybody, and reads the
// beginning of the answer. It goes to at and nowhere else and follows nobody on.
// Nothing of ours is sent, so that the certificate need not be known: what is
// read proves nothing and is only a suggestion to a person.
func Knock(ctx context.Context, at netip.Addr, k connectors.Knock) (connectors.KnockAnswer, error) {
	var none connectors.KnockAnswer
	if !at.IsPrivate() && !at.IsLoopback() {
		return none, refuse(at.String(), words.Text("only boxes at home are knocked at"))
	}
	if !slices.Contains([]string{"http", "https"}, k.Scheme) {
		return none, refuse(at.String(), words.Text("a knock is a web page"))
	}
	ctx, cancel := context.WithTimeout(ctx, knockTime)
	defer cancel()
	port := strconv.Itoa(k.Port)
	t := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(at.String(), port))
		},
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}, //nolint:gosec // nothing is sent that anybody could take, see above
		DisableKeepAlives: true, MaxResponseHeaderBytes: headerMax,
	}
	client := &http.Client{
		Transport:     bounded{next: t, rate: rate.NewLimiter(perSecond, burst)},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, k.Scheme+"://"+net.JoinHostPort(at.String(), port)+k.Path, nil)
	if err != nil {
		return none, fmt.Errorf("knocking at %s: %w", at, err)
	}
	r.Header.Set("User-Agent", "bestbefore")
	resp, err := client.Do(r)
	if err != nil {
		return none, fmt.Errorf("knocking at %s: %w", at, err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	body, err := io.ReadAll(io.LimitReader(resp.Body, knockMax))
	if err != nil {
		return none, fmt.Errorf("knocking at %s: %w", at, err)
	}
	return connectors.KnockAnswer{Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
}
