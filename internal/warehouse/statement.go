package warehouse

import (
	"strings"

	"github.com/segue-app/segue/internal/dialect"
	"github.com/segue-app/segue/internal/problem"
)

// What is what to read: a table, or a query that an administrator wrote.
type What struct {
	Schema string // of the table; "" leaves it to the database
	Table  string
	Query  string
}

// maxQuery is the longest query that is taken, in bytes.
const maxQuery = 100_000

// From is What as an item of FROM in SQL of the kind, without an alias. A query must be one statement that reads.
func (w What) From(k Kind) (string, error) {
	switch {
	case !k.Valid():
		return "", problem.New(problem.Invalid, "warehouse.problem.kind")
	case w.Query != "" && w.Table == "":
		query, err := single(k, w.Query)
		if err != nil {
			return "", err
		}
		return "(" + query + "\n)", nil // a comment at the end of the query ends with its line
	case w.Query == "" && w.Table != "":
		if len(w.Table) > maxField || len(w.Schema) > maxField || strings.ContainsRune(w.Table+w.Schema, 0) {
			return "", problem.New(problem.Invalid, "warehouse.problem.name")
		}
		if w.Schema == "" {
			return quote(k, w.Table), nil
		}
		return quote(k, w.Schema) + "." + quote(k, w.Table), nil
	}
	return "", problem.New(problem.Invalid, "warehouse.problem.what")
}

// quote writes a name as an identifier, whatever is in it. The kinds have the names of their dialects.
func quote(k Kind, name string) string {
	d, _ := dialect.Of(string(k)) // TestNamesAreQuotedWhateverIsInThem finds one for every kind
	return d.Quote(name)
}

// beginnings are the words that a statement which only reads begins with. SQL Server takes none but SELECT in parentheses.
var beginnings = map[Kind][]string{
	PostgreSQL: {"SELECT", "WITH", "TABLE", "VALUES"},
	MySQL:      {"SELECT", "WITH", "TABLE", "VALUES"},
	SQLServer:  {"SELECT"},
	Trino:      {"SELECT", "WITH", "TABLE", "VALUES"},
}

// single checks that a text is one statement that reads and that it cannot leave the parentheses it will be put in, and
// returns it without a last semicolon. It knows each database's strings, quoted names and comments; what it cannot be sure
// of, it refuses. It is one wall of several: the session and the login's rights are the others.
func single(k Kind, query string) (string, error) {
	refuse := func(code string) (string, error) {
		return "", problem.New(problem.Invalid, "warehouse.problem."+code)
	}
	if len(query) > maxQuery {
		return refuse("query_long")
	}
	if strings.ContainsRune(query, 0) {
		return refuse("query_unfinished")
	}
	s := scanner{kind: k, text: query}
	first, depth, end := "", 0, -1
	for {
		start, token := s.next()
		switch {
		case s.failed:
			return refuse("query_unfinished")
		case token == "":
			switch {
			case first == "":
				return refuse("query_empty")
			case depth != 0:
				return refuse("query_parentheses")
			case end < 0:
				end = len(query)
			}
			return strings.TrimSpace(query[:end]), nil
		case end >= 0: // something follows the semicolon
			if token == ";" {
				continue
			}
			return refuse("query_several")
		case token == ";":
			if first == "" {
				return refuse("query_empty")
			}
			end = start
			continue
		case token == "(":
			depth++
		case token == ")":
			if depth--; depth < 0 {
				return refuse("query_parentheses")
			}
		}
		if first != "" || token == "(" {
			continue
		}
		for _, word := range beginnings[k] {
			if strings.EqualFold(token, word) {
				first = word
			}
		}
		if first == "" {
			return refuse("query_reads")
		}
	}
}

// scanner cuts SQL into tokens: words, single signs, and strings or quoted names as one token each. Comments are passed over.
// Where versions of a database cut differently, or in a way that few know, it fails.
type scanner struct {
	kind   Kind
	text   string
	at     int
	failed bool // a string, quoted name or comment does not end, hides a statement, or could be read in two ways

	last    string // the token before
	lastEnd int
	escaped bool // the token before was one of PostgreSQL's E'…'
}

