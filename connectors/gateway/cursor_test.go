package gateway

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bestbefore/connectors"
)

func TestCursorComesBack(t *testing.T) {
	counts := rapid.Custom(func(t *rapid.T) count {
		return count{rapid.Int64().Draw(t, "start"), rapid.Uint64().Draw(t, "up"), rapid.Uint64().Draw(t, "down")}
	})
	rapid.Check(t, func(t *rapid.T) {
		p := place{
			boot:    rapid.StringN(0, 30, 100).Draw(t, "boot"),
			at:      time.UnixMilli(rapid.Int64Range(0, 1<<45).Draw(t, "at")).UTC(),
			flows:   rapid.MapOfN(rapid.Uint32(), counts, 0, 50).Draw(t, "flows"),
			refused: rapid.MapOfN(rapid.Uint64(), counts, 0, 50).Draw(t, "refused"),
		}
		b := p.encode()
		got, err := decodePlace(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, got, cmp.AllowUnexported(place{}, count{})); diff != "" {
			t.Fatal(diff)
		}
		for i := range b { // a cut-off cursor is an error
			if _, err := decodePlace(b[:i]); err == nil {
				t.Fatalf("%d of %d bytes were taken for a cursor", i, len(b))
			}
		}
	})
}

func TestAdvance(t *testing.T) {
	for name, c := range map[string]struct {
		a, b     count
		up, down uint64
	}{
		"more":            {count{1, 10, 20}, count{1, 15, 21}, 5, 1},
		"nothing":         {count{1, 10, 20}, count{1, 10, 20}, 0, 0},
		"new":             {count{}, count{1, 10, 20}, 10, 20},
		"went back":       {count{1, 10, 20}, count{1, 9, 30}, 9, 30},
		"another start":   {count{1, 10, 20}, count{2, 30, 40}, 30, 40},
		"no time at both": {count{0, 1, 1}, count{0, 2, 1}, 1, 0},
	} {
		if up, down := c.a.advance(c.b); up != c.up || down != c.down {
			t.Errorf("%s: %d, %d", name, up, down)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add([]byte(newPlace("boot").encode()))
	p := newPlace("x")
	p.flows[7], p.refused[9] = count{1, 2, 3}, count{4, 5, 6}
	f.Add([]byte(p.encode()))
	f.Add([]byte{1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decodePlace(connectors.Cursor(b))
		if err != nil {
			return
		}
		if len(p.flows) > len(b) || len(p.refused) > len(b) {
			t.Errorf("%d bytes became %d flows", len(b), len(p.flows))
		}
		if _, err := decodePlace(p.encode()); err != nil {
			t.Error(err)
		}
	})
}
