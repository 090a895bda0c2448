package main

import (
	"errors"
	"path/filepath"
	"time"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/secretstore"
)

// stores is where API keys may come from instead of being typed.
type stores struct {
	SecretsFolder       string `name:"secrets-folder" help:"Folder with a file for each secret, as Kubernetes and systemd mount them: API keys may come from there by name. None when none is given." type:"path" env:"SEGUE_SECRETS_FOLDER"`
	VaultURL            string `name:"vault-url" help:"HashiCorp Vault or OpenBao that API keys may come from by name: https://vault.example.com:8200. None when none is given." env:"SEGUE_VAULT_URL"`
	VaultMount          string `name:"vault-mount" help:"Path of the key/value engine there." default:"secret" env:"SEGUE_VAULT_MOUNT"`
	VaultVersion        int    `name:"vault-version" help:"Version of that engine: 1 or 2." default:"2" env:"SEGUE_VAULT_VERSION"`
	VaultPrefix         string `name:"vault-prefix" help:"Path in it that all secrets are under; nothing else is read." env:"SEGUE_VAULT_PREFIX"`
	VaultNamespace      string `name:"vault-namespace" help:"Namespace." env:"SEGUE_VAULT_NAMESPACE"`
	VaultCAFile         string `name:"vault-ca-file" help:"File of the certificates that are trusted for it. Default: those of the system." type:"path" env:"SEGUE_VAULT_CA_FILE"`
	VaultTokenFile      string `name:"vault-token-file" help:"File of a token to sign in with. It is read anew, and the token renewed where that can be." type:"path" env:"SEGUE_VAULT_TOKEN_FILE"`
	VaultRoleID         string `name:"vault-role-id" help:"AppRole to sign in with instead." env:"SEGUE_VAULT_ROLE_ID"`
	VaultSecretIDFile   string `name:"vault-secret-id-file" help:"File of the secret id of that AppRole." type:"path" env:"SEGUE_VAULT_SECRET_ID_FILE"`
	VaultKubernetesRole string `name:"vault-kubernetes-role" help:"Role to sign in with as a service account of Kubernetes instead." env:"SEGUE_VAULT_KUBERNETES_ROLE"`
	VaultServiceToken   string `name:"vault-service-token" help:"File of the token of that service account." default:"/var/run/secrets/kubernetes.io/serviceaccount/token" type:"path" env:"SEGUE_VAULT_SERVICE_TOKEN"`
	VaultLoginMount     string `name:"vault-login-mount" help:"Path of the way to sign in. Default: its usual name." env:"SEGUE_VAULT_LOGIN_MOUNT"`
}

// Names of the stores, as connections keep them.
const (
	filesStore = "files"
	vaultStore = "vault"
)

// vault is the configuration of the Vault.
func (s stores) vault() secretstore.VaultConfig {
	return secretstore.VaultConfig{URL: s.VaultURL, Mount: s.VaultMount, Version: s.VaultVersion, Prefix: s.VaultPrefix, Namespace: s.VaultNamespace, CAFile: s.VaultCAFile,
		Login: secretstore.Login{TokenFile: s.VaultTokenFile, RoleID: s.VaultRoleID, SecretIDFile: s.VaultSecretIDFile, KubernetesRole: s.VaultKubernetesRole,
			ServiceToken: s.VaultServiceToken, Mount: s.VaultLoginMount}, Clock: time.Now}
}

// check says what does not go together.
func (s stores) check() error {
	if s.VaultURL == "" {
		if s.VaultTokenFile != "" || s.VaultRoleID != "" || s.VaultKubernetesRole != "" {
			return errors.New("to sign in to a Vault is of no use without --vault-url")
		}
		return nil
	}
	return s.vault().Validate()
}

// open prepares the stores. The sealing key is never given out, wherever it lies.
func (s stores) open(config app.Config) (secretstore.Stores, error) {
	named := secretstore.Stores{}
	if s.SecretsFolder != "" {
		files := secretstore.Files{Folder: s.SecretsFolder, Never: []string{filepath.Join(s.SecretsFolder, credentialName)}}
		if path := config.Key().Path; path != "" {
			files.Never = append(files.Never, path)
		}
		named[filesStore] = files
	}
	if s.VaultURL != "" {
		vault, err := secretstore.NewVault(s.vault())
		if err != nil {
			return nil, err
		}
		named[vaultStore] = vault
	}
	return named, nil
}
