package sms

import (
	"maps"

	"github.com/liadesk/campaigns/liadesk"
)

// Stats are figures of the sender since the process began, for operators.
type Stats struct {
	// InFlight is how many texts are claimed and not yet recorded.
	InFlight int
	// Outcomes counts the texts that are recorded, campaigns' and others, by
	// what became of the post; see the events of liadesk.
	Outcomes map[liadesk.EventKind]uint64
}

// Stats returns the figures of this moment.
func (s *Service) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{InFlight: s.inflight, Outcomes: maps.Clone(s.outcomes)}
}
