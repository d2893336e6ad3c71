package live

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
)

// elsewhere is an engine in another process, which may die, hang and come again.
type elsewhere struct {
	*fake
	die  context.CancelFunc // ends the streams of the life now
	life atomic.Pointer[context.Context]
	dead atomic.Bool
	hung atomic.Bool
}

func (e *elsewhere) born() {
	var life context.Context
	life, e.die = context.WithCancel(context.Background())
	e.life.Store(&life)
	e.dead.Store(false)
}

func (e *elsewhere) Watch(ctx context.Context) <-chan changes.Change {
	if e.dead.Load() {
		out := make(chan changes.Change)
		close(out)
		return out
	}
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(*e.life.Load(), cancel)
	return e.hub.Listen(ctx)
}

func (e *elsewhere) Preferences(ctx context.Context) (engine.Preferences, error) {
	if e.hung.Load() {
		<-ctx.Done()
		return engine.Preferences{}, ctx.Err()
	}
	if e.dead.Load() {
		return engine.Preferences{}, engine.ErrAway
	}
	return engine.Preferences{}, nil
}

func (e *elsewhere) Devices(ctx context.Context) ([]engine.DeviceInfo, error) {
	if e.dead.Load() {
		return nil, engine.ErrAway
	}
	return e.fake.Devices(ctx)
}

// killed shows the devices of an engine that dies then.
func killed(t *testing.T, beside bool) (*elsewhere, *screen) {
	e := &elsewhere{fake: &fake{devices: oneDevice("Bell")}}
	e.born()
	p, s := pumpWith(t, e, e.fake, beside)
	p.Shown(view.Route{Page: view.PageDevices})
	s.settle()
	if len(s.devices) != 1 || len(s.away) != 0 {
		t.Fatalf("while it lives: %d looks, %+v", len(s.devices), s.away)
	}
	e.dead.Store(true)
	e.die()
	time.Sleep(gathered)
	s.settle()
	return e, s
}

// TestAnEngineThatDiesIsSaidAndFoundAgain: within a moment it is said, and when
// it is back, its changes are shown again within a second. The twin is the pump
// as it was: it says nothing, and never listens again.
func TestAnEngineThatDiesIsSaidAndFoundAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, s := killed(t, true)
		if got := last(t, s.away); !strings.Contains(got.Word, "nobody keeps the dates now") {
			t.Fatalf("said %+v", got)
		}
		time.Sleep(time.Hour)
		e.born()
		time.Sleep(searchLast)
		s.settle()
		if got := last(t, s.away); got.Text != "" {
			t.Fatalf("it is back, and said is %+v", got)
		}
		e.devices = oneDevice("Front door bell")
		e.hub.Publish(changes.Devices)
		time.Sleep(gathered)
		s.settle()
		if got := last(t, s.devices); got.Rows[1].Name != "Front door bell" {
			t.Errorf("after the restart its changes are not shown: %+v", got.Rows)
		}
		e.die()
	})
	synctest.Test(t, func(t *testing.T) {
		e, s := killed(t, false)
		e.born()
		time.Sleep(searchLast)
		e.devices = oneDevice("Front door bell")
		e.hub.Publish(changes.Devices)
		time.Sleep(gathered)
		s.settle()
		if len(s.away) != 0 || last(t, s.devices).Rows[1].Name != "Bell" {
			t.Error("the twin listens again, so that this test proves nothing")
		}
		e.die()
	})
}

// TestAnEngineThatHangsIsSaidToo: it ends no connection, and still holds the files.
func TestAnEngineThatHangsIsSaidToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &elsewhere{fake: &fake{devices: oneDevice("Bell")}}
		e.born()
		defer func() { e.die() }()
		p, s := pumpWith(t, e, e.fake, true)
		p.Shown(view.Route{Page: view.PageDevices})
		s.settle()
		e.hung.Store(true)
		time.Sleep(time.Minute)
		s.settle()
		if got := last(t, s.away); got.Text == "" || got.Action.Label != "" {
			t.Fatalf("said %+v", got)
		}
		e.hung.Store(false) // and then it ends
		e.dead.Store(true)
		e.die()
		time.Sleep(answerTime + searchLast) // a question may still wait
		s.settle()
		if got := last(t, s.away); got.Action.ID != view.ActionTakeOver {
			t.Fatalf("ended after all: %+v", got)
		}
		e.born()
		time.Sleep(searchLast)
		s.settle()
		if got := last(t, s.away); got.Text != "" {
			t.Errorf("back: %+v", got)
		}
	})
}
