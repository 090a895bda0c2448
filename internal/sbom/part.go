package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

const ownModule = "github.com/segue-app/segue"

// part is something of others that the program contains.
type part struct {
	kind          string // of its package URL: "golang", "npm"
	name, version string
	licences      []string // SPDX identifiers
	hash          string   // SHA-256 in hex: of a module what go.sum holds, of a file the file
}

func (p part) purl() string { return "pkg:" + p.kind + "/" + p.name + "@" + p.version }

// parts lists all of them, in order. It is to be run in the folder of go.mod.
func parts(ctx context.Context) ([]part, error) {
	all, err := modules(ctx)
	if err != nil {
		return nil, err
	}
	library, err := goLibrary(ctx)
	if err != nil {
		return nil, err
	}
	vendored, err := vendored("static")
	if err != nil {
		return nil, err
	}
	return append(append(all, library), vendored...), nil
}

// modules lists those whose packages the program links.
func modules(ctx context.Context) (list []part, err error) {
	found, err := exec.CommandContext(ctx, "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}} {{.Dir}}{{end}}", "./cmd/segue").Output()
	if err != nil {
		return nil, fmt.Errorf("list the modules: %w", err)
	}
	sums, err := sums("go.sum")
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSpace(string(found)), "\n")
	slices.Sort(lines)
	for _, line := range slices.Compact(lines) {
		fields := strings.SplitN(line, " ", 3)
		if len(fields) != 3 || fields[0] == ownModule {
			continue
		}
		p := part{kind: "golang", name: fields[0], version: fields[1], hash: sums[fields[0]+" "+fields[1]]}
		if err := p.licensed(fields[2]); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// sums reads the hashes of modules out of go.sum: "path version h1:base64".
func sums(path string) (map[string]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	found := map[string]string{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) != 3 {
			continue
		}
		if sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(fields[2], "h1:")); err == nil {
			found[fields[0]+" "+fields[1]] = hex.EncodeToString(sum)
		}
	}
	return found, lines.Err()
}

// vendored lists the files of others that pages load: the packages that the list beside them names, and the icons.
func vendored(static string) (list []part, err error) {
	text, err := os.ReadFile(filepath.Join(static, "vendor", "README.md"))
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 3 || strings.Contains(line, "---") || strings.Contains(line, "licence") {
			continue
		}
		p := part{kind: "npm", name: strings.TrimSpace(cells[0]), version: strings.TrimSpace(cells[1]), licences: []string{strings.TrimSpace(cells[2])}}
		list = append(list, p)
	}
	_, icons, found := strings.Cut(string(text), "lucide-static ")
	version, _, ended := strings.Cut(icons, " ")
	if len(list) == 0 || !found || !ended {
		return nil, fmt.Errorf("%s/vendor/README.md does not name the packages as it did", static)
	}
	return append(list, part{kind: "npm", name: "lucide-static", version: version, licences: []string{"ISC"}}), nil
}

// licensed finds the licences of a module in its folder.
func (p *part) licensed(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := strings.ToUpper(entry.Name())
		if entry.IsDir() || !strings.HasPrefix(name, "LICEN") && !strings.HasPrefix(name, "COPYING") && !strings.HasPrefix(name, "MIT-LICENSE") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return err
		}
		for _, match := range licensecheck.Scan(text).Match {
			if id := spdx(match.ID); !slices.Contains(p.licences, id) {
				p.licences = append(p.licences, id)
			}
		}
	}
	if len(p.licences) == 0 {
		return fmt.Errorf("%s %s: no licence that is known in %s", p.name, p.version, filepath.Base(folder))
	}
	return nil
}

// spdx is the identifier of a licence whose text was found; a few texts have names of their own.
func spdx(id string) string {
	id, _, _ = strings.Cut(id, "-Header")
	if strings.HasPrefix(id, "MPL-2.0") {
		return "MPL-2.0"
	}
	return id
}
