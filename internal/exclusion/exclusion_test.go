package exclusion_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/exclusion"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/testkit"
)

var (
	ada  = access.Actor{UserID: 1, Name: "Ada Holm", Role: access.Administrator}
	carl = access.Actor{UserID: 2, Name: "Carl Lund", Role: access.Contributor}
	vera = access.Actor{UserID: 3, Name: "Vera Dam", Role: access.Viewer}
)

func sealer(t *testing.T, key byte) *secret.Sealer {
	t.Helper()
	s, err := secret.NewSealer(bytes.Repeat([]byte{key}, secret.KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func list(t *testing.T, db *database.DB, key byte) *exclusion.Service {
	t.Helper()
	clock := testkit.NewClock()
	return exclusion.NewService(db, sealer(t, key), segment.NewService(db, nil, nil, clock.Now), clock.Now)
}

func matcher(t *testing.T, s *exclusion.Service) *exclusion.Matcher {
	t.Helper()
	m, err := s.Matcher(t.Context(), exclusion.Scope{Snapshot: profile.Snapshot{}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestLinesAreSortedIntoAddedKnownAndFaulty(t *testing.T) {
	s := list(t, testkit.Database(t), 1)
	before := s.Version()
	text := "\uFEFFemail\njens@example.dk\n\nJENS@example.dk\nnot an address\n7;\"Åse@Example.dk\";Odense\r\nshop.example\n@shop.example\n" +
		strings.Repeat("x", 40_000) + "\nlast@example.dk"
	report, err := s.Add(t.Context(), ada, strings.NewReader(text), " asked  by letter ")
	if err != nil {
		t.Fatal(err)
	}
	if report.Emails != 3 || report.Domains != 1 || report.Known != 2 || report.Faulty != 2 || !slices.Equal(report.Faults, []int{5, 9}) || report.Cut {
		t.Errorf("%+v", report)
	}
	if s.Version() == before {
		t.Error("nobody hears of the change")
	}
	m := matcher(t, s)
	for identity, want := range map[string]exclusion.Code{
		"jens@example.dk": exclusion.ByEmail, "åse@example.dk": exclusion.ByEmail, "last@example.dk": exclusion.ByEmail, "a@shop.example": exclusion.ByDomain,
		"a@mail.shop.example": exclusion.ByDomain, "a@othershop.example": "", "other@example.dk": "", "": "",
	} {
		if got := m.Match(identity); got != want {
			t.Errorf("%q: %q, want %q", identity, got, want)
		}
	}
	o, err := s.Overview(t.Context(), carl, exclusion.Query{Limit: 10})
	if err != nil || o.Emails != 3 || o.Domains != 1 || len(o.DomainList) != 1 || len(o.Additions) != 1 || o.Additions[0].Reason != "asked by letter" || o.Additions[0].By != "Ada Holm" {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestAFileOfManyThousandsIsTakenInParts(t *testing.T) {
	s := list(t, testkit.Database(t), 1)
	var text strings.Builder
	for i := range 12_000 {
		fmt.Fprintf(&text, "p%d@example.com\n", i)
	}
	report, err := s.Add(t.Context(), ada, strings.NewReader(text.String()), "")
	if err != nil || report.Emails != 12_000 {
		t.Fatalf("%+v, %v", report, err)
	}
	m := matcher(t, s)
	if m.Match("p11999@example.com") == "" || m.Match("p0@example.com") == "" || m.Match("p12000@example.com") != "" {
		t.Error("the list does not know who is on it")
	}
}

func TestWhatCameBeforeAFileBrokeOffIsOnTheList(t *testing.T) {
	s := list(t, testkit.Database(t), 1)
	broken := io.MultiReader(strings.NewReader("a@example.com\nb@exam"), failing{})
	if _, err := s.Add(t.Context(), ada, broken, ""); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("error %v", err)
	}
	if matcher(t, s).Match("a@example.com") != exclusion.ByEmail {
		t.Error("the first address is not excluded")
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestTheDatabaseHoldsNoAddressInClear(t *testing.T) {
	folder := t.TempDir()
	db, err := database.Open(t.Context(), filepath.Join(folder, "segue.db"))
	if err != nil {
		t.Fatal(err)
	}
	s := list(t, db, 1)
	if _, err := s.Add(t.Context(), ada, strings.NewReader("planted.person@planted-domain.example\nlisted.example\n"), ""); err != nil {
		t.Fatal(err)
	}
	if answer, err := s.Check(t.Context(), carl, "Planted.Person@planted-domain.example"); err != nil || answer.Code != exclusion.ByEmail {
		t.Fatalf("%+v, %v", answer, err)
	}
	look := func() {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(folder, "*"))
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		domain := false
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			lower := bytes.ToLower(content)
			if bytes.Contains(lower, []byte("planted")) {
				t.Errorf("%s holds the address", filepath.Base(file))
			}
			domain = domain || bytes.Contains(lower, []byte("listed.example"))
		}
		if !domain {
			t.Error("the search finds not even the domain")
		}
	}
	look()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	look()
}

func TestWithoutTheKeyNobodyIsTakenForNotExcluded(t *testing.T) {
	db := testkit.Database(t)
	if _, err := list(t, db, 1).Add(t.Context(), ada, strings.NewReader("a@example.com"), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := list(t, db, 2).Matcher(t.Context(), exclusion.Scope{}); !errors.Is(err, secret.ErrCannotOpen) {
		t.Errorf("another sealing key: %v", err)
	}
	if matcher(t, list(t, db, 1)).Match("a@example.com") != exclusion.ByEmail {
		t.Error("the same key, later: not excluded")
	}
}

func TestTwoInstallationsKeepDifferentHashes(t *testing.T) {
	var ids []string
	for range 2 {
		s := list(t, testkit.Database(t), 1)
		if _, err := s.Add(t.Context(), ada, strings.NewReader("a@example.com"), ""); err != nil {
			t.Fatal(err)
		}
		answer, err := s.Check(t.Context(), carl, "a@example.com")
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, answer.ID)
	}
	if ids[0] == ids[1] {
		t.Error("an address has the same hash in both")
	}
}

func TestTheReasonAndTheEntriesAreChecked(t *testing.T) {
	s := list(t, testkit.Database(t), 1)
	for name, add := range map[string]func() error{
		"an address in the reason": func() error {
			_, err := s.Add(t.Context(), ada, strings.NewReader("a@example.com"), "ask b@example.com")
			return err
		},
		"a long reason": func() error {
			_, err := s.Add(t.Context(), ada, strings.NewReader("a@example.com"), strings.Repeat("x", 201))
			return err
		},
		"nothing":    func() error { _, err := s.Add(t.Context(), ada, strings.NewReader(" \n\n"), ""); return err },
		"no file":    func() error { _, err := s.Add(t.Context(), ada, nil, ""); return err },
		"no segment": func() error { _, err := s.AddSegments(t.Context(), ada, nil, ""); return err },
		"no address": func() error { _, err := s.Check(t.Context(), ada, "jens"); return err },
	} {
		if err := add(); !problem.Is(err, problem.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if o, err := s.Overview(t.Context(), ada, exclusion.Query{}); err != nil || o.Emails != 0 {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestAdministratorsChangeContributorsLookAndViewersCount(t *testing.T) {
	s := list(t, testkit.Database(t), 1)
	if _, err := s.Add(t.Context(), ada, strings.NewReader("a@example.com\nshop.example"), "a reason"); err != nil {
		t.Fatal(err)
	}
	o, err := s.Overview(t.Context(), vera, exclusion.Query{Limit: 10})
	if err != nil || o.Emails != 1 || o.Domains != 1 || len(o.DomainList)+len(o.Additions) != 0 {
		t.Errorf("a viewer: %+v, %v", o, err)
	}
	if _, err := s.Check(t.Context(), vera, "a@example.com"); !problem.Is(err, problem.NotPermitted) {
		t.Errorf("a viewer asks: %v", err)
	}
	answer, err := s.Check(t.Context(), carl, "a@example.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, actor := range []access.Actor{carl, vera, {}} {
		for name, act := range map[string]func() error{
			"add":            func() error { _, err := s.Add(t.Context(), actor, strings.NewReader("b@example.com"), ""); return err },
			"add a segment":  func() error { _, err := s.AddSegments(t.Context(), actor, []int64{1}, ""); return err },
			"look at one":    func() error { _, err := s.Email(t.Context(), actor, answer.ID); return err },
			"a domain":       func() error { _, err := s.Domain(t.Context(), actor, 1); return err },
			"a segment":      func() error { _, err := s.Segment(t.Context(), actor, 1); return err },
			"remove":         func() error { return s.RemoveEmail(t.Context(), actor, answer.ID) },
			"remove domain":  func() error { return s.RemoveDomain(t.Context(), actor, 1) },
			"remove segment": func() error { return s.RemoveSegment(t.Context(), actor, 1) },
		} {
			if err := act(); !problem.Is(err, problem.NotPermitted) && !problem.Is(err, problem.SignedOut) {
				t.Errorf("%s as %q: %v", name, actor.Role, err)
			}
		}
	}
}

func TestWhoIsTakenOffTheListIsNotExcludedAnyMore(t *testing.T) {
	s := list(t, testkit.Database(t), 1)
	if _, err := s.Add(t.Context(), ada, strings.NewReader("a@example.com\nshop.example"), ""); err != nil {
		t.Fatal(err)
	}
	answer, err := s.Check(t.Context(), ada, "a@example.com")
	if err != nil {
		t.Fatal(err)
	}
	byDomain, err := s.Check(t.Context(), ada, "x@mail.shop.example")
	if err != nil || byDomain.Code != exclusion.ByDomain || byDomain.Domain.Name != "shop.example" {
		t.Fatalf("%+v, %v", byDomain, err)
	}
	if err := errors.Join(s.RemoveEmail(t.Context(), ada, answer.ID), s.RemoveDomain(t.Context(), ada, byDomain.Domain.ID)); err != nil {
		t.Fatal(err)
	}
	if m := matcher(t, s); !m.Empty() {
		t.Error("somebody is still on the list")
	}
	for _, err := range []error{s.RemoveEmail(t.Context(), ada, answer.ID), s.RemoveDomain(t.Context(), ada, 99), s.RemoveSegment(t.Context(), ada, 99), s.RemoveEmail(t.Context(), ada, "xyz")} {
		if !problem.Is(err, problem.NotFound) {
			t.Errorf("once more: %v", err)
		}
	}
}

func TestChangedSegmentsAndProfilesConcernRunsOnlyWhenASegmentIsOnTheList(t *testing.T) {
	s := list(t, testkit.Database(t), 1)
	if _, err := s.Add(t.Context(), ada, strings.NewReader("a@example.com"), ""); err != nil {
		t.Fatal(err)
	}
	before := matcher(t, s).Version
	s.SegmentChanged(7)
	s.ProfilesChanged()
	if s.Version() != before {
		t.Error("runs look through the list again for nothing")
	}
}
