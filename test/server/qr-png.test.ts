import { test } from 'tap'
import { inflateSync } from 'node:zlib'
import { encode } from 'uqr'
import { qrPng } from '#server/qr-png.ts'

test('the picture shows the cells of the code, each six pixels wide, with room around them', async (t) => {
  const text = 'otpauth://totp/Relief:bo?secret=ABC&issuer=Relief'
  const png = qrPng(text)
  const { data, size } = encode(text, { border: 4 })
  const side = png.readUInt32BE(16)
  t.equal(side, size * 6)
  const at = png.indexOf('IDAT')
  const lines = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)))
  const width = 1 + Math.ceil(side / 8)
  const isInk = (x: number, y: number): boolean =>
    (((lines[y * width + 1 + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1) === 1

  const shown = data.map((row, y) => row.map((_, x) => isInk(x * 6 + 3, y * 6 + 3)))

  t.strictSame(shown, data)
  t.notOk(shown[0]?.some(Boolean))
})
