package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
	"bestbefore/discovery"
	"bestbefore/discovery/behaviour"
)

// unusual lists what devices did out of the ordinary, or answers it.
func (c *call) unusual(ctx context.Context, args []string) error {
	var asJSON, all bool
	pos, err := positional("unusual", args, 0, 100, func(f *flag.FlagSet) {
		f.BoolVar(&asJSON, "json", false, "")
		f.BoolVar(&all, "all", false, "")
	})
	if err != nil {
		return err
	}
	if len(pos) > 0 && (pos[0] != "fine" || len(pos) < 2) {
		return misuse("unusual")
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		if len(pos) > 0 {
			return e.Usual(ctx, pos[1:], how)
		}
		found, err := e.Unusual(ctx, !all)
		if err != nil {
			return err
		}
		if asJSON {
			return writeJSON(c.out, convert(found, unusualOut))
		}
		for _, u := range found {
			fmt.Fprintf(c.out, "%s  %s%s\n", u.ID, u.Text, map[bool]string{true: " " + words.Text("(fine, you said)")}[u.Fine])
		}
		if len(found) == 0 {
			fmt.Fprintln(c.out, words.Text("Nothing is out of the ordinary."))
		}
		return nil
	})
}

type unusualJSON struct {
	ID         string             `json:"id"`
	Device     discovery.DeviceID `json:"device"`
	DeviceName string             `json:"device_name"`
	Kind       behaviour.Kind     `json:"kind"`
	Day        string             `json:"day"`
	From       *time.Time         `json:"from"` // null where it was spread over the day
	To         *time.Time         `json:"to"`
	Bytes      uint64             `json:"bytes"`
	UsualBytes uint64             `json:"usual_bytes"` // the most on one of the days before
	Hosts      int                `json:"hosts"`
	UsualHosts int                `json:"usual_hosts"`
	Port       uint16             `json:"port"`
	Ports      int                `json:"ports"`
	Protocol   string             `json:"protocol"`
	MostlyTo   string             `json:"mostly_to"`
	New        bool               `json:"new"` // it never sent to that one before
	AtHome     bool               `json:"at_home"`
	Days       int                `json:"days"` // of history
	Text       string             `json:"text"`
	Since      time.Time          `json:"since"`
	Seen       time.Time          `json:"seen"`
	Fine       bool               `json:"fine"`
	Over       bool               `json:"over"`
}

func unusualOut(u engine.Unusual) unusualJSON {
	return unusualJSON{
		ID: u.ID, Device: u.Device, DeviceName: u.DeviceName, Kind: u.Kind, Day: u.Day, From: moment(u.From), To: moment(u.To),
		Bytes: u.Bytes, UsualBytes: u.UsualBytes, Hosts: u.Hosts, UsualHosts: u.UsualHosts, Port: u.Port, Ports: u.Ports, Protocol: u.Protocol,
		MostlyTo: u.MostlyTo, New: u.New, AtHome: u.AtHome, Days: u.Days, Text: u.Text, Since: u.Since.UTC(), Seen: u.Seen.UTC(), Fine: u.Fine, Over: u.Over,
	}
}

// descriptionMax bounds the file that is read; the reader of it allows less.
const descriptionMax = 1 << 20

// declared holds a device against what its maker declares, or takes such a file.
func (c *call) declared(ctx context.Context, args []string) error {
	var asJSON, fetch, forget bool
	var file string
	pos, err := positional("declared", args, 1, 1, func(f *flag.FlagSet) {
		f.BoolVar(&asJSON, "json", false, "")
		f.StringVar(&file, "file", "", "")
		f.BoolVar(&fetch, "fetch", false, "")
		f.BoolVar(&forget, "forget", false, "")
	})
	if err != nil {
		return err
	}
	if (file != "" && fetch) || forget && (file != "" || fetch) {
		return misuse("declared")
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		d, err := e.Device(ctx, pos[0])
		if err != nil {
			return err
		}
		var out engine.Declaration
		switch {
		case forget:
			return e.Undeclare(ctx, d.ID, how)
		case fetch:
			out, err = e.Declare(ctx, engine.DeclareRequest{Device: d.ID, How: how})
		case file != "":
			var b []byte
			if b, err = readDescription(file); err == nil {
				out, err = e.Declare(ctx, engine.DeclareRequest{Device: d.ID, File: b, Name: filepath.Base(file), How: how})
			}
		default:
			out, err = e.Declared(ctx, d.ID)
		}
		if err != nil {
			return err
		}
		if asJSON {
			return writeJSON(c.out, declaredOut(out))
		}
		c.printDeclared(d, out)
		return nil
	})
}

