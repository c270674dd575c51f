package sms

import (
	"github.com/liadesk/campaigns/liadesk"
)

// CheckReply refuses a text of the team that the carrier would not take, with
// the field "text" of a conversation's message.
func CheckReply(text string) error {
	var v liadesk.Invalid
	switch err := CheckLength(Measure(text), 0).(type) {
	case nil:
	case *TooLongError:
		v.Add("text", "too_many_"+err.Limit, "Got", err.Got, "Max", err.Max)
	default:
		v.Add("text", "required")
	}
	return v.Err()
}
