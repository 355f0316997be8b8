import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type InformationEvent } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { test } from 'tap'
import { IDLE_CONNECTION_MS } from '#server/limits.ts'
import { patiently } from '#server/patience.ts'
import type { Call } from '#server/route.ts'
import { virtualClock } from '../support/clock.ts'

test('while an answer is worked at the client hears so, and then has the answer', async (t) => {
  const clock = virtualClock()
  const work = Promise.withResolvers<string>()
  const server = createServer(async (_, raw) => {
    const call = { reply: { raw } } as unknown as Call
    raw.end(await patiently(call, clock, () => work.promise))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const asking = request(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).end()
  const connected = once(server, 'request')
  await connected

  for (let round = 0; round < 8; round += 1) {
    const told = once(asking, 'information') as Promise<[InformationEvent]>
    await clock.advance(IDLE_CONNECTION_MS / 4)
    t.equal((await told)[0].statusCode, 102)
  }
  const answered = once(asking, 'response') as Promise<[IncomingMessage]>
  work.resolve('done')
  const [answer] = await answered
  t.equal((await buffer(answer)).toString(), 'done')
  t.equal(answer.statusCode, 200)
})

test('what fails is told as it is; `fetch` passes over what it hears before', async (t) => {
  const clock = virtualClock()
  const gate = Promise.withResolvers<void>()
  const server = createServer(async (_, raw) => {
    const call = { reply: { raw } } as unknown as Call
    await t.rejects(
      patiently(call, clock, async () => {
        await gate.promise
        throw new Error('the stick is full')
      }),
      { message: 'the stick is full' },
    )
    raw.writeHead(507).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const answer = fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  await once(server, 'request')
  await clock.advance(IDLE_CONNECTION_MS)
  gate.resolve()
  t.equal((await answer).status, 507)
})
