/** Limits of asking for files and giving them: times by the running time, unless they say otherwise. */

/** How long nothing of a file may come before one more is asked for it. */
export const FETCH_PATIENCE_MS = 60_000
/** How long headquarters has to answer a wish at a post office before the home of the file's owner does, and that before others: 5 min. */
export const FETCH_TURN_MS = 300_000
/** And each of those others before the next: 30 s. */
export const FETCH_NEXT_TURN_MS = 30_000
/** Pieces in vain from one peer, while another gives the same, after which that peer is told that it need not. */
export const FETCH_VAIN_MAX = 2
/** What was put on a shelf is said within so many milliseconds, though nothing else leaves: before it is the turn of others to give it. */
export const GIVEN_DELAY_MS_MAX = 60_000
/** What is due to be said of a shelf so soon after the last word of it waits until then, for more: 2 s. */
export const GIVEN_TOGETHER_MS = 2_000
/** After each time that what was said to lie on a shelf was not there, the next word of who said so waits twice as long: up to so many times FETCH_PATIENCE_MS. */
export const VAIN_PATIENCES_MAX = 1_024
/** How long a wish of an earlier contact stands in a new one in which it is not said again: 5 min. */
export const WISH_STALE_MS = 300_000
/** How long who is likely to have a file has to be there before others are asked: 10 s. */
export const FETCH_LIKELY_MS = 10_000
/** How long one who costs less has to be there first before a costlier one is asked; as long it counts for there when it was lost, or before it is found. */
export const CHEAPER_BACK_MS = 20_000
/** A link that carries so many bytes a second is fat: files that nobody asked for go over it. */
export const FAT_BYTES_PER_SECOND = 16_000
/** And so is one that answers a small parcel within so many milliseconds: no satellite does. */
export const FAT_ROUND_TRIP_MS = 150
/** Files that are being fetched; more wait until somebody asks for them. */
export const FETCHES_MAX = 5_000
/** A node that has started begins to check its files after so long: 10 min. */
export const FILES_CHECK_FIRST_MS = 600_000
/** And checks some of them so often: each hour, */
export const FILES_CHECK_EVERY_MS = 3_600_000
/** in so many turns all of them: a week. */
export const FILES_CHECK_TURNS = 168
/** How long it waits after each stretch that it has read: small machines and cards have other work. */
export const FILES_CHECK_REST_MS = 200
/** Of a file that is damaged so many sound bytes are kept, at most: 16 MiB are one commit. */
export const SALVAGE_BYTES_MAX = 16 * 1_024 * 1_024
