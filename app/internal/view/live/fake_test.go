package live

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"bestbefore/app/internal/changes"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is an engine with function fields; what is nil answers with nothing.
// Methods that no test needs are the nil interface's and would panic.
type fake struct {
	engine.Engine
	hub         changes.Hub
	devices     func() []engine.DeviceInfo
	consents    func() []engine.ConsentInfo
	asked       map[string]int // not locked: all questions come from one goroutine at a time
	pause       func(until string) (consent.Action, error)
	disconnect  func(ctx context.Context, id discovery.DeviceID, second bool) (consent.Action, error)
	action      func() consent.Action
	cut         *engine.Preview // of a disconnect; nil wants a second confirmation
	allow       func(engine.AllowRequest) error
	label       func(ctx context.Context, id discovery.DeviceID, text string) error
	connect     func(engine.ConnectRequest) error
	mend        func(engine.ChangeRequest) error
	connections []string // their names
	renew       func(until string) error
	remedy      consent.Remedy // of what is ended
	mu          sync.Mutex     // guards backups, and what a household is asked
	backups     []engine.Backup
	save        func(path string, all []engine.ConsentInfo, now time.Time) error
	access      []engine.AccessInfo
	guides      []connectors.Guide
	endAccess   func(id string, sure bool) (consent.Action, error)
	read        func(path string, most int64) ([]byte, error)
	kinds       []connectors.Spec
	link        *linking
}

func (f *fake) ask(what string) {
	if f.asked == nil {
		f.asked = map[string]int{}
	}
	f.asked[what]++
}

func (f *fake) Watch(ctx context.Context) <-chan changes.Change { return f.hub.Listen(ctx) }

func (f *fake) Devices(context.Context) ([]engine.DeviceInfo, error) {
	f.ask("devices")
	if f.devices == nil {
		return nil, nil
	}
	return f.devices(), nil
}

func (f *fake) Device(_ context.Context, ref string) (engine.DeviceInfo, error) {
	for _, d := range f.devices() {
		if string(d.ID) == ref {
			return d, nil
		}
	}
	return engine.DeviceInfo{}, consent.ErrNotFound
}

func (f *fake) Consents(context.Context) ([]engine.ConsentInfo, error) {
	if f.consents == nil {
		return nil, nil
	}
	return f.consents(), nil
}

func (f *fake) Flows(context.Context, engine.FlowQuery) ([]engine.FlowInfo, error) { return nil, nil }

func (f *fake) Totals(context.Context, engine.FlowQuery) ([]engine.Total, error) { return nil, nil }

func (f *fake) Days(context.Context, discovery.DeviceID, int) ([]engine.Day, error) { return nil, nil }

func (f *fake) Overview(context.Context) (engine.Overview, error) {
	f.ask("overview")
	return engine.Overview{}, nil
}

func (f *fake) Connectors(context.Context) (engine.ConnectorsInfo, error) {
	info := engine.ConnectorsInfo{Kinds: f.kinds}
	for _, id := range f.connections {
		info.Connections = append(info.Connections, engine.ConnectionInfo{Connection: connectors.Connection{ID: id, Kind: "box"}})
	}
	return info, nil
}

func (f *fake) Diary(context.Context, engine.DiaryQuery) ([]engine.DiaryEntry, error) {
	f.ask("diary")
	return nil, nil
}

func (f *fake) Unusual(context.Context, bool) ([]engine.Unusual, error) { return nil, nil }

func (f *fake) Declared(context.Context, discovery.DeviceID) (engine.Declaration, error) {
	return engine.Declaration{}, nil
}

func (f *fake) VerifyDiary(context.Context) (ledger.Report, error) {
	return ledger.Report{Entries: 3, Sealed: true}, nil
}

func (f *fake) PreviewDisconnect(context.Context, discovery.DeviceID) (engine.Preview, error) {
	if f.cut != nil {
		return *f.cut, nil
	}
	return engine.Preview{Lines: []string{"Gateway cuts it now."}, Confirm: true}, nil
}

