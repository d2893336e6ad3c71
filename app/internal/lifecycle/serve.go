package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/thejerf/suture/v4"

	"bestbefore/discovery"
	"bestbefore/discovery/announce"
)

// service is a background part: it blocks until its context ends.
type service interface {
	Serve(ctx context.Context) error
}

// named gives a function the shape and the name of a service.
type named struct {
	name  string
	serve func(ctx context.Context) error
}

func (n named) Serve(ctx context.Context) error { return n.serve(ctx) }
func (n named) String() string                  { return n.name }

// Serve runs the parts that the Config asks for until ctx ends. They start in
// the order of the stages and stop in the reverse order: what gives work stops
// before what does it, and the store's writers last.
func (h *Home) Serve(ctx context.Context) error {
	stages, err := h.stages(ctx)
	if err != nil {
		return err
	}
	var stop []func()
	for i, parts := range stages {
		stop = append(stop, h.start(fmt.Sprintf("stage %d", i+1), parts))
	}
	<-ctx.Done()
	for i := len(stop) - 1; i >= 0; i-- {
		stop[i]()
	}
	return nil
}

// start runs services under one supervisor that restarts what ends too early;
// the answer stops them and waits.
func (h *Home) start(name string, parts []service) (stop func()) {
	sup := suture.New(name, suture.Spec{EventHook: h.supervised})
	for _, p := range parts {
		sup.Add(p)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := sup.ServeBackground(ctx)
	return func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			h.Log.Warn("a stage ended badly", "stage", name, "error", err)
		}
	}
}

// supervised writes what the supervisor sees into the log.
func (h *Home) supervised(e suture.Event) {
	level := slog.LevelWarn
	if e.Type() == suture.EventTypeResume {
		level = slog.LevelInfo
	}
	h.part("supervisor").Log(context.Background(), level, "a part of the engine", "event", e.Map())
}

// stages are the parts in the order in which they start.
func (h *Home) stages(ctx context.Context) ([][]service, error) {
	stages := [][]service{{named{"devices", h.core.ServeDevices}, named{"retention", h.serveRetention}, named{"files", h.checkFiles}, named{"backups", h.serveBackups}, named{"recipients", h.serveRecipients}, h.clock}}
	if h.KeyLater || h.Listen { // a short command looks once, when it opens
		stages[0] = append(stages[0], named{"key", h.serveKey})
	}
	if h.Enforce {
		stages = append(stages,
			[]service{named{"connections", h.pool.Serve}},
			[]service{named{"expiry", h.scheduler.Serve}, named{"enforcement", h.enforce}, named{"engine", h.core.Serve}, named{"behaviour", h.core.ServeBehaviour}})
	}
	if h.Scan {
		scanners, err := h.scanners()
		if err != nil {
			return nil, err
		}
		var parts []service
		for name, s := range scanners {
			parts = append(parts, named{name, func(ctx context.Context) error { return s.Scan(ctx, h.sight) }})
		}
		if h.Enforce && h.Scanners == nil { // made-up neighbours are asked nothing
			parts = append(parts, named{"knocks", h.core.ServeKnocks})
		}
		stages = append(stages, parts)
	}
	if h.Listen {
		parts, err := h.listeners(ctx)
		if err != nil {
			return nil, err
		}
		if h.Enforce {
			parts = append(parts, named{"reminders", h.serveReminders})
		}
		stages = append(stages, parts)
	}
	return stages, nil
}

// enforce begins when the connections have been tried once: an action that ran
// before that would fail for no reason and wait. What is due is decided and
// written meanwhile.
func (h *Home) enforce(ctx context.Context) error {
	if err := h.Ready(ctx); err != nil {
		return err
	}
	return h.runner.Serve(ctx)
}

// sight hands a sighting on, unless it is the echo of our own announcement,
// which would give this computer the name of the program.
func (h *Home) sight(s discovery.Sighting) {
	if h.own != "" && len(s.Services) > 0 && !slices.ContainsFunc(s.Services, func(x discovery.Service) bool { return !h.ours(x) }) {
		return
	}
	h.core.Sight(s)
}

func (h *Home) ours(x discovery.Service) bool {
	id, _ := x.TXT.Get("id")
	return x.Type == announce.Service && id == h.own
}
