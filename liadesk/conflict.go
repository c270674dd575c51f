package liadesk

import "reflect"

// Change is a field that two people set to different values at the same time.
type Change struct {
	// Field is the name the API uses.
	Field string `json:"field"`
	// Theirs is what is stored now, Yours what the later save asked for; both
	// as a person would type them.
	Theirs any `json:"theirs"`
	Yours  any `json:"yours"`
}

// Differences are the fields in which two people's versions of a thing differ.
type Differences []Change

// Add notes a field if its two values differ. Lists without anything in them are
// the same, made or not.
func (d *Differences) Add(field string, theirs, yours any) {
	a, b := reflect.ValueOf(theirs), reflect.ValueOf(yours)
	empty := a.Kind() == reflect.Slice && b.Kind() == reflect.Slice && a.Len()+b.Len() == 0
	if !empty && !reflect.DeepEqual(theirs, yours) {
		*d = append(*d, Change{Field: field, Theirs: theirs, Yours: yours})
	}
}

// CodeChanged is the code of the error that Changed makes.
const CodeChanged = "changed"

// Changed refuses a save that was made from an older version than the stored
// one. It carries both values of every field that differs, so that the asker
// can choose and neither is lost. Nobody needs to be asked when nothing
// differs: the result is then nil and the save may go on. The asker's next save
// names the version it has now seen.
func Changed(version uint64, changes ...Change) error {
	if len(changes) == 0 {
		return nil
	}
	return &Error{
		Kind: KindConflict, Code: CodeChanged, Text: "somebody else changed this in the meantime",
		Args: map[string]any{"changes": changes, "version": version},
	}
}

// Changes are what an error of Changed carries, and the version to save over;
// nothing for other errors.
func (e *Error) Changes() (changes []Change, version uint64) {
	if e.Kind != KindConflict || e.Code != CodeChanged {
		return nil, 0
	}
	changes, _ = e.Args["changes"].([]Change)
	version, _ = e.Args["version"].(uint64)
	return changes, version
}
