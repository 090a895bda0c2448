package calendar

import (
	"strconv"
	"strings"
	"time"
)

// FieldClock reads a time of day as a form has it. What is none is left for Checked to refuse.
func FieldClock(text string) Clock {
	if clock, ok := ParseClock(text); ok {
		return clock
	}
	return -1
}

// ShortDays are weekdays in three letters, for the audit log.
func ShortDays(days []time.Weekday) (short []string) {
	for _, day := range days {
		short = append(short, strings.ToLower(day.String()[:3]))
	}
	return short
}

// FieldWeekdays reads weekdays as a form has them: "0" is Sunday. What is none is left for Checked to refuse.
func FieldWeekdays(numbers []string) (days []time.Weekday) {
	for _, text := range numbers {
		number, err := strconv.Atoi(text)
		if err != nil {
			number = -1
		}
		days = append(days, time.Weekday(number))
	}
	return days
}

// WeekdayFields writes weekdays as a form has them.
func WeekdayFields(days []time.Weekday) (numbers []string) {
	for _, day := range days {
		numbers = append(numbers, strconv.Itoa(int(day)))
	}
	return numbers
}
