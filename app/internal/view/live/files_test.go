package live

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/connectors"
)

// shelf is an engine with connector files and captures.
type shelf struct {
	*fake
	added     []string
	addErr    error
	importing chan error // ends the reading under way
	imported  []engine.CaptureRequest

	mu       sync.Mutex // guards both below
	taken    []engine.TakenCapture
	progress engine.CaptureProgress
}

func (s *shelf) set(taken []engine.TakenCapture, now engine.CaptureProgress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken, s.progress = taken, now
}

func (s *shelf) LookAtRecipe(_ context.Context, text string) (engine.RecipeInfo, error) {
	if strings.Contains(text, "broken") {
		return engine.RecipeInfo{State: "broken", Faults: []string{"line 1, column 1: schema is needed"}}, nil
	}
	return engine.RecipeInfo{State: "new", SHA256: "sum of " + text, Spec: connectors.Spec{Kind: "plug", Name: "Plug"}}, nil
}

func (s *shelf) AddRecipe(_ context.Context, text, sum string) (engine.RecipeInfo, error) {
	s.added = append(s.added, text+"/"+sum)
	return engine.RecipeInfo{Spec: connectors.Spec{Kind: "plug", Name: "Plug"}}, s.addErr
}

func (s *shelf) Captures(context.Context) ([]engine.TakenCapture, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken, nil
}

func (s *shelf) CaptureProgress(context.Context) (engine.CaptureProgress, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.progress, nil
}

func (s *shelf) InspectCapture(_ context.Context, path string) (engine.CaptureInfo, error) {
	return engine.CaptureInfo{File: "a.pcap", Known: []engine.CaptureDevice{{ID: "d1", Name: "Bell"}}, Unknown: make([]engine.CaptureDevice, 2)}, <-s.importing
}

func (s *shelf) ImportCapture(_ context.Context, r engine.CaptureRequest) (engine.CaptureInfo, error) {
	s.imported = append(s.imported, r)
	return engine.CaptureInfo{File: "a.pcap", Taken: 7}, <-s.importing
}

func (s *shelf) StopCapture(context.Context) error {
	s.importing <- context.Canceled
	return nil
}

func (s *shelf) ForgetCapture(_ context.Context, file, _ string) (engine.Forgotten, error) {
	s.set(nil, engine.CaptureProgress{})
	return engine.Forgotten{Rows: 12}, nil
}

func shelfPump(t *testing.T, files map[string]string) (*Pump, *screen, *shelf) {
	t.Helper()
	e := &shelf{fake: &fake{devices: oneDevice("Bell")}, importing: make(chan error, 1)}
	e.read = func(path string, most int64) ([]byte, error) {
		text, ok := files[path]
		if !ok {
			return nil, errors.New("no such file")
		}
		return []byte(text[:min(len(text), int(most))]), nil
	}
	p, s := pumpOf(t, e, e.fake)
	s.open = p.Shown
	return p, s, e
}

func TestADroppedFileGoesWhereItBelongs(t *testing.T) {
	files := map[string]string{
		"/plug.yaml": "kind: plug", "/a.pcap": "anything", "/noending": "\xd4\xc3\xb2\xa1rest", "/new.dump": "\x0a\x0d\x0d\x0arest", "/letter.pdf": "%PDF", "/short": "x",
	}
	for path, want := range map[string]view.Page{
		"/plug.yaml": view.PageConnectors, "/a.pcap": view.PageCapture, "/noending": view.PageCapture, "/new.dump": view.PageCapture,
		"/letter.pdf": "", "/short": "", "/gone": "",
	} {
		synctest.Test(t, func(t *testing.T) {
			p, s, e := shelfPump(t, files)
			e.importing <- nil
			p.TakeFile(path)
			s.settle()
			s.settle()
			if got := p.wanted().route.Page; got != want {
				t.Errorf("%s opened %q, not %q", path, got, want)
			}
			if said := len(s.toasts) == 1; said != (want == "") {
				t.Errorf("%s: said %+v", path, s.toasts)
			}
		})
	}
}

