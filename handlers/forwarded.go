package handlers

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// forwardedFor finds who asks behind our proxies. A proxy adds the address it
// was asked from to the end of X-Forwarded-For, and what stood there before
// may be a stranger's invention, made to dodge the limits per address. So the
// header is read from its end, past the proxies that the operator trusts, and
// left with the one address that counts. c.IP says that address from here on.
//
// From anybody but a trusted proxy the header counts for nothing, here as in
// c.IP, but it stays: it tells that the request was passed on.
func (s *Server) forwardedFor(c *fiber.Ctx) error {
	if !c.IsProxyTrusted() {
		return c.Next()
	}
	var hops []string
	for _, line := range c.Request().Header.PeekAll(fiber.HeaderXForwardedFor) {
		hops = append(hops, strings.Split(string(line), ",")...)
	}
	if len(hops) == 0 {
		return c.Next()
	}
	who := c.Context().RemoteIP().String()
	for _, hop := range slices.Backward(hops) {
		ip, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break // beyond this nothing was written by a proxy of ours
		}
		ip = ip.Unmap()
		who = ip.String()
		if !slices.ContainsFunc(s.proxies, func(p netip.Prefix) bool { return p.Contains(ip) }) {
			break
		}
	}
	c.Request().Header.Set(fiber.HeaderXForwardedFor, who)
	return c.Next()
}

// readProxies reads the networks of TrustedProxies; a bare address is a
// network of one.
func readProxies(list []string) ([]netip.Prefix, error) {
	proxies := make([]netip.Prefix, 0, len(list))
	for _, text := range list {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			ip, ipErr := netip.ParseAddr(text)
			if ipErr != nil {
				return nil, fmt.Errorf("the trusted proxy %q is no network: write it like 10.0.0.0/8", text)
			}
			p = netip.PrefixFrom(ip, ip.BitLen())
		}
		proxies = append(proxies, p.Masked())
	}
	return proxies, nil
}
