package enforce

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// slowDisk is a store whose every write takes a while. It counts what is begun
// and not yet done.
type slowDisk struct {
	Store
	mu             sync.Mutex // guards all below
	begun          map[discovery.DeviceID]int
	atOnce, ofEach int // at most, in all and of one device
}

const diskTime = 20 * time.Millisecond

func (d *slowDisk) SaveAction(ctx context.Context, a consent.Action, notes ...ledger.Note) error {
	d.mu.Lock()
	if a.State == consent.Running {
		d.begun[a.Device]++
		d.ofEach = max(d.ofEach, d.begun[a.Device])
		sum := 0
		for _, n := range d.begun {
			sum += n
		}
		d.atOnce = max(d.atOnce, sum)
	}
	d.mu.Unlock()
	time.Sleep(diskTime)
	err := d.Store.SaveAction(ctx, a, notes...)
	if a.State == consent.Done && a.Verified == 0 {
		d.mu.Lock()
		d.begun[a.Device]--
		d.mu.Unlock()
	}
	return err
}

// A slow disk holds no connection up: while one act is written down the next is
// with the connector (G11). What is done for one device is done in turn all the
// same, since a coarse peer cannot tell two of its blocks apart (T61); a home
// with one device is the twin.
func TestG11ASlowDiskHoldsNoConnectionUp(t *testing.T) {
	for _, devices := range []int{20, 1} {
		disk := &slowDisk{begun: map[discovery.DeviceID]int{}}
		inHome(t, func(t *testing.T, h *bench) {
			p := h.peer("p", fine)
			p.block = func(context.Context, connectors.BlockRequest) error { time.Sleep(stormCall); return nil }
			var ids []consent.ActionID
			for i := range 100 {
				a := h.plainOn("p", fmt.Sprintf("m%d", i))
				d := h.devices["d1"]
				d.ID = discovery.DeviceID(fmt.Sprintf("d%d", 1+i%devices))
				h.devices[d.ID], h.actions[i].Device = d, d.ID
				ids = append(ids, a.ID)
			}
			defer h.serve()()
			settle(time.Duration(len(ids))*stormCall*115/100 + time.Second)
			if n := h.doneOf(ids); (n == len(ids)) != (devices > 1) {
				t.Errorf("%d devices: %d of %d are done after 1.15 times what the connection needs", devices, n, len(ids))
			}
		}, func(c *Config) { disk.Store, c.Store = c.Store, disk })
		if disk.ofEach != 1 || (disk.atOnce == perLane) != (devices > 1) {
			t.Errorf("%d devices: %d in hand, %d of one device", devices, disk.atOnce, disk.ofEach)
		}
	}
}

// Whoever waits for a turn gets it in order, clicks first; who gives up loses
// nobody else's.
func TestTurnsGoRoundClicksFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var x turn
		if lost, err := x.take(t.Context(), false); lost || err != nil {
			t.Fatal(lost, err)
		}
		var mu sync.Mutex
		var got []string
		var all sync.WaitGroup
		wait := func(ctx context.Context, name string, click bool) {
			all.Go(func() {
				if _, err := x.take(ctx, click); err != nil {
					return
				}
				mu.Lock()
				got = append(got, name)
				mu.Unlock()
				x.give()
			})
			synctest.Wait()
		}
		gone, cancel := context.WithCancel(t.Context())
		wait(t.Context(), "first", false)
		wait(gone, "gone", false)
		wait(t.Context(), "second", false)
		wait(t.Context(), "click", true)
		cancel()
		synctest.Wait()
		x.setLost(true)
		x.give()
		all.Wait()
		if want := []string{"click", "first", "second"}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		if lost, err := x.take(t.Context(), false); !lost || err != nil {
			t.Errorf("a call that never came back: %v, %v", lost, err)
		}
	})
}
