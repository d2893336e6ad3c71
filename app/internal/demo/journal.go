package demo

import (
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"

	"bestbefore/connectors"
	"bestbefore/discovery/flow"
)

// journal is what the relay has seen, oldest first and bounded; the relay's lock guards it.
type journal struct {
	run   string // of this relay: a cursor of another one means nothing here
	first int    // number of the oldest line
	lines []line
	more  chan struct{} // closed and made anew with each line
}

type line struct {
	device string
	record flow.Record
}

const journalLines = 20_000

func newJournal() journal {
	return journal{run: rand.Text(), more: make(chan struct{})}
}

func (j *journal) add(device string, r flow.Record) {
	if len(j.lines) >= journalLines {
		half := journalLines / 2
		j.lines = append([]line(nil), j.lines[half:]...)
		j.first += half
	}
	j.lines = append(j.lines, line{device, r})
	close(j.more)
	j.more = make(chan struct{})
}

// end is the number of the next line.
func (j *journal) end() int { return j.first + len(j.lines) }

// at reads a cursor; one that means nothing here is "from now".
func (j *journal) at(c connectors.Cursor) int {
	run, n, ok := strings.Cut(string(c), ".")
	i, err := strconv.Atoi(n)
	if !ok || run != j.run || err != nil || i > j.end() {
		return j.end()
	}
	return max(i, j.first)
}

func (j *journal) cursor(n int) connectors.Cursor {
	return connectors.Cursor(fmt.Sprintf("%s.%d", j.run, n))
}

// from are at most most lines from number n on.
func (j *journal) from(n, most int) []line {
	rest := j.lines[max(n-j.first, 0):]
	return append([]line(nil), rest[:min(len(rest), most)]...)
}
