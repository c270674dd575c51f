package sms

import (
	"testing"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/wording"
)

func TestWhatIsFilledInIsNormalised(t *testing.T) {
	template, err := parseTemplate("{{ contact.name }} {{ contact.opt_out_link }}")
	if err != nil {
		t.Fatal(err)
	}
	v := wording.Vars{Contact: liadesk.Contact{Name: "Jose\u0301\r\n\xff"}, Also: map[string]string{optOutLink: "https://x.example/o/a"}}
	if got, err := render(template, v); err != nil || got != "José\n\uFFFD https://x.example/o/a" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := wording.Parse("{{ contact.opt_out_link }}"); err == nil {
		t.Error("the address of the opt-out page is offered where there is none")
	}
}
