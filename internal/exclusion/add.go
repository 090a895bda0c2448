package exclusion

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/address"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
)

const (
	// MostLines is how many lines one upload may have.
	MostLines    = 1_000_000
	addAtOnce    = 5000 // entries in one transaction
	faultsKept   = 100
	longestLine  = 16 << 10 // bytes; what is longer holds no address that could be meant
	byteOrderBOM = "\uFEFF"
)

// Report says what came of the lines of one adding.
type Report struct {
	Emails, Domains int   // added
	Known           int   // on the list already
	Faulty          int   // lines that are neither an address nor a domain
	Faults          []int // numbers of the first of them; the lines themselves are not kept
	Cut             bool  // there were more than MostLines: the others were not read
}

// Lines is how many lines said something.
func (r Report) Lines() int { return r.Emails + r.Domains + r.Known + r.Faulty }

// Add reads addresses and domains, one a line, and puts them on the list as they come: when it fails half way, those
// before stay, and the same once more changes nothing. Of a line with several columns the first is taken that looks like an
// address, or else the first.
func (s *Service) Add(ctx context.Context, actor access.Actor, lines io.Reader, reason string) (report Report, err error) {
	if err := actor.Require(access.ManageExclusions); err != nil {
		return report, err
	}
	if reason, err = checkReason(reason, lines != nil, "entries", "exclusions.problem.nothing"); err != nil {
		return report, err
	}
	list, err := s.current(ctx)
	if err != nil {
		return report, err
	}
	a := &adding{service: s, actor: actor, hasher: list.hasher, addition: Addition{At: s.now(), By: actor.Name, Reason: reason}}
	defer a.service.version.Add(1) // whatever came of it
	in := bufio.NewReaderSize(lines, longestLine)
	for number := 1; ; number++ {
		line, more, err := readLine(in)
		if err != nil {
			return a.report, errors.Join(err, a.flush(ctx))
		}
		if !more {
			break
		}
		if number > MostLines {
			a.report.Cut = true
			break
		}
		if err := a.line(ctx, number, line); err != nil {
			return a.report, err
		}
	}
	if err := a.flush(ctx); err != nil {
		return a.report, err
	}
	if a.report.Lines() == 0 {
		_, err = checkReason(reason, false, "entries", "exclusions.problem.nothing")
	}
	return a.report, err
}

// readLine gives the next line without its end; one that is too long comes back as a line that means nothing.
func readLine(in *bufio.Reader) (line string, more bool, err error) {
	part, long, err := in.ReadLine()
	if errors.Is(err, io.EOF) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("read entries: %w", err)
	}
	line = string(part)
	for long && err == nil {
		line = "? ?"
		_, long, err = in.ReadLine()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return "", false, fmt.Errorf("read entries: %w", err)
	}
	return line, true, nil
}

// adding is one act of adding under way.
type adding struct {
	told     time.Time // when runs under way were last told that there is more
	service  *Service
	actor    access.Actor
	hasher   *hasher
	addition Addition
	id       int64 // of the addition, once something was written
	emails   fingerprints
	domains  []string
	report   Report
}

func (a *adding) line(ctx context.Context, number int, line string) error {
	if number == 1 {
		line = strings.TrimPrefix(line, byteOrderBOM)
	}
	typed := column(line)
	if typed == "" {
		return nil
	}
	if strings.Contains(strings.TrimPrefix(typed, "@"), "@") {
		if form, ok := address.Read(typed); ok {
			a.emails = append(a.emails, a.hasher.fingerprint(form))
		} else {
			a.fault(number)
		}
	} else if domain, ok := address.ReadDomain(typed); ok {
		a.domains = append(a.domains, domain)
	} else if number > 1 || strings.ContainsAny(typed, "@. ") { // a first line of one word is a heading
		a.fault(number)
	}
	if len(a.emails)+len(a.domains) < addAtOnce {
		return nil
	}
	return a.flush(ctx)
}

func (a *adding) fault(number int) {
	if a.report.Faulty++; len(a.report.Faults) < faultsKept {
		a.report.Faults = append(a.report.Faults, number)
	}
}

// domainsTold is how many domains the audit log names; of more it tells the number.
const domainsTold = 20

// tellEvery is how often runs under way hear of a long list while it is read: each time they read it all again.
const tellEvery = 2 * time.Second

// flush writes what was read.
func (a *adding) flush(ctx context.Context) error {
	if len(a.emails)+len(a.domains) == 0 {
		return nil
	}
	a.emails.sort()
	var emails, domains int
	id := a.id
	err := a.service.db.InTx(ctx, func(tx database.Tx) (err error) {
		if id == 0 {
			if id, err = insertAddition(ctx, tx, a.addition); err != nil {
				return err
			}
		}
		if emails, domains, err = addEntries(ctx, tx, id, a.emails, a.domains); err != nil || emails+domains == 0 {
			return err
		}
		changes := []audit.Change{{Field: "addresses", After: strconv.Itoa(emails)}, {Field: "domains", After: strconv.Itoa(domains)}}
		if len(a.domains) <= domainsTold {
			changes[1].After = strings.Join(a.domains, ", ")
		}
		return audit.Write(ctx, tx, a.service.now(), a.actor, audit.Entry{Action: audit.ExclusionsAdded, Changes: audit.Changed(changes...)})
	})
	if err != nil {
		return err
	}
	a.id = id
	if now := time.Now(); now.Sub(a.told) > tellEvery {
		a.service.version.Add(1)
		a.told = now
	}
	a.report.Known += len(a.emails) + len(a.domains) - emails - domains
	a.report.Emails, a.report.Domains = a.report.Emails+emails, a.report.Domains+domains
	a.emails, a.domains = a.emails[:0], a.domains[:0]
	return nil
}

// column takes what is meant out of a line of a list or of a CSV file.
func column(line string) string {
	first := ""
	for i, part := range strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ';' || r == '\t' }) {
		part = strings.TrimSpace(strings.Trim(strings.TrimSpace(part), `"'<>`))
		if strings.Contains(part, "@") {
			return part
		}
		if i == 0 {
			first = part
		}
	}
	return first
}
