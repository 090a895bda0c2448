package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/testkit/postgres"
	"github.com/segue-app/segue/internal/warehouse"
)

// Words of the pages of sources.
var (
	checkColumns = words{"Check the columns", "Se kolonnerne efter"}
	goOn         = words{"Continue", "Fortsæt"}
	importIt     = words{"Import", "Importér"}
	imported     = words{"The profiles are imported and in use.", "Profilerne er importeret og taget i brug."}
	listTables   = words{"Test and list tables", "Test og vis tabeller"}
	ofList       = words{"Table of the list", "Tabel fra listen"}
	sourceName   = words{"Name", "Navn"}
)

const readerPassword = "heron+under/the quay"

// database makes a PostgreSQL database with tables of which one login may read two.
func database(t *testing.T) (server *postgres.Server, name, login string) {
	t.Helper()
	server = postgres.Open(t)
	name = server.Database(t)
	login = "reader_" + name
	server.Exec(t, name, `CREATE TABLE members (joined date, member_id uuid NOT NULL DEFAULT gen_random_uuid(), email text, town text, points numeric, photo bytea)`,
		`INSERT INTO members (joined, email, town, points) SELECT date '2024-01-01' + n, 'm' || n || '@example.com', CASE WHEN n % 3 = 0 THEN 'Ribe' ELSE 'Skagen' END, n / 2.0
			FROM generate_series(1, 60) n`,
		`CREATE SCHEMA shop`, `CREATE VIEW shop.buyers AS SELECT * FROM members WHERE points > 10`, `CREATE TABLE salaries (id int)`,
		`CREATE ROLE `+login+` LOGIN PASSWORD '`+readerPassword+`'`, `GRANT USAGE ON SCHEMA shop TO `+login, `GRANT SELECT ON members, shop.buyers TO `+login)
	t.Cleanup(func() { server.Exec(t, name, `DROP OWNED BY `+login, `DROP ROLE `+login) })
	return server, name, login
}

// plainly allows databases on this machine, without TLS.
func plainly(t *testing.T) func(*app.Config) {
	t.Helper()
	var here warehouse.Host
	if err := here.UnmarshalText([]byte("127.0.0.1=plain")); err != nil {
		t.Fatal(err)
	}
	return func(c *app.Config) { c.SQL.Allowed = warehouse.Allowed{here} }
}

// typeDatabase fills in where the database is.
func (p *page) typeDatabase(server *postgres.Server, name, login string) {
	p.t.Helper()
	p.fill(words{"Host", "Vært"}, server.Host)
	p.fill(same("Port"), strconv.Itoa(server.Port))
	p.fill(same("Database"), name)
	p.fill(words{"User", "Bruger"}, login)
	p.choose(words{"Encryption", "Kryptering"}, words{"Not encrypted", "Ikke krypteret"})
	p.fill(words{"Password", "Adgangskode"}, "wrong")
}

// TestADatabaseIsReadCopiedAndInPlace adds a table that is copied and a view that stays where it is, chosen from what the login may
// read, and makes a segment of the latter.
func TestADatabaseIsReadCopiedAndInPlace(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			server, name, login := database(t)
			s := startWith(t, 20, plainly(t))
			p := s.open(t, language).signIn(access.Administrator)
			p.mayNotSee([]string{readerPassword, "salaries"})
			p.visit("/sources/new/sql")
			p.press(listTables)
			p.sees(words{"Fill in this field", "Udfyld dette felt"})
			p.fill(sourceName, "Members")
			p.typeDatabase(server, name, login)
			p.press(listTables)
			p.sees(words{"127.0.0.1 refuses the user or the password.", "127.0.0.1 afviser brugeren eller adgangskoden."})
			p.inspect("source-sql-refused")
			p.fill(words{"Password", "Adgangskode"}, readerPassword)
			p.press(listTables)
			p.sees(words{"2 tables can be read", "2 tabeller kan læses"}, same("PostgreSQL"))
			p.inspect("source-sql-tables")
			p.choose(ofList, same("public.members"))
			p.press(goOn) // the password came back sealed

			p.heading(checkColumns)
			if got := p.chosen(words{"Column with the id", "Kolonne med id"}); got != "member_id" {
				t.Errorf("%q is suggested as the key", got)
			}
			if got := p.chosen(words{"Type of points", "Type af points"}); got != p.say(words{"Number", "Tal"}) {
				t.Errorf("amounts are taken for %q", got)
			}
			p.sees(same("Skagen · Ribe"), same("photo"), same("m1@example.com · m2@example.com · m3@example.com · m4@example.com · m5@example.com"))
			p.inspect("source-sql-check")
			p.press(importIt)
			p.sees(imported)

			p.visit("/sources/new/sql")
			p.fill(sourceName, "Buyers")
			p.typeDatabase(server, name, login)
			p.fill(words{"Password", "Adgangskode"}, readerPassword)
			p.press(listTables)
			p.choose(ofList, same("shop.buyers"))
			p.tick(words{"Leave them where they are", "Lad dem blive, hvor de er"})
			p.press(goOn)
			p.heading(checkColumns)
			p.choose(words{"Column with the id", "Kolonne med id"}, same("member_id"))
			p.press(words{"Use these columns", "Brug disse kolonner"})
			p.heading(same("Buyers"))
			p.sees(words{"Segments can be made from these columns.", "Der kan dannes segmenter ud fra disse kolonner."})
			p.inspect("source-sql-stays")

			p.press(words{"Settings", "Indstillinger"})
			p.press(listTables) // with the password that is kept
			p.sees(words{"2 tables can be read", "2 tabeller kan læses"})
			if got := p.value(words{"Table or view", "Tabel eller visning"}); got != "buyers" {
				t.Errorf("the table is %q", got)
			}
			p.press(words{"Save", "Gem"})
			p.sees(words{"The source is saved.", "Datakilden er gemt."})

			p.visit("/segments/new?kind=rule")
			p.press(same("Buyers"))
			p.choose(words{"Condition 1: attribute", "Betingelse 1: attribut"}, same("Town"))
			p.choose(words{"Condition 1: operator", "Betingelse 1: operator"}, words{"is", "er"})
			p.fill(words{"Condition 1: value", "Betingelse 1: værdi"}, "ribe")
			p.sees(words{"14 profiles", "14 profiler"})
			p.fill(sourceName, "Buyers of Ribe")
			p.press(words{"Save", "Gem"})
			p.sees(words{"The segment Buyers of Ribe is saved.", "Segmentet Buyers of Ribe er gemt."}, same("14"))
			p.inspect("segment-in-place")
		})
	}
}

