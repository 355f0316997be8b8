import { test } from 'tap'
import { isPermitted, LOCAL_NAMES, nameConstraints } from '#x509/name-constraints.ts'
import { hexFromBytes } from '#base/bytes.ts'

test('local names and private addresses are permitted, nothing else', async (t) => {
  const inside = [
    'alpha.local',
    'holdfast.local',
    'a.home.arpa',
    'x.y.internal',
    'LOCAL',
    'localhost',
  ]
  const near = ['10.1.2.3', '172.31.0.1', '192.168.0.1', '169.254.1.1', '127.0.0.1', '100.127.0.1']
  const near6 = ['fd00::1', 'fe80::1', '::1', 'fcff::1']
  for (const host of [...inside, ...near, ...near6]) t.ok(isPermitted(host, LOCAL_NAMES), host)

  const outside = ['example.com', 'notlocal', 'local.example', 'arpa', '']
  const far = ['8.8.8.8', '172.32.0.1', '100.128.0.1', '11.0.0.1', '2001:db8::1', '::2', 'fe00::1']
  for (const host of [...outside, ...far]) t.notOk(isPermitted(host, LOCAL_NAMES), host)
})

test('configured names are permitted with all that is below them', async (t) => {
  t.ok(isPermitted('hub.example.org', ['example.org']))
  t.ok(isPermitted('example.org', ['example.org']))
  t.notOk(isPermitted('badexample.org', ['example.org']))
})

test('the bytes are those of RFC 5280: permitted subtrees, a name or an address and its mask each', async (t) => {
  const hex = hexFromBytes(nameConstraints(['local']))

  t.match(hex, /^3081[0-9a-f]{2}a081[0-9a-f]{2}30078205/)
  for (const part of [
    '6c6f63616c',
    '300a87080a000000ff000000',
    '300a8708ac100000fff00000',
    '300a870864400000ffc00000',
  ])
    t.match(hex, part)
  t.ok(hex.endsWith(`30228720${'0'.repeat(30)}01${'f'.repeat(32)}`))
})
