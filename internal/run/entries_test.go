package run

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestEntriesReadBackAsTheyWereWritten(t *testing.T) {
	hash := []byte{0, 1, 2, 250, 251, 252, 253, 254, 255}
	for name, entries := range map[string][]entry{
		"nobody":         {},
		"plain":          {{"1", "a@example.com", hash, ""}, {"2", "b@example.com", hash, ""}},
		"a hash missing": {{"1", "a@example.com", []byte{}, ""}},
		"awkward texts":  {{"\"quoted\\", "søren@blåbær.example", hash, "<&>\n"}, {"line\nend\x01\x7f", "日本@例え.example", hash, "\u2028"}},
		"tags that come and go": {{"1", "a@example.com", hash, "Big\nSmall\n"}, {"2", "b@example.com", hash, "Big\nSmall\n"},
			{"3", "c@example.com", hash, ""}, {"4", "d@example.com", hash, "Small\n"}, {"5", "e@example.com", hash, "Big\nSmall\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			written, err := appendEntries(nil, entries)
			if err != nil {
				t.Fatal(err)
			}
			var read []entry
			if err := json.Unmarshal(written, &read); err != nil {
				t.Fatalf("%s: %v", written, err)
			}
			if !reflect.DeepEqual(read, entries) {
				t.Errorf("wrote %#v and read %#v", entries, read)
			}
		})
	}
}
