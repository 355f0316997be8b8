import { createServer as createPlain } from 'node:http'
import { createServer } from 'node:https'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'tap'
import { requestAnyWay } from '#cli/request-any.ts'
import { realClock } from '#ports/real.ts'
import { certified, serverOf } from '../support/tls.ts'

const surroundings = { clock: realClock(), signal: new AbortController().signal }

function asked(port: number) {
  const url = `http://127.0.0.1:${port}/join`
  return { method: 'POST', url, headers: {}, body: new Uint8Array([1, 2, 3]) } as const
}

test('a node that speaks http is asked by http', async (t) => {
  const server = createPlain((_, response) => response.writeHead(201).end('plain')).listen(
    0,
    '127.0.0.1',
  )
  await once(server, 'listening')
  t.teardown(() => server.close())

  const { status, body } = await requestAnyWay(
    asked((server.address() as AddressInfo).port),
    surroundings,
  )

  t.equal(status, 201)
  t.equal(Buffer.from(body).toString(), 'plain')
})

test('a node that speaks TLS only is asked by https, whoever vouches for it', async (t) => {
  const { certificatePem: cert, keyPem: key } = await serverOf(await certified())
  const server = createServer({ cert, key }, (request, response) => void request.pipe(response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())

  const { status, body } = await requestAnyWay(
    asked((server.address() as AddressInfo).port),
    surroundings,
  )

  t.equal(status, 200)
  t.strictSame([...body], [1, 2, 3])
})

test('nobody there is an error of the first try', async (t) => {
  const server = createPlain().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()

  await t.rejects(requestAnyWay(asked(port), surroundings), { message: 'fetch failed' })
})
