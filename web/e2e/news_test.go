package e2e

import (
	"fmt"
	"strings"
	"testing"

	browserpage "github.com/chromedp/cdproto/page"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
)

var (
	dismiss    = words{"Dismiss", "Luk beskeden"}
	endedLast  = words{"Recently ended runs New: 1", "Senest afsluttede kørsler Nye: 1"}
	everybody  = same("Everybody to Nordlys")
	notifyMe   = words{"Notify me when a run ends", "Giv mig besked, når en kørsel slutter"}
	stopNotify = words{"Stop notifying me", "Giv mig ikke længere besked"}
)

// toasts are the notices that are shown, as they are read out.
func (p *page) toasts() (texts []string) {
	p.t.Helper()
	if p.tryEvaluate(`[...document.querySelectorAll("#toasts > *")].map(toast => toast.innerText)`, &texts) != nil {
		return nil // between two pages
	}
	return texts
}

// toasted waits until so many notices are shown.
func (p *page) toasted(n int) {
	p.t.Helper()
	p.until(fmt.Sprintf("showing %d notices", n), func() bool { return len(p.toasts()) == n })
}

// still has notices stay, as those do that somebody is in; a pointer would lose them when the window changes its size.
func (p *page) still() {
	p.t.Helper()
	p.evaluate(`window.before = document.activeElement; document.querySelector("#toasts a").focus({preventScroll: true}); 0`, nil)
}

func TestANoticeSaysWhereverOneIsThatARunEnded(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := start(t, 60)
			e := s.Export()
			p := s.open(t, language).signIn(access.Viewer)
			p.visit("/help") // no live page
			p.evaluate(`document.querySelector("main a").focus(); window.focusedThen = document.activeElement; 0`, nil)
			s.Run(e, run.Options{})
			p.toasted(1)
			var same bool
			if p.evaluate(`document.activeElement === window.focusedThen`, &same); !same {
				t.Error("the notice took the focus")
			}
			p.still()
			said := p.toasts()[0]
			if !strings.Contains(said, "Everybody to Nordlys") || !strings.Contains(said, p.say(words{"Successful", "Gennemført"})) {
				t.Errorf("the notice says %q", said)
			}
			p.inspect("notice")

			// It goes along to the next page, and is in the list when it is gone.
			p.visit("/segments")
			p.toasted(1)
			p.still()
			p.press(dismiss)
			p.toasted(0)
			p.visit("/exports")
			p.press(endedLast)
			p.sees(everybody)
			p.inspect("news")
			if left := p.toasts(); len(left) > 0 {
				t.Errorf("dismissed, and there again: %v", left)
			}
		})
	}
}

func TestANoticeIsDismissedWithTheKeyboardAndTheFocusGoesBack(t *testing.T) {
	t.Parallel()
	s := start(t, 60)
	e := s.Export()
	p := s.open(t, "en").signIn(access.Viewer)
	p.visit("/exports")
	p.tabTo(same("Search by name, connection or type"))
	s.Run(e, run.Options{})
	p.toasted(1)
	p.still()
	p.key("Escape")
	p.toasted(0)
	var back bool
	if p.evaluate(`document.activeElement === window.before`, &back); !back {
		name, role := p.focused()
		t.Errorf("the focus went to %s %q", role, name)
	}
}

func TestTheTabOfAWatchedRunSaysHowItStands(t *testing.T) {
	t.Parallel()
	s := startSlow(t, 100)
	e := s.Export()
	s.Sandbox.SetFaults(sandbox.Faults{StallShare: 1})
	p := s.open(t, "en").signIn(access.Contributor)
	p.visit(fmt.Sprintf("/exports/%d", e.ID))
	p.press(runIt)
	shows := func(title, icon string) {
		t.Helper()
		p.until("with the tab "+title, func() bool {
			var tab struct{ Title, Icon string }
			err := p.tryEvaluate(`({Title: document.title, Icon: document.querySelector("link[rel=icon]").href})`, &tab)
			return err == nil && strings.HasPrefix(tab.Title, title) && strings.HasSuffix(tab.Title, " · Everybody to Nordlys · Segue") && strings.Contains(tab.Icon, "/"+icon+".svg")
		})
	}
	p.sees(processing)
	p.evaluate(`window.sameDocument = true`, nil)
	shows("", "favicon-running")
	p.press(pauseIt)
	shows("Paused", "favicon-waiting")
	s.Sandbox.SetFaults(sandbox.Faults{})
	p.press(resumeIt)
	s.Wait(1)
	shows("Successful", "favicon-done")
	if shown := p.toasts(); len(shown) > 0 {
		t.Errorf("the page of the run says so itself, and a notice says: %v", shown)
	}
}

// standInForNotices takes the place of what the browser notifies with, which a test cannot see: whoever is asked allows it.
const standInForNotices = `
	const recall = (key) => JSON.parse(localStorage.getItem(key) ?? "[]");
	window.Notification = class {
		static get permission() { return localStorage.getItem("test-permission") ?? "default"; }
		static async requestPermission() { localStorage.setItem("test-permission", "granted"); return "granted"; }
		constructor(title, options) { localStorage.setItem("test-notices", JSON.stringify([...recall("test-notices"), title + ": " + options.body])); }
	};
	Object.defineProperty(document, "hidden", { get: () => sessionStorage.getItem("test-hidden") === "1" });`

func TestTheBrowserNotifiesOnlyWhoAskedForItAndLooksElsewhere(t *testing.T) {
	t.Parallel()
	s := start(t, 60)
	e := s.Export()
	p := s.open(t, "en")
	if _, err := browserpage.AddScriptToEvaluateOnNewDocument(standInForNotices).Do(p.ctx); err != nil {
		t.Fatal(err)
	}
	p.signIn(access.Viewer)
	notices := func() (texts []string) {
		p.evaluate(`JSON.parse(localStorage.getItem("test-notices") ?? "[]")`, &texts)
		return texts
	}
	hidden := func(is int) {
		p.evaluate(fmt.Sprintf(`sessionStorage.setItem("test-hidden", "%d"); document.dispatchEvent(new Event("visibilitychange")); 0`, is), nil)
	}
	p.visit("/account")
	p.sees(same("Off in this browser."))
	var asked string
	if p.evaluate(`Notification.permission`, &asked); asked != "default" {
		t.Errorf("asked without being told to: %s", asked)
	}
	hidden(1)
	s.Run(e, run.Options{})
	hidden(0)
	p.toasted(1) // what happened meanwhile is told when somebody looks again
	if told := notices(); len(told) > 0 {
		t.Errorf("nobody asked to be notified: %v", told)
	}
	p.press(notifyMe)
	p.sees(same("On in this browser"))
	p.inspect("notify")
	p.visit("/account") // remembered
	p.sees(same("On in this browser"))
	s.Run(e, run.Options{})
	p.toasted(2)
	if told := notices(); len(told) > 0 {
		t.Errorf("notified of what is on the page: %v", told)
	}
	hidden(1)
	s.Run(e, run.Options{})
	p.until("notified", func() bool { return len(notices()) > 0 })
	if told := notices(); len(told) != 1 || !strings.HasPrefix(told[0], "Everybody to Nordlys · Successful: 0 accepted,") {
		t.Errorf("notified of %v", told)
	}
	hidden(0)
	p.press(stopNotify)
	p.sees(same("Off in this browser."))
}
