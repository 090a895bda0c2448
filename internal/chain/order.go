package chain

import (
	"context"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
)

// newChain is a chain that is about to be made.
type newChain struct {
	cause   Cause
	by      access.Actor // the zero Actor: the program
	ofChain int64
	dueAt   time.Time
	alone   bool
	skips   bool
	tasks   []Task // kind, target and name
}

// systemTasks are those of a chain of the system, in their order.
func (s *Service) systemTasks(ctx context.Context, q database.Querier) (tasks []Task, err error) {
	sources, err := s.Sources.OnSchedule(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, of := range sources {
		tasks = append(tasks, Task{Kind: Source, TargetID: of.ID, Name: of.Name})
	}
	tasks = append(tasks, Task{Kind: Profiles})
	segments, err := s.Segments.ActiveNames(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, of := range segments {
		tasks = append(tasks, Task{Kind: Segment, TargetID: of.ID, Name: of.Name})
	}
	exports, err := s.Exports.WithSystem(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, of := range exports {
		tasks = append(tasks, Task{Kind: Export, TargetID: of.ID, Name: of.Name})
	}
	return tasks, nil
}

func (s *Service) exportTasks(ctx context.Context, q database.Querier, ids []int64) (tasks []Task, err error) {
	exports, err := s.Exports.Names(ctx, q, ids)
	for _, of := range exports {
		tasks = append(tasks, Task{Kind: Export, TargetID: of.ID, Name: of.Name})
	}
	return tasks, err
}

// repeated are the tasks of a chain that are done again.
func repeated(tasks []Task) (again []Task) {
	all := false // from here on, because what they depend on changes
	for _, t := range tasks {
		failed := t.State == Failed || t.State == Cancelled || t.State == Skipped
		all = all || failed && (t.Kind == Source || t.Kind == Profiles)
		if failed || all && t.Kind != Source {
			again = append(again, Task{Kind: t.Kind, TargetID: t.TargetID, Name: t.Name})
		}
	}
	return again
}
