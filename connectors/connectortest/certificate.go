package connectortest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"math/big"
	"net"
	"slices"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// expired is a certificate that was good until yesterday.
func expired(t T, hosts []string) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatalf("%v", err)
	}
	now := time.Now()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "stand-in"}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(0, 0, -1),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: hosts, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// tls checks as the guarded way out does: nothing is sent before somebody vouches
// for the certificate. Here the stand-in's own is vouched for, so that only its
// time can be wrong.
func (at *site) tls(host string) *tls.Config {
	return &tls.Config{
		ServerName: host, MinVersion: tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection checks, and says why not in the words of the guard
		VerifyConnection: func(s tls.ConnectionState) error {
			leaf, roots := s.PeerCertificates[0], x509.NewCertPool()
			roots.AddCert(leaf)
			_, err := leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots})
			if err == nil {
				return nil
			}
			if slices.Contains(at.setup.Hosts, host) {
				return &connectors.Error{Kind: consent.KindNeedsPerson, Text: "the certificate of " + host + " is not right; nothing was sent there. Check the date of this computer, and whether its network wants you to sign in first", Err: err}
			}
			sum, why := sha256.Sum256(leaf.Raw), "the box made it itself"
			if invalid := (x509.CertificateInvalidError{}); errors.As(err, &invalid) && invalid.Reason == x509.Expired {
				why = "its time is over or has not begun"
			}
			return &connectors.Error{Kind: consent.KindNeedsPerson, Text: "nothing was sent", Err: &connectors.CertificateError{
				Host: host, Fingerprint: "sha256:" + hex.EncodeToString(sum[:]), Why: why,
			}}
		},
	}
}
