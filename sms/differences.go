package sms

import "github.com/liadesk/campaigns/liadesk"

// differences are the parts in which two people's drafts differ.
func differences(theirs, yours liadesk.SMSCampaign) []liadesk.Change {
	var list liadesk.Differences
	list.Add("title", theirs.Title, yours.Title)
	list.Add("message", theirs.Message, yours.Message)
	list.Add("inbox_id", theirs.InboxID, yours.InboxID)
	list.Add("purpose", theirs.Purpose, yours.Purpose)
	list.Add("audience", theirs.Audience, yours.Audience)
	list.Add("schedule", saidTime(theirs), saidTime(yours))
	if !theirs.ExpiresAt.Equal(yours.ExpiresAt) {
		list.Add("expires_at", theirs.ExpiresAt, yours.ExpiresAt)
	}
	list.Add("fold_accents", theirs.Fold, yours.Fold)
	list.Add("track_clicks", theirs.TrackClicks, yours.TrackClicks)
	list.Add("override_reason", InputOf(theirs).OverrideReason, InputOf(yours).OverrideReason)
	return list
}

// saidTime is a draft's time as it was said.
func saidTime(c liadesk.SMSCampaign) LocalTime {
	return LocalTime{Local: c.Local, TimeZone: c.TimeZone}
}
