package e2e

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/segue-app/segue/internal/testkit/postgres"
)

// chromium is the one browser process of all tests. Each page has cookies and storage of its own.
var chromium struct {
	once    sync.Once
	context context.Context
	stop    context.CancelFunc
	err     error
}

func TestMain(m *testing.M) {
	code := postgres.Main(m)
	if chromium.stop != nil {
		chromium.stop()
	}
	os.Exit(code)
}

// openChromium starts the browser, or fails the test and says how to get one: a test that is skipped protects nothing.
func openChromium(t *testing.T) context.Context {
	t.Helper()
	chromium.once.Do(startChromium)
	if chromium.err != nil {
		t.Fatal(chromium.err)
	}
	return chromium.context
}

func startChromium() {
	path, err := findChromium()
	if err != nil {
		chromium.err = err
		return
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless, chromedp.DisableGPU,
		chromedp.NoSandbox, // CI runs as root in a container, where Chromium's own sandbox cannot start
		chromedp.CombinedOutput(io.Discard), chromedp.WSURLReadTimeout(time.Minute),
		chromedp.Flag("lang", "en-GB"),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"), // nothing else is reached
		chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("font-render-hinting", "none"),
		chromedp.Flag("disable-features", "Translate,MediaRouter,OptimizationHints"),
	}
	for _, name := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync",
		"disable-default-apps", "disable-extensions", "disable-dev-shm-usage", "disable-background-timer-throttling",
		"disable-backgrounding-occluded-windows", "disable-renderer-backgrounding", "hide-scrollbars", "metrics-recording-only", "mute-audio"} {
		options = append(options, chromedp.Flag(name, true))
	}
	allocator, stopProcess := chromedp.NewExecAllocator(context.Background(), options...)
	browser, closeBrowser := chromedp.NewContext(allocator)
	chromium.context = browser
	chromium.stop = func() { closeBrowser(); stopProcess() }
	if err := chromedp.Run(browser); err != nil {
		chromium.err = fmt.Errorf("start %s: %w", path, err)
	}
}

func findChromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "/usr/bin/chromium"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("the browser tests need Chromium, and there is none: install it with `make setup`")
}
