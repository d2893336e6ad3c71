//go:build ignore

// This program writes prefixes.txt.gz, the makers of hardware addresses, from
// the IEEE's public listing as Debian's ieee-data package installs it:
//
//	go run generate.go [folder with oui.csv, mam.csv, oui36.csv, iab.csv]
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run() error {
	dir := "/usr/share/ieee-data"
	if len(os.Args) > 1 {
		dir = os.Args[1]
	}
	seen := map[string]string{}
	for _, name := range []string{"oui.csv", "mam.csv", "oui36.csv", "iab.csv"} {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			return fmt.Errorf("opening the listing: %w", err)
		}
		rows, err := csv.NewReader(f).ReadAll()
		f.Close()
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		for _, r := range rows[1:] {
			prefix, maker := strings.ToUpper(strings.TrimSpace(r[1])), strings.Join(strings.Fields(r[2]), " ")
			// Of a few prefixes the listing has two lines; the smaller name makes the file the same every time.
			if maker == "" || maker == "Private" || maker == "IEEE Registration Authority" || seen[prefix] != "" && seen[prefix] < maker {
				continue
			}
			seen[prefix] = maker
		}
	}
	lines := make([]string, 0, len(seen))
	for p, m := range seen {
		lines = append(lines, p+"\t"+m+"\n")
	}
	slices.Sort(lines)
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte(strings.Join(lines, ""))); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	fmt.Printf("%d prefixes, %d bytes\n", len(lines), out.Len())
	return os.WriteFile("prefixes.txt.gz", out.Bytes(), 0o644)
}
