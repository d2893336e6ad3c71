package mqtt

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"os"
	"strconv"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// The bounds of what a household may ask for.
const (
	maxFilters = 64
	maxFilter  = 256
	maxCAFile  = 1 << 20
)

// usualTopics are what is read when the household names nothing else.
var usualTopics = []string{
	"homeassistant/#", "zigbee2mqtt/#", "tasmota/discovery/#", "tele/#", "stat/#",
	"shellies/#", "esphome/#", "owntracks/#", "frigate/#",
}

// settings are the answers of the household, checked.
type settings struct {
	host, address string // address with its port
	port          uint16
	tls           *tls.Config // nil: plain
	username      string
	password      connectors.Secret
	filters       []string
	control       string
}

func readSettings(ctx context.Context, s connectors.Settings, h *connectors.Host) (settings, error) {
	out := settings{username: s.Values[optUsername], control: strings.ToLower(strings.TrimSpace(s.Values[optControl]))}
	secure := false
	addr := strings.TrimSpace(s.Values[optAddress])
	if scheme, rest, ok := strings.Cut(addr, "://"); ok {
		switch scheme {
		case "tls", "ssl", "mqtts":
			secure = true
		case "tcp", "mqtt":
		default:
			return out, connectors.NeedsPerson(words.Sprintf("The address begins with %q; write tcp:// or tls://.", scheme), nil)
		}
		addr = rest
	}
	if err := out.setAddress(addr, secure); err != nil {
		return out, err
	}
	if secure {
		pool, err := authorities(s.Values[optCA])
		if err != nil {
			return out, err
		}
		out.tls = &tls.Config{ServerName: out.host, RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	switch out.control {
	case "":
		out.control = controlAuto
	case controlAuto, controlYes, controlNo:
	default:
		return out, connectors.NeedsPerson(words.Sprintf("%q is not auto, yes or no", out.control), nil)
	}
	var err error
	if out.filters, err = filters(s.Values[optTopics]); err != nil {
		return out, err
	}
	if ref := s.Secrets[optPassword]; ref != "" {
		if h.Secret == nil {
			return out, connectors.Permanent(words.Text("the MQTT connector was given no way to read its password"), nil)
		}
		if out.password, err = h.Secret(ctx, ref); err != nil {
			return out, connectors.NeedsPerson(words.Text("The broker's password cannot be read from the key store."), err)
		}
	}
	return out, nil
}

func (s *settings) setAddress(addr string, secure bool) error {
	port := "1883"
	if secure {
		port = "8883"
	}
	host := strings.Trim(addr, "[]")
	if h, p, err := net.SplitHostPort(addr); err == nil {
		host, port = h, p
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || host == "" || len(host) > 253 || strings.ContainsAny(host, "/ @?#\\") {
		return connectors.NeedsPerson(words.Sprintf("%q is not the address of a broker; write host:port.", addr), err)
	}
	s.host, s.port, s.address = host, uint16(n), net.JoinHostPort(host, port)
	return nil
}

// authorities reads the household's own certificate authority; nil is the system's.
func authorities(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, connectors.NeedsPerson(words.Text("The file of the certificate authority cannot be read."), err)
	}
	defer f.Close()
	pem, err := io.ReadAll(io.LimitReader(f, maxCAFile))
	if err != nil {
		return nil, connectors.NeedsPerson(words.Text("The file of the certificate authority cannot be read."), err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, connectors.NeedsPerson(words.Text("The file of the certificate authority holds no certificate."), nil)
	}
	return pool, nil
}

// filters checks the topics to read. One that another covers is left out, so
// that no message comes twice.
func filters(text string) ([]string, error) {
	list := usualTopics
	if strings.TrimSpace(text) != "" {
		list = strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' })
	}
	if len(list) > maxFilters {
		return nil, connectors.NeedsPerson(words.Sprintf("At most %d topics can be read.", maxFilters), nil)
	}
	var out []string
	for i, f := range list {
		if why := badFilter(f); why != "" {
			return nil, connectors.NeedsPerson(words.Sprintf("The topic %q cannot be read: %s.", f, why), nil)
		}
		covered := false
		for j, other := range list {
			covered = covered || i != j && covers(other, f) && (j < i || !covers(f, other))
		}
		if !covered {
			out = append(out, f)
		}
	}
	return out, nil
}

func badFilter(f string) string {
	if f == "" || len(f) > maxFilter || strings.ContainsRune(f, 0) {
		return words.Text("it is empty or too long")
	}
	if strings.HasPrefix(f, "$") {
		return words.Text("topics that begin with $ are the broker's own")
	}
	if f[0] == '#' || f[0] == '+' {
		return words.Text("that would read everything")
	}
	levels := strings.Split(f, "/")
	for i, l := range levels {
		if strings.Contains(l, "#") && (l != "#" || i != len(levels)-1) || strings.Contains(l, "+") && l != "+" {
			return words.Text("# and + stand for whole levels")
		}
	}
	return ""
}

// covers reports whether every topic that matches b matches a too.
func covers(a, b string) bool {
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	for i, l := range x {
		switch {
		case l == "#":
			return true
		case i >= len(y) || y[i] == "#":
			return false
		case l != "+" && l != y[i]:
			return false
		}
	}
	return len(x) == len(y)
}
