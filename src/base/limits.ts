/** Every limit of the node, named, with its unit and its reason. Nothing in the node grows without one. */

/** Longest message, in characters: Mattermost's own default (16,383). */
export const MESSAGE_CHARACTERS_MAX = 16_383
/** Longest reason for sending beyond the allowance of a lane, in characters. */
export const OVERRIDE_REASON_CHARACTERS_MAX = 200
/** Shortest time for which a message that is shown once is shown, in seconds. */
export const BURN_SECONDS_MIN = 5
/** The longest. */
export const BURN_SECONDS_MAX = 3_600
/** Milliseconds between two looks for what has been shown once to all. */
export const ONCE_LOOK_MS = 60_000
/** Milliseconds for which what is shown once can still be fetched after its time: clients wait for its files on slow phones. */
export const ONCE_GRACE_MS = 60_000
/** Files of one message: Mattermost's own limit. */
export const FILES_PER_MESSAGE_MAX = 10
/** Longest name of a file, in characters: Mattermost's own. */
export const FILE_NAME_CHARACTERS_MAX = 256
/** Longest media type of a file, in characters (RFC 6838 has 127 for each half). */
export const FILE_TYPE_CHARACTERS_MAX = 128
/** Largest preview of a file, in bytes: it travels with the message that names the file. */
export const PREVIEW_BYTES_MAX = 2_048
/** Bytes of all previews of one message: a message of many files is still small. */
export const PREVIEWS_BYTES_MAX = 8_192
/** Largest small picture of a file, in bytes: what may be fetched in place of the whole. */
export const SMALL_BYTES_MAX = 30_720
/** Largest file, in bytes: Mattermost's own default, 100 MB. */
export const FILE_BYTES_MAX = 104_857_600
/** Longest JSON that a program adds to a message, in characters. */
export const PROPS_CHARACTERS_MAX = 16_383
/** Messages that an allowance may have: their times are one record. */
export const ALLOWANCE_MESSAGES_MAX = 1_000
/** Largest entry of a document, in bytes: a message of 4-byte characters and some room. */
export const ENTRY_BYTES_MAX = 70_000
/** Longest message, in UTF-8 bytes: sealed, it still fits in one envelope of any carrier. */
export const MESSAGE_BYTES_MAX = 40_000
/** Entries after which the next segment is opened (design 3: about 1,000). */
export const SEGMENT_ENTRIES_MAX = 1_000
/** Milliseconds after which the next segment is opened even if it is not full: 30 days. */
export const SEGMENT_PERIOD_MS = 30 * 24 * 3_600_000
/** Documents kept open at once; each open segment holds about 0.6 MB (research/automerge.md). */
export const OPEN_DOCUMENTS_MAX = 8
/** Loose changes of a document before they are folded into its snapshot. */
export const LOOSE_CHANGES_MAX = 256
/** Changes of one actor in one document: far more than there will be, and its counters stay exact. */
export const LIST_CHANGES_MAX = 2 ** 31
/** Largest counter of an entry that replaces another: at it, time decides. Four thousand million entries do not get there. */
export const COUNTER_MAX = 2 ** 48
/** An entry whose counter is further than this above all others of its document waits for what explains it. */
export const COUNTER_GAP_MAX = 2 ** 16
/** Stretches of lists in one order to purge. */
export const PURGE_STRETCHES_MAX = 100
/** Milliseconds between two looks for what is older than messages may get: a day. */
export const PURGE_LOOK_MS = 24 * 3_600_000
/** Messages that one request may name to be purged. */
export const PURGE_POSTS_MAX = 1_000
/** Bytes of one order to purge: it travels as a message does. */
export const PURGE_ORDER_BYTES_MAX = 20_000
/** People whom one stretch that is purged may have been the first in its list to name. */
export const PURGE_PEOPLE_MAX = 1_000
/** Plain bytes of one envelope when it is cut, before compression. */
export const CUT_BYTES_MAX = 24_000
/** Changes in one envelope when it is cut. */
export const CUT_CHANGES_MAX = 400
/**
 * Changes in one delta when it is read: a cut may grow to reach the next signed change. So no two signed changes of a list are
 * further apart, and the proof of a fork, which has the steps from it to a signed change twice, fits into an envelope.
 */
