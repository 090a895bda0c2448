package access

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Grant says which contributors may use a connection. Administrators always may, viewers never. The zero Grant is for
// administrators only. Grants can be compared with ==.
type Grant struct {
	all   bool
	named string // ids of people, ascending, each with a space before it; "" when all is set
}

// The grants that name nobody.
var (
	OnlyAdministrators = Grant{}
	AllContributors    = Grant{all: true}
)

// Named is a grant for these contributors. For nobody, it is for administrators only.
func Named(userIDs ...int64) Grant {
	ids := slices.Clone(userIDs)
	slices.Sort(ids)
	var g Grant
	for _, id := range slices.Compact(ids) {
		if id > 0 {
			g.named += " " + strconv.FormatInt(id, 10)
		}
	}
	return g
}

// All reports whether it is for all contributors, also for those who are yet to come.
func (g Grant) All() bool { return g.all }

// People are those whom it names, by id.
func (g Grant) People() (ids []int64) {
	for word := range strings.FieldsSeq(g.named) {
		if id, err := strconv.ParseInt(word, 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// reaches reports whether the person is meant, if she is a contributor.
func (g Grant) reaches(userID int64) bool {
	return userID > 0 && (g.all || slices.Contains(g.People(), userID))
}

// wholeRole is how a grant for all contributors is written.
const wholeRole = "contributors"

// String writes the grant as Scan and ParseGrant read it: "contributors", or the ids of those whom it names.
func (g Grant) String() string {
	if g.all {
		return wholeRole
	}
	return strings.TrimSpace(g.named)
}

// ParseGrant reads what String wrote. What it does not know opens nothing.
func ParseGrant(text string) (Grant, error) {
	if text == wholeRole {
		return AllContributors, nil
	}
	var ids []int64
	for word := range strings.FieldsSeq(text) {
		id, err := strconv.ParseInt(word, 10, 64)
		if err != nil || id <= 0 {
			return OnlyAdministrators, fmt.Errorf("read a grant: %q names nobody", word)
		}
		ids = append(ids, id)
	}
	return Named(ids...), nil
}

// Scan reads a grant from the database. NULL is for administrators only.
func (g *Grant) Scan(value any) (err error) {
	*g = OnlyAdministrators
	switch value := value.(type) {
	case nil:
		return nil
	case string:
		*g, err = ParseGrant(value)
		return err
	}
	return fmt.Errorf("read a grant: it is a %T", value)
}

// Loses reports whether the person may use a connection by the grant and may not by the one that comes after it, if she is a
// contributor.
func (g Grant) Loses(after Grant, userID int64) bool {
	return g.reaches(userID) && !after.reaches(userID)
}
