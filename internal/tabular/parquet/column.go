package parquet

import (
	"encoding/json"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// column is a column of a file, and how its values become text.
type column struct {
	Column
	isList bool
	place  int // among those that are read
	write  func(parquet.Value) (text, refused string)
}

// columnsOf are the columns of a schema in the order of its leaves. Groups become names with a dot; a list of values is one
// column; lists in lists, lists of groups and maps are left out.
func columnsOf(schema *parquet.Schema) (columns []column) {
	read := 0
	for _, path := range schema.Columns() {
		c := columnOf(schema, path)
		if c.LeftOut == "" {
			c.place = read
			read++
		}
		columns = append(columns, c)
	}
	return columns
}

func columnOf(schema parquet.Node, path []string) (c column) {
	node, length := schema, len(path) // of the path, as much as makes the heading
	for i, name := range path {
		above := node
		if node = child(node, name); node == nil {
			return column{Column: Column{Heading: strings.Join(path, "."), LeftOut: Nested}}
		}
		switch _, isMap := logical(node).(*format.MapType); {
		case c.LeftOut != "":
		case isMap, node.Repeated() && c.isList:
			c.LeftOut, length = Nested, min(length, i+1)
		case node.Repeated():
			c.isList, length = true, i+1
			if _, wraps := logical(above).(*format.ListType); wraps {
				length = i // the group is what the list is called
			}
			if !oneValue(node) {
				c.LeftOut = Nested
			}
		}
	}
	c.Heading = strings.Join(path[:max(length, 1)], ".")
	if c.LeftOut != "" {
		return c
	}
	if c.write, c.Exact = writer(node.Type()); c.write == nil {
		c.LeftOut = Type
	}
	c.Exact = c.Exact || c.isList // the array; what is in it is text
	return c
}

func child(of parquet.Node, name string) parquet.Node {
	for _, field := range of.Fields() {
		if field.Name() == name {
			return field
		}
	}
	return nil
}

// oneValue says whether a repeated node is a value, or a group of one value and nothing else.
func oneValue(node parquet.Node) bool {
	for !node.Leaf() {
		fields := node.Fields()
		if len(fields) != 1 || fields[0].Repeated() {
			return false
		}
		node = fields[0]
	}
	return true
}

func logical(node parquet.Node) format.LogicalTypeValue {
	if t := node.Type().LogicalType(); t != nil {
		return t.Value
	}
	return nil
}

// rowOf makes texts of a row's values, which stand in the order of the columns.
func rowOf(columns []column, row parquet.Row) Row {
	out := Row{Fields: make([]string, len(columns)), Column: -1}
	read, size := 0, 0
	refuse := func(column int, why string) {
		if out.Refused == "" {
			out.Refused, out.Column = why, column
		}
	}
	lists := map[int][]string{}
	for _, value := range row {
		c := &columns[value.Column()]
		if c.LeftOut != "" || value.IsNull() {
			continue
		}
		text, refused := c.write(value)
		if refused != "" {
			refuse(c.place, refused)
			continue
		}
		if size += len(text); size > mostRowSize {
			refuse(-1, TooLong)
			break
		}
		if c.isList {
			lists[value.Column()] = append(lists[value.Column()], text)
		} else {
			out.Fields[c.place] = text
		}
	}
	for i, c := range columns {
		if c.LeftOut != "" {
			continue
		}
		read++
		if texts := lists[i]; texts != nil {
			encoded, _ := json.Marshal(texts) // texts always encode
			out.Fields[c.place] = string(encoded)
		}
	}
	out.Fields = out.Fields[:read]
	if out.Refused != "" {
		out.Fields = nil
	}
	return out
}
