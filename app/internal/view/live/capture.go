package live

import (
	"context"
	"maps"
	"path/filepath"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
)

// captureTime is how long a file may be read: a large one takes minutes.
const captureTime = 6 * time.Hour

// captureEvery is how often the page tells how far a file is read.
const captureEvery = 500 * time.Millisecond

// capture is what the page of capture files is about.
type capture struct {
	path    string
	file    string // its name, while it is read and after that
	busy    bool
	looking bool // it is only looked at
	stopped bool // somebody wanted it to end
	now     engine.CaptureProgress
	info    *engine.CaptureInfo
	add     bool
	outcome view.Outcome
	forgot  map[string]view.Outcome
}

// captures is the page of capture files.
func (p *Pump) captures(ctx context.Context, w want) error {
	in := view.CaptureInput{Looking: w.capture.looking, Info: w.capture.info, Add: w.capture.add, Outcome: w.capture.outcome, Forgot: w.capture.forgot}
	if w.capture.busy {
		in.Now = w.capture.now
		in.Now.File = w.capture.file
	}
	var err error
	if in.Taken, err = p.config.Engine.Captures(ctx); err != nil {
		return err
	}
	put(p, string(view.PageCapture), p.presenter().Capture(in), same, func(c *view.Capture, r uint64) { c.Revision = r }, p.config.Screen.Capture)
	return nil
}

// LookAtCapture opens the page and says what the file at path holds; nothing is kept.
func (p *Pump) LookAtCapture(path string) {
	p.open(view.Route{Page: view.PageCapture})
	p.readCapture(path, true, func(ctx context.Context) (*engine.CaptureInfo, view.Outcome, error) {
		i, err := p.config.Engine.InspectCapture(ctx, path)
		return &i, view.Outcome{}, err
	})
}

// AddDevices says whether devices that were never seen here are taken over too.
func (p *Pump) AddDevices(on bool) { p.change(func(w *want) { w.capture.add = on }) }

// TakeCapture takes over the file that was looked at.
func (p *Pump) TakeCapture() {
	w := p.wanted().capture
	if w.info == nil {
		return
	}
	p.readCapture(w.path, false, func(ctx context.Context) (*engine.CaptureInfo, view.Outcome, error) {
		i, err := p.config.Engine.ImportCapture(ctx, engine.CaptureRequest{Path: w.path, New: w.add, How: how})
		return nil, p.presenter().CaptureTaken(i), err
	})
}

// CloseCapture puts the file away that was looked at.
func (p *Pump) CloseCapture() {
	p.change(func(w *want) {
		if !w.capture.busy {
			w.capture = capture{forgot: w.capture.forgot}
		}
	})
}

// StopCapture ends the reading under way.
func (p *Pump) StopCapture() {
	p.change(func(w *want) { w.capture.stopped = true })
	p.do(func(ctx context.Context) {
		if err := p.config.Engine.StopCapture(ctx); err != nil {
			p.failed(err)
		}
	})
}

// readCapture has read read a file, and tells meanwhile how far that is.
func (p *Pump) readCapture(path string, looking bool, read func(context.Context) (*engine.CaptureInfo, view.Outcome, error)) {
	begun := false
	p.change(func(w *want) {
		if begun = !w.capture.busy; begun {
			was := w.capture
			w.capture = capture{path: path, file: filepath.Base(path), busy: true, looking: looking, forgot: w.capture.forgot}
			if !looking { // what was looked at can be tried again when it fails
				w.capture.info, w.capture.add = was.info, was.add
			}
		}
	})
	if !begun {
		p.toast(view.Toast{Text: p.presenter().OneCapture(), Severity: view.Soon})
		return
	}
	p.queue(job{p.followCapture, captureTime})
	p.queue(job{func(ctx context.Context) {
		info, out, err := read(ctx)
		if err != nil {
			was := p.wanted().capture
			info, out = was.info, p.presenter().CaptureFailed(was.file, err, was.stopped)
		}
		p.change(func(w *want) { w.capture.busy, w.capture.info, w.capture.outcome = false, info, out })
	}, captureTime})
}

// followCapture asks how far a reading is, until it has ended.
func (p *Pump) followCapture(ctx context.Context) {
	tick := time.NewTicker(captureEvery)
	defer tick.Stop()
	for w := p.wanted(); w.capture.busy; w = p.wanted() {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if w.route.Page != view.PageCapture {
			continue // nobody looks
		}
		now, err := p.config.Engine.CaptureProgress(ctx)
		if err != nil {
			p.config.Log.Debug("asking how far a capture is read", "error", err)
			continue
		}
		p.change(func(w *want) { w.capture.now = now })
	}
}

// ForgetCapture deletes what a file told.
func (p *Pump) ForgetCapture(file string) {
	set := func(o view.Outcome) {
		p.change(func(w *want) {
			all := maps.Clone(w.capture.forgot) // others may be reading the old one
			if all == nil {
				all = map[string]view.Outcome{}
			}
			all[file] = o
			w.capture.forgot = all
		})
	}
	set(view.Outcome{Busy: true})
	p.queue(job{func(ctx context.Context) {
		f, err := p.config.Engine.ForgetCapture(ctx, file, how)
		out := p.presenter().CaptureForgotten(f)
		if err != nil {
			out = view.Outcome{Line: p.presenter().Failure(err), Severity: view.Still}
		}
		set(out)
	}, captureTime})
}
