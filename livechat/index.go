package livechat

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// Entry is something that waits for pages that match a pattern.
type Entry[T any] struct {
	Pattern *Pattern
	// Rank is higher for what is found first, however specific its pattern.
	Rank  int
	Value T
}

// Index finds the entries whose patterns match a page without testing them
// all: by the page's site, then by the literal beginning of its path. It is
// built when campaigns are saved, never changes and is safe for concurrent
// use; a new set of campaigns gets a new Index.
type Index[T any] struct {
	// entries stand in the order in which they are found: by rank, then the more
	// specific first, then as they were given.
	entries []Entry[T]
	sites   map[string]*site // by host without www.
	below   map[string]*site // by the domain after "*."
}

// site holds the entries of one host by the literal prefix of their paths.
type site struct {
	byPrefix map[string][]int
	lengths  []int // of the prefixes, ascending
}

// NewIndex builds an index. The entries are copied.
func NewIndex[T any](entries []Entry[T]) *Index[T] {
	x := &Index[T]{
		entries: slices.Clone(entries),
		sites:   make(map[string]*site),
		below:   make(map[string]*site),
	}
	slices.SortStableFunc(x.entries, func(a, b Entry[T]) int {
		return cmp.Or(cmp.Compare(b.Rank, a.Rank), cmp.Compare(b.Pattern.specificity, a.Pattern.specificity))
	})
	for i, e := range x.entries {
		for _, host := range e.Pattern.hosts {
			if domain, wild := strings.CutPrefix(host, "*."); wild {
				add(x.below, domain, e.Pattern.prefix, i)
			} else {
				add(x.sites, host, e.Pattern.prefix, i)
			}
		}
	}
	for _, m := range []map[string]*site{x.sites, x.below} {
		for _, s := range m {
			slices.Sort(s.lengths)
			s.lengths = slices.Compact(s.lengths)
		}
	}
	return x
}

func add(m map[string]*site, host, prefix string, i int) {
	s := m[host]
	if s == nil {
		s = &site{byPrefix: make(map[string][]int)}
		m[host] = s
	}
	s.byPrefix[prefix] = append(s.byPrefix[prefix], i)
	s.lengths = append(s.lengths, len(prefix))
}

func (s *site) find(path string, found []int) []int {
	if s == nil {
		return found
	}
	for _, n := range s.lengths {
		if n > len(path) {
			break
		}
		found = append(found, s.byPrefix[path[:n]]...)
	}
	return found
}

// candidates are the entries that may match, in the order of the entries,
// each once.
func (x *Index[T]) candidates(page Page) []int {
	found := x.sites[page.site].find(page.path, nil)
	for host := page.host; len(x.below) > 0; {
		_, parent, more := strings.Cut(host, ".")
		if !more {
			break
		}
		found = x.below[parent].find(page.path, found)
		host = parent
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// Candidates goes through the entries that may match the page, the more
// specific first; their patterns are still to be tested.
func (x *Index[T]) Candidates(page Page) iter.Seq[Entry[T]] {
	return func(yield func(Entry[T]) bool) {
		for _, i := range x.candidates(page) {
			if !yield(x.entries[i]) {
				return
			}
		}
	}
}

// Matches goes through the values whose patterns match the page, in the order
// of their entries.
func (x *Index[T]) Matches(page Page) iter.Seq[T] {
	return func(yield func(T) bool) {
		for e := range x.Candidates(page) {
			if e.Pattern.MatchPage(page) && !yield(e.Value) {
				return
			}
		}
	}
}

// Len is the number of entries.
func (x *Index[T]) Len() int { return len(x.entries) }
