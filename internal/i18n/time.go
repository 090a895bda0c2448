package i18n

import (
	"context"
	"fmt"
	"time"
)

// DateTime writes a time in the reader's zone: 27 April 2022 at 14:30, 27. april 2022 kl. 14.30.
func DateTime(ctx context.Context, t time.Time) string { return From(ctx).DateTime(t) }

// Date writes a day in the reader's zone.
func Date(ctx context.Context, t time.Time) string { return From(ctx).Date(t) }

// Ago writes how long before now t was, or how long after: "9 days ago", "om 3 timer".
func Ago(ctx context.Context, t, now time.Time) string { return From(ctx).Ago(t, now) }

// Duration writes a length of time in its two largest units: "1 h 20 min".
func Duration(ctx context.Context, d time.Duration) string { return From(ctx).Duration(d) }

// DateTime writes a time; see the function DateTime.
func (l *Locale) DateTime(t time.Time) string {
	t = t.In(l.zone)
	return l.T("time.at", "Date", l.Date(t), "Time", l.Clock(t))
}

// Date writes a day.
func (l *Locale) Date(t time.Time) string {
	t = t.In(l.zone)
	month := l.T(fmt.Sprintf("time.month.%d", int(t.Month())))
	return l.T("time.date", "Day", fmt.Sprint(t.Day()), "Month", month, "Year", fmt.Sprint(t.Year()))
}

// Clock writes the time of day: 14:30, 14.30.
func (l *Locale) Clock(t time.Time) string {
	return t.In(l.zone).Format(l.T("time.clock"))
}

// ClockSeconds writes the time of day to the second: 14:30:05.
func (l *Locale) ClockSeconds(t time.Time) string {
	return t.In(l.zone).Format(l.T("time.clock.seconds"))
}

// Zone is the reader's time zone.
func (l *Locale) Zone() *time.Location { return l.zone }

// Ago writes the distance between t and now in its largest unit.
func (l *Locale) Ago(t, now time.Time) string {
	distance, direction := now.Sub(t), "ago"
	if distance < 0 {
		distance, direction = -distance, "ahead"
	}
	switch {
	case distance < time.Minute:
		return l.T("time.now")
	case distance < time.Hour:
		return l.N("time."+direction+".minutes", int(distance/time.Minute))
	case distance < 24*time.Hour:
		return l.N("time."+direction+".hours", int(distance/time.Hour))
	default:
		return l.N("time."+direction+".days", int(distance/(24*time.Hour)))
	}
}

// Duration writes a length of time in its two largest units.
func (l *Locale) Duration(d time.Duration) string {
	switch {
	case d < time.Minute:
		return l.T("time.seconds", "Seconds", int(d.Round(time.Second)/time.Second))
	case d < time.Hour:
		return l.T("time.minutes", "Minutes", int(d/time.Minute), "Seconds", int(d%time.Minute/time.Second))
	default:
		return l.T("time.hours", "Hours", int(d/time.Hour), "Minutes", int(d%time.Hour/time.Minute))
	}
}
