/** Limits of what is done with the content of files. */

/** Bytes that are looked through at once for positions. */
export const WINDOW_BYTES = 1_048_576
/** Bytes behind the start of something that are read with it: the longest word that is looked for. */
export const LOOK_AHEAD_BYTES = 65_536
/** Blocks of Exif in one file; cameras write one for each picture in it. */
export const EXIF_BLOCKS_MAX = 256
/** Directories of one block that are followed: a picture, its thumbnail, and what else a raw format has. */
export const DIRECTORIES_MAX = 16
/** Items of one directory of Exif that are read; none that a camera writes has more. */
export const DIRECTORY_ITEMS_MAX = 1_024
/** Stretches that are taken out of one file. */
export const PATCHES_MAX = 65_536
/** Largest file that a preview is made of, in bytes. */
export const LOOKED_BYTES_MAX = 64 * 1_024 * 1_024
/** Most points of a picture or a page that is decoded: a camera with 108 megapixels is well below. */
export const PICTURE_POINTS_MAX = 150_000_000
/** How long a look at one file may take: 20 s. */
export const LOOK_MS = 20_000
/** How much memory it may take. */
export const LOOK_MEMORY_BYTES = 640 * 1_024 * 1_024
/** How often that is looked at. */
export const LOOK_WATCH_MS = 50
/** Files that wait to be looked at; one more has no preview. */
export const LOOKS_WAITING_MAX = 16
/** Largest answer of the process that looks. */
export const LOOK_ANSWER_BYTES_MAX = 131_072
/** Longer side of the picture in a preview, in points. */
export const PREVIEW_POINTS = 160
/** Longer side of a small picture, in points. */
export const SMALL_POINTS = 1_024
/** A picture of so few bytes is not made small. */
export const SMALL_FROM_BYTES = 65_536
/** Levels of a sound's outline. */
export const LEVELS = 128
/** Pieces of a coded sound that are read: 20 h of speech at 20 ms. */
export const PACKETS_MAX = 4_000_000
/** Points of a track's outline. */
export const OUTLINE_POINTS = 400
/** Lines of it. */
export const OUTLINE_LINES_MAX = 24
/** Points that are read of a track. */
export const TRACK_POINTS_MAX = 1_000_000
/** A text file of more bytes is not read as a track. */
export const TRACK_BYTES_MAX = 32 * 1_024 * 1_024
