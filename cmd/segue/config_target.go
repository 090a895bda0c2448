package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/segue-app/segue/internal/blueprint"
	"github.com/segue-app/segue/web/api"
)

// applyWithin is how long a server may take to apply a file.
const applyWithin = 10 * time.Minute

func (c *client) config(ctx context.Context) (file configFile, err error) {
	err = c.ask(ctx, http.MethodGet, "/config", nil, "", &file)
	return file, err
}

func (c *client) compare(ctx context.Context, file configFile, prune bool) (plan api.ConfigPlan, err error) {
	err = c.ask(ctx, http.MethodPost, "/config/diff?prune="+strconv.FormatBool(prune), file, "", &plan)
	return plan, err
}

// apply may be sent more than once: the fingerprint fits once.
func (c *client) apply(ctx context.Context, file configFile, prune bool, fingerprint string) (applied api.ConfigApplied, err error) {
	patient, slow := *c, *c.http
	slow.Timeout = applyWithin
	patient.http = &slow
	query := url.Values{"prune": {strconv.FormatBool(prune)}, "fingerprint": {fingerprint}}
	err = patient.ask(ctx, http.MethodPost, "/config/apply?"+query.Encode(), file, "", &applied)
	return applied, err
}

func (f *folder) config(ctx context.Context) (configFile, error) {
	here, err := f.app.Blueprints.Read(ctx, operator())
	if err != nil {
		return nil, endOf(err)
	}
	return here.Encode()
}

func (f *folder) compare(ctx context.Context, file configFile, prune bool) (api.ConfigPlan, error) {
	wanted, err := blueprint.Decode(file)
	if err != nil {
		return api.ConfigPlan{}, endOf(err)
	}
	plan, err := f.app.Blueprints.Compare(ctx, operator(), wanted, prune)
	if err != nil {
		return api.ConfigPlan{}, endOf(err)
	}
	return api.NewConfigPlan(spoken(ctx), plan), nil
}

func (f *folder) apply(ctx context.Context, file configFile, prune bool, fingerprint string) (api.ConfigApplied, error) {
	wanted, err := blueprint.Decode(file)
	if err != nil {
		return api.ConfigApplied{}, endOf(err)
	}
	applied, err := f.app.Blueprints.Apply(ctx, operator(), wanted, prune, fingerprint)
	written := api.NewConfigApplied(spoken(ctx), applied)
	if err != nil && applied.Failed != nil {
		return written, ending{errors.New(interrupted(written, plain(err).Error())), endsWith(endOf(err))}
	}
	if err != nil {
		return written, endOf(err)
	}
	return written, nil
}
