package segment_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
)

func listOf(t testing.TB, w world, file string) segment.List {
	t.Helper()
	uploaded, err := w.UploadList(t.Context(), contributor, strings.NewReader(file), "")
	if err != nil {
		t.Fatal(err)
	}
	return uploaded
}

func TestAListIsReadHoweverItIsWritten(t *testing.T) {
	for _, c := range []struct {
		name, file               string
		count, repeated, unknown int
	}{
		{"one a line", "k1\nk2\nk3\n", 3, 0, 0},
		{"without a last line's end", "k1\r\nk3", 2, 0, 0},
		{"with a heading and a mark of its encoding", "\xef\xbb\xbfProfile ID\nk1\n", 1, 0, 0},
		{"a heading in Danish, quoted", "\"kunde-id\";\"land\"\n\"k1\";\"x\"\n", 1, 0, 0},
		{"the first column of CSV", "k1,Denmark\nk2;Sweden\nk3\tNorway\n", 3, 0, 0},
		{"a quoted id with a comma and a quote", "\"a,\"\"b\"\nk1\n", 2, 0, 1},
		{"repeated, unknown and empty lines", "k1\n\nk1\nnobody\nk1\n", 2, 2, 1},
		{"an id that looks like a heading, but not on top", "k1\nid\n", 2, 0, 1},
		{"case matters", "K1\n", 1, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := listOf(t, peopled(t), c.file)
			if got.Count != c.count || got.Repeated != c.repeated || got.Unknown != c.unknown {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestAListThatCannotBeReadIsRefusedAndLeavesNothing(t *testing.T) {
	w := peopled(t)
	for _, c := range []struct {
		name string
		file io.Reader
		code string
	}{
		{"empty", strings.NewReader(""), segment.CodeListEmpty},
		{"only a heading", strings.NewReader("id\n"), segment.CodeListEmpty},
		{"quotes that do not end", strings.NewReader("k1\n\"k2\n\"k3\n"), segment.CodeListLine},
		{"NULs", strings.NewReader("k1\nk\x002\nk\x003\n"), segment.CodeListLine},
		{"broken UTF-8", strings.NewReader("\xff\xfe\nk1\n\xff\n"), segment.CodeListLine},
		{"an endless line", strings.NewReader(strings.Repeat("x", 700_000)), segment.CodeListLine},
		{"an id of 2,000 letters", strings.NewReader(strings.Repeat("x", 2000)), segment.CodeListLine},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := w.UploadList(t.Context(), contributor, c.file, "")
			wantField(t, err, "list", c.code)
		})
	}
	broken := errors.New("connection lost")
	if _, err := w.UploadList(t.Context(), contributor, io.MultiReader(strings.NewReader("k1\n"), iotest.ErrReader(broken)), ""); !errors.Is(err, broken) {
		t.Errorf("error is %v", err)
	}
	var left int
	if err := w.db.Reader().QueryRowContext(t.Context(), "SELECT (SELECT count(*) FROM segment_lists) + (SELECT count(*) FROM segment_list_members)").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d rows left, %v", left, err)
	}
}

func TestASegmentOfAListHasThoseOfItThatAreKnown(t *testing.T) {
	w := peopled(t)
	uploaded := listOf(t, w, "k1\nk3\nnobody\n")
	created := create(t, w, segment.Draft{Name: "By hand", Definition: segment.Definition{Kind: segment.ByList, ListID: uploaded.ID}})
	if created.Size != 2 || created.ListCount != 3 {
		t.Errorf("created %+v", created)
	}
	report, err := w.ListReport(t.Context(), viewer, uploaded.ID)
	if err != nil || report.Count != 3 || report.Unknown != 1 {
		t.Errorf("report %+v, %v", report, err)
	}
	// Who was unknown belongs as soon as the profiles know them.
	w.snapshots.set(fill(t, w.db, 2, people[:1], [][]any{{"nobody", "Denmark"}, {"k1", nil}, {"k3", nil}}))
	if got, err := w.Calculate(t.Context(), contributor, created.ID); err != nil || got.Size != 3 {
		t.Errorf("recalculated %+v, %v", got, err)
	}
}

func TestAListIsWrittenInManyStepsAndCountsOnce(t *testing.T) {
	w := peopled(t)
	var file strings.Builder
	for i := range 12_000 {
		_, _ = fmt.Fprintf(&file, "x%d\n", i%11_000)
	}
	if got := listOf(t, w, file.String()); got.Count != 11_000 || got.Repeated != 1000 || got.Unknown != 11_000 {
		t.Errorf("got %+v", got)
	}
}

func TestOldListsGoOnceNothingNeedsThem(t *testing.T) {
	w := peopled(t)
	first := listOf(t, w, "k1\n")
	draft := segment.Draft{Name: "By hand", Definition: segment.Definition{Kind: segment.ByList, ListID: first.ID}}
	created := create(t, w, draft)
	second := listOf(t, w, "k2\nk3\n")
	draft.Definition.ListID, draft.Version = second.ID, created.Version
	if _, err := w.Update(t.Context(), contributor, created.ID, draft); err != nil {
		t.Fatal(err)
	}
	prune := func(want int, keep ...int64) {
		t.Helper()
		if removed, err := w.PruneLists(t.Context(), keep); err != nil || removed != want {
			t.Errorf("removed %d, want %d, %v", removed, want, err)
		}
	}
	prune(0) // too young: its form may still be open
	w.clock.Advance(25 * time.Hour)
	prune(0, first.ID) // a run reads it
	prune(1)
	prune(0) // the second is the segment's
	snapshot, _ := w.snapshots.Current(t.Context())
	if count, err := w.UnionCount(t.Context(), []segment.Definition{draft.Definition}, snapshot, w.clock.Now()); err != nil || count != 2 {
		t.Errorf("the second list has %d, %v", count, err)
	}
}

func TestAListThatWasCutShortIsNoSegment(t *testing.T) {
	w := peopled(t)
	uploaded := listOf(t, w, "k1\n")
	if _, err := w.db.Writer().ExecContext(t.Context(), "UPDATE segment_lists SET complete = 0 WHERE id = ?", uploaded.ID); err != nil {
		t.Fatal(err)
	}
	_, err := w.Create(t.Context(), contributor, segment.Draft{Name: "Half", Definition: segment.Definition{Kind: segment.ByList, ListID: uploaded.ID}})
	wantField(t, err, "list", segment.CodeListMissing)
	if problem.Is(err, problem.Conflict) {
		t.Error("a half list is no conflict")
	}
}

func TestWhatAListHoldsIsToldByItsContent(t *testing.T) {
	attributes := append([]profile.Attribute{{Key: "email", Label: "Email", Column: "c6", Kind: profile.Text, Address: true}}, people...)
	shop := func(t *testing.T, ids ...string) world {
		w := newWorld(t)
		var rows [][]any
		for i, id := range ids {
			rows = append(rows, []any{id, fmt.Sprintf("Person%d@Example.com", i), nil, nil, nil, nil, nil})
		}
		w.snapshots.set(fill(t, w.db, 1, attributes, rows))
		return w
	}
	for _, c := range []struct {
		name, file   string
		ids          []string
		by           segment.Entries
		want         segment.Entries
		count, known int
	}{
		{"ids", "k1\nk2\n", []string{"k1", "k2"}, "", segment.IDs, 2, 2},
		{"addresses, folded", "person0@example.com\nPERSON1@EXAMPLE.COM\nnew@example.com\n", []string{"k1", "k2"}, "", segment.Addresses, 3, 2},
		{"addresses under a heading", "E-mail;name\nperson0@example.com;Ann\n", []string{"k1"}, "", segment.Addresses, 1, 1},
		{"ids that are addresses", "a@shop.dk\nb@shop.dk\n", []string{"a@shop.dk", "b@shop.dk"}, "", segment.IDs, 2, 2},
		{"what was chosen stands", "person0@example.com\n", []string{"k1"}, segment.IDs, segment.IDs, 1, 0},
		{"an address among ids", "k1\nk2\nperson0@example.com\n", []string{"k1", "k2"}, "", segment.IDs, 3, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := shop(t, c.ids...)
			got, err := w.UploadList(t.Context(), contributor, strings.NewReader(c.file), c.by)
			if err != nil || got.By != c.want || got.Count != c.count || got.Count-got.Unknown != c.known {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestAListOfAddressesMatchesProfilesThatComeLater(t *testing.T) {
	w := newWorld(t)
	attributes := []profile.Attribute{{Key: "email", Label: "Email", Column: "c1", Kind: profile.Text, Address: true}, {Key: "work_mail", Label: "At work", Column: "c2", Kind: profile.Text, Address: true}}
	w.snapshots.set(fill(t, w.db, 1, attributes, [][]any{{"k1", "Ann@Example.com", nil}, {"k2", nil, "bo@work.example"}, {"k3", nil, nil}}))
	uploaded := listOf(t, w, "ann@example.com\nBO@work.example\nlater@example.com\n\nbroken@\nann@EXAMPLE.com\nnobody@example.com\n")
	if uploaded != (segment.List{ID: uploaded.ID, By: segment.Addresses, Count: 4, Repeated: 1, Malformed: 1, Unknown: 2, SnapshotID: 1}) {
		t.Fatalf("report is %+v", uploaded)
	}
	draft := segment.Draft{Name: "Guests", Definition: segment.Definition{Kind: segment.ByList, ListID: uploaded.ID, ListBy: segment.Addresses}}
	made := create(t, w, draft)
	if made.Size != 2 {
		t.Errorf("made %+v", made)
	}
	unmatched, err := w.Unmatched(t.Context(), contributor, made.ID, "", 1)
	if err != nil || fmt.Sprint(unmatched) != "[later@example.com]" {
		t.Errorf("unmatched are %v, %v", unmatched, err)
	}
	if unmatched, err = w.Unmatched(t.Context(), contributor, made.ID, unmatched[0], 10); err != nil || fmt.Sprint(unmatched) != "[nobody@example.com]" {
		t.Errorf("after that %v, %v", unmatched, err)
	}
	_, err = w.Unmatched(t.Context(), viewer, made.ID, "", 10)
	wantProblem(t, err, problem.NotPermitted, "problem.not_permitted")
	if lines, err := w.Lines(t.Context(), viewer, uploaded.ID); err != nil || fmt.Sprint(lines) != "[{5 true} {6 false}]" {
		t.Errorf("lines are %v, %v", lines, err)
	}
	w.snapshots.set(fill(t, w.db, 2, attributes[:1], [][]any{{"k9", " LATER@example.com"}, {"k1", "ann@example.com"}}))
	if got, err := w.Calculate(t.Context(), contributor, made.ID); err != nil || got.Size != 2 {
		t.Errorf("with later profiles %+v, %v", got, err)
	}
	w.snapshots.set(fill(t, w.db, 3, people, nil))
	if got, err := w.Calculate(t.Context(), contributor, made.ID); err != nil || got.Failure != segment.CodeNoAddresses || got.Size != 2 {
		t.Errorf("without an attribute of addresses %+v, %v", got, err)
	}
	draft.Name, draft.Definition.ListBy = "Other", segment.IDs
	_, err = w.Create(t.Context(), contributor, draft)
	wantField(t, err, "list", segment.CodeListMissing)
}
