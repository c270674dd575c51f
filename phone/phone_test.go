package phone

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"
)

var e164 = regexp.MustCompile(`^\+[1-9]\d{1,14}$`)

func TestParseAcceptsWhatPeopleWrite(t *testing.T) {
	for _, tt := range []struct{ raw, region, want, country string }{
		{"+12125550100", "", "+12125550100", "US"},
		{"(212) 555-0100", "US", "+12125550100", "US"},
		{"(212) 555-0100", "us ", "+12125550100", "US"},
		{"212.555.0100", "US", "+12125550100", "US"},
		{"1-212-555-0100", "US", "+12125550100", "US"},
		{"'+12125550100", "", "+12125550100", "US"},
		{"’2125550100", "US", "+12125550100", "US"},
		{"+1\u00a0212\u00a0555\u00a00100", "", "+12125550100", "US"},
		{"\u202a+1\u202f212\u20095550100\u202c", "", "+12125550100", "US"},
		{"\ufeff+12125550100\u200b", "", "+12125550100", "US"},
		{"+1 212\u2011555\u20130100", "", "+12125550100", "US"},
		{"+1 212\u2212555\u22120100", "", "+12125550100", "US"},
		{"＋１（２１２）５５５－０１００", "", "+12125550100", "US"},
		{"+\u0661\u0662\u0661\u0662\u0665\u0665\u0665\u0660\u0661\u0660\u0660", "", "+12125550100", "US"},
		{"+\u06f1\u06f2\u06f1\u06f2\u06f5\u06f5\u06f5\u06f0\u06f1\u06f0\u06f0", "", "+12125550100", "US"},
		{"tel:+1-212-555-0100", "", "+12125550100", "US"},
		{"0012125550100", "", "+12125550100", "US"},
		{"0012125550100", "BR", "+12125550100", "US"},
		{"+0012125550100", "", "+12125550100", "US"},
		{"01161491570006", "US", "+61491570006", "AU"},
		{"01161491570006", "", "+61491570006", "AU"},
		{"011 61 491 570 006", "SE", "+61491570006", "AU"},
		{"0011 61 491 570 006", "AU", "+61491570006", "AU"},
		{"0061491570006", "US", "+61491570006", "AU"},
		{"+61 (0)491 570 006", "", "+61491570006", "AU"},
		{"(+61) 491 570 006", "", "+61491570006", "AU"},
		{"00 61 (0) 491 570 006", "US", "+61491570006", "AU"},
		{"0491 570 006", "AU", "+61491570006", "AU"},
		{"070-174 06 05", "SE", "+46701740605", "SE"},
		{"070/1740605", "SE", "+46701740605", "SE"},
		{"+1 876 555 0100", "", "+18765550100", "JM"},
		{"416-555-0100", "US", "+14165550100", "CA"},
		{"+44 (0)7911 123456", "", "+447911123456", "GG"},
		{"+34 (0)612 345 678", "", "+34612345678", "ES"},
		{"+39 (0)6 1234 5678", "", "+390612345678", "IT"}, // Italy keeps its zero
		{"(11) 96123-4567", "BR", "+5511961234567", "BR"},
		{"011 96123-4567", "BR", "+5511961234567", "BR"},     // trunk zero, not North America's 011
		{"0 15 11 96123-4567", "BR", "+5511961234567", "BR"}, // with the carrier's code
		{"+52 1 222 123 4567", "", "+522221234567", "MX"},
		{"+52 222 123 4567", "", "+522221234567", "MX"},
		{"011 15-2345-6789", "AR", "+5491123456789", "AR"},
		{"+54 9 11 2345 6789", "", "+5491123456789", "AR"},
		{"+7 771 000 9998", "", "+77710009998", "KZ"},
		{"+881612345678", "", "+881612345678", ""},
	} {
		n, err := Parse(tt.raw, tt.region)
		if err != nil || n.E164 != tt.want || n.Country != tt.country {
			t.Errorf("Parse(%q, %q) = %+v, %v; want %s in %q", tt.raw, tt.region, n, err, tt.want, tt.country)
		}
	}
}

