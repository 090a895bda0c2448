package profile

// Mark says how much care an attribute's values need. A higher mark asks for more.
type Mark int

// The marks.
const (
	NotPersonal Mark = iota
	Personal         // personal data: not for viewers, sent only when somebody says so for each attribute
	Sensitive        // also of a special category, or a secret of the person: for administrators, sent only for a stated reason
)

// Marks lists them from least to most.
var Marks = []Mark{NotPersonal, Personal, Sensitive}

var markNames = [...]string{"none", "personal", "sensitive"}

// String is the end of its translation keys, and its value in forms.
func (m Mark) String() string {
	if m < NotPersonal || m > Sensitive {
		return ""
	}
	return markNames[m]
}

// ParseMark reads what String wrote; what is no mark is taken for Personal, which is the careful reading of nothing known.
func ParseMark(text string) Mark {
	for _, m := range Marks {
		if m.String() == text {
			return m
		}
	}
	return Personal
}
