package connectors

import (
	"net/http"
	"testing"
)

func TestKnockFitsByAllOfItsSigns(t *testing.T) {
	k := Knock{Scheme: "https", Port: 443, Path: "/", Status: []int{200, 401}, Header: "X-Box: yes", Has: []string{"one", "two"}}
	yes := http.Header{"X-Box": {"YES"}}
	for name, c := range map[string]struct {
		a    KnockAnswer
		want bool
	}{
		"all of them":      {KnockAnswer{401, yes, []byte("one and two")}, true},
		"another state":    {KnockAnswer{302, yes, []byte("one and two")}, false},
		"no header":        {KnockAnswer{200, nil, []byte("one and two")}, false},
		"a text too few":   {KnockAnswer{200, yes, []byte("one")}, false},
		"an empty answer":  {KnockAnswer{}, false},
		"another's header": {KnockAnswer{200, http.Header{"X-Box": {"no"}}, []byte("one two")}, false},
	} {
		if got := k.Fits(c.a); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if (Knock{Status: []int{401}}).Fits(KnockAnswer{Status: 401}) {
		t.Error("a state alone is no sign: every box refuses somebody")
	}
}

func TestKnockAddressIsWhatAPersonWouldType(t *testing.T) {
	for want, k := range map[string]Knock{
		"http://192.0.2.1": {Scheme: "http", Port: 80}, "https://192.0.2.1": {Scheme: "https", Port: 443},
		"https://192.0.2.1:80": {Scheme: "https", Port: 80}, "http://192.0.2.1:3000": {Scheme: "http", Port: 3000},
	} {
		if got := k.Address("192.0.2.1"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := (Knock{Scheme: "http", Port: 80}).Address("2001:db8::1"); got != "http://[2001:db8::1]" {
		t.Error(got)
	}
}
