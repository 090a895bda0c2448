package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	browserpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/segue-app/segue/internal/access"
)

// patience is how long something may take to appear.
const patience = 15 * time.Second

// words are what a page says, in English and in Danish.
type words [2]string

// same are words that are the same in both languages: names, what somebody typed.
func same(text string) words { return words{text, text} }

// page is one person's browser, with cookies of its own.
type page struct {
	t        *testing.T
	site     *site
	language string
	ctx      context.Context // of the browser's protocol
	watch    *watch
	scope    words // the part that things are looked for in; the whole page when empty
	private  []string
}

// open opens a browser of somebody who reads the language: "en" or "da".
func (s *site) open(t *testing.T, language string) *page {
	t.Helper()
	browser := openChromium(t)
	window, dispose, err := newWindow(browser)
	if err != nil {
		t.Fatalf("open a window: %v", err)
	}
	ctx, cancel := context.WithTimeout(browser, 3*time.Minute)
	ctx, detach := chromedp.NewContext(ctx, chromedp.WithTargetID(window))
	p := &page{t: t, site: s, language: language, watch: &watch{url: s.url}}
	t.Cleanup(func() {
		detach()
		cancel()
		dispose()
		for _, trouble := range p.watch.troubles() {
			t.Error(trouble)
		}
	})
	chromedp.ListenTarget(ctx, p.watch.see)
	if err := chromedp.Run(ctx); err != nil {
		t.Fatal(err)
	}
	p.ctx = cdp.WithExecutor(ctx, chromedp.FromContext(ctx).Target)
	accept := map[string]string{"en": "en-GB", "da": "da-DK"}[language]
	p.do(network.Enable(), log.Enable(), runtime.Enable(), browserpage.Enable(), accessibility.Enable(),
		network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": accept}))
	p.window(1280, 800)
	return p
}

// newWindow opens a window that shares no cookie with any other.
func newWindow(browser context.Context) (window target.ID, dispose func(), err error) {
	ctx := cdp.WithExecutor(browser, chromedp.FromContext(browser).Browser)
	store, err := target.CreateBrowserContext().Do(ctx)
	if err != nil {
		return "", nil, err
	}
	window, err = target.CreateTarget("about:blank").WithBrowserContextID(store).WithNewWindow(true).Do(ctx)
	// A browser that has ended meanwhile has disposed of it too.
	return window, func() { _ = target.DisposeBrowserContext(store).Do(ctx) }, err
}

// doer is a command of the browser's protocol that answers nothing.
type doer interface{ Do(context.Context) error }

func (p *page) do(commands ...doer) {
	p.t.Helper()
	for _, command := range commands {
		if err := command.Do(p.ctx); err != nil {
			p.t.Fatalf("%T: %v", command, err)
		}
	}
}

// window makes the window so many CSS pixels wide and high.
func (p *page) window(width, height int64) {
	p.t.Helper()
	p.do(emulation.SetDeviceMetricsOverride(width, height, 1, width < 600))
}

// theme has the device ask for "light" or "dark".
func (p *page) theme(name string) {
	p.t.Helper()
	p.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"}}))
	// Chromium keeps some inherited colours when the theme is emulated on a page that is open.
	p.evaluate("document.documentElement.hidden = true; document.body.offsetHeight; document.documentElement.hidden = false; 0", nil)
}

// withoutScripts switches JavaScript off, as some people do.
func (p *page) withoutScripts() *page {
	p.t.Helper()
	p.do(emulation.SetScriptExecutionDisabled(true))
	return p
}

// say is the words in the page's language.
func (p *page) say(w words) string {
	if p.language == "da" {
		return w[1]
	}
	return w[0]
}

// visit opens an address of the site.
func (p *page) visit(path string) {
	p.t.Helper()
	_, _, text, _, err := browserpage.Navigate(p.site.url + path).Do(p.ctx)
	if err != nil || text != "" {
		p.t.Fatalf("open %s: %s %v", path, text, err)
	}
	p.settle()
}

// signIn signs the demonstration's person of the role in.
func (p *page) signIn(role access.Role) *page {
	p.t.Helper()
	who := person(p.t, role)
	p.visit("/sign-in")
	p.fill(words{"Email address", "Mailadresse"}, who.Email)
	p.fill(words{"Password", "Adgangskode"}, who.Password)
	p.press(words{"Sign in", "Log på"})
	p.heading(words{"Welcome, " + who.Name, "Velkommen, " + who.Name})
	return p
}

// evaluate runs an expression in the page and reads its value.
func (p *page) evaluate(expression string, into any) {
	p.t.Helper()
	if err := p.tryEvaluate(expression, into); err != nil {
		p.t.Fatalf("evaluate %.80s: %v", expression, err)
	}
}

func (p *page) tryEvaluate(expression string, into any) error {
	value, exception, err := runtime.Evaluate(expression).WithReturnByValue(true).WithAwaitPromise(true).Do(p.ctx)
	switch {
	case err != nil:
		return err
	case exception != nil:
		return exception
	case into == nil:
		return nil
	}
	return json.Unmarshal([]byte(value.Value), into)
}

// path is the address that is shown, without the site's part.
func (p *page) path() string {
	p.t.Helper()
	var shown string
	p.evaluate("location.href", &shown)
	return strings.TrimPrefix(shown, p.site.url)
}

var space = regexp.MustCompile(`\s+`)

// text is what can be read on the page, its title included, each gap one space wide.
func (p *page) text() string {
	var shown string
	if p.tryEvaluate(`document.title + "\n" + document.body.innerText`, &shown) != nil {
		return "" // between two pages
	}
	return plain(shown)
}

func plain(text string) string {
	return strings.TrimSpace(space.ReplaceAllString(strings.ReplaceAll(text, "\u00ad", ""), " "))
}

// until waits until the condition holds.
func (p *page) until(what string, holds func() bool) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if p.ctx.Err() != nil || time.Now().After(deadline) {
			var at string
			_ = p.tryEvaluate("location.href", &at)
			p.keep("failed-" + regexp.MustCompile(`[^A-Za-z0-9]+`).ReplaceAllString(p.t.Name(), "-"))
			p.t.Fatalf("%s (%s): still not %s. The page reads:\n%.3000s", at, p.language, what, p.text())
		}
		time.Sleep(25 * time.Millisecond)
	}
}

