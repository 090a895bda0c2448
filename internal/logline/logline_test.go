package logline_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/logline"
)

func TestALineNamesWhatItsContextIsOf(t *testing.T) {
	var out bytes.Buffer
	log := logline.New(&out, slog.LevelInfo, true)
	ctx := logline.With(t.Context(), slog.String("request", "r1"))
	deeper := logline.With(ctx, slog.Int64("run", 7), slog.String("request", "r2"))
	log.InfoContext(t.Context(), "nothing")
	log.InfoContext(ctx, "outer")
	log.With("user", 3).InfoContext(deeper, "inner")
	log.InfoContext(deeper, "said by itself", "run", 8)
	log.DebugContext(ctx, "too quiet")
	want := []map[string]any{
		{"msg": "nothing"}, {"msg": "outer", "request": "r1"}, {"msg": "inner", "user": 3.0, "run": 7.0, "request": "r2"},
		{"msg": "said by itself", "run": 8.0, "request": "r2"},
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d lines:\n%s", len(lines), out.String())
	}
	for i, line := range lines {
		var got map[string]any
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		delete(got, "time")
		delete(got, "level")
		if len(got) != len(want[i]) || strings.Count(line, `"run"`) > 1 {
			t.Errorf("line %d is %s", i, line)
		}
		for key, value := range want[i] {
			if got[key] != value {
				t.Errorf("line %d: %s is %v, want %v", i, key, got[key], value)
			}
		}
	}
}

func TestTextIsWrittenUnlessJSONIsAskedFor(t *testing.T) {
	var out bytes.Buffer
	logline.New(&out, slog.LevelWarn, false).WarnContext(logline.With(t.Context(), slog.Int64("import", 4)), "slow")
	if got := out.String(); !strings.HasSuffix(got, "level=WARN msg=slow import=4\n") {
		t.Errorf("wrote %q", got)
	}
}

func TestNobodyWritesALineOfTheirOwnIntoTheLog(t *testing.T) {
	forged := "x\nlevel=ERROR msg=forged\r\x1b[2J\u2028\x00"
	for _, asJSON := range []bool{false, true} {
		var out bytes.Buffer
		ctx := logline.With(t.Context(), slog.String("request", forged))
		logline.New(&out, slog.LevelInfo, asJSON).InfoContext(ctx, forged, "method", forged, "error", errors.New(forged), forged, forged)
		line := strings.TrimSuffix(out.String(), "\n")
		if strings.ContainsAny(line, "\n\r\x1b\x00\u2028") {
			t.Errorf("JSON %v: %q", asJSON, line)
		}
	}
}

func TestEveryLineSaysItsTimeWithTheOffset(t *testing.T) {
	for _, asJSON := range []bool{false, true} {
		var out bytes.Buffer
		logline.New(&out, slog.LevelInfo, asJSON).Info("x")
		text := regexp.MustCompile(`time[=":]+([^" ]+)`).FindStringSubmatch(out.String())
		if text == nil {
			t.Fatalf("JSON %v: no time in %s", asJSON, out.String())
		}
		if at, err := time.Parse(time.RFC3339Nano, text[1]); err != nil || time.Since(at).Abs() > time.Minute {
			t.Errorf("JSON %v: %s, %v", asJSON, text[1], err)
		}
	}
}
