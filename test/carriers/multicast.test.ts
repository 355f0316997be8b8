import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'tap'
import { realNetworks } from '#carriers/multicast.ts'
import type { Sender } from '#ports/multicast.ts'

/** What is said there stays in this machine. */
const LOOPBACK = { name: 'lo', address: '127.0.0.1' }

test('what one says to everybody is heard by all on the same network, and an answer by who asked', async (t) => {
  const networks = realNetworks({ port: await freePort() })
  const heard: { readonly text: string; readonly from: Sender }[] = []
  const news = Promise.withResolvers<void>()
  const hear = (packet: Uint8Array, from: Sender): void => {
    heard.push({ text: String(packet), from })
    if (heard.length >= 2) news.resolve()
  }
  const open = () => networks.open(LOOPBACK, hear).catch(() => undefined)
  await using one = await open()
  await using other = await open()
  if (one === undefined || other === undefined) {
    t.comment('this machine has no multicast on its loopback')
    return
  }

  one.send(Buffer.from('who is there'))
  await news.promise
  t.match(heard, [{ text: 'who is there' }, { text: 'who is there' }])
  t.match(heard[0]?.from, { address: '127.0.0.1', port: networks.port })

  const asking = createSocket('udp4')
  t.teardown(() => asking.close())
  asking.bind(0, '127.0.0.1')
  await once(asking, 'listening')
  const answered = once(asking, 'message')
  other.send(Buffer.from('me'), { address: '127.0.0.1', port: asking.address().port })
  t.equal(String((await answered)[0]), 'me')
})

async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}
