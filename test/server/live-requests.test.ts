import { test } from 'tap'
import type { ChannelId, UserId } from '#base/ids.ts'
import type { Attributes } from '#model/policy.ts'
import type { Announcement } from '#server/live-text.ts'
import { answerRequest, doneText, readRequest, refusedText } from '#server/live-requests.ts'
import { createMembersHere } from '#server/members-here.ts'
import { createPresence } from '#server/presence.ts'
import { virtualClock } from '../support/clock.ts'

const bo = 'ybndrfg8ejkmcpqxot1uwisza3' as UserId
const asBo = { person: bo, told: {} }
const guest = 'guest' as UserId
const ops = 'ybndrfg8ejkmcpqxot1uwisza4' as ChannelId

function ports() {
  const announced: Announcement[] = []
  return {
    announced,
    clock: virtualClock(5),
    members: createMembersHere({ hearable: () => [] }),
    presence: createPresence(() => undefined),
    announce: (announcement: Announcement) => void announced.push(announcement),
    version: '10.11.0',
    hearing: {
      whoMayHear: () => (_: UserId, told: Attributes) => told['link'] !== 'remote',
      maySee: (subject: UserId, person: UserId) => subject === person || subject !== guest,
    },
  }
}

test('a request has an action and a number from 1', async (t) => {
  t.match(readRequest('{"action":"ping","seq":1}'), { action: 'ping', seq: 1 })
  for (const text of ['', 'x', '1', '{}', '{"action":"ping","seq":1.5}', '{"action":"","seq":1}']) {
    t.equal(readRequest(text), undefined, text)
  }
})

test('ping is answered with pong, as phones check', async (t) => {
  const answer = answerRequest({ action: 'ping', seq: 1 }, asBo, ports())

  t.match(answer, { text: 'pong', server_time: 5 })
})

test('what only needs an answer gets one', async (t) => {
  for (const action of ['presence', 'posted_notify_ack']) {
    t.equal(answerRequest({ action, seq: 1, data: { channel_id: 'x' } }, asBo, ports()), undefined)
  }
})

test('typing is announced for members only', async (t) => {
  const all = ports()
  const request = { action: 'user_typing', seq: 1, data: { channel_id: ops, parent_id: '' } }
  t.throws(() => answerRequest(request, asBo, all), { code: 'NOT_ALLOWED' })
  all.members.add(bo)
  all.members.change(ops, bo, true)
  const away = { person: bo, told: { link: 'remote' } }
  t.throws(() => answerRequest(request, away, all), { code: 'NOT_ALLOWED' })
  answerRequest(request, asBo, all)

  t.match(all.announced, [{ to: { kind: 'channel', channel: ops, except: bo } }])
})

test('an unknown action and wrong data are refused', async (t) => {
  t.throws(() => answerRequest({ action: 'rm -rf', seq: 1 }, asBo, ports()), {
    code: 'INPUT_INVALID',
  })
  for (const action of ['user_typing', 'get_statuses_by_ids', 'user_update_active_status']) {
    t.throws(() => answerRequest({ action, seq: 1, data: null }, asBo, ports()), {
      code: 'INPUT_INVALID',
    })
  }
})

test('answers carry the number of their request, never one of the stream', async (t) => {
  const request = { action: 'ping', seq: 7 }

  t.strictSame(JSON.parse(doneText(request, { a: 1 })), {
    status: 'OK',
    data: { a: 1 },
    seq_reply: 7,
  })
  t.strictSame(JSON.parse(doneText(request, undefined)), { status: 'OK', seq_reply: 7 })
  t.match(JSON.parse(refusedText(request, new Error('x'))), {
    status: 'FAIL',
    seq_reply: 7,
    error: { status_code: 500 },
  })
})
