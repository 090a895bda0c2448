package profile

import (
	"context"
	"database/sql/driver"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/segue-app/segue/internal/address"
	"github.com/segue-app/segue/internal/database"
)

// matches says which rows of the parts are one person. A person is a number from 1 on, in the order in which the matching
// meets them; rows are known by their n. All of it is in memory: about 30 bytes for each row of each part.
type matches struct {
	parts    []Part
	places   []int     // of each part: one more than its last row
	prefixes []string  // of each part, with the colon; "" for shared keys
	rowOf    [][]int32 // of each part: the row of a person, 0 when there is none
	report   Report
}

func (m *matches) row(part int, person int32) int32 {
	if int(person) >= len(m.rowOf[part]) {
		return 0
	}
	return m.rowOf[part][person]
}

// founder is the part whose row made the person, and named it.
func (m *matches) founder(person int32) int {
	for p := range m.parts {
		if m.row(p, person) != 0 {
			return p
		}
	}
	return -1
}

// matcher is the matching under way.
type matcher struct {
	*matches
	q       database.Querier
	keys    [][]int32 // of each part: the number of a row's key among the shared ones; 0 when there is no such row
	bearer  []int32   // the person of each key
	bears   []int32   // of each person: the key that is its id; 0 for one of a part with keys of its own
	persons int32
	emails  addresses
}

// match finds out which rows are one person. It reads only.
func match(ctx context.Context, q database.Querier, parts []Part) (*matches, error) {
	m := &matcher{matches: &matches{parts: parts, rowOf: make([][]int32, len(parts))}, q: q, keys: make([][]int32, len(parts)), bears: make([]int32, 1)}
	if err := m.chosePrefixes(ctx); err != nil {
		return nil, err
	}
	if err := m.readKeys(ctx); err != nil {
		return nil, err
	}
	for p := range parts {
		if err := m.place(ctx, p); err != nil {
			return nil, err
		}
	}
	m.report.Total = int(m.persons)
	return m.matches, nil
}

// chosePrefixes lengthens a prefix until no shared key begins like it, so that ids stay different.
func (m *matcher) chosePrefixes(ctx context.Context) error {
	m.prefixes = make([]string, len(m.parts))
	for p, part := range m.parts {
		for prefix := part.Prefix + ":"; part.OwnKeys && m.prefixes[p] == ""; prefix += ":" {
			taken, err := m.begins(ctx, prefix)
			if err != nil {
				return err
			}
			if !taken {
				m.prefixes[p] = prefix
			}
		}
	}
	return nil
}

func (m *matcher) begins(ctx context.Context, prefix string) (taken bool, err error) {
	for _, part := range m.parts {
		if part.OwnKeys || taken {
			continue
		}
		err := m.q.QueryRowContext(ctx, fmt.Sprintf(`SELECT EXISTS (SELECT 1 FROM %s WHERE id >= ? AND id < ?)`, part.Snapshot.Table()),
			prefix, strings.TrimSuffix(prefix, ":")+";").Scan(&taken)
		if err != nil {
			return false, fmt.Errorf("look for a prefix: %w", err)
		}
	}
	return taken, nil
}

// readKeys numbers the shared keys. The parts are read side by side in the order of their keys, out of the index.
func (m *matcher) readKeys(ctx context.Context) error {
	for p, part := range m.parts {
		var last int64
		if err := m.q.QueryRowContext(ctx, fmt.Sprintf(`SELECT coalesce(max(n), 0) FROM %s`, part.Snapshot.Table())).Scan(&last); err != nil {
			return fmt.Errorf("measure a part: %w", err)
		}
		if last >= math.MaxInt32/2 {
			return fmt.Errorf("snapshot %d has too many rows", part.Snapshot.ID)
		}
		m.keys[p] = make([]int32, last+1)
		m.places = append(m.places, int(last)+1)
	}
	shared := shared(m.parts)
	var key int32
	var before string
	values := make([]driver.Value, 3)
	if len(shared) > 0 {
		err := database.Rows(ctx, m.q, byID(m.parts, shared, ``), nil, values, func() error {
			id, n, p, err := keyRow(values)
			if err != nil {
				return err
			}
			if id != before || key == 0 {
				key++
				before = id
			}
			m.keys[p][n] = key
			return nil
		})
		if err != nil {
			return fmt.Errorf("read keys: %w", err)
		}
	}
	m.bearer = make([]int32, key+1)
	for p, part := range m.parts {
		if !part.OwnKeys {
			continue
		}
		// Rows of such a part have no shared key: what counts is that they are there.
		one := make([]driver.Value, 1)
		err := database.Rows(ctx, m.q, fmt.Sprintf(`SELECT n FROM %s`, part.Snapshot.Table()), nil, one, func() error {
			n, ok := one[0].(int64)
			if !ok {
				return fmt.Errorf("row number is %T", one[0])
			}
			m.keys[p][n] = -1
			return nil
		})
		if err != nil {
			return fmt.Errorf("read rows: %w", err)
		}
	}
	return nil
}

