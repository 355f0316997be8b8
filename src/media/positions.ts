/**
 * Where a picture or a film was taken, found in its bytes to be overwritten where it stands: everything else of the file stays as it
 * was, byte by byte, and keeps its place. Exif blocks are looked for everywhere, since cameras hang further pictures behind the
 * first, and phones whole films: JPEG, TIFF and raw formats, HEIC, AVIF, WebP, PNG, MP4 and MOV. (Exif 2.32 §4.6.6, XMP part 2
 * §3.3, ISO 6709.) What says the place in words, such as a caption, is not looked at.
 */
import { EdgeError } from '#base/errors.ts'
import { patchesOfExif } from './exif.ts'
import { EXIF_BLOCKS_MAX, LOOK_AHEAD_BYTES, PATCHES_MAX, WINDOW_BYTES } from './limits.ts'
import { inOrder, type Looked, type Patch } from './patches.ts'
import { patchesOfPng } from './png-chunks.ts'

const SPACE = 0x20
/** Values of XMP: as an attribute, or between tags. */
const XMP_VALUE = /GPS[A-Za-z]{1,32}(\s*=\s*"[^"<]*"|\s*=\s*'[^'<]*'|>[^<]*<)/g
/** A place as films have it. */
const ISO_6709 = /[+-]\d{2,6}\.\d{1,12}[+-]\d{3,7}\.\d{1,12}(?:[+-]\d{1,6}(?:\.\d{1,12})?)?/g
const FILM_WORDS = ['\u00a9xyz', 'ISO6709']

/** Whether a file that begins so is of a kind that tells where it was made. */
function mayTellPosition(head: Uint8Array): boolean {
  const text = Buffer.from(head.subarray(0, 16)).toString('latin1')
  return (
    text.startsWith('\u00ff\u00d8\u00ff') ||
    text.startsWith('\u0089PNG') ||
    /^(?:II\*\0|MM\0\*|IIU\0|IIRO|FUJIFILM)/.test(text) ||
    /^RIFF.{4}WEBP/s.test(text) ||
    /^.{4}(?:ftyp|moov|mdat|wide|free)/s.test(text)
  )
}

/**
 * What has to be overwritten so that a file does not tell where it was made, in the order of places; none when it does not tell.
 * @throws EdgeError INPUT_INVALID when there is more of it than any camera writes
 */
export async function patchesOfPositions(file: Looked): Promise<readonly Patch[]> {
  const head = await file.readAt(0, 16)
  if (!mayTellPosition(head)) return []
  const found: Patch[] = []
  let blocks = 0
  for (let from = 0; from < file.bytes; from += WINDOW_BYTES) {
    const bytes = await file.readAt(from, from + WINDOW_BYTES + LOOK_AHEAD_BYTES)
    const window = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    for (const at of placesOf(window, ['II*\0', 'MM\0*'])) {
      blocks += 1
      if (blocks > EXIF_BLOCKS_MAX) throw tooMany('blocks of Exif', EXIF_BLOCKS_MAX)
      found.push(...(await patchesOfExif(file, from + at)))
    }
    found.push(...patchesOfText(window, from))
    if (found.length > PATCHES_MAX) throw tooMany('positions', PATCHES_MAX)
  }
  const patches = inOrder(found)
  return head[0] === 0x89 ? inOrder(await patchesOfPng(file, patches)) : patches
}

/** Where words stand in the part of a window that is its own. */
function placesOf(window: Buffer, words: readonly string[]): readonly number[] {
  return words
    .flatMap((word) => {
      const places: number[] = []
      for (let at = window.indexOf(word, 0, 'latin1'); at !== -1 && at < WINDOW_BYTES;) {
        places.push(at)
        at = window.indexOf(word, at + 1, 'latin1')
      }
      return places
    })
    .toSorted((a, b) => a - b)
}

/** Of XMP its values, of films their place in ISO 6709. */
function patchesOfText(window: Buffer, from: number): readonly Patch[] {
  const found: Patch[] = []
  const hasXmp = placesOf(window, ['GPSL', 'GPSA', 'GPSD']).length > 0
  if (hasXmp) {
    for (const match of window.toString('latin1').matchAll(XMP_VALUE)) {
      const [all, value = ''] = match
      const inner = value.startsWith('>') ? 1 : value.search(/["']/) + 1
      const at = match.index + all.length - value.length + inner
      const length = value.length - inner - 1
      if (value.slice(inner, inner + length).trim() !== '')
        found.push({ at: from + at, bytes: new Uint8Array(length).fill(SPACE) })
    }
  }
  for (const at of placesOf(window, FILM_WORDS)) {
    const text = window.subarray(at, at + LOOK_AHEAD_BYTES).toString('latin1')
    for (const match of text.matchAll(ISO_6709)) {
      if (text.startsWith('\u00a9xyz') && match.index > 64) break
      const nowhere = match[0].replaceAll(/\d/g, '0')
      const bytes = new Uint8Array(Buffer.from(nowhere, 'latin1'))
      if (nowhere !== match[0]) found.push({ at: from + at + match.index, bytes })
    }
  }
  return found
}

function tooMany(what: string, max: number): EdgeError {
  return new EdgeError('INPUT_INVALID', {
    field: 'file',
    found: `more than ${max} ${what}`,
    wanted: 'a picture from which its place can be taken',
  })
}
