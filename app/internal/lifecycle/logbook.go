package lifecycle

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/discovery"
)

// The bounds of what is remembered of connections' logs, and of secrets that
// are looked for.
const (
	maxLogLines   = 100
	maxLogText    = 400
	maxLogged     = 64 // connections
	leastSecret   = 4  // shorter ones would blot out ordinary words
	maxLogSecrets = 256
)

// logbook takes secrets out of every line of the log, and keeps the newest
// lines of each connection for the page of connectors.
type logbook struct {
	mu      sync.Mutex // guards all below
	secrets []string   // longest first, in every form in which they could be written
	lines   map[string][]engine.LogLine
}

// hide has the log show dots wherever v would stand.
func (b *logbook) hide(v connectors.Secret) {
	s := v.Reveal()
	if len(s) < leastSecret {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s), fmt.Sprintf("%q", s)} {
		form = strings.Trim(form, `"`)
		if !slices.Contains(b.secrets, form) && len(b.secrets) < maxLogSecrets {
			b.secrets = append(b.secrets, form)
		}
	}
	slices.SortFunc(b.secrets, func(x, y string) int { return len(y) - len(x) })
}

const blot = "••••"

func (b *logbook) clean(s string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, x := range b.secrets {
		s = strings.ReplaceAll(s, x, blot)
	}
	return s
}

// note keeps one line of a connection.
func (b *logbook) note(connection string, l engine.LogLine) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lines == nil {
		b.lines = map[string][]engine.LogLine{}
	}
	if b.lines[connection] == nil && len(b.lines) >= maxLogged {
		return
	}
	of := append(b.lines[connection], l)
	if len(of) > maxLogLines {
		of = slices.Clone(of[len(of)-maxLogLines:])
	}
	b.lines[connection] = of
}

// of is what a connection wrote down lately.
func (b *logbook) of(connection string) []engine.LogLine {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.lines[connection])
}

// handler writes to next through the book.
func (b *logbook) handler(next slog.Handler) slog.Handler { return booked{book: b, next: next} }

// booked is a handler with the attributes that its logger was given.
type booked struct {
	book       *logbook
	next       slog.Handler
	connection string
}

// Enabled implements slog.Handler.
func (h booked) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

// WithAttrs implements slog.Handler.
func (h booked) WithAttrs(as []slog.Attr) slog.Handler {
	out := h
	cleaned := make([]slog.Attr, len(as))
	for i, a := range as {
		cleaned[i] = h.clean(a)
		if id := connectionOf(cleaned[i]); id != "" {
			out.connection = id
		}
	}
	out.next = h.next.WithAttrs(cleaned)
	return out
}

// WithGroup implements slog.Handler.
func (h booked) WithGroup(name string) slog.Handler {
	h.next = h.next.WithGroup(name)
	return h
}

// Handle implements slog.Handler.
func (h booked) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, h.book.clean(r.Message), r.PC)
	connection, text := h.connection, strings.Builder{}
	text.WriteString(out.Message)
	r.Attrs(func(a slog.Attr) bool {
		a = h.clean(a)
		out.AddAttrs(a)
		if id := connectionOf(a); id != "" {
			connection = id
		} else {
			fmt.Fprintf(&text, "; %s: %s", a.Key, a.Value)
		}
		return true
	})
	if connection != "" {
		line := []rune(string(discovery.CleanLong(text.String())))
		h.book.note(connection, engine.LogLine{Time: r.Time.Round(0).UTC(), Level: r.Level.String(), Text: string(line[:min(len(line), maxLogText)])})
	}
	return h.next.Handle(ctx, out)
}

// clean takes secrets out of what is text in an attribute.
func (h booked) clean(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, h.book.clean(v.String()))
	case slog.KindAny:
		switch x := v.Any().(type) {
		case error:
			return slog.String(a.Key, h.book.clean(x.Error()))
		default:
			return slog.String(a.Key, h.book.clean(fmt.Sprint(x)))
		}
	case slog.KindGroup:
		var in []any
		for _, g := range v.Group() {
			in = append(in, h.clean(g))
		}
		return slog.Group(a.Key, in...)
	default:
		return slog.Attr{Key: a.Key, Value: v}
	}
}

// connectionOf is the connection that an attribute names, "" when it names none.
func connectionOf(a slog.Attr) string {
	switch a.Key {
	case "connection":
		return a.Value.String()
	case "what":
		id, _ := strings.CutPrefix(a.Value.String(), "connection ")
		if id != a.Value.String() {
			return id
		}
	}
	return ""
}
