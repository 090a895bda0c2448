package audit

import (
	"crypto/sha256"
	"encoding/binary"
)

// chained is the hash of an entry: SHA-256 over the hash of the one before and every field, each behind its length, so that no
// two entries are written the same. The first follows 32 zero bytes.
func chained(before [32]byte, r Record, changes string) (sum [32]byte) {
	h := sha256.New()
	h.Write(before[:])
	number := func(n int64) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) //nolint:gosec // the bits, whatever they mean
	}
	number(r.ID)
	number(r.At.UnixMilli())
	number(r.UserID)
	for _, text := range []string{
		string(r.Action), r.Subject.Kind, r.Subject.ID, r.Subject.Name, changes, r.UserName, string(r.Role), string(r.Via), r.Address,
	} {
		number(int64(len(text)))
		h.Write([]byte(text))
	}
	return [32]byte(h.Sum(nil))
}
