package picture

import (
	"reflect"
	"strings"
)

// LongScreens are the same screens with texts as long as they get: many times as
// long as English where they are short, with the compound words of German.
func LongScreens() []Screen { return screens(lengthen(compound)) }

// LongerScreens are the same screens with texts a third longer than in English,
// as translations are.
func LongerScreens() []Screen { return screens(lengthen(third)) }

// lengthen makes the strings of a snapshot, given as a pointer, longer. IDs,
// stamps and the amounts of bars stay.
func lengthen(by func(string) string) func(any) {
	return func(v any) { stretch(reflect.ValueOf(v).Elem(), "", by) }
}

func compound(s string) string {
	return s + "verwaltungsgesellschaft und mehr"
}

// third makes each word a third longer, rounded up.
func third(s string) string {
	words := strings.Split(s, " ")
	for i, w := range words {
		if n := len([]rune(w)); n > 1 {
			words[i] += strings.Repeat("n", (n+2)/3)
		}
	}
	return strings.Join(words, " ")
}

func stretch(v reflect.Value, name string, by func(string) string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			stretch(v.Field(i), v.Type().Field(i).Name, by)
		}
	case reflect.Slice:
		for i := range v.Len() {
			stretch(v.Index(i), name, by)
		}
	case reflect.String:
		if v.String() != "" && v.CanSet() && grows(v.Type(), name) {
			v.SetString(by(v.String()))
		}
	}
}

func grows(t reflect.Type, name string) bool {
	if t != reflect.TypeFor[string]() || strings.HasSuffix(name, "ID") {
		return false
	}
	switch name {
	case "Value", "Count", "Arg", "StampText", "StampCaption", "Ends", "When", "StateWord":
		return false
	}
	return true
}
