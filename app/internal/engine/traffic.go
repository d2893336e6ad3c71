package engine

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"bestbefore/assets/words"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// hoursShown is how far back Hours reaches.
const hoursShown = 24

// Hours implements Traffic.
func (e *Core) Hours(ctx context.Context, device discovery.DeviceID) ([]Hour, error) {
	if d, ok := e.Inventory.Device(device); device != "" && (!ok || d.Guess.Kind.Personal()) {
		return nil, nil
	}
	_, loc := e.Zone()
	now := e.Now()
	first := hourOf(now, loc).Add(-(hoursShown - 1) * time.Hour)
	out := make([]Hour, hoursShown)
	for i := range out {
		out[i].Start = first.Add(time.Duration(i) * time.Hour).UTC()
	}
	sums, err := e.Store.Hourly(ctx, flow.Query{Device: device, Since: first.Add(-time.Hour)})
	if err != nil {
		return nil, err
	}
	for _, h := range sums {
		at := hourOf(h.Hour, loc) // with a zone of half hours it begins in the middle of a stored one
		if i := int(at.Sub(first) / time.Hour); !at.Before(first) && i < len(out) {
			out[i].Up, out[i].Down, out[i].Count = out[i].Up+h.Up, out[i].Down+h.Down, out[i].Count+h.Count
		}
	}
	return out, nil
}

// hourOf is the start of the local hour in which t lies.
func hourOf(t time.Time, loc *time.Location) time.Time {
	l := t.In(loc)
	return l.Add(-time.Duration(l.Minute())*time.Minute - time.Duration(l.Second())*time.Second - time.Duration(l.Nanosecond()))
}

// ExportFlows implements Traffic.
func (e *Core) ExportFlows(ctx context.Context, q FlowQuery, dir string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, words.Errorf("making the folder for the export: %w", err)
	}
	rows, cut, err := e.exported(ctx, q)
	if err != nil {
		return nil, err
	}
	files, err := writeTables(dir, flowTable(rows))
	if err != nil {
		return files, err
	}
	return e.sayCut(dir, files, cut)
}

// exported are the flows of an export; cut tells that there are more.
func (e *Core) exported(ctx context.Context, q FlowQuery) (rows []FlowInfo, cut bool, err error) {
	rows, err = e.flows(ctx, q, e.exportRows()+1)
	if len(rows) > e.exportRows() {
		return rows[:e.exportRows()], true, err
	}
	return rows, false, err
}

// exportRows bounds the flows of one export.
func (e *Core) exportRows() int { return cmp.Or(e.ExportRows, exportMax) }

// CutNote is the file that an export holds where its flows are not whole.
const CutNote = "flows-are-cut.txt"

// sayCut writes beside an export that its flows are cut, and takes the note of an
// earlier one away where they are whole.
func (e *Core) sayCut(dir string, files []string, cut bool) ([]string, error) {
	path := filepath.Join(dir, CutNote)
	if !cut {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return files, words.Errorf("removing an old note: %w", err)
		}
		return files, nil
	}
	text := words.Sprintf("flows.csv and flows.json hold the %d largest rows; there are more. Choose a device, a company or a shorter time to have all of one of them.", e.exportRows()) + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return files, words.Errorf("writing %s: %w", path, err)
	}
	return append(files, path), nil
}

func flowTable(fs []FlowInfo) table {
	t := table{name: "flows", cols: []string{
		"device", "device_name", "recipient", "destination", "protocol", "port", "bytes_up", "bytes_down", "count", "first", "last", "source", "categories",
		"company", "country", "purpose", "address_country", "network", "basis", "basis_source", "refused",
	}}
	for _, f := range fs {
		r := f.Receiver
		t.add(f.Device, f.DeviceName, f.Recipient, f.Destination, f.Protocol, f.Port, f.BytesUp, f.BytesDown, f.Count, f.First, f.Last, f.Source, dataCell(f.Categories),
			r.Company, r.Country, r.Purpose, r.AddressCountry, r.Network, r.Basis, r.BasisSource, f.Refused)
	}
	return t
}

// writeTables writes each as CSV and as JSON and names the files.
func writeTables(dir string, tables ...table) ([]string, error) {
	var files []string
	for _, t := range tables {
		for _, w := range []struct {
			ext   string
			write func(*os.File, table) error
		}{{"csv", writeCSV}, {"json", writeTable}} {
			path := filepath.Join(dir, t.name+"."+w.ext)
			if err := writeFile(path, t, w.write); err != nil {
				return files, words.Errorf("writing %s: %w", path, err)
			}
			files = append(files, path)
		}
	}
	return files, nil
}
