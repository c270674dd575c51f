package db

import "github.com/liadesk/campaigns/liadesk"

func botEntryKey(account, id liadesk.ID) key { return in(account, nBotEntry).str("entry").id(id) }

func botRoundKey(account liadesk.ID) key { return in(account, nBotEntry).str("round") }

// MaxBotEntries is how many questions LiaDesk can know in one account.
const MaxBotEntries = 1000

// BotEntries lists what LiaDesk knows, oldest first.
func (tx *Tx) BotEntries(account liadesk.ID) ([]liadesk.BotEntry, error) {
	base := in(account, nBotEntry).str("entry")
	list, _, err := scan[liadesk.BotEntry](tx, base, base.end(), MaxBotEntries, false)
	return list, err
}

// BotEntry reads one question with its answer.
func (tx *Tx) BotEntry(account, id liadesk.ID) (liadesk.BotEntry, bool, error) {
	return get[liadesk.BotEntry](tx, botEntryKey(account, id))
}

// PutBotEntry writes a question with its answer.
func (tx *Tx) PutBotEntry(e liadesk.BotEntry) error {
	if err := put(tx, botEntryKey(e.AccountID, e.ID), e); err != nil {
		return err
	}
	return tx.nextBotRound(e.AccountID)
}

// DeleteBotEntry removes a question.
func (tx *Tx) DeleteBotEntry(account, id liadesk.ID) error {
	if err := tx.kv.Delete(botEntryKey(account, id)); err != nil {
		return err
	}
	return tx.nextBotRound(account)
}

// BotRound counts the changes of what LiaDesk knows, so that what was made of
// it is known to be of today.
func (tx *Tx) BotRound(account liadesk.ID) (uint64, error) {
	n, _, err := get[uint64](tx, botRoundKey(account))
	return n, err
}

func (tx *Tx) nextBotRound(account liadesk.ID) error {
	n, err := tx.BotRound(account)
	if err != nil {
		return err
	}
	return put(tx, botRoundKey(account), n+1)
}
