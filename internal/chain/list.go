package chain

import (
	"context"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
)

// Records reads chains and what was done in them, and beside them what people started by hand. It changes nothing.
type Records struct{ db *database.DB }

// NewRecords reads from the database.
func NewRecords(db *database.DB) *Records { return &Records{db} }

// Origin says what a piece of work is a record of.
type Origin string

// The origins.
const (
	OfChain  Origin = "task"   // a task of a chain
	OfRun    Origin = "run"    // a run that is in no chain
	OfImport Origin = "import" // an import that is in no chain
)

// Key names one piece of work.
type Key struct {
	Origin Origin
	ID     int64
}

// Work is a task of a chain, or a run or an import that is in none; then ChainID is 0 and ID that of the run or the import.
type Work struct {
	Task
	Origin      Origin
	RequestedBy string // who started it by hand; "" for the program, and in a chain
	RunState    string // of its run or import, "" while there is none: more exact than State
	PauseCode   string // why its run is paused
	Settled     int    // of Count, how many have their outcome: of a run only
	Destination string // type, of an export
	Gone        bool   // source, segment or export was removed
	Because     *Task  // kind, name and target of the task that is to blame; nil when none is
}

// Key names it.
func (w Work) Key() Key { return Key{w.Origin, w.ID} }

// Standing is what a list is narrowed to.
type Standing string

// What a list may be narrowed to, besides a State.
const (
	UnderWay Standing = "active"  // waits, or is under way
	Troubled Standing = "trouble" // ended otherwise than well
)

// Query asks for a part of all work. The zero Query asks for all of it.
type Query struct {
	Standing Standing // a State, UnderWay or Troubled
	Kind     Kind
	ChainID  int64
	Search   string    // in the names, however they are written
	Since    time.Time // what was queued or ended since, or has not ended
	Limit    int
	Offset   int
}

// Page is a part of a list, the newest first, and how many there are.
type Page struct {
	Work  []Work
	Total int
}

// Chains is a part of the list of chains, the newest first, and how many there are.
type Chains struct {
	Chains []Chain
	Total  int
}

// Get reads a chain.
func (r *Records) Get(ctx context.Context, actor access.Actor, id int64) (Chain, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return Chain{}, err
	}
	return getChain(ctx, r.db.Reader(), id)
}

// Last reads the chain to show first: one of the system that is under way, otherwise the latest that took place; those of exports with
// a schedule of their own only when there is no other. It is a NotFound problem when there was none yet.
func (r *Records) Last(ctx context.Context, actor access.Actor) (Chain, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return Chain{}, err
	}
	return lastChain(ctx, r.db.Reader())
}

// List reads a part of all chains.
func (r *Records) List(ctx context.Context, actor access.Actor, limit, offset int) (Chains, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return Chains{}, err
	}
	return listChains(ctx, r.db.Reader(), limit, offset)
}

// Before reads the first chains with a lower id than one, the newest first: a part of the list in which nothing is missed, however many
// come meanwhile. 0 is the beginning.
func (r *Records) Before(ctx context.Context, actor access.Actor, id int64, limit int) ([]Chain, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	return chainsBefore(ctx, r.db.Reader(), id, limit)
}

// Tasks reads all tasks of a chain, in the order in which they are done.
func (r *Records) Tasks(ctx context.Context, actor access.Actor, chainID int64) ([]Task, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	work, err := readWork(ctx, r.db.Reader(), Query{ChainID: chainID, Limit: -1}, inOrder)
	tasks := make([]Task, len(work))
	for i, w := range work {
		tasks[i] = w.Task
	}
	return tasks, err
}

// Find reads a part of all work: of chains, and by hand.
func (r *Records) Find(ctx context.Context, actor access.Actor, query Query) (page Page, err error) {
	if err := actor.Require(access.LookAround); err != nil {
		return Page{}, err
	}
	if page.Total, err = countWork(ctx, r.db.Reader(), query); err != nil {
		return Page{}, err
	}
	order := newestFirst
	if query.ChainID != 0 {
		order = inOrder
	}
	page.Work, err = readWork(ctx, r.db.Reader(), query, order)
	return page, err
}

// Recall reads those pieces of work that are named and still there, to show again how they stand.
func (r *Records) Recall(ctx context.Context, actor access.Actor, keys []Key) ([]Work, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	return recallWork(ctx, r.db.Reader(), keys)
}

const (
	mostDrawn = 40 // tasks that a picture draws one by one; of more it draws each kind as one
	inGroup   = 10 // tasks of a kind that are drawn beside that
)

// Picture is what is drawn of a chain.
type Picture struct {
	Chain
	Grouped bool // there are so many tasks that each kind is one line, with some of its tasks below
	Groups  []Group
}

// Group is all tasks of a kind in a chain.
type Group struct {
	Kind      Kind
	States    map[State]int
	Total     int
	QueuedAt  time.Time
	StartedAt time.Time // of the first that began; zero: none has
	EndedAt   time.Time // of the last; zero while one has not ended
	Shown     []Work    // all of them; or those that somebody should look at, and those that took longest
}

// State is that of the whole: whether it is over, and if so, what it has come to. Where some were passed over and others not, that is
// a warning.
func (g Group) State() State {
	open := g.States[Queued] + g.States[Running]
	switch {
	case open > 0 && g.States[Queued] == g.Total:
		return Queued
	case open > 0:
		return Running
	case g.States[Failed] > 0:
		return Failed
	case g.States[Cancelled] > 0:
		return Cancelled
	case g.States[Skipped] == g.Total:
		return Skipped
	case g.States[Skipped]+g.States[Warnings] > 0:
		return Warnings
	}
	return Succeeded
}

// Draw reads what is drawn of a chain.
func (r *Records) Draw(ctx context.Context, actor access.Actor, of Chain) (Picture, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return Picture{}, err
	}
	picture := Picture{Chain: of}
	groups, err := groupTasks(ctx, r.db.Reader(), of.ID)
	if err != nil {
		return picture, err
	}
	total, at := 0, map[Kind]int{}
	for i, g := range groups {
		total, at[g.Kind] = total+g.Total, i
	}
	picture.Groups, picture.Grouped = groups, total > mostDrawn
	each := mostDrawn
	if picture.Grouped {
		each = inGroup
	}
	work, err := drawnWork(ctx, r.db.Reader(), of.ID, each, !picture.Grouped)
	for _, w := range work {
		g := &groups[at[w.Kind]]
		g.Shown = append(g.Shown, w)
	}
	return picture, err
}

// States lists the states in the order of a task's life.
var States = []State{Queued, Running, Succeeded, Warnings, Failed, Cancelled, Skipped}

// Kinds lists the kinds in the order in which they are done.
var Kinds = []Kind{Source, Profiles, Segment, Export}
