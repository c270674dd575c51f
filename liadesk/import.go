package liadesk

import "time"

// ImportState is where an import stands.
type ImportState string

// The states of an import.
const (
	ImportReceiving ImportState = "receiving" // the file is being uploaded
	ImportMapping   ImportState = "mapping"   // a person says what the columns mean
	ImportQueued    ImportState = "queued"
	ImportRunning   ImportState = "running"
	ImportCompleted ImportState = "completed"
	ImportFailed    ImportState = "failed"
	ImportUndoing   ImportState = "undoing"
	ImportUndone    ImportState = "undone"
)

// ImportTarget is what a column of the file becomes.
type ImportTarget string

// The targets of columns.
const (
	ColumnSkip      ImportTarget = "skip"
	ColumnName      ImportTarget = "name"
	ColumnFirstName ImportTarget = "first_name"
	ColumnLastName  ImportTarget = "last_name"
	ColumnPhone     ImportTarget = "phone"
	ColumnEmail     ImportTarget = "email"
	ColumnTags      ImportTarget = "tags"
	ColumnTimeZone  ImportTarget = "time_zone"
	ColumnLanguage  ImportTarget = "language"
	ColumnCountry   ImportTarget = "country"
	ColumnAttribute ImportTarget = "attribute"
)

// ImportTargets lists every target in the order in which a page offers them.
var ImportTargets = []ImportTarget{ColumnName, ColumnFirstName, ColumnLastName, ColumnPhone, ColumnEmail,
	ColumnTags, ColumnCountry, ColumnLanguage, ColumnTimeZone, ColumnAttribute, ColumnSkip}

// ImportColumn is one column of the file.
type ImportColumn struct {
	Header string       `cbor:"1,keyasint" json:"header"`
	Target ImportTarget `cbor:"2,keyasint" json:"target"`
}

// ImportOptions say how a file is read. They hold for all of its rows.
type ImportOptions struct {
	// Delimiter is ",", ";" or a tab.
	Delimiter string `cbor:"1,keyasint"`
	// HeaderRow says that the first row names the columns.
	HeaderRow bool           `cbor:"2,keyasint"`
	Columns   []ImportColumn `cbor:"3,keyasint"`
	// Region is the country of numbers without a country code.
	Region string   `cbor:"4,keyasint,omitempty"`
	Tags   []string `cbor:"5,keyasint,omitempty"` // for every contact of the file
	// Consent says that all these people agreed to marketing texts;
	// ConsentSource says where they were asked.
	Consent       bool   `cbor:"6,keyasint,omitempty"`
	ConsentSource string `cbor:"7,keyasint,omitempty"`
	// RepairNumbers accepts the present form that is offered for outdated
	// numbers: the ninth digit of Brazilian mobiles.
	RepairNumbers bool `cbor:"8,keyasint,omitempty"`
}

// ImportCursor is the place in the file up to which all is done.
type ImportCursor struct {
	Offset int64 `cbor:"1,keyasint"` // in the stored bytes
	Line   int   `cbor:"2,keyasint"` // of the file, counted from 1
	Folded int   `cbor:"3,keyasint"` // line breaks inside cells before it
}

// Import is one file of contacts.
type Import struct {
	ID        ID          `cbor:"1,keyasint"`
	AccountID ID          `cbor:"2,keyasint"`
	FileName  string      `cbor:"3,keyasint"`
	State     ImportState `cbor:"4,keyasint"`
	// Problem is the code of why it failed.
	Problem string `cbor:"5,keyasint,omitempty"`
	// Size is how many bytes are stored, in Parts pieces. What came in UTF-16
	// is stored as UTF-8; Encoding says how the stored bytes are written, and
	// Written how the file was.
	Size     int64  `cbor:"6,keyasint"`
	Parts    int    `cbor:"7,keyasint"`
	Encoding string `cbor:"8,keyasint,omitempty"`
	Written  string `cbor:"9,keyasint,omitempty"`

	Options ImportOptions `cbor:"10,keyasint"`
	Cursor  ImportCursor  `cbor:"11,keyasint"`
	// Total counts the rows handled so far; each is in exactly one of Created,
	// Updated and Rejected.
	Total    int64 `cbor:"12,keyasint,omitempty"`
	Created  int64 `cbor:"13,keyasint,omitempty"`
	Updated  int64 `cbor:"14,keyasint,omitempty"`
	Rejected int64 `cbor:"15,keyasint,omitempty"`

	CreatedAt  time.Time `cbor:"16,keyasint"`
	CreatedBy  ID        `cbor:"17,keyasint"`
	StartedAt  time.Time `cbor:"18,keyasint"`
	FinishedAt time.Time `cbor:"19,keyasint"`

	// UndoRow is the row from which on all is undone.
	UndoRow     uint32    `cbor:"20,keyasint,omitempty"`
	Removed     int64     `cbor:"21,keyasint,omitempty"` // contacts made and taken away again
	Restored    int64     `cbor:"22,keyasint,omitempty"` // contacts that have their earlier values again
	Kept        int64     `cbor:"23,keyasint,omitempty"` // rows that could not be undone
	UndoneAt    time.Time `cbor:"24,keyasint"`
	UndoneBy    ID        `cbor:"25,keyasint,omitempty"`
	PartsRemain int       `cbor:"26,keyasint,omitempty"` // the first part that is still stored
}

// Progress is the share of the file that is done, 0 to 1.
func (i Import) Progress() float64 {
	switch {
	case i.State == ImportCompleted, i.State == ImportUndone:
		return 1
	case i.Size == 0:
		return 0
	case i.State == ImportUndoing && i.Total > 0:
		return 1 - min(1, float64(i.UndoRow)/float64(i.Total+1))
	}
	return min(1, float64(i.Cursor.Offset)/float64(i.Size))
}

// Working tells whether the import changes without anybody doing something.
func (i Import) Working() bool {
	return i.State == ImportQueued || i.State == ImportRunning || i.State == ImportUndoing
}

// ImportRow is what one row of a file did.
type ImportRow struct {
	// Row counts as a spreadsheet does: the header is row 1.
	Row       uint32 `cbor:"1,keyasint"`
	ContactID ID     `cbor:"2,keyasint,omitempty"` // zero for rejected rows
	// Before is the contact as it was, nil when the row created it.
	Before *Contact         `cbor:"3,keyasint,omitempty"`
	Errors []ImportRowError `cbor:"4,keyasint,omitempty"` // why the row was rejected
}

// ImportRowError says what is wrong with a cell.
type ImportRowError struct {
	Column string `cbor:"1,keyasint"`
	Value  string `cbor:"2,keyasint"` // as it stands in the file, cut if long
	// Field and Reason are those of a FieldError.
	Field  string            `cbor:"3,keyasint"`
	Reason string            `cbor:"4,keyasint"`
	Args   map[string]string `cbor:"5,keyasint,omitempty"`
}

// ImportKept is a row that an undo left as it is.
type ImportKept struct {
	Row       uint32 `cbor:"1,keyasint"`
	ContactID ID     `cbor:"2,keyasint"`
	Label     string `cbor:"3,keyasint"`
	// Reason is "changed" (somebody edited the contact since), "in_touch"
	// (texts or a conversation exist) or "number_taken" (the earlier number is
	// another contact's by now).
	Reason string `cbor:"4,keyasint"`
}
