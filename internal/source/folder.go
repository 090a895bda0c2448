package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
)

// quiet is how long a file must be unchanged before it is read by itself: whoever writes it may not be done.
const quiet = 5 * time.Second

// FoldersAllowed are the folders that the operator lets sources watch.
func (s *Service) FoldersAllowed(actor access.Actor) ([]string, error) {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return nil, err
	}
	return slices.Clone(s.folders), nil
}

// checkFolders says what is wrong with what a person typed: only a folder that the operator allowed, and names in it.
func (s *Service) checkFolders(check *problem.Check, f Folders) {
	check.Require(slices.Contains(s.folders, f.Folder), "folder", "problem.choose")
	check.Require(f.Pattern != "", "pattern", "problem.required")
	_, err := path.Match(f.Pattern, "a.csv")
	check.Require(err == nil && !strings.ContainsAny(f.Pattern, `/\`) && len(f.Pattern) <= maxName, "pattern", "sources.pattern.bad")
}

// found is a file in a watched folder as it was seen.
type found struct {
	name     string
	modified time.Time
	mark     string // changes with the file
}

func seen(info fs.FileInfo) found {
	return found{info.Name(), info.ModTime(), fmt.Sprintf("%s|%d|%d", info.Name(), info.Size(), info.ModTime().UnixNano())}
}

// newest finds the newest file that matches. A link counts as what it leads to, which must be in the folder as well: the root
// lets nothing lead out. It is a NotFound problem when there is no such file, and Unavailable when the folder cannot be read.
func newest(root *os.Root, pattern string) (found, error) {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return found{}, errFolder(err)
	}
	var best found
	for _, entry := range entries {
		if match, err := path.Match(pattern, entry.Name()); err != nil || !match {
			continue
		}
		info, err := root.Stat(entry.Name())
		if err != nil || !info.Mode().IsRegular() {
			continue // gone meanwhile, a folder, or a link that leads out
		}
		one := seen(info)
		one.name = entry.Name()
		if best.name == "" || one.modified.After(best.modified) || (one.modified.Equal(best.modified) && one.name > best.name) {
			best = one
		}
	}
	if best.name == "" {
		return found{}, problem.New(problem.NotFound, "sources.folder.no_file")
	}
	return best, nil
}

func errFolder(err error) *problem.Problem {
	return problem.New(problem.Unavailable, "sources.folder.unreadable").Because(err)
}

// openFolder opens the folder of a source, if the operator allows it still.
func (s *Service) openFolder(of Source) (*os.Root, error) {
	if !slices.Contains(s.folders, of.Watched.Folder) {
		return nil, problem.New(problem.Unavailable, "sources.folder.not_allowed")
	}
	root, err := os.OpenRoot(of.Watched.Folder)
	if err != nil {
		return nil, errFolder(err)
	}
	return root, nil
}

// fetchFile copies the newest file of a folder and makes an import of it. of is a Folder.
func (s *Service) fetchFile(ctx context.Context, of Source, i Import) (_ Import, err error) {
	root, err := s.openFolder(of)
	if err != nil {
		return Import{}, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	file, err := newest(root, of.Watched.Pattern)
	if err != nil {
		return Import{}, err
	}
	opened, err := root.Open(file.name)
	if err != nil {
		return Import{}, errFolder(err)
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	info, err := opened.Stat()
	if err != nil {
		return Import{}, errFolder(err)
	}
	if !info.Mode().IsRegular() {
		return Import{}, problem.New(problem.NotFound, "sources.folder.no_file")
	}
	i.FileName, i.Mark, i.TotalBytes = file.name, file.mark, info.Size()
	return s.take(ctx, i, opened)
}

// Look reads the watched folders whose newest file has changed and stands still. It is called again and again: a network
// mount tells nobody of a new file. What is wrong with one source keeps none of the others.
func (s *Service) Look(ctx context.Context) error {
	list, err := s.store.sources(ctx, s.store.db.Reader())
	if err != nil {
		return err
	}
	var all error
	for _, of := range list {
		if of.Kind != Folder || !of.OnChange {
			continue
		}
		if err := s.look(ctx, of); problem.Of(err) == nil {
			all = errors.Join(all, err)
		}
	}
	return all
}

func (s *Service) look(ctx context.Context, of Source) (err error) {
	root, err := s.openFolder(of)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	file, err := newest(root, of.Watched.Pattern)
	if err != nil || file.mark == of.Mark || !s.stands(of.ID, file) {
		return err
	}
	_, err = s.fetch(ctx, of, by(access.System, ByChange))
	return err
}

// stands reports whether a file looks as it did the last time, some seconds ago or more.
func (s *Service) stands(sourceID int64, file found) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	last := s.looked[sourceID]
	if last.mark != file.mark {
		s.looked[sourceID] = glance{file.mark, time.Now()}
		return false
	}
	return time.Since(last.at) >= s.quiet
}

// glance is when a file was seen first as it is.
type glance struct {
	mark string
	at   time.Time
}
