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
	// maxMessageWords bounds the words of one message that are found.
	maxMessageWords = 200
	// minMessageWord is the shortest word that is kept, in characters.
	minMessageWord = 2
	// maxWordHits bounds the entries that one word of a search reads.
	maxWordHits = 5000
)

func messageWord(account liadesk.ID, word string) key { return in(account, nMessageWord).str(word) }

func (tx *Tx) indexMessage(account, conversation liadesk.ID, text string) error {
	for _, w := range messageWords(text) {
		if err := tx.kv.Put(messageWord(account, w).id(conversation), there); err != nil {
			return err
		}
	}
	return nil
}

func messageWords(text string) []string {
	list := slices.DeleteFunc(splitWords(fold(text)), func(w string) bool { return utf8.RuneCountInString(w) < minMessageWord })
	slices.Sort(list)
	list = slices.Compact(list)
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
// stored before there were any. Its cursor is as indexFields' is.
func indexMessages(tx *Tx, from []byte) ([]byte, error) {
	var account liadesk.ID
	if len(from) <= len(account) {
		copy(account[:], from)
		next, err := tx.AccountIDs(account, 1)
		if err != nil || len(next) == 0 {
			return nil, err
		}
		account = next[0]
		from = in(account, nConversation)
	}
	copy(account[:], from)
	list, keys, err := scan[liadesk.Conversation](tx, key(from).after(), in(account, nConversation).end(), wordPart, false)
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		messages, err := tx.MessagesBefore(account, c.ID, 0, 1000)
		if err != nil {
			return nil, err
		}
		for _, m := range messages {
			if err := tx.indexMessage(account, c.ID, m.Text); err != nil {
				return nil, err
			}
		}
	}
	if len(list) < wordPart {
		return account[:], nil
	}
	return keys[len(keys)-1], nil
}
