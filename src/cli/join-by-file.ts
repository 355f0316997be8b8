/**
 * `holdfast join` without a network between the two nodes: a request goes out in a file, the answer comes back in one. A
 * node that is there already asks for a new certificate in the same way.
 */
import { readFile } from 'node:fs/promises'
import { EdgeError } from '#base/errors.ts'
import { beginKitCa, keepKitCa } from '#compose/kit-ca.ts'
import { identityOf } from '#compose/opening.ts'
import { keysOf } from '#compose/unlocking.ts'
import {
  readDataFolder,
  replaceCertificate,
  type FolderContents,
  type NodeKeys,
} from '#config/data-folder.ts'
import { layoutOf } from '#config/layout.ts'
import { isThere, PUBLIC_MODE, writeFileWhole } from '#config/files.ts'
import { readJoiningNote, removeJoiningNote, writeJoiningNote } from '#config/joining-note.ts'
import { fingerprintOf, suiteNumberOf } from '#trust/join-message.ts'
import { SUITE_NACL, SUITES, suiteOf, type Suite } from '#trust/keys.ts'
import { armour, unarmour } from './armour.ts'
import { beginJoin, finisher, newPassword, type JoiningDraft } from './enrolment.ts'
import { insistOnFingerprint } from './fingerprint.ts'
import { configOfNewNode, enrolFirst, isNew, makeFolderFor, type NewNode } from './new-node.ts'
import { keyHere } from './passphrase.ts'
import { table, writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

/** What these may be told. */
export interface ByFileOptions extends CommonOptions {
  readonly config?: string
  readonly name?: string
  readonly role?: string
  readonly host?: string
  readonly port?: string
  readonly admin?: string
  readonly suite?: string
  readonly fingerprint?: string
}

/** Writes the request, which holds nothing secret, and keeps the keys it is for in the data folder. */
export async function requestByFile(
  file: string,
  options: ByFileOptions,
  surroundings: Surroundings,
): Promise<void> {
  const isFirst = await isNew(options.data)
  const draft = isFirst
    ? await draftOfNew(options, surroundings)
    : await draftOfKnown(options.data, surroundings)
  const kitCa = isFirst ? await beginKitCa() : undefined
  const asking = kitCa === undefined ? draft : { ...draft, block: kitCa.block }
  const { request, secrets } = beginJoin(asking, surroundings.random)
  const { name, role, suite } = draft
  const signing = isFirst ? secrets.signing : undefined
  const note = { suite: suite.number, name, role, ...secrets, signing, request }
  await writeJoiningNote(options.data, { ...note, privateKeyPem: kitCa?.privateKeyPem })
  await writeFileWhole(file, armour('JOIN REQUEST', request), PUBLIC_MODE)
  const fingerprint = fingerprintOf(request)
  if (options.json) return writeJson(surroundings.terminal, { file, name, role, fingerprint })
  writeLines(surroundings.terminal, [
    `The request of ${name} (${role}) is in ${file}. It holds nothing secret.`,
    ...table([['Fingerprint', fingerprint]]),
    '',
    'Read the fingerprint to the administrator there, who runs',
    '  holdfast admit FILE --out ANSWER        or, with the root: holdfast root certify FILE --root ROOT --out ANSWER',
    `and then: holdfast join --answer ANSWER --data ${options.data}`,
  ])
}

/** Takes the answer: makes the node, or gives the one that is there its new certificate. */
export async function answerByFile(
  file: string,
  options: ByFileOptions,
  surroundings: Surroundings,
): Promise<void> {
  const note = await readJoiningNote(options.data)
  const bytes = unarmour('JOIN ANSWER', await readFile(file, 'utf8'))
  const suite = suiteOf(note.suite)
  if (suite === undefined || suiteNumberOf(bytes) !== suite.number) throw otherSuite(suite)
  const asked = { what: 'answer', fingerprint: fingerprintOf(bytes), given: options.fingerprint }
  const keys = (await isNew(options.data)) ? undefined : await keysIn(options.data, surroundings)
  const signing = keys?.signing ?? note.signing
  if (signing === undefined) throw nodeGone(options.data)
  const { contents, block } = finisher({ ...note, signing, suite, code: undefined })(bytes)
  await insistOnFingerprint(asked, contents.organisation.name, surroundings)
  if (keys === undefined) {
    const place = { data: options.data, config: options.config }
    const overrides = { name: note.name, role: note.role, ...options }
    const node = await configOfNewNode(place, overrides, surroundings)
    await settle(
      { contents, node: { ...node, name: note.name, role: note.role } },
      options,
      surroundings,
    )
    const { privateKeyPem } = note
    if (privateKeyPem !== undefined) await keepKitCa(options.data, { answer: block, privateKeyPem })
  } else await renewHere({ contents, keys }, options, surroundings)
  await removeJoiningNote(options.data)
}

/** Makes the folder of a node that was let in, and tells the person. */
export async function settle(
  joined: { readonly contents: FolderContents; readonly node: NewNode; readonly at?: string },
  options: ByFileOptions,
  { terminal, random }: Surroundings,
): Promise<void> {
  const { contents, node, at } = joined
  const place = { data: options.data, config: options.config }
  const hadConfig = options.config !== undefined || (await isThere(layoutOf(options.data).config))
  await makeFolderFor(place, contents, { node, dial: at === undefined ? [] : [at] })
  const username = options.admin ?? `admin-${node.name}`
  const operator = await enrolFirst(
    { data: options.data, config: node.config },
    { username, password: newPassword(random) },
  )
  const organisation = contents.organisation.name
  const { name, role } = node
  if (options.json)
    return writeJson(terminal, { dataFolder: options.data, name, organisation, ...operator })
  const isAtKnown = hadConfig && at !== undefined
  writeLines(terminal, [
    `Node ${name} (${role}) belongs to ${organisation} now, in ${options.data}`,
    '',
    ...table([
      ['Administrator', operator.username],
      ['Password', `${operator.password}   shown only now: note it down`],
    ]),
    '',
    ...(isAtKnown
      ? [`Its config was there before and stays as it is; the node that let it in is at ${at}.`]
      : []),
    `Next: holdfast start --data ${options.data}`,
  ])
}

/** @throws EdgeError ALREADY_EXISTS when a node is in the folder */
export async function checkNew(data: string): Promise<void> {
  if (await isNew(data)) return
  await readDataFolder(data)
  throw new EdgeError('ALREADY_EXISTS', {
    dataFolder: data,
    found: 'a node in it',
    wanted: 'a new or empty folder',
    do: 'Name another folder with --data; a node stays in the organisation it was made for.',
  })
}

async function draftOfNew(
  options: ByFileOptions,
  surroundings: Surroundings,
): Promise<JoiningDraft> {
  const place = { data: options.data, config: options.config }
  const { name, role } = await configOfNewNode(place, options, surroundings)
  const wanted = options.suite ?? SUITE_NACL.name
  const suite = SUITES.find((one) => one.name === wanted)
  if (suite === undefined)
    throw new EdgeError('INPUT_INVALID', {
      field: '--suite',
      found: wanted,
      wanted: 'nacl or fips',
    })
  return { code: undefined, suite, name, role }
}

async function draftOfKnown(data: string, surroundings: Surroundings): Promise<JoiningDraft> {
  const contents = await readDataFolder(data)
  const keys = await keysIn(data, surroundings)
  const { certificate, organisation } = identityOf(data, contents, keys)
  const { name, role, number } = certificate
  const known = { signing: keys.signing, number }
  return { code: undefined, suite: organisation.suite, name, role, known }
}

async function renewHere(
  { contents, keys }: { readonly contents: FolderContents; readonly keys: NodeKeys },
  { data, json }: ByFileOptions,
  { terminal }: Surroundings,
): Promise<void> {
  const before = await readDataFolder(data)
  const { issuer = contents.issuer } = before
  const after = { ...before, issuer, certificate: contents.certificate }
  const { certificate } = identityOf(data, after, keys)
  await replaceCertificate(data, contents.certificate)
  const { name, role, rights, validUntil } = certificate
  if (json) return writeJson(terminal, { name, role, rights, validUntil })
  const hasOtherRole = role !== identityOf(data, before, keys).certificate.role
  writeLines(terminal, [
    `${name} (${role}) has its new certificate; it counts from the next start.`,
    ...(hasOtherRole ? [`Its role is another now: set "role": "${role}" in its config, too.`] : []),
  ])
}

async function keysIn(data: string, surroundings: Surroundings): Promise<NodeKeys> {
  return keysOf(data, await keyHere(data, surroundings))
}

function nodeGone(dataFolder: string): EdgeError {
  return new EdgeError('STORE_BROKEN', {
    dataFolder,
    found: 'a request of a node that is no longer here',
    wanted: 'the node that made it',
    do: 'Restore its folder from a backup, or make a new request.',
  })
}

function otherSuite(suite: Suite | undefined): EdgeError {
  return new EdgeError('JOIN_REFUSED', {
    found: 'an answer in another suite of algorithms',
    wanted: suite?.name ?? 'nacl or fips',
    do: 'Make the request again with --suite as the organisation has it.',
  })
}
