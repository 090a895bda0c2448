package web

import (
	"fmt"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/views/home"
	runviews "github.com/segue-app/segue/views/run"
)

// attention lists what needs a person, apart what this one may see to: connections first, since exports wait for them, then exports with
// their runs, then segments. An export that somebody paused needs nobody, nor a run that goes on by itself when the emergency stop is lifted.
func (s *Server) attention(c echo.Context, now standing, paused map[int64]run.Run, stuck []run.Run, live *home.Live) error {
	broken, err := s.brokenConnections(c, &live.Mine)
	if err != nil {
		return err
	}
	for _, row := range now.exports {
		notice, mine, err := s.exportNotice(c, row, paused, broken)
		if err != nil {
			return err
		}
		if notice.Title == "" {
			continue
		}
		notice.Icon = "send"
		add(live, notice, mine)
	}
	for _, r := range stuck {
		driver, err := s.Exports.Driver(r.Plan.DestinationType)
		if err != nil {
			return err
		}
		info := driver.Info()
		notice := home.Notice{Title: r.ExportName, Href: runPath(r.ID), Icon: "play",
			Text: text(c, "home.attention.stuck", "Why", runviews.WaitsText(ctx(c), r.StuckFor, info.Name, info.RequestsPerMinute))}
		add(live, notice, slices.ContainsFunc(now.exports, func(row export.Row) bool { return row.ID == r.ExportID && row.MayEdit(actor(c)) }))
	}
	for _, kept := range now.segments.Segments {
		if kept.Failure == "" || kept.State != segment.Active || now.snapshot.ID == 0 {
			continue
		}
		notice := home.Notice{Title: kept.Name, Text: text(c, kept.Failure, "Attribute", kept.FailureAbout), Href: segmentPath(kept.ID), Icon: "layers"}
		add(live, notice, actor(c).Can(access.EditSegments))
	}
	return nil
}

func add(live *home.Live, notice home.Notice, mine bool) {
	if mine {
		live.Mine.Add(notice)
	} else {
		live.Others.Add(notice)
	}
}

// mendedByEditing are the obstacles that whoever may edit an export can take away. The others are for administrators.
var mendedByEditing = []export.Obstacle{export.NoConnection, export.NoSegments, export.SegmentInactive, export.MixedBases, export.AttributeMissing, export.Unconfirmed, export.SourceGone}

// exportNotice is what is wrong with an export, and whether this person may see to it; without a title when nothing is. What its connection
// lacks is said once, of the connection.
func (s *Server) exportNotice(c echo.Context, row export.Row, paused map[int64]run.Run, broken map[int64]string) (notice home.Notice, mine bool, err error) {
	if row.Paused() {
		return notice, false, nil
	}
	mine = row.MayEdit(actor(c))
	if r, ok := paused[row.ID]; ok {
		if r.PauseCode == run.ByStop {
			return notice, false, nil
		}
		return home.Notice{Title: row.Name, Href: runPath(r.ID),
			Text: text(c, "home.attention.run_paused", "Why", runviews.PauseText(ctx(c), r, s.Connections.DestinationName(row.DestinationType)))}, mine, nil
	}
	obstacle, err := s.Exports.Readiness(ctx(c), row.Export)
	switch {
	case err != nil:
		return notice, false, err
	case obstacle == string(export.AwaitsApproval):
		return s.approvalNotice(c, row)
	case obstacle != "" && obstacle == broken[row.ConnectionID]:
		return notice, false, nil
	case obstacle != "":
		mine = mine && (slices.Contains(mendedByEditing, export.Obstacle(obstacle)) || actor(c).Can(access.ManageConnections))
		return home.Notice{Title: row.Name, Text: text(c, "obstacle."+obstacle), Href: exportPath(row.ID)}, mine, nil
	case row.LastState == string(run.Failed) || row.LastState == string(run.Warnings):
		return home.Notice{Title: row.Name, Text: text(c, "home.attention."+row.LastState), Href: runPath(row.LastRunID)}, mine, nil
	}
	return notice, false, nil
}

// approvalNotice is about an export that waits for a second person: this one, when she may; its makers, when somebody refused.
func (s *Server) approvalNotice(c echo.Context, row export.Row) (home.Notice, bool, error) {
	standing, err := s.Approvals.Of(ctx(c), actor(c), row.ID)
	if err != nil {
		return home.Notice{}, false, err
	}
	notice := home.Notice{Title: row.Name, Href: fmt.Sprintf("/exports/%d/approval", row.ID)}
	switch {
	case standing.Own && standing.Refused != nil:
		notice.Text = text(c, "home.attention.refused", "Name", standing.Refused.Name)
		return notice, true, nil
	case standing.MayApprove && standing.Refused == nil:
		notice.Text = text(c, "home.attention.approve")
		return notice, true, nil
	case standing.Refused != nil:
		notice.Text = text(c, "home.attention.refused", "Name", standing.Refused.Name)
		return notice, false, nil
	}
	notice.Text = text(c, "home.attention.approval")
	return notice, false, nil
}

// brokenConnections tells whoever looks after connections which of them nothing can be sent over, and which somebody must agree to new terms
// of. They come back with what is in the way of each.
func (s *Server) brokenConnections(c echo.Context, mine *home.Notices) (broken map[int64]string, err error) {
	if !actor(c).Can(access.ManageConnections) {
		return nil, nil
	}
	all, err := s.Connections.List(ctx(c), actor(c))
	if err != nil {
		return nil, err
	}
	older, err := s.Connections.AskedAgain(ctx(c), actor(c))
	if err != nil {
		return nil, err
	}
	asked := map[int64]bool{}
	for _, o := range older {
		asked[o.ID] = true
		key := "home.attention.terms"
		if !s.Clock().Before(o.AgreeBy) {
			key += ".over"
		}
		mine.Add(home.Notice{Title: o.Name, Href: fmt.Sprintf("/connections/%d/consent", o.ID), Text: text(c, key, "Until", i18n.From(ctx(c)).Date(o.AgreeBy)), Icon: "plug"})
	}
	broken = map[int64]string{}
	for _, o := range all {
		code := string(o.Obstacle)
		if o.Obstacle == connection.KeyFailed && o.Failure != "" {
			code = string(o.Failure)
		}
		if code == "" {
			continue
		}
		broken[o.ID] = code
		if asked[o.ID] && o.Obstacle == connection.NoConsent {
			continue // said of the terms
		}
		why := text(c, "obstacle."+code)
		if n := len(o.Dependents); n > 0 {
			why += " " + i18n.N(ctx(c), "home.attention.dependents", n)
		}
		mine.Add(home.Notice{Title: o.Name, Text: why, Href: fmt.Sprintf("/connections/%d", o.ID), Icon: "plug"})
	}
	return broken, nil
}
