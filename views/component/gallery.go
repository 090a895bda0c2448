package component

import "github.com/a-h/templ"

// What the gallery shows: every piece in every state that it has. The words are samples, so they are in one language only.

var galleryTones = []Tone{Neutral, Info, Running, Success, Warning, Danger}

var galleryToneWords = map[Tone]string{
	Neutral: "Not started", Info: "Queued", Running: "Processing", Success: "Successful", Warning: "Completed with warnings", Danger: "Failed",
}

var galleryText = map[string]string{
	"more":    "The word of explanation that a few people want and most do not need.",
	"alert":   "Omnisend refused the API key. The export stays inactive until an administrator enters a new one.",
	"confirm": "The connection Nordic shop is used by two exports. Choose what happens to each of them.",
	"cell":    "Omnisend",
}

var galleryHeader = PageHeader{
	Title:   "Spring customers to the Nordic shop",
	Lead:    "Sends the segments Spring customers and Loyal since 2019 to Omnisend, and only what has changed since the last time.",
	Badge:   Badge{Tone: Running, Text: "Processing"},
	Actions: templ.Join(Button{Label: "Edit", Icon: "pencil", Href: "#edit"}, Button{Label: "Run", Icon: "play", Emphasis: Primary}),
}

var galleryButtons = []Button{
	{Label: "Save", Emphasis: Primary},
	{Label: "Add destination", Icon: "plus", Emphasis: Primary, Href: "#add"},
	{Label: "Duplicate", Icon: "copy-plus"},
	{Label: "Remove", Icon: "trash", Emphasis: Destructive},
	{Label: "Cancel", Emphasis: Quiet},
	{Label: "Next", IconEnd: "arrow-right"},
	{Label: "Small", Icon: "refresh-cw", Small: true},
	{Label: "Edit", Icon: "pencil", IconOnly: true},
	{Label: "Not now", Disabled: true},
	{Label: "Saving", Emphasis: Primary, Busy: true},
}

var galleryFields = []Field{
	{Name: "name", Label: "Display name", Hint: "Others recognise the connection by this name and its type.", Value: "Nordic shop", Required: true},
	{Name: "key", Label: "Omnisend API key", Type: "password", Code: true, Required: true, Error: "Enter the API key.", Hint: "It is never shown again; you can replace it."},
	{Name: "time", Label: "Time", Type: "time", Value: "06:30", Short: true},
	{Name: "share", Label: "Largest share that may leave", Type: "number", Value: "20", Short: true, Suffix: "per cent of what was delivered"},
	{Name: "file", Label: "CSV file", Type: "file", Accept: ".csv,text/csv", Hint: "Comma, semicolon or tab; the first line names the columns."},
	{Name: "ids", Label: "Profile ids", Type: "textarea", Placeholder: "One a line", Code: true},
	{Name: "locked", Label: "Brand", Value: "Nordic Shop ApS", ReadOnly: true},
	{Name: "off", Label: "Not yet", Value: "Choose a connection first", Disabled: true},
}

var gallerySelects = []Select{
	{
		Name: "connection", Label: "Connection for export", Required: true, Empty: "Choose a connection",
		Groups: []OptionGroup{{"Omnisend", []Option{{Value: "1", Label: "Nordic shop"}, {Value: "2", Label: "Outlet"}}}},
	},
	{Name: "email", Label: "Email", Value: "mail", Error: "Choose the attribute that holds the email address.", Options: []Option{{Value: "mail", Label: "mail"}, {Value: "phone", Label: "phone"}}},
}

var galleryRule = []Select{
	{Name: "attribute-1", Label: "Attribute", Options: []Option{{Value: "city", Label: "city"}}},
	{Name: "operator-1", Label: "Operator", Options: []Option{{Value: "is", Label: "is one of"}}},
	{Name: "attribute-2", Label: "Attribute", Options: []Option{{Value: "orders", Label: "orders"}}},
	{Name: "operator-2", Label: "Operator", Options: []Option{{Value: "more", Label: "is more than"}}},
}

