package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

var update = flag.Bool("update", false, "write golden files and the fixture of the current version")

func containsText(b []byte, s string) bool { return bytes.Contains(b, []byte(s)) }

func TestOneOwnerAtATime(t *testing.T) {
	c := testConfig(t.TempDir())
	s, err := Open(t.Context(), c)
	must(t, err)
	_, err = Open(t.Context(), c)
	if !errors.Is(err, ErrInUse) || !strings.HasPrefix(err.Error(), "Best Before is already running with this data folder") {
		t.Fatalf("a second owner: %v", err)
	}
	must(t, s.Close())
	open(t, c) // afterwards it is free
}

func TestSchemaIsTheGoldenOne(t *testing.T) {
	s := open(t, testConfig(t.TempDir()))
	for name, f := range map[string]*file{"evidence": s.evidence, "flows": s.flows} {
		lines := value(all(t.Context(), f.read, func(sc scanner) (line string, err error) {
			err = sc.Scan(&line)
			return line, err
		}, `SELECT sql || ';' FROM sqlite_master WHERE sql IS NOT NULL UNION ALL
			SELECT 'page_size ' || page_size || ', auto_vacuum ' || auto_vacuum || ', version ' || user_version
			FROM pragma_page_size, pragma_auto_vacuum, pragma_user_version`))(t)
		got := strings.Join(lines, "\n") + "\n"
		golden := filepath.Join("testdata", name+".schema")
		if *update {
			must(t, os.WriteFile(golden, []byte(got), 0o644))
		}
		equal(t, got, string(value(os.ReadFile(golden))(t)))
		var sync, journal string
		must(t, f.write.QueryRowContext(t.Context(), "SELECT synchronous, journal_mode FROM pragma_synchronous, pragma_journal_mode").Scan(&sync, &journal))
		if want := map[string]string{"evidence": "2", "flows": "1"}[name]; sync != want || journal != "wal" {
			t.Errorf("%s: synchronous %s, journal %s", name, sync, journal)
		}
	}
}

// fill writes something into every table that a released version may have filled.
func fill(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	must(t, s.SaveInventory(ctx, discovery.Saved{
		Devices: []discovery.Device{{ID: "d1", Label: "Doorbell", LastSeen: noon}, {ID: "d2", LastSeen: noon}},
		Aliases: map[discovery.DeviceID]discovery.DeviceID{"d2": "d1"}, Distinct: []discovery.Pair{{A: "d1", B: "d3"}},
	}, note(consent.NoteDeviceNew, "Seen for the first time.")))
	c := given("c1", noon)
	must(t, s.Decide(ctx, consent.Decision{Consent: c, Notes: []ledger.Note{note(consent.NoteGiven, "Given.")}}))
	next, as := consent.Expire(c, nil, noon)
	must(t, s.Decide(ctx, consent.Decision{Consent: next, Expect: 1, Actions: as, Notes: []ledger.Note{note(consent.NoteExpired, "Over.")}}))
	must(t, s.SetSetting(ctx, "k", "v"))
	must(t, s.PutSecret(ctx, "r", []byte("sealed")))
	must(t, s.AddFlows(ctx, "gw", []flow.Record{record("d1", -5, 100)}, []byte("cursor")))
}

// Every version opens. The fixture of each was written by it, so -update writes
// the newest only.
func TestAFileOfEveryVersionOpens(t *testing.T) {
	if *update {
		fixture := filepath.Join("testdata", "version-5")
		dir := t.TempDir()
		s, err := Open(t.Context(), testConfig(dir))
		must(t, err)
		fill(t, s)
		must(t, s.Close())
		must(t, os.MkdirAll(fixture, 0o755))
		for _, name := range []string{"evidence.db", "flows.db"} {
			must(t, os.WriteFile(filepath.Join(fixture, name), value(os.ReadFile(filepath.Join(dir, name)))(t), 0o644))
		}
	}
	fixtures := value(filepath.Glob(filepath.Join("testdata", "version-*")))(t)
	if len(fixtures) < 2 {
		t.Fatal("where are the fixtures?")
	}
	for _, fixture := range fixtures {
		t.Run(filepath.Base(fixture), func(t *testing.T) { opensFixture(t, fixture) })
	}
}

