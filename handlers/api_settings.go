package handlers

import (
	"maps"
	"math"
	"slices"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
)

// settingsJSON are an account's settings as the API shows them.
type settingsJSON struct {
	AccountID liadesk.ID   `json:"account_id"`
	Name      string       `json:"name"`
	Plan      liadesk.Plan `json:"plan"`
	Region    string       `json:"region"`
	TimeZone  string       `json:"time_zone"`
	Locale    string       `json:"locale"`
	Windows   windowsJSON  `json:"windows"` // those that hold
	Footer    string       `json:"footer"`
	// Introduce begins the first text to a number with the account's name.
	Introduce bool         `json:"introduce"`
	Keywords  keywordsJSON `json:"keywords"`
	Replies   repliesJSON  `json:"replies"`
	Limits    limitsJSON   `json:"limits"`
	Prices    pricesJSON   `json:"prices"`
	Version   uint64       `json:"version"`
}

// keywordsJSON are the account's own words, beside those that always hold.
type keywordsJSON struct {
	OptOut []string `json:"opt_out"`
	OptIn  []string `json:"opt_in"`
}

type repliesJSON struct {
	OptOut string `json:"opt_out"`
	OptIn  string `json:"opt_in"`
	Help   string `json:"help"`
}

// pricesJSON are what a segment costs, by country of the number, "*" for all
// others.
type pricesJSON struct {
	Currency   string           `json:"currency"`
	PerSegment map[string]money `json:"per_segment"`
}

type limitsJSON struct {
	MaxSegments int `json:"max_segments"`
	TextsPerDay int `json:"marketing_texts_per_24h"`
}

// settingsInput is what PATCH takes.
type settingsInput struct {
	Name      *string `json:"name"`
	Region    *string `json:"region"`
	TimeZone  *string `json:"time_zone"`
	Locale    *string `json:"locale"`
	Footer    *string `json:"footer"`
	Introduce *bool   `json:"introduce"`
	Keywords  struct {
		OptOut *[]string `json:"opt_out"`
		OptIn  *[]string `json:"opt_in"`
	} `json:"keywords"`
	Replies struct {
		OptOut *string `json:"opt_out"`
		OptIn  *string `json:"opt_in"`
		Help   *string `json:"help"`
	} `json:"replies"`
	Limits struct {
		MaxSegments *int `json:"max_segments"`
		TextsPerDay *int `json:"marketing_texts_per_24h"`
	} `json:"limits"`
	Prices struct {
		Currency   *string             `json:"currency"`
		PerSegment *map[string]float64 `json:"per_segment"`
	} `json:"prices"`
	Windows struct {
		Default given[hours.Window]      `json:"default"`
		ByPlace map[string]*hours.Window `json:"by_place"`
	} `json:"windows"`
	Version uint64 `json:"version"`
}

func settingsView(a liadesk.Account) settingsJSON {
	set := a.Settings
	out := settingsJSON{AccountID: a.ID, Name: a.Name, Plan: a.Plan, Region: set.Region, TimeZone: set.TimeZone, Locale: set.Locale,
		Windows: windowsOf(set), Footer: set.Footer, Introduce: set.Introduce, Keywords: keywordsJSON{emptyNotNull(set.OptOutKeywords), emptyNotNull(set.OptInKeywords)},
		Replies: repliesJSON{set.OptOutReply, set.OptInReply, set.HelpReply}, Limits: limitsJSON{set.MaxSegments, set.MostTextsPerDay()}, Version: a.Version}
	out.Prices = pricesJSON{set.Currency, make(map[string]money, len(set.Prices))}
	for country, price := range set.Prices {
		out.Prices.PerSegment[country] = money(price)
	}
	return out
}

// windowsJSON are the texting windows that hold, and for which places ("*" is
// the default) they are the account's own.
type windowsJSON struct {
	hours.Rules
	Own []string `json:"own"`
}

func windowsOf(set liadesk.Settings) windowsJSON {
	if set.RoundTheClock {
		return windowsJSON{hours.Rules{Default: hours.RoundTheClock()}, []string{}}
	}
	out := windowsJSON{hours.BuiltIn(), []string{}}
	for _, place := range slices.Sorted(maps.Keys(set.Windows)) {
		w := set.Windows[place]
		out.Own = append(out.Own, place)
		if place == hours.Anywhere {
			out.Default = w
			continue
		}
		out.ByPlace[place] = w
	}
	for place, w := range out.ByPlace {
		w.MostPerDay = mostAt(set.Windows, place) // the law's, or one's own for the country
		out.ByPlace[place] = w
	}
	return out
}

// emptyNotNull writes a list without entries as [].
func emptyNotNull[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (s *Server) apiGetSettings(c *fiber.Ctx) error {
	a, err := s.Accounts.Account(c.UserContext(), actor(c))
	if err != nil {
		return err
	}
	return c.JSON(settingsView(a))
}

func (s *Server) apiEditSettings(c *fiber.Ctx) error {
	var in settingsInput
	if err := readJSON(c, &in); err != nil {
		return err
	}
	windows := in.Windows.ByPlace
	if in.Windows.Default.Set {
		if windows == nil {
			windows = make(map[string]*hours.Window)
		}
		windows[hours.Anywhere] = in.Windows.Default.Value
	}
	var prices *map[string]int64
	if given := in.Prices.PerSegment; given != nil {
		prices = new(map[string]int64)
		*prices = make(map[string]int64, len(*given))
		for country, price := range *given {
			(*prices)[country] = int64(math.Round(max(min(price, 1e9), -1) * 1e6))
		}
	}
	a, err := s.Accounts.EditSettings(c.UserContext(), actor(c), accounts.SettingsPatch{
		Currency: in.Prices.Currency, Prices: prices, Windows: windows,
		Name: in.Name, Region: in.Region, TimeZone: in.TimeZone, Locale: in.Locale, Footer: in.Footer, Introduce: in.Introduce,
		OptOutKeywords: in.Keywords.OptOut, OptInKeywords: in.Keywords.OptIn,
		OptOutReply: in.Replies.OptOut, OptInReply: in.Replies.OptIn, HelpReply: in.Replies.Help,
		MaxSegments: in.Limits.MaxSegments, TextsPerDay: in.Limits.TextsPerDay, Version: in.Version,
	})
	if err != nil {
		return err
	}
	return c.JSON(settingsView(a))
}
