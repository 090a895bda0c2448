package segment

import (
	"slices"

	"github.com/segue-app/segue/internal/profile"
)

// Operator is a comparison. Which are offered depends on the attribute's kind.
type Operator string

// The operators.
const (
	Equals          Operator = "equals"
	NotEquals       Operator = "not_equals"
	Contains        Operator = "contains"
	NotContains     Operator = "not_contains"
	BeginsWith      Operator = "begins_with"
	EndsWith        Operator = "ends_with"
	InList          Operator = "in_list"
	NotInList       Operator = "not_in_list"
	Less            Operator = "less"
	AtMost          Operator = "at_most"
	Greater         Operator = "greater"
	AtLeast         Operator = "at_least"
	Between         Operator = "between" // both ends belong
	IsTrue          Operator = "is_true"
	IsFalse         Operator = "is_false"
	On              Operator = "on"
	Before          Operator = "before"
	After           Operator = "after"
	InLastDays      Operator = "in_last_days"
	InNextDays      Operator = "in_next_days"
	MoreThanDaysAgo Operator = "more_than_days_ago"
	AnniversaryIn   Operator = "anniversary_in_days" // the day of the year comes up today or within so many days
	Has             Operator = "has"
	HasNot          Operator = "has_not"
	InSegment       Operator = "in_segment"
	NotInSegment    Operator = "not_in_segment"
	IsEmpty         Operator = "is_empty"
	IsNotEmpty      Operator = "is_not_empty"
)

// Takes is what an operator needs beside the attribute.
type Takes int

// What operators take.
const (
	Nothing Takes = iota
	OneValue
	TwoValues
	ManyValues
	Days       // a whole number of days
	OneSegment // a segment's id
)

var takes = map[Operator]Takes{
	Equals: OneValue, NotEquals: OneValue, Contains: OneValue, NotContains: OneValue, BeginsWith: OneValue, EndsWith: OneValue,
	InList: ManyValues, NotInList: ManyValues, Less: OneValue, AtMost: OneValue, Greater: OneValue, AtLeast: OneValue,
	Between: TwoValues, IsTrue: Nothing, IsFalse: Nothing, On: OneValue, Before: OneValue, After: OneValue,
	InLastDays: Days, InNextDays: Days, MoreThanDaysAgo: Days, AnniversaryIn: Days, IsEmpty: Nothing, IsNotEmpty: Nothing,
	Has: OneValue, HasNot: OneValue, InSegment: OneSegment, NotInSegment: OneSegment,
}

var offered = map[profile.Kind][]Operator{
	profile.Text:    {Equals, NotEquals, Contains, NotContains, BeginsWith, EndsWith, InList, NotInList, IsEmpty, IsNotEmpty},
	profile.Number:  {Equals, NotEquals, Less, AtMost, Greater, AtLeast, Between, IsEmpty, IsNotEmpty},
	profile.Boolean: {IsTrue, IsFalse, IsEmpty, IsNotEmpty},
	profile.Date: {On, Before, After, Between, InLastDays, MoreThanDaysAgo, InNextDays, AnniversaryIn, IsEmpty,
		IsNotEmpty},
	// No anniversary of an instant: the day that it falls on depends on the zone of the reader.
	profile.DateTime: {On, Before, After, Between, InLastDays, MoreThanDaysAgo, InNextDays, IsEmpty, IsNotEmpty},
	profile.List:     {Has, HasNot, IsEmpty, IsNotEmpty},
}

// OfSegments lists the operators that compare no attribute: they name another segment.
var OfSegments = []Operator{InSegment, NotInSegment}

// Known reports whether there is such an operator.
func (o Operator) Known() bool {
	_, known := takes[o]
	return known
}

// Takes is what the operator needs beside the attribute.
func (o Operator) Takes() Takes { return takes[o] }

// MindsCase reports whether the operator, on an attribute of the kind, may match case: only texts and lists of texts have any.
func (o Operator) MindsCase(kind profile.Kind) bool {
	if kind != profile.Text && kind != profile.List {
		return false
	}
	switch o {
	case Equals, NotEquals, Contains, NotContains, BeginsWith, EndsWith, InList, NotInList, Has, HasNot:
		return true
	}
	return false
}

// Operators lists those for a kind as they are offered.
func Operators(kind profile.Kind) []Operator { return slices.Clone(offered[kind]) }

// Fits reports whether the operator compares attributes of the kind.
func (o Operator) Fits(kind profile.Kind) bool { return slices.Contains(offered[kind], o) }
