package db

import (
	"maps"
	"slices"

	"github.com/liadesk/campaigns/liadesk"
)

// Tags live under their names. A tag that was renamed stays as another name of
// the new one (MovedTo), and its set is emptied step by step: until that is
// done the two sets together are the tag's contacts.

func tagKey(account liadesk.ID, name string) key { return in(account, nTag).str(name) }

// Tag reads one tag.
func (tx *Tx) Tag(account liadesk.ID, name string) (liadesk.Tag, bool, error) {
	return get[liadesk.Tag](tx, tagKey(account, name))
}

// Tags reads all tags of an account by name, other names included.
func (tx *Tx) Tags(account liadesk.ID) ([]liadesk.Tag, error) {
	base := in(account, nTag)
	tags, _, err := scan[liadesk.Tag](tx, base.after(), base.end(), 2*MaxTags, false)
	return tags, err
}

// TagNames tells under which names the contacts of each tag are filed: the
// name it goes by now first, then those that lead to it and are not emptied yet.
// A tag that is being deleted is filed nowhere.
func (tx *Tx) TagNames(account liadesk.ID, tags []string) (map[string][]string, error) {
	keys := make([]key, len(tags))
	for i, t := range tags {
		keys[i] = tagKey(account, t)
	}
	rows, err := getMany[liadesk.Tag](tx, keys)
	if err != nil {
		return nil, err
	}
	out := make(map[string][]string, len(tags))
	for _, t := range tags {
		out[t] = []string{t}
	}
	for _, row := range rows {
		switch {
		case row.MovedTo != "":
			now, _, err := tx.Tag(account, row.MovedTo)
			if err != nil {
				return nil, err
			}
			out[row.Name] = append([]string{row.MovedTo}, now.From...)
			if !slices.Contains(out[row.Name], row.Name) {
				out[row.Name] = append(out[row.Name], row.Name)
			}
		case row.Deleting:
			out[row.Name] = nil
		default:
			out[row.Name] = append([]string{row.Name}, row.From...)
		}
	}
	return out, nil
}

// PutTag writes a tag, new or changed. Counts are kept by ContactBatch.
func (tx *Tx) PutTag(account liadesk.ID, t liadesk.Tag) error {
	_, had, err := tx.Tag(account, t.Name)
	if err != nil {
		return err
	}
	if !had {
		if err := tx.countTag(account, 1); err != nil {
			return err
		}
	}
	return put(tx, tagKey(account, t.Name), t)
}

// DeleteTag removes a tag's own record. Its contacts must have lost it before.
func (tx *Tx) DeleteTag(account liadesk.ID, name string) error {
	_, had, err := tx.Tag(account, name)
	if err != nil || !had {
		return err
	}
	if err := tx.countTag(account, -1); err != nil {
		return err
	}
	return tx.kv.Delete(tagKey(account, name))
}

// countTag counts how many tags there are and refuses more than MaxTags.
func (tx *Tx) countTag(account liadesk.ID, n int) error {
	have, _, err := get[int](tx, in(account, nTag))
	if err != nil {
		return err
	}
	if n > 0 && have+n > MaxTags {
		return ErrTooManyTags
	}
	return put(tx, in(account, nTag), have+n)
}

// TagRoom tells which of the tags are new and how many more tags the account
// may have.
func (tx *Tx) TagRoom(account liadesk.ID, tags []string) (unknown []string, room int, err error) {
	keys := make([]key, len(tags))
	for i, t := range tags {
		keys[i] = tagKey(account, t)
	}
	rows, err := getMany[liadesk.Tag](tx, keys)
	if err != nil {
		return nil, 0, err
	}
	known := make(map[string]bool, len(rows))
	for _, row := range rows {
		known[row.Name] = true
	}
	for _, t := range tags {
		if !known[t] {
			unknown = append(unknown, t)
		}
	}
	have, _, err := get[int](tx, in(account, nTag))
	return unknown, MaxTags - have, err
}

// countTags adds to the counts of tags, and makes those that are new.
func (b *ContactBatch) countTags(counts map[string]int64) error {
	names := slices.Sorted(maps.Keys(counts))
	if len(names) == 0 {
		return nil
	}
	keys := make([]key, len(names))
	for i, name := range names {
		keys[i] = tagKey(b.account, name)
	}
	rows, err := getMany[liadesk.Tag](b.tx, keys)
	if err != nil {
		return err
	}
	tags := make(map[string]liadesk.Tag, len(rows))
	for _, row := range rows {
		tags[row.Name] = row
	}
	fresh := 0
	for i, name := range names {
		tag, known := tags[name]
		if !known {
			tag.Name = name
			fresh++
		} else if counts[name] == 0 {
			continue
		}
		tag.Count += counts[name]
		if err := put(b.tx, keys[i], tag); err != nil {
			return err
		}
	}
	if fresh == 0 {
		return nil
	}
	return b.tx.countTag(b.account, fresh)
}
