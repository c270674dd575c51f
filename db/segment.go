package db

import "github.com/liadesk/campaigns/liadesk"

// MaxSegments is the most segments that an account may have: a form lists them.
const MaxSegments = 200

func segmentKey(account, id liadesk.ID) key { return in(account, nSegment).id(id) }

// Segments reads the segments of an account, oldest first.
func (tx *Tx) Segments(account liadesk.ID) ([]liadesk.Segment, error) {
	base := in(account, nSegment)
	list, _, err := scan[liadesk.Segment](tx, base, base.end(), MaxSegments, false)
	return list, err
}

// Segment reads one segment.
func (tx *Tx) Segment(account, id liadesk.ID) (liadesk.Segment, bool, error) {
	return get[liadesk.Segment](tx, segmentKey(account, id))
}

// PutSegment writes a segment.
func (tx *Tx) PutSegment(s liadesk.Segment) error { return put(tx, segmentKey(s.AccountID, s.ID), s) }

// DeleteSegment removes one.
func (tx *Tx) DeleteSegment(account, id liadesk.ID) error {
	return tx.kv.Delete(segmentKey(account, id))
}
