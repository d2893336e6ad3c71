// Package words gives what the program itself says in the person's language:
// sentences of the engine, the diary, errors, connectors' questions. What pages
// say goes through Fyne's lang and the presenter; both read the same file.
//
// The English text is the key, with its verbs: Sprintf("%s cuts %s from the
// internet.", router, device). A language is the file assets/translations/<language>.json,
// from key to text; a text may order its figures anew with %[2]s. What a file
// lacks stays English. The tests collect the keys from the sources and from the
// tables that are part of the program (guides, recipes, providers: assets), write
// en.json and find sentences that go past this package (app/internal/ui, app/internal/arch).
//
// There is one language for a process, that of who runs the engine: a window that
// uses the engine of an agent shows what that agent says. Lines of the diary are
// sealed as they were said and never translated afterwards, and so are the texts
// that are kept with an action or a finding: they keep the language of their day.
//
// It imports nothing of ours, so that every floor may speak.
package words

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync/atomic"
	"time"
)

// spoken is the language that is spoken now, nil for English. It is one of the
// few variables of the program: a sentence is said everywhere, and handing the
// language to each who may say one would be a parameter of every function.
var spoken atomic.Pointer[map[string]string]

// Use speaks from texts, from key to text; nil is English.
func Use(texts map[string]string) {
	if texts == nil {
		spoken.Store(nil)
		return
	}
	spoken.Store(&texts)
}

// Speak uses the language of the first of locales ("de-CH", "de_CH.UTF-8") that
// has a file in the folder translations of files, whole or by its first part.
// Without one it is English.
func Speak(files fs.FS, locales ...string) error {
	for _, l := range locales {
		l, _, _ = strings.Cut(strings.ReplaceAll(l, "_", "-"), ".")
		base, _, _ := strings.Cut(l, "-")
		for _, name := range []string{l, base} {
			if !fs.ValidPath(name) || strings.Contains(name, "/") {
				continue
			}
			data, err := fs.ReadFile(files, path.Join("translations", name+".json"))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			var texts map[string]string
			if err == nil {
				err = json.Unmarshal(data, &texts)
			}
			if err != nil {
				return fmt.Errorf("reading the language %s: %w", name, err)
			}
			Use(texts)
			return nil
		}
	}
	Use(nil)
	return nil
}

func find(key string) (string, bool) {
	texts := spoken.Load()
	if texts == nil {
		return "", false
	}
	t, ok := (*texts)[key]
	return t, ok && t != ""
}

// Text is key in the person's language.
func Text(key string) string {
	if t, ok := find(key); ok {
		return t
	}
	return key
}

// Texts are keys in the person's language. They come from a table that is part of
// the program, whose texts the tests collect too.
func Texts(keys []string) []string {
	if keys == nil {
		return nil
	}
	out := make([]string, len(keys))
	for i, key := range keys {
		out[i] = Text(key)
	}
	return out
}

// Sprintf is key in the person's language, filled in.
func Sprintf(key string, a ...any) string {
	if t, ok := find(key); ok {
		return fmt.Sprintf(t, a...)
	}
	return fmt.Sprintf(key, a...)
}

// N chooses between one and many, as the presenter's N does: %d in either is n.
func N(one, many string, n int) string {
	key := many
	if n == 1 {
		key = one
	}
	if key = Text(key); !strings.Contains(key, "%") { // "1 day" needs no number
		return key
	}
	return fmt.Sprintf(key, n)
}

// Errorf is an error in the person's language, with what %w wraps.
func Errorf(key string, a ...any) error {
	if t, ok := find(key); ok {
		return fmt.Errorf(t, a...)
	}
	return fmt.Errorf(key, a...)
}

// New is an error that says key in the language that is spoken when it is asked,
// so that it may be a variable. Like those of errors.New, each equals only itself.
func New(key string) error { return &failure{key} }

type failure struct{ key string }

func (f *failure) Error() string { return Text(f.key) }

// Later marks a text of a table or constant as a key: the tests find it, and
// whoever shows it asks Text for it.
func Later(key string) string { return key }

// Date writes t by layout, which is a key like any other ("Mon 2 January 2006"),
// with the names of the day and the month in the person's language.
func Date(t time.Time, layout string) string {
	s := t.Format(Text(layout))
	if spoken.Load() == nil {
		return s
	}
	day, month := t.Weekday().String(), t.Month().String()
	return strings.NewReplacer(
		day, Text(day), month, Text(month), day[:3], Text(day[:3]), month[:3], Text(month[:3]),
	).Replace(s)
}
