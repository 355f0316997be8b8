/**
 * The golden vectors worked out again from PROTOCOL.md alone: no line of our own source, but WebCrypto, tweetnacl and
 * @noble/post-quantum. What this file cannot do, another implementer could not either.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { test } from 'tap'
import nacl from 'tweetnacl'

interface SuiteVectors {
  readonly suite: number
  readonly seeds: { readonly door: string; readonly alphaSigning: string; readonly root: string }
  readonly organisation: { readonly id: string; readonly rootKey: string }
  readonly certificates: readonly {
    readonly node: string
    readonly signingKey: string
    readonly issuer: string | null
    readonly statement: string
    readonly bytes: string
  }[]
  readonly sealing: Readonly<Record<'node' | 'seed' | 'publicKey' | 'name' | 'ciphertext' | 'secret', string>>
  readonly epoch: {
    readonly id: string
    readonly audience: string
    readonly number: number
    readonly maker: string
    readonly secret: string
    readonly pairSecret: string
    readonly wrap: string
    readonly first: { readonly id: string; readonly secret: string }
  }
  readonly keys: readonly Readonly<
    Record<'scope' | 'epoch' | 'hint' | 'bound' | 'keyOfAlpha', string>
  >[]
  readonly courier: {
    readonly secret: string
    readonly salt: string
    readonly envelopes: readonly { readonly length: number; readonly hash: string }[]
    readonly bytes: string
  }
  readonly envelopes: readonly {
    readonly unsigned: string
    readonly opened: { readonly header: string; readonly body: string }
  }[]
}

const { subtle } = globalThis.crypto
const { suites } = JSON.parse(
  readFileSync(new URL('trust.json', import.meta.url), 'utf8'),
) as { readonly suites: readonly SuiteVectors[] }

const model = JSON.parse(readFileSync(new URL('model.json', import.meta.url), 'utf8')) as {
  readonly entries: readonly EntryVector[]
  readonly changes: readonly { readonly actor: string; readonly seq: number; readonly hash: string }[]
  readonly organisation: string
  readonly signingKey: string
}

for (const vectors of suites) {
  const { suite, organisation, certificates, epoch, keys, sealing } = vectors
  const [root, ofAlpha] = [hex(organisation.rootKey), certificates[1]]
  const derive = (secret: Uint8Array, label: string, length: number): Promise<Buffer> =>
    hkdf(suite === 1 ? 'SHA-256' : 'SHA-384', secret, { label, length })

  test(`suite ${suite}: ids are hashes of suite and key`, async (t) => {
    t.equal(idOf(hash(text('holdfast organisation'), byte(suite), root)), organisation.id)
    for (const { node, signingKey } of certificates)
      t.equal(idOf(hash(text('holdfast node'), byte(suite), hex(signingKey))), node)
  })

  test(`suite ${suite}: certificates are signed by the root, or by the node they name`, async (t) => {
    const keyOf = new Map(certificates.map(({ node, signingKey }) => [node, hex(signingKey)]))
    for (const { issuer, statement, bytes } of certificates) {
      const signed = Buffer.concat([
        text('holdfast certificate 2'),
        bytesOf(organisation.id),
        hex(statement),
      ])
      const signature = hex(bytes).subarray(statement.length / 2)
      const key = issuer === null ? root : (keyOf.get(issuer) ?? root)
      t.ok(await isSigned(suite, key, { signed, signature }))
      t.notOk(await isSigned(suite, key, { signed: signed.subarray(1), signature }))
    }
  })

  test(`suite ${suite}: epochs, their ids and the keys of each scope follow from their secrets`, async (t) => {
    const door = hex(vectors.seeds.door)
    const ofKeys = await derive(door, 'holdfast keys document', 32)
    const first = await derive(door, 'holdfast first epoch', 32)
    const idBy = async (secret: Uint8Array, facts: string): Promise<string> =>
      (await derive(secret, `holdfast epoch ${facts}`, 16)).toString('hex')
    const made = `${epoch.audience} ${epoch.number} ${epoch.maker}`

    t.equal(first.toString('hex'), epoch.first.secret)
    t.equal(await idBy(first, `${organisation.id} 0 door`), epoch.first.id)
    t.equal(await idBy(hex(epoch.secret), made), epoch.id)
    t.equal(await idBy(ofKeys, `${organisation.id} 0 door`), keys[0]?.epoch)
    const secrets = [ofKeys, first, hex(epoch.secret)]
    for (const [at, key] of keys.entries()) {
      const label = `holdfast scope ${key.scope} ${key.epoch}`
      const secret = await derive(secrets[at] ?? door, label, 32)
      const commitment = await derive(secret, 'holdfast commitment', 32)
      const bound = [byte(suite), bytesOf(organisation.id), text(key.scope), commitment]
      const ofSender = await derive(secret, `holdfast seal ${ofAlpha?.node}`, 32)
      t.equal((await derive(secret, 'holdfast hint', 2)).toString('hex'), key.hint)
      t.equal(Buffer.concat(bound).toString('hex'), key.bound)
      t.equal(ofSender.toString('hex'), key.keyOfAlpha)
    }
  })

  test(`suite ${suite}: a pair's secret follows from both halves, and a wrap from the pair's`, async (t) => {
    const [seed, publicKey, ciphertext] = [
      hex(sealing.seed),
      hex(sealing.publicKey),
      hex(sealing.ciphertext),
    ]
    const kem = ml_kem768.keygen(seed.subarray(32))
    const fromKem = ml_kem768.decapsulate(ciphertext.subarray(-1_088), kem.secretKey)
    t.same(Buffer.from(kem.publicKey), publicKey.subarray(-1_184))
    t.equal(hash(bytesOf(sealing.node), publicKey).subarray(0, 8).toString('hex'), sealing.name)
    if (suite === 1) {
      const agreed = nacl.scalarMult(seed.subarray(0, 32), ciphertext.subarray(0, 32))
      const digest = hash(publicKey, ciphertext).toString('hex')
      const secret = await derive(
        Buffer.concat([agreed, fromKem]),
        `holdfast sealing ${digest}`,
        32,
      )
      t.equal(secret.toString('hex'), sealing.secret)
    }
    const key = await derive(hex(epoch.pairSecret), `holdfast wrap ${epoch.id}`, 32)
    const bound = hex(epoch.id)
    const sealed = await seal(suite, key, { nonce: Buffer.alloc(12), bound, bytes: hex(epoch.secret) })
    t.equal(sealed.toString('hex'), epoch.wrap)
  })

  test(`suite ${suite}: a courier file is what the page says`, async (t) => {
    const { secret, salt, envelopes, bytes } = vectors.courier
    const file = hex(bytes)
    const header = Buffer.concat([text('hfcour01'), hex(salt)])
    const both = Buffer.concat([hex(secret), hex(salt)])
    const key = await derive(both, 'holdfast courier 1', 32)
    const frames = [file.subarray(40, 40 + 4_096), file.subarray(40 + 4_096)]
    const plain = frames.map((frame, number) => {
      const nonce = Buffer.alloc(12)
      nonce[0] = number === frames.length - 1 ? 1 : 0
      nonce[11] = number
      return unseal(suite, key, { nonce, bound: header, bytes: frame })
    })
    let rest = Buffer.concat(plain)
    const found: { length: number; hash: string }[] = []
    for (let length = rest.readUInt16BE(0); length > 0; length = rest.readUInt16BE(0)) {
      found.push({ length, hash: hash(rest.subarray(2, 2 + length)).toString('hex') })
      rest = rest.subarray(2 + length)
    }

    t.same(file.subarray(0, 40), header)
    t.strictSame(found, envelopes)
    t.ok(rest.every((one) => one === 0))
    t.strictSame(plain.map(({ length }) => length), [4_080, 4_080])
  })

  test(`suite ${suite}: an envelope is what the page says`, async (t) => {
    const key = keys[2]
    for (const { unsigned, opened } of vectors.envelopes) {
      const header = hex(opened.header)
      // flags 1 (generation 0) | hint 2 | number 1 (2) | life 4
      const life = header.subarray(4, 8)
      const facts = [hex(key?.bound ?? ''), hex(ofAlpha?.signingKey ?? ''), life]
      const bound = Buffer.concat([header, ...facts])
      const bytes = hex(opened.body)

      const sealed = twin(suite, hex(key?.keyOfAlpha ?? ''), { bound, bytes })

      t.equal(header.subarray(1, 3).toString('hex'), key?.hint)
      t.equal(Buffer.concat([header, sealed]).toString('hex'), unsigned)
    }
  })
}

test('a proof of a fork names two first changes that its node signed, and an anchor the last one of a branch', async (t) => {
  const fork = entryOf('fork')
  const { document, actor, seq, previous, branches } = fork.content
  const bodies = branches.map(({ signature, values }) =>
    Buffer.concat([block(hex(signature)), ...values.map((value) => block(hex(value)))]),
  )
  const list = [packText(document), packBytes(hex(actor))]
  const rest = [byte(seq), packBytes(hex(previous)), ...bodies.map(packBytes)]
  t.equal(fork.bytes.slice(fork.bytes.indexOf(list[0]?.toString('hex') ?? '-')), joined([...list, ...rest]))
  t.equal(fork.bytes.slice(0, 4), '9a21', 'ten items, kind 33')
  const heads = branches.map(({ values }) => firstHash(actor, previous, hex(values[0] ?? '')))
  t.not(heads[0], heads[1])
  for (const [index, head] of heads.entries())
    t.ok(attests(head, document, branches[index]?.signature ?? ''))

  const anchor = entryOf('anchor')
  const { forkAt, branch, hash: last, signature } = anchor.content
  const [first, newest] = [1, anchor.content.seq].map((at) =>
    model.changes.find((change) => change.actor === actor && change.seq === at),
  )
  const items = [byte(forkAt), packBytes(hex(branch)), byte(anchor.content.seq), packBytes(hex(last))]
  t.ok(anchor.bytes.endsWith(joined([...list, ...items, packBytes(hex(signature))])))
  t.equal(anchor.bytes.slice(0, 4), '9b22', 'eleven items, kind 34')
  t.equal(branch, first?.hash)
  t.equal(branch, heads[0])
  t.equal(last, newest?.hash)
  t.ok(attests(last, document, signature))
})

interface ForkContent {
  readonly kind: string
  readonly document: string
  readonly actor: string
  readonly seq: number
  readonly previous: string
  readonly branches: readonly { readonly values: readonly string[]; readonly signature: string }[]
  readonly forkAt: number
  readonly branch: string
  readonly hash: string
  readonly signature: string
}

interface EntryVector {
  readonly content: ForkContent
  readonly bytes: string
}

function entryOf(kind: string): EntryVector {
  const [found] = model.entries.filter(({ content }) => content.kind === kind)
  if (found === undefined) throw new Error(`no vector of kind ${kind}`)
  return found
}

/** The hash of an actor's first change: `Change`, column by column. */
function firstHash(actor: string, previous: string, entry: Buffer): string {
  const columns: readonly (readonly [number, Buffer])[] = [
    [0x01, hex('00017f00')],
    [0x02, hex('00017f02')],
    [0x13, hex('00017f00')],
    [0x15, Buffer.concat([hex('7f'), block(text(actor)), hex('0001')])],
    [0x34, hex('0101')],
    [0x42, hex('7e0201')],
    [0x56, Buffer.concat([hex('7e00'), uint(entry.length * 16 + 7)])],
    [0x57, entry],
    [0x70, hex('0200')],
  ]
  const contents = Buffer.concat([
    byte(1),
    hex(previous),
    block(hex(actor)),
    hex('0102000000'),
    uint(columns.length),
    ...columns.map(([number, bytes]) => Buffer.concat([uint(number), uint(bytes.length)])),
    ...columns.map(([, bytes]) => bytes),
  ])
  return hash(byte(1), block(contents)).toString('hex')
}

