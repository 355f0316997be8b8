/** Limits of the client's own; those of the node are in `base/limits.ts`. */

/** Bytes of files that may wait in one browser, in drafts and in the outbox together. */
export const DEVICE_FILES_BYTES_MAX = 256 * 1_024 * 1_024
/** Largest picture that is fetched to be shown without being asked for, in bytes. */
export const PICTURE_BYTES_MAX = 8 * 1_024 * 1_024
/** Bytes of pictures held in memory, so that scrolling does not fetch them again. */
export const PICTURES_BYTES_MAX = 32 * 1_024 * 1_024
/** Files that no draft and no message has are thrown away when they are older than this, in milliseconds. */
export const FILES_LEFT_MS = 3_600_000