export const DELTA_CHANGES_MAX = 800
/** Messages that the entries of one delta name by where they stand: each costs its reader a hash. */
export const NAMED_MESSAGES_MAX = 8_192
/** Largest sealed envelope any carrier takes, in bytes (NATS max_payload 64 KB less a header). */
export const ENVELOPE_BYTES_MAX = 60_000
/** Largest body an envelope may inflate to, in bytes: a guard against zip bombs. */
export const BODY_BYTES_MAX = 1_000_000
/** Envelopes on their way to one peer at once. */
export const IN_FLIGHT_MAX = 32
/** Envelopes on their way to a stick at once: they go into one file, so it has at most 16 MB. */
export const COURIER_IN_FLIGHT_MAX = 256
/** Largest courier file that is read, in bytes. */
export const COURIER_FILE_BYTES_MAX = 64 * 1_024 * 1_024
/** Courier files that browsers bring at once. */
export const COURIER_ARRIVALS_MAX = 4
/** Courier files looked at on one stick: two a day for five years. */
export const COURIER_FILES_MAX = 4_096
/** Names in one folder that are looked at to find them. */
export const COURIER_NAMES_MAX = 200_000
/** Sticks whose files a node remembers; one more, and the one longest unused is forgotten. */
export const COURIER_STICKS_MAX = 16
/** Epochs that are tried on a courier file, the newest first. */
export const COURIER_SECRETS_MAX = 64
/** Envelopes kept that cannot be opened yet, and as many that cannot be applied yet; beyond that one gives way to another. */
export const PARKED_ENVELOPES_MAX = 2_000
/** Anchors of one hub that are kept for one list: an honest one writes one or two. */
export const ANCHORS_OF_HUB_MAX = 8
/** Orders looked at in one piece of a list that does not count: each costs a signature to be checked. */
export const ORDERS_HEARD_MAX = 256
/** Bytes of a body that the mixing coder takes: it is slow. */
export const MIXED_BYTES_MAX = 4_096
/** Of which a code of n bytes holds at most 512 + 16 n: each takes some microseconds, so a few bytes must not cost as much as many. */
export const MIXED_BYTES_FREE = 512
/** See MIXED_BYTES_FREE. */
export const MIXED_BYTES_EACH = 16
/** Bytes of a channel's own dictionary: more makes messages hardly smaller and takes longer to read (`PROTOCOL.md`). */
export const DICTIONARY_BYTES_MAX = 131_072
/** Bytes of an entry that goes into one: what is longer would crowd out many usual ones. */
export const DICTIONARY_CHANGE_BYTES_MAX = 1_024
/** Stretches of lists that one is made of: some kits, in the newest segments of four lanes. */
export const DICTIONARY_STRETCHES_MAX = 64
/** Changes that one is made of: more than fit. */
export const DICTIONARY_CHANGES_MAX = 16_384
/** Dictionaries of a channel that are looked at, the newest first: one is made at a time, and seldom. */
export const DICTIONARIES_MAX = 8
/** Texts of dictionaries kept in memory: made again from what is on disk when they are needed. */
export const DICTIONARIES_OPEN_MAX = 16
/** After how long without a word nobody waits for a node any more before a dictionary is used: 30 days. */
export const DICTIONARY_AWAITED_MS = 30 * 24 * 3_600_000
/** A link that carries no more plain bytes than this in one parcel is thin: about 88 kbit/s. */
export const THIN_PARCEL_BYTES_MAX = 22_000
/** Places where one fork is proved that are kept: any will do. */
export const PROOF_PLACES_MAX = 8
/** Bytes of notes that ride along with one delta, before compression: a small delta stays small. */
export const RIDE_BYTES_MAX = 1_000
/** Bytes of a delta that notes still ride along with: a larger one may fill its envelope. */
export const RIDE_BESIDE_BYTES_MAX = 30_000
/** Changes that notes wait for, once they are due, to ride along with; more would hold them up. */
export const RIDE_CHANGES_MAX = 40
/** Documents in one note; a longer one is cut. */
export const NOTE_ITEMS_MAX = 1_000
/** How long another node's change waits before we put it in a post office: its own node may be quicker. 30 s. */
export const RELAY_DELAY_MS = 30_000
/** How long a post office has, at first, to give what it holds before we say what we have: 60 s. */
export const INTRODUCTION_DELAY_MS = 60_000
/** How long something missing has to come by itself before it is asked for: 10 s. */
export const WANT_AFTER_MS = 10_000
/** How long what others have signed for has to come by itself, as receipts may overtake it: 10 min. */
export const WANT_ANNOUNCED_AFTER_MS = 600_000
/** How often the time before asking again doubles for that: up to about a day, as it may be a lie. */
export const WANT_ANNOUNCED_DOUBLINGS_MAX = 10
/** After how long everybody is asked about what lies at a post office and was not signed for: an hour. */
export const UNSIGNED_MS = 3_600_000
/** How often that time doubles: up to about five days. */
export const UNSIGNED_DOUBLINGS_MAX = 7
/** When a node whose words are in doubt is first asked again what it means, in milliseconds; then after twice that, and so on. */
export const MEANING_MS = 60_000
/** How often it is asked about the same changes. */
export const MEANING_ASKED_MAX = 6
/** Documents in one such question. */
export const MEANING_DOCUMENTS_MAX = 16
/** Documents in one question for lists of which somebody has said something else. */
export const LISTS_ASKED_MAX = 16
/** When the same document is first asked for again, in milliseconds; then after twice that, and so on. */
export const WANT_INTERVAL_MS = 60_000
/** How often that time doubles in one contact: up to about an hour. */
export const WANT_DOUBLINGS_MAX = 6
/** How long what others cause is counted before it is written to the audit, at first: a minute. */
export const AUDIT_TALLY_MS = 60_000
/** How long at most, while it keeps coming: an hour. */
export const AUDIT_TALLY_MS_MAX = 3_600_000
/** A kind of it that was not written for a day is written at once. */
export const AUDIT_NEWS_MS = 86_400_000
/** Whom and what of it is counted apart within that time; what is more is counted without saying about whom. */
export const AUDIT_TALLIES_MAX = 16
/** Entries of audits on one page. */
export const AUDIT_PAGE_MAX = 1_000
/** Bytes of one export of audits. */
export const AUDIT_EXPORT_BYTES_MAX = 256_000_000
/** Documents on one page of a report of gaps. */
export const GAP_DOCUMENTS_MAX = 500
/** Documents that are opened for one page of it, to weigh what others lack of them. */
export const GAPS_WEIGHED_MAX = 64
/** Commits that one synced batch takes together. */
export const GROUP_COMMITS_MAX = 256
/** Commits that may wait; more are refused with TOO_MANY_REQUESTS. */
export const COMMIT_QUEUE_MAX = 20_000
/** Messages that are found overdue in one commit. */
export const OVERDUE_AT_ONCE_MAX = 500
/** Of those, how many are named in the log one by one; the rest is counted. */
export const OVERDUE_LOGGED_MAX = 16
/** How long the room on the disk is taken to be what it was: posts come faster than a system should be asked. 1 s. */
export const ROOM_KNOWN_MS = 1_000
/** How often is looked whether room runs out while nobody writes: a minute. */
export const ROOM_LOOK_MS = 60_000
/** Posts on one page (Mattermost's own maximum is 200). */
export const PAGE_POSTS_MAX = 200
/** Channels in the workspace. */
export const CHANNELS_MAX = 2_000
/** Settings that clients may keep for one person: Mattermost's apps keep a few for each channel. */
export const PREFERENCES_MAX = 10_000
/** Sessions of one person; with one more the oldest ends. */
export const SESSIONS_PER_PERSON_MAX = 100
/** How long a session lasts: Mattermost's own length, 30 days. */
export const SESSION_MS = 30 * 24 * 3_600_000
/** How long a session lasts at least that a source outside has just vouched for: a day. */
export const CONFIRMED_MS = 24 * 3_600_000
/** How often the last use of a session is noted on the disk: an hour. */
export const SESSION_NOTED_MS = 3_600_000
/** Access tokens of one person or bot. */
export const ACCESS_TOKENS_PER_PERSON_MAX = 50
/** Passkeys of one person. */
export const PASSKEYS_PER_PERSON_MAX = 20
/** Longest description of an access token, and name of a passkey, in characters: Mattermost's own limit is 255. */
export const CREDENTIAL_NAME_CHARACTERS_MAX = 255
/** What a client may say of its device, in characters: Mattermost's own limit. */
export const DEVICE_CHARACTERS_MAX = 512
/** How far the clock of somebody's authenticator may be off, in steps of 30 s. */
export const CODE_STEPS_MAX = 1
/** Different emoji that people here may put on one message: Mattermost's own limit. */
export const EMOJI_PER_MESSAGE_MAX = 50
/** Events that wait to be told to doors; with so many, nothing more is taken in from other nodes until they were. */
export const EVENTS_WAITING_MAX = 4_096
/** Events a WebSocket session may lag behind before it is closed. */
export const SESSION_BACKLOG_MAX = 4_096
/** Bytes of a REST body. */
export const REQUEST_BYTES_MAX = 1_000_000
/** How far an author's clock may be off before its time is shown as uncertain: 5 minutes. */
export const CLOCK_TOLERANCE_MS = 300_000
/** How far ahead of what a writer takes for the time something may stand and still be believed: a day. */
export const TRUST_AHEAD_MS = 86_400_000
/** Nodes whose time one entry may object to. */
export const OBJECTIONS_MAX = 8
/** The newest messages that are looked at to find such nodes. */
export const AHEAD_LOOKED_AT = 32
/** How long what was heard of other clocks is believed: a day. */
export const CLOCK_EVIDENCE_MS = 86_400_000
/** Before this instant no clock of this program can be right: 2026-01-01. */
export const EARLIEST_CREDIBLE_AT = 1_767_225_600_000
/** How far past its ends a certificate still counts, since clocks are wrong and links away for weeks: 30 days. */
export const CERTIFICATE_GRACE_MS = 30 * 24 * 3_600_000
/** How long a node's certificate is valid unless the operator says otherwise: two years. */
export const CERTIFICATE_MS = 730 * 24 * 3_600_000
/** After so many hundredths of a certificate's life it is renewed: that leaves months for a kit that is away. */
export const RENEWAL_PERCENT = 67
/** A node of which nothing was heard for so long, in milliseconds, is shown as offline: 30 minutes. */
export const KIT_SILENT_MS = 30 * 60_000
/** A sign of life this young lets a certificate be renewed without being asked: 90 days. */
export const RENEWAL_HEARD_MS = 90 * 24 * 3_600_000

