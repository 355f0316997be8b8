/**
 * `holdfast root move|certify|show`: the root of the organisation away from every node. Only it gives a node rights; letting
 * in ordinary nodes and renewing them is left to nodes with the right to issue.
 */
import { readFile } from 'node:fs/promises'
import { EdgeError } from '#base/errors.ts'
import { CERTIFICATE_MS } from '#base/limits.ts'
import { identityOf } from '#compose/opening.ts'
import { keysOf, replaceKeys } from '#compose/unlocking.ts'
import { readDataFolder } from '#config/data-folder.ts'
import { isThere, PUBLIC_MODE, writeFileWhole } from '#config/files.ts'
import { issueCertificate, rootIssuer, type NodeRole, type Rights } from '#trust/identity.ts'
import { fingerprintOf } from '#trust/join-message.ts'
import { makeJoinAnswer, readOpenRequest, type JoinRequest } from '#trust/joining.ts'
import { suiteOf } from '#trust/keys.ts'
import { armour, unarmour } from './armour.ts'
import { NodeNotRunning } from './explain.ts'
import { insistOnFingerprint } from './fingerprint.ts'
import { findLocalNode } from './local-node.ts'
import { keyHere } from './passphrase.ts'
import {
  openRootFile,
  PASSPHRASE_CHARACTERS_MIN,
  readRootLabel,
  writeRootFile,
  type RootContents,
} from './root-file.ts'
import {
  table,
  when,
  writeJson,
  writeLines,
  type CommonOptions,
  type Surroundings,
} from './terminal.ts'

/** What `root` may be told. */
export interface RootOptions extends CommonOptions {
  /** Path of a file with nothing but the passphrase. */
  readonly passphraseFile?: string
}

/** What `root certify` may be told. */
export interface CertifyOptions extends RootOptions {
  /** The root file. */
  readonly root: string
  /** Where the answer goes. */
  readonly out: string
  readonly rights?: string
  readonly role?: string
  readonly days?: string
  readonly fingerprint?: string
}

const DAY_MS = 24 * 3_600_000
const DAYS_MAX = 3_650
/** Numbers that nodes draw at random begin here, see `#app/admission.ts`; a root alone cannot know which are free. */
const NUMBERS_DRAWN_FROM = 128
const NUMBERS_END = 16_384

/** Moves the root's key out of the data folder into a file. The node must not be running. */
export async function moveRoot(
  file: string,
  options: RootOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { terminal, random } = surroundings
  await insistOnStopped(options.data, surroundings)
  const folder = await readDataFolder(options.data)
  const storeKey = await keyHere(options.data, surroundings)
  const keys = await keysOf(options.data, storeKey)
  const { organisation } = identityOf(options.data, folder, keys)
  const { root: seed, organisation: organisationSecret } = keys
  if (seed === undefined)
    throw new EdgeError('NOT_FOUND', {
      what: 'root key in this data folder',
      do: 'It is on the node that founded the organisation, or was moved away before.',
    })
  if (await isThere(file))
    throw new EdgeError('ALREADY_EXISTS', { file, do: 'Name a file that is not there yet.' })
  const passphrase = await newPassphrase(options, surroundings)
  const contents = { organisation, seed, organisationSecret, nodeCertificate: folder.certificate }
  await writeRootFile(file, contents, { passphrase, random })
  await replaceKeys(options.data, storeKey, { keys: { ...keys, root: undefined }, random })
  if (options.json) return writeJson(terminal, { file, organisation: organisation.id })
  writeLines(terminal, [
    `The root of ${organisation.name} is in ${file} now, and no longer on this node.`,
    'Keep the file and its passphrase apart, each twice: without them no node can be given rights.',
    'This node goes on letting nodes in and renewing them, by its own right.',
  ])
}

/** Vouches for the node that made a request, with nothing but the root file. */
export async function certify(
  file: string,
  options: CertifyOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { terminal, random } = surroundings
  const rights = rightsFrom(options.rights ?? '')
  const days = daysFrom(options.days)
  const bytes = unarmour('JOIN REQUEST', await readFile(file, 'utf8'))
  const label = await readRootLabel(options.root)
  const suite = suiteOf(label.suite)
  const read = suite && readOpenRequest(bytes, suite)
  if (read?.ok !== true)
    throw new EdgeError('JOIN_REFUSED', { found: read?.reason ?? 'other-suite' })
  const { request } = read
  const role = roleFrom(options.role ?? request.role)
  const asked = { what: 'request', fingerprint: fingerprintOf(bytes), given: options.fingerprint }
  await insistOnFingerprint(asked, `${request.name}, ${role}`, surroundings)
  const root = await openRootFile(options.root, await passphraseOf(options, surroundings))
  const certificateBytes = certificateFor({ root, request, role, rights, days }, surroundings)
  const grant = {
    organisation: root.organisation,
    organisationSecret: root.organisationSecret,
    certificateBytes,
    issuerCertificateBytes: root.nodeCertificate,
    epoch: undefined,
    block: new Uint8Array(0),
  }
  const answer = makeJoinAnswer(request, grant, { chance: random })
  if (!answer.ok) throw new EdgeError('JOIN_REFUSED', { found: answer.reason })
  await writeFileWhole(options.out, armour('JOIN ANSWER', answer.bytes), PUBLIC_MODE)
  const fingerprint = fingerprintOf(answer.bytes)
  const told = { file: options.out, name: request.name, role, rights, fingerprint }
  if (options.json) return writeJson(terminal, told)
  writeLines(terminal, [
    `${request.name} (${role}) is certified. The answer is in ${options.out}, sealed for that node alone.`,
    ...table([
      ['Rights', options.rights ?? 'none'],
      ['Until', when(surroundings.clock.now() + days * DAY_MS)],
      ['Fingerprint', fingerprint],
    ]),
  ])
}

