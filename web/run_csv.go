package web

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/tabular"
	views "github.com/segue-app/segue/views/run"
)

// rejectionsAtATime is how many rejections a download reads at once.
const rejectionsAtATime = 1_000

// downloadRejections streams every profile of a run that was not accepted, with headings and reasons in the reader's language.
func (s *Server) downloadRejections(c echo.Context) error {
	r, err := s.runOf(c)
	if err != nil {
		return err
	}
	destinationName, err := s.destinationOf(c, r)
	if err != nil {
		return err
	}
	list, err := s.Runs.Rejections(ctx(c), actor(c), r.ID, "", 0, rejectionsAtATime)
	if err != nil {
		return err
	}
	if err := s.looked(c, audit.SawRejections, audit.Of("run", r.ID, r.ExportName)); err != nil {
		return err
	}
	out := tabular.NewWriter(s.attachment(c, text(c, "runs.file", "Number", strconv.FormatInt(r.ID, 10)), "text/csv; charset=utf-8"))
	headings := []string{
		text(c, "runs.profile_id"), text(c, "runs.outcome"), text(c, "runs.field"), text(c, "runs.reason"),
		text(c, "runs.words", "Destination", destinationName), text(c, "runs.other_id"), text(c, "story.since.heading"),
	}
	if err := out.Write(headings...); err != nil {
		return err
	}
	for len(list) > 0 {
		for _, one := range list {
			if err := out.Write(rejectionCells(c, one, destinationName)...); err != nil {
				return err
			}
		}
		if list, err = s.Runs.Rejections(ctx(c), actor(c), r.ID, "", list[len(list)-1].ID, rejectionsAtATime); err != nil {
			return err
		}
	}
	return out.Flush()
}

func rejectionCells(c echo.Context, r run.Rejection, destinationName string) []string {
	since := ""
	if r.SinceRun != 0 {
		since = strconv.FormatInt(r.SinceRun, 10)
	}
	return []string{
		r.ProfileID, text(c, "runs.outcome."+string(r.Outcome), "Destination", destinationName), views.FieldText(ctx(c), r.Field),
		views.ReasonText(ctx(c), r.Code, destinationName), r.Message, r.OtherID, since,
	}
}

// destinationOf is the proper name of the destination that a run sends to.
func (s *Server) destinationOf(c echo.Context, r run.Run) (string, error) {
	if r.Plan != nil {
		return s.Connections.DestinationName(r.Plan.DestinationType), nil
	}
	e, err := s.Exports.Recall(ctx(c), actor(c), r.ExportID)
	return s.Connections.DestinationName(e.DestinationType), err
}
