package main

import (
	"fmt"
	"io"
	"os"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"

	"bestbefore/app/internal/view"
)

// The endings of the files that are asked for by name. One with another ending
// can be dropped on the window all the same.
var (
	captureEndings = []string{".pcap", ".pcapng", ".cap"}
	recipeEndings  = []string{".yaml", ".yml"}
)

// askFile asks for a file; closing the question does nothing.
func (win *window) askFile(endings []string, take func(path string)) {
	d := dialog.NewFileOpen(func(f fyne.URIReadCloser, err error) {
		if err != nil || f == nil {
			return
		}
		path := f.URI().Path()
		_ = f.Close() // nothing was read through it
		take(path)
	}, win.fyne)
	d.SetFilter(storage.NewExtensionFileFilter(endings))
	d.Show()
}

// dropped takes a file that was dropped on the window.
func (win *window) dropped(_ fyne.Position, what []fyne.URI) {
	switch {
	case len(what) == 0:
	case len(what) > 1:
		win.pump.ManyFiles()
	default:
		win.pump.TakeFile(what[0].Path())
	}
}

// saveText asks where a text shall go; closing the question does nothing.
func (win *window) saveText(name, text string) {
	win.askSave(name, func(path string) { win.pump.SaveSetup(path, text) })
}

// askSave asks for the name of a file to write.
func (win *window) askSave(name string, save func(path string)) {
	d := dialog.NewFileSave(func(f fyne.URIWriteCloser, err error) {
		if err != nil || f == nil {
			return
		}
		path := f.URI().Path()
		if err := f.Close(); err == nil {
			save(path)
		}
	}, win.fyne)
	d.SetFileName(name)
	d.Show()
}

// copy puts a text where it can be pasted from, and says so.
func (win *window) copy(text string) {
	fyne.CurrentApp().Clipboard().SetContent(text)
	win.shell.Toast(view.Toast{Text: win.pump.Copied(), Severity: view.Fresh})
}

// readFile reads what the person chose, at most so many bytes.
func readFile(path string, most int64) ([]byte, error) {
	st, err := os.Stat(path) // before it is opened: opening a pipe would wait for its writer
	if err != nil {
		return nil, fmt.Errorf("reading the file: %w", err)
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", st.Name())
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the file: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return nil, fmt.Errorf("reading the file: %w", err)
	}
	return data, nil
}

// writeText writes a file whole or not at all: who reads it meanwhile never sees
// half of it.
func writeText(path, text string) error {
	part := path + ".part"
	if err := os.WriteFile(part, []byte(text), 0o600); err != nil {
		return fmt.Errorf("writing the file: %w", err)
	}
	if err := os.Rename(part, path); err != nil {
		_ = os.Remove(part)
		return fmt.Errorf("writing the file: %w", err)
	}
	return nil
}