// shared are the parts that number alike.
func shared(parts []Part) (indexes []int) {
	for p, part := range parts {
		if !part.OwnKeys {
			indexes = append(indexes, p)
		}
	}
	return indexes
}

// byID reads parts in the order of their ids: id, n, part.
func byID(parts []Part, which []int, where string) string {
	var selects []string
	for _, p := range which {
		selects = append(selects, fmt.Sprintf(`SELECT id, n, %d FROM %s%s`, p, parts[p].Snapshot.Table(), where))
	}
	if len(selects) == 1 {
		return selects[0] + ` ORDER BY id`
	}
	return strings.Join(selects, ` UNION ALL `) + ` ORDER BY 1`
}

func keyRow(values []driver.Value) (id string, n, part int64, err error) {
	id, ok := values[0].(string)
	n, numbered := values[1].(int64)
	part, placed := values[2].(int64)
	if !ok || !numbered || !placed {
		return "", 0, 0, fmt.Errorf("a key is %T, %T, %T", values[0], values[1], values[2])
	}
	return id, n, part, nil
}

// place finds the persons of the rows of one part.
func (m *matcher) place(ctx context.Context, p int) error {
	part, keys := m.parts[p], m.keys[p]
	report := PartReport{SourceID: part.SourceID, SnapshotID: part.Snapshot.ID, Name: part.Name, OwnKeys: part.OwnKeys,
		Prefix: strings.TrimSuffix(m.prefixes[p], ":"), MatchEmail: part.MatchEmail}
	personOf := make([]int32, len(keys)) // of each row; 0: none yet
	apart := map[int32]bool{}            // rows that would have joined a profile which has another row of this part
	m.rowOf[p] = make([]int32, m.persons+1, int(m.persons)+1)
	join := func(n int, person int32) bool {
		if m.rowOf[p][person] != 0 {
			apart[int32(n)] = true
			return false
		}
		m.rowOf[p][person], personOf[n] = int32(n), person
		delete(apart, int32(n))
		return true
	}
	if p > 0 && !part.OwnKeys {
		report.ByKey = m.joinByKey(keys, personOf, join)
	}
	if p > 0 && part.MatchEmail {
		err := m.addresses(ctx, part, func(n int, hash hash96) {
			if personOf[n] != 0 {
				return
			}
			if person := m.emails.find(hash); person != 0 && join(n, person) {
				report.ByEmail++
			}
		})
		if err != nil {
			return err
		}
	}
	m.found(p, keys, personOf)
	for n, key := range keys {
		if key > 0 && m.bearer[key] == 0 {
			m.bearer[key] = personOf[n]
		}
		if key != 0 {
			report.Rows++
		}
	}
	report.New, report.Apart = report.Rows-report.ByKey-report.ByEmail, len(apart)
	m.report.Parts = append(m.report.Parts, report)
	later := slices.ContainsFunc(m.parts[p+1:], func(later Part) bool { return later.MatchEmail })
	if !later {
		return nil
	}
	return m.addresses(ctx, part, func(n int, hash hash96) { m.emails.add(hash, personOf[n]) })
}

// joinByKey joins rows with the persons of their keys. Whom a key names comes before whom it only belongs to, through
// another row with the same address: so no two profiles ever get one id.
func (m *matcher) joinByKey(keys, personOf []int32, join func(n int, person int32) bool) (joined int) {
	for n, key := range keys {
		if key > 0 && m.bearer[key] != 0 && m.bears[m.bearer[key]] == key && join(n, m.bearer[key]) {
			joined++
		}
	}
	for n, key := range keys {
		if key > 0 && personOf[n] == 0 && m.bearer[key] != 0 && join(n, m.bearer[key]) {
			joined++
		}
	}
	return joined
}

