import { chmod, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { openTlsModes, readTlsFolder, tlsFolderOf, writeTlsPart } from '#config/tls-folder.ts'

const pair = (name: string) => ({ certificatePem: `${name} certificate`, keyPem: `${name} key` })

test('what was kept is read again; nothing is there before', async (t) => {
  const data = t.testdir()
  t.equal(await readTlsFolder(data), undefined)
  t.strictSame(await openTlsModes(data), [])

  await writeTlsPart(data, 'ca', pair('ca'))
  t.strictSame(await readTlsFolder(data), {
    authorityPem: 'ca certificate',
    authorityKeyPem: 'ca key',
    kitAuthority: undefined,
    kit: undefined,
  })
  await writeTlsPart(data, 'kit-ca', pair('kit-ca'))
  await writeTlsPart(data, 'kit', pair('kit'))

  t.match(await readTlsFolder(data), { kitAuthority: pair('kit-ca'), kit: pair('kit') })
})

test('an authority that is given over an own one takes its key away', async (t) => {
  const data = t.testdir()
  await writeTlsPart(data, 'ca', pair('own'))

  await writeTlsPart(data, 'ca', { certificatePem: 'the real one' })

  t.match(await readTlsFolder(data), { authorityPem: 'the real one', authorityKeyPem: undefined })
})

test('a pair of which half is missing is none', async (t) => {
  const data = t.testdir()
  await writeTlsPart(data, 'ca', pair('ca'))
  await writeTlsPart(data, 'kit', pair('kit'))
  await rm(join(tlsFolderOf(data), 'kit.crt'))

  t.match(await readTlsFolder(data), { kit: undefined })
})

test('keys are for their owner only, and it is noticed when they are not', async (t) => {
  const data = t.testdir()
  await writeTlsPart(data, 'kit-ca', pair('kit-ca'))
  const key = join(tlsFolderOf(data), 'kit-ca.key')
  t.equal((await stat(key)).mode & 0o777, 0o600)
  t.equal((await stat(tlsFolderOf(data))).mode & 0o777, 0o700)
  t.strictSame(await openTlsModes(data), [])

  await chmod(key, 0o644)

  t.strictSame(await openTlsModes(data), [{ path: key, found: '644', wanted: '600' }])
})