function attests(head: string, document: string, signature: string): boolean {
  const statement = [text('holdfast attest 1'), hex(model.organisation), block(text(document))]
  const signed = Buffer.concat([...statement, hex(head)])
  return nacl.sign.detached.verify(signed, hex(signature), hex(model.signingKey))
}

function uint(value: number): Buffer {
  const low = value % 128
  return value < 128 ? byte(value) : Buffer.concat([byte(low + 128), uint((value - low) / 128)])
}

function block(bytes: Uint8Array): Buffer {
  return Buffer.concat([uint(bytes.length), bytes])
}

function packBytes(bytes: Buffer): Buffer {
  return Buffer.concat([byte(0xc4), byte(bytes.length), bytes])
}

function packText(value: string): Buffer {
  return Buffer.concat([byte(0xd9), byte(value.length), text(value)])
}

function joined(parts: readonly Buffer[]): string {
  return Buffer.concat(parts).toString('hex')
}

function hex(digits: string): Buffer<ArrayBuffer> {
  return Buffer.from(new Uint8Array(Buffer.from(digits, 'hex')).buffer)
}

function text(value: string): Buffer<ArrayBuffer> {
  return Buffer.from(new Uint8Array(Buffer.from(value, 'utf8')).buffer)
}

function byte(value: number): Buffer {
  return Buffer.of(value)
}

