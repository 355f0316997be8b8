/** What a search may cost. */

/** Characters of one query that are read. */
export const QUERY_CHARACTERS_MAX = 1_024
/** Words, phrases and filters in one query; what comes after them is not looked for. */
export const QUERY_TERMS_MAX = 32
/** Characters of a word that count; what is longer is found by its beginning. */
export const WORD_CHARACTERS_MAX = 64
/** Messages in one sealed block of the index, and the most that wait for one. */
export const BLOCK_MESSAGES_MAX = 1_024
/** A block of which fewer are left is dissolved: its messages go into the next one. */
export const BLOCK_MESSAGES_MIN = 256
/** Records read at once; between two reads others have their turn. */
export const RECORDS_AT_ONCE = 256
/** After so many new messages the index looks whether a block is full. */
export const NEW_MESSAGES_LOOK = 512
/** How long one search may take, in milliseconds; then it answers with what it has, and says so. */
export const SEARCH_MS_MAX = 2_000
/** Messages one search looks up in the view at most. */
export const SEARCH_LOOKED_UP_MAX = 10_000
/** Results one search gives over all its pages. */
export const SEARCH_RESULTS_MAX = 1_000
/** Documents that are asked whether they have gaps. */
export const SEARCH_GAPS_MAX = 200
/** Spellings that are named as matches of one message. */
export const MATCHES_MAX = 32
