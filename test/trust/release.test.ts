/** Shares and releases as bytes: what opens, and what does not, in both suites. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { SUITE_FIPS, SUITE_NACL, SUITES } from '#trust/keys.ts'
import {
  answerRelease,
  askRelease,
  authenticationKey,
  isProven,
  openShare,
  readReleaseAnswer,
  readReleaseRequest,
  SEALED_SHARE_BYTES,
  sealShare,
  type ShareSecrets,
} from '#trust/release.ts'
import { sealingPair } from '#trust/sealing-key.ts'
import { anIdentity } from '../support/nodes.ts'
import { seededRandom } from '../support/random.ts'

const random = seededRandom(31)
const id = '00112233445566778899aabbccddeeff'
const address = 'hub.example.org:8065'
const kit = anIdentity('bravo', 2).certificate.node
const binding = { node: kit, id, keyName: '0123456789abcdef' }

test('a share opens for the hub it was sealed for, and for nobody else', async (t) => {
  for (const suite of SUITES) {
    const [hub, other] = [
      sealingPair(suite, random.bytes(96)),
      sealingPair(suite, random.bytes(96)),
    ]
    const secrets = someSecrets()
    const target = { suite, publicKey: hub.publicBytes, chance: random }

    const parcel = must(sealShare(target, secrets, binding), 'it is a key')

    t.equal(parcel.sealed.length, SEALED_SHARE_BYTES)
    t.strictSame(openShare(hub, parcel, binding), secrets)
    t.equal(openShare(other, parcel, binding), undefined)
    const stolen = { ...binding, node: anIdentity('charlie', 3).certificate.node }
    t.equal(openShare(hub, parcel, stolen), undefined, 'handed on as the share of another')
    t.equal(openShare(hub, parcel, { ...binding, id: id.replace('0', '1') }), undefined)
    t.equal(sealShare({ ...target, publicKey: new Uint8Array(7) }, secrets, binding), undefined)
  }
})

test('a hub answers the question of a kit, and only that kit reads the answer', async (t) => {
  for (const suite of SUITES) {
    const secrets = someSecrets()
    const asking = askRelease(suite, { id, address, ...secrets }, random.bytes)
    const request = must(readReleaseRequest(suite, asking.bytes), 'it reads')
    t.equal(request.id, id)
    t.ok(isProven(request, secrets.authentication))
    t.notOk(isProven(request, random.bytes(32)), 'wrong proof')

    const answer = must(answerRelease(request, secrets, random), 'it is a key')

    t.strictSame(readReleaseAnswer(asking, answer), secrets.share)
    const again = askRelease(suite, { id, address, ...secrets }, random.bytes)
    t.equal(readReleaseAnswer(again, answer), undefined, 'an answer to an earlier question')
    const elsewhere = { ...asking, bytes: again.bytes }
    t.equal(readReleaseAnswer(elsewhere, answer), undefined, 'bound to the whole question')
  }
})

test('who recorded an exchange and takes the disk later has nothing: the key of the answer is gone', async (t) => {
  const suite = SUITE_NACL
  const secrets = someSecrets()
  const asking = askRelease(suite, { id, address, ...secrets }, random.bytes)
  const request = must(readReleaseRequest(suite, asking.bytes), 'it reads')
  const recorded = must(answerRelease(request, secrets, random), 'it is a key')

  // All that is on the disk, and all that went over the wire; but another pair, as the kit kept none.
  const thief = { ...asking, pair: sealingPair(suite, random.bytes(96)) }

  t.equal(readReleaseAnswer(thief, recorded), undefined)
  t.notOk(Buffer.from(recorded).includes(Buffer.from(secrets.share)))
})

test('a question or an answer that is changed anywhere is refused', async (t) => {
  const suite = SUITE_NACL
  const secrets = someSecrets()
  const asking = askRelease(suite, { id, address, ...secrets }, random.bytes)
  const request = must(readReleaseRequest(suite, asking.bytes), 'it reads')
  const answer = must(answerRelease(request, secrets, random), 'it is a key')

  for (let at = 0; at < asking.bytes.length; at += 1) {
    const read = readReleaseRequest(suite, flipped(asking.bytes, at))
    if (read !== undefined && isProven(read, secrets.authentication)) t.fail(`question, byte ${at}`)
  }
  for (let at = 0; at < answer.length; at += 7)
    if (readReleaseAnswer(asking, flipped(answer, at)) !== undefined) t.fail(`answer, byte ${at}`)
  for (let length = 0; length < asking.bytes.length; length += 1)
    if (readReleaseRequest(suite, asking.bytes.subarray(0, length)) !== undefined)
      t.fail(`question of ${length} bytes`)
  t.equal(readReleaseAnswer(asking, answer.subarray(1)), undefined)
  t.equal(readReleaseRequest(SUITE_FIPS, asking.bytes), undefined, 'another suite')
  t.equal(readReleaseRequest(suite, random.bytes(2_000)), undefined)
})

test('an authentication key follows from device and share, and does not show either', async (t) => {
  const device = random.bytes(32)

  const key = authenticationKey(SUITE_NACL, device, id)

  t.strictSame(key, authenticationKey(SUITE_NACL, device, id))
  t.notSame(key, authenticationKey(SUITE_NACL, device, id.replace('f', 'e')))
  t.notSame(key, authenticationKey(SUITE_NACL, random.bytes(32), id))
  t.notSame(key, device)
})

function someSecrets(): ShareSecrets {
  return { share: random.bytes(32), authentication: random.bytes(32) }
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}
