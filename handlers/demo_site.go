package handlers

import (
	"context"
	"slices"

	"github.com/gofiber/fiber/v2"
)

// DemoSite is what the demo's shop needs of the rooms.
type DemoSite struct {
	// Key is the public key of the shop's website inbox, "" when there is none.
	Key func(ctx context.Context) (string, error)
}

// shopPlant is what the shop sells; its words are in the catalogue.
type shopPlant struct{ Slug, Price, Shade string }

var shopPlants = []shopPlant{
	{"monstera", "$48", "moss"}, {"sansevieria", "$32", "sand"}, {"pilea", "$24", "rose"},
	{"olive", "$64", "sky"}, {"fern", "$29", "moss"}, {"cactus", "$36", "sand"},
}

// shopPlan is one of the shop's care plans.
type shopPlan struct {
	Slug, Price string
	Popular     bool
}

var shopPlans = []shopPlan{{"sprout", "$6", false}, {"grove", "$19", true}, {"canopy", "$89", false}}

// shopPage is the data of every page of the shop.
type shopPage struct {
	Key    string
	Plants []shopPlant
	Hero   []shopPlant
	Plans  []shopPlan
	Plant  *shopPlant
}

// demoRoutes adds the shop, which is there in the demo only.
func (s *Server) demoRoutes(app fiber.Router) {
	if !s.Demo || s.DemoSite.Key == nil {
		return
	}
	app.Get("/demo/site", s.shopHome)
	app.Get("/demo/site/plants/:slug", s.shopProduct)
	app.Get("/demo/site/pricing", s.shopPricing)
	app.Get("/demo/site/cart", s.shopCart)
}

// shop answers with a page of the shop.
func (s *Server) shop(c *fiber.Ctx, name, nav, title string, data shopPage) (err error) {
	if data.Key, err = s.DemoSite.Key(c.UserContext()); err != nil {
		return err
	}
	return s.page(c, "demo/"+name, Page{Title: title, Nav: nav, Data: data})
}

func (s *Server) shopHome(c *fiber.Ctx) error {
	return s.shop(c, "home", "home", s.t(c, "demo.tagline"), shopPage{Plants: shopPlants, Hero: []shopPlant{shopPlants[1], shopPlants[0], shopPlants[2]}})
}

func (s *Server) shopProduct(c *fiber.Ctx) error {
	plant := plantBySlug(c.Params("slug"))
	if plant == nil {
		return fiber.ErrNotFound
	}
	others := slices.DeleteFunc(slices.Clone(shopPlants), func(p shopPlant) bool { return p == *plant })
	return s.shop(c, "product", "product", s.t(c, "demo.plants."+plant.Slug+".name"), shopPage{Plant: plant, Plants: others[:3]})
}

func (s *Server) shopPricing(c *fiber.Ctx) error {
	return s.shop(c, "pricing", "pricing", s.t(c, "demo.pricing.title"), shopPage{Plans: shopPlans})
}

func (s *Server) shopCart(c *fiber.Ctx) error {
	return s.shop(c, "cart", "cart", s.t(c, "demo.cart.title"), shopPage{Plant: plantBySlug(c.Query("plant"))})
}

func plantBySlug(slug string) *shopPlant {
	if i := slices.IndexFunc(shopPlants, func(p shopPlant) bool { return p.Slug == slug }); i >= 0 {
		return &shopPlants[i]
	}
	return nil
}
