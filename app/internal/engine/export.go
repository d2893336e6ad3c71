package engine

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// exportMax bounds the flows of one export.
const exportMax = 100_000

// Export writes devices, flows, consents and diary as CSV and JSON into dir,
// which is made if it is not there, and names the files. Existing files of
// other names are left alone. No secret is in any of them.
func (e *Core) Export(ctx context.Context, dir string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, words.Errorf("the folder %s cannot be made, give another one: %w", dir, err)
	}
	tables, cut, err := e.tables(ctx)
	if err != nil {
		return nil, err
	}
	files, err := writeTables(dir, tables...)
	if err != nil {
		return files, err
	}
	return e.sayCut(dir, files, cut)
}

// table is one list of an export: the same rows for both formats.
type table struct {
	name string
	cols []string
	rows [][]any
}

// tables are all lists; cut tells that the flows are not whole.
func (e *Core) tables(ctx context.Context) (all []table, cut bool, err error) {
	ds, err := e.Devices(ctx)
	if err != nil {
		return nil, false, err
	}
	devices := table{name: "devices", cols: []string{"id", "name", "label", "vendor", "model", "kind", "identifiers", "addresses", "services", "first_seen", "last_seen", "evidence"}}
	for _, d := range ds {
		devices.add(d.ID, d.Name(), d.Label, d.Guess.Vendor, d.Guess.Model, d.Guess.Kind, identifierCell(d.Identifiers), addressCell(d.Addresses), serviceCell(d.Services), d.FirstSeen, d.LastSeen, evidenceCell(d.Guess.Evidence))
	}
	fs, cut, err := e.exported(ctx, FlowQuery{})
	if err != nil {
		return nil, false, err
	}
	cs, err := e.Consents(ctx)
	if err != nil {
		return nil, false, err
	}
	consents := table{name: "consents", cols: []string{"id", "version", "device", "device_name", "recipient", "destinations", "data", "given", "expires", "expires_civil", "zone", "then", "decided", "done", "seen", "level", "seen_at", "seen_by"}}
	for _, c := range cs {
		x := claimsOf(c)
		consents.add(c.ID, c.Version, c.Device, c.DeviceName, c.Recipient.Name, cells(c.Recipient.Destinations, func(d string) string { return d }, " "), dataCell(c.Data), c.Given, c.Expires, c.ExpiresCivil, c.Zone, c.Remedy, c.Decided, x.done, x.seen, x.level, x.seenAt, x.seenBy)
	}
	diary, err := e.diaryTable(ctx, "")
	return []table{devices, flowTable(fs), consents, diary}, cut, err
}

// claims are what an export says of the second and the third axis: nothing that
// was not done, and nothing seen that nobody looked at (T57).
type claims struct {
	done   string // state of what was done about the end, "none" before there is anything
	level  consent.Level
	seen   consent.Seen
	seenAt time.Time // of the look behind seen
	seenBy discovery.Source
}

func claimsOf(c ConsentInfo) claims {
	x := claims{done: "none", seen: consent.NotChecked}
	if a, ok := consent.Enforcing(c.Actions); ok && !c.Decided.Live() {
		x.done, x.level = string(a.State), a.Level
	}
	if c.Seen != consent.NotChecked && c.Seen != "" && !c.SeenAt.IsZero() {
		x.seen, x.seenAt, x.seenBy = c.Seen, c.SeenAt, c.SeenBy
	}
	return x
}

func (e *Core) diaryTable(ctx context.Context, of consent.ID) (table, error) {
	t := table{name: "diary", cols: []string{"seq", "time", "kind", "device", "consent", "action", "text", "text_hash", "prev", "hash"}}
	for before := uint64(0); ; {
		page, err := e.Diary(ctx, DiaryQuery{Before: before, Limit: 1000, Consent: of})
		if err != nil {
			return t, err
		}
		for _, d := range page {
			t.add(d.Seq, d.Time, d.Kind, d.Device, d.Consent, d.Action, d.Text, d.TextHash, d.Prev, d.Hash)
		}
		if len(page) < 1000 {
			return t, nil
		}
		before = page[len(page)-1].Seq
	}
}

func (t *table) add(cells ...any) { t.rows = append(t.rows, cells) }

func writeFile(path string, t table, write func(*os.File, table) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := write(f, t); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}

func writeTable(f *os.File, t table) error {
	rows := make([]map[string]any, 0, len(t.rows))
	for _, r := range t.rows {
		row := map[string]any{}
		for i, c := range t.cols {
			row[c] = r[i]
			switch x := r[i].(type) {
			case time.Time:
				row[c] = timeCell(x)
			case several:
				row[c] = x.all
			}
		}
		rows = append(rows, row)
	}
	enc := json.NewEncoder(f)
	enc.SetIndent("", "  ")
	return enc.Encode(rows)
}

// writeCSV quotes as RFC 4180 asks and disarms cells that a spreadsheet would
// run as a formula (OWASP ASVS 1.2.10).
func writeCSV(f *os.File, t table) error {
	w := csv.NewWriter(f)
	if err := w.Write(t.cols); err != nil {
		return err
	}
	for _, r := range t.rows {
		cells := make([]string, len(r))
		for i, v := range r {
			cells[i] = cell(v)
		}
		if err := w.Write(cells); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func cell(v any) string {
	switch x := v.(type) {
	case time.Time:
		return timeCell(x)
	case several:
		return cell(x.words)
	case int:
		return strconv.Itoa(x)
	case uint16, uint64:
		return fmt.Sprint(x)
	}
	s := strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, fmt.Sprint(v))
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		s = "'" + s
	}
	return s
}

func timeCell(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// several is a cell that holds a list: one text in CSV, a list in JSON, with the keys
// that the command line gives it.
type several struct {
	words string
	all   any
}

func cells[T any](all []T, word func(T) string, between string) several {
	words := make([]string, 0, len(all))
	for _, x := range all {
		words = append(words, word(x))
	}
	if all == nil {
		all = []T{}
	}
	return several{strings.Join(words, between), all}
}

func identifierCell(is []discovery.Identifier) several {
	return cells(is, func(i discovery.Identifier) string { return string(i.Type) + "=" + i.Value }, " ")
}

func addressCell(as []discovery.Address) several {
	words := make([]string, 0, len(as))
	for _, a := range as {
		words = append(words, a.Addr.String())
	}
	return cells(words, func(a string) string { return a }, " ")
}

func dataCell(cs []consent.Category) several {
	c := cells(cs, func(c consent.Category) string { return string(c) }, " ")
	c.words = dataWords(cs)
	return c
}

// ServiceRow is what a service says, its names as they are written on a screen.
type ServiceRow struct {
	Type     string        `json:"type"`
	Instance string        `json:"instance"`
	Host     string        `json:"host"`
	Port     int           `json:"port"`
	TXT      discovery.TXT `json:"txt"`
	Gone     bool          `json:"gone,omitempty"`
}

// ServiceRows is never nil.
func ServiceRows(ss []discovery.Service) []ServiceRow {
	out := make([]ServiceRow, 0, len(ss))
	for _, s := range ss {
		out = append(out, ServiceRow{s.Type, discovery.EscapeBytes(s.Instance), discovery.EscapeBytes(s.Host), s.Port, s.TXT, s.Gone})
	}
	return out
}

func serviceCell(ss []discovery.Service) several {
	return cells(ServiceRows(ss), func(s ServiceRow) string { return s.Type }, " ")
}

func evidenceCell(es []discovery.Evidence) several {
	return cells(es, func(e discovery.Evidence) string { return e.What + ": " + e.Value + ", " + e.Because }, "; ")
}
