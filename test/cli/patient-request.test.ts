import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { test, type Test } from 'tap'
import { requestPatiently } from '#cli/patient-request.ts'

/** A server that answers what it was asked once `answer` resolves. */
async function aServer(t: Test, answer: Promise<void>): Promise<string> {
  const server = createServer(async (request, reply) => {
    await answer
    reply.statusCode = 203
    request.pipe(reply)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const asked = { method: 'POST', headers: {}, body: 'the stick' } as const
const never = new AbortController().signal

test('an answer is waited for', async (t) => {
  const later = Promise.withResolvers<void>()
  const url = await aServer(t, later.promise)
  const answer = requestPatiently({ ...asked, url }, never)
  later.resolve()
  const { status, body } = await answer
  t.equal(status, 203)
  t.equal(Buffer.from(body).toString(), 'the stick')
})

test('until nobody waits any longer, or nobody is there', async (t) => {
  const url = await aServer(t, new Promise(() => undefined))
  const stop = new AbortController()
  const answer = requestPatiently({ ...asked, url }, stop.signal)
  stop.abort()
  await t.rejects(answer)
  await t.rejects(requestPatiently({ ...asked, url: 'http://127.0.0.1:9/' }, never))
})
