/** Every limit of the LAN door, named, with its unit and its reason. What other parts share stands in `#base/limits.ts`. */

/** Sessions whose token was looked up lately and is trusted without asking again. */
export const SESSIONS_CACHED_MAX = 4_096
/** How long a looked-up session is trusted, in milliseconds: a token revoked elsewhere works no longer than this. */
export const SESSION_CACHE_MS = 5_000
/** Longest token that is looked at, in characters; ours have 26. */
export const TOKEN_CHARACTERS_MAX = 64

/** Wrong passwords in a row for one account from one address, and milliseconds until one more is allowed. */
export const LOGIN_PAIR = { burst: 10, refillMs: 20_000 } as const
/** Wrong passwords from one address: many people may share it, so it is generous. */
export const LOGIN_ADDRESS = { burst: 60, refillMs: 1_000 } as const
/** Wrong passwords for one account from everywhere. */
export const LOGIN_ACCOUNT = { burst: 40, refillMs: 5_000 } as const
/** Wrong digits of a second factor for one account, beside its right password, from where nobody of it has been. */
export const LOGIN_CODE = { burst: 10, refillMs: 300_000 } as const
/** Passkeys, and answers of a provider, from one address: they cannot be guessed, but cost us a signature. */
export const PASSKEY_ADDRESS = { burst: 60, refillMs: 1_000 } as const
/** How long somebody has to answer a question of the door with a passkey, or at a provider, in milliseconds. */
export const CEREMONY_MS = 300_000
/** Such questions that are open at once; with one more the oldest is forgotten. */
export const CEREMONIES_MAX = 1_000
/** A passkey is added only so soon after signing in, in milliseconds: who finds an open phone must not add their own. */
export const FRESH_MS = 900_000
/** Addresses and accounts that are remembered for the login limit; the longest untouched are forgotten first. */
export const LOGIN_KEYS_MAX = 10_000
/** Passwords checked at once, of people who were here before and of others each: the check is slow and takes memory on purpose. */
export const LOGINS_AT_ONCE_MAX = 4
/** Sign-ins that may wait for their turn. */
export const LOGINS_WAITING_MAX = 200
/** Join attempts from one address. */
export const JOIN_ADDRESS = { burst: 10, refillMs: 6_000 } as const

/** Guesses of a locked node's passphrase from one address. */
export const UNLOCK_ADDRESS = { burst: 5, refillMs: 30_000 } as const
/** Guesses of a locked node's passphrase from everywhere. */
export const UNLOCK_ALL = { burst: 10, refillMs: 10_000 } as const
/** Bytes of a request to a locked node. */
export const UNLOCK_BYTES_MAX = 8_192

/** Questions of locked kits from one address. */
export const RELEASE_ADDRESS = { burst: 20, refillMs: 3_000 } as const
/** Releases of one kit: it asks again when an answer is lost, and hardly more often. */
export const RELEASE_SHARE = { burst: 10, refillMs: 30_000 } as const

