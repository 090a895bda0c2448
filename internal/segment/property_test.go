package segment_test

import (
	"encoding/json"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
)

// belongs answers a definition for one row in plain Go, from what the package says a rule means and from nothing of its code.
func belongs(def segment.Definition, row []any, now time.Time) bool {
	zone, err := time.LoadLocation(def.Zone)
	if err != nil {
		panic(err)
	}
	return holds(def, def.Rule, row, now.In(zone))
}

func holds(def segment.Definition, g segment.Group, row []any, now time.Time) bool {
	met, parts := 0, len(g.Conditions)+len(g.Groups)
	for _, c := range g.Conditions {
		if fulfils(def, c, row, now) {
			met++
		}
	}
	for _, inner := range g.Groups {
		if holds(def, inner, row, now) {
			met++
		}
	}
	switch g.Match {
	case segment.All:
		return met == parts
	case segment.Any:
		return met > 0 || parts == 0
	default:
		return met == 0
	}
}

func fulfils(def segment.Definition, c segment.Condition, row []any, now time.Time) bool {
	if c.Operator == segment.InSegment || c.Operator == segment.NotInSegment {
		id, _ := strconv.ParseInt(c.Values[0], 10, 64)
		return belongs(def.Nested[id], row, now) == (c.Operator == segment.InSegment)
	}
	index := slices.IndexFunc(fields, func(f field) bool { return f.Key == c.Attribute })
	value := row[index+1]
	switch c.Operator {
	case segment.IsEmpty:
		return value == nil
	case segment.NotEquals, segment.NotContains, segment.NotInList, segment.HasNot:
		opposite := map[segment.Operator]segment.Operator{
			segment.NotEquals: segment.Equals, segment.NotContains: segment.Contains, segment.NotInList: segment.InList,
			segment.HasNot: segment.Has}
		c.Operator = opposite[c.Operator]
		return !fulfils(def, c, row, now)
	}
	if value == nil {
		return false
	}
	switch fields[index].Kind {
	case profile.Text:
		return textHolds(c, value.(string))
	case profile.List:
		var texts []string
		if err := json.Unmarshal([]byte(value.(string)), &texts); err != nil {
			panic(err)
		}
		as := compared(c)
		return c.Operator == segment.IsNotEmpty || slices.ContainsFunc(texts, func(text string) bool { return as(text) == as(c.Values[0]) })
	case profile.Number:
		return numberHolds(c, value)
	case profile.Boolean:
		return c.Operator == segment.IsNotEmpty || (c.Operator == segment.IsTrue) == (value.(int64) == 1)
	case profile.Date:
		day, _ := time.Parse("2006-01-02", value.(string))
		return dayHolds(c, day, now)
	default:
		at, _ := time.Parse(time.RFC3339, value.(string))
		at = at.In(now.Location())
		return dayHolds(c, time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC), now)
	}
}

// compared is how a condition's texts are made comparable.
func compared(c segment.Condition) func(string) string {
	if c.MatchCase {
		return norm.NFC.String
	}
	return func(s string) string { return norm.NFC.String(strings.Map(unicode.ToLower, norm.NFC.String(s))) }
}

func textHolds(c segment.Condition, value string) bool {
	as := compared(c)
	value = as(value)
	is := func(compare func(string, string) bool) bool {
		return slices.ContainsFunc(c.Values, func(v string) bool { return compare(value, as(v)) })
	}
	switch c.Operator {
	case segment.Equals, segment.InList:
		return is(func(a, b string) bool { return a == b })
	case segment.Contains:
		return is(strings.Contains)
	case segment.BeginsWith:
		return is(strings.HasPrefix)
	case segment.EndsWith:
		return is(strings.HasSuffix)
	default:
		return true
	}
}

// numberHolds compares exactly: a whole number beyond 2⁵³ is no other.
func numberHolds(c segment.Condition, held any) bool {
	exact := func(number any) *big.Rat {
		if whole, ok := number.(int64); ok {
			return new(big.Rat).SetInt64(whole)
		}
		return new(big.Rat).SetFloat64(number.(float64))
	}
	value := exact(held)
	var given []*big.Rat
	for _, v := range c.Values {
		if whole, err := strconv.ParseInt(v, 10, 64); err == nil {
			given = append(given, exact(whole))
			continue
		}
		number, _ := strconv.ParseFloat(v, 64)
		given = append(given, exact(number))
	}
	switch c.Operator {
	case segment.Equals:
		return value.Cmp(given[0]) == 0
	case segment.NotEquals:
		return value.Cmp(given[0]) != 0
	case segment.Less:
		return value.Cmp(given[0]) < 0
	case segment.AtMost:
		return value.Cmp(given[0]) <= 0
	case segment.Greater:
		return value.Cmp(given[0]) > 0
	case segment.AtLeast:
		return value.Cmp(given[0]) >= 0
	case segment.Between:
		return given[0].Cmp(value) <= 0 && value.Cmp(given[1]) <= 0
	default:
		return true
	}
}

func dayHolds(c segment.Condition, day, now time.Time) bool {
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	distance := int(day.Sub(today) / (24 * time.Hour))
	var days int
	var given []time.Time
	for _, v := range c.Values {
		days, _ = strconv.Atoi(v)
		at, _ := time.Parse("2006-01-02", v)
		given = append(given, at)
	}
	switch c.Operator {
	case segment.On:
		return day.Equal(given[0])
	case segment.Before:
		return day.Before(given[0])
	case segment.After:
		return day.After(given[0])
	case segment.Between:
		return !day.Before(given[0]) && !day.After(given[1])
	case segment.InLastDays:
		return distance <= 0 && distance >= -days
	case segment.InNextDays:
		return distance >= 0 && distance <= days
	case segment.MoreThanDaysAgo:
		return distance < -days
	case segment.AnniversaryIn:
		return celebrates(day, today, days)
	default:
		return true
	}
}

// celebrates walks the days one by one.
func celebrates(born, today time.Time, days int) bool {
	for i := range days + 1 {
		at := today.AddDate(0, 0, i)
		leap := at.AddDate(0, 0, 1).Day() == 29
		if at.Month() == born.Month() && (at.Day() == born.Day() || (born.Month() == time.February && born.Day() == 29 && at.Day() == 28 && !leap)) {
			return true
		}
	}
	return false
}
