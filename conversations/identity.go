package conversations

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Claim is what a page says about its visitor, with the signature of the
// company's server if it has one.
type Claim struct {
	ID, Name, Email, Phone string
	// Signature is the HMAC-SHA256 (RFC 2104) of id, e-mail and phone, each on a
	// line of its own, an absent one empty, under the inbox's identity secret, in
	// hexadecimal digits. The name is not signed: it opens nothing.
	Signature string
}

// IdentitySecret is the key with which a company's server signs who its visitors
// are. It is derived, so that it is stored nowhere; renewing it is counting the
// inbox's round up.
func (s *Service) IdentitySecret(inbox liadesk.Inbox) string {
	if inbox.Website == nil {
		return ""
	}
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte("identity\x00" + strconv.Itoa(inbox.Website.IdentityRound) + "\x00"))
	mac.Write(inbox.ID[:])
	return hex.EncodeToString(mac.Sum(nil))
}

// SignIdentity is the signature that a company's server would make.
func (s *Service) SignIdentity(inbox liadesk.Inbox, id, email, phone string) string {
	mac := hmac.New(sha256.New, []byte(s.IdentitySecret(inbox)))
	mac.Write([]byte(id + "\n" + email + "\n" + phone))
	return hex.EncodeToString(mac.Sum(nil))
}

// Identify judges a claim. One that says nothing, or too much, is no identity; a
// part with a line break in it could mean another one and is none either.
func (s *Service) Identify(inbox liadesk.Inbox, c Claim) (id liadesk.Identity, ok bool) {
	said := false
	for _, part := range []string{c.ID, c.Name, c.Email, c.Phone} {
		if len(part) > liadesk.MaxIdentity || strings.ContainsAny(part, "\r\n\x00") {
			return liadesk.Identity{}, false
		}
		said = said || part != ""
	}
	id = liadesk.Identity{ID: c.ID, Name: strings.TrimSpace(strings.ToValidUTF8(c.Name, "")), Email: strings.TrimSpace(c.Email), Phone: strings.TrimSpace(c.Phone)}
	want := s.SignIdentity(inbox, c.ID, c.Email, c.Phone)
	id.Verified = c.ID+c.Email+c.Phone != "" && hmac.Equal([]byte(want), []byte(strings.ToLower(c.Signature)))
	return id, said
}

// know notes on a thread what its page says about the visitor. A verified
// identity finds the contact that it belongs to, or makes one; what is only
// claimed is noted for the team to look at. What was verified once is not
// replaced by a claim.
func (s *Service) know(tx *db.Tx, inbox liadesk.Inbox, c *liadesk.Conversation, claim Claim) error {
	id, ok := s.Identify(inbox, claim)
	if !ok || c.Identity != nil && c.Identity.Verified && !id.Verified {
		return nil
	}
	c.Identity = &id
	if !id.Verified || !c.ContactID.IsZero() {
		return nil
	}
	person, found, err := s.contacts.Identified(tx, c.AccountID, id)
	if err == nil && !found {
		person, found, err = s.contacts.FromIdentity(tx, c.AccountID, id, "chat", s.now())
	}
	if found {
		c.ContactID = person.ID
	}
	return err
}

// Proposed is the contact that a claimed identity may belong to, for a person to
// decide; the zero contact for none.
func (s *Service) proposed(tx *db.Tx, c liadesk.Conversation) (liadesk.Contact, error) {
	if c.Identity == nil || c.Identity.Verified || !c.ContactID.IsZero() {
		return liadesk.Contact{}, nil
	}
	person, _, err := s.contacts.Identified(tx, c.AccountID, *c.Identity)
	return person, err
}

// Link says that a thread's visitor is a contact: the team's decision.
func (s *Service) Link(ctx context.Context, actor liadesk.Actor, id, contact liadesk.ID) (liadesk.Conversation, error) {
	c, _, err := s.change(ctx, actor, id, func(tx *db.Tx, c *liadesk.Conversation) ([]liadesk.Message, error) {
		if _, found, err := tx.Contact(actor.Account, contact); err != nil || !found {
			if err == nil {
				err = liadesk.ErrNotFound
			}
			return nil, err
		}
		if c.Channel != liadesk.InboxWebsite {
			return nil, liadesk.Conflict("thread_has_contact", "this conversation belongs to a number already")
		}
		c.ContactID = contact
		c.Version++
		return nil, nil
	})
	return c, err
}

// IdentifyVisitor notes who a page says that its visitor is on the visitor's
// thread, if there is one. Verified tells whether the signature is right.
func (s *Service) IdentifyVisitor(ctx context.Context, inbox liadesk.Inbox, token string, claim Claim) (verified bool, err error) {
	id, ok := s.Identify(inbox, claim)
	if !ok {
		var v liadesk.Invalid
		v.Add("identity", "not_an_identity")
		return false, v.Err()
	}
	if token == "" {
		return id.Verified, nil
	}
	var changed *liadesk.Conversation
	err = s.store.Update(ctx, func(tx *db.Tx) error {
		changed = nil
		c, found, err := s.threadOf(tx, inbox, token)
		if err != nil || !found {
			return err
		}
		before, contact := c.Identity, c.ContactID
		if err := s.know(tx, inbox, &c, claim); err != nil {
			return err
		}
		if before != nil && c.Identity != nil && *before == *c.Identity && contact == c.ContactID {
			return nil
		}
		changed = &c
		return tx.PutConversation(c)
	})
	if err == nil && changed != nil {
		s.Publish(*changed)
	}
	return id.Verified, err
}