func opensFixture(t *testing.T, fixture string) {
	dir := t.TempDir()
	for _, name := range []string{"evidence.db", "flows.db"} {
		must(t, os.WriteFile(filepath.Join(dir, name), value(os.ReadFile(filepath.Join(fixture, name)))(t), 0o600))
	}
	ctx := t.Context()
	s := open(t, testConfig(dir))
	if cs := value(s.Consents(ctx))(t); len(cs) != 1 || cs[0].Decided != consent.Expired {
		t.Fatalf("%+v", cs)
	}
	if as := value(s.OpenActions(ctx))(t); len(as) != 1 {
		t.Fatalf("%+v", as)
	}
	if r := value(s.VerifyDiary(ctx))(t); !r.OK() || r.Entries != 3 {
		t.Fatalf("%+v", r)
	}
	if fs := value(s.Flows(ctx, flow.Query{Device: "d2"}))(t); len(fs) != 1 || fs[0].Up != 100 {
		t.Fatalf("%+v", fs)
	}
	if r := value(s.Check(ctx))(t); !r.OK() {
		t.Fatalf("%+v", r)
	}
}

func TestANewerVersionIsRefusedUntouched(t *testing.T) {
	for _, name := range []string{"evidence.db", "flows.db"} {
		dir := t.TempDir()
		s, err := Open(t.Context(), testConfig(dir))
		must(t, err)
		f := map[string]*file{"evidence.db": s.evidence, "flows.db": s.flows}[name]
		_, err = f.write.Exec("PRAGMA user_version = 99")
		must(t, err)
		must(t, s.Close())
		sum := func() [32]byte { return sha256.Sum256(value(os.ReadFile(filepath.Join(dir, name)))(t)) }
		before := sum()
		_, err = Open(t.Context(), testConfig(dir))
		var fe *FileError
		if !errors.Is(err, ErrNewer) || !errors.As(err, &fe) || filepath.Base(fe.File) != name {
			t.Fatalf("%s: %v", name, err)
		}
		if sum() != before {
			t.Errorf("%s was changed", name)
		}
	}
}

func TestAMigrationKeepsACopyOrChangesNothing(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "evidence.db"), value(os.ReadFile(filepath.Join("testdata", "version-1", "evidence.db")))(t), 0o600))
	one := value(os.ReadFile("migrations/evidence/0001_start.sql"))(t)
	path := filepath.Join(dir, "evidence.db")
	with := func(second string) fileConfig {
		return fileConfig{path: path, now: testConfig("").Now, migrations: fstest.MapFS{
			"0001_start.sql": {Data: one}, "0002_next.sql": {Data: []byte(second)}, "0003_after.sql": {Data: []byte("CREATE TABLE b(x INTEGER) STRICT")}, "0004_newer.sql": {Data: []byte("DROP TABLE b")},
		}}
	}
	version := func() (v int) {
		must(t, peek(ctx, path, "PRAGMA user_version", &v))
		return v
	}
	if _, err := openFile(ctx, with("CREATE TABLE a(x) STRICT, nonsense; ")); err == nil || version() != 1 {
		t.Fatalf("a broken migration: %v, version %d", err, version())
	}
	if _, err := openFile(ctx, with("CREATE TABLE a(x INTEGER) STRICT; DELETE FROM nothing")); err == nil || version() != 1 {
		t.Fatalf("a half migration: %v, version %d", err, version())
	}
	f, err := openFile(ctx, with("CREATE TABLE a(x INTEGER) STRICT"))
	must(t, err)
	must(t, f.close())
	if version() != 4 {
		t.Fatalf("version %d", version())
	}
	var n int
	must(t, peek(ctx, path+".version-1", "SELECT count(*) FROM consent", &n))
	if n != 1 {
		t.Fatalf("the copy holds %d permissions", n)
	}
	if _, err := Open(ctx, testConfig(dir)); !errors.Is(err, ErrNewer) { // going back
		t.Fatal(err)
	}
}

