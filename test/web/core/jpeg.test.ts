import { test } from 'tap'
import fc from 'fast-check'
import { withoutPlace } from '#web/core/jpeg.ts'

const latin = (text: string): readonly number[] => [...Buffer.from(text, 'latin1')]

function segment(code: number, content: readonly number[]): readonly number[] {
  const length = content.length + 2
  return [0xff, code, length >> 8, length & 0xff, ...content]
}

const START = [0xff, 0xd8]
const END = [0xff, 0xd9]
const JFIF = segment(0xe0, [...latin('JFIF\0'), 1, 2, 0, 0, 1, 0, 1, 0, 0])
const ICC = segment(0xe2, [...latin('ICC_PROFILE\0'), 1, 1, 7, 7])
const ADOBE = segment(0xee, [...latin('Adobe'), 0, 100, 0, 0, 0, 0, 1])
const TABLE = segment(0xdb, [0, ...Array.from({ length: 64 }, (_, index) => index + 1)])
const FRAME = segment(0xc2, [8, 0, 16, 0, 16, 1, 1, 0x11, 0])
const CODED = [0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56]
const CODED_MORE = [0x9a, 0xff, 0x00]
/** Two scans, with an escaped 0xff, a restart marker and a table between them. */
const SCANS = [
  ...segment(0xda, [1, 1, 0, 0, 0, 0]),
  ...CODED,
  ...segment(0xc4, [0x10, 1, 2, 3]),
  ...segment(0xda, [1, 1, 0, 1, 63, 0]),
  ...CODED_MORE,
]
const XMP = segment(0xe1, latin('http://ns.adobe.com/xap/1.0/\0<exif:GPSLatitude>50,27N'))
const IPTC = segment(0xed, latin('Photoshop 3.0\0Kyiv'))
const MPF = segment(0xe2, latin('MPF\0another picture'))
const COMMENT = segment(0xfe, latin('taken at home'))

/** An Exif segment with a position, and perhaps which way up. */
function exif(turn: number, isLittle: boolean): readonly number[] {
  const bytes = new DataView(new ArrayBuffer(64))
  bytes.setUint16(0, isLittle ? 0x4949 : 0x4d4d)
  bytes.setUint16(2, 42, isLittle)
  bytes.setUint32(4, 8, isLittle)
  bytes.setUint16(8, 2, isLittle)
  bytes.setUint16(10, 0x0112, isLittle)
  bytes.setUint16(12, 3, isLittle)
  bytes.setUint32(14, 1, isLittle)
  bytes.setUint16(18, turn, isLittle)
  bytes.setUint16(22, 0x8825, isLittle)
  return segment(0xe1, [
    ...latin('Exif\0\0'),
    ...new Uint8Array(bytes.buffer),
    ...latin('N 50 27 E 30 31'),
  ])
}

function cleaned(...parts: readonly (readonly number[])[]): readonly number[] | undefined {
  const found = withoutPlace(Uint8Array.from(parts.flat()))
  return found === undefined ? undefined : [...found]
}

test('what tells of the place goes; what draws the picture stays, byte by byte', async (t) => {
  const found = cleaned(
    START,
    JFIF,
    exif(1, false),
    [XMP, IPTC, MPF, ICC, COMMENT, ADOBE, TABLE, FRAME, SCANS, END].flat(),
    latin('behind it: GPS of a preview'),
  )

  t.strictSame(found, [START, JFIF, ICC, ADOBE, TABLE, FRAME, SCANS, END].flat())
})

test('which way up it is stays, and nothing else of what the camera said', async (t) => {
  const wanted = segment(0xe1, [
    ...latin('Exif\0\0MM\0*\0\0\0\b\0\u0001'),
    ...latin('\u0001\u0012\0\u0003\0\0\0\u0001\0\u0006\0\0\0\0\0\0'),
  ])
  for (const isLittle of [true, false]) {
    const found = cleaned(START, exif(6, isLittle), TABLE, SCANS, END)
    t.strictSame(found, [START, wanted, TABLE, SCANS, END].flat())
    t.strictSame(found && cleaned(found), found, 'a second time changes nothing')
  }
  t.strictSame(
    cleaned(START, exif(9, true), TABLE, SCANS, END),
    [START, TABLE, SCANS, END].flat(),
    'there is no ninth way',
  )
})

test('what is no whole JPEG is told from one, and nothing makes it fall over', async (t) => {
  t.equal(withoutPlace(Uint8Array.from(latin('\u0089PNG'))), undefined)
  t.equal(cleaned(START, TABLE, SCANS), undefined, 'cut off')
  t.equal(cleaned(START, [0xff, 0xe1, 0xff, 0xff, 1]), undefined, 'longer than it is')
  const whole = Uint8Array.from([START, exif(6, true), XMP, TABLE, SCANS, END].flat())
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
      const broken = whole.slice()
      broken[at] = byte
      const found = withoutPlace(broken)
      return found === undefined || found.length <= broken.length + 40
    }),
  )
})
