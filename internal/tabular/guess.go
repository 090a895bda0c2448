package tabular

import (
	"regexp"
	"slices"
	"strings"

	"github.com/segue-app/segue/internal/profile"
)

// Words of headings, in English and Danish, that say what a column holds. They are compared with the words of the
// column's key, and those of four letters and more also with its beginning and end (mailadresse, firstname).
var (
	personalWords = words(`email mail phone mobile mobil tlf telefon telephone name navn fornavn efternavn firstname lastname
		surname address adresse street vej gade birth birthday birthdate born foedt foedsel foedselsdag dob cpr ssn ip
		postal postcode zip postnr postnummer gender sex koen passport pas iban`)
	// Special categories of personal data, and numbers by which the state knows a person.
	sensitiveWords = words(`cpr ssn health helbred sygdom disease diagnosis diagnose medical medicin allergy allergi disability handicap
		religion religious faith trosretning ethnic ethnicity etnicitet political politik tradeunion fagforening sexuality seksualitet
		genetic genetisk biometric biometrisk criminal straffet`)
	emailWords = words(`email mail`)
	// Digits that are no numbers: nobody adds them up, and a leading zero counts.
	textWords = words(`phone mobile mobil tlf telefon telephone zip postal postcode postnr postnummer cpr cvr ssn ean iban sku`)
	idKeys    = []string{"id", "profile_id", "customer_id", "customerid", "profileid", "kunde_id", "kundeid", "profil_id", "kundenr", "kunde_nr", "kundenummer",
		"customer_number", "customer_no", "user_id", "userid", "contact_id", "uuid", "guid"}

	emailForm = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
	phoneForm = regexp.MustCompile(`^(\+|00)\d[\d ()-]{6,}$`)
)

func words(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

func has(set map[string]bool, key string) bool {
	for _, part := range strings.Split(key, "_") {
		if set[part] {
			return true
		}
		for word := range set {
			if len(word) >= 4 && (strings.HasPrefix(part, word) || strings.HasSuffix(part, word)) {
				return true
			}
		}
	}
	return false
}

// guessKind finds the narrowest kind that fits all values; text when there is none.
func (r Reading) guessKind(key string, values []string) profile.Kind {
	if len(values) == 0 || has(textWords, key) {
		return profile.Text
	}
	fits := func(kind profile.Kind, also func(string) bool) bool {
		for _, v := range values {
			if _, ok := r.Parse(kind, v); !ok || (also != nil && !also(strings.TrimSpace(v))) {
				return false
			}
		}
		return true
	}
	isWord := func(v string) bool { return v[0] < '0' || v[0] > '9' } // 0 and 1 are numbers, unless a person says otherwise
	noLeadingZero := func(v string) bool {
		v = strings.TrimLeft(v, "+-")
		return len(v) < 2 || v[0] != '0' || v[1] == '.' || v[1] == ','
	}
	switch {
	case isList(values):
		return profile.List
	case fits(profile.Boolean, isWord):
		return profile.Boolean
	case fits(profile.Number, noLeadingZero):
		return profile.Number
	case fits(profile.Date, nil):
		return profile.Date
	case fits(profile.DateTime, nil):
		return profile.DateTime
	}
	return profile.Text
}

// mostlyFits reports whether nine values of ten fit the kind.
func (r Reading) mostlyFits(kind profile.Kind, values []string) bool {
	fitting := 0
	for _, v := range values {
		if _, ok := r.Parse(kind, v); ok {
			fitting++
		}
	}
	return fitting*10 >= len(values)*9
}

// GuessMark says whether a column looks like personal or sensitive data: by its heading, or, personal alone, by most of its values.
func GuessMark(key string, values []string) profile.Mark {
	switch {
	case has(sensitiveWords, key):
		return profile.Sensitive
	case has(personalWords, key):
		return profile.Personal
	}
	looks := 0
	for _, v := range values {
		if emailForm.MatchString(v) || phoneForm.MatchString(v) {
			looks++
		}
	}
	if looks*2 > len(values) {
		return profile.Personal
	}
	return profile.NotPersonal
}

// guessReading finds how the file writes decimals and dates. Undecided, it is the way of most of the world: a point,
// and the day before the month.
func guessReading(columns [][]string) Reading {
	var guess Reading
	for _, values := range columns {
		if decimals := (Reading{DecimalComma: true}); decimals.guessKind("", values) == profile.Number {
			for _, v := range values {
				// 1,234 may be a number of thousands: three digits behind a comma prove nothing.
				if i := strings.IndexByte(v, ','); i >= 0 && len(strings.TrimSpace(v))-i-1 != 3 {
					guess.DecimalComma = true
				}
			}
		}
		dayFirst, MonthFirst := Reading{}.guessKind("", values), Reading{MonthFirst: true}.guessKind("", values)
		if dayFirst == profile.Text && (MonthFirst == profile.Date || MonthFirst == profile.DateTime) {
			guess.MonthFirst = true
		}
	}
	return guess
}

// GuessID finds the column that most likely holds the ids, by the keys of the columns; the first one when none does.
func GuessID(keys []string) int {
	for _, candidate := range idKeys {
		if i := slices.Index(keys, candidate); i >= 0 {
			return i
		}
	}
	return 0
}

// IsEmail says whether a column's key names addresses of email.
func IsEmail(key string) bool { return has(emailWords, key) }