func (f *fake) Disconnect(ctx context.Context, id discovery.DeviceID, second bool, _ string) (consent.Action, error) {
	return f.disconnect(ctx, id, second)
}

func (f *fake) Pause(_ context.Context, _ discovery.DeviceID, until string, _ bool, _ string) (consent.Action, error) {
	return f.pause(until)
}

func (f *fake) Action(context.Context, consent.ActionID) (consent.Action, error) {
	return f.action(), nil
}

func (f *fake) PreviewAllow(context.Context, engine.AllowRequest) (engine.Preview, error) {
	return engine.Preview{Lines: []string{"When that day is over Gateway stops it."}}, nil
}

func (f *fake) Allow(_ context.Context, r engine.AllowRequest) (engine.ConsentInfo, error) {
	return engine.ConsentInfo{}, f.allow(r)
}

func (f *fake) Renew(_ context.Context, _ consent.ID, until, _ string) (engine.ConsentInfo, error) {
	return engine.ConsentInfo{}, f.renew(until)
}

func (f *fake) End(context.Context, consent.ID, string) (engine.ConsentInfo, error) {
	return engine.ConsentInfo{Consent: consent.Consent{Remedy: f.remedy}}, nil
}

func (f *fake) Extend(_ context.Context, id consent.ID, _ string) (engine.ConsentInfo, error) {
	return engine.ConsentInfo{Consent: consent.Consent{ID: id}}, nil
}

func (f *fake) ExportConsent(context.Context, consent.ID, string) ([]string, error) { return nil, nil }
func (f *fake) KeepDates(context.Context, string) error                             { return nil }
func (f *fake) Lapse(context.Context, consent.ID, string) error                     { return nil }

func (f *fake) Undo(context.Context) (string, error) {
	f.ask("undo")
	return "Undone: it", nil
}

func (f *fake) Answer(context.Context, string, bool) error { return nil }

func (f *fake) Split(context.Context, discovery.DeviceID) ([]discovery.DeviceID, error) {
	return nil, nil
}

func (f *fake) Merge(context.Context, discovery.DeviceID, discovery.DeviceID) error { return nil }

func (f *fake) Step(_ context.Context, id consent.ActionID, to engine.Step, _ string) (consent.Action, error) {
	f.ask("step " + string(id) + " " + string(to))
	return consent.Action{}, nil
}

func (f *fake) SetEssential(context.Context, discovery.DeviceID, discovery.Essential) error {
	return nil
}

func (f *fake) Reconnect(context.Context, discovery.DeviceID, string) (consent.Action, error) {
	return consent.Action{}, nil
}

func (f *fake) Held(context.Context) ([]engine.HeldInfo, error) { return nil, nil }

func (f *fake) Preferences(context.Context) (engine.Preferences, error) {
	return engine.Preferences{}, nil
}

func (f *fake) Backups(context.Context) ([]engine.Backup, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.backups), nil
}

func (f *fake) Quarantined(context.Context) ([]engine.Quarantined, error) { return nil, nil }

func (f *fake) BackupNow(context.Context) (engine.Backup, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.backups = append(f.backups, engine.Backup{Name: "evidence-1", Bytes: 40_000})
	return f.backups[0], nil
}

func (f *fake) Restore(_ context.Context, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.backups {
		f.backups[i].Wanted = f.backups[i].Name == name
	}
	return nil
}

func (f *fake) ConfirmClock(context.Context, string) error {
	f.ask("clock")
	return nil
}

func (f *fake) Key(context.Context) (engine.KeyInfo, error) {
	return engine.KeyInfo{Provider: "key store"}, nil
}

func (f *fake) Recipes(context.Context) ([]engine.RecipeInfo, error) { return nil, nil }

func (f *fake) Access(context.Context) ([]engine.AccessInfo, error) { return f.access, nil }

func (f *fake) KnownAccess(context.Context) ([]engine.AccessInfo, error) { return f.access, nil }

