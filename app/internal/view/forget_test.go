package view

import (
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/discovery"
)

func TestForgettingSaysWhatGoesBeforeItOffersTheButton(t *testing.T) {
	pv := engine.ForgetPreview{Goes: []string{"Where it sent\x1b."}, Stays: []string{"Permissions."}}
	dev := engine.DeviceInfo{Device: discovery.Device{ID: "d1", Label: "Bell"}}
	for name, c := range map[string]struct {
		in     ForgetInput
		button bool
		texts  bool
		error  string
	}{
		"nothing chosen":        {in: ForgetInput{}},
		"no device yet":         {in: ForgetInput{Draft: ForgetDraft{Scope: ForgetDevice}, Devices: []engine.DeviceInfo{dev}}, texts: true},
		"a device":              {in: ForgetInput{Draft: ForgetDraft{Scope: ForgetDevice, Device: "d1"}, Devices: []engine.DeviceInfo{dev}, Preview: pv}, button: true, texts: true},
		"half a period":         {in: ForgetInput{Draft: ForgetDraft{Scope: ForgetPeriod, From: Day{2026, 5, 1}}}},
		"a period":              {in: ForgetInput{Draft: ForgetDraft{Scope: ForgetPeriod, From: Day{2026, 5, 1}, To: Day{2026, 5, 31}}, Preview: pv}, button: true},
		"what the engine hates": {in: ForgetInput{Draft: ForgetDraft{Scope: ForgetPeriod, From: Day{2026, 5, 31}, To: Day{2026, 5, 1}}, Error: "It is backwards."}, error: "backwards"},
		"all":                   {in: ForgetInput{Draft: ForgetDraft{Scope: ForgetAll}, Preview: pv}, button: true, texts: true},
	} {
		f := presenter(t).Forget(c.in)
		if (f.Button.Label != "") != c.button || (len(f.Texts) > 0) != c.texts || !strings.Contains(f.Error, c.error) || (c.error == "") != (f.Error == "") {
			t.Errorf("%s: %+v", name, f)
		}
		if c.button && (f.Sure == "" || len(f.Goes) != 1 || f.Goes[0] != "Where it sent." || len(f.Stays) != 1) {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestTheRequestHoldsOnlyWhatIsMeant(t *testing.T) {
	full := ForgetDraft{Device: "d1", From: Day{2026, 5, 1}, To: Day{2026, 5, 31}, Erase: true}
	for scope, want := range map[string]engine.ForgetRequest{
		ForgetDevice: {Device: "d1", Texts: true, How: "clicked"},
		ForgetPeriod: {From: "2026-05-01", To: "2026-05-31", How: "clicked"},
		ForgetAll:    {All: true, Texts: true, How: "clicked"},
	} {
		d := full
		d.Scope = scope
		if got := d.Request(); got != want {
			t.Errorf("%s: %+v", scope, got)
		}
	}
}

func TestWhereTheKeyIs(t *testing.T) {
	for provider, want := range map[string]string{
		"key store": "computer's key store", "systemd credential": "systemd credential", "passphrase": "your passphrase", "": "Without a key", "a box": "a box",
	} {
		in := settingsInput()
		in.Key = engine.KeyInfo{Provider: provider}
		if r := row(t, presenter(t).Settings(in), "key"); !strings.Contains(r.Detail, want) {
			t.Errorf("%q: %q", provider, r.Detail)
		}
	}
	in := settingsInput()
	in.Key = engine.KeyInfo{Trouble: "the key store is locked"}
	if r := row(t, presenter(t).Settings(in), "key"); r.Outcome.Line != "The key store is locked." {
		t.Errorf("%+v", r)
	}
}
