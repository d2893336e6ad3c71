package ssdp

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"bestbefore/discovery"
)

// The bounds of a description.
const (
	maxDescription = 64 << 10
	maxDepth       = 32
	maxParts       = 16 // embedded devices
	maxText        = 1024
	fetchTime      = 2 * time.Second
	maxHTTPHeader  = 16 << 10
)

// Description is what a UPnP device says of itself. All of it is a claim.
type Description struct {
	DeviceType   string
	FriendlyName string
	Manufacturer string
	ModelName    string
	ModelNumber  string
	Serial       string
	UDNs         []string // of the device and of its parts, lower case
}

// ParseDescription reads a UPnP description (UPnP Device Architecture 2.3). It
// reads at most 64 KiB, 32 levels deep, and refuses documents that declare
// anything, since a declaration can make a small text endless.
func ParseDescription(r io.Reader) (Description, error) {
	var d Description
	limited := &io.LimitedReader{R: r, N: maxDescription + 1}
	dec := xml.NewDecoder(limited)
	var path []string
	var text strings.Builder
	for {
		tok, err := dec.Token()
		switch {
		case limited.N <= 0:
			return d, errors.New("reading description: longer than 64 KiB")
		case errors.Is(err, io.EOF) && len(path) == 0:
			return d, nil
		case err != nil:
			return d, fmt.Errorf("reading description: %w", err)
		}
		switch t := tok.(type) {
		case xml.Directive:
			return d, errors.New("reading description: it declares entities or types of its own")
		case xml.StartElement:
			if path = append(path, t.Name.Local); len(path) > maxDepth {
				return d, errors.New("reading description: nested too deep")
			}
			text.Reset()
		case xml.CharData:
			if text.Len()+len(t) <= maxText {
				text.Write(t)
			}
		case xml.EndElement:
			d.take(path, strings.TrimSpace(text.String()))
			path = path[:len(path)-1]
			text.Reset()
		}
	}
}

// take stores one element: the outermost device's own, and every part's UDN.
func (d *Description) take(path []string, text string) {
	name := path[len(path)-1]
	if len(path) < 3 || path[len(path)-2] != "device" || text == "" {
		return
	}
	if name == "UDN" {
		id, ok := discovery.Identifier{Type: discovery.UDN, Value: text}.Normalize()
		if ok && len(d.UDNs) < maxParts && !slices.Contains(d.UDNs, id.Value) {
			d.UDNs = append(d.UDNs, id.Value)
		}
		return
	}
	if len(path) != 3 {
		return
	}
	for _, f := range []struct {
		name string
		into *string
	}{
		{"deviceType", &d.DeviceType},
		{"friendlyName", &d.FriendlyName},
		{"manufacturer", &d.Manufacturer},
		{"modelName", &d.ModelName},
		{"modelNumber", &d.ModelNumber},
		{"serialNumber", &d.Serial},
	} {
		if f.name == name && *f.into == "" {
			*f.into = string(discovery.CleanLong(text))
		}
	}
}

// dialer connects to one address and checks, when it connects, that it is that one.
func dialer(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{Timeout: fetchTime, Control: func(_, address string, _ syscall.RawConn) error {
		if at, err := netip.ParseAddrPort(address); err != nil || at != to {
			return fmt.Errorf("%w: it would be dialled at another host", ErrLocation)
		}
		return nil
	}}
	return d.DialContext(ctx, "tcp", to.String())
}

// fetch asks sender for its description: one GET without credentials, proxy or
// redirect, two seconds, 64 KiB.
func fetch(ctx context.Context, location string, sender netip.Addr, dial func(context.Context, netip.AddrPort) (net.Conn, error)) (Description, error) {
	to, u, err := Location(location, sender)
	if err != nil {
		return Description{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	transport := &http.Transport{
		Proxy:                  nil,
		DialContext:            func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, to) },
		DisableKeepAlives:      true,
		DisableCompression:     true, // a packed answer could unpack to anything
		MaxResponseHeaderBytes: maxHTTPHeader,
		ResponseHeaderTimeout:  fetchTime,
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return Description{}, fmt.Errorf("asking for a description: %w", err)
	}
	req.Header.Set("User-Agent", "UPnP/1.1 BestBefore/1.0")
	resp, err := client.Do(req)
	if err != nil {
		return Description{}, fmt.Errorf("asking for a description: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return Description{}, fmt.Errorf("asking for a description: answered %d", resp.StatusCode)
	}
	return ParseDescription(resp.Body)
}
