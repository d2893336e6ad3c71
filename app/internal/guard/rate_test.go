package guard

import (
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
)

// counts is a way out that only counts.
type counts struct{ n atomic.Int64 }

func (c *counts) RoundTrip(*http.Request) (*http.Response, error) {
	c.n.Add(1)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

// A connector that goes wild asks no more than its share: a burst, and from then on
// so many a second, by a clock that the test moves. The twin without a bound asks
// as often as it can.
func TestAConnectionAsksNoMoreThanItsShare(t *testing.T) {
	const wild, seconds = 1000, 3
	for name, c := range map[string]struct {
		limit *rate.Limiter
		want  int64
	}{
		"bounded":  {New(Config{}).rate, burst + seconds*perSecond},
		"the twin": {rate.NewLimiter(rate.Inf, 0), wild},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				way := &counts{}
				b := bounded{next: way, rate: c.limit}
				go func() {
					for range wild {
						r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://192.168.1.5/", nil)
						if err != nil {
							t.Error(err)
						}
						resp, err := b.RoundTrip(r)
						if err != nil {
							return // the test is over
						}
						_ = resp.Body.Close()
					}
				}()
				time.Sleep(seconds*time.Second + time.Millisecond) // the bubble's own clock
				synctest.Wait()
				if n := way.n.Load(); n < c.want-1 || n > c.want+1 {
					t.Errorf("it asked %d times in %d seconds, want %d", n, seconds, c.want)
				}
			})
		})
	}
}
