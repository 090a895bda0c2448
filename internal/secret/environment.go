package secret

import "os"

// TakeVariable reads a secret from the environment and takes it out of there, so that no process that this one starts has it.
// Where the system shows the environment that a process began with, as Linux does under /proc, it is overwritten there too.
// What started the process, and whoever may read its memory, has it all the same.
func TakeVariable(name string) (Text, error) {
	text := NewText(os.Getenv(name))
	if text.Empty() {
		return text, nil
	}
	wipe(name)
	return text, os.Unsetenv(name)
}
