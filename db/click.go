package db

import (
	"encoding/binary"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/liadesk/campaigns/liadesk"
)

// The short addresses of campaigns that count clicks name a campaign by a code
// of three bytes, for every character of a text costs. Public code -> account;
// under the account, code -> campaign.

func clickKey(code uint32) key { return global("click").u32(code) }

// ClickCode gives a campaign a code that is free, from where its id points. It
// stays for ever, for texts with it stay on people's phones.
func (tx *Tx) ClickCode(account, campaign liadesk.ID) (uint32, error) {
	code := binary.BigEndian.Uint32(campaign[12:]) % linkCodes
	for {
		_, taken, err := get[liadesk.ID](tx, clickKey(code))
		if err != nil {
			return 0, err
		}
		if !taken && code != 0 {
			break
		}
		code = (code + 1) % linkCodes
	}
	if err := put(tx, clickKey(code), account); err != nil {
		return 0, err
	}
	return code, put(tx, in(account, nClickCode).u32(code), campaign)
}

// ClickCampaign finds the campaign of a code, and its account.
func (tx *Tx) ClickCampaign(code uint32) (account, campaign liadesk.ID, found bool, err error) {
	if account, found, err = get[liadesk.ID](tx, clickKey(code)); err != nil || !found {
		return account, campaign, false, err
	}
	campaign, found, err = get[liadesk.ID](tx, in(account, nClickCode).u32(code))
	return account, campaign, found, err
}

// AddClicked notes that a contact opened a link of a campaign.
func (tx *Tx) AddClicked(account, campaign liadesk.ID, dense uint32) error {
	return setBit(tx, in(account, nClicked).id(campaign), dense, true)
}

// clicked are the contacts who opened a link of a campaign.
func (tx *Tx) clicked(account, campaign liadesk.ID) (*roaring.Bitmap, error) {
	return wholeSet(tx, in(account, nClicked).id(campaign))
}
