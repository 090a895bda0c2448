package web

import (
	"fmt"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/views/component"
	"github.com/segue-app/segue/views/home"
	statusviews "github.com/segue-app/segue/views/status"
)

const recentRuns = 5

// live gathers what changes: what runs, what needs somebody, how the last runs went, when the next refresh is.
func (s *Server) live(c echo.Context, now standing) (live home.Live, err error) {
	active, err := s.Runs.Active(ctx(c), actor(c))
	if err != nil {
		return live, err
	}
	paused := map[int64]run.Run{} // by export
	var stuck []run.Run
	for _, r := range active {
		if r.State == run.Paused {
			paused[r.ExportID] = r
		} else {
			live.Running = append(live.Running, runningLine(c, r))
		}
		if !r.StuckAt.IsZero() {
			stuck = append(stuck, r)
		}
	}
	if err = s.attention(c, now, paused, stuck, &live); err != nil {
		return live, err
	}
	if len(live.Running) == 0 {
		if live.Idle, err = s.idle(c); err != nil {
			return live, err
		}
	}
	if live.Recent, err = s.recent(c); err != nil {
		return live, err
	}
	if live.Stats, err = s.counts(c, now); err != nil {
		return live, err
	}
	open, err := s.Alerts.CountOpen(ctx(c), actor(c))
	if err != nil {
		return live, err
	}
	wanting := live.Mine.Count() + live.Others.Count()
	if wanting > 0 || now.exportTotal > 0 && open == 0 && s.stopped(c) == nil { // of the emergency stop the frame tells
		live.Verdict = verdict(c, live.Mine.Count(), live.Others.Count(), len(live.Running))
	}
	showAlerts(c, &live, open)
	live.Refresh, err = s.refreshTerms(c)
	return live, err
}

// showAlerts says how many alerts are open: beside the verdict, or in its place.
func showAlerts(c echo.Context, live *home.Live, open int) {
	if open == 0 {
		return
	}
	count := i18n.N(ctx(c), "alert.home", open)
	link := component.Button{Label: count, Href: alertsPath, Small: true, Attrs: templ.Attributes{"id": "alerts-see"}}
	if live.Verdict.Title != "" {
		live.Verdict.Action = link
		return
	}
	link.Label = text(c, "alert.home.see")
	live.Verdict = component.Alert{Tone: component.Warning, Title: count, Action: link}
}

func verdict(c echo.Context, mine, others, running int) component.Alert {
	switch {
	case mine > 0:
		return component.Alert{Tone: component.Warning, Title: i18n.N(ctx(c), "home.verdict.mine", mine)}
	case others > 0:
		return component.Alert{Tone: component.Warning, Title: i18n.N(ctx(c), "home.verdict.attention", others)}
	case running > 0:
		return component.Alert{Tone: component.Running, Title: i18n.N(ctx(c), "home.verdict.running", running)}
	}
	return component.Alert{Tone: component.Success, Title: text(c, "home.verdict.well")}
}

func runPath(id int64) string { return fmt.Sprintf("/runs/%d", id) }

func runningLine(c echo.Context, r run.Run) home.Running {
	line := home.Running{Href: runPath(r.ID), Progress: component.Progress{
		ID: fmt.Sprintf("run-%d", r.ID), Label: r.ExportName, Tone: component.Running, Text: text(c, "home.run.queued"),
	}}
	if r.State == run.Running {
		line.Progress.Value, line.Progress.Max = int64(r.Counts.Settled()), int64(r.Counts.Profiles)
		line.Progress.Text = text(c, "home.running.of", "Done", r.Counts.Settled(), "All", r.Counts.Profiles)
	}
	return line
}

var runTones = map[run.State]component.Tone{
	run.Succeeded: component.Success, run.Warnings: component.Warning, run.Failed: component.Danger, run.Cancelled: component.Neutral,
}

