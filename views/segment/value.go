package segment

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/profile"
)

// sayValue writes a value, given as it is stored or as a rule holds it, the way the reader writes it.
func sayValue(ctx context.Context, value string, kind profile.Kind) string {
	if value == "" {
		return ""
	}
	switch kind {
	case profile.Boolean:
		if value == "1" {
			return i18n.T(ctx, "segments.yes")
		}
		return i18n.T(ctx, "segments.no")
	case profile.Number:
		return sayNumber(ctx, value)
	case profile.Date, profile.DateTime:
		return sayTime(ctx, value)
	default:
		return value
	}
}

func sayNumber(ctx context.Context, value string) string {
	if n, err := strconv.Atoi(value); err == nil {
		return i18n.Number(ctx, n)
	}
	number, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return value
	}
	_, decimals, _ := strings.Cut(value, ".")
	return i18n.From(ctx).Decimal(number, len(decimals))
}

func sayTime(ctx context.Context, value string) string {
	if instant, err := time.Parse(time.RFC3339, value); err == nil {
		return i18n.DateTime(ctx, instant)
	}
	// A day has no zone: it is the same day wherever it is read.
	if day, err := time.ParseInLocation(time.DateOnly, value, i18n.From(ctx).Zone()); err == nil {
		return i18n.Date(ctx, day)
	}
	return value
}

func whole(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}