func (f *fake) GuideBook(context.Context) ([]connectors.Guide, error) { return f.guides, nil }

func (f *fake) PreviewEndAccess(context.Context, string) (engine.Preview, error) {
	return engine.Preview{Lines: []string{"It is deleted."}, Confirm: true}, nil
}

func (f *fake) EndAccess(_ context.Context, id string, sure bool, _ string) (consent.Action, error) {
	return f.endAccess(id, sure)
}

func (f *fake) Label(ctx context.Context, id discovery.DeviceID, text string) error {
	return f.label(ctx, id, text)
}

func (f *fake) Connect(_ context.Context, r engine.ConnectRequest) (engine.ConnectionInfo, error) {
	return engine.ConnectionInfo{}, f.connect(r)
}

func (f *fake) ChangeConnection(_ context.Context, r engine.ChangeRequest) (engine.ConnectionInfo, error) {
	return engine.ConnectionInfo{}, f.mend(r)
}

// screen keeps what was shown last and how often.
type screen struct {
	devices    []view.Devices
	cut        []view.Disconnect
	give       []view.Give
	diary      []view.Diary
	connectors []view.Connectors
	toasts     []view.Toast
	settings   view.Settings
	away       []view.Problem
	closed     int

	access  []view.Access
	guides  []view.Guides
	capture []view.Capture
	open    func(view.Route) // may be nil

	mu     sync.Mutex // guards queued
	queued []func()
}

// dispatch queues as a window does; settle is the window's own goroutine.
func (s *screen) dispatch(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queued = append(s.queued, f)
}

// settle waits until the pump rests and runs what it queued.
func (s *screen) settle() {
	synctest.Wait()
	s.mu.Lock()
	queued := s.queued
	s.queued = nil
	s.mu.Unlock()
	for _, f := range queued {
		f()
	}
}

// pump runs a pump in the bubble of a test until it ends.
func pump(t *testing.T, f *fake) (*Pump, *screen) {
	t.Helper()
	return pumpOf(t, f, f)
}

// pumpOf runs a pump over e, which is f with more to it.
func pumpOf(t *testing.T, e engine.Engine, f *fake) (*Pump, *screen) {
	t.Helper()
	return pumpWith(t, e, f, false)
}

// pumpWith is pumpOf over an engine that may be another process.
func pumpWith(t *testing.T, e engine.Engine, f *fake, beside bool) (*Pump, *screen) {
	t.Helper()
	s := &screen{}
	p, err := New(Config{
		Engine: e, Dispatch: s.dispatch, Now: time.Now, Beside: beside,
		Screen: Screen{
			Devices:    func(v view.Devices) { s.devices = append(s.devices, v) },
			Disconnect: func(v view.Disconnect) { s.cut = append(s.cut, v) },
			Give:       func(v view.Give) { s.give = append(s.give, v) },
			Diary:      func(v view.Diary) { s.diary = append(s.diary, v) },
			Connectors: func(v view.Connectors) { s.connectors = append(s.connectors, v) },
			Toast:      func(v view.Toast) { s.toasts = append(s.toasts, v) },
			Away:       func(v view.Problem) { s.away = append(s.away, v) },
			Settings:   func(v view.Settings) { s.settings = v },
			Access:     func(v view.Access) { s.access = append(s.access, v) },
			Guides:     func(v view.Guides) { s.guides = append(s.guides, v) },
			Capture:    func(v view.Capture) { s.capture = append(s.capture, v) },
			Close:      func() { s.closed++ },
			Open: func(r view.Route) {
				if s.open != nil {
					s.open(r)
				}
			},
		},
		Desk: Desk{SaveCalendar: f.save, ReadFile: f.read},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = p.Serve(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return p, s
}

func oneDevice(name string) func() []engine.DeviceInfo {
	return func() []engine.DeviceInfo {
		d := engine.DeviceInfo{}
		d.ID, d.Label = "d1", name
		return []engine.DeviceInfo{d}
	}
}
