package gateway

import (
	"context"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

func TestSpecChecksSettings(t *testing.T) {
	spec := New().Spec()
	if spec.Kind != Kind || spec.Name == "" || spec.Sees == "" || spec.Stops == "" || len(spec.Needs) == 0 {
		t.Errorf("spec %+v", spec)
	}
	if err := spec.Check(connectors.Settings{}); err != nil {
		t.Errorf("no setting is needed: %v", err)
	}
}

func TestOpenRefusesBadSettings(t *testing.T) {
	want := consent.KindNeedsPerson
	if !supported {
		want = consent.KindUnsupported
	}
	for _, v := range []map[string]string{
		{"unknown": "x"}, {"interval": "soon"}, {"interval": "0"}, {"interval": "NaN"}, {"boot_unit": "perhaps"}, {"lan": "no-such-if0"},
	} {
		s, err := New().Open(context.Background(), connectors.Settings{Values: v}, &connectors.Host{Connection: "c", Now: time.Now})
		if err == nil || connectors.KindOf(err) != want || s != nil {
			t.Errorf("%v: %v", v, err)
		}
	}
}
