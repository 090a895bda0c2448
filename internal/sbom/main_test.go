package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
)

// compatible are the licences that a work under the Apache License 2.0 may contain, as ARCHITECTURE.md says.
var compatible = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0"}

func TestEveryPartOfTheProgramIsListedWithALicenceThatItMayHave(t *testing.T) {
	t.Chdir("../..")
	var written bytes.Buffer
	if err := write(t.Context(), &written, "1.2.3"); err != nil {
		t.Fatal(err)
	}
	var list cyclonedx.BOM
	if err := cyclonedx.NewBOMDecoder(&written, cyclonedx.BOMFileFormatJSON).Decode(&list); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range *list.Components {
		names = append(names, c.Name)
		if c.Version == "" || !strings.HasPrefix(c.PackageURL, "pkg:") {
			t.Errorf("%s: version %q, address %q", c.Name, c.Version, c.PackageURL)
		}
		if strings.HasPrefix(c.PackageURL, "pkg:golang/") && c.Name != "std" && (c.Hashes == nil || len((*c.Hashes)[0].Value) != 64) {
			t.Errorf("%s: no hash", c.Name)
		}
		for _, l := range *c.Licenses {
			if !slices.Contains(compatible, l.License.ID) {
				t.Errorf("%s is under %s", c.Name, l.License.ID)
			}
		}
	}
	for _, name := range []string{"github.com/labstack/echo/v4", "modernc.org/sqlite", "std", "htmx.org", "lucide-static"} {
		if !slices.Contains(names, name) {
			t.Errorf("%s is not listed", name)
		}
	}
	if slices.Contains(names, "github.com/chromedp/chromedp") {
		t.Error("what only tests use is listed")
	}
	if got := list.Metadata.Component.Version; got != "1.2.3" {
		t.Errorf("of version %q", got)
	}
}

func TestAPartWithoutALicenceIsNotPassedOver(t *testing.T) {
	p := part{name: "example.com/unlicensed", version: "v1"}
	if err := p.licensed(t.TempDir()); err == nil || !strings.Contains(err.Error(), "example.com/unlicensed") {
		t.Errorf("%v", err)
	}
}
