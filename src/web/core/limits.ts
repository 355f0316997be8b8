/** Limits of the client's own; those of the node are in `base/limits.ts`. */

/** Bytes of files that may wait in one browser, in drafts and in the outbox together. */
export const DEVICE_FILES_BYTES_MAX = 256 * 1_024 * 1_024
/** Largest picture that is fetched to be shown without being asked for, in bytes. */
export const PICTURE_BYTES_MAX = 8 * 1_024 * 1_024
/** Bytes of pictures held in memory, so that scrolling does not fetch them again. */
export const PICTURES_BYTES_MAX = 32 * 1_024 * 1_024
/** Files that no draft and no message has are thrown away when they are older than this, in milliseconds. */
export const FILES_LEFT_MS = 3_600_000
/** Shortest PIN or passphrase of the lock, in characters. */
export const PIN_CHARACTERS_MIN = 6
/** Wrong tries at the lock that cost no waiting. */
export const TRIES_FREE = 3
/** What the next wrong try costs, in milliseconds; each further one twice as much. */
export const TRY_WAIT_MS = 5_000
/** What a wrong try costs at most, in milliseconds. */
export const TRY_WAIT_MS_MAX = 15 * 60_000
/** Nobody has typed for so long when the node is asked what the draft would cost, in milliseconds. */
export const PREVIEW_AFTER_MS = 600
/** Where no link is billed it is asked again after this, in milliseconds. */
export const PREVIEW_AGAIN_MS = 5 * 60_000
/** Longest voice note, in milliseconds. */
export const VOICE_MS_MAX = 5 * 60_000
/** What a second of a voice note costs, in bits: speech is well understood, and a minute is 120 kB. */
export const VOICE_BITS_PER_SECOND = 16_000
/** Largest sound that is fetched to be shown without being asked for, in bytes. */
export const SOUND_BYTES_MAX = 1_024 * 1_024
