package openwrt

import (
	_ "embed"
	"path"
	"slices"

	"bestbefore/assets/words"
)

// What the router must let us run and read.
const (
	tableFile     = "/proc/net/nf_conntrack"
	catCommand    = "/bin/cat"
	cutCommand    = "/usr/sbin/conntrack"
	rulesCommand  = "/usr/sbin/nft"
	nlbwmonBinary = "/usr/sbin/nlbwmon"
)

// Setup is what a household pastes on the router's command line, in place of
// giving us the router's own password.
//
//go:embed setup.sh
var Setup string

// rights are what the login's answer says that the account may do, by scope and
// object: "ubus", "uci", "file".
type rights map[string]map[string][]string

// may says whether verb is granted on object in scope.
func (r rights) may(scope, object, verb string) bool {
	for pattern, verbs := range r[scope] {
		if matches(pattern, object) && slices.ContainsFunc(verbs, func(v string) bool { return matches(v, verb) }) {
			return true
		}
	}
	return false
}

// matches is the router's own comparison: a star stands for anything, a slash included.
func matches(pattern, text string) bool {
	if pattern == "*" || pattern == text {
		return true
	}
	// path.Match stops at slashes; these stand for them without being any.
	slash := func(s string) string {
		out := []rune(s)
		for i, c := range out {
			if c == '/' {
				out[i] = '\u2215'
			}
		}
		return string(out)
	}
	ok, err := path.Match(slash(pattern), slash(text))
	return err == nil && ok
}

// mayWrite says whether our rules can be set, and what is missing.
func (r rights) mayWrite() (missing string) {
	for _, m := range []string{"get", "changes", "add", "delete", "apply", "confirm", "commit", "revert"} {
		if !r.may("ubus", "uci", m) {
			return "uci " + m
		}
	}
	if !r.may("uci", "firewall", "read") {
		return words.Text("reading the firewall's settings")
	}
	if !r.may("uci", "firewall", "write") {
		return words.Text("writing the firewall's settings")
	}
	return ""
}

// mayRun says whether a command line may be run.
func (r rights) mayRun(line string) bool {
	return r.may("ubus", "file", "exec") && r.may("file", line, "exec")
}
