package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/lifecycle"
	"bestbefore/assets/words"
)

// backup lists, makes and puts back copies of permissions, diary and devices.
// Listing and putting back need no store that opens.
func (c *call) backup(ctx context.Context, args []string) error {
	var asJSON, another bool
	var phraseFile string
	pos, err := positional("backup", args, 0, 2, func(f *flag.FlagSet) {
		f.BoolVar(&asJSON, "json", false, "")
		f.BoolVar(&another, "new", false, "")
		f.StringVar(&phraseFile, "phrase-file", "", "")
	})
	if err != nil {
		return err
	}
	switch {
	case len(pos) == 0, len(pos) == 1 && pos[0] == "list":
		return c.backups(asJSON)
	case len(pos) == 1 && pos[0] == "now":
		return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
			b, err := e.BackupNow(ctx)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(c.out, b)
			}
			fmt.Fprintln(c.out, words.Sprintf("A sealed backup was made: %s (%d bytes).", b.Name, b.Bytes))
			return nil
		})
	case len(pos) == 1 && pos[0] == "phrase":
		return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error { return c.phrase(ctx, e, another) })
	case len(pos) == 2 && pos[0] == "restore" && phraseFile != "":
		return c.restoreWithPhrase(ctx, pos[1], phraseFile)
	case len(pos) == 2 && pos[0] == "restore":
		return c.restore(ctx, pos[1])
	}
	return misuse("backup")
}

func (c *call) backups(asJSON bool) error {
	bs, err := lifecycle.Backups(c.data)
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(c.out, bs)
	}
	c.none(len(bs), words.Text("There is no backup yet. One is made each day while Best Before runs and has a key to seal it."))
	for _, b := range bs {
		note := ""
		if b.Wanted {
			note = "  " + words.Text("is put back at the next start")
		}
		fmt.Fprintln(c.out, words.Sprintf("%s  %s  %d bytes%s", b.Name, words.Date(b.Time.Local(), "2 Jan 2006 15:04"), b.Bytes, note))
		if b.Outcome != "" {
			fmt.Fprintln(c.out, "  "+words.Sprintf("put back %s: %s", words.Date(b.Restored.Local(), "2 Jan 2006 15:04"), b.Outcome))
		}
	}
	return nil
}

// restore works at once where nobody has the files open, else at the next start.
func (c *call) restore(ctx context.Context, name string) error {
	text, err := lifecycle.Restore(ctx, c.config(partsNone), name)
	if err == nil {
		fmt.Fprintln(c.out, text)
		return nil
	}
	if !errors.Is(err, lifecycle.ErrInUse) {
		return err
	}
	return c.beside(ctx, err, func(ctx context.Context, e engine.Engine) error {
		if err := e.Restore(ctx, name); err != nil {
			return err
		}
		fmt.Fprintln(c.out, words.Text("Best Before is running. The backup is put back when it starts the next time."))
		return nil
	})
}

// phrase makes the recovery phrase and shows it this once.
func (c *call) phrase(ctx context.Context, e engine.Engine, another bool) error {
	text, err := e.RecoveryPhrase(ctx, another)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, text)
	fmt.Fprintln(c.errs, words.Text("This is the recovery phrase. Write it down and keep it away from this computer: it is not shown again. A first backup was made."))
	fmt.Fprintln(c.errs, words.Text("On another computer: bestbefore-agent backup restore FILE --phrase-file F, with a file from the folder \"backups\" and the phrase in F."))
	return nil
}

// restoreWithPhrase puts a file back that may come from another computer.
func (c *call) restoreWithPhrase(ctx context.Context, file, phraseFile string) error {
	phrase, err := fromFile(phraseFile)
	if err != nil {
		return err
	}
	text, err := lifecycle.RestoreWithPhrase(ctx, c.config(partsNone), file, phrase)
	if errors.Is(err, lifecycle.ErrInUse) {
		return words.Errorf("%w; end it first, the files must not be in use", err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, text)
	return nil
}

// damaged lists the records that were set aside, below what is good (T17).
func (c *call) damaged(ctx context.Context, e engine.Engine) error {
	set, err := e.Quarantined(ctx)
	if err != nil {
		return err
	}
	for _, q := range set {
		c.complain(words.Sprintf("a damaged record was set aside: %s %s (%s). Everything else goes on; decide it again, or put a backup back.", q.What, q.Key, q.Reason))
	}
	return nil
}
