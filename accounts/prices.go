package accounts

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/currency"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// maxPrice is the most that a segment may cost, in millionths: more is a slip
// of the comma.
const maxPrice = 100 * 1_000_000

func applyPrices(v *liadesk.Invalid, set *liadesk.Settings, p SettingsPatch) {
	if p.Currency != nil {
		set.Currency = strings.ToUpper(strings.TrimSpace(*p.Currency))
		if _, err := currency.ParseISO(set.Currency); set.Currency != "" && err != nil {
			v.Add("currency", "unknown_currency")
		}
	}
	if p.Prices == nil {
		return
	}
	set.Prices = make(map[string]int64, len(*p.Prices))
	for country, price := range *p.Prices {
		country = strings.ToUpper(strings.TrimSpace(country))
		switch {
		case country != liadesk.AnyCountry && !phone.ValidRegion(country):
			v.Add("prices", "price_country", "Name", country)
		case price < 0 || price > maxPrice:
			v.Add("prices", "price_range", "Name", country)
		default:
			set.Prices[country] = price
		}
	}
}

// PriceLines writes prices as people edit them: a line for each country.
func PriceLines(prices map[string]int64) string {
	var b strings.Builder
	for _, country := range slices.Sorted(maps.Keys(prices)) {
		fmt.Fprintf(&b, "%s %s\n", country, strconv.FormatFloat(float64(prices[country])/1e6, 'f', -1, 64))
	}
	return b.String()
}

// ReadPrices reads what PriceLines writes, with commas too; false names the
// line that cannot be read.
func ReadPrices(text string) (prices map[string]int64, wrong string, ok bool) {
	prices = make(map[string]int64)
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 2 {
			return nil, strings.TrimSpace(line), false
		}
		price, err := strconv.ParseFloat(strings.Replace(fields[1], ",", ".", 1), 64)
		if err != nil || math.IsNaN(price) || math.Abs(price) > 1e6 {
			return nil, strings.TrimSpace(line), false
		}
		prices[strings.ToUpper(fields[0])] = int64(math.Round(price * 1e6))
	}
	return prices, "", true
}
