package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// change gives a connection other answers, such as a new password or address.
func (c *call) change(ctx context.Context, args []string) error {
	set := settings{}
	pos, err := positional("change", args, 1, 1, func(f *flag.FlagSet) { f.Var(set, "set", "") })
	if err != nil {
		return err
	}
	secrets, err := c.fromStdin()
	if err != nil {
		return err
	}
	if len(set)+len(secrets) == 0 {
		return misused(words.Sprintf("nothing is to be changed; usage: %s", commands()["change"].usage))
	}
	return c.with(ctx, partsConnect, func(ctx context.Context, e engine.Engine) error {
		x, err := e.ChangeConnection(ctx, engine.ChangeRequest{ID: pos[0], Values: set, Secrets: secrets})
		var unknown *connectors.CertificateError
		if errors.As(err, &unknown) {
			return words.Errorf("%w; to say yes to it: --set %s=%s", err, connectors.OptCertificate, unknown.Fingerprint)
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(c.out, words.Sprintf("%s answered; the change is kept.", x.Name))
		return nil
	})
}
