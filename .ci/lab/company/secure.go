package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"math/big"
	"net/http"
	"time"
)

// certificate is one that nobody signed, for whoever does not ask.
func certificate(now time.Time) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("making a key: %w", err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.AddDate(0, 0, -1), NotAfter: now.AddDate(1, 0, 0), DNSNames: []string{"company.example"}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("making a certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// secure is the web over TLS. What a stranger's handshake comes to is no news.
func secure(at string, c tls.Certificate) error {
	s := &http.Server{Addr: at, Handler: web(), TLSConfig: &tls.Config{Certificates: []tls.Certificate{c}}, ErrorLog: log.New(quiet{}, "", 0)}
	return s.ListenAndServeTLS("", "")
}

type quiet struct{}

func (quiet) Write(p []byte) (int, error) { return len(p), nil }

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