// TestTheTablesOfADatabaseAreListedWithoutScripts chooses a table with JavaScript switched off.
func TestTheTablesOfADatabaseAreListedWithoutScripts(t *testing.T) {
	t.Parallel()
	server, name, login := database(t)
	p := startWith(t, 20, plainly(t)).open(t, "en").withoutScripts().signIn(access.Administrator)
	p.visit("/sources/new/sql")
	p.fill(sourceName, "Members")
	p.typeDatabase(server, name, login)
	p.fill(same("Password"), readerPassword)
	p.press(listTables)
	p.choose(ofList, same("public.members"))
	p.press(goOn)
	p.heading(checkColumns)
	p.press(importIt)
	p.again(imported)
}

// TestAWatchedFolderIsReadByItself adds a folder whose first file a person checks; later ones come in by themselves, or fail and say
// why.
func TestAWatchedFolderIsReadByItself(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			folder := t.TempDir()
			s := startWith(t, 20, func(c *app.Config) { c.WatchFolders, c.WatchQuiet = []string{folder}, time.Millisecond })
			p := s.open(t, language).signIn(access.Administrator)
			p.visit("/sources/new/folder")
			p.inspect("source-folder")
			p.fill(sourceName, "Drop")
			p.fill(words{"Name of the file", "Filens navn"}, "customers-*.csv")
			p.press(goOn)
			p.heading(same("Drop"))
			p.sees(words{"Nothing was imported yet", "Intet er importeret endnu"})
			p.press(words{"Refresh now", "Opdater nu"})
			p.sees(words{"There is no file in the folder that matches", "Der er ingen fil i mappen, der passer"})

			p.drop(folder, "customers-1.csv", "id,email,town\n1,a@example.com,Ribe\n2,b@example.com,Skagen\n", 1)
			p.visit(p.sourceNamed("Drop"))
			p.press(words{"Open", "Åbn"})
			p.heading(checkColumns)
			p.press(importIt)
			p.sees(imported)

			p.visit(p.sourceNamed("Drop"))
			p.drop(folder, "customers-1.csv", "id,email,town\n1,a@example.com,Odense\n2,b@example.com,Skagen\n3,c@example.com,Ribe\n", 2)
			p.sees(words{"The file changed", "Filen blev ændret"}) // the page that is open says so
			p.drop(folder, "customers-2.csv", "id,town\n1,Ribe\n2,Ribe\n3,Ribe\n", 3)
			p.sees(words{"Failed", "Mislykket"})
			p.inspect("source-folder-failed")
			var at string
			p.evaluate(`[...document.querySelectorAll("a[href*='/imports/']")][0].getAttribute("href")`, &at)
			p.visit(at)
			p.sees(words{"Columns are missing: email.", "Der mangler kolonner: email."})
			p.inspect("source-folder-reason")
			p.visit("/profiles?q=c@example.com")
			p.sees(same("c@example.com"))
		})
	}
}

// drop puts a file into a folder, so many minutes later than others, and has the folder looked at until it was read.
func (p *page) drop(folder, name, content string, minutes int) {
	p.t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		p.t.Fatal(err)
	}
	at := time.Date(2026, 1, 1, 0, minutes, 0, 0, time.UTC)
	if err := os.Chtimes(path, at, at); err != nil {
		p.t.Fatal(err)
	}
	before := p.imports()
	p.until("read from the folder: "+name, func() bool {
		if err := p.site.Sources.Look(p.t.Context()); err != nil {
			p.t.Fatal(err)
		}
		return p.imports() > before
	})
}

// imports is how many there have been.
func (p *page) imports() int {
	p.t.Helper()
	list, err := p.site.Sources.Imports(p.t.Context(), p.site.Actor(access.Administrator), 100)
	if err != nil {
		p.t.Fatal(err)
	}
	return len(list)
}

// sourceNamed is the address of a source.
func (p *page) sourceNamed(name string) string {
	p.t.Helper()
	list, err := p.site.Sources.Names(p.t.Context(), p.site.Actor(access.Administrator))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, one := range list {
		if one.Name == name {
			return "/sources/" + strconv.FormatInt(one.ID, 10)
		}
	}
	p.t.Fatalf("no source is called %q", name)
	return ""
}
