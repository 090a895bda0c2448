package notice

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/notice/mail"
)

func mailing(t *testing.T) *kit {
	t.Helper()
	sender, err := mail.New(mail.Config{URL: "smtp+plain://127.0.0.1:1", From: "segue@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	return newKit(t, func(d *Dependencies) { d.Mail = sender })
}

// tell puts a letter in for the administrator, and gives it as it is in the outbox.
func (k *kit) tell(about account.Occasion, with ...any) (Notice, account.User) {
	k.t.Helper()
	user, err := k.accounts().User(k.t.Context(), k.people.Administrator.UserID)
	if err != nil {
		k.t.Fatal(err)
	}
	err = k.db.InTx(k.t.Context(), func(tx database.Tx) error {
		return k.Tell(k.t.Context(), tx, user, account.Letter{About: about, At: k.clock.Now(), With: with})
	})
	if err != nil {
		k.t.Fatal(err)
	}
	n, _, err := noticeByID(k.t.Context(), k.db.Reader(), k.jobs[len(k.jobs)-1].notice)
	if err != nil {
		k.t.Fatal(err)
	}
	return n, user
}

// accounts is the accounts, of which the outbox knows less.
func (k *kit) accounts() *account.Service { return k.Service.people.(*account.Service) }

func TestTheLinkOfALetterIsMadeWhenItLeavesAndIsNotInTheOutbox(t *testing.T) {
	k := mailing(t)
	n, user := k.tell(account.ResetAsked)
	var tokens []string
	for range 2 { // each try has a link of its own: the first may have arrived
		letter, err := k.compose(t.Context(), n, user)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`https://segue\.example\.com/reset\?token=([A-Za-z0-9_-]{43})`).FindStringSubmatch(letter.Text)
		if found == nil || !strings.Contains(letter.HTML, found[1]) || letter.To != "ada@example.com" {
			t.Fatalf("the letter: %+v", letter)
		}
		tokens = append(tokens, found[1])
	}
	for _, token := range tokens {
		if found, err := k.accounts().ResetFor(t.Context(), token); err != nil || found.ID != user.ID {
			t.Errorf("the link leads nowhere: %v", err)
		}
		var n int
		if err := k.db.Reader().QueryRow(`SELECT count(*) FROM notices WHERE instr(message, ?) > 0`, token).Scan(&n); err != nil || n != 0 {
			t.Errorf("the outbox holds the link: %d, %v", n, err)
		}
	}
	k.clock.Advance(account.ResetLife + time.Minute)
	if came := k.mailTo(t.Context(), n); came.reason != "notice.reason.too_late" || !came.final {
		t.Errorf("after an hour: %+v", came)
	}
}

func TestEveryOccasionHasALetterInEveryLanguage(t *testing.T) {
	k := mailing(t)
	for _, language := range i18n.Languages() {
		if err := k.accounts().SetLanguage(t.Context(), k.people.Administrator, language); err != nil {
			t.Fatal(err)
		}
		for _, about := range account.Occasions {
			n, user := k.tell(about, "Browser", "Firefox", "Address", "192.0.2.7", "Factor", "A passkey")
			letter, err := k.compose(t.Context(), n, user)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{letter.Subject, letter.Text, letter.HTML} {
				if strings.Contains(text, "letter.") || strings.Contains(text, "{{") || strings.Contains(text, "<no value>") {
					t.Errorf("%s, %s: %s", language, about, text)
				}
			}
			if !strings.Contains(letter.Text, "https://segue.example.com/") || !strings.Contains(letter.HTML, `lang="`+language+`"`) {
				t.Errorf("%s, %s: %s", language, about, letter.HTML)
			}
		}
	}
}

func TestWhereNoMailIsSentNobodyIsPromisedALink(t *testing.T) {
	if k := newKit(t); k.DeliversLinks() {
		t.Error("promised without mail")
	}
	k := mailing(t)
	if !k.DeliversLinks() {
		t.Error("not promised")
	}
	k.publicURL = ""
	if k.DeliversLinks() {
		t.Error("promised without an address to lead to")
	}
}
