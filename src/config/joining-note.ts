/**
 * A node that has asked to join by file and waits for the answer: `joining.json` in its data folder, for its owner only. It
 * holds the keys that the answer is for; it goes once the node is made.
 */
import { z } from 'zod'
import { bytesFromHex, hexFromBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import { layoutOf } from './layout.ts'
import { destroyFile, makeFolder, readText, SECRET_MODE, writeFileWhole } from './files.ts'
import { parseJson } from './json.ts'

/** What is needed to read the answer. */
export interface JoiningNote {
  readonly suite: 1 | 2
  readonly name: string
  readonly role: 'kit' | 'hub' | 'relay'
  /** 32 bytes: seed of the signing key; none when a node that is there asks: its folder has it, sealed. */
  readonly signing?: Uint8Array | undefined
  /** 96 bytes: seed of the sealing pair the answer is for. */
  readonly answering: Uint8Array
  /** The request as it was written. */
  readonly request: Uint8Array
  /** PEM of the key whose certificate for TLS was asked for, too; none when a node that is there asks. */
  readonly privateKeyPem?: string | undefined
}

const FOLDER_MODE = 0o750
const hex = z.string().regex(/^(?:[0-9a-f]{2})+$/)

const NoteFile = z.strictObject({
  format: z.literal(1),
  suite: z.union([z.literal(1), z.literal(2)]),
  name: z.string().min(1).max(64),
  role: z.enum(['kit', 'hub', 'relay']),
  signing: hex.length(64).optional(),
  answering: hex.length(192),
  request: hex,
  privateKeyPem: z.string().max(4_096).optional(),
})

/** Keeps the note until the answer comes. One that is there is replaced: only the newest request can be answered. */
export async function writeJoiningNote(dataFolder: string, note: JoiningNote): Promise<void> {
  const { suite, name, role } = note
  const content = {
    format: 1,
    suite,
    name,
    role,
    signing: note.signing && hexFromBytes(note.signing),
    answering: hexFromBytes(note.answering),
    request: hexFromBytes(note.request),
    privateKeyPem: note.privateKeyPem,
  }
  await makeFolder(dataFolder, FOLDER_MODE)
  await writeFileWhole(layoutOf(dataFolder).joining, `${JSON.stringify(content)}\n`, SECRET_MODE)
}

/** The note of this folder. @throws EdgeError NOT_FOUND, STORE_BROKEN */
export async function readJoiningNote(dataFolder: string): Promise<JoiningNote> {
  const file = layoutOf(dataFolder).joining
  const text = await readText(file)
  if (text === undefined)
    throw new EdgeError('NOT_FOUND', {
      what: 'request that waits for an answer',
      dataFolder,
      do: 'Make one with `holdfast join --request FILE`, in the same data folder.',
    })
  const parsed = parseJson(text)
  const read = NoteFile.safeParse(parsed.ok ? parsed.value : undefined)
  if (!read.success)
    throw new EdgeError('STORE_BROKEN', { file, found: 'something else', wanted: 'format 1' })
  const { suite, name, role, signing, answering, request, privateKeyPem } = read.data
  return {
    suite,
    name,
    role,
    signing: signing === undefined ? undefined : new Uint8Array(bytesFromHex(signing)),
    answering: new Uint8Array(bytesFromHex(answering)),
    request: new Uint8Array(bytesFromHex(request)),
    privateKeyPem,
  }
}

/** The answer was taken: the note is of no more use. */
export async function removeJoiningNote(dataFolder: string): Promise<void> {
  await destroyFile(layoutOf(dataFolder).joining)
}

/** Destroys a note whose node is there: the answer was taken, and the power went before the note did. */
export async function removeUsedNote(dataFolder: string): Promise<void> {
  const text = await readText(layoutOf(dataFolder).joining)
  const parsed = parseJson(text ?? '')
  const read = NoteFile.safeParse(parsed.ok ? parsed.value : undefined)
  if (read.data?.signing !== undefined) await removeJoiningNote(dataFolder)
}
