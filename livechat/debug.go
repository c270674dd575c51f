package livechat

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// debugLife is how long a team member may look over the shoulder of a site's
// widget with one pass.
const debugLife = 2 * time.Hour

// DebugPass lets a member of the team see on the company's own pages why each
// campaign is shown or not. It is for one inbox of one account, ends by itself,
// and shows nothing but what its bearer sees in the dashboard. It travels in the
// fragment of an address, which browsers send to nobody; address is that of the
// page as a browser writes it, without a fragment of its own.
func (s *Service) DebugPass(ctx context.Context, actor liadesk.Actor, url string) (address, pass string, err error) {
	if err := actor.Campaigns(); err != nil {
		return "", "", err
	}
	if len(s.Secret) == 0 {
		return "", "", ErrDebugOver
	}
	page, err := ParsePage(url)
	if err != nil {
		var v liadesk.Invalid
		v.Add("url", "not_an_address")
		return "", "", v.Err()
	}
	err = s.store.View(ctx, func(tx *db.Tx) error {
		list, err := tx.Inboxes(actor.Account)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(in liadesk.Inbox) bool {
			return in.Website != nil && actor.Serves(in.ID) && allows(in.Website, page.Host())
		})
		if i < 0 {
			var v liadesk.Invalid
			v.Add("url", "no_inbox_here")
			return v.Err()
		}
		pass = s.debugPass(actor.Account, actor.User, list[i].ID, s.now().Add(debugLife))
		return nil
	})
	page.fragment = ""
	return page.String(), pass, err
}

func (s *Service) debugPass(account, user, inbox liadesk.ID, until time.Time) string {
	b := slices.Concat(account[:], user[:], inbox[:], binary.BigEndian.AppendUint64(nil, uint64(until.Unix())))
	return base64.RawURLEncoding.EncodeToString(append(b, s.debugMAC(b)...))
}

func (s *Service) debugMAC(b []byte) []byte {
	mac := hmac.New(sha256.New, s.Secret)
	mac.Write([]byte("debug\x00"))
	mac.Write(b)
	return mac.Sum(nil)
}

// ErrDebugOver refuses a pass that is forged, of another inbox, or over.
var ErrDebugOver = &liadesk.Error{Kind: liadesk.KindForbidden, Code: "debug_over", Text: "this look behind the scenes is over; begin a new one in the dashboard"}

// ExplainVisit is Explain for the very visit that a widget makes, for the bearer
// of a pass. The bearer is looked up each time: who left the team, or serves
// the inbox no more, sees nothing.
func (s *Service) ExplainVisit(ctx context.Context, pass string, in Visit) ([]Explanation, error) {
	const ids, size = 3 * len(liadesk.ID{}), 3*len(liadesk.ID{}) + 8
	b, err := base64.RawURLEncoding.DecodeString(pass)
	if err != nil || len(s.Secret) == 0 || len(b) != size+sha256.Size || !hmac.Equal(b[size:], s.debugMAC(b[:size])) ||
		s.now().Unix() > int64(binary.BigEndian.Uint64(b[ids:size])) {
		return nil, ErrDebugOver
	}
	const n = len(liadesk.ID{})
	account, user, inbox := liadesk.ID(b[:n]), liadesk.ID(b[n:2*n]), liadesk.ID(b[2*n:ids])
	page, err := ParsePage(in.URL)
	if err != nil {
		return nil, ErrDebugOver
	}
	var list []Explanation
	err = s.store.View(ctx, func(tx *db.Tx) error {
		list = nil
		site, err := inboxByKey(tx, in.Key)
		if err != nil {
			return err
		}
		x, err := readAround(tx, account)
		if err != nil {
			return err
		}
		actor := liadesk.ActorOf(x.account, x.users[user])
		if site.ID != inbox || site.AccountID != account || !x.users[user].Active() || !actor.Serves(inbox) || actor.Campaigns() != nil {
			return ErrDebugOver
		}
		open, err := s.talks.StaffedNow(tx, site)
		if err != nil {
			return err
		}
		m := newMoment(in, standsFor(site.Website, page), site, true, open, s.now())
		if err := s.recognise(tx, &m); err != nil {
			return err
		}
		all, err := tx.AllLiveChatCampaigns(account)
		for _, k := range slices.Backward(all) {
			if k.InboxID == inbox {
				e := m.explain(compile(k, compileNew))
				e.Item = Item{Campaign: k}
				list = append(list, e)
			}
		}
		return err
	})
	number(list)
	return list, err
}
