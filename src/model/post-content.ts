/**
 * What a post says beside its text: its thread, why it could not wait, its label, and, in one map that is left out where it is empty,
 * files, what a program has added, and whether readers are asked to acknowledge it. A file is named here by what it is; its
 * bytes are no part of the document.
 */
import { bytesFromHex, hexFromBytes } from '#base/bytes.ts'
import { bytesFromId, type FileId, type PostId } from '#base/ids.ts'
import {
  FILE_BYTES_MAX,
  FILE_NAME_CHARACTERS_MAX,
  FILE_TYPE_CHARACTERS_MAX,
  FILES_PER_MESSAGE_MAX,
  MESSAGE_CHARACTERS_MAX,
  OVERRIDE_REASON_CHARACTERS_MAX,
  PROPS_CHARACTERS_MAX,
  SMALL_BYTES_MAX,
} from '#base/limits.ts'
import { idField, textField, type Fields } from './fields.ts'
import { readLabel } from './label.ts'
import type { Attributes } from './policy.ts'
import { previewFields, readPreview, type Preview } from './preview.ts'

/** A file of a message: what it is, not its bytes. */
export interface FileHeader {
  readonly id: FileId
  readonly name: string
  /** Media type, as whoever handed it in said. */
  readonly type: string
  readonly bytes: number
  /** SHA-256 of its bytes: 64 hexadecimal digits. */
  readonly hash: string
  /** What it looks like. */
  readonly preview?: Preview
  /** A picture of it that may be fetched in its place. */
  readonly small?: SmallHeader
}

/** The small picture of a file (WebP): a file of its own. */
export interface SmallHeader {
  readonly bytes: number
  readonly hash: string
}

/** A post. */
export interface PostContent {
  readonly kind: 'post'
  readonly body: string
  readonly root: PostId | undefined
  /** Why it was sent beyond the allowance of its lane. */
  readonly overrideReason?: string
  /** What it is marked with by itself; without one it is as its channel is. */
  readonly label?: Attributes
  /** At least one, where there are any. */
  readonly files?: readonly FileHeader[]
  /** What a program has added, as the text of a JSON object. */
  readonly props?: string
  /** Its author asks readers to acknowledge it. */
  readonly asksAcknowledgement?: boolean
}

const HASH_BYTES = 32

/** The items of a post after those that every entry has. */
export function postFields(post: PostContent): readonly unknown[] {
  const { root, overrideReason, label, files = [], props, asksAcknowledgement } = post
  const extras = {
    ...(asksAcknowledgement === true && { a: 1 }),
    ...(files.length > 0 && { f: files.map(fileFields) }),
    ...(props !== undefined && { p: props }),
  }
  const items = [
    post.body,
    root === undefined ? null : bytesFromId(root),
    overrideReason ?? null,
    label ?? null,
    Object.keys(extras).length === 0 ? null : extras,
  ]
  const end = items.findLastIndex((item) => item !== null)
  return items.slice(0, end + 1)
}

/** The post in these items; undefined when they have another shape. What is strange in its map is passed over. */
export function readPost(items: Fields): PostContent | undefined {
  const body = textField(items[0], MESSAGE_CHARACTERS_MAX)
  if (body === undefined) return undefined
  const overrideReason = textField(items[2], OVERRIDE_REASON_CHARACTERS_MAX)
  const label = readLabel(items[3])
  const extras = Object(items[4]) as Readonly<Record<string, unknown>>
  const files = readFiles(extras.f)
  const props = textField(extras.p, PROPS_CHARACTERS_MAX)
  return {
    kind: 'post',
    body,
    root: idField<PostId>(items[1]),
    ...(overrideReason && { overrideReason }),
    ...(label && { label }),
    ...(files.length > 0 && { files }),
    ...(props !== undefined && { props }),
    ...(extras.a === 1 && { asksAcknowledgement: true }),
  }
}

function fileFields({ id, name, type, bytes, hash, ...more }: FileHeader): readonly unknown[] {
  const { preview, small } = more
  const items = [bytesFromId(id), name, type, bytes, bytesFromHex(hash)]
  if (preview === undefined && small === undefined) return items
  const looks = [...items, preview === undefined ? null : previewFields(preview)]
  return small === undefined ? looks : [...looks, [small.bytes, bytesFromHex(small.hash)]]
}

function readFiles(field: unknown): readonly FileHeader[] {
  if (!Array.isArray(field)) return []
  return field.slice(0, FILES_PER_MESSAGE_MAX).flatMap((one: unknown) => readFile(one) ?? [])
}

function readFile(field: unknown): FileHeader | undefined {
  const [idBytes, nameText, typeText, bytes, digest, look, little] = Array.isArray(field)
    ? (field as Fields)
    : []
  const id = idField<FileId>(idBytes)
  const name = textField(nameText, FILE_NAME_CHARACTERS_MAX)
  const type = textField(typeText, FILE_TYPE_CHARACTERS_MAX)
  const content = readContent([bytes, digest], FILE_BYTES_MAX)
  if (id === undefined || !name || type === undefined || content === undefined) return undefined
  const preview = readPreview(look)
  const small = readContent(little, SMALL_BYTES_MAX)
  return { id, name, type, ...content, ...(preview && { preview }), ...(small && { small }) }
}

/** How many bytes, and their hash. */
function readContent(field: unknown, bytesMax: number): SmallHeader | undefined {
  const [bytes, digest] = Array.isArray(field) ? (field as Fields) : []
  const isSize = Number.isSafeInteger(bytes) && Number(bytes) >= 0 && Number(bytes) <= bytesMax
  const isHash = digest instanceof Uint8Array && digest.length === HASH_BYTES
  return isSize && isHash ? { bytes: Number(bytes), hash: hexFromBytes(digest) } : undefined
}
