package audit_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/testkit"
)

// book is a log of its own.
type book struct {
	t     testing.TB
	db    *database.DB
	log   *audit.Service
	key   []byte
	clock *testkit.Clock
}

func newBook(t testing.TB) *book {
	t.Helper()
	b := &book{t: t, db: testkit.Database(t), key: []byte(strings.Repeat("k", secret.KeyBytes)), clock: testkit.NewClock()}
	b.open()
	if err := b.log.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

// open takes up the log as another process does.
func (b *book) open() {
	b.t.Helper()
	sealer, err := secret.NewSealer(b.key)
	if err != nil {
		b.t.Fatal(err)
	}
	b.log = audit.NewService(audit.Dependencies{DB: b.db, Sealer: sealer, Clock: b.clock.Now, Log: slog.New(slog.DiscardHandler)})
}

func (b *book) write(n int) {
	b.t.Helper()
	ctx := audit.From(b.t.Context(), audit.Origin{Via: audit.Browser, Address: "192.0.2.7"})
	for i := range n {
		err := b.db.InTx(ctx, func(tx database.Tx) error {
			return audit.Write(ctx, tx, b.clock.Now(), access.Actor{UserID: 7, Name: "Ada", Role: access.Administrator}, audit.Entry{
				Action: audit.SignedIn, Subject: audit.Of("user", int64(i+1), "Grace"), Changes: []audit.Change{{Field: "role", Before: "viewer", After: "contributor"}}})
		})
		if err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *book) seal() {
	b.t.Helper()
	if err := b.log.Seal(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

func (b *book) verify(expected audit.Head) audit.Report {
	b.t.Helper()
	report, err := b.log.Verify(b.t.Context(), expected)
	if err != nil {
		b.t.Fatal(err)
	}
	return report
}

func (b *book) tamper(statements ...string) {
	b.t.Helper()
	guards, err := database.Column[string](b.db.Reader().Query(`SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit%'`))
	if err != nil {
		b.t.Fatal(err)
	}
	names, err := database.Column[string](b.db.Reader().Query(`SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit%'`))
	if err != nil {
		b.t.Fatal(err)
	}
	err = b.db.InTx(b.t.Context(), func(tx database.Tx) error {
		all := []string{}
		for _, name := range names {
			all = append(all, "DROP TRIGGER "+name)
		}
		for _, statement := range append(append(all, statements...), guards...) { // and leaves no trace
			if _, err := tx.Exec(statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// rewrite makes the chain of hashes anew from an entry on, as somebody does who knows how.
func (b *book) rewrite(from int64) (statements []string) {
	b.t.Helper()
	before := make([]byte, 32)
	if from > 1 {
		if err := b.db.Reader().QueryRow(`SELECT hash FROM audit_entries WHERE id = ?`, from-1).Scan(&before); err != nil {
			b.t.Fatal(err)
		}
	}
	rows, err := b.db.Reader().Query(`SELECT id, at, user_id, seals, action, subject_kind, subject_id, subject_name, changes, user_name, role, via, address FROM audit_entries WHERE id >= ? ORDER BY id`, from)
	if err != nil {
		b.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		numbers, texts := [4]int64{}, [9]string{}
		into := []any{}
		for i := range numbers {
			into = append(into, &numbers[i])
		}
		for i := range texts {
			into = append(into, &texts[i])
		}
		if err := rows.Scan(into...); err != nil {
			b.t.Fatal(err)
		}
		h := sha256.New()
		h.Write(before)
		for _, n := range numbers {
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(n)))
		}
		for _, text := range texts {
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(text))))
			h.Write([]byte(text))
		}
		before = h.Sum(nil)
		statements = append(statements, fmt.Sprintf(`UPDATE audit_entries SET hash = x'%x' WHERE id = %d`, before, numbers[0]))
	}
	return statements
}

// written is a log of nine entries and three seals, after the third, the sixth and the ninth.
func written(t *testing.T) *book {
	t.Helper()
	b := newBook(t)
	for range 3 {
		b.write(3)
		b.seal()
	}
	return b
}

func TestALogThatNobodyTouchedIsWhole(t *testing.T) {
	b := written(t)
	b.write(2)
	b.open()
	report := b.verify(audit.Head{})
	if report.Code != "" || report.Head.ID != 11 || report.Seals != 3 || report.Unsealed != 2 || report.Lost != 0 || !report.SealedAt.Equal(b.clock.Now()) {
		t.Errorf("%+v", report)
	}
	if again := b.verify(report.Head); again.Code != "" {
		t.Errorf("its own head is not expected: %+v", again)
	}
	b.seal()
	b.seal() // nothing to seal
	if report := b.verify(report.Head); report.Unsealed != 0 || report.Seals != 4 || report.Code != "" {
		t.Errorf("%+v", report)
	}
}

func TestAnEmptyLogIsWhole(t *testing.T) {
	b := newBook(t)
	b.seal()
	if report := b.verify(audit.Head{}); report != (audit.Report{}) {
		t.Errorf("%+v", report)
	}
}

func TestALongLogIsReadToItsEnd(t *testing.T) {
	b := newBook(t)
	b.write(1203)
	b.seal()
	if report := b.verify(audit.Head{}); report.Code != "" || report.Head.ID != 1203 || report.Unsealed != 0 {
		t.Errorf("%+v", report)
	}
}

func TestWhoeverChangesTheLogIsFound(t *testing.T) {
	const columns = "at, action, subject_kind, subject_id, subject_name, changes, user_id, user_name, role, via, address, seals, hash"
	for name, c := range map[string]struct {
		do    []string
		then  func(b *book) []string // what has to be known first
		want  audit.Fault
		entry int64
		seal  int64
	}{
		"time":                        {do: []string{`UPDATE audit_entries SET at = at + 1 WHERE id = 5`}, want: audit.Altered, entry: 5},
		"action":                      {do: []string{`UPDATE audit_entries SET action = 'x' WHERE id = 5`}, want: audit.Altered, entry: 5},
		"kind of subject":             {do: []string{`UPDATE audit_entries SET subject_kind = 'x' WHERE id = 5`}, want: audit.Altered, entry: 5},
		"id of subject":               {do: []string{`UPDATE audit_entries SET subject_id = '9' WHERE id = 5`}, want: audit.Altered, entry: 5},
		"name of subject":             {do: []string{`UPDATE audit_entries SET subject_name = '' WHERE id = 5`}, want: audit.Altered, entry: 5},
		"changes":                     {do: []string{`UPDATE audit_entries SET changes = '[]' WHERE id = 5`}, want: audit.Altered, entry: 5},
		"user":                        {do: []string{`UPDATE audit_entries SET user_id = 8 WHERE id = 5`}, want: audit.Altered, entry: 5},
		"user's name":                 {do: []string{`UPDATE audit_entries SET user_name = 'Eve' WHERE id = 5`}, want: audit.Altered, entry: 5},
		"role":                        {do: []string{`UPDATE audit_entries SET role = 'viewer' WHERE id = 5`}, want: audit.Altered, entry: 5},
		"means":                       {do: []string{`UPDATE audit_entries SET via = 'program' WHERE id = 5`}, want: audit.Altered, entry: 5},
		"address":                     {do: []string{`UPDATE audit_entries SET address = '' WHERE id = 5`}, want: audit.Altered, entry: 5},
		"what it knows of seals":      {do: []string{`UPDATE audit_entries SET seals = 0 WHERE id = 5`}, want: audit.Altered, entry: 5},
		"hash":                        {do: []string{`UPDATE audit_entries SET hash = zeroblob(32) WHERE id = 5`}, want: audit.Altered, entry: 5},
		"text moved between fields":   {do: []string{`UPDATE audit_entries SET subject_kind = 'use', subject_id = 'r' || subject_id WHERE id = 5`}, want: audit.Altered, entry: 5},
		"one taken out":               {do: []string{`DELETE FROM audit_entries WHERE id = 5`}, want: audit.Gap, entry: 6},
		"one taken out, moved up":     {do: []string{`DELETE FROM audit_entries WHERE id = 5`, `UPDATE audit_entries SET id = id - 1 WHERE id > 5`}, want: audit.Altered, entry: 5},
		"the first taken out":         {do: []string{`DELETE FROM audit_entries WHERE id = 1`}, want: audit.Gap, entry: 2},
		"the end taken off":           {do: []string{`DELETE FROM audit_entries WHERE id > 7`}, want: audit.Truncated, entry: 9, seal: 3},
		"the end with a seal":         {do: []string{`DELETE FROM audit_entries WHERE id > 4`, `DELETE FROM audit_seals WHERE id = 3`}, want: audit.Truncated, entry: 6, seal: 2},
		"all entries taken":           {do: []string{`DELETE FROM audit_entries`}, want: audit.Truncated, entry: 3, seal: 1},
		"one put in":                  {do: []string{`UPDATE audit_entries SET id = -id WHERE id > 5`, `UPDATE audit_entries SET id = 1 - id WHERE id < 0`, `INSERT INTO audit_entries (id, ` + columns + `) SELECT 6, ` + columns + ` FROM audit_entries WHERE id = 5`}, want: audit.Altered, entry: 6},
		"one put behind":              {do: []string{`INSERT INTO audit_entries (id, ` + columns + `) SELECT 10, ` + columns + ` FROM audit_entries WHERE id = 9`}, want: audit.Altered, entry: 10},
		"two exchanged":               {do: []string{`UPDATE audit_entries SET id = -5 WHERE id = 5`, `UPDATE audit_entries SET id = 5 WHERE id = 4`, `UPDATE audit_entries SET id = 4 WHERE id = -5`}, want: audit.Altered, entry: 4},
		"chained anew":                {do: []string{`UPDATE audit_entries SET user_name = 'Eve' WHERE id = 5`}, then: func(b *book) []string { return b.rewrite(5) }, want: audit.SealBroken, entry: 6, seal: 2},
		"the last chained anew":       {do: []string{`UPDATE audit_entries SET user_name = 'Eve' WHERE id = 9`}, then: func(b *book) []string { return b.rewrite(9) }, want: audit.SealBroken, entry: 9, seal: 3},
		"seals of the end taken off":  {do: []string{`DELETE FROM audit_seals WHERE id > 1`}, want: audit.SealsTaken, entry: 7},
		"all seals taken off":         {do: []string{`DELETE FROM audit_seals`}, want: audit.SealsTaken, entry: 4},
		"a seal taken out":            {do: []string{`DELETE FROM audit_seals WHERE id = 2`}, want: audit.SealsTaken, entry: 7},
		"the last seal numbered on":   {do: []string{`UPDATE audit_seals SET id = 5 WHERE id = 3`}, want: audit.SealGap, entry: 9, seal: 5},
		"a seal taken out, moved up":  {do: []string{`DELETE FROM audit_seals WHERE id = 2`, `UPDATE audit_seals SET id = 2 WHERE id = 3`}, want: audit.SealsTaken, entry: 7},
		"a seal made up":              {do: []string{`INSERT INTO audit_seals (id, entry_id, at, mac) VALUES (4, 9, 0, zeroblob(32))`}, want: audit.SealBroken, entry: 9, seal: 4},
		"a seal set back":             {do: []string{`UPDATE audit_seals SET entry_id = 2 WHERE id = 3`}, want: audit.SealOrder, entry: 2, seal: 3},
		"a seal set forward":          {do: []string{`UPDATE audit_seals SET entry_id = 8 WHERE id = 2`}, want: audit.SealsTaken, entry: 7},
		"two seals exchanged":         {do: []string{`UPDATE audit_seals SET id = -1 WHERE id = 1`, `UPDATE audit_seals SET id = 1 WHERE id = 2`, `UPDATE audit_seals SET id = 2 WHERE id = -1`}, want: audit.SealsTaken, entry: 4},
		"time of a seal":              {do: []string{`UPDATE audit_seals SET at = at - 1 WHERE id = 2`}, want: audit.SealBroken, entry: 6, seal: 2},
		"code of a seal":              {do: []string{`UPDATE audit_seals SET mac = zeroblob(32) WHERE id = 2`}, want: audit.SealBroken, entry: 6, seal: 2},
		"seals away, chained anew":    {do: []string{`DELETE FROM audit_seals WHERE id > 1`, `UPDATE audit_entries SET seals = 1 WHERE id > 3`, `UPDATE audit_entries SET seals = 3 WHERE id = 9`}, then: func(b *book) []string { return b.rewrite(4) }, want: audit.SealsTaken, entry: 9},
		"the key away":                {do: []string{`DELETE FROM audit_key`}, want: audit.KeyGone},
		"another key":                 {do: []string{`UPDATE audit_key SET sealed = zeroblob(60)`}, want: audit.KeyGone},
		"seals said to be of no key":  {do: []string{`UPDATE audit_key SET first_seal = 4`}, want: audit.KeyGone},
		"a guard away":                {then: func(*book) []string { return nil }, want: audit.Unguarded},
		"a guard that guards nothing": {want: audit.Unguarded},
	} {
		t.Run(name, func(t *testing.T) {
			b := written(t)
			switch {
			case name == "a guard away":
				drop(b, `DROP TRIGGER audit_entries_stay`)
			case c.want == audit.Unguarded:
				drop(b, `DROP TRIGGER audit_entries_stay`, `CREATE TRIGGER audit_entries_stay BEFORE DELETE ON audit_entries BEGIN SELECT 1; END`)
			default:
				b.tamper(c.do...)
			}
			if c.then != nil {
				b.tamper(c.then(b)...)
			}
			b.open()
			report := b.verify(audit.Head{})
			if report.Finding != (audit.Finding{Code: c.want, Entry: c.entry, Seal: c.seal}) {
				t.Errorf("found %+v", report.Finding)
			}
		})
	}
}

func drop(b *book, statements ...string) {
	b.t.Helper()
	err := b.db.InTx(b.t.Context(), func(tx database.Tx) error {
		for _, s := range statements {
			if _, err := tx.Exec(s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

func TestWhoeverCutsEntriesAndSealsOffIsFoundByWhoKeptTheHead(t *testing.T) {
	b := written(t)
	head := b.verify(audit.Head{}).Head
	b.tamper(`DELETE FROM audit_entries WHERE id > 6`, `DELETE FROM audit_seals WHERE id > 2`)
	if report := b.verify(audit.Head{}); report.Code != "" || report.Head.ID != 6 {
		t.Fatalf("%+v", report)
	}
	if report := b.verify(head); report.Finding != (audit.Finding{Code: audit.ExpectMissing, Entry: 9}) {
		t.Errorf("%+v", report)
	}
	b.write(3)
	b.seal()
	if report := b.verify(head); report.Code != "" && report.Finding != (audit.Finding{Code: audit.NotExpected, Entry: 9}) {
		t.Errorf("%+v", report)
	}
	b.clock.Advance(1)
	b.tamper(`UPDATE audit_entries SET user_name = 'Eve' WHERE id = 9`)
	b.tamper(b.rewrite(9)...)
	b.tamper(`DELETE FROM audit_seals WHERE id > 2`)
	if report := b.verify(head); report.Finding != (audit.Finding{Code: audit.NotExpected, Entry: 9}) {
		t.Errorf("%+v", report)
	}
}

func TestWhatWasChangedFromOutsideIsNotSealed(t *testing.T) {
	b := written(t)
	b.write(2)
	b.tamper(`UPDATE audit_entries SET user_name = 'Eve' WHERE id = 10`)
	if err := b.log.Seal(t.Context()); err == nil {
		t.Error("sealed")
	}
}

func TestAKeyThatWasTakenAwayIsNotMadeAnew(t *testing.T) {
	for _, also := range []string{`SELECT 1`, `DELETE FROM audit_seals`} {
		b := written(t)
		b.tamper(`DELETE FROM audit_key`, also)
		b.open()
		if err := b.log.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		if report := b.verify(audit.Head{}); report.Code == "" {
			t.Errorf("%s: %+v", also, report)
		}
	}
}

func TestAfterTheSealingKeyWasLostTheLogGoesOnUnderANewOne(t *testing.T) {
	b := written(t)
	b.key = []byte(strings.Repeat("n", secret.KeyBytes))
	b.open()
	if report := b.verify(audit.Head{}); report.Code != audit.KeyGone {
		t.Fatalf("%+v", report)
	}
	sealer, err := secret.NewSealer(b.key)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.db.InTx(t.Context(), func(tx database.Tx) error { return audit.LoseKey(t.Context(), tx, sealer) }); err != nil {
		t.Fatal(err)
	}
	b.open()
	b.write(3)
	b.seal()
	if report := b.verify(audit.Head{}); report.Code != "" || report.Lost != 3 || report.Seals != 1 || report.Unsealed != 0 {
		t.Errorf("%+v", report)
	}
}

func FuzzAHeadIsReadAsItIsWritten(f *testing.F) {
	f.Add("7:" + strings.Repeat("ab", 32))
	f.Add("")
	f.Add("-1:" + strings.Repeat("00", 32))
	f.Fuzz(func(t *testing.T, text string) {
		head, err := audit.ParseHead(text)
		if err != nil {
			return
		}
		if again, err := audit.ParseHead(head.String()); err != nil || again != head || head.ID < 1 {
			t.Errorf("%q: %v, %v", text, again, err)
		}
		if _, digits, _ := strings.Cut(text, ":"); !strings.EqualFold(strings.TrimSpace(digits), hex.EncodeToString(head.Hash[:])) {
			t.Errorf("%q read as %v", text, head)
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	log := newBook(b)
	log.write(1000)
	b.ResetTimer()
	for b.Loop() {
		log.write(1)
	}
}

// BenchmarkActWithout is what an act costs anyway: a transaction that writes one row.
func BenchmarkActWithout(b *testing.B) {
	db := testkit.Database(b)
	if err := db.InTx(b.Context(), func(tx database.Tx) error {
		_, err := tx.Exec(`CREATE TABLE acts (id INTEGER PRIMARY KEY, at INTEGER)`)
		return err
	}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := db.InTx(b.Context(), func(tx database.Tx) error {
			_, err := tx.Exec(`INSERT INTO acts (at) VALUES (1)`)
			return err
		}); err != nil {
			b.Fatal(err)
		}
	}
}
