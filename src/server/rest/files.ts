/** Files: handing them in, whole or in parts, and fetching them. */
import { Readable } from 'node:stream'
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { ChannelId, FileId } from '#base/ids.ts'
import { FILE_BYTES_MAX, FILE_NAME_CHARACTERS_MAX } from '#base/limits.ts'
import type { KnownFile } from '#app/file-types.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idParam, idSchema, parse, queryOf, userParam } from '#server/input.ts'
import { isForm, readForm, type FormFields, type FormFile } from '#server/multipart.ts'
import { route, streamRoute, type Call, type Route } from '#server/route.ts'
import { knownFileFrom, uploadFrom } from './shapes-kept.ts'

/** Ours: whether the file goes on telling where it was made, if the policy lets whoever hands it in say so. */
const Position = z.enum(['keep', 'strip']).optional()
const RawQuery = z.object({
  channel_id: idSchema<ChannelId>(),
  filename: z.string().min(1).max(FILE_NAME_CHARACTERS_MAX),
  client_id: z.string().max(128).optional(),
  holdfast_position: Position,
})
const NewUpload = z.object({
  channel_id: idSchema<ChannelId>(),
  filename: z.string().min(1).max(FILE_NAME_CHARACTERS_MAX),
  file_size: z.int().min(1).max(FILE_BYTES_MAX),
  holdfast_position: Position,
})
const ANY_TYPE = 'application/octet-stream'
/** What a browser may show by itself; anything else could carry a program that runs as us. */
const SHOWN = /^(?:image\/(?:png|jpeg|gif|webp|bmp)|audio\/[\w.+-]+|video\/[\w.+-]+|text\/plain)\b/i

/** The routes about files. */
export function fileRoutes(door: Door): readonly Route[] {
  const { node } = door
  const known = async (call: Call): Promise<KnownFile> =>
    node.file(call.subject, idParam<FileId>(call, 'file'))
  return [
    streamRoute('POST', '/api/v4/files', (call) =>
      isForm(call.request.raw) ? takeForm(door, call) : takeRaw(door, call),
    ),
    route('GET', '/api/v4/files/:file', (call) => fetchFile(door, call)),
    route('GET', '/api/v4/files/:file/info', async (call) => knownFileFrom(await known(call))),
    route('GET', '/api/v4/files/:file/link', async (call) => {
      await known(call)
      throw new EdgeError('NOT_ALLOWED', { found: 'public links are off', wanted: 'a session' })
    }),
    ...uploadRoutes(door),
  ]
}

function uploadRoutes(door: Door): readonly Route[] {
  const { node } = door
  return [
    route('POST', '/api/v4/uploads', async (call) => {
      const body = bodyOf(call, NewUpload)
      const { channel_id: channel, filename: name, file_size: bytes } = body
      const keepsPosition = body.holdfast_position === 'keep'
      const draft = { channel, name, type: typeOf(name, undefined), bytes, keepsPosition }
      const upload = await node.beginUpload(call.subject, draft)
      call.reply.status(201)
      return uploadFrom(upload)
    }),
    route('GET', '/api/v4/uploads/:upload', async (call) =>
      uploadFrom(await node.upload(call.subject, idParam<FileId>(call, 'upload'))),
    ),
    route('GET', '/api/v4/users/:user/uploads', async (call) => {
      if (userParam(call) !== call.subject)
        throw new EdgeError('NOT_ALLOWED', { what: 'uploads of another' })
      return (await node.uploads(call.subject)).map(uploadFrom)
    }),
    streamRoute('POST', '/api/v4/uploads/:upload', (call) => goOn(door, call)),
  ]
}

/** What has come is kept, whatever breaks: 204 asks for the rest. */
async function goOn(door: Door, call: Call): Promise<object | string> {
  const id = idParam<FileId>(call, 'upload')
  const { raw } = call.request
  const { subject } = call
  const take = (content: Readable): Promise<KnownFile | undefined> =>
    door.node.continueUpload(subject, id, content)
  const file = isForm(raw)
    ? (await readForm(raw, ({ content }) => take(content))).files[0]
    : await take(raw)
  if (file !== undefined) return knownFileFrom(file)
  call.reply.status(204)
  return ''
}

async function takeRaw(door: Door, call: Call): Promise<object> {
  const query = queryOf(call, RawQuery)
  const type = typeOf(query.filename, call.request.headers['content-type'])
  const keepsPosition = query.holdfast_position === 'keep'
  const draft = { channel: query.channel_id, name: query.filename, type, keepsPosition }
  const file = await door.node.keepFile(call.subject, draft, call.request.raw)
  call.reply.status(201)
  const ids = query.client_id === undefined ? [] : [query.client_id]
  return { file_infos: [knownFileFrom(file)], client_ids: ids }
}