func readDescription(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileFault(words.Text("opening the description"), err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	b, err := io.ReadAll(io.LimitReader(f, descriptionMax))
	if err != nil {
		return nil, words.Errorf("reading the description: %w", err)
	}
	if len(b) == 0 {
		return nil, words.Errorf("%s is empty", filepath.Base(path))
	}
	return b, nil
}

func (c *call) printDeclared(d engine.DeviceInfo, x engine.Declaration) {
	switch x.Basis {
	case engine.BasisFile:
		fmt.Fprintln(c.out, words.Sprintf("%s, held against the file %s that you gave on %s.", d.Name(), x.Source, words.Date(x.Taken.Local(), "2 Jan 2006")))
	case engine.BasisFetched:
		fmt.Fprintln(c.out, words.Sprintf("%s, held against %s, fetched on %s.", d.Name(), x.Source, words.Date(x.Taken.Local(), "2 Jan 2006")))
	case engine.BasisWeek:
		fmt.Fprintln(c.out, words.Sprintf("%s, held against its first quiet week, %s to %s: its maker declares nothing.", d.Name(), x.From, x.To))
	case engine.BasisLearning:
		fmt.Fprintln(c.out, words.Sprintf("%s: its first quiet week is learned, %s to %s.", d.Name(), x.From, x.To))
	case engine.BasisPerson:
		fmt.Fprintln(c.out, words.Sprintf("%s stands for a person, so nothing is learned of it. Its maker's file can be given with --file.", d.Name()))
	default:
		fmt.Fprintln(c.out, words.Sprintf("%s: nothing was seen of it yet.", d.Name()))
	}
	if x.Announced != "" && x.Basis != engine.BasisFetched {
		fmt.Fprintln(c.out, words.Sprintf("It announces a description at %s; --fetch fetches it.", x.Announced))
	}
	for _, l := range []struct {
		title string
		rows  engine.DeclaredRows
	}{
		{words.Text("declared and seen"), x.Seen},
		{words.Text("declared, never seen"), x.Never},
		{words.Text("seen, not declared"), x.Undeclared},
		{words.Text("cannot tell"), x.Unclear},
	} {
		for _, r := range l.rows.Rows {
			fmt.Fprintf(c.out, "  %-20s  %s\n", l.title, declaredLine(r))
		}
		if l.rows.More > 0 {
			fmt.Fprintf(c.out, "  %-20s  %s\n", l.title, words.Sprintf("and %d more", l.rows.More))
		}
	}
}

func declaredLine(r engine.DeclaredRow) string {
	parts := []string{r.Name}
	if r.Receiver.Company != "" && r.Receiver.Company != r.Name {
		parts = append(parts, "("+r.Receiver.Company+")")
	}
	if r.Entry != nil && r.Name == "" {
		parts = []string{r.Entry.Name}
	}
	if r.Port != 0 {
		parts = append(parts, fmt.Sprintf("%s %d", r.Protocol, r.Port))
	}
	if r.Up+r.Down > 0 {
		parts = append(parts, words.Sprintf("sent %s, received %s", behaviour.Bytes(r.Up), behaviour.Bytes(r.Down)))
	}
	return strings.Join(parts, "  ")
}

type declaredJSON struct {
	Device     discovery.DeviceID `json:"device"`
	Basis      engine.Basis       `json:"basis"` // mud_file, mud_url, usual_week, learning, person, none
	Source     string             `json:"source"`
	Taken      *time.Time         `json:"taken"`
	Announced  string             `json:"announced"` // where the device says that a description is; fetched only with --fetch
	Maker      string             `json:"maker"`
	Model      string             `json:"model"`
	Info       string             `json:"info"`
	Skipped    int                `json:"skipped"` // rules that were not understood and do not count
	From       string             `json:"from"`    // days of the usual week
	To         string             `json:"to"`
	Since      *time.Time         `json:"since"`
	Seen       []declaredRowJSON  `json:"declared_and_seen"`
	Never      []declaredRowJSON  `json:"declared_never_seen"`
	Undeclared []declaredRowJSON  `json:"seen_not_declared"`
	Unclear    []declaredRowJSON  `json:"cannot_tell"`
	More       int                `json:"more"` // rows beside those
}

type declaredRowJSON struct {
	Name      string     `json:"name"`
	Rule      string     `json:"rule"`
	Company   string     `json:"company"`
	Protocol  string     `json:"protocol"`
	Port      uint16     `json:"port"`
	BytesUp   uint64     `json:"bytes_up"`
	BytesDown uint64     `json:"bytes_down"`
	Count     uint64     `json:"count"`
	Last      *time.Time `json:"last"`
	Refused   bool       `json:"refused"`
	Source    string     `json:"source"`
}

func declaredOut(x engine.Declaration) declaredJSON {
	out := declaredJSON{
		Device: x.Device, Basis: x.Basis, Source: x.Source, Taken: moment(x.Taken), Announced: x.Announced, From: x.From, To: x.To, Since: moment(x.Since),
		Seen: convert(x.Seen.Rows, declaredRowOut), Never: convert(x.Never.Rows, declaredRowOut), Undeclared: convert(x.Undeclared.Rows, declaredRowOut),
		Unclear: convert(x.Unclear.Rows, declaredRowOut), More: x.Seen.More + x.Never.More + x.Undeclared.More + x.Unclear.More,
	}
	if x.Said != nil {
		out.Maker, out.Model, out.Info, out.Skipped = x.Said.Maker, x.Said.Model, x.Said.SystemInfo, x.Said.Skipped
	}
	return out
}

func declaredRowOut(r engine.DeclaredRow) declaredRowJSON {
	out := declaredRowJSON{
		Name: r.Name, Company: r.Receiver.Company, Protocol: r.Protocol, Port: r.Port, BytesUp: r.Up, BytesDown: r.Down, Count: r.Count,
		Last: moment(r.Last), Refused: r.Refused, Source: r.Source,
	}
	if r.Entry != nil {
		out.Rule = r.Entry.Name
	}
	return out
}
