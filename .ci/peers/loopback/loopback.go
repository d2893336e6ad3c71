// Package loopback serves one OAuth server over TLS on this computer alone, with
// a certificate of its own that nobody vouches for, as a box at home has.
package loopback

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"time"
)

// Started is the one line that is printed once the server answers.
type Started struct {
	Issuer      string `json:"issuer"`
	Certificate string `json:"certificate"` // "sha256:" and the digest
}

// Serve runs until standard input is closed, so that it ends with whoever started it.
func Serve(handler func(issuer string) (http.Handler, error)) {
	if err := serve(handler); err != nil {
		log.Fatal(err)
	}
}

func serve(handler func(issuer string) (http.Handler, error)) error {
	cert, err := certificate()
	if err != nil {
		return fmt.Errorf("making a certificate: %w", err)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	issuer := "https://" + l.Addr().String()
	h, err := handler(issuer)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}}
	sum := sha256.Sum256(cert.Certificate[0])
	if err := json.NewEncoder(os.Stdout).Encode(Started{Issuer: issuer, Certificate: "sha256:" + hex.EncodeToString(sum[:])}); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = srv.Close()
	}()
	if err := srv.ServeTLS(l, "", ""); err != http.ErrServerClosed {
		return err
	}
	return nil
}

func certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	t := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