func TestAConnectorFileIsKeptOnlyAfterItWasApproved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s, e := shelfPump(t, map[string]string{"/plug.yaml": "kind: plug"})
		p.TakeFile("/plug.yaml")
		s.settle()
		s.settle()
		got := last(t, s.connectors)
		if got.Files.Look.Title != "Plug" || got.Files.Look.Approve.ID != "sum of kind: plug" || len(e.added) != 0 {
			t.Fatalf("%+v, kept %q", got.Files.Look, e.added)
		}
		e.addErr = errors.New("the disk is full")
		p.ApproveFile(got.Files.Look.Approve.ID)
		s.settle()
		if got = last(t, s.connectors); got.Files.Look.Error != "The disk is full." {
			t.Fatalf("%+v", got.Files.Look)
		}
		e.addErr = nil
		p.ApproveFile(got.Files.Look.Approve.ID)
		s.settle()
		if got = last(t, s.connectors); got.Files.Look.Title != "" || !slices.Equal(e.added, []string{"kind: plug/sum of kind: plug", "kind: plug/sum of kind: plug"}) {
			t.Errorf("%+v, kept %q", got.Files.Look, e.added)
		}
		if len(s.toasts) != 1 || s.toasts[0].Text != "Plug can be connected now." {
			t.Errorf("%+v", s.toasts)
		}
	})
}

func TestABrokenConnectorFileCannotBeApproved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s, e := shelfPump(t, map[string]string{"/mine.yaml": "broken"})
		p.TakeFile("/mine.yaml")
		s.settle()
		s.settle()
		got := last(t, s.connectors).Files.Look
		if len(got.Faults) != 1 || !strings.HasPrefix(got.Faults[0], "Line 1, column 1") || got.Approve.Label != "" || got.WayOut == "" || len(e.added) != 0 {
			t.Errorf("%+v", got)
		}
		p.CloseFile()
		s.settle()
		if got := last(t, s.connectors).Files.Look; got.Title != "" {
			t.Errorf("%+v", got)
		}
	})
}

func TestACaptureIsLookedAtFollowedTakenOverAndForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s, e := shelfPump(t, nil)
		p.LookAtCapture("/a.pcap")
		s.settle()
		e.set(nil, engine.CaptureProgress{File: "a.pcap", Done: 1, Size: 4})
		time.Sleep(2 * captureEvery)
		s.settle()
		if got := last(t, s.capture); !got.Busy || got.Progress != 0.25 || got.Stop.Label == "" || got.File != "" {
			t.Fatalf("under way %+v", got)
		}
		p.LookAtCapture("/b.pcap") // one at a time
		s.settle()
		if len(s.toasts) != 1 {
			t.Fatalf("%+v", s.toasts)
		}
		e.importing <- nil
		s.settle()
		time.Sleep(2 * captureEvery) // who follows it looks up
		s.settle()
		got := last(t, s.capture)
		if got.Busy || got.File != "a.pcap" || len(got.Known) != 1 || len(got.New) != 2 || got.Take.Label != "Take over 1 device" {
			t.Fatalf("looked at %+v", got)
		}
		p.AddDevices(true)
		s.settle()
		if got = last(t, s.capture); got.Take.Label != "Take over 3 devices" || !got.Add[0].Chosen {
			t.Fatalf("with new ones %+v", got)
		}
		p.TakeCapture()
		e.set([]engine.TakenCapture{{File: "a.pcap", Records: 7, Devices: 3}}, engine.CaptureProgress{})
		e.importing <- nil
		s.settle()
		if got = last(t, s.capture); got.Outcome.Severity != view.Fresh || got.File != "" || len(got.Taken) != 1 || len(e.imported) != 1 || !e.imported[0].New {
			t.Fatalf("taken over %+v, %+v", got, e.imported)
		}
		p.ForgetCapture("a.pcap")
		s.settle()
		if got = last(t, s.capture); len(got.Taken) != 1 || got.Taken[0].Forget.Label != "" || got.Taken[0].Outcome.Line != "Forgotten: 12 rows of traffic were deleted." {
			t.Fatalf("forgotten %+v", got)
		}
		time.Sleep(2 * captureEvery)
	})
}

func TestACaptureIsStoppedOrCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(p *Pump, e *shelf)
		want view.Severity
		says string
	}{
		"stopped": {func(p *Pump, _ *shelf) { p.StopCapture() }, view.Soon, "Stopped."},
		"broken":  {func(_ *Pump, e *shelf) { e.importing <- errors.New("this is no capture file") }, view.Still, "This is no capture file."},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, s, e := shelfPump(t, nil)
				p.LookAtCapture("/a.pcap")
				s.settle()
				c.end(p, e)
				s.settle()
				if got := last(t, s.capture); got.Busy || got.Outcome.Severity != c.want || !strings.Contains(got.Outcome.Line, c.says) || got.File != "" {
					t.Errorf("%+v", got)
				}
				time.Sleep(2 * captureEvery)
			})
		})
	}
}
