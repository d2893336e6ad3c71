package view

import (
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/discovery/flow"
)

// Each row says whether it is encrypted and how that is known; a port is never
// said to be a proof, and the least secret part decides.
func TestARowSaysWhetherItIsEncrypted(t *testing.T) {
	of := func(protocol string, port uint16, bytes uint64) engine.FlowInfo {
		k := flow.Key{Protocol: flow.Protocol(protocol), Port: port}
		return engine.FlowInfo{Destination: "x.example", Protocol: protocol, Port: port, BytesUp: bytes, Count: 1, Secrecy: k.Secrecy()}
	}
	refused := of("tcp", 80, 10)
	refused.Refused = true
	old := of("tcp", 443, 10)
	old.Secrecy = ""
	seen, usual, open, odd, asked := of("tls", 443, 10), of("tcp", 443, 10), of("tcp", 1883, 10), of("tcp", 31337, 10), of("dns", 0, 0)
	for _, c := range []struct {
		flows []engine.FlowInfo
		want  string
	}{
		{[]engine.FlowInfo{seen, asked, refused}, "encrypted, seen in a capture"},
		{[]engine.FlowInfo{seen, usual}, "probably encrypted"},
		{[]engine.FlowInfo{open}, "probably not encrypted"},
		{[]engine.FlowInfo{seen, open}, "in part probably not encrypted"},
		{[]engine.FlowInfo{usual, odd}, "whether it is encrypted is not known"},
		{[]engine.FlowInfo{old}, "probably encrypted"},
		{[]engine.FlowInfo{asked}, ""},
	} {
		in := DeviceInput{Device: devices(t)[0], Flows: c.flows}
		if got := presenter(t).sends(in); len(got) != 1 || got[0].Secrecy != c.want {
			t.Errorf("got %+v, want %q", got, c.want)
		}
	}
	named := usual
	named.NameBy = engine.NameFromQuestion
	if got := presenter(t).sends(DeviceInput{Device: devices(t)[0], Flows: []engine.FlowInfo{named}}); got[0].Way != "tcp 443 · named by its own DNS question · tcp 443 is usual for encrypted data" {
		t.Errorf("the line says %q", got[0].Way)
	}
}
