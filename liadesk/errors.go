package liadesk

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind sorts errors by what the asker can do about them; the edges map it to
// a status code.
type Kind int

const (
	// KindInternal is our own fault; its text is for the log alone.
	KindInternal Kind = iota
	// KindInvalid is input to mend; Fields say where.
	KindInvalid
	// KindNotFound is also the answer to another account's ids.
	KindNotFound
	// KindConflict means that the record is not in the state the asker thinks.
	KindConflict
	// KindUnauthenticated means sign in first.
	KindUnauthenticated
	// KindForbidden means that this person may not.
	KindForbidden
	// KindPlanRequired means that the account's plan does not include it.
	KindPlanRequired
	// KindTooMany means try again after RetryAfter.
	KindTooMany
	// KindTooLarge means that the input passes a documented size.
	KindTooLarge
	// KindUnavailable means that we cannot store or serve just now.
	KindUnavailable
)

// Error refuses something. Code is stable and names the sentence in the
// catalogue; Text is that sentence in plain English for logs and terminals.
type Error struct {
	Kind       Kind
	Code       string
	Text       string
	Args       map[string]any // values of the sentence
	Fields     []FieldError   // for KindInvalid
	RetryAfter time.Duration  // for KindTooMany
	Cause      error
}

// FieldError says what is wrong with one field of the input. Field is the
// name the API uses ("trigger.url"); Code names the sentence in the catalogue.
type FieldError struct {
	Field string         `json:"field"`
	Code  string         `json:"code"`
	Args  map[string]any `json:"-"`
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Text != "" {
		b.WriteString(e.Text)
	} else {
		b.WriteString(e.Code)
	}
	for i, f := range e.Fields {
		if i == 0 {
			b.WriteString(": ")
		} else {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %s", f.Field, f.Code)
	}
	if e.Cause != nil {
		fmt.Fprintf(&b, ": %v", e.Cause)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Cause }

// Is makes errors.Is compare kind and code, so that ErrNotFound and its like
// can be matched after they were given details.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind && (t.Code == "" || t.Code == e.Code)
}

// The refusals that every room shares.
var (
	ErrNotFound        = &Error{Kind: KindNotFound, Code: "not_found", Text: "there is no such thing here"}
	ErrUnauthenticated = &Error{Kind: KindUnauthenticated, Code: "unauthenticated", Text: "please sign in"}
	ErrForbidden       = &Error{Kind: KindForbidden, Code: "forbidden", Text: "your role does not allow this"}
	ErrPlanRequired    = &Error{Kind: KindPlanRequired, Code: "plan_required", Text: "the account's plan does not include campaigns"}
)

// Conflict is an error of KindConflict with its own code.
func Conflict(code, text string) *Error {
	return &Error{Kind: KindConflict, Code: code, Text: text}
}

// With gives an error the values of its sentence, on a copy.
func (e *Error) With(args map[string]any) *Error {
	c := *e
	c.Args = args
	return &c
}

// KindOf finds the kind of an error; errors that are not ours are internal.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return KindInternal
}

// Invalid gathers field errors while input is checked. The zero value is
// ready; Err is nil while nothing was added.
type Invalid struct{ fields []FieldError }

// Add notes that a field is wrong. Args come in pairs: name, value.
func (v *Invalid) Add(field, code string, args ...any) {
	f := FieldError{Field: field, Code: code}
	if len(args) > 0 {
		f.Args = make(map[string]any, len(args)/2)
		for i := 0; i+1 < len(args); i += 2 {
			f.Args[args[i].(string)] = args[i+1]
		}
	}
	v.fields = append(v.fields, f)
}

// Has tells whether a field was found wrong already.
func (v *Invalid) Has(field string) bool {
	for _, f := range v.fields {
		if f.Field == field {
			return true
		}
	}
	return false
}

// Err is the error to return: nil, or an *Error of KindInvalid.
func (v *Invalid) Err() error {
	if len(v.fields) == 0 {
		return nil
	}
	return &Error{Kind: KindInvalid, Code: "invalid", Text: "the input has mistakes", Fields: v.fields}
}
