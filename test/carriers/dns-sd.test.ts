import { decode, encode } from 'dns-packet'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import type { OrganisationId } from '#base/ids.ts'
import {
  announcement,
  answerTo,
  commonIn,
  commonQuestion,
  question,
  readPacket,
  saidIn,
  tagOf,
  type Present,
} from '#carriers/dns-sd.ts'

const ALPHA: Present = {
  name: 'alpha',
  address: '10.0.0.7',
  port: 8_065,
  tag: tagOf('relief' as OrganisationId),
  isCommon: false,
}

test('who is asked for nodes answers with its name, port, organisation and address', async (t) => {
  const answer = must(answerTo(packet(question()), ALPHA), 'it is about alpha')

  t.strictSame(saidIn(packet(answer)), [{ name: 'alpha', port: 8_065, tag: ALPHA.tag }])
  const { answers = [], additionals = [] } = decode(Buffer.from(answer))
  t.match(
    [...answers, ...additionals].find(({ type }) => type === 'A'),
    {
      name: 'alpha.local',
      data: '10.0.0.7',
      flush: true,
    },
  )
  t.notMatch(Buffer.from(answer).toString('latin1'), /relief/, 'no name of an organisation')
})

test('who asks for the address of IPv6 hears it, or at once that there is none', async (t) => {
  const asked = packet(
    encode({ type: 'query', questions: [{ name: 'Alpha.local', type: 'AAAA' }] }),
  )
  const none = decode(Buffer.from(must(answerTo(asked, ALPHA), 'it has that name'))).answers
  t.match(none, [{ type: 'NSEC', name: 'alpha.local', flush: true, data: { rrtypes: ['A'] } }])
  t.equal(none?.length, 1)

  const both: Present = { ...ALPHA, address6: 'fd00::7', isCommon: true }
  const own = decode(Buffer.from(must(answerTo(asked, both), 'it has that name'))).answers
  t.match(own, [{ type: 'AAAA', name: 'alpha.local', data: 'fd00::7' }])
  t.equal(own?.length, 1)
  const common = packet(
    encode({ type: 'query', questions: [{ name: 'holdfast.local', type: 'AAAA' }] }),
  )
  t.match(decode(Buffer.from(must(answerTo(common, both), 'it has that, too'))).answers, [
    { type: 'AAAA', name: 'holdfast.local', data: 'fd00::7' },
  ])
  const types = decode(Buffer.from(announcement(both))).answers?.map(({ type }) => type)
  t.notOk(types?.includes('NSEC'), 'what is not there is told to who asks')
})

test('what the asker knows is not said again, nor anything about others', async (t) => {
  const known = decode(Buffer.from(must(answerTo(packet(question()), ALPHA), 'an answer'))).answers
  const again = encode({
    type: 'query',
    questions: [{ name: '_holdfast._tcp.local', type: 'PTR' }],
    answers: known ?? [],
  })
  const other = encode({ type: 'query', questions: [{ name: 'bravo.local', type: 'A' }] })

  t.equal(answerTo(packet(again), ALPHA), undefined)
  t.equal(answerTo(packet(other), ALPHA), undefined)
  t.equal(answerTo(packet(announcement(ALPHA)), ALPHA), undefined, 'an answer is no question')
})

test('holdfast.local is answered for by whoever has it, in any case of letters', async (t) => {
  const asked = packet(
    encode({ type: 'query', questions: [{ name: 'HoldFast.LOCAL', type: 'A' }] }),
  )
  const taken = must(answerTo(asked, { ...ALPHA, isCommon: true }), 'alpha has it')

  t.equal(answerTo(packet(commonQuestion()), ALPHA), undefined)
  t.strictSame(commonIn(packet(taken)), ['10.0.0.7'])
})

test('who asks like a name server gets the number of the question, the question and a short time', async (t) => {
  const asked = packet(
    encode({ type: 'query', id: 77, questions: [{ name: 'alpha.local', type: 'A' }] }),
  )
  const { id, questions, answers } = decode(Buffer.from(must(answerTo(asked, ALPHA, true), 'it')))

  t.match({ id, questions }, { id: 77, questions: [{ name: 'alpha.local' }] })
  t.ok(answers?.every((one) => one.type !== 'OPT' && (one.ttl ?? 0) <= 10))
})

test('who leaves takes back what it said', async (t) => {
  const goodbye = packet(announcement({ ...ALPHA, isCommon: true }, true))

  t.strictSame([saidIn(goodbye), commonIn(goodbye)], [[], []])
})

test('whatever comes is read or left, and names no node that it does not', async (t) => {
  const whole = announcement(ALPHA)
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, byte]) => {
          const bent = Uint8Array.from(whole)
          bent[at] = byte
          return bent
        }),
      ),
      (bytes) => {
        const read = readPacket(bytes)
        if (read === undefined) return true
        answerTo(read, ALPHA)
        commonIn(read)
        return saidIn(read).every(({ port, tag }) => port < 65_536 && /^[0-9a-f]{12}$/.test(tag))
      },
    ),
  )
  t.equal(readPacket(Uint8Array.of(1, 2, 3)), undefined)
})

function packet(bytes: Uint8Array) {
  return must(readPacket(bytes), 'it is a packet')
}
