package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/lifecycle"
	"bestbefore/app/internal/rpc"
	"bestbefore/assets/words"
)

// parts says what a command needs beside the stored data.
type parts int

const (
	partsNone    parts = iota // what is stored
	partsScan                 // the network too
	partsConnect              // open connections
	partsEnforce              // connections, and what decisions ask for is done
)

func (c *call) config(p parts) lifecycle.Config {
	return lifecycle.Config{
		Dir: c.data, Scan: p == partsScan, Enforce: p == partsConnect || p == partsEnforce,
		Credentials: os.Getenv("CREDENTIALS_DIRECTORY"), AskPassphrase: c.asker(p), PassphraseCost: c.cost,
	}
}

// with gives f an engine: the running one where a Best Before already owns the
// data folder, else one of our own for the time of the command.
func (c *call) with(ctx context.Context, p parts, f func(context.Context, engine.Engine) error) error {
	h, err := lifecycle.Open(ctx, c.config(p))
	if errors.Is(err, lifecycle.ErrInUse) {
		return c.beside(ctx, err, f)
	}
	if err != nil {
		return err
	}
	if p == partsNone {
		return errors.Join(f(ctx, h.Engine()), h.Close())
	}
	serving, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- h.Serve(serving) }()
	if err = h.Ready(ctx); err == nil {
		err = f(ctx, h.Engine())
	}
	stop()
	return errors.Join(err, <-done, h.Close())
}

// beside uses the engine of the process that owns the files.
func (c *call) beside(ctx context.Context, inUse error, f func(context.Context, engine.Engine) error) error {
	e, err := rpc.Dial(ctx, c.data)
	if err != nil {
		return words.Errorf("%w (and it does not answer)", inUse)
	}
	return errors.Join(f(ctx, e), e.Close())
}

// serve works until ctx ends.
func (c *call) serve(ctx context.Context) error {
	cfg := c.config(partsEnforce)
	cfg.Scan, cfg.Listen, cfg.LogTo = true, true, c.errs
	h, err := lifecycle.Open(ctx, cfg)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, words.Sprintf("Best Before %s works with the data in %s. Nothing leaves this computer.", lifecycle.Version, c.data))
	fmt.Fprintln(c.out, words.Sprintf("Your own tables of who receives what go into %s.", filepath.Join(c.data, lifecycle.RecipientsDir)))
	saving, stop := context.WithCancel(ctx)
	saved := make(chan struct{})
	go func() { defer close(saved); saveMemory(saving) }()
	err = errors.Join(h.Serve(ctx), h.Close())
	stop()
	<-saved
	return err
}
