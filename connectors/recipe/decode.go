package recipe

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"bestbefore/assets/words"
)

// The bounds of a file.
const (
	fileMax  = 64 << 10
	depthMax = 16
	nodesMax = 4000
	textMax  = 2000 // of one text
	faultMax = 20   // faults that are told at once
)

// Fault is one thing wrong in a file, and where.
type Fault struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Text   string `json:"text"`
}

// Error is "line 3, column 5: ...".
func (f Fault) Error() string {
	if f.Line == 0 {
		return f.Text
	}
	return words.Sprintf("line %d, column %d: %s", f.Line, f.Column, f.Text)
}

// once leaves each fault told once: a header is part of every request, and so is
// the base, whose own fault says it.
func (r *Recipe) once(faults []error) []error {
	_, base := r.place(r.Base)
	told := map[Fault]bool{}
	return slices.DeleteFunc(faults, func(err error) bool {
		var f Fault
		if !errors.As(err, &f) {
			return false
		}
		key := f
		if base != nil && f.Text == base.Error() {
			key.Line, key.Column = 0, 0
		}
		was := told[key]
		told[key] = true
		return was
	})
}

// Faults gives all faults that err joins.
func Faults(err error) []Fault {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var out []Fault
		for _, e := range many.Unwrap() {
			out = append(out, Faults(e)...)
		}
		return out
	}
	var f Fault
	if errors.As(err, &f) {
		return []Fault{f}
	}
	if err != nil {
		return []Fault{{Text: err.Error()}}
	}
	return nil
}

// places says where each part of a file stands, by its path ("block.steps[1].get").
type places map[string]*yaml.Node

// at is the place of a part, or of the nearest one around it.
func (p places) at(where string) (line, column int) {
	for {
		if n := p[where]; n != nil {
			return n.Line, n.Column
		}
		cut := strings.LastIndexAny(where, ".[")
		if cut < 0 {
			if n := p[""]; n != nil {
				return n.Line, n.Column
			}
			return 1, 1
		}
		where = where[:cut]
	}
}

// decode reads data into out, a pointer to a struct, strictly: one document,
// bounded, no aliases, no merge keys, no field that out does not have.
func decode(data []byte, out any) (places, error) {
	if len(data) > fileMax {
		return nil, Fault{Text: words.Sprintf("the file is larger than %d KiB", fileMax>>10)}
	}
	d := yaml.NewDecoder(strings.NewReader(string(data)))
	var doc yaml.Node
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, Fault{Text: words.Text("the file is empty")}
		}
		return nil, notYAML(err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, Fault{Text: words.Text("a file holds one recipe; there is more after it")}
	}
	w := walker{places: places{}}
	w.walk(doc.Content[0], reflect.TypeOf(out).Elem(), "", 0)
	if len(w.faults) > 0 {
		return nil, errors.Join(w.faults...)
	}
	if err := doc.Decode(out); err != nil {
		return nil, notYAML(err)
	}
	return w.places, nil
}

// notYAML keeps the reader's own words, which name the line.
func notYAML(err error) error {
	var f Fault
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if n, _ := fmt.Sscanf(text, "line %d:", &f.Line); n == 1 {
		_, text, _ = strings.Cut(text, ": ")
		f.Column = 1
	}
	f.Text = words.Sprintf("this cannot be read as YAML: %s", strings.ReplaceAll(text, "\n", "; "))
	if strings.Contains(text, "tab character") {
		f.Text = words.Text("this cannot be read as YAML, for it holds a tab; indent with spaces")
	}
	return f
}

// walker compares a tree with the type it is read into.
type walker struct {
	places places
	nodes  int
	faults []error
}

func (w *walker) fault(n *yaml.Node, text string) {
	if len(w.faults) < faultMax {
		w.faults = append(w.faults, Fault{n.Line, n.Column, text})
	}
}

