package main

import (
	"context"
	"errors"
	"os"
	"os/exec"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/lifecycle"
	"bestbefore/app/internal/store"
	"bestbefore/app/internal/ui"
	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/ui/settings"
	"bestbefore/app/internal/view"
)

// fault is the window of a program that cannot work: it says why, for somebody
// who did not start it from a terminal, and offers the copies that can be put
// back where that helps.
type fault struct {
	app     fyne.App
	window  fyne.Window
	dir     string
	why     error
	do      ui.Dispatcher
	restore func(ctx context.Context, name string) (string, error)

	// What follows belongs to the window's goroutine.
	buttons []*kit.Button
	said    *fyne.Container
	foot    *fyne.Container
	key     *fyne.Container // where the passphrase is asked for
}

// newFault shows nothing yet. The copies are those of dir.
func newFault(a fyne.App, w fyne.Window, dir string, why error) *fault {
	f := &fault{app: a, window: w, dir: dir, why: why, do: ui.OnWindow(), said: kit.NewColumn(0), key: kit.NewColumn(0)}
	f.restore = func(ctx context.Context, name string) (string, error) {
		return lifecycle.Restore(ctx, lifecycle.Config{Dir: dir, Credentials: os.Getenv("CREDENTIALS_DIRECTORY"), AskPassphrase: f.askPassphrase}, name)
	}
	return f
}

// repairable reports whether a copy that is put back would help.
func repairable(err error) bool {
	return errors.Is(err, store.ErrCorrupt) || errors.Is(err, store.ErrMissing)
}

// sentence says what happened.
func (f *fault) sentence() string {
	switch {
	case errors.Is(f.why, store.ErrMissing):
		return lang.L("The file with your permissions and the diary is gone, although this folder had one.")
	case errors.Is(f.why, store.ErrCorrupt):
		return lang.L("The file with your permissions and the diary is damaged. It was left as it is.")
	default:
		return f.why.Error()
	}
}

// show fills the window and shows it until it is closed.
func (f *fault) show() {
	f.window.SetContent(f.content())
	f.window.Resize(fyne.NewSize(760, 520))
	f.window.ShowAndRun()
}

func (f *fault) content() fyne.CanvasObject {
	f.foot = kit.NewFlow(2*kit.Step, kit.NewButton(lang.L("Close"), kit.Ordinary, f.app.Quit))
	body := kit.NewColumn(4*kit.Step, kit.NewNotice(view.Still, lang.L("Best Before cannot start."), f.sentence(), "", nil))
	if repairable(f.why) {
		body.Add(f.copies())
	}
	body.Add(f.key)
	body.Add(f.said)
	body.Add(f.foot)
	return kit.NewPage(body)
}

// copies lists what can be put back, newest first, with a button each.
func (f *fault) copies() fyne.CanvasObject {
	have, err := lifecycle.Backups(f.dir)
	if err != nil || len(have) == 0 {
		return kit.NewSheet(lang.L("There is no copy to put back"), kit.NewText(lang.L("To begin anew, move this folder away and start again: {{.Folder}}", map[string]any{"Folder": f.dir})).Wrapped(0))
	}
	list := kit.NewColumn(3*kit.Step, kit.NewText(lang.L("Newer decisions that can still be read are kept, and what had ended does not come back. What is there now is kept beside it.")).Wrapped(0))
	for _, b := range have {
		list.Add(f.row(b))
	}
	return kit.NewSheet(lang.L("Put a copy back"), list)
}

func (f *fault) row(b engine.Backup) fyne.CanvasObject {
	put := kit.NewButton(lang.L("Put this one back"), kit.Main, func() { f.put(b.Name) })
	f.buttons = append(f.buttons, put)
	return kit.NewHead(kit.NewText(lang.L("Of {{.When}}", map[string]any{"When": b.Time.Local().Format("2 January 2006, 15:04")})), kit.NewFlow(0, put))
}

// put puts one back in the background and says how that ended.
func (f *fault) put(name string) {
	f.enable(false)
	f.say(view.None, "", lang.L("The copy is being put back …"))
	go func() {
		text, err := f.restore(context.Background(), name)
		f.do(func() { f.done(text, err) })
	}()
}

func (f *fault) done(text string, err error) {
	if err != nil {
		f.enable(true)
		f.say(view.Still, lang.L("That did not work."), err.Error())
		return
	}
	f.say(view.None, lang.L("Done."), text)
	f.foot.Objects = []fyne.CanvasObject{kit.NewButton(lang.L("Start Best Before"), kit.Main, f.again)}
	f.foot.Refresh()
}

// again starts the program anew, as it was started, and ends this one.
func (f *fault) again() {
	self, err := os.Executable()
	if err == nil {
		err = exec.Command(self, os.Args[1:]...).Start() //nolint:gosec // this program itself, with its own words
	}
	if err != nil {
		f.say(view.Still, "", lang.L("Start Best Before again, please."))
		return
	}
	f.app.Quit()
}

func (f *fault) enable(on bool) {
	for _, b := range f.buttons {
		if on {
			b.Enable()
		} else {
			b.Disable()
		}
	}
}

func (f *fault) say(s view.Severity, word, text string) {
	f.said.Objects = []fyne.CanvasObject{kit.NewNotice(s, word, text, "", nil)}
	f.window.Content().Refresh()
}

// askPassphrase asks for the passphrase that opens the copies, where one was
// chosen; it is called beside the window's goroutine.
func (f *fault) askPassphrase(ctx context.Context) (string, error) {
	typed := make(chan string, 1)
	f.do(func() {
		d, first := settings.NewPassphrase(view.Passphrase{
			Title: lang.L("Passphrase"), Text: lang.L("The copies are sealed. Your passphrase opens them."), Button: lang.L("Put this one back"),
		}, settings.PassphraseCommands{
			Give:   func(text string, _ func(string)) { typed <- text },
			Cancel: func() { typed <- "" },
		})
		f.key.Objects = []fyne.CanvasObject{d}
		f.window.Content().Refresh()
		f.window.Canvas().Focus(first)
	})
	select {
	case text := <-typed:
		f.do(func() { f.key.Objects = nil; f.window.Content().Refresh() })
		if text == "" {
			return "", errors.New(lang.L("No passphrase was given."))
		}
		return text, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
