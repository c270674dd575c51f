package liadesk

import (
	"slices"
	"time"
)

// Purpose decides which rules hold for a text.
type Purpose string

const (
	// PurposeMarketing keeps to the texting windows and needs consent.
	PurposeMarketing Purpose = "marketing"
	// PurposeTransactional is exempt from both; opt-outs hold all the same.
	PurposeTransactional Purpose = "transactional"
)

// SMSStatus is where an SMS campaign stands.
type SMSStatus string

// The states of an SMS campaign.
const (
	SMSDraft     SMSStatus = "draft"
	SMSScheduled SMSStatus = "scheduled"
	SMSSending   SMSStatus = "sending"
	SMSPaused    SMSStatus = "paused"
	SMSCompleted SMSStatus = "completed"
	SMSCancelled SMSStatus = "cancelled"
)

// PauseReason is why a campaign is paused; it goes on only when a person says
// so.
type PauseReason string

// The reasons of a pause.
const (
	PauseByUser   PauseReason = "user"
	PauseStopped  PauseReason = "stopped"  // somebody stopped all campaigns at once
	PauseMissed   PauseReason = "missed"   // found more than an hour after its time
	PausePlan     PauseReason = "plan"     // the account's plan ended
	PauseInbox    PauseReason = "inbox"    // the inbox was deleted
	PauseRestored PauseReason = "restored" // the database came from a backup
)

// SMSCampaign sends one text to everybody in an audience at a set time.
type SMSCampaign struct {
	ID        ID      `cbor:"1,keyasint"`
	AccountID ID      `cbor:"2,keyasint"`
	Title     string  `cbor:"3,keyasint"`
	Message   string  `cbor:"4,keyasint"` // with variables, before the footer
	InboxID   ID      `cbor:"5,keyasint"`
	Purpose   Purpose `cbor:"6,keyasint"`
	Audience  Rule    `cbor:"7,keyasint"`

	// ScheduledAt is the instant; Local and TimeZone are the wall time and zone
	// that the person asked for, from which it was made.
	ScheduledAt time.Time `cbor:"8,keyasint"`
	Local       string    `cbor:"9,keyasint,omitempty"` // 2006-01-02T15:04
	TimeZone    string    `cbor:"10,keyasint,omitempty"`
	// ExpiresAt ends handing over; who was not reached by then is expired.
	// Zero means never.
	ExpiresAt time.Time `cbor:"11,keyasint"`
	// UsualEnd is set when nobody set ExpiresAt and it was worked out: the end of
	// the texting hours in which everybody can be reached.
	UsualEnd bool `cbor:"28,keyasint,omitempty"`
	// Fold writes a text without the accents of names and the like where that
	// makes it fewer segments.
	Fold bool `cbor:"29,keyasint,omitempty"`

	// TrackClicks makes the links short and counts who opens them.
	TrackClicks bool `cbor:"30,keyasint,omitempty"`
	// ClickCode is how the short links name the campaign, Links are where they
	// lead, and LinkSource is the message with variables in their places. They are
	// set when it is scheduled, and empty for one without links.
	ClickCode  uint32   `cbor:"31,keyasint,omitempty"`
	Links      []string `cbor:"32,keyasint,omitempty"`
	LinkSource string   `cbor:"33,keyasint,omitempty"`

	Status SMSStatus   `cbor:"12,keyasint"`
	Reason PauseReason `cbor:"13,keyasint,omitempty"`

	// Frozen is set when the audience is fixed; Targeted and Skipped never
	// change after, except that a claimed row may move from one to the other.
	Frozen   bool  `cbor:"14,keyasint,omitempty"`
	Targeted int64 `cbor:"15,keyasint,omitempty"`
	// FreezeChunk is the cursor of a freeze that is under way.
	FreezeChunk uint32 `cbor:"16,keyasint,omitempty"`

	CreatedAt   time.Time `cbor:"17,keyasint"`
	CreatedBy   ID        `cbor:"18,keyasint"`
	UpdatedAt   time.Time `cbor:"19,keyasint"`
	StartedAt   time.Time `cbor:"20,keyasint"`
	CompletedAt time.Time `cbor:"21,keyasint"`
	// ReplacesID is the scheduled campaign that this one stands in for.
	ReplacesID ID     `cbor:"22,keyasint,omitempty"`
	Version    uint64 `cbor:"23,keyasint"`
	// DeletedAt hides the campaign from lists. What was sent stays.
	DeletedAt time.Time `cbor:"24,keyasint"`
	// InboxName is kept for history when the inbox is deleted.
	InboxName string `cbor:"25,keyasint,omitempty"`
	// Sweep says where the recipients go who still wait although nothing more
	// will be sent: "" nowhere, "cancelled" to the skipped, "expired".
	Sweep Sweep `cbor:"26,keyasint,omitempty"`
	// Released is set when a person let the campaign go on although it is late.
	Released bool `cbor:"27,keyasint,omitempty"`
	// Unheard is who scheduled it, and when, although the inbox had never been
	// called back by the carrier: STOP might not have been heard. nil if that
	// did not have to be said.
	Unheard *Acknowledged `cbor:"40,keyasint,omitempty"`
	// Override lets it text people who got a marketing text lately, nil for
	// the usual restraint.
	Override *Override `cbor:"53,keyasint,omitempty"`
}

// Acknowledged is who said that they understand something, and when.
type Acknowledged struct {
	By ID        `cbor:"1,keyasint"`
	At time.Time `cbor:"2,keyasint"`
}

// RecipientZone stands in TimeZone for each recipient's own.
const RecipientZone = "recipient"

// InOwnZones tells whether the campaign goes out by each recipient's own clock.
// ScheduledAt is then when the first of them get it.
func (c SMSCampaign) InOwnZones() bool { return c.TimeZone == RecipientZone }

// Sweep is why the waiting recipients of an ended campaign are put aside.
type Sweep string

// The sweeps.
const (
	SweepNone      Sweep = ""
	SweepCancelled Sweep = "cancelled"
	SweepExpired   Sweep = "expired"
)

// smsMoves are the allowed moves of a campaign. Cancelled is final. Completed
// is left only when a person has an uncertain text sent again.
var smsMoves = map[SMSStatus][]SMSStatus{
	SMSDraft:     {SMSScheduled},
	SMSScheduled: {SMSSending, SMSPaused, SMSCancelled},
	SMSSending:   {SMSPaused, SMSCompleted, SMSCancelled},
	SMSPaused:    {SMSScheduled, SMSSending, SMSCancelled, SMSCompleted},
	SMSCompleted: {SMSSending},
}

// CanMove tells whether a campaign may go from its status to another.
func (s SMSStatus) CanMove(to SMSStatus) bool { return slices.Contains(smsMoves[s], to) }

// Ended tells whether nothing more will be sent.
func (s SMSStatus) Ended() bool { return s == SMSCompleted || s == SMSCancelled }

// Waits tells whether the campaign has, or will have, recipients to send to.
func (s SMSStatus) Waits() bool { return s == SMSScheduled || s == SMSSending || s == SMSPaused }
