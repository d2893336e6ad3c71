package live

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/connectors"
)

// household is a fake that has settings and two connections, of which one does
// not answer.
type household struct {
	fake
	reminders bool
	removed   []string
	held      int
	forgot    []engine.ForgetRequest
	tests     []string
}

func (h *household) Preferences(context.Context) (engine.Preferences, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return engine.Preferences{Reminders: h.reminders}, nil
}

func (h *household) SetPreferences(_ context.Context, p engine.Preferences) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reminders = p.Reminders
	return nil
}

func (h *household) Connectors(context.Context) (engine.ConnectorsInfo, error) {
	return engine.ConnectorsInfo{Connections: []engine.ConnectionInfo{
		{Connection: connectors.Connection{ID: "k1", Name: "Router"}}, {Connection: connectors.Connection{ID: "k2", Name: "Gateway"}},
	}}, nil
}

func (h *household) RemoveConnection(_ context.Context, id string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if id == "k2" {
		return errors.New("it does not answer")
	}
	h.removed = append(h.removed, id)
	return nil
}

func (h *household) Held(context.Context) ([]engine.HeldInfo, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.held++
	return make([]engine.HeldInfo, 2), nil
}

func TestSettingsAreSetWhereTheyBelongAndLeavingNamesWhoStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &household{reminders: true}
		var shown view.Settings
		var desk []string
		p, err := New(Config{
			Engine: h, Dispatch: func(f func()) { f() }, Now: time.Now,
			Screen: Screen{Settings: func(s view.Settings) { shown = s }},
			Desk: Desk{
				Read: func() view.Desk { return view.Desk{Look: view.LookDark, Text: 100} },
				Set:  func(id, v string) error { desk = append(desk, id+"="+v); return nil },
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- p.Serve(ctx) }()
		p.Shown(view.Route{Page: view.PageSettings})
		synctest.Wait()
		p.Set(view.SetReminders, view.Off)
		p.Set(view.SetLook, view.LookLight)
		p.Leave()
		synctest.Wait()
		cancel()
		<-done
		if h.reminders || strings.Join(desk, " ") != "look=light" {
			t.Errorf("reminders %v, desk %v", h.reminders, desk)
		}
		row := shown.Groups[len(shown.Groups)-1].Rows[0]
		if len(h.removed) != 1 || row.Outcome.Severity != view.Still || !strings.Contains(row.Outcome.Line, "Not yet: Gateway.") {
			t.Errorf("removed %v, said %+v", h.removed, row.Outcome)
		}
		if h.held != 2 {
			t.Errorf("what is held was asked %d times, want at the opening and after leaving", h.held)
		}
	})
}

func (h *household) PreviewForget(_ context.Context, r engine.ForgetRequest) (engine.ForgetPreview, error) {
	return engine.ForgetPreview{Goes: []string{"all"}}, nil
}

func (h *household) Forget(_ context.Context, r engine.ForgetRequest) (engine.Forgotten, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forgot = append(h.forgot, r)
	return engine.Forgotten{Rows: 7}, nil
}

func TestNothingIsForgottenBeforeItIsClearWhat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &household{}
		var shown view.Settings
		p, err := New(Config{
			Engine: h, Dispatch: func(f func()) { f() }, Now: time.Now,
			Screen: Screen{Settings: func(s view.Settings) { shown = s }},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- p.Serve(ctx) }()
		p.Shown(view.Route{Page: view.PageSettings})
		p.Forget()
		p.Forgetting(view.ForgetDraft{Scope: view.ForgetPeriod, From: view.Day{Year: 2026, Month: 5, Day: 1}})
		p.Forget()
		synctest.Wait()
		if len(h.forgot) != 0 {
			t.Errorf("forgot %+v", h.forgot)
		}
		p.Forgetting(view.ForgetDraft{Scope: view.ForgetAll})
		synctest.Wait()
		if shown.Forget.Button.Label == "" || len(shown.Forget.Goes) != 1 {
			t.Errorf("shown %+v", shown.Forget)
		}
		p.Forget()
		synctest.Wait()
		cancel()
		<-done
		if len(h.forgot) != 1 || !h.forgot[0].All || shown.Forget.Outcome.Line == "" || shown.Forget.Draft.Scope != "" {
			t.Errorf("forgot %+v, shown %+v", h.forgot, shown.Forget)
		}
	})
}

func (h *household) TestConnection(_ context.Context, id string) (engine.ConnectionInfo, error) {
	h.mu.Lock()
	h.tests = append(h.tests, id)
	h.mu.Unlock()
	if id == "k2" {
		return engine.ConnectionInfo{}, errors.New("it does not answer")
	}
	return engine.ConnectionInfo{}, nil
}

func (h *household) ConnectionLog(context.Context, string) ([]engine.LogLine, error) {
	return []engine.LogLine{{Text: "connection open"}, {Text: "refused"}}, nil
}

func TestAConnectionIsTestedAndItsLogOpensAndCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &household{}
		var shown view.Connectors
		p, err := New(Config{
			Engine: h, Dispatch: func(f func()) { f() }, Now: time.Now,
			Screen: Screen{Connectors: func(s view.Connectors) { shown = s }},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- p.Serve(ctx) }()
		p.Shown(view.Route{Page: view.PageConnectors})
		p.Test("k1")
		p.Test("k2")
		p.ShowLog("k2")
		synctest.Wait()
		if len(shown.Rows) != 2 || shown.Rows[0].Tested.Severity != view.Fresh || !strings.Contains(shown.Rows[1].Tested.Line, "does not answer") || len(h.tests) != 2 {
			t.Errorf("tested %v, shown %+v", h.tests, shown.Rows)
		}
		if len(shown.Rows[0].LogLines) != 0 || len(shown.Rows[1].LogLines) != 2 || !strings.Contains(shown.Rows[1].LogLines[0], "refused") {
			t.Errorf("the log: %+v", shown.Rows)
		}
		p.ShowLog("k2")
		synctest.Wait()
		if len(shown.Rows[1].LogLines) != 0 {
			t.Error("the log stays open")
		}
		cancel()
		<-done
	})
}
