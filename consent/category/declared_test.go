package category

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bestbefore/discovery"
)

func TestDeclaredOf(t *testing.T) {
	d := discovery.Device{Services: []discovery.Service{
		{Type: "_hap._tcp", TXT: discovery.TXT{"ci=18"}}, {Type: "_HTTP._tcp"}, {Type: "_rtsp._tcp"}, {Type: "_hap._tcp", TXT: discovery.TXT{"ci=999"}},
	}}
	want := []Claim{{"audio", Declared, "_hap._tcp ci=18"}, {"presence", Declared, "_hap._tcp ci=18"}, {"video", Declared, "_hap._tcp ci=18"}}
	if diff := cmp.Diff(want, DeclaredOf(d)); diff != "" {
		t.Error(diff)
	}
	if got := DeclaredOf(discovery.Device{}); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
	// What was seen says more than what was declared, and that more than what is typical.
	all := append(append(TypicalOf(discovery.KindDoorbell), DeclaredOf(d)...), SeenIn("video", "the broker")...)
	got := Best(all)
	if got[0] != (Claim{"video", Seen, "the broker"}) || got[1].Basis != Declared || got[len(got)-1].Basis != Typical {
		t.Errorf("%+v", got)
	}
}

// TestDeclaredWords: only words that we have.
func TestDeclaredWords(t *testing.T) {
	for _, table := range []map[string][]string{strung(announced), strung(accessory)} {
		for from, all := range table {
			for _, w := range all {
				if _, ok := Of(Normal(w)); !ok {
					t.Errorf("%s declares %q, which is no word of ours", from, w)
				}
			}
		}
	}
}

func strung[C ~string](in map[string][]C) map[string][]string {
	out := map[string][]string{}
	for k, v := range in {
		for _, c := range v {
			out[k] = append(out[k], string(c))
		}
	}
	return out
}
