package main

import (
	"context"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/lifecycle"
	"bestbefore/app/internal/secrets"
	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/discovery"
)

const (
	bellMAC = "00:11:22:33:44:55"
	bellTo  = "203.0.113.7"
)

// seen is a source that saw two devices once.
type seen struct{}

func (seen) Scan(ctx context.Context, emit func(discovery.Sighting)) error {
	for mac, addr := range map[string]string{bellMAC: "192.168.77.30", "00:11:22:33:44:66": "192.168.77.31"} {
		emit(discovery.Sighting{
			Source: discovery.SourceNeighbor, At: clock.Wall(),
			Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}}, Addresses: []netip.Addr{netip.MustParseAddr(addr)},
		})
	}
	<-ctx.Done()
	return nil
}

// arrivals is a source that sees devices when a test says so.
type arrivals chan discovery.Sighting

// Scan implements discovery.Scanner.
func (a arrivals) Scan(ctx context.Context, emit func(discovery.Sighting)) error {
	for {
		select {
		case s := <-a:
			emit(s)
		case <-ctx.Done():
			return nil
		}
	}
}

// household serves a home with two devices and one kind of connector on a data
// folder, as "run" does; the command lines of a test then talk to it over its socket.
func household(t *testing.T) (dir string, peer *connectortest.Peer) {
	t.Helper()
	return householdAt(t, nil, nil)
}

// householdAt is household on a computer with other clocks, to which more devices
// may come; nil are this one's, and no more.
func householdAt(t *testing.T, clocks func() clock.Reading, more arrivals) (dir string, peer *connectortest.Peer) {
	t.Helper()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
	dir, err := os.MkdirTemp("", "bb") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	peer = connectortest.NewPeer(clock.Wall)
	reg, err := connectors.NewRegistry(peer.Connector())
	if err != nil {
		t.Fatal(err)
	}
	h, err := lifecycle.Open(t.Context(), lifecycle.Config{
		Dir: dir, Scan: true, Enforce: true, Listen: true, Registry: reg, Scanners: map[string]discovery.Scanner{"test": seen{}, "later": more}, Bus: "unix:path=/nonexistent",
		PassphraseCost: secrets.Cost{N: 16, R: 1, P: 1}, Clocks: clocks,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	within(t, "both devices are listed over the socket", func() bool {
		ds, err := h.Engine().Devices(t.Context())
		_, sock := os.Stat(filepath.Join(dir, "engine.sock"))
		return err == nil && len(ds) == 2 && sock == nil
	})
	return dir, peer
}

func within(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in a minute this did not happen: %s", what)
		}
	}
}

// does runs a command that must succeed and gives what it printed.
func does(t *testing.T, dir string, args ...string) string {
	t.Helper()
	code, out, errs := try(t, dir, args...)
	if code != exitDone || errs != "" {
		t.Fatalf("%v: exit %d, %q, %q", args, code, out, errs)
	}
	return out
}

// fails runs a command that must fail with one sentence that says says.
func fails(t *testing.T, dir, says string, args ...string) {
	t.Helper()
	code, _, errs := try(t, dir, args...)
	if code != exitFailed || !strings.Contains(errs, says) || strings.Count(strings.TrimSpace(errs), "\n") > 0 {
		t.Errorf("%v: exit %d, %q; want %d and %q", args, code, errs, exitFailed, says)
	}
}

// rows runs a command with --json and gives its list.
func rows(t *testing.T, dir string, args ...string) []map[string]any {
	t.Helper()
	var out []map[string]any
	if text := does(t, dir, append(args, "--json")...); json.Unmarshal([]byte(text), &out) != nil || out == nil {
		t.Fatalf("%v --json printed %q", args, text)
	}
	return out
}

// named gives the id of the device with a hardware address.
func named(t *testing.T, dir, mac string) string {
	t.Helper()
	for _, d := range rows(t, dir, "devices") {
		for _, i := range d["identifiers"].([]any) {
			if i.(map[string]any)["value"] == mac {
				return d["id"].(string)
			}
		}
	}
	t.Fatal("there is no device " + mac)
	return ""
}

func holds(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q is missing in %q", w, text)
		}
	}
}

