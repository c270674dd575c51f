package db

import (
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
	code, err := tx.freeCode(campaign, clickKey)
	if err != nil {
		return 0, err
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

// AddClicked notes that a contact opened a link of a campaign, and tells whether
// that is news.
func (tx *Tx) AddClicked(account, campaign liadesk.ID, dense uint32) (first bool, err error) {
	k := in(account, nClicked).id(campaign).u32(chunkOf(dense))
	bm, err := bitmapAt(tx, k)
	if err != nil || !bm.CheckedAdd(dense) {
		return false, err
	}
	return true, putBitmap(tx, k, bm)
}

// clicked are the contacts who opened a link of a campaign.
func (tx *Tx) clicked(account, campaign liadesk.ID) (*roaring.Bitmap, error) {
	return wholeSet(tx, in(account, nClicked).id(campaign))
}
