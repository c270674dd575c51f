package handlers

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// What stands before the names of attributes, and the ids of campaigns, in a
// rule.
const (
	attributePrefix = "attributes."
	campaignPrefix  = "campaign."
)

// campaignOutcomes are what can be asked about a campaign.
var campaignOutcomes = []string{"sent", "delivered", "replied", "clicked", "unreachable"}

// fillBuilder adds what can be chosen, in the reader's language.
func (s *Server) fillBuilder(c *fiber.Ctx, b *builder, tags []liadesk.Tag) error {
	number(b.Parts, "")
	var used, suggest []string
	each(b.Parts, func(p *builderPart) {
		used = append(used, p.Field)
		if p.Asks() && (p.Field == "language" || strings.HasPrefix(p.Field, attributePrefix)) {
			suggest = append(suggest, strings.ToLower(p.Field))
		}
	})
	offer, err := s.Audience.Offer(c.UserContext(), actor(c), suggest)
	if err != nil {
		return err
	}
	b.Known = map[string][]string{}
	b.Fields = []Option{{Label: s.t(c, "builder.choose_field")}}
	b.Names = map[string]string{}
	field := func(value, label string) {
		b.Fields = append(b.Fields, Option{Value: value, Label: label})
		b.Names[value] = label
	}
	for _, name := range []string{"tag", "country", "language", "time_zone", "phone_type", "has_email", "has_phone", "created_at", "last_replied_at", "last_seen_at"} {
		field(name, s.t(c, "builder.field."+name))
	}
	for _, name := range offer.Attributes {
		field(attributePrefix+name, s.t(c, "builder.attribute", "Name", name))
	}
	for _, k := range offer.Campaigns {
		field(campaignPrefix+k.ID.String(), s.t(c, "builder.campaign", "Title", k.Title, "When", s.localizer(c).Date(k.StartedAt, toZone(viewer(c).Account.Settings.TimeZone))))
	}
	for _, f := range used { // one that nobody has now is not changed by looking at it
		if id, ok := strings.CutPrefix(f, campaignPrefix); ok && b.Names[f] == "" {
			field(f, s.t(c, "builder.older_campaign", "Title", s.ruleSpeaker(c, nil).CampaignTitle(id)))
		}
		if name, ok := strings.CutPrefix(f, attributePrefix); ok && b.Names[f] == "" {
			field(f, s.t(c, "builder.attribute", "Name", name))
		}
		b.Known[f] = offer.Values[strings.ToLower(f)]
	}
	choose := Option{Label: s.t(c, "builder.choose_value")}
	b.Choices = map[string][]Option{}
	for _, f := range slices.Compact(slices.Sorted(slices.Values(used))) {
		if strings.HasPrefix(f, campaignPrefix) {
			list := []Option{choose}
			for _, o := range campaignOutcomes {
				list = append(list, Option{Value: o, Label: s.t(c, "builder.outcome."+o)})
			}
			b.Choices[f] = list
			continue
		}
		switch f {
		case "tag":
			list := []Option{choose}
			for _, t := range tags {
				list = append(list, Option{Value: t.Name, Label: s.t(c, "sms.field.tag_count", "Tag", t.Name, "Count", t.Count)})
			}
			b.Choices[f] = list
		case "country":
			b.Choices[f] = append([]Option{choose}, s.regionOptions(c)[1:]...)
		case "time_zone":
			b.Choices[f] = append([]Option{choose}, zoneOptions("")...)
		case "phone_type":
			list := []Option{choose}
			for _, k := range phone.Kinds() {
				list = append(list, Option{Value: k.String(), Label: s.t(c, "builder.kind."+k.String())})
			}
			b.Choices[f] = list
		case "language":
			b.Choices[f] = append([]Option{choose}, s.languageOptions(c, offer.Values[f])...)
		}
	}
	return nil
}

// languageOptions are the languages that contacts have, by name.
func (s *Server) languageOptions(c *fiber.Ctx, tags []string) []Option {
	names := display.Tags(language.Make(locale(c)))
	var list []Option
	for _, t := range tags {
		tag, err := language.Parse(t)
		if err != nil {
			continue
		}
		list = append(list, Option{Value: t, Label: names.Name(tag)})
	}
	slices.SortFunc(list, func(a, b Option) int { return cmp.Compare(a.Label, b.Label) })
	return list
}

// each calls f for every condition.
func each(parts []builderPart, f func(*builderPart)) {
	for i := range parts {
		if parts[i].Join == "" {
			f(&parts[i])
		}
		each(parts[i].Parts, f)
	}
}

// ChoicesFor are the values to choose from; one that was chosen is there all
// the same when nobody has it now.
func (b builder) ChoicesFor(p builderPart) []Option {
	list := b.Choices[p.Field]
	if list == nil || p.Value == "" || slices.ContainsFunc(list, func(o Option) bool { return strings.EqualFold(o.Value, p.Value) }) {
		return list
	}
	return append(slices.Clone(list), Option{Value: p.Value, Label: p.Value})
}

// Chosen tells whether an option is the condition's value; small and large
// letters make no difference to a rule.
func (p builderPart) Chosen(value string) bool { return strings.EqualFold(p.Value, value) }
