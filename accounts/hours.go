package accounts

import (
	"errors"
	"reflect"
	"time"

	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
)

// Seen is a page view that loaded a widget.
type Seen struct {
	At  time.Time
	URL string
}

// officeHours are those of a new website inbox, in the account's zone: people
// change hours that are there sooner than they miss hours that are not.
func officeHours(zone string) hours.Schedule {
	var w hours.Week
	for day := time.Monday; day <= time.Friday; day++ {
		w[day] = []hours.Shift{{From: 9 * 60, To: 18 * 60}}
	}
	return hours.Schedule{Zone: zone, Week: w}
}

// checkHours notes what is wrong with business hours, at the places under
// field ("business_hours.week.mon.0"), with the codes of hours.Code.
func checkHours(v *liadesk.Invalid, field string, h hours.Schedule) hours.Schedule {
	if errs, ok := errors.AsType[hours.Errors](h.Validate()); ok {
		for _, e := range errs {
			v.Add(field+"."+e.Field, "hours_"+string(e.Code))
		}
	}
	return h
}

func sameHours(a, b hours.Schedule) bool {
	if len(a.Holidays) == 0 && len(b.Holidays) == 0 {
		a.Holidays, b.Holidays = nil, nil
	}
	for day := range a.Week {
		if len(a.Week[day]) == 0 && len(b.Week[day]) == 0 {
			a.Week[day], b.Week[day] = nil, nil
		}
	}
	return reflect.DeepEqual(a, b)
}
