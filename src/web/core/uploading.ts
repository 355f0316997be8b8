/**
 * Handing in a file: in parts, so that what the node has once is not sent again after a break. The node says how much it
 * has; that is asked after each break and believed.
 */
import type { Answer, Ask } from './client.ts'
import { fields, number, text } from './wire.ts'

/** A file on its way to the node. Its bytes are on the shelf, at `FILE_PLACE` and its key. */
export interface WaitingFile {
  readonly key: string
  readonly name: string
  readonly type: string
  readonly size: number
  /** Whether it says where it was taken: that can be taken out, or the client cannot tell. */
  readonly place: 'none' | 'removable' | 'perhaps'
  /** Whoever sends it wants that to stay. */
  readonly keepsPlace?: boolean
  /** The node's id for it; '' until it has one. The file has the same one once it is whole. */
  readonly uploadId: string
  /** How many bytes the node has. */
  readonly sent: number
  readonly isThere: boolean
}

/** Where the bytes of files are on the shelf. */
export const FILE_PLACE = 'file:'
/** Bytes that go at once: seconds on a slow network, and few enough to lose. */
export const PART_BYTES = 256 * 1_024
/** Why a message cannot go: the browser no longer has the bytes of its file. */
export const FILE_GONE = 'holdfast.file_gone'

/** What became of one part. */
export type Step =
  | { readonly kind: 'going'; readonly file: WaitingFile }
  | { readonly kind: 'later' }
  | { readonly kind: 'refused'; readonly reason: string }

/** Brings a file one step on. */
export type Upload = (channelId: string, file: WaitingFile) => Promise<Step>

const LATER: Step = { kind: 'later' }

/** Whether the node has all of it. */
export function isWhole({ isThere }: WaitingFile): boolean {
  return isThere
}

/** Uploads; `read` gives the bytes of a key. */
export function createUpload(ask: Ask, read: (key: string) => Promise<Blob | undefined>): Upload {
  // Of these the node has said how much it has, and nothing broke since.
  const sure = new Set<string>()
  return async (channelId, file) => {
    const { uploadId } = file
    const bytes = await read(file.key)
    if (bytes === undefined) return { kind: 'refused', reason: FILE_GONE }
    if (uploadId === '') return await begin(ask, sure, { channelId, file })
    if (!sure.has(uploadId)) return await askAgain(ask, sure, file)
    const part = bytes.slice(file.sent, file.sent + PART_BYTES)
    const answer = await ask('POST', `/api/v4/uploads/${uploadId}`, part)
    if (answer.kind !== 'ok') {
      sure.delete(uploadId)
      return unlessLater(answer)
    }
    const sent = file.sent + part.size
    return { kind: 'going', file: { ...file, sent, isThere: isFile(answer.value) } }
  }
}

async function begin(
  ask: Ask,
  sure: Set<string>,
  { channelId, file }: { readonly channelId: string; readonly file: WaitingFile },
): Promise<Step> {
  const body = {
    channel_id: channelId,
    filename: file.name,
    file_size: file.size,
    ...(file.keepsPlace === true && { holdfast_position: 'keep' }),
  }
  const answer = await ask('POST', '/api/v4/uploads', body)
  if (answer.kind !== 'ok') return unlessLater(answer)
  const uploadId = text(fields(answer.value).id)
  sure.add(uploadId)
  return { kind: 'going', file: { ...file, uploadId, sent: 0 } }
}

/** After a break: how much the node has. It may have had all, and only its answer was lost. */
async function askAgain(ask: Ask, sure: Set<string>, file: WaitingFile): Promise<Step> {
  const { uploadId } = file
  const answer = await ask('GET', `/api/v4/uploads/${uploadId}`)
  if (answer.kind === 'away') return LATER
  if (answer.kind === 'ok') {
    sure.add(uploadId)
    return { kind: 'going', file: { ...file, sent: number(fields(answer.value).file_offset) } }
  }
  const whole = await ask('GET', `/api/v4/files/${uploadId}/info`)
  if (whole.kind === 'away') return LATER
  return whole.kind === 'ok'
    ? { kind: 'going', file: { ...file, sent: file.size, isThere: true } }
    : { kind: 'going', file: { ...file, uploadId: '', sent: 0 } }
}

/** The node answers with the file once it has all of it, and with nothing before. */
function isFile(value: unknown): boolean {
  return text(fields(value).id) !== ''
}

function unlessLater(answer: Exclude<Answer, { readonly kind: 'ok' }>): Step {
  if (answer.kind === 'away' || answer.status === 401 || answer.status >= 500) return LATER
  return { kind: 'refused', reason: answer.reason }
}
