package db

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

// key is built from left to right. Every key of an account begins with the 16
// bytes of its id and then names its noun; only two other prefixes exist:
//
//	g/ maps a public or hashed secret (e-mail, token, widget key) to an
//	   account and its record, nothing more;
//	m/ holds what belongs to the installation (schema, public address).
//
// An account's id is a UUIDv7, whose first byte is 0x01 until the year 3084
// and so is never 'g' or 'm'.
type key []byte

// noun is the second part of an account's key. Once used, it keeps its
// meaning; a new noun takes a new text of two letters.
type noun string

const (
	nAccount        noun = "ac" // the account itself
	nUser           noun = "us" // user id
	nInbox          noun = "in" // inbox id
	nPicture        noun = "pi" // name -> picture bytes
	nToken          noun = "tk" // API token id
	nSession        noun = "se" // user id, session id
	nInvite         noun = "iv" // user id -> their one-use link
	nContact        noun = "co" // contact id
	nContactDense   noun = "cd" // dense number -> contact id
	nContactPhone   noun = "cp" // E.164 -> contact id
	nContactEmail   noun = "cm" // folded e-mail -> contact ids
	nContactText    noun = "cx" // word or beginning of one, chunk -> roaring bitmap; digits backwards
	nContactClass   noun = "cl" // window class key
	nConsent        noun = "ce" // contact id, entry id: consent history
	nOptOut         noun = "oo" // E.164 -> opt-out
	nOptOutRecent   noun = "or" // time, E.164
	nOptOutHistory  noun = "oh" // E.164, entry id: history
	nHold           noun = "ho" // E.164: held for review
	nTag            noun = "tg" // tag -> record
	nBitmap         noun = "bm" // field, value, chunk -> roaring bitmap
	nImport         noun = "im" // import id
	nImportDue      noun = "iq" // import id: has work to do
	nImportRow      noun = "ir" // import id, row: what it changed, or why not
	nImportKept     noun = "ik" // import id, row: what an undo left as it is
	nImportPart     noun = "ip" // import id, part: the uploaded bytes
	nSMSCampaign    noun = "sc" // campaign id
	nSMSDue         noun = "sd" // time, campaign id
	nAudienceFrozen noun = "sf" // campaign id, set, chunk -> roaring bitmap
	nDelivery       noun = "dl" // campaign id, number
	nDeliveryState  noun = "ds" // campaign id, state, number
	nAttempt        noun = "at" // attempt id
	nAttemptOpen    noun = "ao" // inbox id, number, attempt id: outcome not known
	nFlight         noun = "fl" // inbox id: the attempts whose posts are under way
	nGate           noun = "ga" // what claimed texts look at before they are posted
	nSegment        noun = "sg" // segment id
	nClickCode      noun = "kc" // the code of a campaign in short addresses -> its id
	nClicked        noun = "kl" // campaign id, chunk -> roaring bitmap of who opened a link
	nReplied        noun = "kr" // campaign id, chunk -> roaring bitmap of who answered
	nLinkCode       noun = "lk" // the account's code in addresses of opt-out pages
	nCarrierUUID    noun = "cu" // carrier's message uuid
	nOutbox         noun = "ob" // inbox id, order: texts ahead of campaigns
	nMail           noun = "ml" // mail id: e-mails that wait
	nLease          noun = "le" // inbox id: who sends
	nNonce          noun = "nc" // inbox id, nonce: callbacks already seen
	nCounter        noun = "ct" // name, shard
	nTally          noun = "ty" // name, shard: counters that change together
	nCampaignBy     noun = "cb" // number, time: which campaigns reached it, before there was nTexted
	nTexted         noun = "tx" // number: which campaigns texted it, and when
	nTextedHour     noun = "th" // hour, chunk -> roaring bitmap of who was texted
	nChatCampaign   noun = "lc" // live chat campaign id
	nImpression     noun = "ii" // impression id
	nConversation   noun = "cv" // conversation id
	nConversationBy noun = "cy" // index by status, contact, activity
	nMessage        noun = "ms" // conversation id, message id
	nVisitor        noun = "vi" // visitor token digest
	nClientID       noun = "ci" // conversation id, client id -> message id
	nMessageWord    noun = "mw" // word, conversation id
	nSavedReply     noun = "sr" // saved reply id
	nFile           noun = "fi" // address: a file of a conversation
	nFilePart       noun = "fp" // address, part: its bytes
	nFileOf         noun = "fo" // conversation id, address
	nComeback       noun = "vb" // "code", digest; and "until", time, digest
	nBotEntry       noun = "be" // "entry", entry id; and "round"
)

// in begins a key of an account.
func in(account liadesk.ID, n noun) key {
	k := make(key, 0, 64)
	k = append(k, account[:]...)
	return append(k, n...)
}

// global begins a key of the prefix g/.
func global(kind string) key { return key("g/" + kind + "/") }

// meta is a key of the installation.
func meta(name string) key { return key("m/" + name) }

// id appends an id.
func (k key) id(id liadesk.ID) key { return append(k, id[:]...) }

// u32 appends a number that sorts by size.
func (k key) u32(n uint32) key { return binary.BigEndian.AppendUint32(k, n) }

// u64 appends a number that sorts by size.
func (k key) u64(n uint64) key { return binary.BigEndian.AppendUint64(k, n) }

// time appends an instant that sorts by age, to the nanosecond; all that come
// after the year 2261 are the same.
func (k key) time(t time.Time) key {
	nanoseconds := t.UnixNano()
	if t.After(lastInstant) {
		nanoseconds = math.MaxInt64
	}
	return k.u64(uint64(nanoseconds) ^ 1<<63)
}

// lastInstant is the last of which a key counts nanoseconds.
var lastInstant = time.Unix(0, math.MaxInt64)

// str appends a text and ends it, so that "a" and "ab" never mix. A text with
// a zero byte would break the order: its zero bytes are replaced, for no text
// of the domain has one.
func (k key) str(s string) key {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	k = append(k, s...)
	return append(k, 0)
}

// raw appends bytes as they are; only for the last part of a key.
func (k key) raw(b []byte) key { return append(k, b...) }

// end is the first key after all that begin with k.
func (k key) end() key {
	e := make(key, len(k))
	copy(e, k)
	for i := len(e) - 1; i >= 0; i-- {
		if e[i] != 0xff {
			e[i]++
			return e[:i+1]
		}
	}
	return nil
}

// after is the first key that sorts behind k.
func (k key) after() key {
	e := make(key, len(k), len(k)+1)
	copy(e, k)
	return append(e, 0)
}

// clone is a copy to build two keys from one beginning.
func (k key) clone() key {
	c := make(key, len(k), len(k)+32)
	copy(c, k)
	return c
}

// tailID reads the id at the end of a key.
func (k key) tailID() (liadesk.ID, error) {
	var id liadesk.ID
	if len(k) < len(id) {
		return id, fmt.Errorf("key %x is too short to end in an id", []byte(k))
	}
	copy(id[:], k[len(k)-len(id):])
	return id, nil
}

// tailU32 reads the number at the end of a key.
func (k key) tailU32() uint32 { return binary.BigEndian.Uint32(k[len(k)-4:]) }
