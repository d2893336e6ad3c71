package assets

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"sort"
	"strings"
	"sync"
)

// ouiFile is sorted lines "PREFIX\tMaker", gzipped. Written by oui/generate.go.
//
//go:embed oui/prefixes.txt.gz
var ouiFile []byte

// ouiText unpacks ouiFile at the first question; a program that never asks
// does not pay for it. The file is part of the program, so it cannot be broken:
// a test reads it.
var ouiText = sync.OnceValue(func() string {
	r, err := gzip.NewReader(bytes.NewReader(ouiFile))
	if err != nil {
		return ""
	}
	var b strings.Builder
	if _, err := io.Copy(&b, r); err != nil {
		return ""
	}
	return b.String()
})

// OUI returns the maker to whom the IEEE gave the hardware address mac, written
// with colons, hyphens or neither. False for a random address, which has no
// maker, and for prefixes that are private or newer than the listing. Safe for
// concurrent use.
func OUI(mac string) (string, bool) {
	digits := strings.ToUpper(strings.NewReplacer(":", "", "-", "", ".", "").Replace(mac))
	if len(digits) < 6 || strings.ContainsRune("2367ABEF", rune(digits[1])) {
		return "", false
	}
	for _, n := range []int{9, 7, 6} { // small blocks are cut out of large ones
		if len(digits) < n {
			continue
		}
		if name, ok := ouiLine(ouiText(), digits[:n]+"\t"); ok {
			return name, true
		}
	}
	return "", false
}

// ouiLine finds the line that begins with key by halving text.
func ouiLine(text, key string) (string, bool) {
	lineAt := func(i int) string { // the line that begins at or after i
		if i > 0 {
			next := strings.IndexByte(text[i-1:], '\n')
			if next < 0 {
				return ""
			}
			i += next
		}
		line, _, _ := strings.Cut(text[i:], "\n")
		return line
	}
	i := sort.Search(len(text), func(i int) bool {
		line := lineAt(i)
		return line == "" || line >= key
	})
	if i == len(text) {
		return "", false
	}
	return strings.CutPrefix(lineAt(i), key)
}
