package factor

// ReadsAsCode reports whether a text is read as a time-based code, and what is left of it.
func ReadsAsCode(typed string) (text string, timed bool) {
	c := readCode(typed)
	return c.text, c.timed
}
