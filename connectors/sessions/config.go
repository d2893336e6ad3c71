package sessions

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"bestbefore/connectors"
	"bestbefore/discovery"
)

// Config is what a Pool works with.
type Config struct {
	Registry    *connectors.Registry                                       // required
	Connections func(ctx context.Context) ([]connectors.Connection, error) // required: the configured ones
	Host        func(connectors.Connection) *connectors.Host               // required
	Now         func() time.Time                                           // required
	Log         *slog.Logger                                               // nil: silent
	// Observe stores a batch together with the cursor that follows it. Nil: flows
	// are not observed.
	Observe func(ctx context.Context, connection string, b Batch) error
	// Cursor is where the observer of a connection goes on. Nil: from now.
	Cursor func(ctx context.Context, connection string) (connectors.Cursor, error)
	// Discover takes what a peer knows of devices. Nil: not asked.
	Discover func(discovery.Sighting)
	// Opened is told of a connection that has just opened. It must not block. May be nil.
	Opened func(connection string)
	// Changed is told that the health of some connection changed. It must not block. May be nil.
	Changed func()
	// Report tells what is wrong under a fixed name, nil when it is well again. May be nil.
	Report      func(what string, err error)
	CallTimeout time.Duration // of opening and probing; zero is 30 s
	ProbeEvery  time.Duration // of what was not heard in the latter half of it; zero is 2 m
}

const (
	defaultCallTimeout = 30 * time.Second
	defaultProbeEvery  = 2 * time.Minute
	// comeBack is how long foreign code has to return after its context ended.
	comeBack = 2 * time.Second
)

// waits are the pauses between tries to open or to go on reading; the last repeats.
var waits = []time.Duration{time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute}

// Validate joins all faults of c.
func (c Config) Validate() error {
	var errs []error
	if c.Registry == nil || c.Connections == nil || c.Host == nil {
		errs = append(errs, errors.New("sessions need a registry, connections and hosts"))
	}
	if c.Now == nil {
		errs = append(errs, errors.New("sessions need a clock"))
	}
	if c.CallTimeout < 0 || c.ProbeEvery < 0 {
		errs = append(errs, errors.New("sessions: no time may be negative"))
	}
	return errors.Join(errs...)
}
