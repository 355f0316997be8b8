import { test } from 'tap'
import type { Socket } from 'node:net'
import { circumstancesOf } from '#server/circumstances.ts'

function from(remoteAddress: string | undefined, more: object = {}): object {
  return circumstancesOf({ socket: { remoteAddress, ...more } as unknown as Socket })
}

test('where a request comes from is told by its address, and a device by its certificate', async (t) => {
  const plain = { transport: 'http', device: 'unknown' }
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1'])
    t.strictSame(from(address), { ...plain, link: 'machine' })
  for (const address of ['10.1.2.3', '192.168.1.9', '::ffff:172.20.0.1', 'fe80::1%eth0', 'fd00::1'])
    t.strictSame(from(address), { ...plain, link: 'lan' }, address)
  for (const address of ['8.8.8.8', '::ffff:8.8.8.8', '2001:db8::1', undefined])
    t.strictSame(from(address), { ...plain, link: 'remote' })
  const tls = { encrypted: true, authorized: true }
  t.strictSame(from('10.0.0.1', tls), { link: 'lan', transport: 'https', device: 'certified' })
  t.match(from('10.0.0.1', { encrypted: true, authorized: false }), { device: 'unknown' })
})
