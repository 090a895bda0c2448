package sandbox

import (
	"bufio"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// The file holds one heldBrand after the other, each followed by its contacts in parts. A brand of the file that the
// options do not name is left behind.
type heldBrand struct {
	ID       string
	Contacts int
	Dates    map[uint32]*dates
	Batches  []*batch
	Welcomes int
}

type heldContact struct {
	Packed           string
	Created, Updated int64
	Mail, SMS        uint8
}

const (
	heldPart   = 4096
	saveEvery  = 10 * time.Second
	fileFormat = 1
)

func (s *Server) keepSaving() {
	ticker := time.NewTicker(saveEvery)
	defer ticker.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-ticker.C:
			_ = s.save() // it is tried again, and the last time, at closing, tells
		}
	}
}

// save writes the state beside the file and puts it in its place, so that there is always a whole one.
func (s *Server) save() error {
	if s.options.File == "" || !s.dirty.Swap(false) {
		return nil
	}
	err := s.write()
	if err != nil {
		s.dirty.Store(true)
		return fmt.Errorf("save the sandbox's state: %w", err)
	}
	return nil
}

func (s *Server) write() (err error) {
	file, err := os.CreateTemp(filepath.Dir(s.options.File), filepath.Base(s.options.File)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close(), os.Remove(file.Name()))
		}
	}()
	out := bufio.NewWriterSize(file, 1<<20)
	to := gob.NewEncoder(out)
	if err = to.Encode(fileFormat); err != nil {
		return err
	}
	for _, b := range s.list() {
		held, contacts := b.copy()
		if err = to.Encode(held); err != nil {
			return err
		}
		for part := range slices.Chunk(contacts, heldPart) {
			list := make([]heldContact, len(part))
			for i, c := range part {
				list[i] = heldContact{c.packed, c.created, c.updated, c.mail, c.sms}
			}
			if err = to.Encode(list); err != nil {
				return err
			}
		}
	}
	if err = errors.Join(out.Flush(), file.Sync()); err != nil {
		return err
	}
	if err = os.Rename(file.Name(), s.options.File); err != nil {
		return err
	}
	return file.Close()
}

// copy takes what is to be saved out of the brand, so that the lock is not held while it is written.
func (b *brand) copy() (heldBrand, []stored) {
	b.mu.Lock()
	defer b.mu.Unlock()
	held := heldBrand{ID: b.ID, Contacts: len(b.contacts), Dates: map[uint32]*dates{}, Welcomes: b.welcomes}
	for index, when := range b.dates {
		same := *when
		held.Dates[index] = &same
	}
	for _, t := range b.batches {
		same := batch{Number: -1} // gob has no nil in lists
		if t != nil {
			same = *t
		}
		held.Batches = append(held.Batches, &same)
	}
	return held, slices.Clone(b.contacts)
}

func (s *Server) load() error {
	if s.options.File == "" {
		return nil
	}
	file, err := os.Open(s.options.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open the sandbox's state: %w", err)
	}
	defer file.Close()
	if err := s.read(gob.NewDecoder(bufio.NewReaderSize(file, 1<<20))); err != nil {
		return fmt.Errorf("read the sandbox's state from %s: %w", s.options.File, err)
	}
	return nil
}

func (s *Server) read(from *gob.Decoder) error {
	var format int
	if err := from.Decode(&format); err != nil {
		return err
	}
	if format != fileFormat {
		return fmt.Errorf("format %d is not known", format)
	}
	for {
		var held heldBrand
		if err := from.Decode(&held); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		b := s.byID(held.ID)
		if b == nil {
			b = newBrand(0, Brand{ID: held.ID}) // read past it
		}
		if err := b.restore(from, held); err != nil {
			return err
		}
		for _, t := range b.batches {
			if t != nil && t.Ended == 0 && !t.Stalled && s.byID(held.ID) == b {
				s.queue.add(job{b: b, batch: t, due: s.options.Clock()})
			}
		}
	}
}

func (b *brand) restore(from *gob.Decoder, held heldBrand) error {
	b.welcomes = held.Welcomes
	if held.Dates != nil {
		b.dates = held.Dates
	}
	for _, t := range held.Batches {
		if t.Number < 0 {
			t = nil
		}
		b.batches = append(b.batches, t)
	}
	b.contacts = make([]stored, 0, held.Contacts)
	for len(b.contacts) < held.Contacts {
		var part []heldContact
		if err := from.Decode(&part); err != nil {
			return err
		}
		for _, c := range part {
			index := uint32(len(b.contacts))
			b.contacts = append(b.contacts, stored{c.Packed, c.Created, c.Updated, c.Mail, c.SMS})
			b.reading.unpack(c.Packed)
			if b.reading.email != "" {
				b.byEmail[b.reading.email] = index
			}
			if b.reading.phone != "" {
				b.byPhone[b.reading.phone] = index
			}
		}
	}
	return nil
}
