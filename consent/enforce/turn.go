package enforce

import (
	"context"
	"slices"
	"sync"
)

// perLane is how many jobs of one connection are in hand: while one is with the
// connector, another writes down what it is about to do, or what it has done. A
// click is begun beside them.
const perLane = 2

// turn lets one job at a time to a connector, clicks first: a job that waits for
// its turn uses up nothing of the time that its call may take.
type turn struct {
	mu     sync.Mutex // guards all below
	taken  bool
	lost   bool            // an earlier call has never come back
	clicks []chan struct{} // those who wait, longest first
	others []chan struct{}
}

// take waits for the turn; whoever got it gives it back. lost says that the
// connector has not come back from an earlier one.
func (t *turn) take(ctx context.Context, click bool) (lost bool, err error) {
	t.mu.Lock()
	if !t.taken {
		t.taken = true
		defer t.mu.Unlock()
		return t.lost, nil
	}
	mine, queue := make(chan struct{}), &t.others
	if click {
		queue = &t.clicks
	}
	*queue = append(*queue, mine)
	t.mu.Unlock()
	select {
	case <-mine:
		t.mu.Lock()
		defer t.mu.Unlock()
		return t.lost, nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	i := slices.Index(*queue, mine)
	if i >= 0 {
		*queue = slices.Delete(*queue, i, i+1)
	}
	t.mu.Unlock()
	if i < 0 { // it came at the same moment
		t.give()
	}
	return false, ctx.Err()
}

// give passes the turn on.
func (t *turn) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, queue := range []*[]chan struct{}{&t.clicks, &t.others} {
		if len(*queue) > 0 {
			close((*queue)[0])
			*queue = slices.Delete(*queue, 0, 1)
			return
		}
	}
	t.taken = false
}

func (t *turn) setLost(lost bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lost = lost
}
