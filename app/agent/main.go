// Command bestbefore-agent is the engine without a window, for a box that is
// always on, and the command line. It holds no Fyne and builds without cgo.
package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"bestbefore/app/internal/lifecycle"
	"bestbefore/app/internal/secrets"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	if err := lifecycle.Speak(cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG"))); err != nil {
		fmt.Fprintf(os.Stderr, "bestbefore-agent: %s\n", err) // it speaks English then
	}
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Exit codes: done, failed, wrong call.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a wrong call.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// run is main without the process: it answers the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return (&call{stdin: stdin, out: stdout, errs: stderr}).answer(ctx, args)
}

// answer carries the words out and gives the exit code.
func (c *call) answer(ctx context.Context, args []string) int {
	err := c.dispatch(ctx, args)
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage):
		fmt.Fprintf(c.errs, "bestbefore-agent: %s\n", err)
		return exitUsage
	case errors.Is(err, errSaid):
		return exitFailed
	default: // several faults are joined by line breaks
		fmt.Fprintf(c.errs, "bestbefore-agent: %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
		return exitFailed
	}
}

// errSaid ends a command that already printed why it failed.
var errSaid = errors.New("said")

// call is one run of the command line.
type call struct {
	stdin     io.Reader
	out, errs io.Writer
	data      string // data folder

	passphraseFile string
	silent         bool          // the command asks for the passphrase itself
	lines          *bufio.Reader // over stdin, for passphrases
	cost           secrets.Cost  // of a new passphrase; zero is the usual
}

// command is one word of the command line.
type command struct {
	usage, help string
	do          func(*call, context.Context, []string) error
}

func commands() map[string]command {
	return map[string]command{
		"run":            {"run", "work until stopped: watch the home, keep the dates", (*call).run},
		"scan":           {"scan [--for 15s] [--json]", "devices as they appear", (*call).scan},
		"devices":        {"devices [--json]", "list the devices", (*call).devices},
		"device":         {"device ID [--json]", "one device and what it rests on", (*call).device},
		"label":          {"label ID TEXT", "give a device your own name", (*call).label},
		"merge":          {"merge ID ID", "two entries are one device; the first one stays", (*call).merge},
		"split":          {"split ID", "take apart what was merged", (*call).split},
		"essential":      {"essential ID safety|medical|comfort|none", "what the clock must not cut", (*call).essential},
		"questions":      {"questions [--json] | questions ID yes|no", "is it the same device?", (*call).questions},
		"flows":          {"flows [DEVICE] [--to NAME] [--since 7d | --from DATE [--until DATE]] [--json]", "where devices send; NAME is a company, a recipient or a destination", (*call).flows},
		"news":           {"news [--json] | news fine DEVICE NAME ... | news stop DEVICE NAME ... | news allow DEVICE NAME ... --until DATE|DURATION [--data CATEGORY[,...]] [--then ...]", "to whom devices began to send; say that it is fine, stop it, or give it a date", (*call).news},
		"guides":         {"guides [NAME] [--json]", "the steps for makers and accounts that only you can end", (*call).guides},
		"coverage":       {"coverage [--json]", "who sees what each device sends, since when, and what would be needed to see more", (*call).coverage},
		"declared":       {"declared DEVICE [--json] | declared DEVICE --file FILE | --fetch | --forget", "what its maker declares (MUD, RFC 8520), or its first quiet week, held against what was seen; --fetch fetches the file that it announces", (*call).declared},
		"unusual":        {"unusual [--all] [--json] | unusual fine ID ...", "what devices do out of the ordinary; say that it is fine", (*call).unusual},
		"allow":          {"allow DEVICE --to RECIPIENT|any --data CATEGORY[,...] --until DATE|DURATION [--then warn|guide|block|revoke|revoke-then-block] [--whole]", "give a permission with an end date", (*call).allow},
		"consents":       {"consents [ID [--versions]] [--json]", "list the permissions, or show one and all that was decided about it", (*call).consents},
		"renew":          {"renew ID --until DATE|DURATION", "renew a permission", (*call).renew},
		"extend":         {"extend ID", "give a permission two more days, once", (*call).extend},
		"end":            {"end ID [--confirm]", "end a permission now; --confirm where that deletes an access for good", (*call).end},
		"confirm":        {"confirm ID [--steps]", "say that what only you could end by hand is done; or show the steps", (*call).confirm},
		"step":           {"step ID [block|whole|guide]", "how an end that failed or waits for you can go on; go on so", (*call).step},
		"undo":           {"undo", "take back the last decision", (*call).undo},
		"disconnect":     {"disconnect DEVICE [--for 1h | --until DATE] [--confirm]", "cut a device from the internet now, for a while or until you reconnect it", (*call).disconnect},
		"reconnect":      {"reconnect DEVICE", "lift that again", (*call).reconnect},
		"connectors":     {"connectors [--json]", "kinds and connections", (*call).connectors},
		"connect":        {"connect KIND [--set key=value ...] | connect KIND --setup", "set a connector up; secrets as key=value lines on standard input; --setup: what it needs first, and the text to paste there", (*call).connect},
		"recipe":         {"recipe check FILE | recipe add FILE [--yes] | recipe list [--json] | recipe remove KIND", "connectors that somebody wrote as a file: look at one, use it, list, remove", (*call).recipe},
		"change":         {"change CONNECTION --set key=value", "try other answers for a connection, and keep them if its peer accepts; --set key= takes one back; secrets as key=value lines on standard input", (*call).change},
		"remove":         {"remove CONNECTION [--end|--forget|--abandon]", "lift what a connection holds and forget it; --end: end first, there, what it gave us; --forget: only here; --abandon: one that does not answer, with nothing lifted", (*call).remove},
		"key":            {"key [--json] | key unlock|change|give-up", "the key that seals passwords, and the passphrase where there is no key store", (*call).key},
		"access":         {"access [--json] | access end ID [--confirm]", "the tokens, keys, logins and accounts that your peers gave; end one for good", (*call).access},
		"support":        {"support DEVICE [DATE|none --source TEXT]", "until when its maker keeps a device safe, and where that stands", (*call).support},
		"test":           {"test CONNECTION", "make a connection's peer answer now", (*call).test},
		"forget":         {"forget DEVICE|--from DATE --to DATE|--all [--texts] [--show]", "delete for good what was seen; --show only says what would go and what stays", (*call).forget},
		"held":           {"held [--lift] [--json]", "what we set outside, and lift it", (*call).held},
		"diary":          {"diary [--json] | diary --verify", "what was decided, done and seen", (*call).diary},
		"captures":       {"captures [--json] | captures forget FILE", "capture files that were taken over; delete what one told", (*call).captures},
		"import-capture": {"import-capture FILE [--new] [--show] [--json]", "take over what a capture file (pcap, pcapng) tells; --new adds devices never seen here, --show only says what it holds", (*call).importCapture},
		"clock":          {"clock [--confirm]", "the time that is gone by; say that this computer's clock is right", (*call).clock},
		"calendar":       {"calendar FILE|-", "the dates as a calendar file; import it again and it stays in step", (*call).calendar},
		"backup":         {"backup [list] [--json] | backup now | backup restore NAME | backup phrase [--new] | backup restore FILE --phrase-file F", "copies of permissions, diary and devices; put one back", (*call).backup},
		"export":         {"export DIR [--device DEVICE] [--to NAME] [--from DATE] [--until DATE] | export DIR --consent ID", "devices, flows, consents and diary as CSV and JSON; or only the flows that are chosen; or one permission alone, to hand on", (*call).export},
	}
}

