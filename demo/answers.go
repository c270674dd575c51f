package demo

import (
	"context"

	"github.com/liadesk/campaigns/liadesk"
)

// answers teaches LiaDesk what the shop's visitors ask, and keeps what the team
// says often. It comes after the conversations, which people had.
func (s *seeder) answers(ctx context.Context) error {
	for _, e := range []liadesk.BotEntry{
		{Language: "en", Questions: []string{"How long does delivery take?", "When will my order arrive?", "Shipping time", "How fast do you ship?"},
			Answer: "Plants leave our greenhouse on the day after you order, and reach you in two to four days."},
		{Language: "en", Questions: []string{"How much is shipping?", "Is delivery free?", "Shipping cost", "What do you charge for delivery?"},
			Answer: "Shipping is 6 dollars. Orders over 50 dollars go out for free."},
		{Language: "en", Questions: []string{"Can I return a plant?", "How do I get a refund?", "Return policy", "My plant arrived damaged"},
			Answer: "If a plant arrives unwell, or you just do not get along, you have 30 days to send it back.", Replies: []string{"How do I send it back?", "Talk to a person"}},
		{Language: "en", Questions: []string{"How often should I water my plant?", "How much water does a plant need?", "Watering"},
			Answer: "Put a finger into the soil: when the top two centimetres are dry, it is time for water. In winter that is about every ten days."},
		{Language: "en", Questions: []string{"Is this plant safe for cats?", "Is it poisonous for pets?", "Pet friendly plants", "Can my dog eat it?"},
			Answer: "Calathea, parlor palm and spider plant are safe for cats and dogs. Monstera, pothos and peace lily are not."},
		{Language: "en", Questions: []string{"I run a business and want a wholesale offer", "Plants for offices", "Bulk order"}, HandOver: true,
			Answer: "Our people make offers for offices themselves."},
		{Language: "es", Questions: []string{"¿Cuánto tarda el envío?", "¿Cuándo llega mi pedido?", "Plazo de entrega"},
			Answer: "Las plantas salen del invernadero al día siguiente y llegan en dos a cuatro días."},
		{Language: "pt", Questions: []string{"Quanto tempo demora a entrega?", "Quando chega o meu pedido?", "Prazo de entrega"},
			Answer: "As plantas saem da estufa no dia seguinte e chegam em dois a quatro dias."},
	} {
		if _, err := s.Conversations.SaveEntry(ctx, s.actor, e); err != nil {
			return err
		}
	}
	for _, r := range []liadesk.SavedReply{
		{Name: "Hello", Text: "Hi {{ contact.first_name | default: \"there\" }}, this is the team of {{ account.name }}. What can I do for you?"},
		{Name: "Photo, please", Text: "Could you send me a photo of the leaves, and tell me where the plant stands?"},
		{Name: "Sent again", Text: "I am sorry about that. A new plant is on its way to you, free of charge."},
	} {
		if _, err := s.Conversations.SaveReply(ctx, s.actor, r); err != nil {
			return err
		}
	}
	return nil
}
