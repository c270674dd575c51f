// Package liadesk is the domain of LiaDesk Campaigns: the nouns everybody
// talks about, the states they may be in, the moves between them, and the
// errors that refuse a move. It is pure: no I/O, no clock of its own, no HTML.
//
// The words, used alike in code, pages, API and documents:
//
//   - account: an organisation, with a plan. Everything else belongs to one.
//   - user: a person of the team who signs in; administrator or agent.
//   - inbox: where conversations arrive; a website or an SMS number.
//   - contact: a person the company knows; one phone number at most, unique
//     in its account.
//   - consent and opt-out: the history of what a person allowed. An opt-out
//     belongs to the number, not to the contact, and survives its deletion.
//   - audience: a rule over contacts.
//   - campaign: live chat (shown to visitors) or SMS (sent to an audience).
//   - delivery: one SMS campaign to one contact, a row of the ledger.
//   - attempt: one POST to the carrier.
//   - visit: one page view, anonymous. Impression: a campaign shown.
//   - conversation: a thread with one owner at a time: bot, agent or queue.
//
// Structs that are stored carry integer CBOR keys. A key, once used, keeps its
// meaning for ever: new fields take new numbers.
package liadesk
