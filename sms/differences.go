package sms

import (
	"reflect"

	"github.com/liadesk/campaigns/liadesk"
)

// differences are the parts in which two people's drafts differ.
func differences(theirs, yours liadesk.SMSCampaign) []liadesk.Change {
	var list []liadesk.Change
	add := func(field string, a, b any) {
		if !reflect.DeepEqual(a, b) {
			list = append(list, liadesk.Change{Field: field, Theirs: a, Yours: b})
		}
	}
	add("title", theirs.Title, yours.Title)
	add("message", theirs.Message, yours.Message)
	add("inbox_id", theirs.InboxID, yours.InboxID)
	add("purpose", theirs.Purpose, yours.Purpose)
	add("audience", theirs.Audience, yours.Audience)
	add("schedule", saidTime(theirs), saidTime(yours))
	if !theirs.ExpiresAt.Equal(yours.ExpiresAt) {
		add("expires_at", theirs.ExpiresAt, yours.ExpiresAt)
	}
	add("fold_accents", theirs.Fold, yours.Fold)
	add("track_clicks", theirs.TrackClicks, yours.TrackClicks)
	add("override_reason", InputOf(theirs).OverrideReason, InputOf(yours).OverrideReason)
	return list
}

// saidTime is a draft's time as it was said.
func saidTime(c liadesk.SMSCampaign) LocalTime {
	return LocalTime{Local: c.Local, TimeZone: c.TimeZone}
}
