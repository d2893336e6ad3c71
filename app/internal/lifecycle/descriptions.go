package lifecycle

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"bestbefore/app/internal/guard"
	"bestbefore/assets/words"
)

// fetchDescription reads a maker's description of a device (RFC 8520) from where
// the household agreed that it may be fetched. It goes to that one host on the
// internet, never into the home, and follows nobody elsewhere.
func (h *Home) fetchDescription(ctx context.Context, at *url.URL) ([]byte, error) {
	out := guard.New(guard.Config{Public: []string{at.Hostname()}, Lookup: h.Lookup}).Client()
	defer out.CloseIdleConnections()
	return readDescription(ctx, out, at)
}

// descriptionMax is how long a description may be; the reader of it allows less.
const descriptionMax = 1 << 20

func readDescription(ctx context.Context, client *http.Client, at *url.URL) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, words.Errorf("asking for the description: %w", err)
	}
	r.Header.Set("Accept", "application/mud+json")
	r.Header.Set("User-Agent", "bestbefore")
	resp, err := client.Do(r)
	if err != nil {
		return nil, words.Errorf("asking for the description: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return nil, words.Errorf("%s sends elsewhere, which is not followed", at.Host)
	case resp.StatusCode != http.StatusOK:
		return nil, words.Errorf("%s answers %d", at.Host, resp.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, descriptionMax+1))
	if err != nil {
		return nil, words.Errorf("reading the description: %w", err)
	}
	if len(b) > descriptionMax {
		return nil, words.New("the description is longer than any can be")
	}
	return b, nil
}
