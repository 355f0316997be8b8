/** Pictures people choose: of themselves, and as emoji. This node keeps them, and tells no other node of them. */
import { EdgeError } from '#base/errors.ts'
import type { Instant, UserId } from '#base/ids.ts'
import { EMOJI_BYTES_MAX, EMOJI_MAX, PICTURE_BYTES_MAX } from '#base/limits.ts'
import type { Blob } from '#ports/blobs.ts'
import { keptKey, keptRange } from '#sync/kept-keys.ts'
import { pack, unpack } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import { insist, isAdministrator, personOf, type AppContext } from './context.ts'
import type { CustomEmoji, Files, Picture } from './file-types.ts'
import { newFileId } from './files.ts'
import type { Person } from './types.ts'

interface PictureRecord {
  readonly hash: string
  readonly type: string
  readonly at: Instant
}

interface EmojiRecord extends CustomEmoji {
  readonly hash: string
  readonly type: string
}

type Pictures = Pick<
  Files,
  'addEmoji' | 'removeEmoji' | 'emoji' | 'emojiPicture' | 'picture' | 'setPicture'
>

const EMOJI_NAME = /^[a-z0-9_+-]{1,64}$/
/** What every client shows; SVG may carry a program. */
const TYPES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp']

/** The picture part of the app. `tell` is called once a person's picture has changed. */
export function openPictures(context: AppContext, tell: (person: Person) => void): Pictures {
  return { ...openEmoji(context), ...openOwnPictures(context, tell) }
}

/** When each person chose their picture, as far as this node knows: clients fetch it again when that changes. */
export async function readPictureTimes(
  read: AppContext['sync']['replica']['read'],
): Promise<Map<UserId, Instant>> {
  const entries = await read.list(keptRange.pictures)
  return new Map(
    entries.map(([place, bytes]) => [
      place.slice(keptRange.pictures.from.length) as UserId,
      unpack<PictureRecord>(bytes)?.at ?? 0,
    ]),
  )
}

function openOwnPictures(
  context: AppContext,
  tell: (person: Person) => void,
): Pick<Pictures, 'picture' | 'setPicture'> {
  const { replica, now } = context.sync
  const { blobs } = context
  return {
    picture: async (person) => {
      const record = unpack<PictureRecord>(await replica.read.get(keptKey.picture(person)))
      return shown(context, record)
    },
    setPicture: async (subject, picture) => {
      const at = now()
      if (picture !== undefined) checkType(picture.type)
      const put = async (tx: Tx, blob: Blob | undefined): Promise<void> => {
        const place = keptKey.picture(subject)
        const before = unpack<PictureRecord>(await tx.get(place))
        tx.delete(place)
        if (before !== undefined) blobs.drop(tx, { hash: before.hash, id: subject })
        if (picture === undefined || blob === undefined) return
        const record: PictureRecord = { hash: blob.hash, type: picture.type, at }
        tx.put(place, pack(record))
        blobs.use(tx, { hash: blob.hash, id: subject })
      }
      if (picture === undefined) await replica.commit((tx) => put(tx, undefined))
      else await blobs.keep(picture.source, PICTURE_BYTES_MAX, put)
      context.pictureTimes.set(subject, at)
      const person = personOf(context, subject)
      if (person !== undefined) tell(person)
    },
  }
}

function openEmoji(
  context: AppContext,
): Pick<Pictures, 'addEmoji' | 'removeEmoji' | 'emoji' | 'emojiPicture'> {
  const { replica, now } = context.sync
  const all = async (): Promise<readonly EmojiRecord[]> => {
    const entries = await replica.read.list(keptRange.emoji)
    return entries.flatMap(([, bytes]) => unpack<EmojiRecord>(bytes) ?? [])
  }
  return {
    emoji: async () =>
      (await all()).toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(withoutBlob),
    emojiPicture: async (id) =>
      shown(context, unpack<EmojiRecord>(await replica.read.get(keptKey.emoji(id)))),
    addEmoji: async (subject, name, picture) => {
      if (!EMOJI_NAME.test(name))
        throw new EdgeError('INPUT_INVALID', {
          field: 'name',
          wanted: '1 to 64 lower-case letters, digits, _, + or -',
        })
      checkType(picture.type)
      await context.sync.room.insist()
      const emoji: CustomEmoji = {
        id: newFileId(context),
        name,
        creator: subject,
        createdAt: now(),
      }
      await context.blobs.keep(picture.source, EMOJI_BYTES_MAX, async (tx, { hash }) => {
        const record: EmojiRecord = { ...emoji, hash, type: picture.type }
        const known = (await tx.list(keptRange.emoji)).map(([, bytes]) =>
          unpack<EmojiRecord>(bytes),
        )
        if (known.some((one) => one?.name === name))
          throw new EdgeError('ALREADY_EXISTS', { what: 'emoji', name })
        if (known.length >= EMOJI_MAX)
          throw new EdgeError('INPUT_INVALID', {
            field: 'emoji',
            found: known.length,
            wanted: EMOJI_MAX,
          })
        tx.put(keptKey.emoji(emoji.id), pack(record))
        context.blobs.use(tx, { hash, id: emoji.id })
      })
      return emoji
    },
    removeEmoji: (subject, id) =>
      replica.commit(async (tx) => {
        const record = unpack<EmojiRecord>(await tx.get(keptKey.emoji(id)))
        if (record === undefined) throw new EdgeError('NOT_FOUND', { what: 'emoji', id })
        insist(context, subject, {
          action: 'delete message', // the same rule: one's own, or as an administrator
          isAdministrator: isAdministrator(context, subject),
          isAuthor: record.creator === subject,
        })
        tx.delete(keptKey.emoji(id))
        context.blobs.drop(tx, { hash: record.hash, id })
      }),
  }
}

async function shown(
  { blobs }: AppContext,
  record: { readonly hash: string; readonly type: string } | undefined,
): Promise<Picture | undefined> {
  const content = record && (await blobs.read(record.hash))
  return record && content && { type: record.type, content }
}

function withoutBlob({ id, name, creator, createdAt }: EmojiRecord): CustomEmoji {
  return { id, name, creator, createdAt }
}

function checkType(type: string): void {
  if (TYPES.includes(type)) return
  throw new EdgeError('INPUT_INVALID', { field: 'image', found: type, wanted: TYPES.join(', ') })
}
