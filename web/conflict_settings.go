package web

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/approval"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/erasure"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/notice"
	"github.com/segue-app/segue/internal/source"
	alertviews "github.com/segue-app/segue/views/alert"
	approvalviews "github.com/segue-app/segue/views/approval"
	erasureviews "github.com/segue-app/segue/views/erasure"
	hookviews "github.com/segue-app/segue/views/hook"
	sourceviews "github.com/segue-app/segue/views/source"
	views "github.com/segue-app/segue/views/version"
)

// Settings have no history of versions. What is kept of them now stands beside what was typed, and the audit log knows who changed
// them: whoever may change settings may read it.

// settingsConflict tells what differs between settings as they are kept now and as they were typed. Changes is how many saves came
// since the form was opened, where that is known.
func (s *Server) settingsConflict(c echo.Context, of audit.Filter, changes int, theirs, mine []views.Field) (*views.Conflict, error) {
	conflict := &views.Conflict{Clashes: views.Clashes(ctx(c), nil, theirs, mine)}
	found, err := s.Audit.List(ctx(c), actor(c), of, 0, false, mostSince)
	if err != nil {
		return nil, err
	}
	for _, r := range found.Records {
		if len(r.Changes) == 0 {
			continue
		}
		conflict.Since = append(conflict.Since, views.Since{Who: r.UserName, What: text(c, "audit.action."+string(r.Action)), When: s.moment(c, r.At)})
		if len(conflict.Since) >= changes {
			break
		}
	}
	return conflict, nil
}

// since is how many versions came after one that may be none.
func since(opened, now int) int {
	if opened < 1 {
		return 1
	}
	return max(now-opened, 1)
}

func subjectOf(kind string, id int64) audit.Filter {
	return audit.Filter{SubjectKind: kind, SubjectID: strconv.FormatInt(id, 10)}
}

func yesOrNo(c echo.Context, yes bool) string {
	if yes {
		return text(c, "version.pause.yes")
	}
	return text(c, "version.pause.no")
}

// planConflict tells what became of an export since the form of its schedule was opened.
func (s *Server) planConflict(c echo.Context, typed export.Schedule, opened int) (*views.Conflict, error) {
	e, err := s.exportOf(c)
	if err != nil {
		return nil, err
	}
	h, err := s.exportHistory(c)
	if err != nil {
		return nil, err
	}
	tell, err := s.exportTeller(c, e)
	if err != nil {
		return nil, err
	}
	e.Schedule = typed
	conflict, err := h.meanwhile(s, c, opened, tell(e.Defined(), false))
	if conflict != nil {
		conflict.Take = exportPath(e.ID) + "/schedule"
	}
	return conflict, err
}

func (s *Server) connectionConflict(c echo.Context, id int64, typed connection.Change) (*views.Conflict, error) {
	now, err := s.Connections.Get(ctx(c), actor(c), id)
	if err != nil {
		return nil, err
	}
	contributors, err := s.Connections.Contributors(ctx(c), actor(c))
	if err != nil {
		return nil, err
	}
	theirs := []views.Field{{Label: text(c, "connections.name"), Lines: []string{now.Name}}, {Label: text(c, "connections.access"), Lines: []string{accessText(c, now.Grant, contributors)}}}
	mine := []views.Field{{Label: theirs[0].Label, Lines: []string{typed.Name}}, {Label: theirs[1].Label, Lines: []string{accessText(c, typed.Grant, contributors)}}}
	opened, _ := strconv.Atoi(c.FormValue("version"))
	conflict, err := s.settingsConflict(c, subjectOf("connection", id), since(opened, now.Version), theirs, mine)
	if conflict != nil {
		conflict.Take, conflict.Over = connectionPath(c), strconv.Itoa(now.Version)
	}
	return conflict, err
}

func (s *Server) hookConflict(c echo.Context, now notice.Hook, typed notice.Draft, opened int) (*views.Conflict, error) {
	tell := func(name string, format notice.Format, template, language string, kinds []string) []views.Field {
		told := make([]string, len(kinds))
		for i, kind := range kinds {
			told[i] = text(c, "alert.kind."+kind)
		}
		return []views.Field{{Label: text(c, "notice.name"), Lines: []string{name}}, {Label: text(c, "notice.format"), Lines: []string{text(c, "notice.format."+string(format))}},
			{Label: text(c, "notice.template"), Lines: lines(template)}, {Label: text(c, "notice.kinds"), Lines: told}, {Label: text(c, "notice.language"), Lines: []string{i18n.LanguageName(language)}}}
	}
	conflict, err := s.settingsConflict(c, subjectOf("hook", now.ID), since(opened, now.Version), tell(now.Name, now.Format, now.Template, now.Language, now.Kinds),
		tell(typed.Name, typed.Format, typed.Template, typed.Language, typed.Kinds))
	if conflict != nil {
		conflict.Take, conflict.Over = hookviews.HookPath(now.ID)+"/edit", strconv.Itoa(now.Version)
	}
	return conflict, err
}

