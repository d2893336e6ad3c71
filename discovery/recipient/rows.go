package recipient

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// The bounds of a table.
const (
	maxBytes  = 32 << 20
	maxRows   = 300_000
	maxFaults = 10 // that are named; a file in the wrong format has no more to tell
)

// ErrTable says that a table cannot be used; the text names the lines.
var ErrTable = errors.New("not a table of recipients")

// ReadRows reads a table: text with a first line that names the columns (domain
// and company, and as far as there are any country, purpose and source),
// separated by tabs, semicolons or commas; lines that begin with # are left out.
// It reads 32 MB and 300,000 rows at most. If anything is wrong there are no
// rows but an ErrTable that names the lines.
func ReadRows(r io.Reader, suffix func(string) (string, bool)) ([]Row, error) {
	text, err := readAll(r)
	if err != nil {
		return nil, err
	}
	c := csv.NewReader(strings.NewReader(text))
	c.Comma, c.Comment, c.FieldsPerRecord, c.ReuseRecord = separator(text), '#', -1, true
	head, err := c.Read()
	if err != nil {
		return nil, fmt.Errorf("%w: the first line must name the columns domain and company", ErrTable)
	}
	col, err := columns(head)
	if err != nil {
		return nil, err
	}
	var rows []Row
	f := faults{}
	seen := map[string]int{}
	for !f.full() {
		rec, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			f.add(csvFault(err))
			break
		}
		line, _ := c.FieldPos(0)
		row, err := col.row(rec, suffix)
		switch was := seen[row.Domain]; {
		case err != nil:
			f.line(line, err)
		case was > 0:
			f.line(line, fmt.Errorf("%s is in line %d already", row.Domain, was))
		case len(rows) >= maxRows:
			f.line(line, fmt.Errorf("more than %d rows", maxRows))
		default:
			seen[row.Domain] = line
			rows = append(rows, row)
		}
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	return rows, nil
}

func readAll(r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return "", err
	}
	if len(b) > maxBytes {
		return "", fmt.Errorf("%w: larger than %d MB", ErrTable, maxBytes>>20)
	}
	return strings.TrimPrefix(string(b), "\ufeff"), nil
}

// separator is what the line of column names is divided by.
func separator(text string) rune {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		for _, c := range "\t;," {
			if strings.ContainsRune(line, c) {
				return c
			}
		}
		break
	}
	return '\t'
}

// csvFault is what is wrong with the text, without the package's own prefix.
func csvFault(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return fmt.Errorf("line %d: %w", p.Line, p.Err)
	}
	return err
}

// column says in which column what stands; -1 is nowhere.
type column struct{ domain, company, country, purpose, source int }

func columns(head []string) (column, error) {
	at := func(name string) int {
		for i, h := range head {
			if strings.EqualFold(strings.TrimSpace(h), name) {
				return i
			}
		}
		return -1
	}
	c := column{at("domain"), at("company"), at("country"), at("purpose"), at("source")}
	if c.domain < 0 || c.company < 0 {
		return c, fmt.Errorf("%w: the first line must name the columns domain and company", ErrTable)
	}
	return c, nil
}

// row reads and checks one line.
func (c column) row(rec []string, suffix func(string) (string, bool)) (Row, error) {
	get := func(i int) string {
		if i < 0 || i >= len(rec) {
			return ""
		}
		s := strings.TrimSpace(rec[i])
		if s == "-" {
			return ""
		}
		return s
	}
	r := Row{
		Domain: strings.TrimPrefix(get(c.domain), "*."), Company: tidy(get(c.company), discovery.Clean),
		Country: strings.ToUpper(get(c.country)), Purpose: Purpose(strings.ToLower(get(c.purpose))),
		Source: tidy(get(c.source), discovery.CleanLong),
	}
	return r.checked(suffix)
}

// tidy is clean for text that may need it; most is plain and short, and a table
// has thousands of rows.
func tidy(s string, clean func(string) discovery.Label) string {
	if len(s) > 63 || strings.Contains(s, "  ") {
		return string(clean(s))
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return string(clean(s))
		}
	}
	return s
}

// checked gives r with its domain in canonical form, or says what is wrong.
func (r Row) checked(suffix func(string) (string, bool)) (Row, error) {
	name, addr := canonical(flow.Destination{Domain: r.Domain})
	switch {
	case addr.IsValid():
		return r, fmt.Errorf("%s is an address; a row needs a domain", addr)
	case name == "":
		return r, fmt.Errorf("%q is no domain", discovery.Clean(r.Domain))
	case homeName(name):
		return r, fmt.Errorf("%s is a name of the home network", name)
	case r.Company == "":
		return r, fmt.Errorf("%s has no company", name)
	case r.Country != "" && !country(r.Country):
		return r, fmt.Errorf("%s: %q is no country code of two letters", name, discovery.Clean(r.Country))
	case r.Purpose != "" && !r.Purpose.Known():
		return r, fmt.Errorf("%s: %q is no purpose that is known", name, discovery.Clean(string(r.Purpose)))
	}
	r.Domain = name
	if suffix == nil {
		return r, nil
	}
	switch s, icann := suffix(name); {
	case s == name && (icann || !strings.Contains(name, ".")):
		return r, fmt.Errorf("everybody can have a name under %s; a row must be longer", name)
	case !icann && !strings.Contains(s, "."):
		return r, fmt.Errorf("%s ends in nothing that exists", name)
	}
	return r, nil
}

func country(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

// faults gathers what is wrong with a file.
type faults struct{ all []error }

func (f *faults) add(err error)         { f.all = append(f.all, err) }
func (f *faults) line(n int, err error) { f.add(fmt.Errorf("line %d: %w", n, err)) }
func (f *faults) full() bool            { return len(f.all) >= maxFaults }

func (f *faults) err() error {
	if len(f.all) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrTable, errors.Join(f.all...))
}
