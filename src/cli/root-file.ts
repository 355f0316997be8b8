/**
 * The root of an organisation in a file of its own, sealed under a passphrase (argon2id): for a stick in a safe, away from
 * every node. What anybody may know stands in the clear and is bound to the seal. Beside the root's key it holds what a
 * node is given at the door, so that a node can be let in with this file alone.
 */
import { argon2 } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { z } from 'zod'
import {
  byteReader,
  byteWriter,
  bytesFromHex,
  bytesFromText,
  equalBytes,
  hexFromBytes,
  textFromBytes,
} from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import { SECRET_MODE, writeFileWhole } from '#config/files.ts'
import { parseJson } from '#config/json.ts'
import type { Random } from '#ports/random.ts'
import { organisationIdOf, type Organisation } from '#trust/identity.ts'
import { orUndefined } from '#trust/join-grant.ts'
import {
  open,
  seal,
  sealKey,
  signingPair,
  suiteOf,
  type KeyPair,
  type SealKey,
} from '#trust/keys.ts'

/** What the file lets its owner do. */
export interface RootContents {
  readonly organisation: Organisation
  readonly root: KeyPair
  /** 32 bytes: the seed of the root's key. */
  readonly seed: Uint8Array
  /** What every node is given at the door. */
  readonly organisationSecret: Uint8Array
  /** Certificate of the node where the root was last; new nodes know it from the start. */
  readonly nodeCertificate: Uint8Array
}

/** What anybody may know of a root file. */
export interface RootLabel {
  readonly name: string
  readonly suite: 1 | 2
  readonly rootKey: Uint8Array
}

/** A passphrase for a file that may be stolen: 12 characters at least. */
export const PASSPHRASE_CHARACTERS_MIN = 12

/** 64 MiB and 3 passes: RFC 9106's second choice; half a second on a laptop, for every guess. */
const COST = { parallelism: 4, tagLength: 32, memory: 65_536, passes: 3 } as const
const compute = promisify(argon2)
const SALT_BYTES = 16
const SECRET_BYTES = 32
const ONLY_NONCE = new Uint8Array(12)

const hex = z.string().regex(/^(?:[0-9a-f]{2})+$/)
const RootFile = z.strictObject({
  format: z.literal(1),
  holdfast: z.literal('root'),
  name: z.string().min(1).max(200),
  suite: z.union([z.literal(1), z.literal(2)]),
  rootKey: hex,
  salt: hex.length(2 * SALT_BYTES),
  sealed: hex,
})

/** Writes the file; what is read back from the disk is proven to open before this resolves. */
export async function writeRootFile(
  file: string,
  contents: Omit<RootContents, 'root'>,
  { passphrase, random }: { readonly passphrase: string; readonly random: Random },
): Promise<void> {
  const { organisation, seed, organisationSecret, nodeCertificate } = contents
  const { name, suite, rootKey, code } = organisation
  const label = { name, suite: suite.number, rootKey: hexFromBytes(rootKey) }
  const salt = random.bytes(SALT_BYTES)
  const writer = byteWriter()
  writer.raw(seed)
  writer.raw(organisationSecret)
  writer.block(bytesFromText(code))
  writer.block(nodeCertificate)
  const key = await keyFrom(passphrase, salt, label)
  const sealed = seal(key, ONLY_NONCE, { bytes: writer.bytes(), bound: boundOf(label) })
  const content = {
    format: 1,
    holdfast: 'root',
    ...label,
    salt: hexFromBytes(salt),
    sealed: hexFromBytes(sealed),
  }
  await writeFileWhole(file, `${JSON.stringify(content, undefined, 2)}\n`, SECRET_MODE)
  await openRootFile(file, passphrase)
}

/** What a root file says without its passphrase. @throws EdgeError INPUT_INVALID */
export async function readRootLabel(file: string): Promise<RootLabel> {
  const { name, suite, rootKey } = await readRootFile(file)
  return { name, suite, rootKey: bytesFromHex(rootKey) }
}

/** Opens a root file. @throws EdgeError INPUT_INVALID, NOT_ALLOWED when the passphrase is another */
export async function openRootFile(file: string, passphrase: string): Promise<RootContents> {
  const { name, suite: number, rootKey, salt, sealed } = await readRootFile(file)
  const label = { name, suite: number, rootKey }
  const key = await keyFrom(passphrase, bytesFromHex(salt), label)
  const bytes = open(key, ONLY_NONCE, { bytes: bytesFromHex(sealed), bound: boundOf(label) })
  if (bytes === undefined)
    throw new EdgeError('NOT_ALLOWED', {
      found: 'another passphrase, or a file that was changed',
      wanted: 'the passphrase of this root file',
      do: 'Type it again; nobody can open the file without it.',
    })
  const contents = contentsFrom(bytes, label)
  if (contents === undefined) throw notARoot(file)
  return contents
}

type Label = Pick<z.infer<typeof RootFile>, 'name' | 'suite' | 'rootKey'>

async function readRootFile(file: string): Promise<z.infer<typeof RootFile>> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const parsed = parseJson(text)
  const read = RootFile.safeParse(parsed.ok ? parsed.value : undefined)
  if (!read.success) throw notARoot(file)
  return read.data
}

function notARoot(file: string): EdgeError {
  return new EdgeError('INPUT_INVALID', {
    field: file,
    found: 'something else',
    wanted: 'a root file that `holdfast root move` wrote',
    do: 'Name the right file.',
  })
}

function contentsFrom(bytes: Uint8Array, label: Label): RootContents | undefined {
  const suite = suiteOf(label.suite)
  if (suite === undefined) return undefined
  return orUndefined(() => {
    const reader = byteReader(bytes)
    const seed = new Uint8Array(reader.raw(SECRET_BYTES))
    const organisationSecret = new Uint8Array(reader.raw(SECRET_BYTES))
    const code = textFromBytes(reader.block())
    const nodeCertificate = new Uint8Array(reader.block())
    const root = signingPair(suite, seed)
    const rootKey = bytesFromHex(label.rootKey)
    if (reader.left() > 0 || !equalBytes(root.publicBytes, rootKey)) return undefined
    const id = organisationIdOf(suite, rootKey)
    const organisation = { id, name: label.name, suite, rootKey, code }
    return { organisation, root, seed, organisationSecret, nodeCertificate }
  })
}

async function keyFrom(passphrase: string, salt: Uint8Array, label: Label): Promise<SealKey> {
  const suite = suiteOf(label.suite)
  if (suite === undefined) throw notARoot('suite')
  const message = Buffer.from(passphrase.normalize('NFC'), 'utf8')
  const key = await compute('argon2id', { ...COST, message, nonce: salt })
  return sealKey(suite, new Uint8Array(key))
}

function boundOf({ name, suite, rootKey }: Label): Uint8Array {
  return bytesFromText(`holdfast root file 1\0${suite}\0${rootKey}\0${name}`)
}