function hash(...parts: readonly Uint8Array[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest()
}

/** z-base-32 of the first 16 bytes, by arithmetic on one large number. */
function idOf(bytes: Uint8Array): string {
  const alphabet = 'ybndrfg8ejkmcpqxot1uwisza345h769'
  let rest = BigInt(`0x${Buffer.from(bytes.subarray(0, 16)).toString('hex')}`) << 2n
  let id = ''
  for (let at = 0; at < 26; at += 1) {
    id = alphabet.charAt(Number(rest & 31n)) + id
    rest >>= 5n
  }
  return id
}

function bytesOf(id: string): Buffer {
  const alphabet = 'ybndrfg8ejkmcpqxot1uwisza345h769'
  let value = 0n
  for (const character of id) value = (value << 5n) | BigInt(alphabet.indexOf(character))
  return hex((value >> 2n).toString(16).padStart(32, '0'))
}

async function hkdf(
  hashName: string,
  secret: Uint8Array,
  { label, length }: { readonly label: string; readonly length: number },
): Promise<Buffer> {
  const base = await subtle.importKey('raw', new Uint8Array(secret), 'HKDF', false, ['deriveBits'])
  const purpose = { name: 'HKDF', hash: hashName, salt: new Uint8Array(0), info: text(label) }
  return Buffer.from(await subtle.deriveBits(purpose, base, length * 8))
}

interface Text {
  readonly nonce: Uint8Array
  readonly bound: Uint8Array
  readonly bytes: Uint8Array
}

function twin(suite: number, key: Uint8Array, { bound, bytes }: Omit<Text, 'nonce'>): Buffer {
  const code = (...parts: readonly Uint8Array[]): Buffer =>
    createHmac(suite === 1 ? 'sha256' : 'sha384', key).update(Buffer.concat(parts)).digest()
  const tag = code(Buffer.of(0), block(bound), bytes).subarray(0, 16)
  const streamKey = code(Buffer.of(1), tag).subarray(0, 32)
  const cipher = createCipheriv(suite === 1 ? 'chacha20' : 'aes-256-ctr', streamKey, Buffer.alloc(16))
  return Buffer.concat([cipher.update(bytes), tag])
}

async function seal(suite: number, key: Uint8Array, { nonce, bound, bytes }: Text): Promise<Buffer> {
  if (suite === 2) {
    const gcm = {
      name: 'AES-GCM',
      iv: new Uint8Array(nonce),
      additionalData: new Uint8Array(bound),
    }
    const aes = await subtle.importKey('raw', new Uint8Array(key), 'AES-GCM', false, ['encrypt'])
    return Buffer.from(await subtle.encrypt(gcm, aes, new Uint8Array(bytes)))
  }
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 })
  cipher.setAAD(bound, { plaintextLength: bytes.length })
  return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
}

function unseal(suite: number, key: Uint8Array, { nonce, bound, bytes }: Text): Buffer {
  const plaintextLength = bytes.length - 16
  const options = { authTagLength: 16 }
  const cipher =
    suite === 2
      ? createDecipheriv('aes-256-gcm', key, nonce, options)
      : createDecipheriv('chacha20-poly1305', key, nonce, options)
  cipher.setAAD(bound, { plaintextLength })
  cipher.setAuthTag(bytes.subarray(plaintextLength))
  return Buffer.concat([cipher.update(bytes.subarray(0, plaintextLength)), cipher.final()])
}

async function isSigned(
  suite: number,
  key: Uint8Array,
  { signed, signature }: { readonly signed: Uint8Array; readonly signature: Uint8Array },
): Promise<boolean> {
  if (suite === 1) return nacl.sign.detached.verify(signed, signature, key)
  const ecdsa = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' }
  const spki = Buffer.concat([
    hex('3046301006072a8648ce3d020106052b81040022033200'),
    key,
  ])
  const verifier = await subtle.importKey('spki', new Uint8Array(spki), ecdsa, false, ['verify'])
  return subtle.verify(ecdsa, verifier, new Uint8Array(signature), new Uint8Array(signed))
}