var galleryChecks = []Checkbox{
	{Name: "agree", Label: "I agree", Hint: "Personal data leaves Segue for Omnisend on your instruction.", Required: true},
	{Name: "all", Label: "Keep the good lines when some are bad", Checked: true},
	{Name: "refused", Label: "I have read the terms", Error: "Tick the box to go on."},
}

var galleryRadio = RadioCards{
	Name: "access", Legend: "Choose who can use this connection", Value: "administrators", InRow: true,
	Choices: []Choice{
		{Value: "administrators", Title: "Only administrators", Text: "Contributors do not see the connection.", Icon: "lock"},
		{Value: "contributors", Title: "Administrators and contributors", Text: "Contributors can manage every export that uses it.", Icon: "users"},
	},
}

var galleryCheckCards = CheckCards{
	Name: "segments", Legend: "Segments", Hint: "A profile that is in several is sent once.", Values: []string{"spring"},
	Choices: []Choice{
		{Value: "spring", Title: "Spring customers", Note: "12,480 profiles"},
		{Value: "loyal", Title: "Loyal since 2019", Note: "3,914 profiles"},
		{Value: "none", Title: "Not calculated yet", Note: "–", Disabled: true},
	},
}

var gallerySummary = ErrorSummary{
	Title:  "Two answers need a correction",
	Errors: []FieldError{{FieldID: "key", Label: "API key", Text: "Enter the API key."}, {FieldID: "email", Label: "Email", Text: "Choose the attribute that holds the email address."}},
}

var galleryEmpty = EmptyState{
	Icon: "send", Title: "No exports yet", Text: "An export sends the profiles of your segments to a connection, on demand or after each refresh.",
	Action: Button{Label: "Add destination", Icon: "plus", Emphasis: Primary, Href: "#add"},
}

var gallerySteps = Steps{Label: "Set up connection", Done: "done", Current: 2, Items: []Link{
	{"Service", "#service"}, {"Name and access", "#name"}, {"API key", ""}, {"Consent", ""}, {"Export user", ""}, {"Save", ""},
}}

var galleryTabs = Tabs{Label: "Export", Items: []Tab{
	{Label: "Overview", Href: "#overview", Current: true}, {Label: "Runs", Href: "#runs", Count: "42"}, {Label: "Rejections", Href: "#rejections", Count: "7"}, {Label: "Settings", Href: "#settings"},
}}

var galleryDescription = DescriptionList{Items: []Term{
	{Label: "Connection", Text: "Nordic shop (Omnisend)"},
	{Label: "State", Content: Badge{Tone: Success, Text: "Successful"}},
	{Label: "Last run", Content: Moment{Text: "3 hours ago", Title: "24 November 2026 at 15:30 UTC", ISO: "2026-11-24T15:30:00Z"}},
	{Label: "Schedule", Text: "Daily at 06:30, Europe/Copenhagen"},
}}

var galleryColumns = []Column{
	{Label: "Name", SortHref: "#name", Sorted: "ascending"}, {Label: "Connection", SortHref: "#connection"},
	{Label: "Profiles", Numeric: true}, {Label: "Status"}, {Label: "Last refreshed"}, {Label: "Actions", HideLabel: true},
}

var galleryRows = []struct {
	name, connection, profiles, when string
	badge                            Badge
}{
	{"Spring customers", "Nordic shop", "12,480", "3 hours ago", Badge{Tone: Success, Text: "Successful"}},
	{"Loyal since 2019", "Nordic shop", "3,914", "just now", Badge{Tone: Running, Text: "Processing"}},
	{"Outlet buyers with a rather long name that has to break somewhere", "Outlet", "1,048,576", "2 days ago", Badge{Tone: Warning, Text: "Completed with warnings"}},
	{"Newsletter", "No connection", "0", "never", Badge{Tone: Neutral, Text: "Inactive", Icon: "unplug"}},
}

