package netflow

import (
	"bytes"
	"context"
	"testing"
)

// The fault sweep, for what only listens: nobody refuses us, hangs up or asks for a
// password, but what comes may be anything. Each is taken for no flow, the session
// goes on, and the next sound message counts in full, which is the twin.
func TestFaultSweep(t *testing.T) {
	s := open(t)
	w := observe(t, s)
	router := exporter(t, s, "127.0.0.1")
	defer router.Close()
	sound := []byte(five(0, up(700, 443)))
	longest := append(bytes.Clone(sound), make([]byte, 60_000)...)
	port := uint16(1000)
	for name, bad := range map[string][]byte{
		"nothing":                   {0},
		"garbage":                   []byte("HTTP/1.1 200 OK\r\n\r\n"),
		"another version":           append([]byte{0, 77}, sound[2:]...),
		"half a message":            sound[:len(sound)/2],
		"fewer flows than it says":  append(append(bytes.Clone(sound[:2]), 0, 30), sound[4:]...),
		"the longest of all":        longest[:60_000],
		"data without its template": nine(1, 9, 1, set(256, data4(up(100, 9)))),
		"a set longer than all":     packet(nine(2, 9, 1)).u16(256).u16(65535),
	} {
		if _, err := router.Write(bad); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		port++
		if _, err := router.Write(five(0, up(700, port))); err != nil {
			t.Fatal(err)
		}
		until(t, "the flow after "+name, func() bool { up, _ := w.sum(port); return up > 0 })
		if up, _ := w.sum(port); up != 700 {
			t.Errorf("after %s: %d bytes", name, up)
		}
		if up, _ := w.sum(9); up != 0 {
			t.Errorf("%s was taken for %d bytes", name, up)
		}
	}
	if _, err := s.Coverage(context.Background()); err != nil {
		t.Error(err)
	}
}
