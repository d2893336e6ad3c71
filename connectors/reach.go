package connectors

import "fmt"

// OptCertificate is the option of every connector that may meet a certificate
// nobody vouches for: the fingerprint that the household said yes to.
const OptCertificate = "certificate"

// CertificateOption is the question behind OptCertificate; the program fills in
// the answer, the person only says yes.
func CertificateOption() Option {
	return Option{
		Key: OptCertificate, Label: "Fingerprint of its certificate",
		Help: "Leave it empty. If the certificate is one that nobody vouches for, as most home boxes have, you are asked, and your yes is kept here.",
	}
}

// CertificateError says that a peer showed a certificate that is neither
// vouched for nor known. Nothing was sent to it. Fingerprint is what the
// household may say yes to; Was is what it said yes to before.
type CertificateError struct {
	Host        string
	Fingerprint string // "sha256:" and 64 hexadecimal digits
	Was         string // empty on first use
	Why         string // what a check by the system's authorities said
}

// Error is one sentence that says what to do.
func (e *CertificateError) Error() string {
	if e.Was != "" {
		return fmt.Sprintf("%s shows another certificate than the one you said yes to; if you renewed it, say yes to %s, if not, leave it", e.Host, e.Fingerprint)
	}
	return fmt.Sprintf("nobody vouches for the certificate of %s (%s); if that is your own box, say yes to it: certificate=%s", e.Host, e.Why, e.Fingerprint)
}

// Peers are the answers in s that say where the peer is.
func (spec Spec) Peers(s Settings) []string {
	var out []string
	for _, o := range spec.Options {
		if v := s.Values[o.Key]; o.Address && v != "" {
			out = append(out, v)
		}
	}
	return out
}
