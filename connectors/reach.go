package connectors

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/url"
	"unicode"
	"unicode/utf8"

	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// OptCertificate is the option of every connector that may meet a certificate
// nobody vouches for: the fingerprint that the household said yes to.
const OptCertificate = "certificate"

// CertificateOption is the question behind OptCertificate; the program fills in
// the answer, the person only says yes.
func CertificateOption() Option {
	return Option{
		Key: OptCertificate, Label: words.Text("Fingerprint of its certificate"), Seldom: true,
		Help: words.Text("Leave it empty. If the certificate is one that nobody vouches for, as most home boxes have, you are asked, and your yes is kept here."),
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

// MarshalJSON writes each key in small letters, as all others are, and once more
// as it was at first, which scripts may read.
func (e CertificateError) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{
		"host": e.Host, "fingerprint": e.Fingerprint, "was": e.Was, "why": e.Why,
		"Host": e.Host, "Fingerprint": e.Fingerprint, "Was": e.Was, "Why": e.Why,
	})
}

// Error is one sentence that says what to do.
func (e *CertificateError) Error() string {
	if e.Was != "" {
		return words.Sprintf("%s shows another certificate than the one you said yes to; if you renewed it, say yes to %s, if not, leave it", e.Host, e.Fingerprint)
	}
	return words.Sprintf("nobody vouches for the certificate of %s (%s); if that is your own box, say yes to it: certificate=%s", e.Host, e.Why, e.Fingerprint)
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

// capital is a name at the beginning of a sentence.
func capital(name string) string {
	r, n := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(r)) + name[n:]
}

// Unreached sorts what went wrong on the way to a peer, which the screen calls
// name ("the FRITZ!Box"). What the guarded way out says is kept. The address that was asked for is
// not: a key may stand in it.
func Unreached(ctx context.Context, name string, err error) error {
	var address *url.Error
	if errors.As(err, &address) {
		err = address.Err
	}
	var bad *CertificateError
	var said *Error
	var late net.Error
	switch {
	case errors.As(err, &bad):
		text := words.Sprintf("Nobody vouches for the certificate of %s; nothing was sent to it. If that is your own box, say yes to its certificate.", name)
		if bad.Was != "" {
			text = words.Sprintf("%s shows another certificate than the one you said yes to; nothing was sent to it. Say yes to the new one only if you renewed it.", capital(name))
		}
		return &Error{Kind: consent.KindNeedsPerson, Text: text, Err: bad}
	case errors.As(err, &said):
		return said
	case ctx.Err() != nil:
		return &Error{Kind: consent.KindTransient, Text: words.Sprintf("%s did not answer in time.", capital(name)), Err: ctx.Err()}
	case errors.As(err, &late) && late.Timeout():
		return &Error{Kind: consent.KindTransient, Text: words.Sprintf("%s did not answer in time.", capital(name)), Err: err}
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &Error{Kind: consent.KindTransient, Text: words.Sprintf("%s broke off in the middle of its answer.", capital(name)), Err: err}
	}
	return &Error{Kind: consent.KindTransient, Text: words.Sprintf("%s cannot be reached.", capital(name)), Err: err}
}

// SentOn is the error of a redirect from the peer that the screen calls name:
// nobody follows one.
func SentOn(name, location string) error {
	to := "another address"
	if u, err := url.Parse(location); err == nil && u.Host != "" {
		to = string(discovery.Clean(u.Scheme + "://" + u.Host))
	}
	return &Error{Kind: consent.KindNeedsPerson, Text: words.Sprintf("%s sends us on to %s, and nothing follows there by itself; if that is right, give that address instead.", capital(name), to)}
}

// OwnFault is the error of an answer that says that the peer itself is in
// trouble; cause is what it says of that, and may be nil.
func OwnFault(name string, status int, cause error) error {
	return &Error{Kind: consent.KindTransient, Text: words.Sprintf("%s has a fault of its own (%d).", capital(name), status), Err: cause}
}
