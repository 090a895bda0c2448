package blueprint

import (
	"context"
	"slices"
	"strconv"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/segment"
)

// Applied is how far an application came.
type Applied struct {
	Done    []Step `json:"done"`
	LeftOut []Step `json:"left_out"`
	Failed  *Step  `json:"failed,omitempty"` // the step at which it ended; nil: it came to its end
}

// Apply brings what is here in line with the file, step by step. The fingerprint is that of the comparison that somebody looked at:
// when file or configuration changed since, it is a Conflict and nothing is done. The first step that is refused ends it; what
// was done stays, and applying the file again goes on from there.
func (s *Service) Apply(ctx context.Context, actor access.Actor, f File, prune bool, fingerprint string) (Applied, error) {
	applied := Applied{Done: []Step{}, LeftOut: []Step{}}
	actor, err := actor.Configuring()
	if err != nil {
		return applied, err
	}
	now, err := s.read(ctx, actor)
	if err != nil {
		return applied, err
	}
	plan, err := now.compare(f, prune)
	if err != nil {
		return applied, err
	}
	if plan.Fingerprint != fingerprint {
		return applied, problem.New(problem.Conflict, CodeChanged)
	}
	if f, err = now.align(f, prune); err != nil {
		return applied, err
	}
	a := application{service: s, actor: actor, now: now, file: f, segmentIDs: map[string]int64{}}
	for key, one := range now.segments {
		a.segmentIDs[key] = one.ID
	}
	err = s.log.Note(ctx, actor, audit.Entry{Action: audit.ConfigApplied, Changes: []audit.Change{{Field: "steps", After: strconv.Itoa(len(plan.Steps))}}})
	if err != nil {
		return applied, err
	}
	// Segments are ended when all the rest is done, and those that name others first: one that an active segment names cannot be.
	var ends []Step
	for _, step := range plan.Steps {
		if step.Obstacle != "" {
			applied.LeftOut = append(applied.LeftOut, step)
			continue
		}
		if err := a.do(ctx, step); err != nil {
			applied.Failed = &step
			return applied, err
		}
		if a.ends(step) {
			ends = append(ends, step)
		} else {
			applied.Done = append(applied.Done, step)
		}
	}
	for _, step := range slices.Backward(ends) {
		if err := s.segments.Deactivate(ctx, actor, a.segmentIDs[database.Fold(step.Name)], true); err != nil { // the difference was looked at
			applied.Failed = &step
			return applied, err
		}
		applied.Done = append(applied.Done, step)
	}
	return applied, nil
}

// application is an Apply under way.
type application struct {
	service    *Service
	actor      access.Actor
	now        standing
	file       File
	segmentIDs map[string]int64 // by folded name, of those that are here by now
}

func (a *application) do(ctx context.Context, step Step) error {
	key := database.Fold(step.Name)
	switch step.Kind {
	case OfConnection:
		return a.connection(ctx, key)
	case OfSegment:
		if step.Action == Remove {
			return a.service.segments.Delete(ctx, a.actor, a.segmentIDs[key])
		}
		return a.segment(ctx, step)
	default:
		if step.Action == Remove {
			return a.service.exports.RemoveExport(ctx, a.actor, a.now.exports[key].ID)
		}
		return a.export(ctx, key)
	}
}

// ends reports whether the step has a segment be inactive in the end that is active until then: it is now, or it is new and may be
// named by others that are.
func (a *application) ends(step Step) bool {
	here, isHere := a.now.segments[database.Fold(step.Name)]
	wanted, inFile := segmentNamed(a.file.Segments, step.Name)
	return step.Kind == OfSegment && inFile && wanted.State == segment.Inactive && (!isHere || here.State == segment.Active)
}

// connection changes who may use it. Exports of contributors who may not use it any more go on.
func (a *application) connection(ctx context.Context, key string) error {
	here := a.now.connections[key]
	for _, wanted := range a.file.Connections {
		if database.Fold(wanted.Name) == key {
			grant := access.AllContributors
			if !wanted.Contributors {
				ids, _ := a.now.ids(wanted.People) // the file was aligned: it knows them all
				grant = access.Named(ids...)
			}
			_, err := a.service.connections.Edit(ctx, a.actor, here.ID, connection.Change{Version: here.Version, Name: wanted.Name,
				Grant: grant, Withdrawal: connection.GoOn})
			return err
		}
	}
	return nil
}

func (a *application) segment(ctx context.Context, step Step) error {
	wanted, _ := segmentNamed(a.file.Segments, step.Name)
	draft := segment.Draft{Name: wanted.Name, Description: wanted.Description, State: wanted.State, Definition: wanted.portable().Definition(a.now.bases[database.Fold(wanted.Base)], a.segmentIDs)}
	if a.ends(step) {
		draft.State = segment.Active
	}
	key := database.Fold(wanted.Name)
	here, isHere := a.now.segments[key]
	if !isHere {
		made, err := a.service.segments.Create(ctx, a.actor, draft)
		a.segmentIDs[key] = made.ID
		return err
	}
	draft.Version = here.Version
	if wanted.Rule == nil {
		draft.Definition = here.Definition
	}
	_, err := a.service.segments.Update(ctx, a.actor, here.ID, draft)
	return err
}

func (a *application) export(ctx context.Context, key string) error {
	for _, wanted := range a.file.Exports {
		if database.Fold(wanted.Name) == key {
			saved, err := a.saved(ctx, wanted)
			if err != nil || saved.Paused() == wanted.Paused {
				return err
			}
			if wanted.Paused {
				return a.service.exports.Pause(ctx, a.actor, saved.ID)
			}
			return a.service.exports.Resume(ctx, a.actor, saved.ID)
		}
	}
	return nil
}

// saved is the export when it is as wanted, but for being paused.
func (a *application) saved(ctx context.Context, wanted Export) (export.Export, error) {
	here, isHere := a.now.exports[database.Fold(wanted.Name)]
	connectionID := a.now.connections[database.Fold(wanted.Connection)].ID
	switch {
	case !isHere:
		return a.service.exports.Create(ctx, a.actor, wanted.draft(connectionID, a.segmentIDs, export.UsualSchedule))
	case onlyPaused(written(here), wanted):
		return here, nil
	}
	draft := wanted.draft(connectionID, a.segmentIDs, here.Schedule)
	draft.Version, draft.Outcomes = here.Version, here.Outcomes // folders and databases are of one machine: no file has them
	return a.service.exports.Update(ctx, a.actor, here.ID, draft)
}