func TestParseRefusesWhatCouldBeAnotherNumber(t *testing.T) {
	for _, tt := range []struct {
		raw, region string
		want        Reason
	}{
		{"", "US", Empty},
		{" \u00a0\t", "US", Empty},
		{"-", "US", Empty},
		{"+", "US", Empty},
		{"'", "US", Empty},
		{"212 555 0100", "", NoRegion},
		{"212 555 0100", "ZZ", NoRegion},
		{"212 555 0100", "usa", NoRegion},
		{"4.47911E+11", "GB", SpreadsheetExponent},
		{"4,47911E+11", "GB", SpreadsheetExponent},
		{"+4.47911e11", "", SpreadsheetExponent},
		{"5E+12", "BR", SpreadsheetExponent},
		{"12125550100.0", "US", SpreadsheetDecimal},
		{"447911123456.0", "", SpreadsheetDecimal},
		{"12125550100,00", "US", SpreadsheetDecimal},
		{"212-555-0100 / 212-555-0101", "US", SeveralNumbers},
		{"212-555-0100;212-555-0101", "US", SeveralNumbers},
		{"212-555-0100, 212-555-0101", "US", SeveralNumbers},
		{"2125550100 or 2125550101", "US", SeveralNumbers},
		{"2125550100 2125550101", "US", SeveralNumbers},
		{"+12125550100+12125550101", "US", SeveralNumbers},
		{"212 555 0100\n212 555 0101", "US", SeveralNumbers},
		{"work 212 555 0100 home 212 555 0101", "US", SeveralNumbers},
		{"2I2 555 O1OO", "US", Letters},
		{"O491570006", "AU", Letters},
		{"049157000l", "AU", Letters},
		{"1-800-FLOWERS", "US", Letters},
		{"n/a", "US", Letters},
		{"+61491570006;phone-context=+1", "", Letters},
		{"+7 (О)12", "", Letters}, // Cyrillic О
		{"+1 212 555 0100 ext. 12", "", Extension},
		{"212 555 0100 x12", "US", Extension},
		{"212-555-0100 #12", "US", Extension},
		{"tel:+12125550100;ext=12", "", Extension},
		{"(11) 2345-6789 ramal 21", "BR", Extension},
		{"*111#", "US", Symbols},
		{"+1 212 555 0100 ☎", "", Symbols},
		{"########", "US", Symbols},
		{"\xff\xfe", "US", Symbols},
		{"2+12125550100", "US", Symbols},
		{"++12125550100", "US", Symbols},
		{"5", "US", TooShort},
		{"+1", "", TooShort},
		{"+1212555", "", TooShort},
		{"5551234", "US", NoAreaCode}, // "possible" to the library, and somebody else's as +15551234
		{"212 555 01000", "US", TooLong},
		{"+121255501000000000000", "", TooLong},
		{strings.Repeat("1", 251), "US", TooLong},
		{"+999 12345678", "", BadCountryCode},
		{"+0 212 555 0100", "", BadCountryCode},
		{"+1 555 555 0100", "", NotValid},
		{"12345", "US", ShortCode},
		{"40404", "", ShortCode},
		{"+46 71234", "", TooShort},
		{"911", "US", Emergency},
		{"112", "", Emergency},
		{"000", "AU", Emergency},
		{"190", "BR", Emergency},
		{"15", "FR", Emergency},
		{"+1 911", "", Emergency},
		{"+55 11 6123-4567", "", NinthDigit},
		{"(11) 8123-4567", "BR", NinthDigit},
		{"011 7812-3456", "BR", NinthDigit}, // valid to the library: trunked radio, closed in 2018
	} {
		n, err := Parse(tt.raw, tt.region)
		if got := ReasonOf(err); got != tt.want {
			t.Errorf("Parse(%q, %q) = %+v, reason %q; want %q", tt.raw, tt.region, n, got, tt.want)
		}
		if err != nil && strings.TrimSpace(err.Error()) == "" {
			t.Errorf("reason %q has no sentence", tt.want)
		}
	}
}

