package health

import (
	"errors"
	"testing"
)

func TestReport(t *testing.T) {
	n := 0
	b := Board{Changed: func() { n++ }}
	b.Report("disk", errors.New("the disk is full"), "Make room.")
	b.Report("disk", errors.New("the disk is full"), "Make room.")
	if n != 1 {
		t.Errorf("the same problem twice told %d times, want once", n)
	}
	b.Report("clock", errors.New("the clock is in doubt"), "")
	if got := b.Problems(); len(got) != 2 || got[0].ID != "clock" || got[1].Fix != "Make room." {
		t.Errorf("Problems() = %v", got)
	}
	b.Report("disk", nil, "")
	b.Report("disk", nil, "")
	if got := b.Problems(); len(got) != 1 || n != 3 {
		t.Errorf("after it is well: %v, told %d times, want 1 problem and 3", got, n)
	}
}
