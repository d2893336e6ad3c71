package changes

import (
	"context"
	"slices"
	"sync"
	"testing"
)

func TestASlowListenerGetsTheUnionAndTheLatestRevision(t *testing.T) {
	var h Hub
	c := h.Listen(t.Context())
	h.Publish(Devices)
	h.Publish(Flows, Devices)
	h.Publish(Diary)
	got := <-c
	if got.Revision != 3 || !slices.Equal(got.Topics, []Topic{Devices, Flows, Diary}) {
		t.Fatalf("%+v", got)
	}
	select {
	case extra := <-c:
		t.Fatalf("something was queued: %+v", extra)
	default:
	}
	h.Publish(Actions)
	if got := <-c; got.Revision != 4 || len(got.Topics) != 1 {
		t.Fatalf("%+v", got)
	}
}

func TestPublishNeverBlocksAndListenersEnd(t *testing.T) {
	var h Hub
	ctx, cancel := context.WithCancel(t.Context())
	c := h.Listen(ctx)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				h.Publish(Devices) // nobody reads
			}
		})
	}
	wg.Wait()
	cancel()
	var last Change
	for got := range c { // ends, because the channel is closed
		last = got
	}
	if last.Revision != 8000 {
		t.Fatalf("the latest is %d", last.Revision)
	}
	h.Publish(Flows) // after the end nobody is told and nothing breaks
}
