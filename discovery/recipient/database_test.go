package recipient

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"
)

// database4 makes a file in the MaxMind DB format in which 1.0.0.0/8 has one
// field, after the format's specification 2.0.
func database4(key, value string) string {
	text := func(s string) string {
		if len(s) > 28 { // up to 284 bytes: the length less 29 follows
			return "\x5d" + string([]byte{byte(len(s) - 29)}) + s
		}
		return string([]byte{0x40 | byte(len(s))}) + s
	}
	number := func(kind string, width, n int) string { // kind with its length of width bytes
		return kind + string(binary.BigEndian.AppendUint64(nil, uint64(n))[8-width:])
	}
	const nodes = 8
	var tree []byte
	record := func(n int) { tree = append(tree, byte(n>>16), byte(n>>8), byte(n)) }
	for bit := range nodes { // 1 is 00000001: seven times left, once right
		if bit < nodes-1 {
			record(bit + 1)
			record(nodes)
			continue
		}
		record(nodes)
		record(nodes + 16)
	}
	u16, u32, u64 := "\xa2", "\xc4", "\x08\x02"
	meta := "\xe9" +
		text("binary_format_major_version") + number(u16, 2, 2) + text("binary_format_minor_version") + number(u16, 2, 0) +
		text("build_epoch") + number(u64, 8, 1_700_000_000) + text("database_type") + text("test") +
		text("description") + "\xe1" + text("en") + text("a test") + text("ip_version") + number(u16, 2, 4) +
		text("languages") + "\x01\x04" + text("en") + text("node_count") + number(u32, 4, nodes) + text("record_size") + number(u16, 2, 24)
	return string(tree) + strings.Repeat("\x00", 16) + "\xe1" + text(key) + text(value) + "\xab\xcd\xefMaxMind.com" + meta
}

func TestDatabase(t *testing.T) {
	for key, owners := range map[string]bool{"country_code": false, "autonomous_system_organization": true} {
		db, err := openDatabase(database4(key, "AU"))
		if err != nil {
			t.Fatal(err)
		}
		if db.owners != owners || db.find(netip.MustParseAddr("1.2.3.4")) != "AU" || db.find(netip.MustParseAddr("2.2.3.4")) != "" || db.find(netip.MustParseAddr("2001::1")) != "" {
			t.Errorf("%s: %+v", key, db)
		}
	}
}

func TestNotADatabase(t *testing.T) {
	good := database4("country_code", "AU")
	for name, text := range map[string]string{
		"nothing": "", "text": "domain\tcompany\n", "half": good[:len(good)/2], "without end": good[:len(good)-3],
		"another field": database4("postal_code", "12345"), "broken tree": "\xff\xff\xff" + good[3:],
	} {
		if _, err := openDatabase(text); !errors.Is(err, errDatabase) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRealDatabase reads a database that somebody has at hand.
func TestRealDatabase(t *testing.T) {
	name := os.Getenv("COUNTRY_MMDB")
	if name == "" {
		t.Skip("set COUNTRY_MMDB to a database of countries")
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	db, err := openDatabase(string(data))
	if err != nil {
		t.Fatal(err)
	}
	ours := shipped(t)
	known, lost := 0, 0
	for n := range uint64(200_000) {
		x := n * 0x9e3779b97f4a7c15 // spread over all addresses
		for _, a := range []netip.Addr{v4(uint32(x)), v6(0x2000_0000_0000|x>>19, byte(x))} {
			switch got, want := ours.countries.find(a), db.find(a); {
			case got == "" && want != "":
				lost++ // less than a /48
			case got != want:
				t.Fatalf("%s: packed %q, in the database %q", a, got, want)
			case got != "":
				known++
			}
		}
	}
	t.Logf("%d addresses are as in the database, %d are in less than a /48 and so not in ours", known, lost)
	if known < 150_000 || lost > known/1000 {
		t.Errorf("%d known, %d lost", known, lost)
	}
}
