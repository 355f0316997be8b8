import { test } from 'tap'
import { answerOf, createAsk, type ClientPorts } from '#web/core/client.ts'

function aClient(fetch: ClientPorts['fetch']) {
  const ended: string[] = []
  const session = { proof: 'proof', isOurs: true }
  const ask = createAsk({
    fetch,
    csrf: () => session.proof,
    isOurs: () => session.isOurs,
    patience: () => new AbortController().signal,
    onSignedOut: () => ended.push('ended'),
    onLocked: (isLocked) => void (isLocked && ended.push('locked')),
  })
  return { ask, ended, session }
}

function answering(status: number, text: string) {
  return { status, text: async () => text, blob: async () => new Blob([text]) }
}

test('whatever is not the node itself, or says not now, counts as away', async (t) => {
  for (const [status, text] of [
    [502, '<html>'],
    [503, '{}'],
    [423, '{"id":"LOCKED"}'],
    [429, '{}'],
    [500, '<html>'],
  ] as const)
    t.strictSame(answerOf(status, text), { kind: 'away' })
  t.match(answerOf(403, '{"message":"not allowed"}'), { kind: 'refused', reason: 'not allowed' })
  t.strictSame(answerOf(200, '{"a":1}'), { kind: 'ok', value: { a: 1 } })
})

test('a network that fails is no error, only a node that is away', async (t) => {
  const { ask } = aClient(() => Promise.reject(new TypeError('Failed to fetch')))

  t.strictSame(await ask('GET', '/x'), { kind: 'away' })
})

test('what changes something shows that it is from our page', async (t) => {
  const sent: Record<string, string>[] = []
  const { ask } = aClient(async (_, { headers }) => {
    sent.push({ ...headers })
    return answering(200, '{}')
  })
  await ask('GET', '/x')
  await ask('POST', '/x', {})

  t.strictSame(sent, [{}, { 'x-csrf-token': 'proof', 'content-type': 'application/json' }])
})

test('a session that is over is noticed, a wrong password is not taken for one', async (t) => {
  const { ask, ended } = aClient(async () => answering(401, '{}'))
  await ask('POST', '/api/v4/users/login', {})
  t.strictSame(ended, [])
  await ask('GET', '/api/v4/users/me')
  t.strictSame(ended, ['ended'])
})

test('an answer to what was asked under another session ends nothing, one without a session does', async (t) => {
  const { ask, ended, session } = aClient(async () => {
    session.proof = 'newer'
    return answering(401, '{}')
  })
  await ask('GET', '/x')
  t.strictSame(ended, [])
  await ask('GET', '/x')
  t.strictSame(ended, ['ended'], 'the newer one')
})

test('nothing is asked in the session of somebody else', async (t) => {
  const { ask, ended, session } = aClient(() => Promise.reject(new Error('it was asked')))
  session.isOurs = false

  t.match(await ask('POST', '/x', {}), { kind: 'refused', status: 401 })
  t.strictSame(ended, ['ended'])
})

test('a locked node says so itself', async (t) => {
  const locked = '{"id":"holdfast.locked.app_error","status_code":503}'
  const { ask, ended } = aClient(async () => answering(503, locked))

  t.strictSame([await ask('GET', '/x'), ended], [{ kind: 'away' }, ['locked']])
})
