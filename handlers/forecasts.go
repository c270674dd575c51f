package handlers

import (
	"fmt"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
)

// forecastJSON is a forecast as programs see it: with amounts in whole units.
type forecastJSON struct {
	sms.Forecast
	Countries []forecastCountryJSON `json:"countries"`
	Dearest   []dearTextJSON        `json:"dearest"`
	Cost      *money                `json:"cost"` // null while no price is known
}

type forecastCountryJSON struct {
	sms.CountryForecast
	Cost *money `json:"cost"`
}

type dearTextJSON struct {
	sms.DearText
	Cost *money `json:"cost"`
}

func forecastOut(f sms.Forecast) forecastJSON {
	out := forecastJSON{Forecast: f, Countries: make([]forecastCountryJSON, len(f.Countries)), Dearest: make([]dearTextJSON, len(f.Dearest))}
	for i, of := range f.Dearest {
		out.Dearest[i] = dearTextJSON{of, (*money)(of.Cost)}
	}
	for i, of := range f.Countries {
		out.Countries[i] = forecastCountryJSON{of, (*money)(of.Cost)}
		if of.Cost != nil {
			out.Cost = (*money)(&f.Cost)
		}
	}
	return out
}

func (s *Server) apiStartForecast(c *fiber.Ctx) error {
	var p smsPatch
	if err := readJSON(c, &p); err != nil {
		return err
	}
	in, err := p.apply(sms.Input{})
	if err != nil {
		return err
	}
	f, err := s.SMS.StartForecast(c.UserContext(), actor(c), in)
	if err != nil {
		return err
	}
	return c.Status(fiber.StatusAccepted).JSON(forecastOut(f))
}

func (s *Server) apiGetForecast(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	f, err := s.SMS.Forecast(actor(c), id)
	if err != nil {
		return err
	}
	return c.JSON(forecastOut(f))
}

// forecastView is a draft's forecast as its review shows it.
type forecastView struct {
	sms.Forecast
	Path     string
	Title    string
	Zone     string
	Again    string // where its next state is, "" when it is over
	Average  string // segments to a text
	Cost     string // in the account's currency, "" when no price is known
	First    time.Time
	Last     time.Time
	Priced   []pricedCountry
	Dearest  []dearText
	Progress int64 // of Reachable
	Empty    []string
}

type pricedCountry struct {
	sms.CountryForecast
	Name, Cost string
}

type dearText struct {
	sms.DearText
	Cost string
}

// showForecast works out a draft's forecast, or with ?run= tells how far it is.
func (s *Server) showForecast(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	k, err := s.SMS.Get(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	var f sms.Forecast
	run, err := liadesk.ParseID(c.Query("run"))
	if err == nil {
		f, err = s.SMS.Forecast(actor(c), run)
	}
	if err != nil {
		if f, err = s.SMS.StartForecast(c.UserContext(), actor(c), sms.InputOf(k)); err != nil {
			return err
		}
	}
	return s.respond(c, "sms/forecast-page", "sms/forecast", Page{Title: s.t(c, "forecast.title"), Nav: "sms", Data: s.forecastView(c, k, f)})
}

func (s *Server) forecastView(c *fiber.Ctx, k liadesk.SMSCampaign, f sms.Forecast) forecastView {
	l := s.localizer(c)
	form := smsFormOf(k, viewer(c).Account.Settings.TimeZone)
	v := forecastView{Forecast: f, Path: "/campaigns/sms/" + k.ID.String(), Title: k.Title, Zone: form.readIn(form.accountZone), Progress: f.Measured}
	if f.State == sms.ForecastRunning {
		v.Again, _ = query(v.Path+"/forecast", "run", f.ID)
	}
	amount := func(n int64) string {
		return strings.TrimSpace(l.Decimal(float64(n)/1e6, costPlaces) + " " + f.Currency)
	}
	for _, of := range f.Countries {
		p := pricedCountry{CountryForecast: of, Name: s.countryName(c, of.Country)}
		if of.Cost != nil {
			p.Cost, v.Cost = amount(*of.Cost), amount(f.Cost)
		}
		v.Priced = append(v.Priced, p)
	}
	for _, gap := range f.Gaps {
		field, own := strings.CutPrefix(gap.Variable, "contact.attributes.")
		if _, word, _ := strings.Cut(gap.Variable, "."); !own && s.texts.Has(fmt.Sprintf("sms.variable.%s", word)) {
			field = l.T(fmt.Sprintf("sms.variable.%s", word))
		}
		v.Empty = append(v.Empty, l.T("forecast.gap", "Count", gap.Texts, "Field", field, "How", "{{ "+gap.Variable+` | default: "…" }}`))
	}
	for _, of := range f.Dearest {
		d := dearText{DearText: of}
		if of.Cost != nil {
			d.Cost = amount(*of.Cost)
		}
		v.Dearest = append(v.Dearest, d)
	}
	if n := len(f.ByHour); n > 0 {
		v.First, v.Last = f.ByHour[0].At, f.ByHour[n-1].At
	}
	if f.Measured > 0 {
		v.Average = l.Decimal(float64(f.Segments)/float64(f.Measured), 2)
	}
	return v
}

// countryName is a country in the viewer's language, "" for an unknown one.
func (s *Server) countryName(c *fiber.Ctx, code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return s.t(c, "forecast.no_country")
	}
	return display.Regions(language.Make(locale(c))).Name(region)
}