async function takeForm(door: Door, call: Call): Promise<object> {
  const { fields, files } = await readForm(call.request.raw, async (file, before) => {
    const draft = {
      channel: channelFor(call, before),
      name: nameOf(file),
      type: typeOf(file.name, file.type),
      keepsPosition: before.get('holdfast_position')?.[0] === 'keep',
    }
    return await door.node.keepFile(call.subject, draft, file.content)
  })
  if (files.length === 0)
    throw new EdgeError('INPUT_INVALID', { field: 'files', found: 'none', wanted: 'at least one' })
  call.reply.status(201)
  return { file_infos: files.map(knownFileFrom), client_ids: fields.get('client_ids') ?? [] }
}

function nameOf({ name }: FormFile): string {
  return name === '' ? 'file' : name
}

function channelFor(call: Call, fields: FormFields): ChannelId {
  const asked = fields.get('channel_id')?.[0] ?? queryValue(call, 'channel_id')
  if (asked !== undefined) return parse('form', idSchema<ChannelId>(), asked)
  throw new EdgeError('INPUT_INVALID', {
    field: 'channel_id',
    found: 'nothing before the first file',
    wanted: 'the channel, in the address or in front of the files',
  })
}

function queryValue(call: Call, name: string): unknown {
  return (call.request.query as Readonly<Record<string, unknown>>)[name]
}

/** What the client says, unless it says nothing of use. */
function typeOf(name: string, said: string | undefined): string {
  const type = said?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (
    /^[\w.+-]+\/[\w.+-]+$/.test(type) &&
    type !== ANY_TYPE &&
    type !== 'application/x-www-form-urlencoded'
  )
    return type.slice(0, 128)
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase()
  return (Object.hasOwn(TYPES, ending) ? TYPES[ending] : undefined) ?? ANY_TYPE
}

const TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  json: 'application/json',
  geojson: 'application/geo+json',
  kml: 'application/vnd.google-earth.kml+xml',
  gpx: 'application/gpx+xml',
  pdf: 'application/pdf',
  zip: 'application/zip',
  mp3: 'audio/mpeg',
  ogg: 'audio/ogg',
  mp4: 'video/mp4',
}

/** A file, or a span of it (RFC 9110 §14): a phone goes on where its link broke. */
async function fetchFile(door: Door, call: Call): Promise<Readable> {
  const id = idParam<FileId>(call, 'file')
  const { request, reply, subject } = call
  const file = await door.node.file(subject, id)
  const span = spanOf(request.headers.range, file.bytes)
  if (span !== undefined && span.from >= file.bytes) {
    reply.header('content-range', `bytes */${file.bytes}`)
    throw new EdgeError('INPUT_INVALID', {
      field: 'range',
      found: span.from,
      wanted: `less than ${file.bytes}`,
    })
  }
  // Read before anything is said of it: it may turn out to be gone.
  const content = await door.node.readFile(subject, id, span)
  const isShown = SHOWN.test(file.type)
  reply.header('content-type', isShown ? file.type : ANY_TYPE)
  const isAsked = queryValue(call, 'download') === '1'
  const how = isShown && !isAsked ? 'inline' : 'attachment'
  reply.header('content-disposition', `${how};filename*=UTF-8''${encoded(file.name)}`)
  reply.header('content-security-policy', "default-src 'none'; sandbox")
  reply.header('accept-ranges', 'bytes')
  reply.header('etag', `"${file.hash.slice(0, 32)}"`)
  if (span === undefined) {
    reply.header('content-length', file.bytes)
    return Readable.from(content)
  }
  reply.status(206)
  reply.header('content-length', span.to - span.from)
  reply.header('content-range', `bytes ${span.from}-${span.to - 1}/${file.bytes}`)
  return Readable.from(content)
}

/** RFC 8187: what may not stand there as it is, is escaped, and half a character is none. */
function encoded(name: string): string {
  return encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16)}`,
  )
}

function spanOf(
  header: string | undefined,
  bytes: number,
): { readonly from: number; readonly to: number } | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (first === '' && last === '') return undefined
  if (first === '') return { from: Math.max(0, bytes - Number(last)), to: bytes }
  const to = last === '' ? bytes : Math.min(bytes, Number(last) + 1)
  return to > Number(first) || Number(first) >= bytes ? { from: Number(first), to } : undefined
}
