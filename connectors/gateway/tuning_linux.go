package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// Kernel settings of this network namespace that flow accounting needs.
func accountingSettings() []string {
	return []string{"net/netfilter/nf_conntrack_acct", "net/netfilter/nf_conntrack_timestamp"}
}

const tuningFile = "kernel-settings.json"

// tuning remembers which kernel settings we changed from "0", also across our
// own restarts, so that leaving can put them back.
type tuning struct {
	dir     string
	Changed []string `json:"changed"`
}

// tune switches flow accounting and time stamps on. dir may be empty.
func tune(dir string) (tuning, error) {
	t := tuning{dir: dir}
	if dir != "" {
		b, err := os.ReadFile(filepath.Join(dir, tuningFile))
		if err == nil {
			_ = json.Unmarshal(b, &t) // a damaged file only means that we put nothing back
		} else if !errors.Is(err, fs.ErrNotExist) {
			return t, fmt.Errorf("reading %s: %w", tuningFile, err)
		}
	}
	changed := false
	for _, name := range accountingSettings() {
		file := filepath.Join("/proc/sys", name)
		b, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			return t, connectors.NeedsPerson(words.Text("this kernel does not track connections (nf_conntrack is missing)"), err)
		}
		if err != nil {
			return t, fmt.Errorf("reading %s: %w", name, err)
		}
		if strings.TrimSpace(string(b)) != "0" {
			continue
		}
		if err := os.WriteFile(file, []byte("1"), 0o644); err != nil {
			return t, fmt.Errorf("writing %s: %w", name, err)
		}
		t.Changed, changed = appendOnce(t.Changed, name), true
	}
	if !changed || dir == "" {
		return t, nil
	}
	b, err := json.Marshal(t)
	if err != nil {
		return t, fmt.Errorf("encoding %s: %w", tuningFile, err)
	}
	return t, writeFile(filepath.Join(dir, tuningFile), b)
}

func appendOnce(list []string, s string) []string {
	for _, v := range list {
		if v == s {
			return list
		}
	}
	return append(list, s)
}

// restore puts back what tune changed.
func (t tuning) restore() error {
	var errs []error
	for _, name := range accountingSettings() {
		for _, c := range t.Changed {
			if c == name {
				errs = append(errs, os.WriteFile(filepath.Join("/proc/sys", name), []byte("0"), 0o644))
			}
		}
	}
	if t.dir != "" {
		if err := os.Remove(filepath.Join(t.dir, tuningFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// fastPath reports whether any table of this box holds a flowtable, through
// which established flows pass by all rules.
func fastPath() bool {
	c, err := new(kernel).library()
	if err != nil {
		return false
	}
	tables, err := c.ListTables()
	if err != nil {
		return false
	}
	for _, t := range tables {
		if fts, err := c.ListFlowtables(t); err == nil && len(fts) > 0 {
			return true
		}
	}
	return false
}
