package assets_test

import (
	"bytes"
	"encoding/xml"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"strconv"
	"testing"

	"bestbefore/assets"
)

func TestEveryKindOfDeviceHasAPicture(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../discovery/kind.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	kinds := 0
	ast.Inspect(file, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		name, err := strconv.Unquote(lit.Value)
		if err != nil {
			t.Fatal(err)
		}
		if name == "" {
			name = "unknown"
		}
		kinds++
		if _, err := assets.Icons.ReadFile("icons/kinds/" + name + ".svg"); err != nil {
			t.Errorf("kind %q has no picture: %v", name, err)
		}
		return true
	})
	if kinds < 20 {
		t.Errorf("found only %d kinds; the check looks in the wrong place", kinds)
	}
}

func TestIconsAreXMLInOneColour(t *testing.T) {
	count := 0
	err := fs.WalkDir(assets.Icons, "icons", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		count++
		data, err := assets.Icons.ReadFile(path)
		if err != nil {
			return err
		}
		if err := xml.Unmarshal(data, new(struct{})); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if bytes.Count(data, []byte("#")) != bytes.Count(data, []byte("#000000")) {
			t.Errorf("%s has a colour of its own", path)
		}
		return nil
	})
	if err != nil || count == 0 {
		t.Fatalf("walked %d icons: %v", count, err)
	}
}
