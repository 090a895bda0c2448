package component

// Errors are what a form comes back with when it was not accepted: a summary above it and a text beside each field. The
// zero value is a form without errors.
type Errors struct{ Summary ErrorSummary }

// For is the text beside the field with that id, "" when the field is in order.
func (e Errors) For(fieldID string) string {
	for _, field := range e.Summary.Errors {
		if field.FieldID == fieldID {
			return field.Text
		}
	}
	return ""
}
