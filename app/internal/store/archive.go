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

	"bestbefore/assets/words"
	"bestbefore/consent/ledger"
)

// A backup is one line that says what it is, two locks, and then frames: a
// length and as many sealed bytes. A lock is the backup's own key, sealed with
// the installation's key in the first and under the recovery phrase in the
// second, which is empty where there is none; the own key seals the frames. Within the seal each frame says which backup it belongs
// to, its place and whether it is the last one, so that frames can be neither
// exchanged, dropped nor moved. The first frame tells about the backup, the
// others are the file. There are no names of files in it, and nothing is
// compressed: it cannot write elsewhere or grow.
const (
	archiveMagic = "best before backup 2\n"
	lockDomain   = "best before backup lock\x00"
	lockMost     = 4096
	frameDomain  = "best before backup frame\x00"
	frameData    = 1 << 20
	frameMost    = frameData + 4096 // sealed, with what is around it
	archiveMost  = 2 << 30          // of the file in it
	frameHead    = len(frameDomain) + 16 + 8 + 1
)

// ErrBackup says that a backup is damaged, cut off, or sealed with another key.
var ErrBackup = words.New("the backup cannot be read: it is damaged, or was sealed with another computer's key or under another recovery phrase")

// archiveAbout is the first frame.
type archiveAbout struct {
	Time   time.Time   `json:"time"`
	Reason string      `json:"reason"`
	Head   ledger.Head `json:"head"` // the end of the diary in it
}

// writeArchive seals what r gives into w, so that each of the two opens it; the
// phrase may be nil.
func writeArchive(w io.Writer, installation HeadSealer, phrase *Phrase, about archiveAbout, r io.Reader) error {
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
	sealer, err := writeLocks(w, installation, phrase)
	if err != nil {
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

// writeLocks makes the backup's own key and locks it up.
func writeLocks(w io.Writer, installation HeadSealer, phrase *Phrase) (aeadSealer, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return aeadSealer{}, fmt.Errorf("reading random bytes: %w", err)
	}
	holders := []HeadSealer{installation, nil}
	if phrase != nil {
		holders[1] = phrase
	}
	for _, h := range holders {
		var lock []byte
		if h != nil {
			var err error
			if lock, err = h.Seal(append([]byte(lockDomain), key...)); err != nil {
				return aeadSealer{}, err
			}
		}
		if _, err := w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(lock))), lock...)); err != nil {
			return aeadSealer{}, err
		}
	}
	return newAEAD(key)
}

// readLocks gives what seals the frames, if one of the openers opens a lock.
func readLocks(r io.Reader, openers []HeadSealer) (aeadSealer, error) {
	err := ErrBackup
	var own aeadSealer
	for range 2 {
		lock, readErr := readSized(r, lockMost)
		if readErr != nil {
			return own, readErr
		}
		for _, o := range openers {
			plain, openErr := o.Open(lock)
			if openErr != nil || own.aead != nil {
				continue
			}
			if key, ok := bytes.CutPrefix(plain, []byte(lockDomain)); ok && len(key) == 32 {
				own, err = newAEAD(key)
			}
		}
	}
	return own, err
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

// readArchive writes the file that is in the archive to w, if one of the openers
// can open it; ErrBackup when anything is not as it was written. What w got must then not be used.
func readArchive(r io.Reader, openers []HeadSealer, w io.Writer) (archiveAbout, error) {
	var about archiveAbout
	magic := make([]byte, len(archiveMagic))
	if _, err := io.ReadFull(r, magic); err != nil || string(magic) != archiveMagic {
		return about, ErrBackup
	}
	sealer, err := readLocks(r, openers)
	if err != nil {
		return about, err
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

// readSized reads a length and as many bytes, no more than most.
func readSized(r io.Reader, most uint32) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, ErrBackup
	}
	n := binary.BigEndian.Uint32(length[:])
	if n > most {
		return nil, ErrBackup
	}
	// The buffer grows with what really comes: a length alone takes no memory.
	var b bytes.Buffer
	if got, err := io.CopyN(&b, r, int64(n)); err != nil || got != int64(n) {
		return nil, ErrBackup
	}
	return b.Bytes(), nil
}

func readFrame(r io.Reader, sealer HeadSealer) ([]byte, error) {
	sealed, err := readSized(r, frameMost)
	if err != nil {
		return nil, err
	}
	plain, err := sealer.Open(sealed)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrBackup, err)
	}
	if len(plain) < frameHead || string(plain[:len(frameDomain)]) != frameDomain {
		return nil, ErrBackup
	}
	return plain, nil
}