func TestADamagedFileIsNamedAndNeverBegunAnew(t *testing.T) {
	for name, damage := range map[string]func(path string){
		"garbage":   func(p string) { must(t, os.WriteFile(p, bytes.Repeat([]byte("garbage!"), 4096), 0o600)) },
		"truncated": func(p string) { must(t, os.Truncate(p, 5000)) },
		"not ours": func(p string) {
			must(t, os.Remove(p))
			f, err := openFile(t.Context(), fileConfig{path: p, now: testConfig("").Now, migrations: fstest.MapFS{
				"0001_x.sql": {Data: []byte("CREATE TABLE migration(version, name, at); CREATE TABLE x(y)")},
			}})
			must(t, err)
			_, err = f.write.Exec("PRAGMA application_id = 1")
			must(t, errors.Join(err, f.close()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, err := Open(t.Context(), testConfig(dir))
			must(t, err)
			fill(t, s)
			must(t, s.Close())
			path := filepath.Join(dir, "evidence.db")
			damage(path)
			before := sha256.Sum256(value(os.ReadFile(path))(t))
			_, err = Open(t.Context(), testConfig(dir))
			if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "evidence.db") {
				t.Fatalf("%v", err)
			}
			if sha256.Sum256(value(os.ReadFile(path))(t)) != before {
				t.Error("it was changed")
			}
		})
	}
}

// TestEvidenceThatIsGoneIsNotBegunAnew: neither with its sealed end, nor, where no key
// store could seal it, with the record of traffic. The twin: with neither there was none.
func TestEvidenceThatIsGoneIsNotBegunAnew(t *testing.T) {
	for name, damage := range map[string]func(string) error{"removed": os.Remove, "emptied": func(p string) error { return os.Truncate(p, 0) }} {
		for trace, seal := range map[string]HeadSealer{"head.seal": testSealer{key: 7}, "flows.db": nil} {
			c := testConfig(t.TempDir())
			c.Seal = seal
			s, err := Open(t.Context(), c)
			must(t, err)
			fill(t, s)
			must(t, s.Close())
			must(t, damage(filepath.Join(c.Dir, "evidence.db")))
			if trace != "flows.db" {
				must(t, os.Remove(filepath.Join(c.Dir, "flows.db")))
			}
			if _, err := Open(t.Context(), c); !errors.Is(err, ErrMissing) {
				t.Errorf("%s, %s is there: %v", name, trace, err)
			}
			must(t, os.Remove(filepath.Join(c.Dir, trace)))
			open(t, c)
		}
	}
}

// TestAStartOnAFullDisk: the program was ended while the disk was filled up, and its
// start still opens the files and decides, on the room of the reserve. The twin has none.
func TestAStartOnAFullDisk(t *testing.T) {
	for name, reserve := range map[string]int64{"with the reserve": 1 << 20, "its twin without": 0} {
		c := testConfig(mount(t, "size=8m"))
		s, err := Open(t.Context(), c)
		must(t, err)
		fill(t, s)
		must(t, s.Close())
		if reserve == 0 {
			must(t, os.Remove(s.room.path()))
		}
		fillDisk(t, filepath.Join(c.Dir, "filler"))
		s, err = Open(t.Context(), c)
		if (err == nil) != (reserve > 0) || err != nil && !errors.Is(err, ErrFull) {
			t.Fatalf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		must(t, s.Decide(t.Context(), consent.Decision{Consent: given("cfull", noon), Notes: []ledger.Note{note(consent.NoteGiven, "Given.")}}))
		must(t, s.Close())
	}
}

func TestDamagedFlowsAreSetAsideAndBegunAnew(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(t.Context(), testConfig(dir))
	must(t, err)
	fill(t, s)
	must(t, s.Close())
	must(t, os.WriteFile(filepath.Join(dir, "flows.db"), bytes.Repeat([]byte("garbage!"), 4096), 0o600))
	s = open(t, testConfig(dir))
	if ps := s.Problems(); len(ps) != 1 || !strings.Contains(ps[0].File, "flows.db.damaged-") {
		t.Fatalf("%+v", ps)
	}
	if cs := value(s.Consents(t.Context()))(t); len(cs) != 1 {
		t.Fatalf("%+v", cs)
	}
	must(t, s.AddFlows(t.Context(), "gw", []flow.Record{record("d1", -1, 1)}, nil))
}

// TestAFileThatCannotBeReadIsSaidInASentence: no bare number of SQLite.
func TestAFileThatCannotBeReadIsSaidInASentence(t *testing.T) {
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "evidence.db"), 0o700))
	if _, err := Open(t.Context(), testConfig(dir)); err == nil || !strings.Contains(err.Error(), "evidence.db cannot be read") {
		t.Fatal(err)
	}
}

