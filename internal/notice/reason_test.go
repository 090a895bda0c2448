package notice

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/notice/mail"
	"github.com/segue-app/segue/internal/reach"
)

// TestEveryReasonHasWords finds the reasons in the source, and those that are put together of codes.
func TestEveryReasonHasWords(t *testing.T) {
	var reasons []string
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		reasons = append(reasons, regexp.MustCompile(`notice\.(reason|problem)\.[a-z_]*[a-z]\b`).FindAllString(string(text), -1)...)
	}
	failures, err := os.ReadFile("mail/failure.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`(?:Code|Code:|Code, f\.Permanent) (?:= )?"([a-z_]+)"`).FindAllStringSubmatch(string(failures), -1)
	if len(codes) < 7 {
		t.Errorf("only %d codes of mail are found", len(codes))
	}
	for _, code := range append(codes, []string{"", "address"}) {
		reasons = append(reasons, ofMail(&mail.Failure{Code: code[1]}).reason)
	}
	for _, why := range []reach.Why{reach.NoHosts, reach.NotAllowed, reach.NotPlain} {
		reasons = append(reasons, "notice.reason."+string(why), "notice.problem."+string(why))
	}
	for _, reason := range reasons {
		for _, language := range i18n.Languages() {
			if !i18n.Has(language, reason) && reason != "notice.reason.mail" {
				t.Errorf("%s has no words in %s", reason, language)
			}
		}
	}
}
