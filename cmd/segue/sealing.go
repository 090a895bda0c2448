package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/secret"
)

// sealing is the flags of every command that works with what is sealed.
type sealing struct {
	data
	SealingKeyFile string `name:"sealing-key-file" help:"File of the key that seals secrets: 32 bytes in base64. Or the key itself is in SEGUE_SEALING_KEY, or in systemd's credential segue.key. Default: segue.key in the data folder, which is made when it is missing." type:"path" env:"SEGUE_SEALING_KEY_FILE"`
}

// Names of variables.
const (
	sealingKeyName      = "SEGUE_SEALING_KEY"     // the key itself
	credentialsFolder   = "CREDENTIALS_DIRECTORY" // set by systemd for services that have any
	credentialName      = "segue.key"
	smtpPasswordName    = "SEGUE_SMTP_PASSWORD"
	clientSecretName    = "SEGUE_OIDC_CLIENT_SECRET"
	outcomePasswordName = "SEGUE_OUTCOME_PASSWORD"
)

// taken are the secrets that were in the environment. They are no flags: what is on a command line, everybody on the machine can read.
var taken = map[string]secret.Text{}

// takeSecrets takes the secrets out of the environment before anything else is done, so that nothing that is started has them.
func takeSecrets() (err error) {
	for _, name := range []string{sealingKeyName, smtpPasswordName, outcomePasswordName, clientSecretName, tokenVariable} {
		if taken[name], err = secret.TakeVariable(name); err != nil {
			return err
		}
	}
	return nil
}

// variable is a secret from the environment.
func variable(name string) secret.Text {
	if text, ok := taken[name]; ok {
		return text
	}
	return secret.NewText(os.Getenv(name))
}

// longestSecret is how many bytes of the file of a secret are read.
const longestSecret = 4 << 10

// secretOf is a secret from a variable or from the file that a flag names, but not from both; what says which, for errors.
func secretOf(what, name, flag, path string) (secret.Text, error) {
	given := variable(name)
	if path == "" {
		return given, nil
	}
	if !given.Empty() {
		return secret.Text{}, fmt.Errorf("%s is given twice: in %s and in %s", what, flag, name)
	}
	read, err := readShort(path)
	if err != nil {
		return secret.Text{}, fmt.Errorf("read %s: %w", what, err)
	}
	return secret.NewText(strings.TrimRight(read, "\r\n")), nil
}

func readShort(path string) (text string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	read, err := io.ReadAll(io.LimitReader(file, longestSecret+1))
	if len(read) > longestSecret {
		err = errors.Join(err, errors.New("the file is too large"))
	}
	return string(read), err
}

// source says where the sealing key comes from: what the operator names, then systemd's credential, then the data folder.
func (s sealing) source() (secret.Source, error) {
	given, credential := variable(sealingKeyName), ""
	if folder := os.Getenv(credentialsFolder); folder != "" {
		credential = filepath.Join(folder, credentialName)
	}
	switch {
	case s.SealingKeyFile != "" && !given.Empty():
		return secret.Source{}, errors.New("the sealing key is given twice: in --sealing-key-file and in " + sealingKeyName)
	case s.SealingKeyFile != "" && s.SealingKeyFile == credential:
		return secret.FromCredential(credential), nil
	case s.SealingKeyFile != "":
		return secret.FromFile(s.SealingKeyFile), nil
	case !given.Empty():
		return secret.FromEnvironment(given), nil
	}
	if credential != "" {
		if _, err := os.Stat(credential); err == nil {
			return secret.FromCredential(credential), nil
		}
	}
	return secret.Source{}, nil // the data folder's
}

// config is the configuration that every command needs.
func (s sealing) config() (app.Config, error) {
	source, err := s.source()
	return app.Config{Folder: s.Data, SealingKey: source}, err
}
