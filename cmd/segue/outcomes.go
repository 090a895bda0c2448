package main

import "github.com/segue-app/segue/internal/export"

// outcomes is where exports may have it written what became of the profiles of their runs.
type outcomes struct {
	OutcomeFolders []string `name:"outcome-folder" help:"Folder in which exports may have files written that say what became of each profile; none when none is given." type:"path" env:"SEGUE_OUTCOME_FOLDER"`
}

func (o outcomes) places() export.OutcomePlaces {
	return export.OutcomePlaces{Folders: o.OutcomeFolders}
}
