package engine

import (
	"context"
	"errors"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// Trials look closer at one connection.
type Trials interface {
	// TestConnection makes the peer answer now, and says what it answered. The
	// error is the peer's own sentence.
	TestConnection(ctx context.Context, id string) (ConnectionInfo, error)
	// ConnectionLog is what a connection wrote down lately, oldest first, without secrets.
	ConnectionLog(ctx context.Context, id string) ([]LogLine, error)
}

// LogLine is one line of a connection's log.
type LogLine struct {
	Time  time.Time `json:"time"`
	Level string    `json:"level"` // "INFO", "WARN", "ERROR"
	Text  string    `json:"text"`  // cleaned, without secrets
}

// testDeadline bounds a test: longer nobody waits for a button.
const testDeadline = 20 * time.Second

// TestConnection implements Trials. One that is not open is opened anew first.
func (e *Core) TestConnection(ctx context.Context, id string) (ConnectionInfo, error) {
	c, err := e.connection(ctx, id)
	if err != nil {
		return ConnectionInfo{}, err
	}
	asking, cancel := context.WithTimeout(ctx, testDeadline)
	defer cancel()
	if e.Sessions.Health(c.ID).Open {
		err = e.Sessions.Use(asking, c.ID, func(ctx context.Context, caps connectors.Capabilities) error {
			if caps.Prober == nil {
				return nil
			}
			return caps.Prober.Probe(ctx)
		})
	} else if _, err = e.Sessions.Try(asking, c); err == nil {
		err = e.Sessions.Reload(ctx)
	}
	if asking.Err() != nil && ctx.Err() == nil {
		err = words.Errorf("%s did not answer within %s", c.Name, testDeadline)
	}
	e.changed(changes.Connections)
	var said *connectors.Error
	if errors.As(err, &said) { // the cause is for the log
		e.Log.Info("a connection was tested", "connection", c.ID, "error", err)
		err = words.New(said.Text)
	}
	return e.connectionInfo(ctx, c), err
}

// ConnectionLog implements Trials.
func (e *Core) ConnectionLog(ctx context.Context, id string) ([]LogLine, error) {
	c, err := e.connection(ctx, id)
	if err != nil || e.LogOf == nil {
		return nil, err
	}
	return e.LogOf(c.ID), nil
}
