package db

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/liadesk/campaigns/liadesk"
)

// Messages are found by the beginnings of their words, folded as those of
// contacts are: an entry for each word of a thread names the thread. Who
// searches gets threads, not messages.

const (
	// maxMessageWords bounds the words by which one message is found, each counted
	// once: a message of the greatest length has about so many.
	maxMessageWords = 500
	// minMessageWord is the shortest word that is kept, in characters.
	minMessageWord = 2
	// maxWordHits bounds the entries that one word of a search reads.
	maxWordHits = 5000
)

func messageWord(account liadesk.ID, word string) key { return in(account, nMessageWord).str(word) }

func (tx *Tx) indexMessage(account, conversation liadesk.ID, m liadesk.Message) error {
	for _, w := range wordsSaid(m) {
		if err := tx.kv.Put(messageWord(account, w).id(conversation), there); err != nil {
			return err
		}
	}
	return nil
}

// wordsSaid are the words by which a message is found: nobody said those of an
// event, but what a visitor adds to a rating.
func wordsSaid(m liadesk.Message) []string {
	if m.Event != "" && m.Event != liadesk.EventRated {
		return nil
	}
	return messageWords(m.Text)
}

func messageWords(text string) []string {
	seen := make(map[string]bool)
	list := slices.DeleteFunc(splitWords(fold(text)), func(w string) bool {
		again := seen[w]
		seen[w] = true
		return again || utf8.RuneCountInString(w) < minMessageWord
	})
	return list[:min(len(list), maxMessageWords)]
}

// ConversationsWith finds the threads in which every word of a search begins a
// word of some message, the last active first, at most limit. Of words that are
// in thousands of threads not all are looked at.
func (tx *Tx) ConversationsWith(account liadesk.ID, search string, limit int) ([]liadesk.Conversation, error) {
	words := splitWords(fold(search))
	if len(words) == 0 {
		return nil, nil
	}
	// The longest first: it leaves the fewest.
	slices.SortFunc(words, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var found map[liadesk.ID]bool
	for _, w := range words[:min(len(words), 8)] {
		from := in(account, nMessageWord).raw([]byte(w))
		pairs, err := tx.kv.Scan(from, from.end(), maxWordHits, false)
		if err != nil {
			return nil, err
		}
		next := make(map[liadesk.ID]bool)
		for _, p := range pairs {
			id, err := key(p.Key).tailID()
			if err != nil {
				return nil, err
			}
			if found == nil || found[id] {
				next[id] = true
			}
		}
		if found = next; len(found) == 0 {
			return nil, nil
		}
	}
	keys := make([]key, 0, len(found))
	for id := range found {
		keys = append(keys, conversationKey(account, id))
	}
	list, err := getMany[liadesk.Conversation](tx, keys)
	slices.SortFunc(list, func(a, b liadesk.Conversation) int {
		return cmp.Or(b.LastAt.Compare(a.LastAt), slices.Compare(a.ID[:], b.ID[:]))
	})
	return list[:min(len(list), limit)], err
}

// wordPart is how many threads one transaction of indexMessages takes.
const wordPart = 50

// indexMessages writes the entries that find messages, for those that were
// stored before there were any.
var indexMessages = overRecords(nConversation, wordPart, func(tx *Tx, account liadesk.ID, list []liadesk.Conversation) error {
	for _, c := range list {
		for seq := uint64(0); ; {
			messages, err := tx.MessagesAfter(account, c.ID, seq, indexPart)
			if err != nil {
				return err
			}
			for _, m := range messages {
				if err := tx.indexMessage(account, c.ID, m); err != nil {
					return err
				}
				seq = m.Seq
			}
			if len(messages) < indexPart {
				break
			}
		}
	}
	return nil
})
