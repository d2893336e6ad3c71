package connectors

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/consent"
)

// rotating is an issuer that takes each token once, and what is kept on disk.
type rotating struct {
	good  string // the one token that the issuer takes
	n     int
	disk  Kept
	dieAt string // where the program is killed
	full  int    // how many saves fail
}

var errKilled = errors.New("killed")

func (r *rotating) parts(intent bool) Rotating {
	return Rotating{
		Load: func(context.Context) (Kept, error) { return r.disk, nil },
		Save: func(_ context.Context, k Kept) error {
			if k.Sent && !intent {
				return nil // the twin: it is not kept that the token was sent
			}
			at := "new"
			if k.Sent {
				at = "intent"
			}
			if r.dieAt == "before "+at {
				panic(errKilled)
			}
			if r.full > 0 && !k.Sent {
				r.full--
				return errors.New("disk full")
			}
			r.disk = k
			if r.dieAt == "after "+at {
				panic(errKilled)
			}
			return nil
		},
		Exchange: func(_ context.Context, t Secret) (Secret, error) {
			if r.dieAt == "before the issuer" {
				panic(errKilled)
			}
			if t.Reveal() != r.good {
				return Secret{}, &Error{Kind: consent.KindSignIn, Text: "invalid_grant"}
			}
			r.n++
			r.good = string(rune('a' + r.n))
			return NewSecret(r.good), nil
		},
	}
}

// try is one run of the program, which may be killed in it.
func (r *rotating) try(ctx context.Context, intent bool) (s Secret, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errKilled
		}
	}()
	return r.parts(intent).Next(ctx)
}

// T16: killed at each point between the rotation and its save, the next start has
// a usable token or asks the person in so many words. The twin: without the
// intent the spent token only looks like a wrong one.
func TestT16ARotationThatIsInterruptedIsNeverSilent(t *testing.T) {
	const words = "interrupted"
	for dieAt, usable := range map[string]bool{
		"before intent": true, "after intent": true, "before the issuer": true, "before new": false, "after new": true,
	} {
		for _, intent := range []bool{true, false} {
			r := &rotating{good: "a", disk: Kept{Token: NewSecret("a")}, dieAt: dieAt}
			if _, err := r.try(t.Context(), intent); intent && !errors.Is(err, errKilled) {
				t.Fatalf("%s: not killed: %v", dieAt, err)
			}
			r.dieAt = ""
			s, err := r.try(t.Context(), intent)
			switch {
			case usable && (err != nil || s.Reveal() != r.good || r.disk != Kept{Token: s}):
				t.Errorf("%s: %v, %v", dieAt, s.Reveal() == r.good, err)
			case !usable && KindOf(err) != consent.KindSignIn:
				t.Errorf("%s: silent: %v", dieAt, err)
			case !usable && contains(err, words) != intent:
				t.Errorf("%s, intent kept %v: %v; this test shows nothing", dieAt, intent, err)
			}
		}
	}
}

func contains(err error, words string) bool {
	var e *Error
	return errors.As(err, &e) && strings.Contains(e.Text, words)
}

// A disk that is full for a moment costs no sign-in; one that stays full is said,
// and the new token can still be used.
func TestT16ANewTokenIsKeptAsSoonAsItCanBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for full, want := range map[int]consent.ErrorKind{3: "", 1000: consent.KindNeedsPerson} {
			r := &rotating{good: "a", disk: Kept{Token: NewSecret("a")}, full: full}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			s, err := r.try(ctx, true)
			cancel()
			if s.Reveal() != r.good || (err == nil) != (want == "") || err != nil && KindOf(err) != want {
				t.Errorf("full for %d: %v", full, err)
			}
		}
	})
}

// T35: a token is only sent to an address that is https, the issuer's own, and
// the one that was known. The twin: the very same address, unchanged, is taken.
func TestT35ARevocationAddressThatChangedIsRefused(t *testing.T) {
	const issuer, good = "https://accounts.example/", "https://accounts.example/revoke"
	for name, c := range map[string]struct {
		was, now string
		ok       bool
	}{
		"the first time":       {"", good, true},
		"unchanged":            {good, good, true},
		"below the issuer":     {"", "https://oauth.accounts.example/revoke", true},
		"another path":         {good, "https://accounts.example/collect", false},
		"another host":         {"", "https://accounts.example.evil.test/revoke", false},
		"a name that ends so":  {"", "https://evilaccounts.example/revoke", false},
		"not protected":        {"", "http://accounts.example/revoke", false},
		"another scheme":       {"", "ftp://accounts.example/revoke", false},
		"a user in it":         {"", "https://accounts.example@evil.test/revoke", false},
		"the host as a user":   {"", "https://a:b@accounts.example/revoke", false},
		"nothing":              {"", "", false},
		"nothing any more":     {good, "", false},
		"no host":              {"", "https:///revoke", false},
		"a line in the middle": {"", "https://accounts.example/\nrevoke", false},
	} {
		got, err := OwnAddress("at which access is revoked", issuer, c.was, c.now)
		if (err == nil) != c.ok || c.ok && got != c.now || !c.ok && (got != "" || KindOf(err) != consent.KindNeedsPerson) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := OwnAddress("at which access is revoked", "", "", good); err == nil {
		t.Error("without an issuer everything is taken")
	}
}
