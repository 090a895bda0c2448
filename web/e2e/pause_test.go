package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
)

var (
	processing = words{"Processing", "Behandler"}
	pauseIt    = words{"Pause", "Sæt på pause"}
	resumeIt   = words{"Resume", "Genoptag"}
	isPaused   = words{"The run is paused", "Kørslen er på pause"}
	cancelIt   = words{"Cancel run", "Annuller kørsel"}
	stopAll    = words{"Stop everything", "Stop alt"}
	allStopped = words{"Everything is stopped", "Alt er stoppet"}
)

func TestARunIsPausedResumedAndCancelledWhileItIsWatched(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := startSlow(t, 100)
			s.Export()
			s.Sandbox.SetFaults(sandbox.Faults{StallShare: 1})
			p := s.open(t, language).signIn(access.Contributor)
			p.visit("/exports/1")
			p.press(runIt)
			p.sees(processing)
			p.press(pauseIt)
			p.sees(isPaused, words{"Carl Berg paused it.", "Carl Berg har sat den på pause."}) // by itself, when what was sent is wrapped up
			p.inspect("run-paused")
			p.press(resumeIt)
			p.sees(processing, words{"Resumed", "Genoptaget"})
			p.press(pauseIt)
			p.sees(isPaused)
			p.visit("/")
			p.sees(words{"Needs you", "Kræver dig"}, words{"Its run is paused.", "Kørslen er på pause."})
			p.visit("/runs/1")
			p.press(cancelIt)
			p.press(cancelIt)
			p.sees(words{"The run was canceled", "Kørslen blev annulleret"})
		})
	}
}

func TestTheEmergencyStopHoldsARunUntilItIsLifted(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := startSlow(t, 100)
			s.Export()
			s.Sandbox.SetFaults(sandbox.Faults{StallShare: 1})
			p := s.open(t, language).signIn(access.Administrator)
			p.visit("/exports/1")
			p.press(runIt)
			p.sees(processing)
			p.press(same("Status"))
			p.sees(same("Everybody to Nordlys"), processing)
			p.press(stopAll)
			p.heading(words{"Stop everything?", "Stop alt?"})
			p.inspect("stop")
			p.fill(words{"Reason", "Årsag"}, "Wrong file")
			p.press(stopAll)
			p.sees(allStopped, words{"The reason: Wrong file", "Årsag: Wrong file"}, words{"The emergency stop holds all runs.", "Nødstoppet holder alle kørsler tilbage."})
			p.inspect("status-stopped")
			p.visit("/exports")
			p.sees(allStopped)
			s.Sandbox.SetFaults(sandbox.Faults{})
			p.visit("/system/status")
			p.press(words{"Lift the stop", "Ophæv stoppet"})
			p.sees(words{"No run is under way", "Ingen kørsel er i gang"}) // it went on by itself, to its end
			p.inspect("status")
		})
	}
}

func TestAQuestionIsAnsweredBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := startSlow(t, 20)
			customers := func(n int) string {
				var file strings.Builder
				file.WriteString("id,email,first_name,last_name,country,loyalty_tier\n")
				for i := range n {
					fmt.Fprintf(&file, "%04d,p%d@example.com,Ada,Lund,DK,gold\n", i, i)
				}
				return file.String()
			}
			s.Upload(customers(300))
			p := s.open(t, language).signIn(access.Administrator)
			s.Connect()
			p.visit("/exports/new")
			p.fill(exportName, "Everybody")
			p.choose(forExport, same("Nordlys newsletter"))
			p.tick(same("All customers"))
			p.tick(meant("Email"))
			p.press(save)
			p.press(runIt)
			p.sees(words{"Successful", "Gennemført"})
			s.Upload(customers(20))
			p.visit("/exports/1")
			p.press(runIt)
			p.sees(words{"The run asks before it sends anything", "Kørslen spørger, før den sender noget"}, words{"280 of 300", "280 af 300"})
			p.inspect("run-asks")
			p.press(words{"Send, but leave the tags", "Send, men behold tags"})
			p.sees(words{"280 contacts would have lost their tags", "280 kontakter ville have mistet deres tags"})
		})
	}
}

func TestARunSaysWhatItWaitsForWhileItIsWatched(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := startSlow(t, 100)
			s.Export()
			s.Sandbox.SetFaults(sandbox.Faults{StallShare: 1})
			p := s.open(t, language).signIn(access.Contributor)
			p.visit("/exports/1")
			p.press(runIt)
			p.sees(words{"Everything is sent.", "Alt er sendt."})
			s.Sandbox.SetFaults(sandbox.Faults{StallShare: 1, ServerErrorShare: 1, Path: "/batches"})
			p.sees(words{"Omnisend does not answer as it should.", "Omnisend svarer ikke, som det skal."}) // nothing goes forward, and no reload
			p.inspect("run-waits")
			s.Sandbox.SetFaults(sandbox.Faults{})
			p.sees(words{"Successful", "Gennemført"})
		})
	}
}