// TestTheCommandsOnDevices is the README's list, first half, beside a running agent.
func TestTheCommandsOnDevices(t *testing.T) {
	dir, _ := household(t)
	bell, other := named(t, dir, bellMAC), named(t, dir, "00:11:22:33:44:66")
	holds(t, does(t, dir, "devices"), bell, other)
	holds(t, does(t, dir, "scan", "--for", "200ms"), bell, other)
	if n := len(rows(t, dir, "scan", "--for", "1ms")); n != 2 {
		t.Errorf("scan --json lists %d", n)
	}
	does(t, dir, "label", bell, "Front door bell")
	holds(t, does(t, dir, "device", "front door BELL"), bell, "192.168.77.30")
	var d map[string]any
	if err := json.Unmarshal([]byte(does(t, dir, "device", bell, "--json")), &d); err != nil || d["label"] != "Front door bell" {
		t.Error(d, err)
	}
	does(t, dir, "essential", bell, "comfort")
	does(t, dir, "essential", bell, "none")
	does(t, dir, "merge", bell, other)
	if n := len(rows(t, dir, "devices")); n != 1 {
		t.Errorf("merged, and %d are listed", n)
	}
	does(t, dir, "split", bell)
	if n := len(rows(t, dir, "devices")); n != 2 {
		t.Errorf("split, and %d are listed", n)
	}
	if n := len(rows(t, dir, "questions")); n != 0 {
		t.Errorf("%d questions", n)
	}
	fails(t, dir, "question", "questions", "q1", "yes")
	fails(t, dir, "there is no device", "merge", bell, "toaster")
	does(t, dir, "flows", bell, "--since", "24h")
	if got := rows(t, dir, "flows"); len(got) != 0 {
		t.Errorf("flows out of nothing: %v", got)
	}
}

// TestTheCommandsOnPermissions is the README's list, second half, with a peer that blocks.
func TestTheCommandsOnPermissions(t *testing.T) {
	dir, peer := household(t)
	bell := named(t, dir, bellMAC)
	fails(t, dir, "no setting", "connect", peer.Connector().Spec().Kind, "--set", "colour=red")
	does(t, dir, "connect", peer.Connector().Spec().Kind)
	holds(t, does(t, dir, "connectors"), peer.Connector().Spec().Kind, "can:")
	does(t, dir, "connectors", "--json")

	holds(t, does(t, dir, "allow", bell, "--to", "Bell Maker="+bellTo, "--data", "video", "--until", "1y"), "Bell Maker", "best before", "decided: given")
	c := rows(t, dir, "consents")[0]
	var all versionsJSON
	if err := json.Unmarshal([]byte(does(t, dir, "consents", c["id"].(string), "--versions", "--json")), &all); err != nil || len(all.Versions) == 0 || string(all.ID) != c["id"] {
		t.Errorf("%v: %+v", err, all)
	}
	id := c["id"].(string)
	fails(t, dir, "too early", "renew", id, "--until", "6mo")
	fails(t, dir, "12 months", "allow", bell, "--to", "Ads=203.0.113.30", "--until", "5y")
	holds(t, does(t, dir, "end", id), "decided: withdrawn", "done:    block done")
	if peer.Send(bellMAC, bellTo, 443, 10) {
		t.Error("ended, and it passes")
	}
	holds(t, does(t, dir, "held"), "Bell Maker")
	if got := rows(t, dir, "held"); len(got) == 0 {
		t.Error("nothing is held")
	}
	does(t, dir, "undo")
	within(t, "undone, and it passes again", func() bool { return peer.Send(bellMAC, bellTo, 443, 10) })

	go func() { // a device that goes on trying, so that the cut is seen to work
		for t.Context().Err() == nil {
			peer.Send(bellMAC, bellTo, 443, 10)
			time.Sleep(20 * time.Millisecond)
		}
	}()
	holds(t, does(t, dir, "disconnect", bell), "done")
	holds(t, does(t, dir, "reconnect", bell), "done")
	does(t, dir, "essential", bell, "safety")
	fails(t, dir, "--confirm", "disconnect", bell)
	does(t, dir, "disconnect", bell, "--confirm")
	does(t, dir, "held", "--lift")

	diary := rows(t, dir, "diary")
	if last := diary[len(diary)-1]; last["hash"] == "" || last["seq"].(float64) != float64(len(diary)) {
		t.Errorf("the newest entry: %v", last)
	}
	holds(t, does(t, dir, "diary", "--verify"), "The diary is whole", "not sealed")
	holds(t, does(t, dir, "export", filepath.Join(dir, "out")), "devices.csv", "consents.json")
	var conns struct{ Connections []struct{ ID string } }
	if err := json.Unmarshal([]byte(does(t, dir, "connectors", "--json")), &conns); err != nil || len(conns.Connections) != 1 {
		t.Fatal(conns, err)
	}
	does(t, dir, "remove", conns.Connections[0].ID)
	fails(t, dir, "connection", "remove", conns.Connections[0].ID)
}

// TestConfirm: nobody can act for us, so the steps are a person's, whose word is
// taken once and for what is theirs alone.
func TestConfirm(t *testing.T) {
	dir, _ := household(t)
	bell := named(t, dir, bellMAC)
	does(t, dir, "allow", bell, "--to", "Bell Maker="+bellTo, "--data", "video", "--until", "1d", "--then", "guide")
	id := rows(t, dir, "consents")[0]["id"].(string)
	fails(t, dir, "waits to be done by hand", "confirm", id) // it has not ended
	does(t, dir, "end", id)
	holds(t, does(t, dir, "confirm", id), "you said that it is done", "Bell Maker")
	if c := rows(t, dir, "consents")[0]; c["done"] != "done" || c["seen"] == "stopped" {
		t.Errorf("a word is no observation: %v", c)
	}
	found := false
	for _, e := range rows(t, dir, "diary") {
		found = found || strings.Contains(e["text"].(string), "ended by hand (command line)")
	}
	if !found {
		t.Error("the diary does not tell it")
	}
	fails(t, dir, "there is no", "confirm", "cnothing")
	if code, _, errs := try(t, dir, "confirm"); code != exitUsage || !strings.Contains(errs, "usage: confirm ID") {
		t.Errorf("exit %d, %q", code, errs)
	}
}

