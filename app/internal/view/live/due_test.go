package live

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
)

// A window that is busy while much changes takes the newest look at a page, and
// none of those before it. The twin is a window that keeps up: it takes each.
func TestALateWindowTakesTheNewestLookOnly(t *testing.T) {
	for _, late := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{devices: oneDevice("Bell 0")}
			p, s := pump(t, f)
			p.Shown(view.Route{Page: view.PageDevices})
			s.settle()
			before := len(s.devices)
			for _, name := range []string{"Bell 1", "Bell 2", "Bell 3"} {
				f.devices = oneDevice(name)
				f.hub.Publish(changes.Devices)
				time.Sleep(gathered)
				synctest.Wait()
				if !late {
					s.settle()
				}
			}
			s.settle()
			want := 3
			if late {
				want = 1
			}
			if got := len(s.devices) - before; got != want || last(t, s.devices).Rows[1].Name != "Bell 3" {
				t.Errorf("late %v: took %d looks, want %d, the last %+v", late, got, want, last(t, s.devices).Rows[1].Name)
			}
		})
	}
}

// slowly is an engine that takes its time for the list of devices.
type slowly struct {
	*fake
	took  time.Duration
	looks atomic.Int64
}

func (s *slowly) Devices(ctx context.Context) ([]engine.DeviceInfo, error) {
	s.looks.Add(1)
	time.Sleep(s.took)
	return s.fake.Devices(ctx)
}

// What takes long to look at is looked at less often while traffic comes in, and
// at once when anything else changes. The twin takes no time, and is looked at often.
func TestALongLookIsFollowedByALongRest(t *testing.T) {
	for _, slow := range []time.Duration{0, 500 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{devices: oneDevice("Bell")}
			e := &slowly{fake: f, took: slow}
			p, s := pumpWith(t, e, f, false)
			p.Shown(view.Route{Page: view.PageDevices})
			s.settle()
			e.looks.Store(0)
			for range 100 {
				f.hub.Publish(changes.Flows)
				time.Sleep(100 * time.Millisecond)
			}
			synctest.Wait()
			if busy := time.Duration(e.looks.Load()) * slow; busy > 3*time.Second || slow == 0 && e.looks.Load() < 20 {
				t.Errorf("each look takes %v: %d in 10 s", slow, e.looks.Load())
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			f.hub.Publish(changes.Flows)
			synctest.Wait()
			e.looks.Store(0)
			f.hub.Publish(changes.Actions)
			time.Sleep(gathered)
			synctest.Wait()
			if e.looks.Load() != 1 {
				t.Errorf("each look takes %v: after a decision %d looks", slow, e.looks.Load())
			}
		})
	}
}

// While the window is hidden its page is made once, and then not before it is seen
// again. The twin stays on the screen.
func TestAHiddenWindowIsNotLookedAt(t *testing.T) {
	for _, hidden := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{devices: oneDevice("Bell")}
			p, s := pump(t, f)
			p.Seen(!hidden)
			p.Shown(view.Route{Page: view.PageDevices})
			s.settle()
			if len(s.devices) != 1 {
				t.Fatalf("hidden %v: the page was made %d times, want once", hidden, len(s.devices))
			}
			looks := f.asked["devices"]
			f.devices = oneDevice("Front door bell")
			for range 10 {
				f.hub.Publish(changes.Devices)
				time.Sleep(time.Minute)
			}
			s.settle()
			if again := f.asked["devices"] > looks; again == hidden {
				t.Errorf("hidden %v: the page was asked for again: %v", hidden, again)
			}
			p.Seen(true)
			s.settle()
			if got := last(t, s.devices).Rows[1].Name; got != "Front door bell" {
				t.Errorf("hidden %v: seen again it shows %q", hidden, got)
			}
		})
	}
}
