package flow

import "testing"

// A port is never taken for a proof: only what a capture saw is encrypted.
func TestSecrecyIsSeenOrUsualOrUnknown(t *testing.T) {
	for _, c := range []struct {
		protocol Protocol
		port     uint16
		want     Secrecy
	}{
		{"tls", 443, SeenEncrypted},
		{"quic", 443, SeenEncrypted},
		{"tls", 80, SeenEncrypted},
		{"tls", 31337, SeenEncrypted},
		{"tcp", 443, UsualEncrypted},
		{"udp", 443, UsualEncrypted},
		{"tcp", 8883, UsualEncrypted},
		{"tcp", 853, UsualEncrypted},
		{"tcp", 993, UsualEncrypted},
		{"tcp", 80, UsualOpen},
		{"tcp", 1883, UsualOpen},
		{"udp", 53, UsualOpen},
		{"tcp", 23, UsualOpen},
		{"tcp", 21, UsualOpen},
		{"udp", 80, SecrecyUnknown},
		{"tcp", 31337, SecrecyUnknown},
		{"dns", 0, SecrecyUnknown},
		{"icmp", 0, SecrecyUnknown},
		{"", 443, SecrecyUnknown},
	} {
		if got := (Key{Protocol: c.protocol, Port: c.port}).Secrecy(); got != c.want {
			t.Errorf("%s %d is %s, want %s", c.protocol, c.port, got, c.want)
		}
	}
}
