// Command company is the far side of the home in a box: the web servers, time
// servers and echo services that devices send to, and a count of the packets
// that really arrived there. It sits behind the gateway, where no rule of the
// gateway can flatter the count.
//
//	company NAME=IPv4,IPv6 ...
//
// On each address: HTTP on 80, HTTPS on 443 with a certificate that nobody
// signed (POST takes anything, /download?rate=N never ends, /download?bytes=N
// comes at once), UDP echo on 123 and 9000. On any address that leads here, HTTPS
// on 8443. On loopback 8099: /seen and /forget.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	log.SetFlags(log.Lmicroseconds)
	names, err := parse(os.Args[1:])
	if err != nil {
		log.Fatalf("company: %s", err)
	}
	c := newCounter(names)
	cert, err := certificate(time.Now())
	if err != nil {
		log.Fatalf("company: %s", err)
	}
	failed := make(chan error)
	go func() { failed <- c.listen() }()
	go func() { failed <- secure(":8443", cert) }()
	for a := range names {
		go func() { failed <- http.ListenAndServe(netip.AddrPortFrom(a, 80).String(), web()) }()
		go func() { failed <- secure(netip.AddrPortFrom(a, 443).String(), cert) }()
		for _, port := range []uint16{123, 9000} {
			go func() { failed <- echo(netip.AddrPortFrom(a, port)) }()
		}
	}
	go func() { failed <- http.ListenAndServe("127.0.0.1:8099", c) }()
	log.Fatalf("company: %s", <-failed)
}

// parse reads "name=198.51.100.10,2001:db8::10" arguments.
func parse(args []string) (map[netip.Addr]string, error) {
	out := map[netip.Addr]string{}
	for _, arg := range args {
		name, list, _ := strings.Cut(arg, "=")
		for text := range strings.SplitSeq(list, ",") {
			a, err := netip.ParseAddr(text)
			if err != nil {
				return nil, fmt.Errorf("reading %q: %w", arg, err)
			}
			out[a] = name
		}
	}
	if len(out) == 0 {
		return nil, errors.New("no company was named")
	}
	return out, nil
}

func web() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /download", download)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			return // the device went away
		}
		fmt.Fprintf(w, "took %d bytes\n", n)
	})
	return mux
}

// download sends rate bytes a second until the other side goes away, or so many
// bytes as fast as they are taken.
func download(w http.ResponseWriter, r *http.Request) {
	if n, err := strconv.ParseInt(r.FormValue("bytes"), 10, 64); err == nil {
		w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
		_, _ = io.CopyN(w, zeros{}, n) // an error is the device's going away
		return
	}
	const steps = 50 // a second
	rate, err := strconv.Atoi(r.FormValue("rate"))
	if err != nil || rate < steps || rate > 1<<27 {
		rate = 200_000
	}
	chunk := make([]byte, rate/steps)
	tick := time.NewTicker(time.Second / steps)
	defer tick.Stop()
	for {
		if _, err := w.Write(chunk); err != nil {
			return
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			return
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}

func echo(at netip.AddrPort) error {
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		return err
	}
	buf := make([]byte, 2048)
	for {
		n, from, err := c.ReadFromUDPAddrPort(buf)
		if err != nil {
			return err
		}
		if _, err := c.WriteToUDPAddrPort(buf[:n], from); err != nil {
			log.Printf("answering %s: %s", from, err)
		}
	}
}

// ServeHTTP answers what was seen, or forgets it.
func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/seen":
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(c.report()); err != nil {
			log.Printf("answering: %s", err)
		}
	case "/forget":
		c.forget()
	default:
		http.NotFound(w, r)
	}
}