var galleryPager = Pager{Label: "Exports", Summary: "51–100 of 1,234", PreviousLabel: "Previous", PreviousHref: "#previous", NextLabel: "Next", NextHref: "#next"}

var gallerySearch = SearchForm{Action: "#", Label: "Search exports", Placeholder: "Name, connection or segment", Value: "spring", Submit: "Search", ClearLabel: "Clear", ClearHref: "#clear"}

var galleryFilter = Select{Name: "state", Label: "Status", HideLabel: true, Empty: "Every status", Options: []Option{{Value: "failed", Label: "Failed"}}, AutoSubmit: true}

var galleryMenuItems = []MenuItem{
	{Label: "Edit", Icon: "pencil", Href: "#edit"},
	{Label: "Duplicate", Icon: "copy-plus", Action: "#duplicate"},
	{Label: "Detach connection", Icon: "unplug", Href: "#detach"},
}

var galleryRemove = MenuItem{Label: "Remove", Icon: "trash", Href: "#remove", Destructive: true}

var galleryStats = []Stat{
	{Label: "Accepted", Number: "11,942", Note: "95.7 % of the segment", Tone: Success},
	{Label: "Rejected", Number: "38", Note: "see why", Tone: Danger, Href: "#rejections"},
	{Label: "Profiles a second", Number: "1,560"},
	{Label: "Time left", Number: "4 min", Tone: Running},
	{Label: "Requests this minute", Number: "86", Note: "of 400"},
}

var galleryBar = StackedBar{Label: "Outcome of 12,480 profiles", Parts: []Part{
	{Label: "Accepted", Count: 11942, Text: "11,942", Tone: Success}, {Label: "Unchanged", Count: 400, Text: "400", Tone: Neutral},
	{Label: "Skipped", Count: 100, Text: "100", Tone: Warning}, {Label: "Rejected", Count: 38, Text: "38", Tone: Danger, Href: "#rejections"},
}}

var galleryProgress = []Progress{
	{ID: "p1", Label: "Sending", Value: 7800, Max: 12480, Text: "7,800 of 12,480 profiles", Tone: Running},
	{ID: "p2", Label: "Sent", Value: 1, Max: 1, Text: "12,480 of 12,480 profiles", Tone: Success},
	{ID: "p3", Label: "Stopped", Value: 30, Max: 100, Text: "30 of 100 batches", Tone: Danger},
	{ID: "p4", Label: "Counting", Text: "The size is not known yet"},
}

var galleryTimeline = Timeline{Events: []Event{
	{Tone: Neutral, Icon: "clock", Title: "Queued", Text: "Asked for by Anna Administrator", Time: Moment{Text: "15:30:02", ISO: "2026-11-24T15:30:02Z"}},
	{Tone: Running, Icon: "send", Title: "Processing", Text: "125 batches planned", Time: Moment{Text: "15:30:04", ISO: "2026-11-24T15:30:04Z"}},
	{Tone: Warning, Title: "Omnisend asked for patience", Text: "Waited 12 seconds", Time: Moment{Text: "15:31:10", ISO: "2026-11-24T15:31:10Z"}},
	{Tone: Success, Title: "Successful", Time: Moment{Text: "15:34:41", ISO: "2026-11-24T15:34:41Z"}},
}}

var galleryCopy = CopyText{ID: "invitation", Label: "Invitation link", Value: "https://segue.example/invitation/9f2c1a77", CopyLabel: "Copy", CopiedLabel: "Copied"}

var galleryCode = CodeBlock{Label: "Request", Text: "POST /v5/batches\n{\n  \"method\": \"POST\",\n  \"endpoint\": \"contacts\",\n  \"items\": [{\"email\": \"anna@example.com\"}]\n}"}

var galleryTiles = []Tile{
	{Title: "Omnisend", Text: "Email and SMS marketing. Contacts are created and updated by email address.", Icon: "send", Href: "#omnisend"},
	{Title: "Uploaded file", Text: "Unified profiles from a CSV file.", Icon: "upload", Href: "#file", Badge: Badge{Tone: Info, Text: "In use"}},
}