// mount gives a folder on a file system of its own, where the system lets us.
func mount(t *testing.T, options string) string {
	t.Helper()
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root on Linux can mount a small or read-only file system")
	}
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", options, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: no mount here: %v %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", dir).Run() })
	return dir
}

func TestAReadOnlyFolderIsSaidInASentence(t *testing.T) {
	dir := mount(t, "size=8m")
	s, err := Open(t.Context(), testConfig(dir))
	must(t, err)
	must(t, s.Close())
	must(t, exec.Command("mount", "-o", "remount,ro", dir).Run())
	_, err = Open(t.Context(), testConfig(dir))
	if !errors.Is(err, ErrReadOnly) || !strings.HasPrefix(err.Error(), "Best Before may not write to "+dir) {
		t.Fatal(err)
	}
	if _, err = Open(t.Context(), testConfig(filepath.Join(dir, "new"))); !errors.Is(err, ErrReadOnly) {
		t.Fatal(err)
	}
}

// Threat 17: on a full disk decisions and their diary go on with the room of
// the reserve, flows stop first, and all goes on when there is room again.
func TestAFullDisk(t *testing.T) {
	c := testConfig(mount(t, "size=8m"))
	c.MinFree = 2 << 20
	s := open(t, c)
	ctx := t.Context()
	must(t, s.Decide(ctx, consent.Decision{Consent: given("c0", noon)}))
	filler := filepath.Join(c.Dir, "filler")
	fillDisk(t, filler)
	decide := func(i int) error {
		id := consent.ID("c" + strings.Repeat("x", i))
		return s.Decide(ctx, consent.Decision{Consent: given(id, noon), Notes: []ledger.Note{note(consent.NoteGiven, "Given.")}})
	}
	kept := 1
	for i := 1; i <= 20; i++ {
		if err := decide(i); err != nil {
			t.Fatalf("decision %d on the reserve: %v", i, err)
		}
		kept++
	}
	if _, err := os.Stat(s.room.path()); err == nil {
		t.Fatal("the reserve was not needed: the disk was not full")
	}
	if err := s.AddFlows(ctx, "gw", []flow.Record{record("d1", -1, 1)}, nil); !errors.Is(err, ErrFull) {
		t.Fatalf("flows went on: %v", err)
	}
	fillDisk(t, filler+"2")
	var err error
	for i := 21; i < 2000 && err == nil; i++ { // until the reserve is used up too
		if err = decide(i); err == nil {
			kept++
		}
	}
	if !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), "is full") {
		t.Fatalf("used up: %v", err)
	}
	if cs := value(s.Consents(ctx))(t); len(cs) != kept {
		t.Fatalf("%d acknowledged, %d kept", kept, len(cs))
	}
	must(t, errors.Join(os.Remove(filler), os.Remove(filler+"2")))
	must(t, decide(3000)) // without a restart
	if r := value(s.VerifyDiary(ctx))(t); !r.OK() || int(r.Entries) != kept {
		t.Fatalf("%d kept, %+v", kept, r)
	}
	must(t, s.Purge(ctx, noon)) // renews the reserve
	if _, err := os.Stat(s.room.path()); err != nil {
		t.Fatal(err)
	}
}

func fillDisk(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	block := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(block)
	}
	must(t, f.Close())
}