func TestErrorsDoNotShowTheNumber(t *testing.T) {
	_, err := Parse("(11) 8123-4567", "BR")
	if text := err.Error(); strings.Contains(text, "4567") {
		t.Errorf("error %q shows the number", text)
	}
}

// Every example that the library has, of every kind and country, is read the
// same from its national, international and E.164 forms.
func TestParseReadsTheExamplesOfAllRegions(t *testing.T) {
	seen := 0
	for _, region := range Regions() {
		for typ := phonenumbers.FIXED_LINE; typ <= phonenumbers.VOICEMAIL; typ++ {
			example := phonenumbers.GetExampleNumberForType(region, typ)
			if example == nil || !phonenumbers.IsValidNumberForRegion(example, region) {
				continue
			}
			seen++
			want := phonenumbers.Format(example, phonenumbers.E164)
			national := phonenumbers.Format(example, phonenumbers.NATIONAL)
			if back, err := phonenumbers.Parse(national, region); err != nil || !phonenumbers.IsValidNumber(back) {
				national = want // the library does not read what it wrote
			}
			for _, written := range []string{want, phonenumbers.Format(example, phonenumbers.INTERNATIONAL), national} {
				n, err := Parse(written, region)
				// Countries share codes, and mobiles and toll-free numbers of such
				// countries are counted with the largest.
				if err != nil || n.E164 != want || CallingCode(n.Country) != CallingCode(region) {
					t.Errorf("%s: Parse(%q) = %+v, %v; want %s", region, written, n, err, want)
				}
			}
		}
	}
	if seen < 1000 {
		t.Errorf("only %d examples: the library's metadata is missing", seen)
	}
}

