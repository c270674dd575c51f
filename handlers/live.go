package handlers

import (
	"bytes"
	"encoding/json"
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Live updates of the dashboard: one WebSocket per open page. What goes out is
// HTML in <hx-partial> elements, which htmx puts where they belong.
//
// A page tells what it shows (watch) when it connects and whenever that
// changes; it then gets all that it missed, and from there on every event. So
// a connection that broke, a laptop that slept and a listener who was let go
// because it was slow all end in the same place: nothing is missing, nothing
// stands there twice, everything is in order. Pages that show no conversation
// say nothing and get the unread mark and the bell alone.

// sessionCheck is how often a connection asks whether its session still holds.
// Who signed out, was deactivated or lost an inbox hears nothing more after at
// most this long.
const sessionCheck = 30 * time.Second

// watch is what a page shows.
type watch struct {
	// List is the list's filter as in its address ("?who=mine"); nil when the
	// page has no list.
	List *string `json:"list"`
	// Rows is how many rows the list has now.
	Rows int `json:"rows"`
	// Empty says that the page shows the empty state instead of a list.
	Empty bool `json:"empty"`
	// Thread is the open thread, "" for none, and After the place of the last
	// message there.
	Thread string `json:"thread"`
	After  uint64 `json:"after"`
	// Closed says that the thread shows why it can't be answered.
	Closed bool `json:"closed"`
	// Visible says that somebody can be looking.
	Visible bool `json:"visible"`
	// Typing says that somebody writes an answer in the open thread; the rest is
	// as it was.
	Typing bool `json:"typing"`
}

// live is one page's connection. It belongs to one goroutine.
type live struct {
	*Server
	socket *socket
	token  string
	viewer *Viewer

	watch  watch
	filter deskFilter
	thread liadesk.ID // open and allowed to the viewer, or zero
	shown  uint64     // place of the last message of it that the page has
	unread int        // as the page shows it, -1 before the first time
}

// liveView is what the template conversations/live writes; zero fields write
// nothing.
type liveView struct {
	Desk   *deskView // in place of the empty state
	List   bool      // all of Rows in place of the list
	Rows   []deskRow
	Gone   liadesk.ID // a row to take out of the list
	Row    *deskRow   // a row to put where it belongs
	Thread *threadView
	Answer bool    // whether Thread can be answered has changed
	States []entry // texts of ours whose sending went on
	// Typing is who writes in the open thread just now.
	Typing        string
	TypingVisitor bool
	Counted       bool
	Ring          liadesk.ID // a conversation that asks for attention
	// SignedOut says why nothing more will come.
	SignedOut bool
}

func (s *Server) live(c *fiber.Ctx) error {
	if !s.ownOrigin(c) {
		return liadesk.ErrForbidden
	}
	token, v := c.Cookies(s.sessionCookie()), viewer(c)
	return s.upgrade(c, func(k *socket) {
		defer k.listen()()
		l := &live{Server: s, socket: k, token: token, viewer: v, unread: -1}
		if err := l.run(); err != nil && k.ctx.Err() == nil {
			s.Log.Warn("live updates ended", "error", err)
		}
	})
}

// run serves the page until it goes away, the session ends or the server
// stops. Errors of a connection that is gone anyway mean nothing.
func (l *live) run() error {
	actor := l.viewer.Actor()
	events, stop := l.Conversations.Live.ListenAs(actor)
	defer stop()
	if err := l.Conversations.Arrived(l.socket.ctx, actor.Account, actor.User); err != nil {
		return err
	}
	check := l.Clock.NewTicker(sessionCheck)
	defer check.Stop()
	if err := l.push(liveView{}); err != nil {
		return err
	}
	for {
		select {
		case e, ok := <-events:
			if !ok {
				if l.Conversations.Live.Closed() {
					l.socket.close(socketGoingAway)
				} else {
					l.socket.close(socketTryAgain)
				}
				return nil
			}
			if err := l.happened(e); err != nil {
				return err
			}
		case text, ok := <-l.socket.in:
			if !ok {
				return nil
			}
			if err := l.listen(text); err != nil {
				return err
			}
		case <-check.Chan():
			over, err := l.sessionOver()
			if err != nil {
				return err
			}
			if over {
				stop() // nobody is present who has been told goodbye
				err := l.push(liveView{SignedOut: true})
				l.socket.close(socketNotYours)
				return err
			}
		case <-l.socket.ctx.Done():
			return nil
		}
	}
}

// sessionOver reads anew who the viewer is and what they may see.
func (l *live) sessionOver() (bool, error) {
	v, err := l.Viewer(l.socket.ctx, l.token)
	if liadesk.KindOf(err) == liadesk.KindUnauthenticated {
		return true, nil
	}
	if err == nil {
		l.viewer = v
	}
	return false, err
}

// listen takes what the page says it shows, and brings it up to date. What
// makes no sense is ignored: only a page of ours is at the other end.
func (l *live) listen(text []byte) error {
	var w watch
	if json.Unmarshal(text, &w) != nil {
		return nil
	}
	if w.Typing {
		if l.thread.IsZero() {
			return nil
		}
		err := l.Conversations.AgentTypes(l.socket.ctx, l.viewer.Actor(), l.thread)
		if liadesk.KindOf(err) == liadesk.KindNotFound || liadesk.KindOf(err) == liadesk.KindConflict {
			return nil
		}
		return err
	}
	l.watch, l.thread = w, liadesk.ID{}
	var view liveView
	if w.List != nil {
		if err := l.list(&view); err != nil {
			return err
		}
	}
	id, err := liadesk.ParseID(w.Thread)
	if err != nil {
		return l.push(view)
	}
	l.shown = w.After
	th, err := l.Conversations.Since(l.socket.ctx, l.viewer.Actor(), id, l.shown)
	switch {
	case liadesk.KindOf(err) == liadesk.KindNotFound:
		return l.push(view)
	case err != nil:
		return err
	}
	l.thread = id
	// The page may have missed how the texts before went on.
	older, err := l.Conversations.Get(l.socket.ctx, l.viewer.Actor(), id, l.shown+1)
	if err != nil {
		return err
	}
	for _, m := range older.Messages {
		if m.Delivery != "" {
			view.States = append(view.States, newEntry(older, l.viewer.Account, m))
		}
	}
	return l.show(view, th)
}

// list reads the list that the page shows, as long as it is there.
func (l *live) list(view *liveView) error {
	q, err := url.ParseQuery(trimQuestion(*l.watch.List))
	if err != nil {
		q = nil
	}
	l.filter = newDeskFilter(q.Get, l.viewer.Actor())
	size := min(max(l.watch.Rows, db.Page{}.Size()), db.MaxPage)
	items, _, err := l.deskItems(l.socket.ctx, l.viewer.Actor(), l.filter, db.Page{Limit: size})
	if err != nil {
		if liadesk.KindOf(err) == liadesk.KindInvalid {
			return nil
		}
		return err
	}
	for _, item := range items {
		view.Rows = append(view.Rows, newRow(l.filter, item, l.open()))
	}
	switch {
	case !l.watch.Empty:
		view.List = true
	case len(items) > 0:
		view.Desk = &deskView{Filter: l.filter, Rows: view.Rows}
		l.watch.Empty = false
	}
	return nil
}

func trimQuestion(query string) string {
	if query != "" && query[0] == '?' {
		return query[1:]
	}
	return query
}

// open is the thread that the page shows, for the mark in the list.
func (l *live) open() liadesk.ID {
	id, _ := liadesk.ParseID(l.watch.Thread) // "" or nonsense is none
	return id
}

// happened tells the page of an event. What is pushed is read from the store,
// not taken from the event: events of two changes may come in either order.
func (l *live) happened(e *conversations.Event) error {
	actor := l.viewer.Actor()
	if !actor.Serves(e.Conversation.InboxID) {
		return nil
	}
	id := e.Conversation.ID
	if e.Typing != "" {
		if id != l.thread || !e.TypingVisitor && e.Typing == actor.Name {
			return nil
		}
		return l.push(liveView{Typing: e.Typing, TypingVisitor: e.TypingVisitor})
	}
	item, err := l.Conversations.Item(l.socket.ctx, actor, id)
	if err != nil {
		if liadesk.KindOf(err) == liadesk.KindNotFound {
			return nil
		}
		return err
	}
	var view liveView
	c := item.Conversation
	mine := c.Owner == liadesk.OwnerAgent && c.OwnerID == actor.User
	for _, m := range e.Messages {
		asked := m.Event == liadesk.EventOffered || m.Event == liadesk.EventAssigned || m.Event == liadesk.EventWoken
		called := m.Event == liadesk.EventMissed && c.Offer.Rung == liadesk.RungAll
		if m.From == liadesk.FromVisitor && (mine || c.Owner == liadesk.OwnerQueue) || asked && mine || called {
			view.Ring = id
		}
	}
	if l.watch.List != nil {
		if err := l.moved(&view, item, len(e.Messages) > 0); err != nil {
			return err
		}
	}
	if id != l.thread {
		return l.push(view)
	}
	th, err := l.Conversations.Since(l.socket.ctx, actor, id, l.shown)
	if err != nil {
		return err
	}
	for _, m := range e.Messages {
		if m.Seq <= l.shown && m.Delivery != "" {
			view.States = append(view.States, newEntry(th, l.viewer.Account, m))
		}
	}
	return l.show(view, th)
}

// moved puts a thread's row where it belongs now.
func (l *live) moved(view *liveView, item conversations.Item, spoken bool) error {
	if l.watch.Empty {
		return l.list(view)
	}
	if l.filter.Search != "" {
		return nil // what was found stays as it was found
	}
	listed := l.filter.room().Matches(l.viewer.Actor(), item.Conversation)
	if spoken || !listed {
		view.Gone = item.Conversation.ID
	}
	if listed {
		row := newRow(l.filter, item, l.open())
		view.Row = &row
	}
	return nil
}

// show pushes the messages of the open thread that the page lacks, until it
// has all, and notes that somebody saw them if that can be.
func (l *live) show(view liveView, th conversations.Thread) error {
	for {
		view.Thread = l.newThread(l.viewer, l.filter, th, composer{})
		if closed := th.Closed != nil; closed != l.watch.Closed {
			view.Answer, l.watch.Closed = true, closed
		}
		if err := l.push(view); err != nil {
			return err
		}
		if n := len(th.Messages); n > 0 {
			l.shown = th.Messages[n-1].Seq
		}
		if len(th.Messages) < conversations.ThreadPage {
			break
		}
		var err error
		if th, err = l.Conversations.Since(l.socket.ctx, l.viewer.Actor(), l.thread, l.shown); err != nil {
			return err
		}
		view = liveView{}
	}
	if !l.watch.Visible || th.Conversation.Unread == 0 {
		return nil
	}
	return l.Conversations.Seen(l.socket.ctx, l.viewer.Actor(), l.thread)
}

// push writes a view, with the unread mark when that changed. Nothing is sent
// when there is nothing to say.
func (l *live) push(view liveView) error {
	p := Page{Nav: "conversations", Data: &view}
	l.dress(&p, l.viewer)
	if err := l.countUnread(l.socket.ctx, &p, l.viewer); err != nil {
		return err
	}
	if view.Counted = p.Unread != l.unread; view.Counted {
		l.unread = p.Unread
	}
	var b bytes.Buffer
	if err := l.engine.Render(&b, "conversations/live", p); err != nil {
		return err
	}
	text := bytes.TrimSpace(b.Bytes())
	if len(text) == 0 {
		return nil
	}
	return l.socket.send(text)
}
