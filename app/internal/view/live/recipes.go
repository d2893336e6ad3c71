package live

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
)

// recipeMost is more than any connector file may hold.
const recipeMost = 128 << 10

// connectorFile is the file that the household is asked about.
type connectorFile struct {
	name string
	text string
	info *engine.RecipeInfo
	busy bool
	err  string
}

// files fills in what is known of connectors as files.
func (p *Pump) files(ctx context.Context, w want) (view.FilesInput, error) {
	in := view.FilesInput{Look: w.file.info, File: w.file.name, Busy: w.file.busy, Error: w.file.err}
	var err error
	in.All, err = p.config.Engine.Recipes(ctx)
	return in, err
}

// TakeFile takes a file that was dropped on the window or chosen: a capture, or
// a connector. What is neither is said so.
func (p *Pump) TakeFile(path string) {
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".yaml", ".yml":
		p.LookAtFile(path)
		return
	case ".pcap", ".pcapng", ".cap":
		p.LookAtCapture(path)
		return
	}
	p.do(func(context.Context) {
		head, err := p.config.Desk.ReadFile(path, captureMark)
		switch {
		case err != nil:
			p.failed(err)
		case isCapture(head):
			p.LookAtCapture(path)
		default:
			p.toast(view.Toast{Text: p.presenter().NeitherFile(filepath.Base(path)), Severity: view.Soon})
		}
	})
}

// ManyFiles says that files are taken one by one.
func (p *Pump) ManyFiles() {
	p.toast(view.Toast{Text: p.presenter().OneFile(), Severity: view.Soon})
}

// Copied says that a text can be pasted now.
func (p *Pump) Copied() string { return p.presenter().Copied() }

// captureMark is how many bytes at the start of a capture say what it is.
const captureMark = 4

// isCapture reports whether a file begins as pcap, in either order of bytes and
// with either unit of time, or as pcapng.
func isCapture(head []byte) bool {
	for _, m := range []string{"\xa1\xb2\xc3\xd4", "\xd4\xc3\xb2\xa1", "\xa1\xb2\x3c\x4d", "\x4d\x3c\xb2\xa1", "\x0a\x0d\x0d\x0a"} {
		if bytes.Equal(head, []byte(m)) {
			return true
		}
	}
	return false
}

// LookAtFile opens the page of connectors with what a connector file says; nothing is kept.
func (p *Pump) LookAtFile(path string) {
	p.open(view.Route{Page: view.PageConnectors})
	p.do(func(ctx context.Context) {
		f := connectorFile{name: filepath.Base(path)}
		data, err := p.config.Desk.ReadFile(path, recipeMost)
		if err == nil {
			var info engine.RecipeInfo
			f.text = string(data)
			if info, err = p.config.Engine.LookAtRecipe(ctx, f.text); err == nil {
				f.info = &info
			}
		}
		f.err = p.why(err)
		p.change(func(w *want) { w.file = f })
	})
}

// CloseFile puts the connector file away.
func (p *Pump) CloseFile() { p.change(func(w *want) { w.file = connectorFile{} }) }

// ApproveFile keeps the file that is shown; sum is its fingerprint as it was shown.
func (p *Pump) ApproveFile(sum string) {
	f := p.wanted().file
	if f.info == nil || f.busy {
		return
	}
	p.change(func(w *want) { w.file.busy, w.file.err = true, "" })
	p.do(func(ctx context.Context) {
		info, err := p.config.Engine.AddRecipe(ctx, f.text, sum)
		if err != nil {
			why := p.why(err)
			p.change(func(w *want) { w.file.busy, w.file.err = false, why })
			return
		}
		p.staleConnections()
		p.change(func(w *want) { w.file, w.form = connectorFile{}, form{kind: info.Spec.Kind} })
		p.toast(view.Toast{Text: p.presenter().FileAdded(info), Severity: view.Fresh})
	})
}

// RemoveFile takes a connector file away.
func (p *Pump) RemoveFile(kind string) {
	p.do(func(ctx context.Context) {
		if err := p.config.Engine.RemoveRecipe(ctx, kind); err != nil {
			p.failed(err)
			return
		}
		p.staleConnections()
		p.toast(view.Toast{Text: p.presenter().FileRemoved()})
	})
}
