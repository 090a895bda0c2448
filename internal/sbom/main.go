// Command sbom lists what the program is made of, with versions and licences: a software bill of materials in the form of
// CycloneDX. It names the modules whose code is linked, Go's own library, and the files of others that are embedded. It fails
// on a part without a licence that it knows.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
)

func main() {
	version := flag.String("version", "", "version of Segue that the list is of")
	flag.Parse()
	if err := write(context.Background(), os.Stdout, *version); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func write(ctx context.Context, to io.Writer, version string) error {
	parts, err := parts(ctx)
	if err != nil {
		return err
	}
	list := cyclonedx.NewBOM()
	own := cyclonedx.Component{
		BOMRef: "segue", Type: cyclonedx.ComponentTypeApplication, Name: "segue", Version: version,
		PackageURL: "pkg:golang/" + ownModule + "#cmd/segue", Licenses: licences("Apache-2.0"),
	}
	list.Metadata = &cyclonedx.Metadata{Component: &own}
	var components []cyclonedx.Component
	var needed []string
	for _, p := range parts {
		components = append(components, p.component())
		needed = append(needed, p.purl())
	}
	list.Components = &components
	list.Dependencies = &[]cyclonedx.Dependency{{Ref: own.BOMRef, Dependencies: &needed}}
	encoder := cyclonedx.NewBOMEncoder(to, cyclonedx.BOMFileFormatJSON)
	encoder.SetPretty(true)
	return encoder.EncodeVersion(list, cyclonedx.SpecVersion1_6)
}

func licences(ids ...string) *cyclonedx.Licenses {
	var list cyclonedx.Licenses
	for _, id := range ids {
		list = append(list, cyclonedx.LicenseChoice{License: &cyclonedx.License{ID: id}})
	}
	return &list
}

func (p part) component() cyclonedx.Component {
	c := cyclonedx.Component{
		BOMRef: p.purl(), Type: cyclonedx.ComponentTypeLibrary, Name: p.name, Version: p.version,
		PackageURL: p.purl(), Scope: cyclonedx.ScopeRequired, Licenses: licences(p.licences...),
	}
	if p.hash != "" {
		c.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: p.hash}}
	}
	return c
}

// goLibrary is the library of the Go that builds.
func goLibrary(ctx context.Context) (part, error) {
	told, err := exec.CommandContext(ctx, "go", "env", "GOVERSION", "GOROOT").Output()
	version, root, found := strings.Cut(strings.TrimSpace(string(told)), "\n")
	if err != nil || !found {
		return part{}, fmt.Errorf("ask for the version of Go: %w", err)
	}
	p := part{kind: "golang", name: "std", version: version}
	return p, p.licensed(root)
}
