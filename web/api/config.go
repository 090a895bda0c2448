package api

import (
	"context"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/blueprint"
	"github.com/segue-app/segue/internal/i18n"
)

// MIMEYAML is what a configuration is sent as, and answered (RFC 9512).
const MIMEYAML = "application/yaml"

// applyWithin is how long applying a configuration may take until it must be answered.
const applyWithin = 10 * time.Minute

// ConfigPlan is what applying a configuration would do.
type ConfigPlan struct {
	Steps       []ConfigStep `json:"steps"`
	Fingerprint string       `json:"fingerprint"`
}

// ConfigStep is one difference between a configuration and what is here.
type ConfigStep struct {
	Kind     blueprint.Kind   `json:"kind"`
	Name     string           `json:"name"`
	Action   blueprint.Action `json:"action"`
	Diff     string           `json:"diff"`
	Obstacle *Reason          `json:"obstacle,omitempty"` // why it is left out
}

// ConfigApplied is how far an application came.
type ConfigApplied struct {
	Done    []ConfigStep `json:"done"`
	LeftOut []ConfigStep `json:"left_out"`
	Failed  *ConfigStep  `json:"failed,omitempty"`
}

// NewConfigPlan writes a plan in the reader's language.
func NewConfigPlan(ctx context.Context, p blueprint.Plan) ConfigPlan {
	return ConfigPlan{Steps: configSteps(ctx, p.Steps), Fingerprint: p.Fingerprint}
}

// NewConfigApplied writes an application in the reader's language.
func NewConfigApplied(ctx context.Context, a blueprint.Applied) ConfigApplied {
	written := ConfigApplied{Done: configSteps(ctx, a.Done), LeftOut: configSteps(ctx, a.LeftOut)}
	if a.Failed != nil {
		failed := configStep(ctx, *a.Failed)
		written.Failed = &failed
	}
	return written
}

func configSteps(ctx context.Context, steps []blueprint.Step) []ConfigStep {
	written := make([]ConfigStep, len(steps))
	for i, step := range steps {
		written[i] = configStep(ctx, step)
	}
	return written
}

func configStep(ctx context.Context, step blueprint.Step) ConfigStep {
	written := ConfigStep{Kind: step.Kind, Name: step.Name, Action: step.Action, Diff: step.Diff}
	if step.Obstacle != "" {
		written.Obstacle = &Reason{step.Obstacle, i18n.T(ctx, step.Obstacle, "About", step.About)}
	}
	return written
}

func (a *API) showConfig(c echo.Context) error {
	file, err := a.Blueprints.Read(ctx(c), needs(c, access.Configure))
	if err != nil {
		return err
	}
	if err := a.Audit.Looked(ctx(c), needs(c, access.Configure), audit.SawRule, audit.Subject{}); err != nil { // rules may name people
		return err
	}
	text, err := file.Encode()
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, MIMEYAML, text)
}

func (a *API) compareConfig(c echo.Context) error {
	by := needs(c, access.Configure)
	file, prune, err := readConfig(c, by)
	if err != nil {
		return err
	}
	plan, err := a.Blueprints.Compare(ctx(c), by, file, prune)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, NewConfigPlan(ctx(c), plan))
}

func (a *API) applyConfig(c echo.Context) error {
	by := needs(c, access.Configure)
	file, prune, err := readConfig(c, by)
	if err != nil {
		return err
	}
	// What is begun is brought to its end also when nobody waits for it any more. A recorder in a test has no deadline.
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(applyWithin))
	within, stop := context.WithTimeout(context.WithoutCancel(ctx(c)), applyWithin)
	defer stop()
	applied, err := a.Blueprints.Apply(within, by, file, prune, c.QueryParam("fingerprint"))
	if err != nil && applied.Failed != nil {
		return &broken{err, NewConfigApplied(ctx(c), applied)}
	}
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, NewConfigApplied(ctx(c), applied))
}

// broken is an application that ended at a step that was refused.
type broken struct {
	error
	applied ConfigApplied
}

// Unwrap gives why it was refused.
func (b *broken) Unwrap() error { return b.error }

// readConfig reads a configuration as YAML, or as JSON, which is YAML too. Whoever may not configure is told that first.
func readConfig(c echo.Context, by access.Actor) (file blueprint.File, prune bool, err error) {
	if err := by.Require(access.Configure); err != nil {
		return file, false, err
	}
	kind, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if err != nil || !slices.Contains([]string{MIMEYAML, echo.MIMEApplicationJSON}, kind) {
		return file, false, &refusal{http.StatusUnsupportedMediaType, "api.problem.media_type_yaml", nil}
	}
	if text := c.QueryParam("prune"); text != "" {
		if prune, err = strconv.ParseBool(text); err != nil {
			return file, false, bad("api.problem.prune")
		}
	}
	content, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return file, false, err
	}
	file, err = blueprint.Decode(content)
	return file, prune, err
}
