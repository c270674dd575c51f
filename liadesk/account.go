package liadesk

import (
	"regexp"
	"time"

	"github.com/liadesk/campaigns/hours"
)

// Plan is what an account pays for.
type Plan string

// The plans, from the one that costs nothing upwards.
const (
	PlanFree       Plan = "free"
	PlanEssentials Plan = "essentials"
	PlanGrowth     Plan = "growth"
	PlanEnterprise Plan = "enterprise"
)

// Plans lists every plan in order of price.
var Plans = []Plan{PlanFree, PlanEssentials, PlanGrowth, PlanEnterprise}

// Valid tells whether p is one of Plans.
func (p Plan) Valid() bool {
	for _, q := range Plans {
		if p == q {
			return true
		}
	}
	return false
}

// Paid tells whether the plan includes campaigns.
func (p Plan) Paid() bool { return p.Valid() && p != PlanFree }

// Account is an organisation that uses the product.
type Account struct {
	ID        ID        `cbor:"1,keyasint"`
	Name      string    `cbor:"2,keyasint"`
	Plan      Plan      `cbor:"3,keyasint"`
	Settings  Settings  `cbor:"4,keyasint"`
	CreatedAt time.Time `cbor:"5,keyasint"`
	// Demo accounts text round the clock, and their pages say so.
	Demo bool `cbor:"6,keyasint,omitempty"`
	// Version counts changes, so that a save over somebody else's is noticed.
	Version uint64 `cbor:"7,keyasint"`
	// LinkCode names the account in the addresses of opt-out pages. The store
	// gives it.
	LinkCode uint32 `cbor:"8,keyasint,omitempty"`
}

// FooterLink is the one variable that Settings.Footer may have: the address of
// the recipient's opt-out page.
var FooterLink = regexp.MustCompile(`\{\{\s*contact\.opt_out_link\s*\}\}`)

// Settings are what administrators choose for the whole account.
type Settings struct {
	// Region is the ISO 3166 country assumed for numbers without a country
	// code, or "" when such numbers must be refused.
	Region string `cbor:"1,keyasint"`
	// TimeZone is the IANA zone in which the team reads and sets times.
	TimeZone string `cbor:"2,keyasint"`
	// Locale is a BCP 47 tag for words, dates and figures.
	Locale string `cbor:"3,keyasint"`
	// MaxSegments is the most segments a campaign text may have (1 to 10).
	MaxSegments int `cbor:"4,keyasint"`
	// Footer is appended to every marketing text on a line of its own.
	Footer string `cbor:"5,keyasint,omitempty"`
	// OptOutReply, OptInReply and HelpReply answer STOP, START and HELP.
	OptOutReply string `cbor:"6,keyasint"`
	OptInReply  string `cbor:"7,keyasint"`
	HelpReply   string `cbor:"8,keyasint"`
	// OptOutKeywords and OptInKeywords are the account's own, beside those
	// that always hold.
	OptOutKeywords []string `cbor:"9,keyasint,omitempty"`
	OptInKeywords  []string `cbor:"10,keyasint,omitempty"`
	// RoundTheClock lifts the texting window. Only demo accounts have it.
	RoundTheClock bool `cbor:"11,keyasint,omitempty"`
	// Windows are the account's own texting windows, by country ("BR"), state
	// ("US/FL") or hours.Anywhere, in place of those that the product ships.
	Windows map[string]hours.Window `cbor:"12,keyasint,omitempty"`
	// Prices are what a segment costs by country of the number, in millionths of
	// Currency, by the account's contract with its carrier; Currency is a code of
	// ISO 4217, or "".
	Prices   map[string]int64 `cbor:"18,keyasint,omitempty"`
	Currency string           `cbor:"19,keyasint,omitempty"`
	// TextsPerDay is the most marketing texts that one number gets in a
	// RestraintPeriod, over all campaigns and inboxes; 0 is DefaultTextsPerDay.
	TextsPerDay int `cbor:"28,keyasint,omitempty"`
	// Introduce begins the first text to a number with the account's name, unless
	// the text has it anyway.
	Introduce bool `cbor:"30,keyasint,omitempty"`
}

// AnyCountry stands among Prices for all countries without a price of their own.
const AnyCountry = "*"

// PriceOf is what a segment to a country costs, in millionths of Currency;
// false when the account has not said.
func (s Settings) PriceOf(country string) (int64, bool) {
	if p, ok := s.Prices[country]; ok && country != "" {
		return p, true
	}
	p, ok := s.Prices[AnyCountry]
	return p, ok
}

// MostTextsPerDay is TextsPerDay with its default.
func (s Settings) MostTextsPerDay() int {
	if s.TextsPerDay == 0 {
		return DefaultTextsPerDay
	}
	return s.TextsPerDay
}

// DefaultSettings are a new account's.
func DefaultSettings(region, zone string) Settings {
	return Settings{
		Region:      region,
		TimeZone:    zone,
		Locale:      "en",
		MaxSegments: 10,
		OptOutReply: "You are opted out and get no more of these texts from us. Reply START to get them again.",
		OptInReply:  "Welcome back. You will get our texts again. Reply STOP to end them, HELP for help.",
		HelpReply:   "You get these texts because you agreed to them. Reply STOP to end them. Msg & data rates may apply.",
	}
}

// Ref names a record for a sentence or a link.
type Ref struct {
	ID   ID     `json:"id"`
	Name string `json:"name"`
	// Kind is the noun: "sms_campaign", "live_chat_campaign", "segment", "inbox".
	Kind string `json:"kind"`
}
