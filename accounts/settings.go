package accounts

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
)

const (
	// maxSegments is the most segments that a campaign text may have, whatever
	// an account chooses.
	maxSegments = 10
	// maxFooter and maxReply keep a footer, and an answer to a keyword, to one
	// and three segments of plain letters.
	maxFooter = 160
	maxReply  = 459
	// maxKeywords and maxKeyword bound an account's own keywords.
	maxKeywords = 50
	maxKeyword  = 30
)

// SettingsPatch changes an account's name and settings; nil leaves a field as
// it is.
type SettingsPatch struct {
	Name        *string
	Region      *string
	TimeZone    *string
	Locale      *string
	MaxSegments *int
	TextsPerDay *int // 1 to liadesk.MaxTextsPerDay
	Introduce   *bool
	// Windows sets the account's own texting windows by place; nil for a place
	// goes back to what the product ships.
	Windows map[string]*hours.Window
	// WindowsSeen are, by place, the WindowMark of the hours that the change was
	// made from; a place that is not in it is saved over any.
	WindowsSeen    map[string]string
	Currency       *string
	Prices         *map[string]int64 // whole, by country or liadesk.AnyCountry
	Footer         *string
	OptOutReply    *string
	OptInReply     *string
	HelpReply      *string
	OptOutKeywords *[]string
	OptInKeywords  *[]string
	// Version is the one that the change was made from; 0 saves over any.
	Version uint64
}

// EditSettings changes the account's name and settings. With ErrWindowChanged it
// returns the account as it is.
func (s *Service) EditSettings(ctx context.Context, actor liadesk.Actor, p SettingsPatch) (liadesk.Account, error) {
	if err := actor.Administrator(); err != nil {
		return liadesk.Account{}, err
	}
	var a liadesk.Account
	err := s.store.Update(ctx, func(tx *db.Tx) (err error) {
		if a, err = account(tx, actor.Account); err != nil {
			return err
		}
		for place, mark := range p.WindowsSeen {
			if mark != WindowMark(a.Settings, place) {
				return ErrWindowChanged
			}
		}
		old := a
		if err := applySettings(&a, p); err != nil {
			return err
		}
		if p.Version != 0 && p.Version != old.Version {
			if err := liadesk.Changed(old.Version, settingsChanges(old, a)...); err != nil {
				return err
			}
		}
		a.Version++
		return tx.PutAccount(a)
	})
	return a, err
}

func applySettings(a *liadesk.Account, p SettingsPatch) error {
	var v liadesk.Invalid
	set := &a.Settings
	if p.Name != nil {
		a.Name = checkName(&v, "name", *p.Name)
	}
	if p.Region != nil {
		set.Region = checkRegion(&v, "region", *p.Region)
	}
	if p.TimeZone != nil {
		set.TimeZone = strings.TrimSpace(*p.TimeZone)
		checkZone(&v, "time_zone", set.TimeZone)
	}
	if p.Locale != nil {
		tag, err := language.Parse(strings.TrimSpace(*p.Locale))
		if err != nil || tag == language.Und {
			v.Add("locale", "unknown_locale")
		}
		set.Locale = tag.String()
	}
	if p.MaxSegments != nil {
		set.MaxSegments = *p.MaxSegments
		if set.MaxSegments < 1 || set.MaxSegments > maxSegments {
			v.Add("max_segments", "out_of_range", "Min", "1", "Max", "10")
		}
	}
	if p.TextsPerDay != nil {
		set.TextsPerDay = *p.TextsPerDay
		if set.TextsPerDay < 1 || set.TextsPerDay > liadesk.MaxTextsPerDay {
			v.Add("marketing_texts_per_24h", "out_of_range", "Min", "1", "Max", "10")
		}
	}
	if p.Introduce != nil {
		set.Introduce = *p.Introduce
	}
	applyPrices(&v, set, p)
	applyWindows(&v, set, p.Windows)
	if p.Footer != nil {
		set.Footer = checkText(&v, "footer", *p.Footer, maxFooter, false)
		if plain := liadesk.FooterLink.ReplaceAllLiteralString(set.Footer, ""); strings.Contains(plain, "{{") || strings.Contains(plain, "{%") {
			v.Add("footer", "footer_variable")
		}
	}
	if p.OptOutReply != nil {
		set.OptOutReply = checkText(&v, "opt_out_reply", *p.OptOutReply, maxReply, true)
	}
	if p.OptInReply != nil {
		set.OptInReply = checkText(&v, "opt_in_reply", *p.OptInReply, maxReply, true)
	}
	if p.HelpReply != nil {
		set.HelpReply = checkText(&v, "help_reply", *p.HelpReply, maxReply, true)
	}
	if p.OptOutKeywords != nil {
		set.OptOutKeywords = checkKeywords(&v, "opt_out_keywords", *p.OptOutKeywords)
	}
	if p.OptInKeywords != nil {
		set.OptInKeywords = checkKeywords(&v, "opt_in_keywords", *p.OptInKeywords)
	}
	for _, k := range set.OptInKeywords {
		// STOP always ends texts; a word cannot mean both.
		if k == "STOP" || slices.Contains(set.OptOutKeywords, k) {
			v.Add("opt_in_keywords", "means_both", "Keyword", k)
			break
		}
	}
	for _, k := range set.OptOutKeywords {
		if k == "START" || k == "HELP" {
			v.Add("opt_out_keywords", "means_both", "Keyword", k)
			break
		}
	}
	return v.Err()
}

