package schedule

import (
	"encoding/json"
	"strings"

	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/calendar"
)

// differences are the fields of the schedule before and after.
func differences(before, after Settings) []audit.Change {
	return []audit.Change{
		{Field: "on", Before: audit.YesNo(before.On), After: audit.YesNo(after.On)},
		{Field: "pattern", Before: told(before.Pattern), After: told(after.Pattern)},
		{Field: "zone", Before: before.Zone, After: after.Zone},
		{Field: "blackouts", Before: written(before.Blackouts), After: written(after.Blackouts)},
		{Field: "on_failure", Before: string(before.OnFailure), After: string(after.OnFailure)},
	}
}

func told(p calendar.Pattern) string {
	parts := []string{string(p.Recurrence)}
	switch p.Recurrence {
	case calendar.Weekly:
		parts = append(parts, calendar.ShortDays(p.Weekdays)...)
	case calendar.Monthly:
		parts = append(parts, written(p.MonthDay))
	}
	for _, at := range p.Times {
		parts = append(parts, at.String())
	}
	return strings.Join(parts, " ")
}

func written(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // numbers and texts
	}
	return string(text)
}