// next gives the next token and where it starts; "" at the end.
func (s *scanner) next() (start int, token string) {
	for s.at < len(s.text) && !s.failed {
		rest, c := s.text[s.at:], s.text[s.at]
		start = s.at
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
			s.at++
			continue
		case strings.HasPrefix(rest, "--") && (s.kind != MySQL || len(rest) == 2 || rest[2] <= ' '), c == '#' && s.kind == MySQL:
			s.lineComment(rest)
			continue
		case strings.HasPrefix(rest, "/*"):
			s.comment()
			continue
		}
		escaped := false
		switch {
		case c == '\'':
			// E'a' goes on in a string on the next line, with its escapes.
			s.failed = s.escaped
			escaped = s.kind == PostgreSQL && s.lastEnd == start && strings.EqualFold(s.last, "e")
			s.quoted('\'', s.kind == MySQL || escaped)
		case c == '"':
			s.quoted('"', s.kind == MySQL)
		case c == '`' && (s.kind == MySQL || s.kind == Trino):
			s.quoted('`', false)
		case c == '[' && s.kind == SQLServer:
			s.quoted(']', false)
		case c == '$' && s.kind == PostgreSQL:
			s.dollar()
		case isWord(c):
			s.word()
		default:
			s.at++
			s.failed = c < ' ' || c == 0x7f || c == '`'
		}
		if s.failed {
			return start, ""
		}
		s.last, s.lastEnd, s.escaped = s.text[start:s.at], s.at, escaped
		return start, s.last
	}
	return s.at, ""
}

func isWord(c byte) bool {
	return c == '_' || c >= 0x80 || isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// word passes over a word or number. A number that runs into a string, as 1E'a' and 1$$a$$, is cut differently by versions
// of PostgreSQL.
func (s *scanner) word() {
	number := isDigit(s.text[s.at])
	for s.at < len(s.text) && (isWord(s.text[s.at]) || s.text[s.at] == '$' && !number) {
		s.at++
	}
	s.failed = number && s.at < len(s.text) && strings.IndexByte("'\"$", s.text[s.at]) >= 0
}

// lineComment passes over a comment to the end of its line. A lone CR ends it for some, and so may Unicode's ends of lines.
// Where they disagree, a statement could hide.
func (s *scanner) lineComment(rest string) {
	line, _, _ := strings.Cut(rest, "\n")
	s.failed = strings.ContainsAny(strings.TrimRight(line, "\r"), "\r\u0085\u2028\u2029")
	s.at += len(line)
}

// quoted passes over a string or quoted name; its end doubled stands for itself.
func (s *scanner) quoted(end byte, backslash bool) {
	for s.at++; s.at < len(s.text); s.at++ {
		switch {
		case backslash && s.text[s.at] == '\\':
			s.at++
		case s.text[s.at] == end:
			if s.at+1 < len(s.text) && s.text[s.at+1] == end {
				s.at++
				continue
			}
			s.at++
			return
		}
	}
	s.failed = true
}

// dollar passes over PostgreSQL's $tag$ … $tag$, or over a $ that begins no string.
func (s *scanner) dollar() {
	rest := s.text[s.at:]
	end := 1
	for end < len(rest) && isWord(rest[end]) {
		end++
	}
	switch {
	case end > 1 && isDigit(rest[1]): // a placeholder, which is digits and nothing that they run into
		digits := len(rest) - len(strings.TrimLeft(rest[1:], "0123456789"))
		s.failed = end != digits || end < len(rest) && strings.IndexByte("'\"$", rest[end]) >= 0
		s.at += end
		return
	case end == len(rest) || rest[end] != '$':
		s.at += end
		return
	}
	tag := rest[:end+1]
	length := strings.Index(rest[len(tag):], tag)
	if length < 0 {
		s.failed = true
		return
	}
	s.at += len(tag) + length + len(tag)
}

// comment passes over /* … */, which nests but in MySQL, where /*! and /*M! hold statements and are refused.
func (s *scanner) comment() {
	if s.kind == MySQL && (strings.HasPrefix(s.text[s.at:], "/*!") || strings.HasPrefix(s.text[s.at:], "/*M!")) {
		s.failed = true
		return
	}
	nests := s.kind == PostgreSQL || s.kind == SQLServer
	depth := 0
	for s.at < len(s.text) {
		switch rest := s.text[s.at:]; {
		case strings.HasPrefix(rest, "/*") && (nests || depth == 0):
			depth++
			s.at += 2
		case strings.HasPrefix(rest, "*/"):
			s.at += 2
			if depth--; depth == 0 {
				return
			}
		default:
			s.at++
		}
	}
	s.failed = true
}