// lines is a text of several lines as a field tells it; none when it is empty.
func lines(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

func (s *Server) alertConflict(c echo.Context, typed alertviews.Settings) (*views.Conflict, error) {
	kept, err := s.Alerts.Settings(ctx(c), actor(c))
	if err != nil {
		return nil, err
	}
	tell := func(v alertviews.Settings) []views.Field {
		return []views.Field{{Label: text(c, "alert.settings.share"), Lines: []string{v.Share}}, {Label: text(c, "alert.settings.minutes"), Lines: []string{v.Minutes}},
			{Label: text(c, "alert.settings.factor"), Lines: []string{v.Factor}}, {Label: text(c, "alert.settings.quiet"), Lines: []string{v.Quiet}}}
	}
	opened, _ := strconv.Atoi(typed.Version)
	conflict, err := s.settingsConflict(c, audit.Filter{Action: audit.AlertLimitsSaved}, since(opened, kept.Version), tell(alertSettings(c, kept)), tell(typed))
	if conflict != nil {
		conflict.Take, conflict.Over = alertsPath, strconv.Itoa(kept.Version)
	}
	return conflict, err
}

func (s *Server) approvalConflict(c echo.Context, where string, typed approval.Settings) (*views.Conflict, error) {
	kept, err := s.Approvals.Settings(ctx(c), actor(c))
	if err != nil {
		return nil, err
	}
	connections, err := s.Connections.List(ctx(c), actor(c))
	if err != nil {
		return nil, err
	}
	tell := func(where string, v approval.Settings) []views.Field {
		chosen := map[int64]bool{}
		for _, id := range v.Connections {
			chosen[id] = where == "some"
		}
		var names []string
		for _, one := range connections {
			if chosen[one.ID] {
				names = append(names, one.Name)
			}
		}
		return []views.Field{{Label: text(c, "approval.where"), Lines: []string{text(c, "approval.where."+where)}}, {Label: text(c, "approval.connections"), Lines: names},
			{Label: text(c, "approval.of_rules"), Lines: []string{yesOrNo(c, v.OfRules)}}, {Label: text(c, "approval.contributors"), Lines: []string{yesOrNo(c, v.Contributors)}}}
	}
	opened, _ := strconv.Atoi(c.FormValue("version"))
	conflict, err := s.settingsConflict(c, audit.Filter{Action: audit.ApprovalSettingsSet}, since(opened, kept.Version), tell(placeOf(kept), kept), tell(where, typed))
	if conflict != nil {
		conflict.Take, conflict.Over = approvalviews.SettingsPath, strconv.Itoa(kept.Version)
	}
	return conflict, err
}

// sourceConflict says nothing of passwords: whether one was typed is nobody else's matter.
func (s *Server) sourceConflict(c echo.Context, now source.Source, typed sourceviews.FormView) (*views.Conflict, error) {
	tell := func(v sourceviews.FormView) (told []views.Field) {
		add := func(key, value string) { told = append(told, views.Field{Label: text(c, key), Lines: lines(value)}) }
		add("sources.name", v.Name)
		switch v.Kind {
		case "folder":
			add("sources.folder", v.Folder)
			add("sources.pattern", v.Pattern)
			add("sources.on_change", yesOrNo(c, v.OnChange))
		case "sql":
			add("sources.sql.host", v.Host)
			add("sources.sql.port", v.Port)
			add("sources.sql.database", v.Database)
			add("sources.sql.user", v.User)
			add("sources.sql.tls", text(c, "sources.sql.tls."+v.TLS))
			add("sources.sql.authority", v.Authority)
			add("sources.sql.schema", v.TableSchema)
			add("sources.sql.table", v.Table)
			add("sources.sql.query", v.Query)
		}
		if v.Kind != "upload" && now.Place != source.Stays {
			add("sources.with_schedule", yesOrNo(c, v.WithSchedule))
		}
		add("sources.shrink_share", v.ShrinkShare+" %")
		return told
	}
	opened, _ := strconv.Atoi(typed.Version)
	conflict, err := s.settingsConflict(c, subjectOf("source", now.ID), since(opened, now.Version), tell(keptSource(now)), tell(typed))
	if conflict != nil {
		conflict.Take, conflict.Over = sourcePath(now.ID)+"/edit", strconv.Itoa(now.Version)
	}
	return conflict, err
}

func (s *Server) retentionConflict(c echo.Context, typed map[string]string) (*views.Conflict, error) {
	list, err := s.Erasures.Retention(ctx(c), actor(c))
	if err != nil {
		return nil, err
	}
	var theirs, mine []views.Field
	for _, k := range list {
		if !k.Settable() {
			continue
		}
		label := text(c, "erasure.keep."+k.Name)
		theirs = append(theirs, views.Field{Label: label, Lines: []string{strconv.Itoa(k.Days) + " " + text(c, "erasure.keep.unit")}})
		days, ok := typed[k.Name]
		if !ok {
			days = strconv.Itoa(k.Days)
		}
		mine = append(mine, views.Field{Label: label, Lines: []string{days + " " + text(c, "erasure.keep.unit")}})
	}
	conflict, err := s.settingsConflict(c, audit.Filter{Action: audit.RetentionSaved}, 1, theirs, mine)
	if conflict != nil {
		conflict.Take, conflict.Over = erasureviews.RetentionPath, erasure.Standing(list)
	}
	return conflict, err
}
