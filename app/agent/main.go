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
	"slices"
	"strings"
	"syscall"

	"bestbefore/app/internal/lifecycle"
	"bestbefore/app/internal/secrets"
	"bestbefore/assets/words"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	if err := lifecycle.Speak(cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG"))); err != nil {
		(&call{errs: os.Stderr}).complain(err.Error()) // it speaks English then
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

// misused is the fault of a wrong call.
func misused(text string) error { return usageError{text} }

// misuse shows how a command is called.
func misuse(name string) error { return misused(words.Sprintf("usage: %s", commands()[name].usage)) }

// program is our name, before what goes wrong.
const program = "bestbefore-agent"

// complain says on standard error what is wrong.
func (c *call) complain(text string) { fmt.Fprintf(c.errs, "%s: %s\n", program, text) }

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
		c.complain(err.Error())
		return exitUsage
	case errors.Is(err, errSaid):
		return exitFailed
	default: // several faults are joined by line breaks
		c.complain(strings.ReplaceAll(err.Error(), "\n", "; "))
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

// syntax is how a command is typed, which is the same in every language.
type syntax string

// command is one word of the command line.
type command struct {
	usage syntax
	help  string
	do    func(*call, context.Context, []string) error
}

func commands() map[string]command {
	return map[string]command{
		"run":            {syntax("run"), words.Text("work until stopped: watch the home, keep the dates"), (*call).run},
		"scan":           {syntax("scan [--for 15s] [--json]"), words.Text("devices as they appear"), (*call).scan},
		"devices":        {syntax("devices [--json]"), words.Text("list the devices"), (*call).devices},
		"device":         {syntax("device ID [--json]"), words.Text("one device and what it rests on"), (*call).device},
		"label":          {syntax("label ID TEXT"), words.Text("give a device your own name"), (*call).label},
		"merge":          {syntax("merge ID ID"), words.Text("two entries are one device; the first one stays"), (*call).merge},
		"split":          {syntax("split ID"), words.Text("take apart what was merged"), (*call).split},
		"essential":      {syntax("essential ID safety|medical|comfort|none"), words.Text("what the clock must not cut"), (*call).essential},
		"questions":      {syntax("questions [--json] | questions ID yes|no"), words.Text("is it the same device?"), (*call).questions},
		"flows":          {syntax("flows [DEVICE] [--to NAME] [--since 7d | --from DATE [--until DATE]] [--json]"), words.Text("where devices send; NAME is a company, a recipient or a destination"), (*call).flows},
		"news":           {syntax("news [--json] | news fine DEVICE NAME ... | news stop DEVICE NAME ... | news allow DEVICE NAME ... --until DATE|DURATION [--data CATEGORY[,...]] [--then ...]"), words.Text("to whom devices began to send; say that it is fine, stop it, or give it a date"), (*call).news},
		"guides":         {syntax("guides [NAME] [--json]"), words.Text("the steps for makers and accounts that only you can end"), (*call).guides},
		"coverage":       {syntax("coverage [--json]"), words.Text("who sees what each device sends, since when, and what would be needed to see more"), (*call).coverage},
		"declared":       {syntax("declared DEVICE [--json] | declared DEVICE --file FILE | --fetch | --forget"), words.Text("what its maker declares (MUD, RFC 8520), or its first quiet week, held against what was seen; --fetch fetches the file that it announces"), (*call).declared},
		"unusual":        {syntax("unusual [--all] [--json] | unusual fine ID ..."), words.Text("what devices do out of the ordinary; say that it is fine"), (*call).unusual},
		"allow":          {syntax("allow DEVICE --to RECIPIENT|any --data CATEGORY[,...] --until DATE|DURATION [--then warn|guide|block|revoke|revoke-then-block] [--whole]"), words.Text("give a permission with an end date"), (*call).allow},
		"consents":       {syntax("consents [ID [--versions]] [--json]"), words.Text("list the permissions, or show one and all that was decided about it"), (*call).consents},
		"renew":          {syntax("renew ID --until DATE|DURATION"), words.Text("renew a permission"), (*call).renew},
		"extend":         {syntax("extend ID"), words.Text("give a permission two more days, once"), (*call).extend},
		"end":            {syntax("end ID [--confirm]"), words.Text("end a permission now; --confirm where that deletes an access for good"), (*call).end},
		"confirm":        {syntax("confirm ID [--steps]"), words.Text("say that what only you could end by hand is done; or show the steps"), (*call).confirm},
		"step":           {syntax("step ID [block|whole|guide]"), words.Text("how an end that failed or waits for you can go on; go on so"), (*call).step},
		"undo":           {syntax("undo"), words.Text("take back the last decision"), (*call).undo},
		"disconnect":     {syntax("disconnect DEVICE [--for 1h | --until DATE] [--confirm]"), words.Text("cut a device from the internet now, for a while or until you reconnect it"), (*call).disconnect},
		"reconnect":      {syntax("reconnect DEVICE"), words.Text("lift that again"), (*call).reconnect},
		"connectors":     {syntax("connectors [--json]"), words.Text("kinds and connections"), (*call).connectors},
		"connect":        {syntax("connect KIND [--set key=value ...] | connect KIND --setup"), words.Text("set a connector up; secrets as key=value lines on standard input; --setup: what it needs first, and the text to paste there"), (*call).connect},
		"recipe":         {syntax("recipe check FILE | recipe add FILE [--yes] | recipe list [--json] | recipe remove KIND"), words.Text("connectors that somebody wrote as a file: look at one, use it, list, remove"), (*call).recipe},
		"change":         {syntax("change CONNECTION --set key=value"), words.Text("try other answers for a connection, and keep them if its peer accepts; --set key= takes one back; secrets as key=value lines on standard input"), (*call).change},
		"remove":         {syntax("remove CONNECTION [--end|--forget|--abandon]"), words.Text("lift what a connection holds and forget it; --end: end first, there, what it gave us; --forget: only here; --abandon: one that does not answer, with nothing lifted"), (*call).remove},
		"key":            {syntax("key [--json] | key unlock|change|give-up"), words.Text("the key that seals passwords, and the passphrase where there is no key store"), (*call).key},
		"access":         {syntax("access [--json] | access end ID [--confirm]"), words.Text("the tokens, keys, logins and accounts that your peers gave; end one for good"), (*call).access},
		"support":        {syntax("support DEVICE [DATE|none --source TEXT]"), words.Text("until when its maker keeps a device safe, and where that stands"), (*call).support},
		"test":           {syntax("test CONNECTION"), words.Text("make a connection's peer answer now"), (*call).test},
		"forget":         {syntax("forget DEVICE|--from DATE --to DATE|--all [--texts] [--show]"), words.Text("delete for good what was seen; --show only says what would go and what stays"), (*call).forget},
		"held":           {syntax("held [--lift] [--json]"), words.Text("what we set outside, and lift it"), (*call).held},
		"diary":          {syntax("diary [--json] | diary --verify"), words.Text("what was decided, done and seen"), (*call).diary},
		"captures":       {syntax("captures [--json] | captures forget FILE"), words.Text("capture files that were taken over; delete what one told"), (*call).captures},
		"import-capture": {syntax("import-capture FILE [--new] [--show] [--json]"), words.Text("take over what a capture file (pcap, pcapng) tells; --new adds devices never seen here, --show only says what it holds"), (*call).importCapture},
		"clock":          {syntax("clock [--confirm]"), words.Text("the time that is gone by; say that this computer's clock is right"), (*call).clock},
		"calendar":       {syntax("calendar FILE|-"), words.Text("the dates as a calendar file; import it again and it stays in step"), (*call).calendar},
		"backup":         {syntax("backup [list] [--json] | backup now | backup restore NAME | backup phrase [--new] | backup restore FILE --phrase-file F"), words.Text("copies of permissions, diary and devices; put one back"), (*call).backup},
		"export":         {syntax("export DIR [--device DEVICE] [--to NAME] [--from DATE] [--until DATE] | export DIR --consent ID"), words.Text("devices, flows, consents and diary as CSV and JSON; or only the flows that are chosen; or one permission alone, to hand on"), (*call).export},
	}
}

// order is how the help lists the commands.
var order = []string{
	"run", "scan", "devices", "device", "label", "merge", "split", "essential", "questions", "flows", "news", "coverage", "declared", "unusual", "allow", "consents", "renew", "extend", "end", "confirm", "step",
	"undo", "disconnect", "reconnect", "connectors", "connect", "change", "recipe", "test", "remove", "access", "guides", "support", "key", "held", "diary", "backup", "export", "forget", "calendar", "import-capture", "captures", "clock",
}

// dispatch finds the command behind the options that stand before it.
func (c *call) dispatch(ctx context.Context, args []string) error {
	args, err := c.before(args)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		c.help(c.errs)
		return misused(words.Text("say what to do"))
	}
	if args[0] == "--version" {
		fmt.Fprintln(c.out, lifecycle.Version)
		return nil
	}
	name, asked := args[0], slices.ContainsFunc(args[1:], asksHelp)
	if name == "help" || asksHelp(name) {
		if len(args) == 1 {
			c.help(c.out)
			return nil
		}
		name, asked = args[1], true
	}
	cmd, ok := commands()[name]
	if !ok {
		return misused(words.Sprintf("there is no command %q; --help lists them", name))
	}
	if asked {
		c.helpOn(c.out, cmd)
		return nil
	}
	if c.data == "" {
		if c.data, err = lifecycle.DefaultDataDir(); err != nil {
			return err
		}
	}
	c.data = filepath.Clean(c.data)
	return cmd.do(c, ctx, args[1:])
}