/** A node that has started reads all of its disk after so long, in milliseconds. */
export const SCRUB_FIRST_MS = 5_000
/** And again so long after it was done: a day. */
export const SCRUB_EVERY_MS = 86_400_000
/** Values, or documents, read at once; between two reads it waits: small machines have other work. */
export const SCRUB_PAGE = 500
/** How long it waits, in milliseconds. */
export const SCRUB_STEP_MS = 250

/** How long a file that no message has, or an upload that nobody goes on with, is kept: a week. */
export const FILES_WAITING_MS = 7 * 24 * 3_600_000
/** How often is looked for such: 6 hours. */
export const FILES_LOOK_MS = 6 * 3_600_000
/** Bytes of files of one person that no message has: 1 GiB. */
export const WAITING_BYTES_MAX = 1_024 ** 3
/** Files of one person that have begun to come and are not whole. */
export const UPLOADS_MAX = 50
/** Parts of one such file: each is a connection that broke. */
export const UPLOAD_PARTS_MAX = 10_000
/** Plain bytes of one piece of a file: sealed, it fits in one envelope of any carrier. */
export const PIECE_BYTES_MAX = 48_000
/** And at least, however thin the link: what is around it takes 50. */
export const PIECE_BYTES_MIN = 400
/** Stretches of one file that are asked for at once: later ones are asked for when those have come. */
export const WISH_SPANS_MAX = 256
/** Files that one note asks for. */
export const WISHES_IN_NOTE_MAX = 64
/** Through how many nodes a wish is passed on. */
export const WISH_HOPS_MAX = 15
/** Wishes of others that a node keeps; the oldest gives way. */
export const WISHES_MAX = 2_000
/** Files of which a node keeps in mind what lies on the shelves of post offices; the one heard of longest ago gives way. */
export const LYING_MAX = 2_000
/** A kit fetches files of up to so many bytes that nobody asked for, over fat links. */
export const FETCH_UNASKED_BYTES_MAX = 16 * 1_024 * 1_024
/** Bytes of files that a kit keeps of what came from other nodes: 2 GiB. Headquarters keeps all. */
export const FETCHED_BYTES_MAX = 2 * 1_024 ** 3
/** Bytes of others' files that a node carries at once without being able to read them. */
export const CARRIED_BYTES_MAX = 32 * 1_024 * 1_024
/** Largest picture of a person, in bytes. */
export const PICTURE_BYTES_MAX = 2_000_000
/** Largest picture of an emoji, in bytes: Mattermost's own limit. */
export const EMOJI_BYTES_MAX = 524_288
/** Emoji of this node's own. */
export const EMOJI_MAX = 2_000

/** Drafts of one person. */
export const DRAFTS_MAX = 1_000
/** Messages that one person may have scheduled. */
export const SCHEDULED_MAX = 1_000
/** How often is looked whether one is due: 5 s. */
export const SCHEDULED_LOOK_MS = 5_000
/** Bytes of how one person has sorted their channels. */
export const SIDEBAR_BYTES_MAX = 500_000
/** Characters of what one person wants to be told of a channel. */
export const NOTIFY_CHARACTERS_MAX = 2_000
/** Incoming webhooks of one node. */
export const HOOKS_MAX = 1_000
