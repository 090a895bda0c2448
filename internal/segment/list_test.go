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
	"github.com/segue-app/segue/internal/segment"
)

func listOf(t testing.TB, w world, file string) segment.List {
	t.Helper()
	uploaded, err := w.UploadList(t.Context(), contributor, strings.NewReader(file))
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
		{"a quote that does not end", strings.NewReader("k1\n\"k2\n"), segment.CodeListLine},
		{"a NUL", strings.NewReader("k1\nk\x002\n"), segment.CodeListLine},
		{"broken UTF-8", strings.NewReader("k1\n\xff\xfe\n"), segment.CodeListLine},
		{"an endless line", strings.NewReader("k1\n" + strings.Repeat("x", 70_000)), segment.CodeListLine},
		{"an id of 2,000 letters", strings.NewReader(strings.Repeat("x", 2000)), segment.CodeListLine},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := w.UploadList(t.Context(), contributor, c.file)
			wantField(t, err, "list", c.code)
		})
	}
	broken := errors.New("connection lost")
	if _, err := w.UploadList(t.Context(), contributor, io.MultiReader(strings.NewReader("k1\n"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
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
