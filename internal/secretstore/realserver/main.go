// Command realserver is a Vault made of HashiCorp's own packages, in memory, for the tests of the client: `make test-vault` builds it.
// It prints its address and its root token as JSON, and ends when its standard input does. It is a module of its own, so that none of
// what it is made of comes near the program: that is 1,400 packages, four gigabytes of modules, minutes of building, and the
// Business Source License, which allows this use and which Segue is not under. OpenBao's server is in no module that could be built so.
package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"

	"github.com/hashicorp/go-hclog"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/helper/testhelpers/corehelpers"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	log := hclog.New(&hclog.LoggerOptions{Output: os.Stderr, Level: hclog.Error})
	store, err := inmem.NewInmem(nil, log)
	must(err)
	core, err := vault.NewCore(&vault.CoreConfig{Physical: store, DisableMlock: true, Logger: log, NumRollbackWorkers: 1,
		LogicalBackends:    map[string]logical.Factory{"kv": kv.Factory},
		CredentialBackends: map[string]logical.Factory{"approle": approle.Factory},
		BuiltinRegistry:    corehelpers.NewMockBuiltinRegistry()})
	must(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	handler := vaulthttp.Handler.Handler(&vault.HandlerProperties{Core: core, ListenerConfig: &configutil.Listener{}})
	core.SetClusterHandler(handler)
	go func() { must(http.Serve(listener, handler)) }()
	ctx := context.Background()
	made, err := core.Initialize(ctx, &vault.InitParams{BarrierConfig: &vault.SealConfig{SecretShares: 1, SecretThreshold: 1, StoredShares: 1}, RecoveryConfig: &vault.SealConfig{}})
	must(err)
	_, err = core.Unseal(made.SecretShares[0])
	must(err)
	must(json.NewEncoder(os.Stdout).Encode(map[string]string{"address": "http://" + listener.Addr().String(), "token": made.RootToken}))
	_, _ = io.Copy(io.Discard, os.Stdin)
}
