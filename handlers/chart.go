package handlers

// chart has bars over time.
type chart struct {
	Title string // "" for none
	Most  string // the highest bar, in words
	Tone  Tone
	Label string // the whole chart in words
	Bars  []chartBar
	// First and Last are the times at its ends.
	First, Last string
}

// chartBar is a bar, in thousandths of the chart's width and hundredths of its
// height, which count from the top.
type chartBar struct {
	X, Wide, Y, High float64
	Label            string
}

// bars draws values in so many places; label says what the bar of one means. A
// value of nothing has no bar, and the least one can be seen.
func bars(values []float64, places int, label func(i int) string) []chartBar {
	most := 0.0
	for _, v := range values {
		most = max(most, v)
	}
	wide := 1000 / float64(max(places, 1))
	var list []chartBar
	for i, v := range values {
		if v <= 0 {
			continue
		}
		high := max(1, 100*v/most)
		list = append(list, chartBar{X: float64(i) * wide, Wide: wide * 0.86, Y: 100 - high, High: high, Label: label(i)})
	}
	return list
}