func contains(text, part string) bool { return strings.Contains(text, plain(part)) }

// offline cuts the browser off from the network, and lets it back.
func (p *page) offline(is bool) {
	p.t.Helper()
	p.watch.setOffline(true) // what fails meanwhile is reported late
	p.do(network.OverrideNetworkState(is, 0, -1, -1))
}

// sees waits until each text can be read.
func (p *page) sees(texts ...words) {
	p.t.Helper()
	for _, w := range texts {
		wanted := plain(p.say(w))
		p.until(fmt.Sprintf("showing %q", wanted), func() bool { return strings.Contains(p.text(), wanted) })
	}
}

// lacks fails the test if one of the texts can be read now.
func (p *page) lacks(texts ...words) {
	p.t.Helper()
	shown := p.text()
	for _, w := range texts {
		if wanted := plain(p.say(w)); strings.Contains(shown, wanted) {
			p.t.Errorf("%s shows %q:\n%.2000s", p.path(), wanted, shown)
		}
	}
}

// gone waits until a text cannot be read any more.
func (p *page) gone(w words) {
	p.t.Helper()
	unwanted := plain(p.say(w))
	p.until(fmt.Sprintf("rid of %q", unwanted), func() bool { return !strings.Contains(p.text(), unwanted) })
}

// heading waits until the page's main heading is this.
func (p *page) heading(w words) {
	p.t.Helper()
	wanted := p.say(w)
	p.until(fmt.Sprintf("headed %q", wanted), func() bool {
		var shown []string
		err := p.tryEvaluate(`[...document.querySelectorAll("h1")].map(h => h.innerText)`, &shown)
		return err == nil && len(shown) == 1 && plain(shown[0]) == wanted
	})
	p.settle()
}

// settle waits until the page has what it asked for. Streams stay open and do not count.
func (p *page) settle() {
	p.t.Helper()
	quietSince := time.Time{}
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) && p.ctx.Err() == nil {
		var state string
		busy := len(p.watch.busy()) > 0 || p.tryEvaluate("document.readyState", &state) != nil || state != "complete"
		switch {
		case busy:
			quietSince = time.Time{}
		case quietSince.IsZero():
			quietSince = time.Now()
		case time.Since(quietSince) > 40*time.Millisecond:
			p.checkPrivate()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.t.Fatalf("%s does not come to rest: %v", p.site.url, p.watch.busy())
}

// mayNotSee fails the test when one of these values is anywhere in a page that is opened from now on.
func (p *page) mayNotSee(values []string) { p.private = values }

func (p *page) checkPrivate() {
	p.t.Helper()
	if len(p.private) == 0 {
		return
	}
	var markup string
	p.evaluate("document.documentElement.outerHTML", &markup)
	for _, value := range p.private {
		if strings.Contains(markup, value) {
			p.t.Errorf("%s holds %q, which this person may not see", p.path(), value)
		}
	}
}

// links lists the addresses of the site that the page links to.
func (p *page) links() (paths []string) {
	p.t.Helper()
	var found []string
	p.evaluate(`[...document.querySelectorAll("a[href]")].map(a => a.href)`, &found)
	for _, link := range found {
		if at, err := url.Parse(link); err == nil && strings.HasPrefix(link, p.site.url) {
			paths = append(paths, at.RequestURI())
		}
	}
	return paths
}
