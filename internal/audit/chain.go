package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"time"
)

// chained is the hash of an entry: SHA-256 over the hash of the one before and every field, each behind its length, so that no
// two entries are written the same. The first follows 32 zero bytes.
func chained(before [32]byte, r Record) [32]byte {
	h := sha256.New()
	h.Write(before[:])
	number(h, r.ID)
	number(h, r.At.UnixMilli())
	number(h, r.UserID)
	number(h, r.seals)
	for _, text := range []string{
		string(r.Action), r.Subject.Kind, r.Subject.ID, r.Subject.Name, r.changes, r.UserName, string(r.Role), string(r.Via), r.Address,
	} {
		number(h, int64(len(text)))
		h.Write([]byte(text))
	}
	return [32]byte(h.Sum(nil))
}

func number(h hash.Hash, n int64) {
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) //nolint:gosec // the bits, whatever they mean
}

// seal vouches for the log up to an entry.
type seal struct {
	id      int64
	entryID int64
	at      time.Time
	mac     [32]byte
}

// sealed is the code of a seal, under the key: over its number, the seal before it, and the entry with its hash. The first follows 32 zero bytes.
func sealed(key []byte, before [32]byte, s seal, entry [32]byte) [32]byte {
	h := hmac.New(sha256.New, key)
	number(h, s.id)
	h.Write(before[:])
	number(h, s.entryID)
	h.Write(entry[:])
	number(h, s.at.UnixMilli())
	return [32]byte(h.Sum(nil))
}

// Head is an entry by number and hash. Who keeps one outside of the machine has something to hold the log against.
type Head struct {
	ID   int64
	Hash [32]byte
}

// String writes it as ParseHead reads it.
func (h Head) String() string {
	return strconv.FormatInt(h.ID, 10) + ":" + hex.EncodeToString(h.Hash[:])
}

// ParseHead reads ID:HASH, the hash in hex.
func ParseHead(text string) (h Head, err error) {
	id, digits, _ := strings.Cut(strings.TrimSpace(text), ":")
	if h.ID, err = strconv.ParseInt(id, 10, 64); err != nil || h.ID < 1 || strconv.FormatInt(h.ID, 10) != id {
		return Head{}, fmt.Errorf("%w: %q is no number of an entry", errHead, id)
	}
	if len(digits) != hex.EncodedLen(len(h.Hash)) {
		return Head{}, fmt.Errorf("%w: the hash has %d characters", errHead, len(digits))
	}
	if _, err = hex.Decode(h.Hash[:], []byte(digits)); err != nil {
		return Head{}, fmt.Errorf("%w: %w", errHead, err)
	}
	return h, nil
}

var errHead = errors.New("an entry is named as ID:HASH, with a hash of 64 hexadecimal digits")