// found makes persons of the rows that have none, in the order of the file.
func (m *matcher) found(p int, keys, personOf []int32) {
	for n, key := range keys {
		if key == 0 || personOf[n] != 0 {
			continue
		}
		m.persons++
		personOf[n] = m.persons
		m.rowOf[p] = append(m.rowOf[p], int32(n))
		m.bears = append(m.bears, max(key, 0))
		if key > 0 {
			m.bearer[key] = m.persons
		}
	}
}

// addresses visits the addresses of a part, row by row in the order of the file. What is no address is passed over: nobody
// is one person with somebody else because both have "unknown".
func (m *matcher) addresses(ctx context.Context, part Part, visit func(n int, hash hash96)) error {
	var columns strings.Builder
	count := 1
	for _, a := range part.Snapshot.Attributes {
		if a.Address && a.Kind == Text {
			columns.WriteString(", " + a.Column)
			count++
		}
	}
	if count == 1 {
		return nil
	}
	values := make([]driver.Value, count)
	query := fmt.Sprintf(`SELECT n%s FROM %s ORDER BY n`, columns.String(), part.Snapshot.Table())
	err := database.Rows(ctx, m.q, query, nil, values, func() error {
		n, ok := values[0].(int64)
		if !ok {
			return fmt.Errorf("row number is %T", values[0])
		}
		for _, value := range values[1:] {
			typed, ok := value.(string)
			if !ok {
				continue
			}
			if form, ok := address.Read(typed); ok {
				visit(int(n), m.emails.hash(form))
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read addresses: %w", err)
	}
	return nil
}

// people visits the persons in the order of their ids.
func (m *matches) people(ctx context.Context, q database.Querier, visit func(person int32) error) error {
	personOf := make([][]int32, len(m.parts)) // of each part's rows that founded a person
	for p := range m.parts {
		personOf[p] = make([]int32, m.places[p])
		for person, row := range m.rowOf[p] {
			if row != 0 && m.founder(int32(person)) == p {
				personOf[p][row] = int32(person)
			}
		}
	}
	// No reading is open while visit writes: the write-ahead log could not be written back then, and grow.
	page := make([]int32, 0, peopleAtOnce)
	read := func(which []int, from, to string) error {
		for len(which) > 0 {
			page = page[:0]
			last, full, err := m.readPeople(ctx, q, which, from, to, func(p, n int64) {
				if person := personOf[p][n]; person != 0 {
					page = append(page, person)
					personOf[p][n] = 0 // the next page begins with the last id of this one
				}
			})
			if err != nil {
				return fmt.Errorf("read people: %w", err)
			}
			for _, person := range page {
				if err := visit(person); err != nil {
					return err
				}
			}
			if from = last; !full {
				break
			}
		}
		return nil
	}
	// Each prefix has a place of its own among the shared keys, none of which begins like it.
	own := make([]int, 0, len(m.parts))
	for p, part := range m.parts {
		if part.OwnKeys {
			own = append(own, p)
		}
	}
	slices.SortFunc(own, func(a, b int) int { return strings.Compare(m.prefixes[a], m.prefixes[b]) })
	from := ""
	for _, p := range own {
		if err := read(shared(m.parts), from, m.prefixes[p]); err != nil {
			return err
		}
		if err := read([]int{p}, "", ""); err != nil {
			return err
		}
		from = m.prefixes[p]
	}
	return read(shared(m.parts), from, "")
}

// peopleAtOnce is how many ids are read at once; more than there are parts.
const peopleAtOnce = 20_000

// readPeople reads a page of ids that begins with from and ends before to, unless that is "". It is full when there may be more.
func (m *matches) readPeople(ctx context.Context, q database.Querier, which []int, from, to string, visit func(p, n int64)) (last string, full bool, err error) {
	where, one := ` WHERE id >= ?`, []any{from}
	if to != "" {
		where, one = where+` AND id < ?`, append(one, to)
	}
	var args []any
	for range which {
		args = append(args, one...)
	}
	values, rows := make([]driver.Value, 3), 0
	err = database.Rows(ctx, q, byID(m.parts, which, where)+` LIMIT ?`, append(args, peopleAtOnce), values, func() error {
		id, n, p, err := keyRow(values)
		if err != nil {
			return err
		}
		last = id
		rows++
		visit(p, n)
		return nil
	})
	return last, rows == peopleAtOnce, err
}
