package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"bestbefore/connectors"
	"bestbefore/connectors/builtin"
	"bestbefore/connectors/connectortest"
	"bestbefore/discovery"
)

// typed is what has to be written beside one secret to connect each kind that is
// found by itself, as its peer wants it: "" for nothing. A name in brackets is
// not asked for by the form but by most such peers.
var typed = map[string]string{
	"fritzbox": "", "homeassistant": "", "hue": "", "openwrt": "", "pihole": "", "unifi": "",
	"adguardhome": "(username)", "mqtt": "(username)", "mikrotik": "user", "opnsense": "key", "unifi-classic": "username",
	"shelly": "", // no secret either
}

// places is the options that finding answers.
func places(s connectors.Spec) map[string]bool {
	out := map[string]bool{}
	for _, a := range s.Announced {
		out[a.Key] = true
	}
	for _, k := range s.Knocks {
		out[k.Key] = true
	}
	return out
}

// count is what a form needs beside what finding answers.
func count(s connectors.Spec) (secrets int, words []string) {
	for _, o := range s.Options {
		switch {
		case o.Secret:
			secrets++
		case o.Required && o.Default == "" && !places(s)[o.Key]:
			words = append(words, o.Key)
		case o.Key == "username" && o.Default == "" && s.Kind != "fritzbox": // the box names its own
			words = append(words, "("+o.Key+")")
		}
	}
	return secrets, words
}

// Of all kinds that are found by themselves, none wants more than one secret, and
// those that want a word beside it are known by name.
func TestWhatEachFoundKindWants(t *testing.T) {
	all, err := builtin.All()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, s := range all.Specs() {
		if len(places(s)) == 0 {
			continue
		}
		secrets, words := count(s)
		if secrets > secretsMost {
			t.Errorf("%s wants %d secrets", s.Kind, secrets)
		}
		seen[s.Kind] = strings.Join(words, ", ")
		t.Logf("figure: %-14s %d secret, other words: %q", s.Kind, secrets, words)
	}
	if !maps.Equal(seen, typed) {
		t.Errorf("found kinds want %v, known are %v", seen, typed)
	}
}

// real has the form and the checks of one of our kinds, and the router in memory behind.
type real struct {
	connectors.Connector // in memory
	spec                 connectors.Spec
}

func (r real) Spec() connectors.Spec {
	s := r.spec
	s.Announced = []connectors.Announced{{Type: "_homebox._tcp", Key: slices.Collect(maps.Keys(places(r.spec)))[0]}}
	return s
}

func (r real) Open(ctx context.Context, s connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	for _, o := range r.spec.Options {
		if !o.Secret {
			continue
		}
		v, err := h.Secret(ctx, s.Secrets[o.Key])
		if err != nil || v.Reveal() != "correct horse" {
			return nil, errors.New("the password is wrong")
		}
	}
	return r.Connector.Open(ctx, s, h)
}

// Each of our own kinds that needs no other word, in the real window with its real
// form: three clicks and one secret. The certificate that a box made itself is one
// click more, which is not counted here: it is a question of its own.
func TestOurOwnKindsTakeThreeClicksAndOneSecret(t *testing.T) {
	all, err := builtin.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range all.Specs() {
		if beside, found := typed[spec.Kind]; !found || beside != "" {
			continue
		}
		t.Run(spec.Kind, func(t *testing.T) {
			h := &hours{}
			s := open(t, t.TempDir(), h, sights{bell(discovery.Service{Type: "_homebox._tcp", Instance: "Box", Host: "box.local", Port: 8080})}, real{connectortest.NewPeer(h.right).Connector(), spec})
			p := &person{stage: s}
			p.connectFound(spec.Name, "clicks-"+spec.Kind)
			t.Logf("figure: %d clicks, %d secrets; %d fields left empty", p.clicks, p.secrets, p.words)
			if p.clicks > clicksMost || p.secrets > secretsMost {
				t.Errorf("%d clicks and %d secrets; at most %d and %d are promised", p.clicks, p.secrets, clicksMost, secretsMost)
			}
		})
	}
}
