import { test } from 'tap'
import { addressKey } from '#server/address.ts'

test('an IPv4 address stands for itself, also when it comes mapped into IPv6', async (t) => {
  t.equal(addressKey('10.1.2.3'), '10.1.2.3')
  t.equal(addressKey('::ffff:10.1.2.3'), '10.1.2.3')
})

test('all IPv6 addresses of one network are one key', async (t) => {
  const key = addressKey('2001:db8:1:2::7')

  t.equal(addressKey('2001:db8:1:2:aaaa:bbbb:cccc:dddd'), key)
  t.equal(addressKey('2001:DB8:1:2::8'), key)
  t.not(addressKey('2001:db8:1:3::7'), key)
})

test('short forms and zones are understood', async (t) => {
  t.equal(addressKey('::1'), '0:0:0:0::/64')
  t.equal(addressKey('fe80::1%eth0'), 'fe80:0:0:0::/64')
})