func (w *walker) walk(n *yaml.Node, t reflect.Type, where string, depth int) {
	if w.nodes++; w.nodes > nodesMax || depth > depthMax {
		if w.nodes == nodesMax+1 || depth == depthMax+1 {
			w.fault(n, words.Text("the file is too large or too deep"))
		}
		return
	}
	w.places[where] = n
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		w.fault(n, words.Text("aliases and anchors (* and &) are not read; write it out"))
		return
	case len(n.Value) > textMax:
		w.fault(n, words.Sprintf("a text has at most %d signs", textMax))
		return
	}
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch n.Kind {
	case yaml.MappingNode:
		w.mapping(n, t, where, depth)
	case yaml.SequenceNode:
		w.sequence(n, t, where, depth)
	default:
		if t != nil && t != nodeType && n.Tag != "!!null" && (t.Kind() == reflect.Struct || t.Kind() == reflect.Slice || t.Kind() == reflect.Map) {
			w.fault(n, words.Sprintf("%s wants more than one word", last(where)))
		}
	}
}

var nodeType = reflect.TypeFor[yaml.Node]()

func (w *walker) mapping(n *yaml.Node, t reflect.Type, where string, depth int) {
	free := t == nil || t == nodeType
	if !free && t.Kind() != reflect.Struct && t.Kind() != reflect.Map {
		w.fault(n, words.Sprintf("%s wants no fields of its own", last(where)))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode || k.Tag == "!!merge" || len(k.Value) > pathMax {
			w.fault(k, words.Text("a field's name must be a short plain word"))
			continue
		}
		if seen[k.Value] {
			w.fault(k, words.Sprintf("%q stands here twice", k.Value))
		}
		seen[k.Value] = true
		in := under(where, k.Value)
		switch {
		case free:
			w.walk(v, nil, in, depth+1)
		case t.Kind() == reflect.Map:
			w.walk(v, t.Elem(), in, depth+1)
		default:
			ft, ok := fieldOf(t, k.Value)
			if !ok {
				w.fault(k, words.Sprintf("there is no field %q here; there are %s", k.Value, strings.Join(fieldsOf(t), ", ")))
				continue
			}
			w.walk(v, ft, in, depth+1)
		}
	}
}

func (w *walker) sequence(n *yaml.Node, t reflect.Type, where string, depth int) {
	var of reflect.Type
	if t != nil && t != nodeType {
		if t.Kind() != reflect.Slice {
			w.fault(n, words.Sprintf("%s wants no list", last(where)))
			return
		}
		of = t.Elem()
	}
	for i, v := range n.Content {
		w.walk(v, of, fmt.Sprintf("%s[%d]", where, i), depth+1)
	}
}

func under(where, name string) string {
	if where == "" {
		return name
	}
	return where + "." + name
}

// last is the name of a part, for a sentence.
func last(where string) string {
	if where == "" {
		return words.Text("the file")
	}
	return fmt.Sprintf("%q", where[strings.LastIndexByte(where, '.')+1:])
}

// fieldOf is the type of the field that a name in a file stands for.
func fieldOf(t reflect.Type, name string) (reflect.Type, bool) {
	for f := range fields(t) {
		if f.name == name {
			return f.of, true
		}
	}
	return nil, false
}

func fieldsOf(t reflect.Type) []string {
	var out []string
	for f := range fields(t) {
		out = append(out, f.name)
	}
	return out
}

type field struct {
	name string
	of   reflect.Type
}

// fields gives the fields of a struct by their names in a file.
func fields(t reflect.Type) func(func(field) bool) {
	return func(yield func(field) bool) {
		for i := range t.NumField() {
			f := t.Field(i)
			name, opt, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			if opt == "inline" {
				for in := range fields(f.Type) {
					if !yield(in) {
						return
					}
				}
				continue
			}
			if name != "" && name != "-" && !yield(field{name, f.Type}) {
				return
			}
		}
	}
}
