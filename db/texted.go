package db

import (
	"bytes"
	"fmt"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/liadesk/campaigns/liadesk"
)

// A number remembers which campaigns texted it, over all campaigns and inboxes
// of the account, in one record that changes with the rows: a reply finds the
// text that it answers there, and restraint finds what the number got lately.
// It belongs to the number and not to a contact, so that a person who is
// stored anew, or twice, is not texted twice as often.

func textedKey(account liadesk.ID, phone string) key { return in(account, nTexted).str(phone) }

// Texted reads what campaigns texted to numbers, in one round trip. Later reads
// and writes of the same numbers in this transaction cost none.
func (tx *Tx) Texted(account liadesk.ID, phones []string) (map[string][]liadesk.Texted, error) {
	if tx.texted == nil {
		tx.texted = make(map[string][]liadesk.Texted, len(phones))
	}
	var keys [][]byte
	for _, p := range phones {
		k := textedKey(account, p)
		if _, known := tx.texted[string(k)]; !known {
			keys = append(keys, k)
		}
	}
	if len(keys) > 0 {
		values, err := tx.kv.GetMulti(keys)
		if err != nil {
			return nil, err
		}
		for i, b := range values {
			var texts []liadesk.Texted
			if b != nil {
				if err := decode(b, &texts); err != nil {
					return nil, fmt.Errorf("record %x: %w", keys[i], err)
				}
			}
			tx.texted[string(keys[i])] = texts
		}
	}
	out := make(map[string][]liadesk.Texted, len(phones))
	for _, p := range phones {
		if texts := tx.texted[string(textedKey(account, p))]; len(texts) > 0 {
			out[p] = texts
		}
	}
	return out, nil
}

func (tx *Tx) putTexted(account liadesk.ID, phone string, change func([]liadesk.Texted) []liadesk.Texted) error {
	have, err := tx.Texted(account, []string{phone})
	if err != nil {
		return err
	}
	k, texts := textedKey(account, phone), change(have[phone])
	tx.texted[string(k)] = texts
	if len(texts) == 0 {
		return tx.kv.Delete(k)
	}
	return put(tx, k, texts)
}

// missed tells whether a text in this state certainly did not reach anybody.
func missed(s liadesk.DeliveryStatus) bool {
	return s == liadesk.DeliveryFailed || s == liadesk.DeliveryUndelivered
}

// remember brings what a number remembers of a row up to the row.
func (tx *Tx) remember(account liadesk.ID, old, d liadesk.Delivery) error {
	if old.Status != "" && old.StartedAt.Equal(d.StartedAt) && missed(old.Status) == missed(d.Status) {
		return nil
	}
	return tx.putTexted(account, d.Phone, func(texts []liadesk.Texted) []liadesk.Texted {
		return liadesk.Remember(texts, liadesk.Texted{CampaignID: d.CampaignID, At: d.StartedAt, Marketing: d.Marketing, Missed: missed(d.Status)})
	})
}

// DeliveriesTo lists the campaign texts to one number, newest first: for a
// contact's timeline, and to find the text that a reply answers.
func (tx *Tx) DeliveriesTo(account liadesk.ID, phone string, limit int) ([]liadesk.Delivery, error) {
	return tx.DeliveriesSince(account, phone, time.Time{}, limit)
}

// DeliveriesSince is DeliveriesTo for the texts that were begun at since or
// later.
func (tx *Tx) DeliveriesSince(account liadesk.ID, phone string, since time.Time, limit int) ([]liadesk.Delivery, error) {
	have, err := tx.Texted(account, []string{phone})
	if err != nil {
		return nil, err
	}
	var keys []key
	texts := have[phone]
	for i := len(texts) - 1; i >= 0 && len(keys) < limit && !texts[i].At.Before(since); i-- {
		keys = append(keys, deliveryKey(account, texts[i].CampaignID, phone))
	}
	return getMany[liadesk.Delivery](tx, keys)
}