// before reads the options that stand before the command and gives the rest,
// which begins with the command's name or with what is asked in its place.
func (c *call) before(args []string) ([]string, error) {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		name, value, joined := strings.Cut(args[0], "=")
		into, needs := &c.data, words.Text("--data needs a folder")
		switch name {
		case "--data", "-data":
		case "--passphrase-file":
			into, needs = &c.passphraseFile, words.Text("--passphrase-file needs a file")
		case "--version", "--help", "-help", "-h":
			return args, nil
		default:
			return nil, misused(words.Sprintf("there is no option %q before the command; --help lists what there is", args[0]))
		}
		if !joined {
			if args = args[1:]; len(args) == 0 {
				return nil, misused(needs)
			}
			value = args[0]
		}
		*into, args = value, args[1:]
	}
	return args, nil
}

func asksHelp(arg string) bool { return arg == "--help" || arg == "-help" || arg == "-h" }

// helpOn explains one command.
func (c *call) helpOn(w io.Writer, cmd command) {
	fmt.Fprintf(w, "  %s\n        %s\n", cmd.usage, cmd.help)
}

func (c *call) help(w io.Writer) {
	fmt.Fprintln(w, syntax(program+" [--data DIR] [--passphrase-file FILE] COMMAND"))
	fmt.Fprintln(w)
	all := commands()
	for _, name := range order {
		c.helpOn(w, all[name])
	}
	fmt.Fprintln(w)
	fmt.Fprintln(w, words.Sprintf("The data lie in --data DIR. Its folder %s holds your own tables of who receives what (*.tsv), lists in its folder lists,\nand newer files of addresses (*.mmdb); they are read within a minute, and win over ours.", lifecycle.RecipientsDir))
	fmt.Fprintln(w)
	fmt.Fprintln(w, words.Text("Exit codes: 0 done, 1 failed, 2 wrong call."))
}
