package trace

import (
	"context"
	"encoding/hex"
	"testing"
)

// FuzzTraceparent holds that no header breaks the reading of it, and that what is taken of it is an id and nothing else.
func FuzzTraceparent(f *testing.F) {
	for _, seed := range []string{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "ff-0-0-0", "00-00000000000000000000000000000000-0000000000000000-00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-\n", "--"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		id, span, ok := IDs(Continue(context.Background(), header))
		if !ok {
			return
		}
		if read, err := hex.DecodeString(id + span); err != nil || len(read) != 24 {
			t.Fatalf("%q gives %q and %q", header, id, span)
		}
	})
}
