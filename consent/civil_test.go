package consent

import (
	"errors"
	"testing"
	"time"
	_ "time/tzdata"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestCivilEndWhereClocksChange(t *testing.T) {
	cases := []struct{ why, zone, civil, want string }{
		{"an ordinary day ends at midnight", "Europe/Berlin", "2027-06-30", "2027-06-30T22:00:00Z"},
		{"the day of 23 hours", "Europe/Berlin", "2027-03-28", "2027-03-28T22:00:00Z"},
		{"the day of 25 hours", "Europe/Berlin", "2027-10-31", "2027-10-31T23:00:00Z"},
		{"T8: a skipped time is the end of the gap", "Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00:00Z"},
		{"T9: a repeated time is the first one", "Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30:00Z"},
		{"the whole second after the gap exists", "Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T01:00:00Z"},
		{"midnight is skipped, the day ends where it would have been", "America/Santiago", "2026-09-05", "2026-09-06T04:00:00Z"},
		{"24:00 becomes 23:00, the day is an hour longer", "America/Santiago", "2026-04-04", "2026-04-05T04:00:00Z"},
		{"midnight is skipped in spring", "America/Havana", "2026-03-07", "2026-03-08T05:00:00Z"},
		{"midnight occurs twice in autumn, the first ends the day", "America/Havana", "2026-10-31", "2026-11-01T04:00:00Z"},
		{"midnight is skipped on a Friday", "Africa/Cairo", "2026-04-23", "2026-04-23T22:00:00Z"},
		{"half an hour forward", "Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30:00Z"},
		{"half an hour back, the first", "Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45:00Z"},
		{"a whole day is skipped: the day before ends at the jump", "Pacific/Apia", "2011-12-29", "2011-12-30T10:00:00Z"},
		{"the day that never was ends at the jump too", "Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"},
		{"and so does a moment in it", "Pacific/Apia", "2011-12-30T15:00", "2011-12-30T10:00:00Z"},
		{"a leap day", "Europe/Berlin", "2028-02-29", "2028-02-29T23:00:00Z"},
		{"the last year that can be written", "UTC", "9998-12-31", "9999-01-01T00:00:00Z"},
	}
	for _, c := range cases {
		got, err := CivilEnd(c.civil, zone(t, c.zone))
		if err != nil {
			t.Errorf("%s: %v", c.why, err)
			continue
		}
		if got.Format(time.RFC3339) != c.want {
			t.Errorf("%s: %s in %s ends %s, want %s", c.why, c.civil, c.zone, got.Format(time.RFC3339), c.want)
		}
	}
}

// TestTimeDateAloneWouldBeWrong is the twin of the test above: where this
// passes for time.Date, firstInstant would not be needed.
func TestTimeDateAloneWouldBeWrong(t *testing.T) {
	wrong := 0
	for zoneName, civil := range map[string]string{
		"America/Santiago": "2026-09-06T00:00", "America/Havana": "2026-03-08T00:00", "Africa/Cairo": "2026-04-24T00:00",
	} {
		z := zone(t, zoneName)
		naive, _ := time.Parse(civilMinute, civil)
		alone := time.Date(naive.Year(), naive.Month(), naive.Day(), 0, 0, 0, 0, z)
		if right, _ := CivilEnd(civil, z); !alone.Equal(right) {
			wrong++
		}
	}
	if wrong == 0 {
		t.Error("time.Date agrees everywhere: these cases show nothing")
	}
}

func TestCivilEndRefusesWhatIsNoDate(t *testing.T) {
	for _, s := range []string{
		"", "2027", "2027-02-30", "2027-13-01", "2027-05-31T25:00", "2027-05-31T24:00", "2027-05-31 18:00", "2027-05-31T18:00Z",
		"2027-05-31T18:00:0.5", "9999-12-31", "1969-12-31", "0000-00-00", "２０２７-05-31", "2027-05-31T18:00:00.5",
	} {
		if got, err := CivilEnd(s, time.UTC); !errors.Is(err, ErrDate) {
			t.Errorf("%q gave %s, %v", s, got, err)
		}
	}
	if _, err := CivilEnd("2027-05-31", nil); !errors.Is(err, ErrDate) {
		t.Errorf("without a zone: %v", err)
	}
}

// FuzzCivilEnd is F15: never later than the person's local end of day, the
// first instant of what it says, and never going back as the date goes on.
func FuzzCivilEnd(f *testing.F) {
	for _, z := range []string{"Europe/Berlin", "America/Santiago", "America/Havana", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Monrovia", "Asia/Kathmandu"} {
		f.Add(2026, 3, 29, 2, 30, z)
		f.Add(2011, 12, 30, 0, 0, z)
		f.Add(2028, 2, 29, 23, 59, z)
	}
	f.Add(9998, 12, 31, 0, 0, "UTC")
	f.Fuzz(func(t *testing.T, y, mo, d, h, mi int, name string) {
		z, err := time.LoadLocation(name)
		if err != nil || name == "Local" {
			t.Skip()
		}
		naive := time.Date(y, time.Month(mo), d, h, mi, 0, 0, time.UTC)
		day, moment := naive.Format(civilDay), naive.Format(civilMinute)
		end, err := CivilEnd(day, z)
		if err != nil {
			return
		}
		if got := localNaive(end.Add(-time.Nanosecond), z).Format(civilDay); got > day {
			t.Fatalf("%s in %s: its last instant is on %s", day, name, got)
		}
		if got := localNaive(end, z).Format(civilDay); got <= day {
			t.Fatalf("%s in %s: its end is still on %s", day, name, got)
		}
		at, err := CivilEnd(moment, z)
		if err != nil {
			t.Fatalf("%s: %v", moment, err)
		}
		if at.After(end) {
			t.Fatalf("%s in %s is after the end of its day", moment, name)
		}
		if local := localNaive(at, z).Format(civilMinute); local < moment {
			t.Fatalf("%s in %s became %s, which is earlier", moment, name, local)
		}
		next, err := CivilEnd(naive.AddDate(0, 0, 1).Format(civilDay), z)
		if err == nil && next.Before(end) {
			t.Fatalf("%s in %s ends after the day that follows", day, name)
		}
	})
}

func TestParseTerm(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	now := time.Date(2026, 11, 22, 14, 0, 0, 500, berlin)
	cases := []struct{ in, civil, utc string }{
		{"2027-05-31", "2027-05-31", "2027-05-31T22:00:00Z"},
		{"31 May 2027", "2027-05-31", "2027-05-31T22:00:00Z"},
		{"2027-05-31T18:00", "2027-05-31T18:00:00", "2027-05-31T16:00:00Z"},
		{"P6M", "2027-05-22", "2027-05-22T22:00:00Z"},
		{"6mo", "2027-05-22", "2027-05-22T22:00:00Z"},
		{"6 Months", "2027-05-22", "2027-05-22T22:00:00Z"},
		{"1y", "2027-11-22", "2027-11-22T23:00:00Z"},
		{"2w", "2026-12-06", "2026-12-06T23:00:00Z"},
		{"3d", "2026-11-25", "2026-11-25T23:00:00Z"},
		{"90s", "2026-11-22T14:01:31", "2026-11-22T13:01:31Z"},
		{"10m", "2026-11-22T14:10:01", "2026-11-22T13:10:01Z"},
		{"2h", "2026-11-22T16:00:01", "2026-11-22T15:00:01Z"},
		{"P1DT12H", "2026-11-24T02:00:00", "2026-11-24T01:00:00Z"},
		{"no-end", "", "0001-01-01T00:00:00Z"},
	}
	for _, c := range cases {
		term, err := ParseTerm(c.in, now, berlin)
		if err != nil {
			t.Errorf("%q: %v", c.in, err)
			continue
		}
		expires, civil, err := term.End(now, berlin)
		if err != nil || civil != c.civil || expires.Format(time.RFC3339) != c.utc {
			t.Errorf("%q ends %s (%s), %v; want %s (%s)", c.in, expires.Format(time.RFC3339), civil, err, c.utc, c.civil)
		}
	}
}

func TestT12ZeroPastAndTooLongAreRefused(t *testing.T) {
	now := time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	cases := map[string]error{
		"0d": ErrDate, "P0D": ErrDate, "0s": ErrDate, "-1d": ErrDate, "P": ErrDate, "PT": ErrDate, "": ErrDate, "forever": ErrDate,
		"P1M1Y": ErrDate, "P1.5M": ErrDate, "P99999999999M": ErrDate, "5 fortnights": ErrDate, "soon": ErrDate,
		"2026-11-21": ErrPast, "2026-11-22T13:59": ErrPast, "2020-01-01": ErrPast,
		"2y": ErrTooLong, "13mo": ErrTooLong, "P1Y1D": ErrTooLong, "2027-11-23": ErrTooLong, "9000-01-01": ErrTooLong, "367d": ErrTooLong, "39000000s": ErrTooLong,
		"2027-02-29": ErrDate,
	}
	for in, want := range cases {
		if got, err := ParseTerm(in, now, time.UTC); !errors.Is(err, want) {
			t.Errorf("%q gave %+v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"2026-11-22", "2027-11-22", "12mo", "365d", "1s"} {
		if _, err := ParseTerm(in, now, time.UTC); err != nil {
			t.Errorf("%q is refused: %v", in, err)
		}
	}
}

func TestT10MonthEndsClamp(t *testing.T) {
	cases := []struct{ given, rule, want string }{
		{"2027-01-31", "P1M", "2027-02-28"},
		{"2028-01-31", "P1M", "2028-02-29"},
		{"2028-02-29", "P1Y", "2029-02-28"},
		{"2027-08-31", "P6M", "2028-02-29"},
		{"2027-10-31", "P1M", "2027-11-30"},
		{"2027-12-31", "P2M", "2028-02-29"},
	}
	for _, c := range cases {
		now, _ := time.Parse(civilDay, c.given)
		_, civil, err := Term{Kind: ForPeriod, Rule: c.rule}.End(now.Add(12*time.Hour), time.UTC)
		if err != nil || civil != c.want {
			t.Errorf("%s and %s end %s (%v), want %s", c.given, c.rule, civil, err, c.want)
		}
	}
	if d := time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC).AddDate(0, 1, 0); d.Format(civilDay) == "2027-02-28" {
		t.Error("AddDate clamps by itself: this shows nothing") // the twin
	}
}

func FuzzParseTerm(f *testing.F) {
	for _, s := range []string{"P6M", "90s", "2027-05-31", "31 May 2027", "no-end", "PT1H", "1y", "P1Y2M3DT4H5M6S"} {
		f.Add(s, int64(1795356000))
	}
	f.Fuzz(func(t *testing.T, s string, unix int64) {
		now := time.Unix(unix%4_000_000_000, 0).UTC()
		if now.Year() < 1971 {
			t.Skip()
		}
		term, err := ParseTerm(s, now, time.UTC)
		if err != nil || term.Kind == NoEnd {
			return
		}
		end, civil, err := term.End(now, time.UTC)
		if err != nil || civil == "" || !end.After(now) || end.Sub(now) > 367*24*time.Hour {
			t.Fatalf("%q at %s ends %s (%q), %v", s, now, end, civil, err)
		}
	})
}