/** Events a live session keeps for replay: the number the Mattermost server keeps. */
export const LIVE_REPLAY_MAX = 128
/** How long a live session outlives its socket, in milliseconds: 5 minutes, as in the Mattermost server. */
export const LIVE_KEEP_MS = 300_000
/** Live sessions of one person, open sockets and those kept for replay. */
export const LIVE_SESSIONS_PER_PERSON_MAX = 16
/** WebSockets of people at once. */
export const LIVE_SOCKETS_MAX = 2_000
/** WebSockets at once that have not said who they are. */
export const LIVE_STRANGERS_MAX = 200
/** Time a WebSocket has to say who it is, in milliseconds. */
export const LIVE_INTRODUCTION_MS = 10_000
/** Bytes that may wait for one slow WebSocket before it is closed. */
export const LIVE_BACKLOG_BYTES_MAX = 8_000_000
/** Longest WebSocket message of a client, in bytes: the Mattermost server takes 8 KB. */
export const LIVE_REQUEST_BYTES_MAX = 8_192
/** Messages of one client that may wait while an earlier one is answered. */
export const LIVE_REQUESTS_WAITING_MAX = 32
/** Messages of one client: 100 at once, then 20 a second. */
export const LIVE_REQUESTS = { burst: 100, refillMs: 50 } as const
/** How often sockets are looked after, in milliseconds. */
export const LIVE_SWEEP_MS = 10_000
/** Silence after which the node pings a client, in milliseconds. */
export const LIVE_PING_MS = 60_000
/** Silence after which a client is taken for gone, in milliseconds. */
export const LIVE_DEAD_MS = 100_000
/** Changed delivery words are gathered for this long before they are told, in milliseconds. */
export const DELIVERY_GATHER_MS = 250
/** Messages of changed delivery words that are gathered at most; beyond it the gathering is told at once. */
export const DELIVERY_GATHER_MAX = 1_000
/** Messages of whose delivery words the door knows who wants to hear; the oldest are forgotten first. */
export const WATCHED_MESSAGES_MAX = 20_000
/** People who hear of the delivery words of one message: its author and those who asked. */
export const WATCHERS_PER_MESSAGE_MAX = 16
/** How long somebody stays online after the last socket has gone, in milliseconds. */
export const OFFLINE_AFTER_MS = 30_000

/** Largest WebSocket message from another node, in bytes: a frame of the LAN carrier (16 KB) and room. */
export const PEER_MESSAGE_BYTES_MAX = 32_768

/** How long the page at `/` shows the same status, in milliseconds: whoever reloads it costs the node nothing. */
export const PAGE_CACHE_MS = 2_000
/** Ids in one request that asks by ids. */
export const IDS_PER_REQUEST_MAX = 1_000
/** Items on one page of people, members or channels (Mattermost's own maximum is 200). */
export const PAGE_ITEMS_MAX = 200
/** Messages answered to one "since" request: the Mattermost server's own limit. */
export const SINCE_POSTS_MAX = 1_000
/** Messages of one answer that say in their props where they are on their way; the newest that somebody wrote here. */
export const WORDED_MESSAGES_MAX = 60
/** Preferences in one request. */
export const PREFERENCES_PER_REQUEST_MAX = 100
/** Longest value of a preference, in characters: Mattermost's own limit for most is 20,000. */
export const PREFERENCE_CHARACTERS_MAX = 20_000

/** Time a connection has for its first byte, in milliseconds; browsers open some in advance. */
export const FIRST_BYTE_MS = 60_000
/** Time a TLS handshake has, in milliseconds: a phone may reach the kit through a relay. */
export const HANDSHAKE_MS = 60_000
/** Connections at once that have not got as far as HTTP. */
export const EARLY_CONNECTIONS_MAX = 1_000
/** Time a request that is read whole has to come, in milliseconds. */
export const BODY_MS = 60_000
/** How long nothing may move on a connection, in milliseconds. */
export const IDLE_CONNECTION_MS = 120_000

/** Fields of a form that comes with files. */
export const FORM_FIELDS_MAX = 32
/** Characters of each. */
export const FORM_FIELD_CHARACTERS_MAX = 4_096
/** Categories of one person's side bar. */
export const CATEGORIES_MAX = 100
/** Posts by one webhook: 60 at once, then one a second. */
export const HOOK_POSTS = { burst: 60, refillMs: 1_000 } as const
/** Wrong names of webhooks from one address. */
export const HOOK_GUESSES = { burst: 20, refillMs: 3_000 } as const
/** Parts in which a webhook's long text is posted at most. */
export const HOOK_PARTS_MAX = 8
/** Characters of a command. */
export const COMMAND_CHARACTERS_MAX = 20_000

/** Characters of one question of a search. */
export const TERMS_CHARACTERS_MAX = 1_024
/** Results on one page of a search. */
export const SEARCH_PAGE_MAX = 100
/** Searches that run at once: each may keep a core busy. */
export const SEARCHES_AT_ONCE = 2
/** Searches that wait for their turn. */
export const SEARCHES_WAITING_MAX = 32
