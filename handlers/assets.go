package handlers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"regexp"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/compress"
	"github.com/gofiber/fiber/v2/middleware/etag"
	"github.com/gofiber/fiber/v2/middleware/filesystem"
)

// assets knows the built bundles by name, and the digest of each: the address
// changes when the content does, so browsers may keep a file for a year.
type assets struct {
	files  fs.FS
	digest map[string]string
}

// wanted are the bundles without which no page works.
var wanted = []string{"app.js", "app.css", "icons.svg", "favicon.svg", "widget.js", "widget-signals.js", "widget-panel.js", "widget-talk.js", "widget-debug.js", "widget.d.ts", "shop.js", "shop.css"}

// named matches files whose own name holds their digest, as the style sheet's
// fonts do.
var named = regexp.MustCompile(`-[A-Z0-9]{8}\.\w+$`)

func newAssets(files fs.FS) (*assets, error) {
	a := &assets{files: files, digest: map[string]string{}}
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		a.digest[path] = hex.EncodeToString(sum[:6])
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("the built pages are missing: run `make build` first (%w)", err)
	}
	for _, name := range wanted {
		if a.digest[name] == "" {
			return nil, fmt.Errorf("the bundle %s is missing from static/dist: run `make build` first", name)
		}
	}
	return a, nil
}

// url is the address of a bundle, naming its content.
func (a *assets) url(name string) (string, error) {
	digest, ok := a.digest[name]
	if !ok {
		return "", fmt.Errorf("there is no asset %q", name)
	}
	return "/static/" + name + "?v=" + digest, nil
}

// serve answers /static: compressed, with an ETag, for a year when the address
// names the content and for the time of a look otherwise.
//
// The widget's two files stand on other people's pages under addresses that
// never change, so browsers ask again after a few minutes; any page may load
// them, for there is nothing in them that is anybody's.
func (a *assets) serve(app fiber.Router) {
	squeeze, tag := compress.New(compress.Config{Level: compress.LevelBestCompression}), etag.New()
	app.Use("/static", func(c *fiber.Ctx) error {
		err := c.Next()
		c.Set(fiber.HeaderCacheControl, "no-cache")
		if (c.Query("v") != "" || named.MatchString(c.Path())) && c.Response().StatusCode() < 400 && err == nil {
			c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
		}
		return err
	})
	app.Use("/static", squeeze, tag, filesystem.New(filesystem.Config{Root: http.FS(a.files)}))

	for _, name := range []string{"widget.js", "widget-signals.js", "widget-panel.js", "widget-talk.js", "widget-debug.js", "widget.d.ts"} {
		app.Get("/"+name, squeeze, tag, func(c *fiber.Ctx) error {
			c.Set(fiber.HeaderCacheControl, "public, max-age=300")
			c.Set(fiber.HeaderAccessControlAllowOrigin, "*")
			c.Set("Cross-Origin-Resource-Policy", "cross-origin")
			return filesystem.SendFile(c, http.FS(a.files), name)
		})
	}
}
