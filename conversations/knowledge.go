package conversations

import (
	"slices"
	"sync"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/speech"
)

// knowledge is what LiaDesk knows in one account, made ready for matching. It
// is never changed.
type knowledge struct {
	round   uint64
	entries []liadesk.BotEntry // those that are on
	index   *speech.Index
}

// shelf keeps the knowledge of accounts in memory. What is on it is compared
// with the account's round at each use, in the transaction that uses it, so
// that it is never of yesterday.
type shelf struct {
	mu   sync.Mutex
	held map[liadesk.ID]*knowledge
}

// maxShelf bounds the shelf; then it begins anew.
const maxShelf = 1000

func (s *Service) knowledge(tx *db.Tx, account liadesk.ID) (*knowledge, error) {
	round, err := tx.BotRound(account)
	if err != nil {
		return nil, err
	}
	s.shelf.mu.Lock()
	k := s.shelf.held[account]
	s.shelf.mu.Unlock()
	if k != nil && k.round == round {
		return k, nil
	}
	list, err := tx.BotEntries(account)
	if err != nil {
		return nil, err
	}
	k = learn(round, list)
	s.shelf.mu.Lock()
	defer s.shelf.mu.Unlock()
	if s.shelf.held == nil || len(s.shelf.held) >= maxShelf {
		s.shelf.held = make(map[liadesk.ID]*knowledge)
	}
	s.shelf.held[account] = k
	return k, nil
}

func learn(round uint64, list []liadesk.BotEntry) *knowledge {
	k := &knowledge{round: round}
	var questions []speech.Question
	for _, e := range list {
		if !e.Off {
			k.entries = append(k.entries, e)
			questions = append(questions, speech.Question{Language: e.Language, Asked: e.Questions})
		}
	}
	k.index = speech.NewIndex(questions)
	return k
}

// match finds what a message asks, among what is for an inbox.
func (k *knowledge) match(text string, inbox liadesk.ID) []speech.Match {
	return slices.DeleteFunc(k.index.Match(text), func(m speech.Match) bool { return !isFor(k.entries[m.N], inbox) })
}

// isFor tells whether a question is answered in an inbox; the zero inbox is all
// of them.
func isFor(e liadesk.BotEntry, inbox liadesk.ID) bool {
	return len(e.InboxIDs) == 0 || inbox.IsZero() || slices.Contains(e.InboxIDs, inbox)
}