/** Says whose root is in a file; that needs no passphrase. */
export async function showRoot(
  file: string,
  { json }: RootOptions,
  { terminal }: Surroundings,
): Promise<void> {
  const { name, suite, rootKey } = await readRootLabel(file)
  const fingerprint = fingerprintOf(rootKey)
  const suiteName = suiteOf(suite)?.name ?? ''
  if (json) return writeJson(terminal, { organisation: name, suite: suiteName, fingerprint })
  writeLines(terminal, [
    ...table([
      ['Organisation', name],
      ['Algorithms', suiteName],
      ['Fingerprint', fingerprint],
    ]),
  ])
}

interface Certifying {
  readonly root: RootContents
  readonly request: JoinRequest
  readonly role: NodeRole
  readonly rights: Rights
  readonly days: number
}

function certificateFor(
  { root, request, role, rights, days }: Certifying,
  { clock, random }: Surroundings,
): Uint8Array {
  const { organisation } = root
  const [high = 0, low = 0] = random.bytes(2)
  const drawn = NUMBERS_DRAWN_FROM + (((high << 8) | low) % (NUMBERS_END - NUMBERS_DRAWN_FROM))
  const validFrom = clock.now()
  return issueCertificate(rootIssuer(organisation.suite, root.root), {
    number: request.number === 0 ? drawn : request.number,
    name: request.name,
    role,
    rights,
    validFrom,
    validUntil: validFrom + days * DAY_MS,
    signingKey: request.signingKey,
  })
}

async function insistOnStopped(data: string, surroundings: Surroundings): Promise<void> {
  const isRunning = await findLocalNode(data, surroundings).then(
    () => true,
    (error: unknown) => {
      if (error instanceof NodeNotRunning) return false
      throw error
    },
  )
  if (isRunning) throw new EdgeError('DATA_FOLDER_IN_USE', { dataFolder: data })
}

async function passphraseOf(
  { passphraseFile }: RootOptions,
  { terminal }: Surroundings,
  text = 'Passphrase of the root file: ',
): Promise<string> {
  const typed =
    passphraseFile === undefined
      ? await terminal.ask?.({ text, isHidden: true })
      : (await readFile(passphraseFile, 'utf8')).replace(/\r?\n$/, '')
  if (typed !== undefined && typed !== '') return typed
  throw new EdgeError('INPUT_INVALID', {
    field: 'passphrase',
    found: 'nothing',
    wanted: 'the passphrase, typed or in the file of --passphrase-file',
    do: 'Run the command on a terminal, or name a file.',
  })
}

async function newPassphrase(options: RootOptions, surroundings: Surroundings): Promise<string> {
  const first = await passphraseOf(options, surroundings, 'New passphrase for the root file: ')
  if (first.length < PASSPHRASE_CHARACTERS_MIN)
    throw new EdgeError('INPUT_INVALID', {
      field: 'passphrase',
      found: `${first.length} characters`,
      wanted: `${PASSPHRASE_CHARACTERS_MIN} or more`,
      do: 'Take five or six words that have nothing to do with each other.',
    })
  if (options.passphraseFile !== undefined) return first
  if ((await passphraseOf(options, surroundings, 'Once more: ')) === first) return first
  throw new EdgeError('INPUT_INVALID', {
    field: 'passphrase',
    found: 'two that differ',
    wanted: 'the same twice',
  })
}

function rightsFrom(text: string): Rights {
  const words = text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '' && word !== 'none')
  const unknown = words.find((word) => word !== 'administers' && word !== 'issues')
  if (unknown !== undefined)
    throw new EdgeError('INPUT_INVALID', {
      field: '--rights',
      found: unknown,
      wanted: 'administers, issues, or none',
    })
  return { administers: words.includes('administers'), issues: words.includes('issues') }
}

function roleFrom(text: string): NodeRole {
  if (text === 'kit' || text === 'hub' || text === 'relay') return text
  throw new EdgeError('INPUT_INVALID', {
    field: '--role',
    found: text,
    wanted: 'kit, hub or relay',
  })
}

function daysFrom(text: string | undefined): number {
  const days = text === undefined ? CERTIFICATE_MS / DAY_MS : Number(text)
  if (Number.isInteger(days) && days >= 1 && days <= DAYS_MAX) return days
  throw new EdgeError('INPUT_INVALID', {
    field: '--days',
    found: text ?? '',
    wanted: `1 to ${DAYS_MAX}`,
  })
}
