package connectors

import (
	"context"
	"time"
)

// Linker is a connector whose secret nobody types: the peer gives it, once the
// person has said yes on the peer's own page.
type Linker interface {
	// Link begins. What it answers is used once and must be closed. It returns an *Error.
	Link(ctx context.Context, s Settings, h *Host) (Link, error)
}

// Link is one attempt to be let in.
type Link interface {
	// Page is where the person says yes.
	Page() LinkPage
	// Wait returns once that is done: with what is to be sealed, or with an *Error.
	// It is called once. After Close it gives up.
	Wait(ctx context.Context) (Linked, error)
	// Close ends the attempt; it may be called at any time, and twice.
	Close() error
}

// LinkPage is the peer's page for the person's yes.
type LinkPage struct {
	URL   string    `json:"url"`            // https, to be opened in the person's own browser
	Code  string    `json:"code,omitempty"` // what is to be typed there; empty where nothing is
	Until time.Time `json:"until"`          // afterwards it is too late
	Here  bool      `json:"here,omitempty"` // it must be opened on the computer that waits
}

// Linked is what the peer gave: secrets by their key in Settings.Secrets.
type Linked struct {
	Secrets map[string]Secret
	// Drop gives it back to the peer, where nobody kept it. It may be nil.
	Drop func(ctx context.Context) error
}
