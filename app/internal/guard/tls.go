package guard

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// TLS checks the certificate of the peer at host before a byte is sent: the
// fingerprint that the household said yes to, else the system's authorities.
// There is no way to skip the check.
func (g *Guard) TLS(host string) *tls.Config {
	host = strings.ToLower(host)
	return &tls.Config{
		ServerName: host, MinVersion: tls.VersionTLS12,
		// The library's check is replaced by check, which is stricter for a pinned
		// peer and the same for all others; a callback alone cannot accept a pin.
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection refuses what is neither vouched for nor pinned
		// The state's own ServerName is empty for a numeric address, so the host is kept here.
		VerifyConnection: func(s tls.ConnectionState) error { return g.check(host, s) },
	}
}

func (g *Guard) check(host string, s tls.ConnectionState) error {
	if host == "" || len(s.PeerCertificates) == 0 {
		return words.New("there is no certificate, or no name to check it against")
	}
	leaf := s.PeerCertificates[0]
	shown := Fingerprint(leaf)
	if g.pin != "" && !g.public[host] {
		if shown == g.pin {
			return nil
		}
		return untrusted(&connectors.CertificateError{Host: host, Fingerprint: shown, Was: g.pin})
	}
	between := x509.NewCertPool()
	for _, c := range s.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{DNSName: host, Intermediates: between})
	if err == nil {
		return nil
	}
	if g.public[host] { // on the internet nobody is asked: it is right or it is not
		return &connectors.Error{Kind: consent.KindNeedsPerson, Text: words.Sprintf("the certificate of %s is not right; nothing was sent there. Check the date of this computer, and whether its network wants you to sign in first", host), Err: err}
	}
	return untrusted(&connectors.CertificateError{Host: host, Fingerprint: shown, Why: why(err)})
}

func untrusted(e *connectors.CertificateError) error {
	return &connectors.Error{Kind: consent.KindNeedsPerson, Text: words.Text("nothing was sent"), Err: e}
}

// why is the reason in a few plain words.
func why(err error) string {
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &name):
		return words.Text("it was made for another name")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return words.Text("its time is over or has not begun")
	}
	return words.Text("the box made it itself")
}

// Fingerprint names a certificate: "sha256:" and the digest of the whole of it.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return "sha256:" + hex.EncodeToString(sum[:])
}
