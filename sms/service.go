package sms

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Service holds the verbs of SMS campaigns and sends every text of the
// installation. There is one per process; its methods may be called from many
// goroutines.
type Service struct {
	Options

	owner liadesk.ID    // this process, in leases
	began time.Time     // for the default monotonic clock
	wake  chan struct{} // holds one token: there is something to send

	mu       sync.Mutex
	lanes    map[liadesk.ID]*lane // by inbox; guarded by mu, as are the lanes
	inflight int                  // texts claimed and not yet recorded
	claiming int                  // how many more may come of claims that are being made
	hungry   bool                 // some lane found no room when it was last its turn
	outcomes map[liadesk.EventKind]uint64
	done     []result // posted and not yet recorded
	stopping bool
	steady   steadiness
	tests    map[liadesk.ID][]time.Time // of the last hour, by account

	forecasts forecasts
	reports   together[signed]
	releasing sync.Mutex // held by whoever reads the lists of a release
	settling  sync.Mutex // held by whoever looks for uncertain texts, and guards looks
	looks     map[liadesk.ID]look
	templates templateCache
	run       *running
}

// Options are what the service stands on. Store, Dialer, Credentials,
// Contacts, Conversations and PublicURL must be set.
type Options struct {
	Store *db.Store
	Clock clockwork.Clock
	IDs   liadesk.IDs
	Log   *slog.Logger

	// PublicURL is the address under which the carrier reaches us, without a
	// slash at its end.
	PublicURL string
	// LinkKey signs the addresses of opt-out pages.
	LinkKey []byte
	// Workers is the most posts in flight in the whole process.
	Workers int
	// PostTimeout is how long one post may take, at most a third of the lease.
	PostTimeout time.Duration

	Dialer Dialer
	// Credentials opens the sealed token of an inbox.
	Credentials   func(liadesk.Inbox) (authID, authToken string, err error)
	Contacts      Contacts
	Conversations Conversations

	// FreeDisk is how many bytes the database's disk has left; nil never holds
	// sending back.
	FreeDisk func() (uint64, error)
	// Monotonic is a clock that nobody can set: the time since some fixed
	// moment. It must go on when the wall clock jumps.
	Monotonic func() time.Duration
}

// Contacts is what texts tell the contacts room, in the transaction of the
// message that told it.
type Contacts interface {
	OptOut(tx *db.Tx, account liadesk.ID, o liadesk.OptOut) error
	Hold(tx *db.Tx, account liadesk.ID, h liadesk.Hold) error
	OptIn(tx *db.Tx, account liadesk.ID, number, source, text string, at time.Time) error
	MarkBadNumber(tx *db.Tx, account liadesk.ID, number, code string) error
	Alive(tx *db.Tx, c liadesk.Contact) (liadesk.Contact, error)
	ByPhoneOrNew(tx *db.Tx, account liadesk.ID, e164, source string, at time.Time) (liadesk.Contact, error)
}

// Conversations is where answers go, and whose replies are sent here.
type Conversations interface {
	AnswersSite(tx *db.Tx, in conversations.InboundText) (bool, error)
	ReceiveText(tx *db.Tx, in conversations.InboundText) (liadesk.Conversation, liadesk.Message, error)
	AddConfirmation(tx *db.Tx, c liadesk.Conversation, text string) (liadesk.Conversation, liadesk.Message, error)
	Publish(c liadesk.Conversation, messages ...liadesk.Message)
	TextState(tx *db.Tx, account, conversation, message liadesk.ID, status liadesk.DeliveryStatus, code string) error
}

const (
	// leaseTime is how long a lease holds when its owner falls silent. A post
	// begins only within its first two thirds, and takes at most the last
	// third: when the lease has run out, no post of its owner is under way.
	leaseTime = 60 * time.Second
	// defaultPostTimeout is what a post may take.
	defaultPostTimeout = 15 * time.Second
	// lowDisk is the free space below which nothing is claimed, so that what is
	// in flight can still be recorded.
	lowDisk = 64 << 20
)

// New makes the service. Nothing is sent before Start, or Step.
func New(o Options) *Service {
	if o.Clock == nil {
		o.Clock = clockwork.NewRealClock()
	}
	if o.IDs == nil {
		o.IDs = liadesk.RandomIDs(o.Clock.Now)
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Workers <= 0 {
		o.Workers = 64
	}
	if o.PostTimeout <= 0 || o.PostTimeout > leaseTime/3 {
		o.PostTimeout = defaultPostTimeout
	}
	s := &Service{
		Options: o,
		began:   o.Clock.Now(),
		wake:    make(chan struct{}, 1),
		lanes:   make(map[liadesk.ID]*lane),

		outcomes: make(map[liadesk.EventKind]uint64),
	}
	if s.Monotonic == nil {
		s.Monotonic = func() time.Duration { return s.Clock.Since(s.began) }
	}
	s.owner = o.IDs()
	return s
}

// now is the wall clock's time, in UTC and without the monotonic reading that
// would not survive being stored.
func (s *Service) now() time.Time { return s.Clock.Now().Round(0).UTC() }

// Wake tells the sender that an inbox has something to send; of no inbox, that
// it should look. It waits for nothing that takes time.
func (s *Service) Wake(inbox liadesk.ID) {
	s.mu.Lock()
	if ln := s.lanes[inbox]; ln != nil {
		ln.dry = -idleWait
	}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Held tells whether sending is held in the whole installation, and why.
func (s *Service) Held(ctx context.Context) (db.Held, bool, error) {
	var h db.Held
	var held bool
	err := s.Store.View(ctx, func(tx *db.Tx) (err error) {
		h, held, err = tx.Held()
		return err
	})
	return h, held, err
}