// Whatever digits one dials in whatever country: what is accepted is stable.
func TestAcceptedNumbersReadAsThemselves(t *testing.T) {
	all := Regions()
	rapid.Check(t, func(t *rapid.T) {
		region := rapid.SampledFrom(all).Draw(t, "region")
		raw := rapid.StringMatching(`(\+|00|011|0)?[0-9]{2,14}`).Draw(t, "raw")
		kind := phonenumbers.PhoneNumberType(rapid.IntRange(int(phonenumbers.FIXED_LINE), int(phonenumbers.VOICEMAIL)).Draw(t, "kind"))
		if example := phonenumbers.GetExampleNumberForType(region, kind); example != nil && rapid.Bool().Draw(t, "like an example") {
			digits := []byte(rapid.SampledFrom([]string{"", "0", "00", "+"}).Draw(t, "before") +
				strconv.Itoa(int(example.GetCountryCode())) + phonenumbers.GetNationalSignificantNumber(example))
			if rapid.Bool().Draw(t, "national") {
				digits = []byte(onlyDigits(phonenumbers.Format(example, phonenumbers.NATIONAL)))
			}
			for range rapid.IntRange(0, 3).Draw(t, "changes") {
				digits[rapid.IntRange(1, len(digits)-1).Draw(t, "at")] = rapid.ByteRange('0', '9').Draw(t, "digit")
			}
			raw = string(digits)
		}
		n, err := Parse(raw, region)
		if err != nil {
			return
		}
		other := rapid.SampledFrom(all).Draw(t, "other region")
		again, err := Parse(n.E164, other)
		if err != nil || again != n || !e164.MatchString(n.E164) {
			t.Fatalf("Parse(%q, %q) = %+v, then %+v, %v", raw, region, n, again, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"+12125550100", "(212) 555-0100", "'+61 (0)491 570 006", "4.47911E+11", "447911123456.0", "＋１２１２５５５０１００",
		"+1 212 555 0100 x12", "0015 11 8123-4567", "tel:+1-212-555-0100;ext=1", "\u202a+12125550100\u202c", "+", "(0)", "+(0)",
		"٠١١٦١٤٩١٥٧٠٠٠٦", "\xff+1", "911", "++1", "+00(0)0", "0110110110110110", "1 / 2 / 3", "𝟏𝟐𝟏𝟐𝟓𝟓𝟓𝟎𝟏𝟎𝟎",
	} {
		for _, region := range []string{"", "US", "BR", "xx"} {
			f.Add(seed, region)
		}
	}
	f.Fuzz(func(t *testing.T, raw, region string) {
		before, after, ok := Suggest(raw, region)
		if ok {
			if n, err := Parse(after, ""); err != nil || n.E164 != after || n.Kind != Mobile || before == after {
				t.Errorf("Suggest(%q, %q) = %q, %q: %+v, %v", raw, region, before, after, n, err)
			}
		}
		n, err := Parse(raw, region)
		if err != nil {
			if ReasonOf(err) == "" {
				t.Errorf("Parse(%q, %q): %v has no reason", raw, region, err)
			}
			return
		}
		again, err := Parse(n.E164, region)
		if err != nil || again != n {
			t.Errorf("Parse(%q, %q) = %+v; again %+v, %v", raw, region, n, again, err)
		}
		if !e164.MatchString(n.E164) || !IsE164(n.E164) || n.Kind == Unknown {
			t.Errorf("Parse(%q, %q) = %+v", raw, region, n)
		}
		if class, err := ParseClass(n.Class("").Key); err != nil || class.Key != n.Class("").Key {
			t.Errorf("class of %s: %+v, %v", n.E164, class, err)
		}
	})
}

func TestOnlyMobilesAreTextedWithoutAQuestion(t *testing.T) {
	for number, want := range map[string]Kind{
		"+61491570006":   Mobile,
		"+12125550100":   FixedOrMobile,
		"+18005550100":   TollFree,
		"+19005550100":   Premium,
		"+15005550100":   Personal,
		"+390612345678":  Fixed,
		"+5511961234567": Mobile,
	} {
		n, err := Parse(number, "")
		if err != nil || n.Kind != want {
			t.Errorf("%s is %v, %v; want %v", number, n.Kind, err, want)
		}
		if n.CanText() != (want == Mobile || want == FixedOrMobile) {
			t.Errorf("%s (%v): CanText %v", number, want, n.CanText())
		}
	}
}

func TestKindsKeepTheirNames(t *testing.T) {
	for _, k := range Kinds() {
		text, _ := k.MarshalText()
		var back Kind
		if err := back.UnmarshalText(text); err != nil || back != k || len(text) == 0 {
			t.Errorf("kind %d is written %q and read %v, %v", k, text, back, err)
		}
	}
	var k Kind
	if err := k.UnmarshalText([]byte("pigeon")); err == nil {
		t.Error("an unknown kind was read")
	}
	if Kind(200).String() != "unknown" || Kind(200).CanText() {
		t.Error("a kind from the future must be unknown and not texted")
	}
}

func TestSuggestOffersTheNinthDigitOfBrazil(t *testing.T) {
	for _, tt := range []struct{ raw, region, before, after string }{
		{"(11) 8123-4567", "BR", "+551181234567", "+5511981234567"},
		{"+55 11 8123-4567", "", "+551181234567", "+5511981234567"},
		{"+55 (0)11 8123-4567", "US", "+551181234567", "+5511981234567"},
		{"0055 11 8123-4567", "", "+551181234567", "+5511981234567"},
		{"011 8123-4567", "BR", "+551181234567", "+5511981234567"},
		{"0 15 85 9123 4567", "BR", "+558591234567", "+5585991234567"},
	} {
		before, after, ok := Suggest(tt.raw, tt.region)
		if !ok || before != tt.before || after != tt.after {
			t.Errorf("Suggest(%q, %q) = %q, %q, %v", tt.raw, tt.region, before, after, ok)
		}
	}
	for _, raw := range []string{"(11) 96123-4567", "(11) 2345-6789", "8123-4567", "(23) 8123", "(10) 8123-4567", "8123-4567 O", ""} {
		if before, after, ok := Suggest(raw, "BR"); ok {
			t.Errorf("Suggest(%q) = %q, %q; want nothing", raw, before, after)
		}
	}
	if _, _, ok := Suggest("1181234567", "US"); ok {
		t.Error("a number of another country was taken for Brazil's")
	}
}

func TestFromCarrierFindsThePersonBehindTheNumber(t *testing.T) {
	for raw, want := range map[string]string{
		"12125550100":   "+12125550100",
		"+12125550100":  "+12125550100",
		"5212221234567": "+522221234567",
		"551181234567":  "+5511981234567",
		"447700900123":  "+447700900123", // reserved for drama, unknown to the plans, kept
	} {
		if got, ok := FromCarrier(raw); !ok || got != want {
			t.Errorf("FromCarrier(%q) = %q, %v; want %q", raw, got, ok, want)
		}
	}
	for _, raw := range []string{"", "12345", "LIADESK", "+", "012345678", "1212555010012345"} {
		if got, ok := FromCarrier(raw); ok {
			t.Errorf("FromCarrier(%q) = %q; want nobody", raw, got)
		}
	}
}

func TestFormatReadsTheSameEverywhere(t *testing.T) {
	for number, want := range map[string]string{
		"+12125550100":   "+1 212-555-0100",
		"+61491570006":   "+61 491 570 006",
		"+5511961234567": "+55 11 96123-4567",
		"+99912345678":   "+99912345678",
		"LIADESK":        "LIADESK",
		"":               "",
	} {
		if got := Format(number); got != want {
			t.Errorf("Format(%q) = %q, want %q", number, got, want)
		}
	}
	if Digits("+12125550100") != "12125550100" {
		t.Error("Digits keeps the plus")
	}
}

func TestRegionsAreCountriesWithAPlan(t *testing.T) {
	all := Regions()
	if len(all) < 240 || !ValidRegion("BR") || !ValidRegion("GB") {
		t.Errorf("%d regions", len(all))
	}
	for _, bad := range []string{"", "br", "UK", "001", "ZZ", "BRA"} {
		if ValidRegion(bad) {
			t.Errorf("%q is taken for a region", bad)
		}
	}
	if CallingCode("BR") != 55 || CallingCode("ZZ") != 0 {
		t.Error("calling codes")
	}
}

func TestEveryReasonHasASentence(t *testing.T) {
	for _, r := range Reasons() {
		if text := refuse(r).Error(); len(text) < 10 || strings.HasSuffix(text, ".") {
			t.Errorf("%s: %q", r, text)
		}
	}
	if ReasonOf(nil) != "" {
		t.Error("no error has a reason")
	}
}

// Parsing costs some tens of microseconds, most of it the library's patterns;
// an import of a million rows is bound by it, not by the store.
func BenchmarkParse(b *testing.B) {
	for _, raw := range []string{"+12125550100", "(11) 96123-4567", "+61491570006"} {
		b.Run(raw, func(b *testing.B) {
			for b.Loop() {
				if _, err := Parse(raw, "BR"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Numbers of digits alone take a shorter way. It leads to the same as the long
// one, which a space at the end makes them take.
func TestPlainDigitsReadAsAllOtherNumbersDo(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringMatching(`\+?[0-9]{1,40}`).Draw(rt, "text")
		region := rapid.SampledFrom([]string{"", "US", "BR", "SE", "MX", "IT"}).Draw(rt, "region")
		short, shortErr := Parse(text, region)
		long, longErr := Parse(text+" ", region)
		if short.E164 != long.E164 || short.Country != long.Country || short.Kind != long.Kind || fmt.Sprint(shortErr) != fmt.Sprint(longErr) {
			rt.Fatalf("%q in %q: %v %v, and with a space %v %v", text, region, short, shortErr, long, longErr)
		}
	})
}
