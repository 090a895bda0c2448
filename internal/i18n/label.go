package i18n

import (
	"context"
	"strings"
)

// Piece is a stretch of a text. One with a key is what the pages show under that key.
type Piece struct{ Key, Text string }

// Around the key and the text of a label within a text: characters that no text has.
const labelBegins, labelSays, labelEnds = "\x02", "\x1f", "\x03"

// Pieces is the text of a key that names what stands on the pages: {{.Label `exports.save`}} in it becomes the text of that key, so
// that the two cannot differ. The placeholders of a label follow its key: {{.Label `exports.line.field` `Number` 1}}.
func Pieces(ctx context.Context, key string) (pieces []Piece) {
	l := From(ctx)
	add := func(piece Piece) {
		if piece.Text != "" {
			pieces = append(pieces, piece)
		}
	}
	rest := l.text(key, nil, labels{l})
	for {
		before, after, found := strings.Cut(rest, labelBegins)
		add(Piece{Text: before})
		if !found {
			return pieces
		}
		label, behind, _ := strings.Cut(after, labelEnds)
		name, says, _ := strings.Cut(label, labelSays)
		add(Piece{Key: name, Text: says})
		rest = behind
	}
}

// labels fills the placeholders of a text with labels of the pages.
type labels struct{ l *Locale }

// Label is called by the templates of texts.
func (n labels) Label(key string, pairs ...any) string {
	return labelBegins + key + labelSays + n.l.T(key, pairs...) + labelEnds
}
