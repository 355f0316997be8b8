import { test } from 'tap'
import { bytesFromHex, hexFromBytes } from '#base/bytes.ts'
import {
  decodeDirectIp,
  directIpLength,
  encodeDirectIp,
  moConfirmation,
  moFrom,
  mtConfirmationFrom,
  mtMessage,
  MT_HIGH_PRIORITY,
} from '#carriers/direct-ip.ts'

const imei = '300234010123450'
const digits = hexFromBytes(Buffer.from(imei))

test('a message from a modem is read', async (t) => {
  const header = `0000002a${digits}00010203045a000000`
  const message = bytesFromHex(`01002701001c${header}02000568656c6c6f`)

  t.match(moFrom(message), { imei, status: 0, momsn: 0x0102, payload: Buffer.from('hello') })
  t.equal(directIpLength(message), message.length)
})

test('a message for a modem, and what is said to it', async (t) => {
  const sent = mtMessage({ id: 7, imei, payload: Buffer.from('hi'), flags: MT_HIGH_PRIORITY })
  const said = (status: string) =>
    mtConfirmationFrom(bytesFromHex(`01001c44001900000007${digits}00000001${status}`))

  t.equal(hexFromBytes(sent), `01001d41001500000007${digits}00104200026869`)
  t.match(said('0003'), { id: 7, imei, status: 3 })
  t.match(said('fffb'), { status: -5 })
  t.equal(hexFromBytes(moConfirmation(true)), '01000405000101')
})

test('what is no message is none', async (t) => {
  const good = encodeDirectIp([{ kind: 2, bytes: Buffer.from('x') }])
  const long = bytesFromHex('01000402000578')

  t.equal(decodeDirectIp(good.subarray(1)), undefined)
  t.equal(decodeDirectIp(good.subarray(0, -1)), undefined)
  t.equal(decodeDirectIp(long), undefined, 'an element that is longer than the message')
  t.equal(directIpLength(Uint8Array.of(2, 0, 0)), undefined, 'another revision')
  t.equal(moFrom(good), undefined, 'no header')
  t.equal(moFrom(encodeDirectIp([{ kind: 1, bytes: new Uint8Array(5) }])), undefined)
  t.equal(moFrom(encodeDirectIp([{ kind: 1, bytes: new Uint8Array(28) }])), undefined, 'no IMEI')
  t.equal(mtConfirmationFrom(good), undefined)
})
