import { test } from 'tap'
import { openHandshake, type Handshake, type Step } from '#carriers/lan-handshake.ts'
import { must } from '#base/assert.ts'
import type { SessionRole } from '#trust/session.ts'
import { anOrganisation, seedOf } from '../support/organisation.ts'
import { aParty } from '../support/sessions.ts'

const relief = anOrganisation('relief')

test('two nodes prove themselves to each other in three turns, the initiator last', async (t) => {
  const alpha = aHandshake('alpha', 'initiator')
  const bravo = aHandshake('bravo', 'responder')

  const [hello] = alpha.firstMessages
  const answer = messagesOf(bravo.take(must(hello, 'the initiator speaks first')))
  const [theirHello, theirProof] = answer
  const nothingYet = alpha.take(must(theirHello, 'a hello'))
  const proven = alpha.take(must(theirProof, 'a proof'))
  const last = bravo.take(must(messagesOf(proven)[0], 'our proof'))

  t.strictSame(bravo.firstMessages, [])
  t.equal(answer.length, 2)
  t.strictSame(messagesOf(nothingYet), [])
  t.match(proven, { kind: 'proven', session: { peer: { name: 'bravo' } } })
  t.match(last, { kind: 'proven', session: { peer: { name: 'alpha' } }, messages: [] })
})

test('what is refused is told with its reason, as hello and as proof', async (t) => {
  const alpha = aHandshake('alpha', 'initiator')
  const hello = must(aHandshake('bravo', 'initiator').firstMessages[0], 'a hello')

  t.match(aHandshake('alpha', 'responder').take(Buffer.from('x')), {
    kind: 'refused',
    reason: 'unknown-version',
  })
  t.equal(alpha.take(hello).kind, 'met')
  t.match(alpha.take(new Uint8Array(64)), { kind: 'refused', reason: 'wrong-proof' })
})

function aHandshake(name: string, role: SessionRole): Handshake {
  const random = Buffer.concat([seedOf(`${name} ${role}`), seedOf(name).subarray(0, 16)])
  return openHandshake(aParty(relief.node(name)), role, random)
}

function messagesOf(step: Step): readonly Uint8Array[] {
  return step.kind === 'refused' ? [] : step.messages
}