// checkText cleans a text of several lines and notes what is wrong with it.
func checkText(v *liadesk.Invalid, field, text string, longest int, required bool) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' {
			return -1
		}
		return r
	}, text))
	switch {
	case text == "" && required:
		v.Add(field, "required")
	case utf8.RuneCountInString(text) > longest:
		v.Add(field, "too_long", "Max", longest)
	}
	return text
}

// checkKeywords writes keywords as they are compared, in capitals, each once.
func checkKeywords(v *liadesk.Invalid, field string, words []string) []string {
	var out []string
	for _, w := range words {
		w = strings.ToUpper(line(w))
		if w == "" || slices.Contains(out, w) {
			continue
		}
		if utf8.RuneCountInString(w) > maxKeyword {
			v.Add(field, "keyword_too_long", "Max", maxKeyword, "Keyword", cut(w, 60))
			return out
		}
		out = append(out, w)
	}
	if len(out) > maxKeywords {
		v.Add(field, "too_many", "Max", maxKeywords)
	}
	return out
}

func settingsChanges(theirs, yours liadesk.Account) []liadesk.Change {
	var list liadesk.Differences
	a, b := theirs.Settings, yours.Settings
	list.Add("name", theirs.Name, yours.Name)
	list.Add("region", a.Region, b.Region)
	list.Add("time_zone", a.TimeZone, b.TimeZone)
	list.Add("locale", a.Locale, b.Locale)
	list.Add("max_segments", a.MaxSegments, b.MaxSegments)
	list.Add("marketing_texts_per_24h", a.MostTextsPerDay(), b.MostTextsPerDay())
	list.Add("currency", a.Currency, b.Currency)
	if !reflect.DeepEqual(a.Windows, b.Windows) {
		list = append(list, liadesk.Change{Field: "windows", Theirs: windowPlaces(a.Windows), Yours: windowPlaces(b.Windows)})
	}
	if !maps.Equal(a.Prices, b.Prices) {
		list = append(list, liadesk.Change{Field: "prices", Theirs: PriceLines(a.Prices), Yours: PriceLines(b.Prices)})
	}
	list.Add("footer", a.Footer, b.Footer)
	list.Add("introduce", a.Introduce, b.Introduce)
	list.Add("opt_out_reply", a.OptOutReply, b.OptOutReply)
	list.Add("opt_in_reply", a.OptInReply, b.OptInReply)
	list.Add("help_reply", a.HelpReply, b.HelpReply)
	list.Add("opt_out_keywords", a.OptOutKeywords, b.OptOutKeywords)
	list.Add("opt_in_keywords", a.OptInKeywords, b.OptInKeywords)
	return list
}
