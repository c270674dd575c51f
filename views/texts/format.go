package texts

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"
	"time"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/en"
	"github.com/go-playground/locales/en_GB"
	"github.com/go-playground/locales/es"
	"github.com/go-playground/locales/fr"
	"github.com/go-playground/locales/pt"
	"github.com/go-playground/locales/pt_PT"
	"golang.org/x/text/language"
)

// Locale is one of the ways of writing dates and figures that an account may
// choose. Name is in its own language.
type Locale struct{ Tag, Name string }

// Locales are those ways, with the Unicode CLDR's patterns for each.
var Locales = []Locale{
	{"en", "English (United States)"},
	{"en-GB", "English (United Kingdom)"},
	{"es", "Español"},
	{"pt-BR", "Português (Brasil)"},
	{"pt-PT", "Português (Portugal)"},
	{"fr", "Français"},
	{"de", "Deutsch"},
}

var (
	matcher  = language.NewMatcher(tags())
	patterns = []locales.Translator{en.New(), en_GB.New(), es.New(), pt.New(), pt_PT.New(), fr.New(), de.New()}
)

func tags() []language.Tag {
	list := make([]language.Tag, len(Locales))
	for i, l := range Locales {
		list[i] = language.MustParse(l.Tag)
	}
	return list
}

// NearestLocale is the tag of Locales that comes nearest to a wish such as
// an Accept-Language header or a stored tag. It is "en" for nonsense.
func NearestLocale(wish string) string {
	_, i := language.MatchStrings(matcher, wish)
	return Locales[i].Tag
}

// Format writes dates and figures of one locale.
type Format struct{ locale locales.Translator }

func formatFor(wish string) Format {
	_, i := language.MatchStrings(matcher, wish)
	return Format{locale: patterns[i]}
}

// Number writes a whole number with the locale's grouping: 12,500.
func (f Format) Number(n int64) string { return f.locale.FmtNumber(float64(n), 0) }

// Decimal writes a number with at most digits places: 4.5.
func (f Format) Decimal(n float64, digits int) string {
	for digits > 0 && math.Abs(n*math.Pow10(digits-1)-math.Round(n*math.Pow10(digits-1))) < 1e-9 {
		digits--
	}
	return f.locale.FmtNumber(n, uint64(digits))
}

// Percent writes part ÷ whole as 97% or 0.4%; of nothing it is a dash.
func (f Format) Percent(part, whole float64) string {
	if whole == 0 {
		return "–"
	}
	share := part / whole * 100
	digits := uint64(0)
	if share != 0 && (share < 1 || (share > 99 && share < 100)) {
		digits = 1
		// 99.98 must not read as 100: not everyone is not everyone.
		share = math.Min(math.Max(share, 0.1), 100)
		if share < 100 && share > 99.9 {
			share = 99.9
		}
	}
	return f.locale.FmtPercent(share, digits)
}

// Date writes a day: Dec 1, 2026.
func (f Format) Date(t time.Time, zone *time.Location) string {
	return f.locale.FmtDateMedium(t.In(zone))
}

// Clock writes an hour and minute: 10:00 am.
func (f Format) Clock(t time.Time, zone *time.Location) string {
	return f.locale.FmtTimeShort(t.In(zone))
}

// DateTime writes an instant with its zone: Tue, Dec 1, 2026, 10:00 am CET.
func (f Format) DateTime(t time.Time, zone *time.Location) string {
	local := t.In(zone)
	return fmt.Sprintf("%s, %s, %s %s", f.locale.WeekdayAbbreviated(local.Weekday()),
		f.locale.FmtDateMedium(local), f.locale.FmtTimeShort(local), zoneName(local))
}

// Element wraps written text in a <time> element that carries the instant for
// machines, and the full date with the zone's name for who points at it.
func (f Format) Element(t time.Time, zone *time.Location, written string) template.HTML {
	local := t.In(zone)
	title := fmt.Sprintf("%s, %s %s (%s)", f.locale.FmtDateFull(local), f.locale.FmtTimeShort(local), zoneName(local), zone)
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`,
		t.UTC().Format(time.RFC3339), html.EscapeString(title), html.EscapeString(written)))
}

// zoneName is the zone's abbreviation at that instant, or its distance from
// UTC where the zone has none: the tz database then gives figures alone.
func zoneName(t time.Time) string {
	name, offset := t.Zone()
	if !strings.HasPrefix(name, "+") && !strings.HasPrefix(name, "-") {
		return name
	}
	sign := '+'
	if offset < 0 {
		sign, offset = '−', -offset
	}
	if minutes := offset / 60 % 60; minutes != 0 {
		return fmt.Sprintf("UTC%c%d:%02d", sign, offset/3600, minutes)
	}
	return fmt.Sprintf("UTC%c%d", sign, offset/3600)
}
