/** Checking files of audits: what was altered, left out or cut off is seen, and where. */
import assert from 'node:assert/strict'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { readAuditFile, type AuditList } from '#codec/audit-file.ts'
import { compareAudits, proveAudit, type AuditProof } from '#codec/audit-proof.ts'
import { signingPair, SUITE_NACL } from '#trust/keys.ts'
import { aFile, aList, bravo, headquarters, NOON } from '../support/audits.ts'
import { anIdentity, organisation, seedOf } from '../support/nodes.ts'
import { flip } from '../support/property.ts'

function proof(bytes: Uint8Array): AuditProof {
  return proveAudit(must(readAuditFile(bytes), 'it is a file'), organisation.rootKey)
}

const three = () => aList(bravo, ['audit begun', 'signed in', 'signed out'], { signAt: [2] }).list

test('a file that holds has no problems and says who vouches for what', async (t) => {
  const own = aList(headquarters, ['audit begun', 'node admitted']).list
  const { problems, lists, exporter } = proof(aFile([three(), own]))

  t.strictSame(problems, [])
  t.equal(exporter?.name, 'alpha')
  t.match(
    new Map(lists.map((list) => [list.certificate?.name, list.vouched])),
    new Map([
      ['bravo', 3],
      ['alpha', 2],
    ]),
  )
  const bravos = lists.find(({ certificate }) => certificate?.name === 'bravo')
  t.strictSame(
    bravos?.records.map(({ deed, at, seq }) => [deed, at, seq]),
    [
      ['audit begun', NOON, 1],
      ['signed in', NOON + 1000, 2],
      ['signed out', NOON + 2000, 3],
    ],
  )
})

test('every single byte counts: whichever is altered, the file is refused', async (t) => {
  const bytes = aFile([three()])
  for (let place = 0; place < bytes.length; place += 1) {
    for (const mask of [1, 0x80]) {
      const file = readAuditFile(flip(bytes, place, mask))
      const isSeen =
        file === undefined || proveAudit(file, organisation.rootKey).problems.length > 0
      assert.ok(isSeen, `byte ${place} of ${bytes.length}, ${mask}`)
    }
  }
  t.pass(`${bytes.length} bytes`)
})

test('who makes the file cannot alter what another node wrote, and it is said from where on', async (t) => {
  const list = three()
  const other = aList(bravo, ['audit begun', 'signed in', 'store locked']).list
  const altered = { ...list, values: [...list.values.slice(0, 2), must(other.values[2], 'three')] }

  const { problems, lists } = proof(aFile([altered]))

  t.strictSame(problems, [
    'bravo, piece 0, life ' +
      lifeOf(list) +
      ': entries 3 to 3 are not as bravo signed them: altered, or some are missing',
  ])
  t.strictSame(
    lists[0]?.records.map(({ deed }) => deed),
    ['audit begun', 'signed in'],
  )
})

test('an entry left out, put in or moved breaks the chain', async (t) => {
  const list = three()
  const [a, b, c] = list.values.map((value) => value) as [Uint8Array, Uint8Array, Uint8Array]
  for (const values of [
    [b, c],
    [a, c],
    [a, b, b, c],
    [b, a, c],
    [a, b, c, c],
  ])
    t.match(proof(aFile([{ ...list, values }])).problems, [
      /entries \d to \d are not as bravo signed them/,
    ])
})

test('what was cut off behind a signature is not seen in one file, and is seen beside a newer or an older one', async (t) => {
  const list = three()
  const cut: AuditList = {
    ...list,
    values: list.values.slice(0, 2),
    signatures: list.signatures.slice(0, 1),
  }
  const whole = proof(aFile([list]))
  const short = proof(aFile([cut], { exportedAt: NOON + 7_200_000 }))

  t.strictSame(short.problems, [])
  t.match(compareAudits(whole, short), [/had 3 entries and has 2 in the newer file/])
  t.match(compareAudits(short, whole), ['the newer file was made before the older'])
  t.strictSame(compareAudits(whole, proof(aFile([list]))), [])
})

