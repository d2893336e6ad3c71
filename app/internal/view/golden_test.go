package view

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got, written as an indented table of its fields that are not
// empty, with testdata/name.
func golden(t *testing.T, name string, got any) {
	t.Helper()
	var b strings.Builder
	dump(&b, reflect.ValueOf(got), "")
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}

func dump(b *strings.Builder, v reflect.Value, indent string) {
	for i := range v.NumField() {
		f, x := v.Type().Field(i), v.Field(i)
		if !f.IsExported() || x.IsZero() {
			continue
		}
		switch {
		case x.Kind() == reflect.Struct && f.Type == reflect.TypeFor[Day]():
			fmt.Fprintf(b, "%s%s: %v\n", indent, f.Name, x)
		case x.Kind() == reflect.Struct:
			fmt.Fprintf(b, "%s%s:\n", indent, f.Name)
			dump(b, x, indent+"  ")
		case x.Kind() == reflect.Slice && x.Type().Elem().Kind() == reflect.Struct:
			for j := range x.Len() {
				fmt.Fprintf(b, "%s%s %d:\n", indent, f.Name, j+1)
				dump(b, x.Index(j), indent+"  ")
			}
		case x.Kind() == reflect.Slice:
			for j := range x.Len() {
				fmt.Fprintf(b, "%s%s: %v\n", indent, f.Name, x.Index(j))
			}
		case x.Kind() == reflect.Float64:
			fmt.Fprintf(b, "%s%s: %.2f\n", indent, f.Name, x.Float())
		case x.Type() == reflect.TypeFor[Severity]():
			fmt.Fprintf(b, "%s%s: %s\n", indent, f.Name, [...]string{"none", "fresh", "soon", "lapsed", "still"}[x.Int()])
		default:
			fmt.Fprintf(b, "%s%s: %v\n", indent, f.Name, x)
		}
	}
}
