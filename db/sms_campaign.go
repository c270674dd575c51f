package db

import (
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/liadesk/campaigns/liadesk"
)

// An SMS campaign's record is indexed by status and time, so that a tick finds
// what is due in one scan: nSMSDue holds status, instant, campaign. The index
// is of the campaigns with work only (scheduled, sending, paused, and those
// whose waiting recipients are still being put aside).

func smsCampaignKey(account, id liadesk.ID) key { return in(account, nSMSCampaign).id(id) }

func smsDueKey(c liadesk.SMSCampaign) key {
	return smsDueBase(c.AccountID, dueStatus(c)).time(c.ScheduledAt).id(c.ID)
}

func smsDueBase(account liadesk.ID, status liadesk.SMSStatus) key {
	return in(account, nSMSDue).str(string(status))
}

// sweeping is the place in the index of an ended campaign with recipients to
// put aside; it is no status that anybody sees.
const sweeping liadesk.SMSStatus = "sweeping"

// dueStatus is the status under which a campaign is indexed, "" for none.
func dueStatus(c liadesk.SMSCampaign) liadesk.SMSStatus {
	switch {
	case c.Status.Waits():
		return c.Status
	case c.Sweep != liadesk.SweepNone:
		return sweeping
	}
	return ""
}

// SMSCampaign reads one campaign, deleted ones too.
func (tx *Tx) SMSCampaign(account, id liadesk.ID) (liadesk.SMSCampaign, bool, error) {
	return get[liadesk.SMSCampaign](tx, smsCampaignKey(account, id))
}

// SMSCampaignsByID reads several campaigns in one round trip; absent ones are
// left out.
func (tx *Tx) SMSCampaignsByID(account liadesk.ID, ids []liadesk.ID) ([]liadesk.SMSCampaign, error) {
	keys := make([]key, len(ids))
	for i, id := range ids {
		keys[i] = smsCampaignKey(account, id)
	}
	return getMany[liadesk.SMSCampaign](tx, keys)
}

// PutSMSCampaign writes a campaign and its place in the index.
func (tx *Tx) PutSMSCampaign(c liadesk.SMSCampaign) error {
	tx.ShutGate(c.AccountID)
	old, had, err := tx.SMSCampaign(c.AccountID, c.ID)
	if err != nil {
		return err
	}
	if had && dueStatus(old) != "" {
		if err := tx.kv.Delete(smsDueKey(old)); err != nil {
			return err
		}
	}
	if dueStatus(c) != "" {
		if err := put(tx, smsDueKey(c), c.ID); err != nil {
			return err
		}
	}
	return put(tx, smsCampaignKey(c.AccountID, c.ID), c)
}

// SMSCampaigns lists an account's campaigns, newest first, deleted ones too.
// The cursor is the id of the last one seen.
func (tx *Tx) SMSCampaigns(account, after liadesk.ID, limit int) ([]liadesk.SMSCampaign, error) {
	base := in(account, nSMSCampaign)
	to := base.end()
	if !after.IsZero() {
		to = base.clone().id(after)
	}
	cs, _, err := scan[liadesk.SMSCampaign](tx, base, to, limit, true)
	return cs, err
}

// maxWorking is how many campaigns of one status a tick looks at. More wait
// for the next tick.
const maxWorking = 500

// SMSCampaignsDue reads the campaigns of a status whose time is not after
// until, oldest first; the zero time reads them all.
func (tx *Tx) SMSCampaignsDue(account liadesk.ID, status liadesk.SMSStatus, until time.Time) ([]liadesk.SMSCampaign, error) {
	base := smsDueBase(account, status)
	to := base.end()
	if !until.IsZero() {
		to = base.clone().time(until.Add(1))
	}
	ids, _, err := scan[liadesk.ID](tx, base, to, maxWorking, false)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return tx.SMSCampaignsByID(account, ids)
}

// SMSCampaignsSweeping reads the ended campaigns with recipients to put aside.
func (tx *Tx) SMSCampaignsSweeping(account liadesk.ID) ([]liadesk.SMSCampaign, error) {
	return tx.SMSCampaignsDue(account, sweeping, time.Time{})
}

// The frozen audience of a campaign is a family of sets of contacts, in chunks
// like every other set. Sets are named by the room that fills them.

func frozenBase(account, campaign liadesk.ID) key {
	return in(account, nAudienceFrozen).id(campaign)
}

// FrozenPart is one chunk of one set of a frozen audience.
type FrozenPart struct {
	Set   string
	Chunk uint32
	Bits  *roaring.Bitmap
}

// FrozenParts reads chunks of the sets whose name begins with prefix, in order
// of name and chunk, at most limit.
func (tx *Tx) FrozenParts(account, campaign liadesk.ID, prefix string, limit int) ([]FrozenPart, error) {
	base := frozenBase(account, campaign)
	from := base.clone().raw([]byte(prefix))
	return tx.frozenScan(base, from, from.end(), limit)
}

// FrozenFrom reads chunks of one set, beginning with the given one.
func (tx *Tx) FrozenFrom(account, campaign liadesk.ID, set string, chunk uint32, limit int) ([]FrozenPart, error) {
	base := frozenBase(account, campaign)
	return tx.frozenScan(base, base.clone().str(set).u32(chunk), base.clone().str(set).end(), limit)
}

func (tx *Tx) frozenScan(base, from, to key, limit int) ([]FrozenPart, error) {
	pairs, err := tx.kv.Scan(from, to, limit, false)
	if err != nil {
		return nil, err
	}
	parts := make([]FrozenPart, len(pairs))
	for i, p := range pairs {
		bm := roaring.New()
		if err := bm.UnmarshalBinary(p.Value); err != nil {
			return nil, err
		}
		parts[i] = FrozenPart{
			Set:   string(p.Key[len(base) : len(p.Key)-5]), // without the zero that ends it, and the chunk
			Chunk: key(p.Key).tailU32(),
			Bits:  bm,
		}
	}
	return parts, nil
}

// FrozenAdd puts contacts of one chunk into a set and tells how many of them
// were not in it.
func (tx *Tx) FrozenAdd(account, campaign liadesk.ID, set string, chunk uint32, bits *roaring.Bitmap) (int64, error) {
	if bits.IsEmpty() {
		return 0, nil
	}
	k := frozenBase(account, campaign).str(set).u32(chunk)
	bm, err := bitmapAt(tx, k)
	if err != nil {
		return 0, err
	}
	before := bm.GetCardinality()
	bm.Or(bits)
	return int64(bm.GetCardinality() - before), putBitmap(tx, k, bm)
}

// FrozenRemove takes contacts of one chunk out of a set and tells how many of
// them were in it.
func (tx *Tx) FrozenRemove(account, campaign liadesk.ID, set string, chunk uint32, bits *roaring.Bitmap) (int64, error) {
	if bits.IsEmpty() {
		return 0, nil
	}
	k := frozenBase(account, campaign).str(set).u32(chunk)
	bm, err := bitmapAt(tx, k)
	if err != nil {
		return 0, err
	}
	before := bm.GetCardinality()
	bm.AndNot(bits)
	return int64(before - bm.GetCardinality()), putBitmap(tx, k, bm)
}

// ChunkOf tells in which chunk of a set a contact's dense number lies.
func ChunkOf(dense uint32) uint32 { return chunkOf(dense) }
