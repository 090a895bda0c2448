package assurance

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// requirement is a row of the tables of SECURITY.md.
type requirement struct{ number, asked, how, shown string }

var isTest = regexp.MustCompile(`^(Test|Fuzz)[A-Z]\w*$`)

var row = regexp.MustCompile(`(?m)^\| (\d+\.\d+\.\d+) \| (.+) \| (.+) \| (.+) \|$`)

func document(t *testing.T) (text string, rows []requirement) {
	t.Helper()
	read, err := os.ReadFile(filepath.Join(root, "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range row.FindAllStringSubmatch(string(read), -1) {
		rows = append(rows, requirement{found[1], found[2], found[3], found[4]})
	}
	return string(read), rows
}

func TestEveryRequirementOfLevelTwoHasItsRowOnceAndInOrder(t *testing.T) {
	list, err := os.ReadFile("testdata/asvs-5.0.txt")
	if err != nil {
		t.Fatal(err)
	}
	wanted := strings.Fields(string(list)) // "1.2.3|1": the number, and from which level on it is asked for
	_, rows := document(t)
	if len(wanted) != 253 || len(rows) != len(wanted) {
		t.Errorf("%d rows for %d requirements", len(rows), len(wanted))
	}
	for i := range min(len(rows), len(wanted)) {
		if number, _, _ := strings.Cut(wanted[i], "|"); rows[i].number != number {
			t.Fatalf("the row of %s is %s", number, rows[i].number)
		}
	}
}

func TestTheSumOfTheTablesIsWhatTheyCount(t *testing.T) {
	text, rows := document(t)
	met, part, not, none := 0, 0, 0, 0
	for _, r := range rows {
		switch {
		case strings.HasPrefix(r.how, "Does not apply: "):
			none++
		case strings.HasPrefix(r.how, "Not met"):
			not++
		case strings.Contains(r.how, "In part") || strings.Contains(r.how, "Not met"):
			part++
		default:
			met++
		}
	}
	if want := fmt.Sprintf("%d are met, %d in part, %d are not met, and %d do not apply.", met, part, not, none); !strings.Contains(text, want) {
		t.Errorf("it should say: %s", want)
	}
}

func TestEveryRowSaysHowItIsMetAndByWhatThatIsShown(t *testing.T) {
	text, rows := document(t)
	tests, targets, headings := functions(t), makeTargets(t), anchors(text)
	mentioned := regexp.MustCompile("`([^`]+)`")
	linked := regexp.MustCompile(`\]\(#([a-z0-9-]+)\)`)
	for _, r := range rows {
		if n := len(strings.Fields(r.asked)); n > 12 {
			t.Errorf("%s: what is asked for has %d words", r.number, n)
		}
		for _, name := range mentioned.FindAllStringSubmatch(r.shown, -1) {
			target, isTarget := strings.CutPrefix(name[1], "make ")
			if isTarget && !targets[target] || !isTarget && !tests[name[1]] {
				t.Errorf("%s: there is no %s", r.number, name[1])
			}
		}
		excused := strings.HasPrefix(r.how, "Does not apply: ") || strings.HasPrefix(r.how, "Not met") || linked.MatchString(r.how)
		if !excused && !mentioned.MatchString(r.shown) {
			t.Errorf("%s is met and shown by nothing", r.number)
		}
	}
	for _, link := range linked.FindAllStringSubmatch(text, -1) {
		if !headings[link[1]] {
			t.Errorf("no heading is called #%s", link[1])
		}
	}
	for _, name := range mentioned.FindAllStringSubmatch(text, -1) {
		if isTest.MatchString(name[1]) && !tests[name[1]] {
			t.Errorf("there is no %s", name[1])
		}
		first, _, inside := strings.Cut(name[1], "/")
		if _, err := os.Stat(filepath.Join(root, first)); !inside || err != nil {
			continue // not a file of this repository
		}
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(name[1]))); err != nil {
			t.Errorf("there is no %s", name[1])
		}
	}
}

// functions are the names of all tests.
func functions(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	for _, file := range files(t, func(path string) bool { return strings.HasSuffix(path, "_test.go") }) {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range declared.FindAllStringSubmatch(string(text), -1) {
			names[found[1]] = true
		}
	}
	return names
}

func makeTargets(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?m)^([a-z-]+):`).FindAllStringSubmatch(string(text), -1) {
		names[found[1]] = true
	}
	return names
}

// anchors are the headings as links name them.
func anchors(text string) map[string]bool {
	names := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
		kept := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(found[1]), "")
		names[strings.ReplaceAll(kept, " ", "-")] = true
	}
	return names
}
