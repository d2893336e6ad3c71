package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// newcomers is an engine with one device, to which somebody is new, and many flows.
type newcomers struct {
	engine.Engine
	fine    []string
	refused []engine.AllowRequest
	allowed []engine.AllowRequest
	flows   int
	asked   engine.FlowQuery
}

func (*newcomers) NewRecipients(context.Context) ([]engine.NewRecipient, error) {
	return []engine.NewRecipient{{Device: "d1", Name: "Ad Company", Since: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)}}, nil
}

func (*newcomers) Device(_ context.Context, ref string) (engine.DeviceInfo, error) {
	if ref != "d1" {
		return engine.DeviceInfo{}, errors.New("no such device")
	}
	return engine.DeviceInfo{Device: discovery.Device{ID: "d1", Label: "Television"}}, nil
}

func (*newcomers) Overview(context.Context) (engine.Overview, error) {
	return engine.Overview{Now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}, nil
}

func (n *newcomers) Flows(_ context.Context, q engine.FlowQuery) ([]engine.FlowInfo, error) {
	n.asked = q
	out := []engine.FlowInfo{{Device: "d1", Destination: "a.ads.example"}, {Device: "d1", Destination: "b.ads.example"}, {Device: "d1", Destination: "a.ads.example"}}
	for len(out) < n.flows {
		out = append(out, out[0])
	}
	return out, nil
}

func (n *newcomers) Fine(_ context.Context, _ discovery.DeviceID, names []string, _ string) error {
	n.fine = names
	return nil
}

func (n *newcomers) Refuse(_ context.Context, r engine.AllowRequest) (engine.ConsentInfo, error) {
	n.refused = append(n.refused, r)
	return engine.ConsentInfo{Consent: consent.Consent{ID: "c1"}}, nil
}

func (n *newcomers) Allow(_ context.Context, r engine.AllowRequest) (engine.ConsentInfo, error) {
	n.allowed = append(n.allowed, r)
	return engine.ConsentInfo{Consent: consent.Consent{ID: "c2"}}, nil
}

func (*newcomers) Consent(context.Context, consent.ID) (engine.ConsentInfo, error) {
	return engine.ConsentInfo{}, nil
}

func (*newcomers) Watch(context.Context) <-chan changes.Change { return nil }

func (*newcomers) GuideBook(context.Context) ([]connectors.Guide, error) {
	return []connectors.Guide{{ID: "hue", Name: "Philips Hue", For: []string{"signify"}}, {ID: "google", Name: "Google account", For: []string{"chromecast"}}}, nil
}

func TestNewRecipientsAreListedAndAnswered(t *testing.T) {
	var out bytes.Buffer
	c, e := &call{out: &out, errs: &out}, &newcomers{}
	if err := c.listNews(t.Context(), e, false); err != nil || !strings.Contains(out.String(), "Television sends to Ad Company, new since 20 November 2026") {
		t.Errorf("%s, %v", out.String(), err)
	}
	out.Reset()
	var rows []map[string]any
	if err := c.listNews(t.Context(), e, true); err != nil || json.Unmarshal(out.Bytes(), &rows) != nil || rows[0]["name"] != "Ad Company" {
		t.Errorf("%s, %v", out.String(), err)
	}
	answer := func(what, name string) error {
		return c.answerNews(t.Context(), e, newsAsk{answer: what, until: "30d", data: "any"}, "d1", []string{name})
	}
	if err := answer("stop", "Somebody else"); err == nil || len(e.refused) > 0 { // the twin: who is not new is not answered
		t.Errorf("somebody who is not new was stopped: %v", err)
	}
	for _, what := range []string{"fine", "stop", "allow"} {
		if err := answer(what, "Ad Company"); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	want := []string{"a.ads.example", "b.ads.example"}
	if !slices.Equal(e.fine, []string{"Ad Company"}) || len(e.refused) != 1 || !slices.Equal(e.refused[0].Recipient.Destinations, want) || len(e.allowed) != 1 || e.allowed[0].Until != "30d" {
		t.Errorf("fine %q, refused %+v, allowed %+v", e.fine, e.refused, e.allowed)
	}
	for _, args := range [][]string{{"stop", "d1"}, {"perhaps", "d1", "x"}, {"allow", "d1", "x"}, {"fine", "d1", "x", "--until", "3d"}} {
		var usage usageError
		if err := c.news(t.Context(), args); !errors.As(err, &usage) {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// The days of --from and --until are in the period.
func TestFlowsAreChosenByCompanyAndPeriod(t *testing.T) {
	e := &newcomers{}
	q, err := flowAsk{device: "d1", to: "Ad Company", since: "2026-11-01", until: "2026-11-03"}.query(t.Context(), e)
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
	if err != nil || q.Device != "d1" || q.To != "Ad Company" || !q.Since.Equal(day(1)) || !q.Until.Equal(day(4)) {
		t.Errorf("%+v, %v", q, err)
	}
	var usage usageError
	if _, err = (flowAsk{since: "2026-11-05", until: "2026-11-03"}).query(t.Context(), e); !errors.As(err, &usage) {
		t.Errorf("backwards: %v", err)
	}
}

// A list that is cut says so, beside the list; one that is whole does not.
func TestFlowsSayWhereTheyAreCut(t *testing.T) {
	for n, want := range map[int]bool{flowsShown: false, flowsShown + 1: true} {
		var out, errs bytes.Buffer
		c, e := &call{out: &out, errs: &errs}, &newcomers{flows: n}
		var rows []any
		err := c.listFlows(t.Context(), e, flowAsk{since: "7d"}, true)
		if err != nil || json.Unmarshal(out.Bytes(), &rows) != nil || len(rows) != flowsShown || strings.Contains(errs.String(), "largest") != want {
			t.Errorf("%d: %d rows, %q, %v", n, len(rows), errs.String(), err)
		}
	}
}

func TestGuidesAreFoundByIDAndByMaker(t *testing.T) {
	all, _ := (&newcomers{}).GuideBook(t.Context())
	for text, want := range map[string]int{"": 2, "hue": 1, "CHROMECAST": 1, "google account": 1, "toaster": 0} {
		if got := chosenGuides(all, text); len(got) != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
