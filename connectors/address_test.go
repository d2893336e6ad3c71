package connectors_test

import (
	"testing"

	"bestbefore/connectors"
)

func TestHostOf(t *testing.T) {
	for typed, want := range map[string]string{
		"fritz.box": "fritz.box", " Fritz.Box. ": "fritz.box", "192.168.1.1": "192.168.1.1", "192.168.1.1:8080": "192.168.1.1",
		"[fd00::1]:443": "fd00::1", "fd00::1": "fd00::1", "http://pi.hole/admin": "pi.hole", "pi.hole/admin": "pi.hole",
		"tls://broker.lan:8883": "broker.lan", "my_box.lan": "my_box.lan",
		"": "", "http://": "", "a b": "", "-x.lan": "", "0.0.0.0": "", "224.0.0.251": "", "a..b": "",
	} {
		got, err := connectors.HostOf(typed)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("HostOf(%q) = %q, %v; want %q", typed, got, err, want)
		}
	}
	for _, typed := range []string{"http://user@pi.hole/", "user@pi.hole", "user:word@pi.hole:80"} {
		if host, err := connectors.HostOf(typed); host != "pi.hole" || err == nil {
			t.Errorf("HostOf(%q) = %q, %v; want the host and an error", typed, host, err)
		}
	}
}
