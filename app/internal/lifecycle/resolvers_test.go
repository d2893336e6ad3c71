package lifecycle

import (
	"fmt"
	"strings"
	"testing"
)

func TestResolversOfAFile(t *testing.T) {
	text := "# nameserver 192.0.2.9\nsearch lan\nnameserver 192.168.1.2\nnameserver 127.0.0.53\nnameserver fe80::1%eth0\nnameserver nonsense\nnameserver\n"
	if got := fmt.Sprint(parseResolvers(strings.NewReader(text))); got != "[192.168.1.2 fe80::1]" {
		t.Errorf("got %s", got)
	}
	if n := len(parseResolvers(strings.NewReader(strings.Repeat("nameserver 192.0.2.1\n", 5000)))); n != maxResolvers {
		t.Errorf("%d of a file that lists thousands", n)
	}
}
