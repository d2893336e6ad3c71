//go:build lab && week && linux

package lab

import (
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// The household's weeks: what is usual is learned in the first ones, one more is
// ordinary, and in the last one devices are taken over.
const (
	learnDays = 14
	quietDays = 7
	evilDays  = 7
)

// TestHouseholdWeek measures false alarms on real traffic: weeks of a household,
// played by real programs in the devices' namespaces through the router in
// minutes instead, recorded there, the time stamps drawn out to weeks again, and
// read as any capture is, while the engine looks as often as it does in life. In
// the ordinary week nothing may be told beyond what README allows; in the last
// everything that was really done must be. It takes half an hour and so has a tag
// of its own; "make lab-week". LAB_WEEK_HOUR is how long an hour lasts,
// LAB_WEEK_SEED which household it is, LAB_WEEK_KEEP a folder in which the
// recording is kept, and from which it is judged again if there is one.
func TestHouseholdWeek(t *testing.T) {
	for _, p := range []string{"tcpdump", "mosquitto", "mosquitto_pub"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Fatalf("%s is missing; '.ci/packages lab' or your system's packages have it", p)
		}
	}
	hour := 2 * time.Second
	if s := os.Getenv("LAB_WEEK_HOUR"); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil {
			t.Fatal(err)
		}
		hour = d
	}
	runs := misdeeds()
	rec := recordHousehold(t, hour, learnDays+quietDays+evilDays, runs)
	t.Logf("recorded: %s", rec)

	quiet, evil := learnDays, learnDays+quietDays
	with := rec.judge(t, "with what was done", everything, true)
	for _, a := range with.told {
		t.Logf("told: %s", a)
	}
	falseAlarms := with.falseAlarms(runs)
	t.Logf("false alarms: %d in the days %d to %d (learning), %d in the ordinary week, %d in the last", count(falseAlarms, 0, quiet), 1, quiet, count(falseAlarms, quiet, evil), count(falseAlarms, evil, evil+evilDays))
	if n := count(falseAlarms, quiet, evil); n > 1 {
		t.Errorf("%d false alarms in an ordinary week: at most one is bearable", n)
	}
	for _, m := range runs {
		if rec.Sent[m.name] < m.least {
			t.Errorf("%s: not really done, %d bytes passed of at least %d; is this computer too busy?", m.name, rec.Sent[m.name], m.least)
			continue
		}
		a, ok := with.names(m)
		if !ok {
			t.Errorf("not told: %s", m.name)
			continue
		}
		t.Logf("%-40s told after %s as %s", m.name, a.since.Sub(rec.first(m)).Round(time.Minute), a.Kind)
	}

	// The twins: what was done is taken out of the recording, and nothing but what
	// is ordinary remains; nobody looks, and nothing is told.
	without := rec.judge(t, "without what was done", ordinary, true)
	for _, a := range without.told {
		t.Logf("told although nothing was done: %s", a)
	}
	if n := count(without.told, evil, evil+evilDays); n > 1 {
		t.Errorf("%d alarms in the last week after what was done was taken out", n)
	}
	blind := rec.judge(t, "nobody looks", everything, false)
	for _, m := range runs {
		if _, ok := blind.names(m); ok {
			t.Errorf("told by nobody: %s", m.name)
		}
	}
}

// seedOf is which household it is.
func seedOf(t *testing.T) uint64 {
	n, err := strconv.ParseUint(os.Getenv("LAB_WEEK_SEED"), 10, 64)
	if err != nil && os.Getenv("LAB_WEEK_SEED") != "" {
		t.Fatal(err)
	}
	return n
}
