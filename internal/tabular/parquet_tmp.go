package tabular

func openParquet(content) (rows, []string, error) { return nil, nil, fileProblem("not_text") }