func (s *Server) recent(c echo.Context) (found []home.Recent, err error) {
	runs, err := s.Runs.List(ctx(c), actor(c), 0, 2*recentRuns, 0)
	if err != nil {
		return nil, err
	}
	for _, r := range runs {
		if r.State.Active() || len(found) == recentRuns {
			continue
		}
		found = append(found, home.Recent{
			Name: r.ExportName, Href: runPath(r.ID), State: component.Badge{Tone: runTones[r.State], Text: text(c, "home.run."+string(r.State))},
			Accepted: i18n.Number(ctx(c), r.Counts.Accepted), Ended: s.moment(c, r.EndedAt),
		})
	}
	return found, nil
}

// counts are the numbers on top, each leading to its page.
func (s *Server) counts(c echo.Context, now standing) ([]component.Stat, error) {
	profiles := component.Stat{ID: "count-profiles", Label: text(c, "home.profiles"), Number: i18n.Number(ctx(c), now.snapshot.Rows), Href: "/profiles"}
	if now.snapshot.ID != 0 {
		profiles.Note = text(c, "home.profiles.uploaded", "Ago", i18n.Ago(ctx(c), now.snapshot.CreatedAt, s.Clock()))
	}
	exports := component.Stat{ID: "count-exports", Label: text(c, "home.exports"), Number: i18n.Number(ctx(c), now.exportTotal), Href: "/exports"}
	if paused := pausedAmong(now.exports); paused > 0 {
		exports.Note = i18n.N(ctx(c), "home.exports.paused", paused)
	}
	stats := []component.Stat{profiles, {ID: "count-segments", Label: text(c, "home.segments"), Number: i18n.Number(ctx(c), now.segments.Total), Href: "/segments"}, exports}
	if actor(c).Can(access.ManageConnections) {
		usable, err := s.Connections.Usable(ctx(c), actor(c))
		if err != nil {
			return nil, err
		}
		stats = append(stats, component.Stat{ID: "count-connections", Label: text(c, "home.connections"), Number: i18n.Number(ctx(c), len(usable)), Href: "/connections"})
	}
	return stats, nil
}

func pausedAmong(rows []export.Row) (count int) {
	for _, row := range rows {
		if row.Paused() {
			count++
		}
	}
	return count
}

// idle says that nothing runs, and when something will.
func (s *Server) idle(c echo.Context) (string, error) {
	at, on, err := s.Schedule.NextRun(ctx(c))
	if err != nil || !on {
		return text(c, "home.running.none"), err
	}
	return text(c, "home.running.next", "Time", at, "Ahead", i18n.Ago(ctx(c), at, s.Clock())), nil
}

// refreshTerms say how the last refresh went and when the next one is.
func (s *Server) refreshTerms(c echo.Context) ([]component.Term, error) {
	last := component.Term{Label: text(c, "home.refresh.last"), Text: text(c, "home.refresh.never")}
	latest, err := s.Records.Last(ctx(c), actor(c))
	switch {
	case problem.Is(err, problem.NotFound):
	case err != nil:
		return nil, err
	default:
		last.Content = home.LastRefresh{State: statusviews.StateBadge(ctx(c), latest.State), Due: s.moment(c, latest.DueAt), Href: statusviews.ChainPath(latest.ID)}
	}
	next := component.Term{Label: text(c, "home.refresh.next"), Text: text(c, "home.refresh.off")}
	at, on, err := s.Schedule.NextRun(ctx(c))
	if err != nil {
		return nil, err
	}
	if on {
		next.Text = text(c, "home.refresh.at", "Time", at, "Ahead", i18n.Ago(ctx(c), at, s.Clock()))
	}
	terms := []component.Term{last, next}
	if actor(c).Can(access.ManageSchedule) {
		terms = append(terms, component.Term{Label: text(c, "home.refresh.change"), Content: home.Link(component.Link{Label: text(c, "home.refresh.schedule"), Href: "/system/schedule"})})
	}
	return terms, nil
}
