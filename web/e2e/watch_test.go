package e2e

import (
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	browserpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// watch follows what the browser does for a page: requests under way, and whatever must not happen.
type watch struct {
	url string // of the site
	too string // of another site that people are led to; "" for none

	mutex    sync.Mutex
	underWay map[network.RequestID]request
	status   int64 // of the page that is shown
	found    []string
	offline  bool // the connection is down on purpose: requests fail, and scripts say so
}

// request is one that the answer is awaited of.
type request struct {
	address string
	page    cdp.LoaderID // that asks
}

// alsoAt lets people be led to another site of the test.
func (w *watch) alsoAt(url string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.too = url
}

// see takes an event in.
func (w *watch) see(event any) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.underWay == nil {
		w.underWay = map[network.RequestID]request{}
	}
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if at := e.Request.URL; !strings.HasPrefix(at, w.url+"/") && (w.too == "" || !strings.HasPrefix(at, w.too+"/")) && !strings.HasPrefix(at, "data:") {
			w.found = append(w.found, "a request leaves this machine: "+at)
		}
		if e.Type != network.ResourceTypeEventSource {
			w.underWay[e.RequestID] = request{e.Request.URL, e.LoaderID}
		}
	case *browserpage.EventFrameNavigated:
		// What the page before had asked for is given up, and nothing more is heard of it.
		maps.DeleteFunc(w.underWay, func(_ network.RequestID, r request) bool { return r.page != e.Frame.LoaderID })
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument {
			w.status = e.Response.Status
		}
		// 422 is the answer to a form with errors.
		if e.Type != network.ResourceTypeDocument && e.Response.Status >= 400 && e.Response.Status != 422 && !w.offline {
			w.found = append(w.found, fmt.Sprintf("%s answers %d", e.Response.URL, e.Response.Status))
		}
		if e.Type == network.ResourceTypeDocument && e.Response.Status >= 500 {
			w.found = append(w.found, fmt.Sprintf("%s answers %d", e.Response.URL, e.Response.Status))
		}
	case *network.EventLoadingFinished:
		delete(w.underWay, e.RequestID)
	case *network.EventLoadingFailed:
		delete(w.underWay, e.RequestID)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError && e.Entry.Source != log.SourceNetwork {
			w.found = append(w.found, fmt.Sprintf("the browser reports: %s (%s)", e.Entry.Text, e.Entry.URL))
		}
	case *runtime.EventConsoleAPICalled:
		text := make([]string, len(e.Args))
		for i, arg := range e.Args {
			text[i] = string(arg.Value) + arg.Description
		}
		said := strings.Join(text, " ")
		// htmx reports a request that a newer one took the place of, as a page may ask it to (hx-sync), in these words.
		replaced := strings.Contains(said, "htmx:sendAbort") || strings.Contains(said, "htmx:afterRequest")
		if (e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning) && !w.offline && !replaced {
			w.found = append(w.found, "a script reports: "+said)
		}
	case *runtime.EventExceptionThrown:
		w.found = append(w.found, "a script fails: "+e.ExceptionDetails.Error())
	}
}

// busy lists the addresses that an answer is awaited from.
func (w *watch) busy() (addresses []string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for _, r := range w.underWay {
		addresses = append(addresses, r.address)
	}
	return addresses
}

// shown is the status of the page that is shown.
func (w *watch) shown() int64 {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.status
}

func (w *watch) setOffline(offline bool) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.offline = offline
}

func (w *watch) troubles() []string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.found
}
