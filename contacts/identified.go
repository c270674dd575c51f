package contacts

import (
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// Identified finds the one contact that a number, else an e-mail address,
// belongs to. An address that several contacts share names none of them.
func (s *Service) Identified(tx *db.Tx, account liadesk.ID, id liadesk.Identity) (c liadesk.Contact, found bool, err error) {
	if id.Phone != "" {
		region, err := regionOf(tx, account)
		if err != nil {
			return c, false, err
		}
		if n, err := phone.Parse(id.Phone, region); err == nil {
			if c, found, err := tx.ContactByPhone(account, n.E164); err != nil || found {
				return c, found, err
			}
		}
	}
	if id.Email == "" {
		return c, false, nil
	}
	ids, err := tx.ContactIDsByEmail(account, id.Email)
	if err != nil || len(ids) != 1 {
		return c, false, err
	}
	return tx.Contact(account, ids[0])
}

// FromIdentity makes a contact of what a company's server says about its
// visitor, without any consent. Parts that cannot be read are left out; it
// makes none of an identity that has neither a number nor an address.
func (s *Service) FromIdentity(tx *db.Tx, account liadesk.ID, id liadesk.Identity, source string, at time.Time) (c liadesk.Contact, made bool, err error) {
	region, err := regionOf(tx, account)
	if err != nil {
		return c, false, err
	}
	c = liadesk.Contact{ID: s.ids(), AccountID: account, CreatedAt: at, UpdatedAt: at, Version: 1, Source: source}
	var ignored liadesk.Invalid
	if email := cleanEmail(&ignored, id.Email); ignored.Err() == nil {
		c.Email = email
	}
	if n, err := phone.Parse(id.Phone, region); id.Phone != "" && err == nil {
		setNumber(&c, n)
	}
	if c.Email == "" && c.Phone == "" {
		return c, false, nil
	}
	c.Name = clip(line(id.Name), MaxName)
	return c, true, s.put(tx, nil, &c)
}
