import { test } from 'tap'
import { textFromBytes } from '#base/bytes.ts'
import { appleProfile } from '#x509/apple-profile.ts'
import { certified } from '../support/tls.ts'

const { ca } = await certified()
const [authority] = ca.certificates

test('a profile holds the certificate of the organisation as a root', async (t) => {
  const text = textFromBytes(appleProfile({ organisation: 'Relief', authority }))

  const [, data = ''] = /<data>([^<]+)<\/data>/.exec(text) ?? []
  t.equal(Buffer.compare(Buffer.from(data, 'base64'), authority), 0)
  t.match(text, '<string>com.apple.security.root</string>')
  t.notMatch(text, 'pkcs12')
  t.match(text, /<string>[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-8[0-9A-F]{3}-[0-9A-F]{12}<\/string>/)
})

test('with an identity it holds that, too, and has another id; the same draft has the same', async (t) => {
  const identity = Uint8Array.of(1, 2, 3)
  const draft = { organisation: 'Relief', authority }
  const both = textFromBytes(appleProfile({ ...draft, identity }))

  t.match(both, '<data>AQID</data>')
  t.match(both, 'com.apple.security.pkcs12')
  t.not(idOf(both), idOf(textFromBytes(appleProfile(draft))))
  t.equal(both, textFromBytes(appleProfile({ ...draft, identity })))
})

test('a name with signs of XML in it stays a name', async (t) => {
  const text = textFromBytes(appleProfile({ organisation: '<&">', authority }))

  t.match(text, '&#60;&#38;&#34;&#62;: Holdfast')
  t.notMatch(text, '<&">')
})

function idOf(text: string): string | undefined {
  return /holdfast\.([0-9A-F-]+)<\/string>\n<key>PayloadType<\/key>\n<string>Configuration/.exec(
    text,
  )?.[1]
}
