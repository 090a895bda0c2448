package sandbox

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// scanner reads JSON from a text without copying it: strings without escapes are parts of the text. It exists because
// the sandbox shares a small machine with what is measured against it, and decoding is most of its work. It is as
// strict as RFC 8259, and also refuses bytes that are not UTF-8.
type scanner struct {
	data string
	pos  int
	bad  bool // once set, everything ends
}

const maxDepth = 64

func (s *scanner) fail() { s.bad, s.pos = true, len(s.data) }

// peek gives the next byte that is not a blank, 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.data) {
		switch b := s.data[s.pos]; b {
		case ' ', '\n', '\r', '\t':
			s.pos++
		default:
			return b
		}
	}
	return 0
}

func (s *scanner) expect(b byte) {
	if s.peek() != b {
		s.fail()
		return
	}
	s.pos++
}

// more steps through the members of an object or the elements of an array: open it with expect, then call more with
// its end sign before each.
func (s *scanner) more(end byte, first *bool) bool {
	if s.bad {
		return false
	}
	b := s.peek()
	if b == end {
		s.pos++
		return false
	}
	if !*first {
		if b != ',' {
			s.fail()
			return false
		}
		s.pos++
		if s.peek() == end {
			s.fail()
			return false
		}
	}
	*first = false
	return true
}

func (s *scanner) key() string {
	key := s.text()
	s.expect(':')
	return key
}

// text reads a string.
func (s *scanner) text() string {
	if s.peek() != '"' {
		s.fail()
		return ""
	}
	start := s.pos + 1
	escaped, ascii := false, true
	for i := start; i < len(s.data); i++ {
		switch b := s.data[i]; {
		case b == '"':
			s.pos = i + 1
			part := s.data[start:i]
			if !ascii && !utf8.ValidString(part) {
				s.fail()
				return ""
			}
			if !escaped {
				return part
			}
			var plain string
			if json.Unmarshal([]byte(s.data[start-1:i+1]), &plain) != nil {
				s.fail()
			}
			return plain
		case b == '\\':
			escaped = true
			i++
		case b < ' ':
			s.fail()
			return ""
		case b >= utf8.RuneSelf:
			ascii = false
		}
	}
	s.fail()
	return ""
}

// raw skips a value and gives it as it is written.
func (s *scanner) raw() string {
	s.peek()
	start := s.pos
	s.skip(0)
	if s.bad {
		return ""
	}
	return s.data[start:s.pos]
}

func (s *scanner) skip(depth int) {
	if depth > maxDepth {
		s.fail()
		return
	}
	switch b := s.peek(); b {
	case '{':
		s.pos++
		for first := true; s.more('}', &first); {
			s.key()
			s.skip(depth + 1)
		}
	case '[':
		s.pos++
		for first := true; s.more(']', &first); {
			s.skip(depth + 1)
		}
	case '"':
		s.text()
	case 't':
		s.word("true")
	case 'f':
		s.word("false")
	case 'n':
		s.word("null")
	default:
		s.number()
	}
}

func (s *scanner) word(word string) {
	if !strings.HasPrefix(s.data[s.pos:], word) {
		s.fail()
		return
	}
	s.pos += len(word)
}

func (s *scanner) number() {
	if s.pos < len(s.data) && s.data[s.pos] == '-' {
		s.pos++
	}
	whole := s.digits()
	if whole == 0 || whole > 1 && s.data[s.pos-whole] == '0' {
		s.fail()
		return
	}
	if s.pos < len(s.data) && s.data[s.pos] == '.' {
		s.pos++
		if s.digits() == 0 {
			s.fail()
			return
		}
	}
	if s.pos < len(s.data) && s.data[s.pos]|0x20 == 'e' {
		s.pos++
		if s.pos < len(s.data) && (s.data[s.pos] == '+' || s.data[s.pos] == '-') {
			s.pos++
		}
		if s.digits() == 0 {
			s.fail()
		}
	}
}

func (s *scanner) digits() (n int) {
	for s.pos < len(s.data) && s.data[s.pos] >= '0' && s.data[s.pos] <= '9' {
		s.pos++
		n++
	}
	return n
}

// end reports whether the text held one value and nothing else.
func (s *scanner) end() bool { return !s.bad && s.peek() == 0 && s.pos == len(s.data) }

// appendQuoted appends a JSON string.
func appendQuoted(dst []byte, text string) []byte {
	for i := 0; i < len(text); i++ {
		if b := text[i]; b < ' ' || b == '"' || b == '\\' {
			quoted, err := json.Marshal(text)
			if err != nil {
				panic(err) // a string always has a JSON form
			}
			return append(dst, quoted...)
		}
	}
	return append(append(append(dst, '"'), text...), '"')
}
