package factor

import "github.com/segue-app/segue/internal/reseal"

// Sealed tells where secrets for codes, and passkeys, are sealed, for the exchange of the sealing key.
func Sealed() []reseal.Place {
	bound := func(binding func(int64) string) func([]any) string {
		return func(key []any) string { return binding(key[0].(int64)) }
	}
	return []reseal.Place{
		{Name: "codes", Table: "code_secrets", Column: "sealed", Key: []string{"user_id"}, Binding: bound(codeBinding)},
		{Name: "passkeys", Table: "passkeys", Column: "sealed", Key: []string{"id"}, Binding: bound(passkeyBinding)},
	}
}
