package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// accounts is an engine that knows access and nothing else.
type accounts struct {
	engine.Engine
	ended string
}

func (*accounts) Access(context.Context) ([]engine.AccessInfo, error) {
	return []engine.AccessInfo{
		{
			ID: "k1/cam", Name: "The cam", Kind: "account", Connection: "k1", ConnectionName: "Broker", DeviceName: "Garden camera", Device: "d1",
			Scopes: []string{"what its role “cameras” allows"}, Consents: []consent.ID{"cabc"}, LastUsed: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC), Revocable: true,
		},
		{ID: "k1/old", Name: "Old phone", Kind: "account", Connection: "k1", ConnectionName: "Broker"},
	}, nil
}

func (*accounts) PreviewEndAccess(_ context.Context, id string) (engine.Preview, error) {
	return engine.Preview{Lines: []string{"The access " + id + " is deleted at Broker now."}, AlsoStops: []string{"Garden camera → Broker"}}, nil
}

func (a *accounts) EndAccess(_ context.Context, id string, confirmed bool, _ string) (consent.Action, error) {
	if !confirmed {
		return consent.Action{}, fmt.Errorf("it needs a second confirmation: %w", consent.ErrIrreversible)
	}
	a.ended = id
	return consent.Action{ID: "a1"}, nil
}

func (*accounts) Action(context.Context, consent.ActionID) (consent.Action, error) {
	return consent.Action{ID: "a1", Kind: consent.ActRevoke, State: consent.Done, Level: consent.Configured}, nil
}

func (*accounts) Watch(context.Context) <-chan changes.Change { return nil }

func TestAccessSaysWhoseForWhatAndUntilWhen(t *testing.T) {
	var out bytes.Buffer
	c := &call{out: &out, errs: &out}
	if err := c.listAccess(t.Context(), &accounts{}, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"k1/cam  The cam, of Garden camera at Broker", "for what its role “cameras” allows; last used 20 November 2026; ends never by itself", "the permission cabc goes by it", "Old phone, nobody knows whose", "last used not seen"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in %s", want, out.String())
		}
	}
	out.Reset()
	if err := c.listAccess(t.Context(), &accounts{}, true); err != nil {
		t.Fatal(err)
	}
	var list []map[string]any
	if err := json.Unmarshal(out.Bytes(), &list); err != nil || len(list) != 2 || list[1]["scopes"] == nil || list[1]["last_used"] != nil || list[0]["given_by"] != "Broker" {
		t.Errorf("%s, %v", out.String(), err)
	}
}

func TestAccessIsEndedOnlyWhereThatIsMeant(t *testing.T) {
	var out bytes.Buffer
	c, e := &call{out: &out, errs: &out}, &accounts{}
	if err := c.endAccess(t.Context(), e, "k1/cam", false); err == nil || !strings.Contains(err.Error(), "--confirm") || e.ended != "" {
		t.Errorf("unconfirmed: %v, ended %q", err, e.ended)
	}
	if !strings.Contains(out.String(), "With it ends: Garden camera → Broker") {
		t.Errorf("nothing was said before: %s", out.String())
	}
	if err := c.endAccess(t.Context(), e, "k1/cam", true); err != nil || e.ended != "k1/cam" {
		t.Errorf("%v, ended %q", err, e.ended)
	}
}

func TestAccessAndSupportOnAFolder(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{exitDone, "No access is known", []string{"access"}},
		{exitDone, "[]", []string{"access", "--json"}},
		{exitUsage, "usage: access", []string{"access", "end"}},
		{exitFailed, "there is no access", []string{"access", "end", "nobody", "--confirm"}},
		{exitUsage, "--source", []string{"support", "x", "2028-05-31"}},
		{exitFailed, "there is no device", []string{"support", "x", "2028-05-31", "--source", "the box"}},
	} {
		if code, out, errs := try(t, dir, c.args...); code != c.code || !strings.Contains(out+errs, c.says) {
			t.Errorf("%v: exit %d, %q %q", c.args, code, out, errs)
		}
	}
}
