package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
)

// TestALivePageTakesNothingFromItsReader has the page of a run change again and again under somebody who reads it.
func TestALivePageTakesNothingFromItsReader(t *testing.T) {
	t.Parallel()
	s := startSlow(t, 600)
	e := s.Export()
	s.Sandbox.SetFaults(sandbox.Faults{StallShare: 1})
	p := s.open(t, "en").signIn(access.Contributor)
	p.visit(fmt.Sprintf("/exports/%d", e.ID))
	p.press(runIt)
	p.sees(processing)
	p.settle()
	p.press(pauseIt)
	p.sees(isPaused)
	p.evaluate(`
		const plan = document.getElementById("plan"), text = plan.querySelector(".panel-lead").firstChild;
		window.title = plan.querySelector("h2");
		document.getElementById("run-export").focus({preventScroll: true});
		getSelection().setBaseAndExtent(text, 0, text, 5);
		window.picked = getSelection().toString();
		window.steps = [];
		const say = document.getElementById("run-summary");
		new MutationObserver(() => window.steps.push(say.textContent)).observe(say, {childList: true, characterData: true, subtree: true}); 0`, nil)
	s.Sandbox.SetFaults(sandbox.Faults{})
	s.Resume(1, "")
	p.sees(same("Completed, but not everybody was accepted"))
	p.settle()
	var now struct {
		Same, Focused bool
		Picked, Was   string
		Steps         []string
	}
	p.evaluate(`({Same: window.title === document.querySelector("#plan h2"), Focused: document.activeElement.id === "run-export",
		Picked: getSelection().toString(), Was: window.picked, Steps: window.steps})`, &now)
	if !now.Same || !now.Focused || now.Picked != now.Was || now.Was == "" {
		t.Errorf("the reader lost the part, the focus or what was marked: %+v", now)
	}
	if len(now.Steps) == 0 || len(now.Steps) > 12 || !strings.HasPrefix(now.Steps[len(now.Steps)-1], "The run completed with warnings: 598 profiles accepted") {
		t.Errorf("read out: %q", now.Steps)
	}
}

func TestNewRunsAreOfferedAndDoNotMoveTheList(t *testing.T) {
	t.Parallel()
	s := start(t, 60)
	e := s.Export()
	s.Run(e, run.Options{})
	p := s.open(t, "en").signIn(access.Viewer)
	p.visit("/runs")
	const place = `JSON.stringify([...document.querySelectorAll("tbody tr")].map(row => [row.id, row.getBoundingClientRect().y]))`
	var before, after string
	p.evaluate(place, &before)
	s.Run(e, run.Options{})
	s.Run(e, run.Options{})
	p.sees(same("2 new runs"))
	if p.evaluate(place, &after); before != after {
		t.Errorf("the rows were at %s and are at %s", before, after)
	}
	p.inspect("runs-newer")
	p.part(words{}).press(same("Show"))
	p.sees(same("Run 3"))
	p.lacks(same("2 new runs"))
}
