package handlers

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
	"github.com/liadesk/campaigns/views/texts"
)

// exportColumns are the columns of a file of recipients, in order. Programs
// read these names too, so they are the same in every language.
var exportColumns = []string{
	"name", "phone", "status", "reason", "attempts", "carrier_id", "error_code", "error", "segments", "cost",
	"accepted_at", "updated_at", "replied_at", "opted_out_at", "evidence", "clicked_at",
}

func (s *Server) downloadSMSRecipients(c *fiber.Ctx) error {
	return s.sendRecipients(c, s.localizer(c))
}

func (s *Server) apiExportDeliveries(c *fiber.Ctx) error {
	return s.sendRecipients(c, s.texts.For("en"))
}

// sendRecipients answers with everyone of a campaign that ?status= and ?reason=
// leave, as a file, for administrators, as with files of contacts. What moves
// while the file is read may stand in it twice, once in each state: the later
// line is the newer one.
func (s *Server) sendRecipients(c *fiber.Ctx, l *texts.Localizer) error {
	if err := requireManager(c); err != nil {
		return err
	}
	id, err := pathID(c)
	if err != nil {
		return err
	}
	f, err := recipientFilter(c)
	if err != nil {
		return err
	}
	ctx, who := c.UserContext(), actor(c)
	k, err := s.SMS.Get(ctx, who, id)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("recipients-%s.csv", k.CreatedAt.Format(time.DateOnly))
	s.sendPages(c, name, exportColumns, l.T("reports.incomplete"), func(ctx context.Context, after string) ([][]string, string, error) {
		list, next, err := s.SMS.Deliveries(ctx, who, id, f, db.Page{After: after, Limit: db.MaxPage})
		if err != nil {
			return nil, "", err
		}
		rows := make([][]string, len(list))
		for i, d := range list {
			rows[i] = s.exportRow(l, d)
		}
		return rows, next, nil
	})
	return nil
}

// exportRow is a recipient as a line of the file: times are UTC (RFC 3339), the
// cost in whole units of the carrier's currency. Our own numbers begin with a
// plus and stay as they are, so that the file can be imported again; whatever
// somebody else wrote is made safe.
func (s *Server) exportRow(l *texts.Localizer, d sms.Recipient) []string {
	var reason, why string
	if d.Status == liadesk.DeliverySkipped {
		reason = string(d.SkipReason)
	}
	if d.Status == liadesk.DeliveryFailed || d.Status == liadesk.DeliveryUndelivered {
		why = s.carrierCode(l, d.ErrorCode)
		if d.Error != "" {
			why += " " + l.T("sms.recipients.said", "Text", d.Error)
		}
	}
	cost, _ := money(d.Cost).MarshalJSON() // it never fails
	return []string{
		safeCell(d.Name), d.Phone, string(d.Status), reason, strconv.Itoa(d.Attempts), safeCell(d.CarrierID), safeCell(d.ErrorCode),
		safeCell(why), strconv.Itoa(d.Segments), string(cost),
		exportTime(d.AcceptedAt), exportTime(d.UpdatedAt), exportTime(d.RepliedAt), exportTime(d.OptedOutAt), d.Evidence, exportTime(d.ClickedAt),
	}
}

// exportTime is an instant in UTC, "" for none.
func exportTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
