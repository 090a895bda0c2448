package tabular

// leaf is a column of a Parquet file, as its pages need to know it.
type leaf struct {
	element
	heading       string
	leftOut       string // why it is not read; "": it is
	maxDefinition int    // how often something on the way to a value may be missing
	isList        bool
	write         func(raw) (string, string)
	exact         bool
}

// schema turns the nodes of the schema into columns, in the order of the chunks. Groups become names with a dot; a list of
// values is one column; lists in lists, lists of groups and maps are left out.
type schema struct {
	elements []element
	at       int
	leaves   []leaf
	bad      bool
}

func (f footer) leaves() ([]leaf, error) {
	s := schema{elements: f.elements, at: 1}
	if len(f.elements) == 0 {
		return nil, errParquetDamaged("no schema")
	}
	for range f.elements[0].children {
		if s.node(place{}, 1); s.bad {
			break
		}
	}
	if s.bad || s.at != len(f.elements) {
		return nil, errParquetDamaged("a schema of %d nodes that does not hang together", len(f.elements))
	}
	return s.leaves, nil
}

// place is what lies above a node.
type place struct {
	path       string
	definition int
	isList     bool
	nested     string // the column whose tables the node is part of
}

func (s *schema) node(above place, depth int) {
	if s.at >= len(s.elements) || depth > maxSchemaDepth {
		s.bad = true
		return
	}
	e := s.elements[s.at]
	s.at++
	here := above
	if here.path != "" {
		here.path += "."
	}
	if here.path += e.name; len(here.path) > maxPath*2 {
		s.bad = true
		return
	}
	if e.optional || e.repeated {
		here.definition++
	}
	isListGroup := e.logical == logicalList || e.converted == 3
	switch {
	case e.repeated && above.isList && above.nested == "":
		here.nested = above.path
	case e.repeated:
		here.isList = true
		// A repeated group of one value, and a group that wraps a list, are the list that they hold.
		if s.wrapped(above, e) {
			here.path = above.path
		}
		if e.physical < 0 && !s.oneValue(e) && here.nested == "" {
			here.nested = here.path
		}
	case (e.logical == logicalMap || e.converted == 1 || e.converted == 2) && e.physical < 0 && here.nested == "":
		here.nested = here.path
	case isListGroup && above.isList && here.nested == "":
		here.nested = above.path
	case above.isList && here.nested == "":
		here.path = above.path // the element of a list
	}
	if e.children <= 0 {
		s.leaf(e, here)
		return
	}
	for range e.children {
		if s.node(here, depth+1); s.bad {
			return
		}
	}
}

// wrapped says whether the node just read is what a group above it wraps as a list.
func (s *schema) wrapped(above place, e element) bool {
	if above.path == "" || s.at < 2 {
		return false
	}
	parent := s.elements[s.at-2]
	return parent.children == 1 && (parent.logical == logicalList || parent.converted == 3)
}

// oneValue says whether the group just read holds one value and nothing else.
func (s *schema) oneValue(e element) bool {
	return e.children == 1 && s.at < len(s.elements) && s.elements[s.at].children <= 0 && !s.elements[s.at].repeated
}

func (s *schema) leaf(e element, here place) {
	column := leaf{element: e, heading: here.path, maxDefinition: here.definition, isList: here.isList}
	column.write, column.exact = writer(e)
	switch {
	case here.nested != "":
		column.heading, column.leftOut = here.nested, leftOutNested
	case column.write == nil:
		column.leftOut = leftOutType
	case here.isList:
		column.exact = true // the array; what is in it is text
	}
	s.leaves = append(s.leaves, column)
}
