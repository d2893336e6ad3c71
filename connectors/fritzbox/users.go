package fritzbox

import (
	"context"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// maxUsers bounds the users of one box; a box has a few dozen at most.
const maxUsers = 64

// users is the list that the box's own page offers before anybody signed in.
type users struct {
	Users []struct {
		Name string `xml:",chardata"`
		Last string `xml:"last_user,attr"`
	} `xml:"Username"`
}

// userOf is whose password was given, where the person named nobody: who it was
// when it was right, whoever signed in at the box since; else who did last.
func (s *Session) userOf(ctx context.Context, dir string) (string, error) {
	if name := bookUser(dir); name != "" {
		return name, nil
	}
	return s.lastUser(ctx)
}

// bookUser is the user in our own list; "" where there is none. A list that
// cannot be read is opened, and said, later.
func bookUser(dir string) string {
	f, err := os.Open(filepath.Join(dir, bookFile))
	if dir == "" || err != nil {
		return ""
	}
	defer f.Close() //nolint:errcheck // it was only read
	raw, err := io.ReadAll(io.LimitReader(f, maxBook+1))
	if err != nil {
		return ""
	}
	b, err := parseBook(raw)
	if err != nil || len(b.User) > maxField {
		return ""
	}
	return b.User
}

// lastUser is the name of the user who signed in last, or of the only one. The
// box tells it to everybody at home.
func (s *Session) lastUser(ctx context.Context) (string, error) {
	out, err := s.callAs(ctx, s.plain, controlSecurity, serviceSecurity, "X_AVM-DE_GetUserList")
	if k := connectors.KindOf(err); err != nil && (k == consent.KindTransient || k == consent.KindSignIn) {
		return "", err
	}
	if name := pickUser(out["NewX_AVM-DE_UserList"]); err == nil && name != "" {
		return name, nil
	}
	return "", connectors.NeedsPerson(words.Text("The FRITZ!Box does not tell which user signed in last; enter the name of one of its users."), err)
}

// pickUser reads the list; "" where it names nobody to choose.
func pickUser(list string) string {
	var u users
	if len(list) > maxField || xml.Unmarshal([]byte(list), &u) != nil || len(u.Users) > maxUsers {
		return ""
	}
	for _, x := range u.Users {
		if x.Last == "1" || len(u.Users) == 1 {
			return strings.TrimSpace(x.Name)
		}
	}
	return ""
}