// Beside that, sets of contacts by the hour in which a marketing text was
// claimed for them answer how many of an audience got one lately, without a
// read for each. They say too much rather than too little: a text that did not
// go in the end stays in its hour.

// latelyKept is how long the sets of an hour are kept.
const latelyKept = 48

func latelyKey(account liadesk.ID, hour, chunk uint32) key {
	return in(account, nTextedHour).u32(hour).u32(chunk)
}

func hourOf(t time.Time) uint32 { return uint32(t.Unix() / 3600) }

// AddTextedLately notes for whom marketing texts were claimed at a moment.
func (tx *Tx) AddTextedLately(account liadesk.ID, at time.Time, people *roaring.Bitmap) error {
	hour := hourOf(at)
	for left := people.Clone(); !left.IsEmpty(); {
		chunk := chunkOf(left.Minimum())
		here := roaring.New()
		here.AddRange(uint64(chunk)<<chunkBits, uint64(chunk+1)<<chunkBits)
		here.And(left)
		left.AndNot(here)
		k := latelyKey(account, hour, chunk)
		have, err := bitmapAt(tx, k)
		if err != nil {
			return err
		}
		if have.IsEmpty() { // a new hour: throw some old ones away
			old, err := tx.kv.Scan(in(account, nTextedHour), latelyKey(account, hour-latelyKept, 0), 100, false)
			if err != nil {
				return err
			}
			for _, p := range old {
				if err := tx.kv.Delete(p.Key); err != nil {
					return err
				}
			}
		}
		have.Or(here)
		if err := putBitmap(tx, k, have); err != nil {
			return err
		}
	}
	return nil
}

// TextedLately is everybody for whom a marketing text was claimed since a
// moment, to the hour: nobody is missing, and some may be from before it.
func (tx *Tx) TextedLately(account liadesk.ID, since time.Time) (*roaring.Bitmap, error) {
	return setsBetween(tx, latelyKey(account, hourOf(since), 0), in(account, nTextedHour).end())
}

// rememberPart is how many texts one transaction of rememberTexts takes.
const rememberPart = 1000

// rememberTexts gives numbers their memory from the index that stood in its
// place, which it takes away as it goes. Its cursor is the account.
func rememberTexts(tx *Tx, from []byte) ([]byte, error) {
	var account liadesk.ID
	if len(from) == len(account) {
		copy(account[:], from)
	}
	if len(from) == 0 || from[0] == 0 { // the first time
		next, err := tx.AccountIDs(liadesk.ID{}, 1)
		if err != nil || len(next) == 0 {
			return nil, err
		}
		account = next[0]
	}
	base := in(account, nCampaignBy)
	campaigns, keys, err := scan[liadesk.ID](tx, base, base.end(), rememberPart, false)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		next, err := tx.AccountIDs(account, 1)
		if err != nil || len(next) == 0 {
			return nil, err
		}
		return next[0][:], nil
	}
	rows := make([]key, len(keys))
	for i, k := range keys {
		phone, _, _ := bytes.Cut(k[len(base):], []byte{0})
		rows[i] = deliveryKey(account, campaigns[i], string(phone))
		if err := tx.kv.Delete(k); err != nil {
			return nil, err
		}
	}
	list, err := getMany[liadesk.Delivery](tx, rows)
	if err != nil {
		return nil, err
	}
	of, err := tx.SMSCampaignsByID(account, campaigns)
	if err != nil {
		return nil, err
	}
	marketing := make(map[liadesk.ID]bool, len(of))
	for _, c := range of {
		marketing[c.ID] = c.Purpose != liadesk.PurposeTransactional
	}
	phones := make([]string, len(list))
	for i, d := range list {
		phones[i] = d.Phone
	}
	if _, err := tx.Texted(account, phones); err != nil {
		return nil, err
	}
	for _, d := range list {
		d.Marketing = marketing[d.CampaignID]
		if err := tx.remember(account, liadesk.Delivery{}, d); err != nil {
			return nil, err
		}
	}
	return account[:], nil
}