// order is how the help lists the commands.
var order = []string{
	"run", "scan", "devices", "device", "label", "merge", "split", "essential", "questions", "flows", "news", "coverage", "declared", "unusual", "allow", "consents", "renew", "extend", "end", "confirm", "step",
	"undo", "disconnect", "reconnect", "connectors", "connect", "change", "recipe", "test", "remove", "access", "guides", "support", "key", "held", "diary", "backup", "export", "forget", "calendar", "import-capture", "captures", "clock",
}

// dispatch reads --data and the command's name.
func (c *call) dispatch(ctx context.Context, args []string) error {
	for len(args) > 0 && len(args[0]) > 0 && args[0][0] == '-' {
		switch {
		case args[0] == "--data" || args[0] == "-data":
			if len(args) < 2 {
				return usagef("--data needs a folder")
			}
			c.data, args = args[1], args[2:]
		case len(args[0]) > 7 && args[0][:7] == "--data=":
			c.data, args = args[0][7:], args[1:]
		case args[0] == "--passphrase-file":
			if len(args) < 2 {
				return usagef("--passphrase-file needs a file")
			}
			c.passphraseFile, args = args[1], args[2:]
		case args[0] == "--help" || args[0] == "-h":
			c.help(c.out)
			return nil
		case args[0] == "--version":
			fmt.Fprintln(c.out, lifecycle.Version)
			return nil
		default:
			return usagef("there is no option %q before the command; --help lists what there is", args[0])
		}
	}
	if len(args) == 0 {
		c.help(c.errs)
		return usagef("say what to do")
	}
	if args[0] == "help" {
		c.help(c.out)
		return nil
	}
	cmd, ok := commands()[args[0]]
	if !ok {
		return usagef("there is no command %q; --help lists them", args[0])
	}
	if c.data == "" {
		dir, err := lifecycle.DefaultDataDir()
		if err != nil {
			return err
		}
		c.data = dir
	}
	c.data = filepath.Clean(c.data)
	return cmd.do(c, ctx, args[1:])
}

func (c *call) help(w io.Writer) {
	fmt.Fprintln(w, "bestbefore-agent [--data DIR] [--passphrase-file FILE] COMMAND")
	fmt.Fprintln(w)
	all := commands()
	for _, name := range order {
		fmt.Fprintf(w, "  %s\n        %s\n", all[name].usage, all[name].help)
	}
	fmt.Fprintln(w)
	fmt.Fprintf(w, "The data lie in --data DIR. Its folder %s holds your own tables of who receives what (*.tsv), lists in its folder lists,\nand newer files of addresses (*.mmdb); they are read within a minute, and win over ours.\n\n", lifecycle.RecipientsDir)
	fmt.Fprintln(w, "Exit codes: 0 done, 1 failed, 2 wrong call.")
}