test('a newer file must go on from the older one', async (t) => {
  const old = proof(aFile([three()]))
  const rewritten = aList(bravo, ['audit begun', 'signed in', 'member added', 'signed out']).list
  const grown = aList(bravo, ['audit begun', 'signed in', 'signed out', 'drill held']).list

  t.match(compareAudits(old, proof(aFile([rewritten]))), [/goes another way in the newer file/])
  t.match(compareAudits(old, proof(aFile([]))), [/is missing in the newer file/])
  t.strictSame(compareAudits(old, proof(aFile([grown]))), [])
})

test('a piece that is missing or was cut short is named by the piece after it', async (t) => {
  const first = aList(bravo, ['audit begun', 'signed in', 'signed out'], { signAt: [2] })
  const second = aList(bravo, ['audit continued', 'signed in'], { piece: 1, previous: first.head })
  const cut = {
    ...first.list,
    values: first.list.values.slice(0, 2),
    signatures: first.list.signatures.slice(0, 1),
  }

  t.strictSame(proof(aFile([first.list, second.list])).problems, [])
  for (const lists of [[second.list], [cut, second.list]])
    t.match(proof(aFile(lists)).problems, [
      /what came before bravo, piece 1.* is missing, or was cut short/,
    ])
})

test('a piece that names no other before it, and one that went on after its end, are seen', async (t) => {
  const first = aList(bravo, ['audit begun', 'signed in', 'signed out'])
  const closedAt = first.log.find(first.list.actor, 2)?.hash
  const loose = aList(bravo, ['audit continued'], { piece: 1 })
  const early = aList(bravo, ['audit continued'], { piece: 1, previous: closedAt })

  t.match(proof(aFile([first.list, loose.list])).problems, [/does not say what came before it/])
  t.match(proof(aFile([first.list, early.list])).problems, [/went on after it was closed/])
})

test('a second life of a node is a list of its own, and both hold', async (t) => {
  const second = aList(bravo, ['audit begun', 'restore noticed'], { life: 'after a restore' }).list
  const { problems, lists } = proof(aFile([three(), second]))

  t.strictSame(problems, [])
  t.equal(lists.length, 2)
})

test('a stranger with a root of its own makes no file that holds', async (t) => {
  const stranger = signingPair(SUITE_NACL, seedOf('stranger root'))
  const file = must(readAuditFile(aFile([three()])), 'it is a file')

  t.match(proveAudit(file, stranger.publicBytes).problems, [
    'the file is of an organisation with another root key',
    '2 certificates are not by the root or by a node that may issue',
    'the file is not as the node that made it signed it',
    /is of a node without a certificate here/,
  ])
})

test('a list of a node whose certificate is not in the file is vouched for by nobody', async (t) => {
  const { problems, lists } = proof(aFile([three()], { knows: [headquarters] }))

  t.match(problems, [/is of a node without a certificate here/])
  t.equal(lists[0]?.vouched, 0)
  t.strictSame(lists[0]?.records, [])
})

test('a list that another node wrote, and one that is there twice, break the file', async (t) => {
  const charlie = anIdentity('charlie', 3)
  const { list } = aList(charlie, ['audit begun'])
  const stolen = { ...list, document: three().document }
  const knows = [headquarters, bravo, charlie]

  t.match(proof(aFile([stolen], { knows })).problems, [
    /are not as bravo signed them/,
    /breaks a rule: foreign list/,
  ])
  t.match(proof(aFile([three(), three()])).problems, [/is there twice/])
})

test('signatures out of their order are seen', async (t) => {
  const list = three()
  const { problems } = proof(aFile([{ ...list, signatures: list.signatures.toReversed() }]))

  t.match(problems, [/entries 3 to 3/, /its signatures are not in their order/])
})

function lifeOf({ actor }: AuditList): string {
  return actor.slice(16)
}
