/** Readers of files: what an operator edits, what a stick brings, what a damaged disk gives back. */
import { X509Certificate } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { must } from '#base/assert.ts'
import { bytesFromText, hexFromBytes, textFromBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import { readDataFolder } from '#config/data-folder.ts'
import { layoutOf } from '#config/layout.ts'
import { parseJson } from '#config/json.ts'
import { beginStart } from '#config/life.ts'
import { loadConfig } from '#config/load.ts'
import { readRunNote } from '#config/run-note.ts'
import { finishWipe } from '#config/wipe.ts'
import { readKeyFile } from '#storage/key-file.ts'
import { openOpaqueNames } from '#storage/opaque-names.ts'
import { sealingKey } from '#storage/seal.ts'
import { openSecrets, sealSecrets } from '#storage/secrets.ts'
import { emptyVault, withKeyFile } from '#storage/vault.ts'
import { decodeVault, encodeVault } from '#storage/vault-format.ts'
import { SUITES } from '#trust/keys.ts'
import { dersFromPem, readCertificate, validityOf } from '#x509/certificate.ts'
import { makeCertificate } from '../../../test/support/certificates.ts'
import { key } from '#sync/keys.ts'
import { seededRandom } from '../../../test/support/random.ts'
import { seedOf } from '../../../test/support/organisation.ts'
import { actorOfNode, aHistory } from '../history.ts'
import type { Form, Subject, Target } from '../target.ts'

/** Readers of files. */
export const FILE_TARGETS: readonly Target[] = [
  { name: 'json', open: openJson },
  { name: 'config', open: () => onDisk('json', configSamples(), readConfig) },
  { name: 'organisation-file', open: openOrganisation },
  {
    name: 'run-note',
    open: () => onDisk('json', [json({ process: 7, host: '::', port: 8065 })], readRun),
  },
  { name: 'wipe-note', open: () => onDisk('json', wipeSamples(), readWipe) },
  { name: 'life-file', open: () => onDisk('text', lifeSamples(), readLife) },
  { name: 'key-file', open: () => onDisk('bytes', [seedOf('key')], readKey) },
  { name: 'vault', open: openVaults },
  { name: 'secrets', open: openSecretFiles },
  { name: 'opaque-names', open: openNames },
  { name: 'pem', open: openPems },
]

function json(value: unknown): Uint8Array {
  return bytesFromText(JSON.stringify(value))
}

/** Two readers of one text: ours says where it is wrong, V8's gives the value. */
async function openJson(): Promise<Subject> {
  const samples = [...configSamples(), json([1e5, -0.5, 'a\u2028\n', null, true, { a: { b: [] } }])]
  return {
    form: 'json',
    samples,
    check: (input) => {
      const text = textFromBytes(input)
      const read = parseJson(text)
      try {
        const value: unknown = JSON.parse(text)
        if (read.ok)
          return JSON.stringify(read.value) === JSON.stringify(value) ? undefined : 'it differs'
        return read.wanted === 'each key once' ? undefined : `V8 reads it, we want ${read.wanted}`
      } catch {
        return read.ok ? 'V8 does not read it' : undefined
      }
    },
  }
}

type Read = (folder: string) => Promise<unknown>

/** A reader of a file called `input` in a folder of its own. What an operator can put right is refused by name. */
async function onDisk(form: Form, samples: readonly Uint8Array[], read: Read): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-fuzz-'))
  return {
    form,
    samples,
    check: async (input) => {
      await writeFile(join(folder, 'input'), input, { mode: 0o600 })
      try {
        await read(folder)
        return undefined
      } catch (error) {
        if (error instanceof EdgeError) return undefined
        throw error
      }
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

async function put(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await writeFile(to, await readFile(from), { mode: 0o600 })
}

const readConfig: Read = (folder) =>
  loadConfig({ file: join(folder, 'input'), environment: {}, overrides: {} })

const readRun: Read = async (folder) => {
  await put(join(folder, 'input'), layoutOf(folder).run)
  await mkdir(dirname(layoutOf(folder).operatorToken), { recursive: true })
  await writeFile(layoutOf(folder).operatorToken, 'token')
  return readRunNote(folder)
}

const readWipe: Read = async (folder) => {
  const data = join(folder, 'data')
  await put(join(folder, 'input'), layoutOf(data).wiped)
  const note = await finishWipe(data)
  if (note === undefined) throw new Error('an order to wipe is not obeyed')
}

const readLife: Read = async (folder) => {
  const data = join(folder, 'data')
  await mkdir(layoutOf(data).store, { recursive: true })
  await put(join(folder, 'input'), layoutOf(data).life)
  return beginStart(data, {
    isNewStore: false,
    bytes: (length) => seedOf('life').subarray(0, length),
  })
}

const readKey: Read = (folder) => readKeyFile(join(folder, 'input'))

function configSamples(): readonly Uint8Array[] {
  return [
    json({}),
    json({ name: 'alpha', role: 'kit', logLevel: 'warn', carriers: [{ kind: 'lan' }] }),
    json({
      name: 'alpha',
      listen: { host: '0.0.0.0', port: 8065 },
      carriers: [
        { kind: 'lan', dial: ['10.0.0.7:8065'] },
        { kind: 'nats', servers: ['tls://hq.example:4222'], user: 'a', passwordFile: 'p', tls: {} },
      ],
    }),
  ]
}

function wipeSamples(): readonly Uint8Array[] {
  const note = { reason: 'command', at: 1_800_000_000_000, statement: 'ab01' }
  return [json({ state: 'begun', ...note }), json({ state: 'done', ...note })]
}

function lifeSamples(): readonly Uint8Array[] {
  return [bytesFromText('01020304 05060708 12:345 67:890 0123456789abcdef\n')]
}

async function openOrganisation(): Promise<Subject> {
  const suite = must(SUITES[0], 'there is a suite')
  const { nodes } = aHistory(suite)
  const { organisation, certificateBytes } = must(nodes[0], 'there are nodes')
  const { name, code, rootKey } = organisation
  const good = [1, 2, 'nacl', 'fips'].map((number) =>
    json({ format: 2, name, code, suite: number, rootKey: hexFromBytes(rootKey) }),
  )
  return onDisk('json', good, async (folder) => {
    const data = join(folder, 'data')
    const layout = layoutOf(data)
    await mkdir(layout.keys, { recursive: true })
    for (const file of [layout.vault, layout.secrets, layout.certificate])
      await writeFile(file, hexFromBytes(certificateBytes))
    await put(join(folder, 'input'), layout.organisation)
    return readDataFolder(data)
  })
}

async function openVaults(): Promise<Subject> {
  const random = seededRandom(1)
  const vault = withKeyFile(emptyVault(1, random), seedOf('key'), {
    secret: seedOf('file'),
    random,
  })
  const slot = must(vault.slots[0], 'it has a slot')
  const parameters = Uint8Array.from([...slot.parameters, 0x80, 0x80, 0x04, 3, 1])
  const both = { ...vault, slots: [slot, { ...slot, way: 'passphrase' as const, parameters }] }
  return {
    form: 'bytes',
    samples: [encodeVault(vault), encodeVault(both), encodeVault({ ...vault, slots: [] })],
    check: (input) => {
      const read = decodeVault(input)
      if (read === undefined) return undefined
      return Buffer.compare(encodeVault(read), input) === 0
        ? undefined
        : 'written again it is another'
    },
  }
}

/** Sealed under the right key, as a program gone wrong would. */
async function openSecretFiles(): Promise<Subject> {
  const random = seededRandom(2)
  const own = sealingKey(1, seedOf('key'))
  const good = sealSecrets(
    own,
    new Map([
      ['signing', seedOf('a')],
      ['door', seedOf('b')],
    ]),
    random,
  )
  return {
    form: 'bytes',
    samples: [good],
    check: (input) =>
      openSecrets(own, Uint8Array.from(input)) !== undefined && Buffer.compare(input, good) !== 0
        ? 'it opens'
        : undefined,
  }
}

/** Whatever stands in the store: hidden and shown again it is the same. */
async function openNames(): Promise<Subject> {
  const names = openOpaqueNames(seedOf('names'))
  const { nodes, logs } = aHistory(must(SUITES[0], 'there is a suite'))
  const { node } = must(nodes[0], 'there are nodes').certificate
  const log = must(logs[3], 'there is a segment')
  const samples = [
    key.document(log.document),
    key.loose(log.document, 4),
    key.attestation(log.document, actorOfNode(node), 2),
    key.peer(node),
    key.waiting(log.document, 'ab'.repeat(16)),
  ]
  return {
    form: 'text',
    samples: samples.map((name) => bytesFromText(name)),
    check: (input) => {
      const name = textFromBytes(input)
      names.show(name)
      names.hideBound(name)
      // A part that looks hidden already was never written by us.
      if (/[~^=]/.test(name)) return undefined
      return isOurs(name) && names.show(names.hide(name)) !== name
        ? 'it comes back as another'
        : undefined
    },
  }
}

/** Ids in their one spelling. */
function isOurs(name: string): boolean {
  return !/[a-z0-9]{26}/.test(name) || /[a-z0-9]{25}[yrecowah](?![a-z0-9])/.test(name)
}

async function openPems(): Promise<Subject> {
  const { certificatePem } = makeCertificate({ name: 'alpha', hosts: ['10.0.0.7', 'alpha.local'] })
  return {
    form: 'text',
    samples: [bytesFromText(certificatePem), bytesFromText(certificatePem.repeat(2))],
    check: (input) => {
      const read = readCertificate(textFromBytes(input)) ?? readCertificate(input)
      for (const der of dersFromPem(textFromBytes(input))) readCertificate(der)
      if (read instanceof X509Certificate) validityOf(read)
      return undefined
    },
  }
}
