package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/secrets"
	"bestbefore/assets/words"
)

// mostPassphrase bounds what is read as a passphrase.
const mostPassphrase = 1024

// key says where the key is that seals passwords and the diary's end, and takes
// the passphrase where there is no key store. A passphrase comes from the
// terminal, from a file of this user's own or from standard input, and never
// stands among the arguments.
func (c *call) key(ctx context.Context, args []string) error {
	var asJSON bool
	pos, err := positional("key", args, 0, 1, func(f *flag.FlagSet) { f.BoolVar(&asJSON, "json", false, "") })
	if err != nil {
		return err
	}
	do := map[string]func(context.Context, engine.Engine) error{
		"": nil, "unlock": c.unlock, "change": c.changePassphrase, "give-up": giveUp,
	}
	what := strings.Join(pos, "")
	f, ok := do[what]
	if !ok {
		return misuse("key")
	}
	c.silent = f != nil // the command asks itself
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		if f != nil {
			if err := f(ctx, e); err != nil {
				return err
			}
		}
		k, err := e.Key(ctx)
		if err != nil {
			return err
		}
		if asJSON {
			return writeJSON(c.out, k)
		}
		fmt.Fprintln(c.out, keyWords(k))
		fmt.Fprintln(c.out, diskWords(k.Disk))
		return nil
	})
}

// keyPlaces put the places of a key into words.
var keyPlaces = map[string]string{
	secrets.NameCredential: words.Later("systemd credential"),
	secrets.NamePassphrase: words.Later("passphrase"),
	secrets.NameKeyStore:   words.Later("key store"),
}

func keyWords(k engine.KeyInfo) string {
	switch {
	case k.Provider != "":
		return words.Sprintf("Passwords and the end of the diary are sealed with a key from: %s.", words.Text(cmp.Or(keyPlaces[k.Provider], k.Provider)))
	case k.Chosen:
		return words.Sprintf("No password can be kept or used now: %s. \"key unlock\" takes the passphrase.", k.Trouble)
	default:
		return words.Sprintf("No password can be kept now: %s. \"key unlock\" takes a new passphrase instead.", k.Trouble)
	}
}

// diskWords are about everything that is no password: it lies open in the files.
func diskWords(d engine.Disk) string {
	switch d {
	case engine.DiskEncrypted:
		return words.Text("The disk that holds the data folder is encrypted.")
	case engine.DiskOpen:
		return words.Text("The disk that holds the data folder is not encrypted by this system: whoever has the disk can read devices, permissions and diary.")
	default:
		return words.Text("Whether the disk that holds the data folder is encrypted cannot be told here.")
	}
}

// unlock gives the passphrase; a new one is asked for twice.
func (c *call) unlock(ctx context.Context, e engine.Engine) error {
	k, err := e.Key(ctx)
	if err != nil {
		return err
	}
	if k.Provider != "" {
		return nil
	}
	if k.Chosen {
		text, err := c.passphrase(ctx, words.Text("Passphrase:"))
		if err != nil {
			return err
		}
		return e.Unlock(ctx, text)
	}
	text, err := c.newPassphrase(ctx)
	if err != nil {
		return err
	}
	return e.Unlock(ctx, text)
}

func (c *call) changePassphrase(ctx context.Context, e engine.Engine) error {
	old, err := c.passphrase(ctx, words.Text("The passphrase until now:"))
	if err != nil {
		return err
	}
	c.passphraseFile = "" // the new one comes from the terminal or standard input
	next, err := c.newPassphrase(ctx)
	if err != nil {
		return err
	}
	return e.ChangePassphrase(ctx, old, next)
}

func giveUp(ctx context.Context, e engine.Engine) error { return e.GiveUpPassphrase(ctx) }

// newPassphrase asks twice where it is typed.
func (c *call) newPassphrase(ctx context.Context) (string, error) {
	first, err := c.passphrase(ctx, words.Text("A new passphrase, four words or more:"))
	if err != nil {
		return "", err
	}
	if f, ok := c.stdin.(*os.File); !ok || c.passphraseFile != "" || !terminal(f) {
		return first, nil
	}
	again, err := c.passphrase(ctx, words.Text("Once more:"))
	if err != nil {
		return "", err
	}
	if first != again {
		return "", words.New("the two are not the same; nothing was changed")
	}
	return first, nil
}

// passphrase reads one from the file that was named, from the terminal without
// showing it, or a line from standard input.
func (c *call) passphrase(ctx context.Context, prompt string) (string, error) {
	if c.passphraseFile != "" {
		return fromFile(c.passphraseFile)
	}
	if f, ok := c.stdin.(*os.File); ok && terminal(f) {
		return c.typed(ctx, f, prompt)
	}
	return c.line()
}

// typed reads from the terminal. Its echo comes back also when we are stopped.
func (c *call) typed(ctx context.Context, f *os.File, prompt string) (string, error) {
	restore, ok := silence(f)
	if !ok {
		return "", words.New("this terminal cannot hide what is typed; use --passphrase-file")
	}
	defer func() { restore(); fmt.Fprintln(c.errs) }()
	fmt.Fprint(c.errs, prompt+" ")
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := c.line()
		got <- answer{text, err}
	}()
	select {
	case a := <-got:
		return a.text, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// line reads one line of standard input; what follows stays for the next call.
func (c *call) line() (string, error) {
	if c.lines == nil {
		c.lines = bufio.NewReaderSize(c.stdin, mostPassphrase+2)
	}
	text, err := c.lines.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", words.Errorf("a passphrase has at most %d bytes", mostPassphrase)
	}
	if err != nil && (!errors.Is(err, io.EOF) || len(text) == 0) {
		return "", words.New("no passphrase was given; type it, pipe it in, or use --passphrase-file")
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// fromFile reads the first line of a file that only its owner can read.
func fromFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fileFault(words.Text("reading the passphrase"), err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return "", words.Errorf("reading the passphrase: %w", err)
	}
	if runtime.GOOS != "windows" && st.Mode().Perm()&0o077 != 0 {
		return "", words.Errorf("others can read %s; make it yours alone first: chmod 600 %s", path, path)
	}
	b, err := io.ReadAll(io.LimitReader(f, mostPassphrase+1))
	if err != nil {
		return "", words.Errorf("reading the passphrase: %w", err)
	}
	if len(b) > mostPassphrase {
		return "", words.Errorf("%s holds more than a passphrase", path)
	}
	text, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimRight(text, "\r"), nil
}

// asker asks for a passphrase that was chosen when an engine starts here: from
// the file, or on the terminal where the command is worth a question.
func (c *call) asker(p parts) func(context.Context) (string, error) {
	f, isFile := c.stdin.(*os.File)
	switch {
	case c.silent:
		return nil
	case c.passphraseFile != "":
	case p == partsNone || p == partsScan || !isFile || !terminal(f):
		return nil
	}
	return func(ctx context.Context) (string, error) {
		return c.passphrase(ctx, words.Text("Passphrase of the key:"))
	}
}
