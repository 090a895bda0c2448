package omnisend

import (
	"testing"
	"time"
)

func TestADateIsReadAsParsingATimeReadsIt(t *testing.T) {
	texts := []string{"", "1981-11-5", "81-11-05", "1981/11/05", "1981-11_05", "+981-11-05", "1981-1a-05", "198१-11-05", "1981-11-050"}
	for day := time.Date(1899, 12, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2101; day = day.AddDate(0, 0, 1) {
		texts = append(texts, day.Format(time.DateOnly))
		if day.Day() == 1 {
			month := day.Format("2006-01-")
			texts = append(texts, month+"00", month+"29", month+"30", month+"31", month+"32", day.Format("2006-")+"00-01", day.Format("2006-")+"13-01")
		}
	}
	for _, text := range append(texts, "0000-02-29", "9999-12-31", "1900-02-29", "2000-02-29") {
		if _, err := time.Parse(time.DateOnly, text); isDate(text) != (err == nil) {
			t.Errorf("isDate(%q) is %v; parsing says %v", text, isDate(text), err)
		}
	}
}
