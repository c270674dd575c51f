package db

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

// timeCursor names a place in a list ordered by time, opaque to the outside.
func timeCursor(at time.Time, id liadesk.ID) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(at.UnixNano()))
	return base64.RawURLEncoding.EncodeToString(append(b, id[:]...))
}

// parseTimeCursor reads what timeCursor wrote; anything else is the asker's
// mistake.
func parseTimeCursor(s string) (time.Time, liadesk.ID, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != 24 {
		var v liadesk.Invalid
		v.Add("after", "bad_cursor")
		return time.Time{}, liadesk.ID{}, v.Err()
	}
	return time.Unix(0, int64(binary.BigEndian.Uint64(b))).UTC(), liadesk.ID(b[8:]), nil
}
