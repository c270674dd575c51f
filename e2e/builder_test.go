package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// Somebody who never wrote a rule builds an audience, with the keyboard and on
// a phone, too.
func TestAnAudienceIsBuiltInTheForm(t *testing.T) {
	server, person := startDemo(t)
	person.open(server.url + "/campaigns/sms/new")
	person.click("input[name=audience][value=rule]")
	person.until("the first condition", `document.querySelector("[id='b-0-field']")`)
	choose := func(id, value string) {
		t.Helper()
		// A field is there a moment before it answers to a change.
		person.until("a field that answers", `document.getElementById(%s)?.matches("[data-htmx-powered]")`, id)
		eval[bool](person, rests, "#sms-audience")
		eval[bool](person, `((e, v) => { e.focus(); e.value = v; e.dispatchEvent(new Event("change", { bubbles: true })); return e.value === v })(document.getElementById(%s), %s)`, id, value)
	}
	choose("b-0-field", "country")
	person.until("the countries", `document.querySelector("[id='b-0-value']") && document.activeElement.id === "b-0-field"`)
	choose("b-0-value", "US")
	person.until("the sentence", `document.querySelector("#sms-reach .sms-who")?.innerText.includes("whose country is")`)
	person.click("#b-except")
	person.until("an exception with the focus in it", `document.activeElement.id === "b-1.0-field"`)
	choose("b-1.0-field", "has_email")
	person.until("the sentence with its exception", `document.querySelector("#sms-reach .sms-who")?.innerText.includes("e-mail address")`)
	person.do(chromedp.Focus(chromedp.CSS("[id='b-1-up']")))
	person.do(chromedp.KeyEvent("\r"))
	person.until("the exception in the first place", `document.querySelector("[id='b-0-join']")?.value === "none" && document.activeElement.id === "b-0-down"`)
	// A date, with the browser's own input, and a name for all of it.
	person.click("#b-add")
	person.until("one more condition", `document.activeElement.id === "b-2-field"`)
	choose("b-2-field", "created_at")
	person.until("the date", `document.querySelector("[id='b-2-value'][type=date]")`)
	choose("b-2-value", "2020-01-01")
	person.click("#sms-segments summary")
	person.typed("#f-segment_name", "With an address")
	person.click("#b-save-segment")
	person.until("its name in the list", `document.querySelector(".saved-list")?.innerText.includes("With an address") && document.querySelector("#f-segment option:last-child").innerText === "With an address"`)
	source := axe(t)
	for _, theme := range []string{"light", "dark"} {
		eval[bool](person, `(document.documentElement.dataset.theme = %s, true)`, theme)
		for _, width := range []int64{1280, 390} {
			person.do(chromedp.EmulateViewport(width, 900))
			eval[bool](person, `(scrollTo(0, 0), true)`) // else something lies under the bar that stays
			eval[bool](person, source+"\n;true")
			for _, found := range eval[[]string](person, barriers) {
				t.Errorf("%s, %d wide: %s", theme, width, found)
			}
			for _, found := range eval[[]string](person, sideways) {
				t.Errorf("%s, %d wide: %s", theme, width, found)
			}
		}
	}
}
