package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/consent"
)

// positional reads a command's arguments: options may stand before, between and
// after the positional ones. It answers the positional ones.
func positional(name string, args []string, least, most int, options func(*flag.FlagSet)) ([]string, error) {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	if options != nil {
		options(fs)
	}
	var out []string
	for {
		if err := fs.Parse(args); err != nil {
			return nil, misused(words.Sprintf("%s: %s; usage: %s", name, err, commands()[name].usage))
		}
		args = fs.Args()
		if len(args) == 0 {
			break
		}
		out, args = append(out, args[0]), args[1:]
	}
	if len(out) < least || len(out) > most {
		return nil, misuse(name)
	}
	return out, nil
}

// since reads "7d", "24h", "90m" or a date as a moment before now.
func since(s string, now time.Time) (time.Time, error) {
	if d, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(d); err == nil && n > 0 && n <= 4000 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return now.Add(-d), nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, now.Location()); err == nil {
		return t, nil
	}
	return time.Time{}, misused(words.Sprintf("%q is neither a time such as 7d or 24h nor a date such as 2026-05-31", s))
}

// until checks how an end is written, before anything is opened; whether it may be is
// for the engine to say.
func until(option, s string) error {
	if _, err := consent.ReadTerm(s); err != nil {
		return misused(fmt.Sprintf("%s: %s", option, err))
	}
	return nil
}

// civil checks a day.
func civil(s string) error {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return misused(words.Sprintf("%q is not a day such as 2027-05-31", s))
	}
	return nil
}

// fileFault says of a file that somebody named what is wrong with it.
func fileFault(what string, err error) error {
	var at *fs.PathError
	if !errors.As(err, &at) {
		return fmt.Errorf("%s: %w", what, err)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return words.Errorf("there is no %q; look at how it is written", at.Path)
	case errors.Is(err, fs.ErrPermission):
		return words.Errorf("you may not use %q; choose another, or change its rights", at.Path)
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
}

// recipient reads --to: "any", destinations ("203.0.113.7,bell.example"), or a
// name with its destinations ("Bell Maker=203.0.113.7,bell.example"). A name
// alone is looked up among the recipients that permissions already have.
func recipient(s string, known []consent.Recipient) (consent.Recipient, error) {
	if strings.EqualFold(s, "any") {
		return consent.Recipient{Name: "anybody", Any: true}, nil
	}
	name, list, named := strings.Cut(s, "=")
	if !named {
		for _, r := range known {
			if strings.EqualFold(r.Name, s) {
				return r, nil
			}
		}
		name, list = "", s
	}
	r := consent.Recipient{Name: strings.TrimSpace(name)}
	for _, d := range strings.Split(list, ",") {
		if d = strings.TrimSpace(d); d == "" {
			continue
		}
		if !named && !destination(d) {
			return r, misused(words.Sprintf("no permission names %q yet; say where it is: --to \"%s=ADDRESS or HOST NAME,...\"", s, s))
		}
		r.Destinations = append(r.Destinations, d)
	}
	if len(r.Destinations) == 0 {
		return r, misused(words.Sprintf("--to %q names no address and no host name", s))
	}
	return r, nil
}

// destination reports whether s looks like an address, a prefix or a host name.
func destination(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	if _, err := netip.ParsePrefix(s); err == nil {
		return true
	}
	return strings.Contains(s, ".") && !strings.ContainsAny(s, " /")
}

// categories reads --data.
func categories(s string) []consent.Category {
	var out []consent.Category
	for _, w := range strings.Split(s, ",") {
		if w = strings.TrimSpace(strings.ToLower(w)); w != "" {
			out = append(out, consent.Category(w))
		}
	}
	return out
}

// remedy reads --then; empty leaves the choice to the engine.
func remedy(s string) (consent.Remedy, error) {
	if s == "" {
		return "", nil
	}
	var all []string
	for _, r := range consent.Remedies() {
		if string(r) == s {
			return r, nil
		}
		all = append(all, string(r))
	}
	return "", misused(words.Sprintf("--then %q is not known; use one of %s", s, strings.Join(all, ", ")))
}

// settings collects repeated --set key=value.
type settings map[string]string

func (s settings) String() string { return fmt.Sprint(len(s)) }

func (s settings) Set(v string) error {
	k, val, ok := strings.Cut(v, "=")
	if !ok || k == "" {
		return words.New("--set wants key=value")
	}
	s[k] = val
	return nil
}
