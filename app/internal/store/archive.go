package store

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"bestbefore/consent/ledger"
)

// A backup is one line that says what it is, and then frames: a length and as
// many sealed bytes. Within the seal each frame says which backup it belongs
// to, its place and whether it is the last one, so that frames can be neither
// exchanged, dropped nor moved. The first frame tells about the backup, the
// others are the file. There are no names of files in it, and nothing is
// compressed: it cannot write elsewhere or grow.
const (
	archiveMagic = "best before backup 1\n"
	frameDomain  = "best before backup frame\x00"
	frameData    = 1 << 20
	frameMost    = frameData + 4096 // sealed, with what is around it
	archiveMost  = 2 << 30          // of the file in it
	frameHead    = len(frameDomain) + 16 + 8 + 1
)

// ErrBackup says that a backup is damaged, cut off, or sealed with another key.
var ErrBackup = errors.New("the backup cannot be read: it is damaged, or was sealed with another computer's key")

// archiveAbout is the first frame.
type archiveAbout struct {
	Time   time.Time   `json:"time"`
	Reason string      `json:"reason"`
	Head   ledger.Head `json:"head"` // the end of the diary in it
}

// writeArchive seals what r gives into w.
func writeArchive(w io.Writer, sealer HeadSealer, about archiveAbout, r io.Reader) error {
	first, err := json.Marshal(about)
	if err != nil {
		return err
	}
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return fmt.Errorf("reading random bytes: %w", err)
	}
	if _, err := io.WriteString(w, archiveMagic); err != nil {
		return err
	}
	if err := writeFrame(w, sealer, id, 0, false, first); err != nil {
		return err
	}
	data := make([]byte, frameData)
	for i := uint64(1); ; i++ {
		n, err := io.ReadFull(r, data)
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return err
		}
		if err := writeFrame(w, sealer, id, i, last, data[:n]); err != nil || last {
			return err
		}
	}
}

func writeFrame(w io.Writer, sealer HeadSealer, id [16]byte, index uint64, last bool, data []byte) error {
	plain := append([]byte(frameDomain), id[:]...)
	plain = binary.BigEndian.AppendUint64(plain, index)
	end := byte(0)
	if last {
		end = 1
	}
	sealed, err := sealer.Seal(append(append(plain, end), data...))
	if err != nil {
		return err
	}
	if _, err := w.Write(binary.BigEndian.AppendUint32(nil, uint32(len(sealed)))); err != nil {
		return err
	}
	_, err = w.Write(sealed)
	return err
}

// readArchive writes the file that is in the archive to w; ErrBackup when
// anything is not as it was written. What w got must then not be used.
func readArchive(r io.Reader, sealer HeadSealer, w io.Writer) (archiveAbout, error) {
	var about archiveAbout
	magic := make([]byte, len(archiveMagic))
	if _, err := io.ReadFull(r, magic); err != nil || string(magic) != archiveMagic {
		return about, ErrBackup
	}
	var id []byte
	var size int64
	for i := uint64(0); ; i++ {
		frame, err := readFrame(r, sealer)
		if err != nil {
			return about, err
		}
		from, at, last, data := frame[len(frameDomain):][:16], binary.BigEndian.Uint64(frame[len(frameDomain)+16:]), frame[frameHead-1] == 1, frame[frameHead:]
		if id == nil {
			id = from
		}
		if size += int64(len(data)); at != i || !bytes.Equal(id, from) || size > archiveMost || i == 0 && last {
			return about, ErrBackup
		}
		if i == 0 {
			if json.Unmarshal(data, &about) != nil {
				return about, ErrBackup
			}
			continue
		}
		if _, err := w.Write(data); err != nil {
			return about, err
		}
		if !last {
			continue
		}
		if n, _ := r.Read(make([]byte, 1)); n > 0 {
			return about, ErrBackup // something follows that was not written by us
		}
		return about, nil
	}
}

func readFrame(r io.Reader, sealer HeadSealer) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, ErrBackup
	}
	n := binary.BigEndian.Uint32(length[:])
	if n > frameMost {
		return nil, ErrBackup
	}
	// The buffer grows with what really comes: a length alone takes no memory.
	var sealed bytes.Buffer
	if got, err := io.CopyN(&sealed, r, int64(n)); err != nil || got != int64(n) {
		return nil, ErrBackup
	}
	plain, err := sealer.Open(sealed.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrBackup, err)
	}
	if len(plain) < frameHead || string(plain[:len(frameDomain)]) != frameDomain {
		return nil, ErrBackup
	}
	return plain, nil
}
