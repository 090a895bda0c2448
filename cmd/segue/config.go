package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"github.com/segue-app/segue/internal/blueprint"
	"github.com/segue-app/segue/web/api"
)

type configCommand struct {
	Export configExportCommand `cmd:"" help:"Write what is set up as YAML: connections without their keys, segments, and exports."`
	Diff   configDiffCommand   `cmd:"" help:"Say what applying a file would change. Ends with 0 when that is nothing, 2 when there are differences, and 1 when it failed."`
	Apply  configApplyCommand  `cmd:"" help:"Show what a file would change, and change it. Ends with 0 when all is as the file says, 3 when something was left out, and 1 when it failed or was not wanted."`
}

// configFile is a configuration as it is read and written.
type configFile []byte

type configExportCommand struct {
	target
	File string `arg:"" optional:"" default:"-" help:"The file to write, or - for standard output. One of that name is replaced."`
}

// Run writes the configuration.
func (c *configExportCommand) Run(ctx context.Context) (err error) {
	at, err := c.open(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.close()) }()
	file, err := at.config(ctx)
	if err != nil {
		return err
	}
	if c.File == "-" {
		_, err := os.Stdout.Write(file)
		return err
	}
	return replaceFile(c.File, file)
}

// replaceFile writes a file that is there wholly or not at all. Rules may name people: it is for its owner alone.
func replaceFile(name string, content []byte) (err error) {
	beside, err := os.CreateTemp(filepath.Dir(name), ".segue-config-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(beside.Name()) // what failed is told
		}
	}()
	_, err = beside.Write(content)
	if err = errors.Join(err, beside.Close()); err != nil {
		return err
	}
	return os.Rename(beside.Name(), name)
}

// configInput is a file that a command reads, and what it is taken for.
type configInput struct {
	File  string `arg:"" help:"The file, or - for standard input."`
	Prune bool   `help:"Remove segments and exports that are not in the file. Connections never are."`
}

func (c *configInput) read() (content configFile, err error) {
	file, err := opened(c.File)
	if err != nil {
		return nil, ending{err, endWrong}
	}
	content, err = io.ReadAll(io.LimitReader(file, blueprint.MaxSize+1)) // one more, so that a larger one is refused
	return content, errors.Join(err, file.Close())
}

type configDiffCommand struct {
	target
	configInput
	JSON bool `name:"json" help:"Print the differences as JSON, as the API describes them."`
}

// Run compares a file with what is here.
func (c *configDiffCommand) Run(ctx context.Context) error {
	plan, err := c.compare(ctx)
	if err == nil && c.JSON {
		err = writeJSON(plan)
	}
	if err != nil {
		return ending{err, endFailed}
	}
	if !c.JSON {
		printPlan(os.Stdout, plan)
	}
	if len(plan.Steps) > 0 {
		return ending{errors.New("what is here differs from the file"), endDiffers}
	}
	return nil
}

func (c *configDiffCommand) compare(ctx context.Context) (plan api.ConfigPlan, err error) {
	file, err := c.read()
	if err != nil {
		return plan, err
	}
	at, err := c.open(ctx, false)
	if err != nil {
		return plan, err
	}
	plan, err = at.compare(ctx, file, c.Prune)
	return plan, errors.Join(err, at.close())
}

type configApplyCommand struct {
	target
	configInput
	Yes bool `help:"Do not ask. Without a terminal nothing is applied unless this is given."`
}

// Run shows what a file would change and, when that is wanted, changes it.
func (c *configApplyCommand) Run(ctx context.Context) error {
	file, err := c.read()
	if err != nil {
		return err
	}
	return c.alone(func() error { return c.apply(ctx, file) })
}

func (c *configApplyCommand) apply(ctx context.Context, file configFile) (err error) {
	at, err := c.open(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.close()) }()
	plan, err := at.compare(ctx, file, c.Prune)
	if err != nil {
		return err
	}
	printPlan(os.Stdout, plan)
	change, leftOut := counted(plan.Steps)
	if change.none() {
		return endOfLeftOut(leftOut)
	}
	if !c.Yes {
		if c.File == "-" || !term.IsTerminal(int(os.Stdin.Fd())) {
			return ending{errors.New("nothing was applied: where nobody can be asked, give --yes"), endWrong}
		}
		if !agreed(os.Stdin, os.Stderr) {
			return ending{errors.New("nothing was applied"), endFailed}
		}
	}
	applied, err := at.apply(ctx, file, c.Prune, plan.Fingerprint)
	if err != nil {
		return err
	}
	done, _ := counted(applied.Done)
	fmt.Printf("Applied: %d created, %d changed, %d removed.\n", done.create, done.change, done.remove)
	return endOfLeftOut(len(applied.LeftOut))
}

// agreed asks whether to apply.
func agreed(in io.Reader, out io.Writer) bool {
	fmt.Fprint(out, "Apply this? [y/N] ")
	line, _ := bufio.NewReader(in).ReadString('\n') // an end is a no
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes"
}

func endOfLeftOut(n int) error {
	if n > 0 {
		return ending{fmt.Errorf("%d of the file could not be applied", n), endWarnings}
	}
	return nil
}

// changes counts what steps do.
type changes struct{ create, change, remove int }

func (c changes) none() bool { return c == changes{} }

// counted counts the steps by what they do, without those that are left out.
func counted(steps []api.ConfigStep) (c changes, leftOut int) {
	for _, step := range steps {
		switch {
		case step.Obstacle != nil:
			leftOut++
		case step.Action == blueprint.Make:
			c.create++
		case step.Action == blueprint.Change:
			c.change++
		default:
			c.remove++
		}
	}
	return c, leftOut
}

var actions = map[blueprint.Action]string{blueprint.Make: "Create", blueprint.Change: "Change", blueprint.Remove: "Remove"}

// printPlan shows the differences, and counts them.
func printPlan(out io.Writer, plan api.ConfigPlan) {
	if len(plan.Steps) == 0 {
		fmt.Fprintln(out, "All is as the file says.")
		return
	}
	for _, step := range plan.Steps {
		fmt.Fprintf(out, "%s %s %s\n", actions[step.Action], step.Kind, step.Name)
		if step.Obstacle != nil {
			fmt.Fprintf(out, "  Left out: %s.\n", step.Obstacle.Text)
		}
		fmt.Fprintf(out, "%s\n", strings.TrimPrefix(step.Diff, "--- here\n+++ file\n"))
	}
	c, leftOut := counted(plan.Steps)
	fmt.Fprintf(out, "%d to create, %d to change, %d to remove", c.create, c.change, c.remove)
	if leftOut > 0 {
		fmt.Fprintf(out, ", %d left out", leftOut)
	}
	fmt.Fprintln(out, ".")
}

// interrupted says how far an application came before it failed.
func interrupted(a api.ConfigApplied, why string) string {
	done, _ := counted(a.Done)
	return fmt.Sprintf("%s %s: %s\nBefore that: %d created, %d changed, %d removed. Apply the file again when it is corrected", a.Failed.Kind, a.Failed.Name, why, done.create, done.change, done.remove)
}
