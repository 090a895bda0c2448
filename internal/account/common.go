package account

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// commonPacked holds the most common passwords that are long enough to be chosen here. common.md says where they are from.
//
//go:embed common.txt.gz
var commonPacked []byte

// commonList is the list in the order of its bytes, unpacked when somebody chooses a password for the first time.
var commonList = sync.OnceValue(func() []string {
	packed, err := gzip.NewReader(bytes.NewReader(commonPacked))
	if err != nil {
		panic(fmt.Sprintf("the list of common passwords: %v", err)) // it is embedded: only a broken build gets here
	}
	text, err := io.ReadAll(packed)
	if err != nil {
		panic(fmt.Sprintf("the list of common passwords: %v", err))
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") // some have spaces
})

// mostAround is how many characters people put before or behind a common password at most.
const mostAround = 8

// isCommon reports whether many people have the password, with whatever capitals and some characters around it that are no letters.
func isCommon(password string) bool {
	rest := []rune(strings.ToLower(normal(password)))
	for before := 0; before <= mostAround && len(rest) >= minPassword; before++ {
		for end := len(rest); end >= minPassword && end >= len(rest)-mostAround; end-- {
			if _, found := slices.BinarySearch(commonList(), string(rest[:end])); found {
				return true
			}
			if unicode.IsLetter(rest[end-1]) {
				break
			}
		}
		if unicode.IsLetter(rest[0]) {
			return false
		}
		rest = rest[1:]
	}
	return false
}