// TestStep: where nothing can end it, the way on is offered and taken by a person.
func TestStep(t *testing.T) {
	dir, _ := household(t)
	does(t, dir, "allow", named(t, dir, bellMAC), "--to", "Bell Maker="+bellTo, "--until", "1d", "--then", "block")
	id := rows(t, dir, "consents")[0]["id"].(string)
	fails(t, dir, "waits for you", "step", id) // it has not ended
	try(t, dir, "end", id)
	holds(t, does(t, dir, "step", id), "guide", "end it by hand")
	fails(t, dir, "not to be chosen now", "step", id, "whole") // nothing can cut it
	if code, _, errs := try(t, dir, "step", id, "explode"); code != exitUsage || !strings.Contains(errs, "usage: step ID") {
		t.Errorf("exit %d, %q", code, errs)
	}
	_, out, _ := try(t, dir, "step", id, "guide")
	holds(t, out, "by hand")
	holds(t, does(t, dir, "confirm", id), "you said that it is done")
	fails(t, dir, "waits for you", "step", id)
}

// TestRenew: not too early, and what has ended can come back.
func TestRenew(t *testing.T) {
	dir, _ := household(t)
	does(t, dir, "allow", named(t, dir, bellMAC), "--to", "Bell Maker="+bellTo, "--until", "2h")
	id := rows(t, dir, "consents")[0]["id"].(string)
	fails(t, dir, "too early", "renew", id, "--until", "1mo")
	does(t, dir, "end", id)
	holds(t, does(t, dir, "renew", id, "--until", "1mo"), "decided: renewed")
}

// TestNobodyAtHomeIsARecipient: "allow" refuses who is at home in a sentence that
// says what to give instead, and so does "renew" where a recipient has come home
// since; that permission stays as it is. The twin is a recipient outside.
func TestNobodyAtHomeIsARecipient(t *testing.T) {
	const newcomer, says = "2001:db8:77::8", "is in your home, and a date is for what leaves it; give the address or the host name of who receives it outside, such as video.example"
	come := make(arrivals)
	dir, _ := householdAt(t, nil, come)
	bell := named(t, dir, bellMAC)
	for _, to := range []string{"192.168.77.1", "192.168.77.31", "fe80::1", "10.0.0.0/8"} {
		fails(t, dir, to+" "+says, "allow", bell, "--to", "Somebody="+to, "--until", "1d")
	}
	if cs := rows(t, dir, "consents"); len(cs) != 0 {
		t.Errorf("refused, and yet written down: %v", cs)
	}
	does(t, dir, "allow", bell, "--to", "Newcomer="+newcomer, "--until", "1d", "--then", "guide")
	does(t, dir, "allow", bell, "--to", "Bell Maker="+bellTo, "--until", "1d", "--then", "guide")
	come <- discovery.Sighting{
		Source: discovery.SourceNeighbor, At: clock.Wall(),
		Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: "00:11:22:33:44:77"}}, Addresses: []netip.Addr{netip.MustParseAddr(newcomer)},
	}
	within(t, "the newcomer is listed", func() bool { return len(rows(t, dir, "devices")) == 3 })
	for _, c := range rows(t, dir, "consents") {
		id := c["id"].(string)
		holds(t, does(t, dir, "end", id), "decided: withdrawn")
		if c["recipient"] == "Bell Maker" {
			holds(t, does(t, dir, "renew", id, "--until", "1mo"), "decided: renewed")
			continue
		}
		fails(t, dir, newcomer+" "+says, "renew", id, "--until", "1mo")
		holds(t, does(t, dir, "consents", id), "decided: withdrawn")
	}
}

// TestEachCommandSaysHowItIsCalled: each is in the help, and a wrong call of it
// changes nothing and shows the right one.
func TestEachCommandSaysHowItIsCalled(t *testing.T) {
	dir := t.TempDir()
	_, help, _ := try(t, dir, "--help")
	for name, c := range commands() {
		code, out, errs := try(t, dir, name, "--nonsense")
		if code != exitUsage || out != "" || !strings.Contains(errs, "usage: "+string(c.usage)) {
			t.Errorf("%s: exit %d, %q, %q", name, code, out, errs)
		}
		holds(t, help, "  "+string(c.usage)+"\n        "+c.help+"\n")
	}
	if len(order) != len(commands()) {
		t.Errorf("the help lists %d of %d commands", len(order), len(commands()))
	}
	if made, err := os.ReadDir(dir); err != nil || len(made) > 0 {
		t.Errorf("wrong calls made %v, %v", made, err)
	}
}
