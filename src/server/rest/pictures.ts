/** Pictures of people, and emoji of this node's own. */
import { Readable } from 'node:stream'
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { FileId } from '#base/ids.ts'
import { EMOJI_BYTES_MAX } from '#base/limits.ts'
import type { CustomEmoji, Picture } from '#app/file-types.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idParam, parse, queryOf, textParam, userParam } from '#server/input.ts'
import { readJson } from '#server/json.ts'
import { IDS_PER_REQUEST_MAX } from '#server/limits.ts'
import { textOf } from '#server/live-text.ts'
import { readForm } from '#server/multipart.ts'
import { route, streamRoute, type Answer, type Call, type Route } from '#server/route.ts'
import { PageQuery, pageOf } from './lists.ts'
import { pictureOf } from './picture.ts'
import { emojiFrom } from './shapes-kept.ts'
import { OK } from './shapes.ts'

const NewEmoji = z.object({ name: z.string().max(64) })
const Term = z.object({ term: z.string().max(64), prefix_only: z.boolean().default(false) })
const Start = z.object({ name: z.string().max(64) })
const Names = z.array(z.string().max(64)).max(IDS_PER_REQUEST_MAX)

/** The routes about pictures. */
export function pictureRoutes(door: Door): readonly Route[] {
  return [...ownPictureRoutes(door), ...emojiRoutes(door)]
}

function ownPictureRoutes(door: Door): readonly Route[] {
  const { node } = door
  const base = '/api/v4/users/:user/image'
  return [
    route('GET', base, async (call) => {
      const person = userParam(call)
      const picture = node.maySee(call.subject, person) ? await node.picture(person) : undefined
      return picture === undefined ? drawn(call) : shown(call, picture)
    }),
    route('GET', `${base}/default`, drawn),
    streamRoute('POST', base, async (call) => {
      own(call)
      const { files } = await readForm(call.request.raw, async ({ type, content }) => {
        await node.setPicture(call.subject, { type, source: content })
      })
      if (files.length === 0) throw noImage()
      return OK
    }),
    route('DELETE', base, async (call) => {
      own(call)
      await node.setPicture(call.subject, undefined)
      return OK
    }),
  ]
}

function emojiRoutes(door: Door): readonly Route[] {
  const { node } = door
  const base = '/api/v4/emoji'
  const find = async (
    { subject }: Call,
    fits: (emoji: CustomEmoji) => boolean,
  ): Promise<readonly object[]> =>
    (await node.emoji())
      .filter(fits)
      .map((emoji) => emojiFrom(emoji, node.maySee(subject, emoji.creator)))
  const one = async (call: Call, fits: (emoji: CustomEmoji) => boolean): Promise<object> => {
    const [found] = await find(call, fits)
    if (found === undefined) throw new EdgeError('NOT_FOUND', { what: 'emoji' })
    return found
  }
  return [
    route('GET', base, async (call) =>
      pageOf(await find(call, () => true), queryOf(call, PageQuery)),
    ),
    streamRoute('POST', base, (call) => addEmoji(door, call)),
    route('POST', `${base}/search`, (call) => {
      const { term, prefix_only: isPrefix } = bodyOf(call, Term)
      return find(call, ({ name }) => (isPrefix ? name.startsWith(term) : name.includes(term)))
    }),
    route('GET', `${base}/autocomplete`, (call) => {
      const start = queryOf(call, Start).name
      return find(call, ({ name }) => name.startsWith(start))
    }),
    route('POST', `${base}/names`, (call) => {
      const wanted = new Set(bodyOf(call, Names))
      return find(call, ({ name }) => wanted.has(name))
    }),
    route('GET', `${base}/name/:name`, (call) =>
      one(call, ({ name }) => name === textParam(call, 'name')),
    ),
    route('GET', `${base}/:emoji`, (call) =>
      one(call, ({ id }) => id === textParam(call, 'emoji')),
    ),
    route('DELETE', `${base}/:emoji`, async (call) => {
      await node.removeEmoji(call.subject, idParam<FileId>(call, 'emoji'))
      return OK
    }),
    route('GET', `${base}/:emoji/image`, async (call) => {
      const picture = await node.emojiPicture(idParam<FileId>(call, 'emoji'))
      if (picture === undefined) throw new EdgeError('NOT_FOUND', { what: 'emoji' })
      return shown(call, picture)
    }),
  ]
}

/** The form has the name as JSON beside the picture, before or after it. */
async function addEmoji(door: Door, call: Call): Promise<object> {
  const parts: Uint8Array[] = []
  const { fields, files } = await readForm(call.request.raw, async ({ type, content }) => {
    let bytes = 0
    for await (const part of content as AsyncIterable<Uint8Array>) {
      bytes += part.length
      if (bytes > EMOJI_BYTES_MAX)
        throw new EdgeError('TOO_LARGE', { field: 'image', wantedBytesMax: EMOJI_BYTES_MAX })
      parts.push(part)
    }
    return type
  })
  const [type] = files
  if (type === undefined) throw noImage()
  const { name } = parse('emoji', NewEmoji, readJson(fields.get('emoji')?.[0] ?? ''))
  const emoji = await door.node.addEmoji(call.subject, name, { type, source: Readable.from(parts) })
  const data = { emoji: JSON.stringify(emojiFrom(emoji)) }
  door.announce({
    to: { kind: 'everybody', about: emoji.creator },
    text: textOf('emoji_added', data, {}),
  })
  call.reply.status(201)
  return emojiFrom(emoji)
}

function drawn(call: Call): Buffer {
  call.reply.header('content-type', 'image/png')
  call.reply.header('cache-control', 'private, max-age=86400')
  return pictureOf(userParam(call))
}

function shown({ reply }: Call, { type, content }: Picture): Answer {
  reply.header('content-type', type)
  reply.header('cache-control', 'private, max-age=86400')
  reply.header('content-security-policy', "default-src 'none'; sandbox")
  return Readable.from(content)
}

function own(call: Call): void {
  if (userParam(call) !== call.subject)
    throw new EdgeError('NOT_ALLOWED', { what: 'picture of another' })
}

function noImage(): EdgeError {
  return new EdgeError('INPUT_INVALID', { field: 'image', found: 'none', wanted: 'one picture' })
}
